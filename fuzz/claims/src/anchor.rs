//! Anchors: two slots, and tombstones.

use crypto::{SigningKey, sha256};
use custody::FileAnchor;
use ledger::{ANCHORED_BYTES, Anchor, Anchored, TOMBSTONE_BYTES, Tombstone};
use secret::Held;
use std::cell::RefCell;
use std::io::{Seek, SeekFrom, Write};
use std::sync::LazyLock;
use tempfile::NamedTempFile;

const SLOT_BYTES: usize = 8 + ANCHORED_BYTES + 32;
/// Tombstones that are asked for, however many a record claims.
const ASKED_MAX: u64 = 100_000;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(Held::keep(&[1; 32]).unwrap()).unwrap());

thread_local! {
    static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().unwrap());
}

/// Behind a byte whose low bits say which slots are made whole stand both slots and the tombstones, without the room
/// between them. What is read is the newer slot, as it stands; a record and tombstones are read as they are written.
pub(crate) fn read(data: &[u8]) {
    let Some((whole, rest)) = data.split_first() else { return };
    let mut slots = [[0; SLOT_BYTES]; 2];
    let mut tombstones = rest;
    for slot in &mut slots {
        let (given, after) = tombstones.split_at(SLOT_BYTES.min(tombstones.len()));
        slot[..given.len()].copy_from_slice(given);
        tombstones = after;
    }
    for (at, slot) in slots.iter_mut().enumerate().filter(|(at, _)| whole >> at & 1 == 1) {
        slot[7] = slot[7] & !1 | u8::try_from(at).unwrap();
        let hash = sha256(&slot[..SLOT_BYTES - 32]);
        slot[SLOT_BYTES - 32..].copy_from_slice(&hash);
    }
    FILE.with_borrow_mut(|file| {
        file.as_file().set_len(8_192).unwrap();
        for (at, bytes) in [(0, slots[0].as_slice()), (4_096, &slots[1]), (8_192, tombstones)] {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(bytes).unwrap();
        }
        opened(&mut FileAnchor::new(file.path()), &slots, tombstones);
    });
}

fn opened(anchor: &mut FileAnchor, slots: &[[u8; SLOT_BYTES]; 2], tombstones: &[u8]) {
    let Ok(record) = anchor.read() else { return };
    let record = record.expect("the file is there");
    let sequence = |slot: &[u8; SLOT_BYTES]| u64::from_be_bytes(slot[..8].try_into().unwrap());
    let whole = |at: usize| {
        let (text, hash) = slots[at].split_at(SLOT_BYTES - 32);
        sha256(text) == hash && sequence(&slots[at]) % 2 == at as u64
    };
    let newest = (0..2).filter(|at| whole(*at)).max_by_key(|at| sequence(&slots[*at])).expect("a whole slot");
    assert_eq!(record, slots[newest][8..8 + ANCHORED_BYTES]);
    assert!(!Anchored::is_genuine(&record, &KEY.public()) || record == Anchored::read(&record).unwrap().signed(&KEY));
    let Some(anchored) = Anchored::read(&record) else { return };
    let again = anchored.signed(&KEY);
    assert_eq!(again[..ANCHORED_BYTES - 64], record[..ANCHORED_BYTES - 64]);
    assert!(Anchored::is_genuine(&again, &KEY.public()) && Anchored::read(&again) == Some(anchored));
    let count = anchored.destroyed.min(ASKED_MAX);
    if let Ok(read) = anchor.tombstones(count) {
        let bytes: Vec<u8> = read.iter().flat_map(|one: &Tombstone| one.to_bytes()).collect();
        assert_eq!(read.len() as u64, count);
        assert_eq!(bytes, tombstones[..read.len() * TOMBSTONE_BYTES]);
    }
}
