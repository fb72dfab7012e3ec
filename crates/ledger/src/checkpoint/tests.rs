#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::*;
use secret::Held;

const ORIGIN: &str = "keyward.example/log";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(Held::keep(&[seed; 32]).unwrap()).unwrap()
}

const FORTY_TWO: Checkpoint = Checkpoint { size: 42, root: [7; 32], state: [8; 32] };

fn note() -> String {
    sign_checkpoint(ORIGIN, &FORTY_TWO, &key(1))
}

/// From the documentation of golang.org/x/mod/sumdb/note, whose format C2SP signed-note describes.
mod known {
    pub(super) const NAME: &str = "PeterNeumann";
    pub(super) const SEED: &str = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=";
    pub(super) const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    pub(super) const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    pub(super) const SIGNATURES: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
}

#[test]
fn keys_and_signatures_are_those_of_other_implementations() {
    let seed = Held::keep(&STANDARD.decode(known::SEED).unwrap()).unwrap();
    let public = SigningKey::from_seed(seed).unwrap().public();
    assert_eq!(verifier_line(known::NAME, &public), known::VERIFIER);
    let signature = find_signature(known::SIGNATURES, known::NAME, &key_id(known::NAME, &public)).unwrap();
    assert!(public.verify(known::TEXT.as_bytes(), &signature));
    assert!(!public.verify(ORIGIN.as_bytes(), &signature));
}

#[test]
fn what_is_signed_is_read_back() {
    for (size, root) in [(0, [0; 32]), (42, [7; 32]), (u64::MAX, [0xff; 32])] {
        let checkpoint = Checkpoint { size, root, state: [9; 32] };
        let note = sign_checkpoint(ORIGIN, &checkpoint, &key(1));
        assert_eq!(open_checkpoint(&note, ORIGIN, &key(1).public()), Some(checkpoint));
    }
    assert_eq!(
        crate::checkpoint_text(ORIGIN, &FORTY_TWO),
        "keyward.example/log\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\nstate CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=\n"
    );
}

#[test]
fn nobody_else_is_believed() {
    assert_eq!(open_checkpoint(&note(), ORIGIN, &key(2).public()), None);
    assert_eq!(open_checkpoint(&note(), "keyward.example/other", &key(1).public()), None);
    let renamed = note().replace(ORIGIN, "keyward.example/other");
    assert_eq!(open_checkpoint(&renamed, "keyward.example/other", &key(1).public()), None);
}

#[test]
fn an_edited_note_is_not_believed() {
    let (note, public) = (note(), key(1).public());
    for at in 0..note.len() {
        for edit in [b' ', b'\n', b'0', b'Z', b'+'] {
            let mut bytes = note.clone().into_bytes();
            if bytes[at] == edit {
                continue;
            }
            bytes[at] = edit;
            let Ok(edited) = String::from_utf8(bytes) else { continue };
            assert_eq!(open_checkpoint(&edited, ORIGIN, &public), None, "{edited}");
        }
    }
    for length in (0..note.len()).filter(|length| note.is_char_boundary(*length)) {
        assert_eq!(open_checkpoint(&note[..length], ORIGIN, &public), None);
    }
}

/// A note over any text, signed as a checkpoint is.
fn signed(text: &str) -> String {
    let signature = key(1).sign(text.as_bytes());
    let line = STANDARD.encode([key_id(ORIGIN, &key(1).public()).as_slice(), &signature].concat());
    format!("{text}\n{SIGNATURE_PREFIX}{ORIGIN} {line}\n")
}

#[test]
fn a_text_has_one_spelling_and_may_be_extended() {
    let root = STANDARD.encode([7; 32]);
    let state = format!("state {}", STANDARD.encode([8; 32]));
    let cases = [
        (format!("{ORIGIN}\n42\n{root}\n{state}\n"), true),
        (format!("{ORIGIN}\n42\n{root}\n{state}\nextended\nagain\n"), true),
        (format!("{ORIGIN}\n42\n{root}\n"), false),
        (format!("{ORIGIN}\n42\n{root}\nextended\n{state}\n"), false),
        (format!("{ORIGIN}\n42\n{root}\nstate {}\n", STANDARD.encode([8; 31])), false),
        (format!("{ORIGIN}\n042\n{root}\n{state}\n"), false),
        (format!("{ORIGIN}\n+42\n{root}\n{state}\n"), false),
        (format!("{ORIGIN}\n42 \n{root}\n{state}\n"), false),
        (format!("{ORIGIN}\n18446744073709551616\n{root}\n{state}\n"), false),
        (format!("{ORIGIN}\n42\n{}\n{state}\n", STANDARD.encode([7; 31])), false),
        (format!("{ORIGIN}\n42\n"), false),
        (format!("another\n42\n{root}\n{state}\n"), false),
    ];
    for (text, read) in cases {
        let opened = open_checkpoint(&signed(&text), ORIGIN, &key(1).public());
        assert_eq!(opened, read.then_some(FORTY_TWO), "{text}");
    }
}

#[test]
fn other_signatures_are_passed_over_and_other_lines_are_not() {
    let witness = format!("{SIGNATURE_PREFIX}witness.example {}\n", STANDARD.encode([9; 76]));
    let public = key(1).public();
    let behind = note() + &witness;
    assert!(open_checkpoint(&behind, ORIGIN, &public).is_some());
    assert!(open_checkpoint(&(note() + "no signature\n"), ORIGIN, &public).is_none());
    assert!(open_checkpoint(&(note() + "\u{2014} short AAA=\n"), ORIGIN, &public).is_none());
    assert!(open_checkpoint(&(note() + &witness.repeat(SIGNATURES_MAX - 1)), ORIGIN, &public).is_some());
    assert!(open_checkpoint(&(note() + &witness.repeat(SIGNATURES_MAX)), ORIGIN, &public).is_none());
    let text = crate::checkpoint_text(ORIGIN, &FORTY_TWO) + &"x".repeat(NOTE_BYTES_MAX) + "\n";
    assert!(open_checkpoint(&signed(&text), ORIGIN, &public).is_none());
}
