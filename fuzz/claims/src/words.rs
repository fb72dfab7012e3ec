//! Short texts: what people, files and servers write. The first byte says what the rest is to be.

use clock::{DAY, Timestamp};
use crypto::{RECOVERY_TEXT_BYTES_MAX, RecoveryKey};
use domain::{Location, ObjectId};
use ledger::{SignedStatement, Statement, cosigner_line, read_cosigner_line};
use std::cell::RefCell;
use std::io::{Seek, Write};
use tempfile::NamedTempFile;

#[path = "../../../crates/keyward/src/cli/spelled.rs"]
mod keyward;

use keyward::{days, pair};

/// What is taken is spelled as it would be written, or says the same when it is.
pub(crate) fn spelled(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    if *kind == b'k' {
        return root_key(rest);
    }
    if *kind == b'r' {
        return recovery_key(rest);
    }
    let Ok(text) = str::from_utf8(rest) else { return };
    match kind {
        b't' => time(text),
        b'b' => basic(text),
        b'h' => date_header(text),
        b'i' => id(text),
        b'l' => location(text),
        b'd' => period(text),
        b'p' => named(text),
        b's' => statement(text),
        b'w' => witness(text),
        _ => {}
    }
}

fn time(text: &str) {
    let Some(time) = Timestamp::parse(text) else { return };
    assert_eq!(Timestamp::parse(&time.to_rfc3339()), Some(time));
    assert_eq!(Timestamp::parse(&time.to_date()), Some(time.plus(-time.0.rem_euclid(DAY))));
}

fn basic(text: &str) {
    if let Some(time) = Timestamp::parse_basic(text) {
        assert_eq!(time.to_basic(), text);
    }
}

fn date_header(text: &str) {
    let Some(time) = Timestamp::parse_http(text) else { return };
    let told = time.to_rfc3339();
    let (_, rest) = text.split_once(' ').unwrap();
    assert_eq!(
        (&rest[..2], &rest[7..11], &rest[12..20], &rest[20..]),
        (&told[8..10], &told[..4], &told[11..19], " GMT")
    );
}

fn id(text: &str) {
    if let Some(id) = ObjectId::parse(text) {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
}

fn location(text: &str) {
    if let Some(location) = Location::parse(text) {
        assert_eq!(&*location.0, text);
        assert!(!text.contains(['/', ':', ' ']));
    }
}

/// Digits, and at most one letter.
fn period(text: &str) {
    let Ok(days) = days(text) else { return };
    let digits = text.strip_suffix(['d', 'w', 'y']).unwrap_or(text);
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{text} is taken");
    assert!(u64::from(days) >= digits.parse::<u64>().unwrap());
}

fn named(text: &str) {
    if let Ok((name, value)) = pair(text) {
        assert!(!name.contains('='));
        assert_eq!(format!("{name}={value}"), text);
    }
}

/// The text of a key is the key's, but for case, white space and dashes.
fn recovery_key(bytes: &[u8]) {
    let Ok(key) = RecoveryKey::parse(bytes) else { return };
    let plain = |text: &[u8]| -> Vec<u8> {
        let letters = text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'-');
        letters.map(u8::to_ascii_lowercase).collect()
    };
    assert_eq!(key.text().expose(plain), plain(&bytes[..bytes.len().min(RECOVERY_TEXT_BYTES_MAX)]));
}

/// A statement has one spelling, but for white space behind it.
fn statement(text: &str) {
    if let Some(signed) = SignedStatement::parse(text) {
        assert_eq!(signed.text().trim_end(), text.trim_end());
        assert_eq!(Statement::parse(&signed.statement.text()), Some(signed.statement));
    }
}

/// A witness's line is spelled as it is printed.
fn witness(text: &str) {
    if let Some((name, key)) = read_cosigner_line(text) {
        assert_eq!(cosigner_line(&name, &key), text.trim());
    }
}

thread_local! {
    static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().unwrap());
}

/// A root key's file has one spelling, but for the case of its digits and the end of its line.
fn root_key(bytes: &[u8]) {
    FILE.with_borrow_mut(|file| {
        file.as_file().set_len(0).unwrap();
        file.rewind().unwrap();
        file.write_all(bytes).unwrap();
        if custody::read(file.path()).is_err() {
            return;
        }
        let text = str::from_utf8(bytes).unwrap();
        let (label, digits) = text.strip_suffix('\n').unwrap_or(text).rsplit_once(' ').unwrap();
        assert!(label.starts_with("keyward"));
        assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    });
}
