#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::vectors::hex;

fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../docs/formats/vectors/recovery-v1.json")).unwrap()
}

fn bytes(case: &serde_json::Value, member: &str) -> Vec<u8> {
    hex(case[member].as_str().unwrap())
}

#[test]
fn vectors_of_the_document_are_reproduced() {
    for case in vectors()["keys"].as_array().unwrap() {
        let key = RecoveryKey::of(&bytes(case, "secret")).unwrap();
        assert_eq!(key.text().expose(<[u8]>::to_vec), case["text"].as_str().unwrap().as_bytes());
        let public = key.public().unwrap();
        assert_eq!((public.verify.0.to_vec(), public.seal.to_vec()), (bytes(case, "verify"), bytes(case, "seal")));
        assert_eq!(public.id(), case["id"].as_str().unwrap());
        let signature = key.signer().unwrap().sign(&bytes(case, "message"));
        assert_eq!(signature.to_vec(), bytes(case, "signature"));
        let sealed = HpkeSealed { enc: bytes(case, "enc"), ciphertext: bytes(case, "ciphertext") };
        let opened = key.open(&bytes(case, "info"), &bytes(case, "associated"), &sealed).unwrap();
        assert_eq!(opened.expose(<[u8]>::to_vec), bytes(case, "plaintext"));
        assert!(key.open(b"other", &bytes(case, "associated"), &sealed).is_err());
    }
}

#[test]
fn texts_are_read_however_they_are_spaced_and_refused_with_one_letter_wrong() {
    let key = RecoveryKey::of(&[7; 32]).unwrap();
    let text = String::from_utf8(key.text().expose(<[u8]>::to_vec)).unwrap();
    let same = |text: &str| RecoveryKey::parse(text.as_bytes()).map(|read| read.public().unwrap());
    let public = key.public();
    for spelled in [text.clone(), text.to_uppercase(), format!(" {text}\n"), text.replace('-', "- ")] {
        assert_eq!(same(&spelled), public, "{spelled}");
    }
    let close = same(&text.replacen("keyward-recovery-v1", "keyward-recovery-v2", 1));
    assert_eq!(close, Err(NoRecoveryKey));
    for at in PREFIX.len() + 1..text.len() {
        let mut letters = text.clone().into_bytes();
        letters[at] = if letters[at] == b'q' { b'r' } else { b'q' };
        assert!(RecoveryKey::parse(&letters).is_err(), "letter {at}");
        letters.truncate(at);
        assert!(RecoveryKey::parse(&letters).is_err(), "cut at {at}");
    }
    assert!(RecoveryKey::parse(&[b'a'; 10_000]).is_err());
}

#[test]
fn only_the_key_to_whom_it_was_sealed_opens() {
    let (mine, other) = (RecoveryKey::draw().unwrap(), RecoveryKey::draw().unwrap());
    let sealed = seal_to(&mine.public().unwrap().seal, b"info", b"associated", b"data key").unwrap();
    let opened = mine.open(b"info", b"associated", &sealed).unwrap();
    assert_eq!(opened.expose(<[u8]>::to_vec), b"data key");
    assert!(other.open(b"info", b"associated", &sealed).is_err());
    assert!(mine.open(b"info", b"edited", &sealed).is_err());
    let mut edited = sealed.clone();
    edited.ciphertext[0] ^= 1;
    assert!(mine.open(b"info", b"associated", &edited).is_err());
}
