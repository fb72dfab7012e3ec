//! What the ledger reads: entries, rows, summaries, checkpoints.

use crate::cbor::deterministic;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::{SigningKey, sha256};
use domain::Table;
use ledger::{checkpoint_text, cosign, decode_entry, open_checkpoint, open_cosigned, reread, sign_checkpoint};
use secret::Held;
use std::sync::LazyLock;

const ORIGIN: &str = "keyward.example/log";
const WITNESS: &str = "keyward.example/witness";
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(Held::keep(&[1; 32]).unwrap()).unwrap());

/// What is read has the one encoding that it can have.
pub(crate) fn entry(data: &[u8]) {
    if decode_entry(data).is_ok() {
        assert!(deterministic(data));
    }
}

/// The first byte names a table, the sealed part of an entry, or a summary; the rest is its plaintext. What is read
/// has the one encoding, and once it is written again it stays as it is.
pub(crate) fn rows(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    let Some(first) = again(*kind, bytes) else { return };
    assert!(deterministic(bytes) && deterministic(&first));
    assert_eq!(again(*kind, &first).as_ref(), Some(&first));
}

fn again(kind: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    match kind {
        b'd' => reread::detail(bytes),
        b's' => reread::segment(bytes),
        table => reread::object(Table::from_number(table)?, bytes).map(|object| object.expose(<[u8]>::to_vec)),
    }
}

/// A note is opened only as the checkpoint that it says, and cosigned as that. Behind a `!` stands a text that is signed here, and lines of
/// signatures, if any, behind an empty line.
pub(crate) fn checkpoint(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let note = match text.strip_prefix('!') {
        Some(unsigned) => signed(unsigned),
        None => text.to_owned(),
    };
    let Some(said) = open_checkpoint(&note, ORIGIN, &KEY.public()) else { return };
    assert!(note.starts_with(&checkpoint_text(ORIGIN, &said)));
    let again = sign_checkpoint(ORIGIN, &said, &KEY);
    assert_eq!(open_checkpoint(&again, ORIGIN, &KEY.public()), Some(said));
    assert_eq!(open_checkpoint(&note, "keyward.example/other", &KEY.public()), None);
    let (text, _) = note.rsplit_once("\n\n").unwrap();
    let cosigned = note.clone() + &cosign(&format!("{text}\n"), WITNESS, 7, &KEY);
    assert_eq!(open_cosigned(&cosigned, ORIGIN, WITNESS, &KEY.public()), Some((said.size, said.root, 7)));
    assert_eq!(open_cosigned(&note, ORIGIN, WITNESS, &KEY.public()), None);
}

fn signed(unsigned: &str) -> String {
    let (body, others) = unsigned.split_once("\n\n").unwrap_or((unsigned.trim_end_matches('\n'), ""));
    let body = format!("{body}\n");
    let id = &sha256(&[ORIGIN.as_bytes(), b"\n\x01", KEY.public().0.as_slice()].concat())[..4];
    let line = STANDARD.encode([id, KEY.sign(body.as_bytes()).as_slice()].concat());
    format!("{body}\n{others}\u{2014} {ORIGIN} {line}\n")
}
