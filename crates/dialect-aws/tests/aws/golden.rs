//! Golden files, and the short form of long texts in them.

use std::path::Path;

/// Compares with the golden file, or rewrites it.
pub(crate) fn check(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, seen).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(seen.lines()).find(|(golden, seen)| golden != seen);
    if let Some((golden, seen)) = differs {
        panic!("{name} differs; UPDATE_GOLDEN=1 rewrites it\ngolden: {golden}\n  seen: {seen}");
    }
    assert_eq!(golden.lines().count(), seen.lines().count(), "{name} has other lines; UPDATE_GOLDEN=1 rewrites it");
}

/// Writes out `<x*5>` as `xxxxx`.
pub(crate) fn expand(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let (what, after) = after.split_once('>').unwrap();
        let (unit, count) = what.split_once('*').unwrap();
        out.push_str(before);
        out.push_str(&unit.repeat(count.parse().unwrap()));
        rest = after;
    }
    out + rest
}

/// Writes runs of one character as `<x*5>`.
pub(crate) fn shorten(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(one) = chars.next() {
        let mut count = 1;
        while chars.next_if_eq(&one).is_some() {
            count += 1;
        }
        match count {
            0..24 => out.extend(std::iter::repeat_n(one, count)),
            _ => out.push_str(&format!("<{one}*{count}>")),
        }
    }
    out
}
