//! Backups that another language has made.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use crate::frame::put;
use crate::{BackupFault, Header, Item, KIND_KEYS, check_sum, open, read_header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::{RecoveryKey, VerifyingKey};
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let text = include_str!("../../../docs/formats/vectors/backup-v1.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all["backups"].as_array().unwrap().clone()
}

fn unhex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn verifier(line: &Value) -> VerifyingKey {
    let key = STANDARD.decode(line.as_str().unwrap().splitn(3, '+').nth(2).unwrap()).unwrap();
    VerifyingKey(key[1..].try_into().unwrap())
}

/// The items of a backup as frames, one after the other.
fn opened(file: &[u8], key: &RecoveryKey) -> Result<(Header, Vec<Vec<u8>>), BackupFault> {
    let mut input = file;
    let (header, _) = read_header(&mut input)?;
    let mut frames = Vec::new();
    open(&header, file.len() as u64, key, &mut input, &mut |item: Item| {
        let mut frame = Vec::new();
        put(&item, &mut frame);
        frames.push(frame);
        Ok(())
    })?;
    Ok((header, frames))
}

#[test]
fn another_language_s_backups_are_read_and_written_the_same() {
    for vector in vectors() {
        let file = unhex(&vector["file"]);
        let key = RecoveryKey::parse(vector["recovery"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(check_sum(&mut &*file, file.len() as u64, &verifier(&vector["verifier"])), Ok(()));
        let (header, frames) = opened(&file, &key).unwrap();
        assert_eq!(header.keys.is_some(), header.kind == KIND_KEYS, "{}", vector["name"]);
        let known = vector["frames"].as_array().unwrap().iter().filter(|frame| frame[0] != 200);
        let frame = |frame: &Value| {
            let body = unhex(&frame[1]);
            let length = u32::try_from(body.len()).unwrap().to_be_bytes();
            [&[u8::try_from(frame[0].as_u64().unwrap()).unwrap()], length.as_slice(), &body].concat()
        };
        assert_eq!(frames, known.map(frame).collect::<Vec<_>>(), "{}", vector["name"]);
    }
}

#[test]
fn a_changed_or_cut_one_is_refused() {
    for vector in vectors() {
        let file = unhex(&vector["file"]);
        let key = RecoveryKey::parse(vector["recovery"].as_str().unwrap().as_bytes()).unwrap();
        assert!(matches!(
            opened(&file, &RecoveryKey::of(&[9; 32]).unwrap()),
            Err(BackupFault::WrongRecoveryKey { .. })
        ));
        let end = file.len() - crate::TRAILER_BYTES;
        for at in 0..end {
            let mut edited = file.clone();
            edited[at] ^= 1;
            assert!(opened(&edited, &key).is_err(), "{} at {at}", vector["name"]);
        }
        for length in (0..file.len()).step_by(7) {
            assert!(opened(&file[..length], &key).is_err(), "{} of {length}", vector["name"]);
        }
    }
}
