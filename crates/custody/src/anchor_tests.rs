#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use domain::{ObjectId, RowId, Table, Timestamp};

fn anchor() -> (tempfile::TempDir, FileAnchor) {
    let folder = tempfile::tempdir().unwrap();
    let anchor = FileAnchor::new(&folder.path().join("anchor"));
    (folder, anchor)
}

fn record(byte: u8) -> AnchorBytes {
    [byte; ANCHORED_BYTES]
}

fn tombstone(byte: u8) -> Tombstone {
    Tombstone { row: RowId::new(Table::Material, ObjectId([byte; 16])), position: byte.into(), wall: Timestamp(-5) }
}

#[test]
fn what_was_written_last_is_read_and_tombstones_gather() {
    let (_folder, mut anchor) = anchor();
    assert_eq!(anchor.read(), Ok(None));
    assert!(anchor.write(&record(1), 0, &[]).is_err(), "what was never begun is not made by a write");
    anchor.begin(&record(1), &[tombstone(1)]).unwrap();
    for byte in 2..9 {
        anchor.write(&record(byte), (byte - 1).into(), &[tombstone(byte)]).unwrap();
        assert_eq!(anchor.read(), Ok(Some(record(byte))));
    }
    assert_eq!(anchor.tombstones(8).unwrap(), (1..9).map(tombstone).collect::<Vec<_>>());
    assert!(anchor.tombstones(9).is_err());
    anchor.begin(&record(20), &[]).unwrap();
    assert_eq!(anchor.read(), Ok(Some(record(20))));
}

#[test]
fn a_torn_slot_is_ignored_and_two_are_no_anchor() {
    for torn_at in [0_u64, 7, 8, 100, 8 + 207, 8 + 208, FILLED_BYTES as u64 - 1] {
        let (_folder, mut anchor) = anchor();
        anchor.begin(&record(1), &[]).unwrap();
        anchor.write(&record(2), 0, &[]).unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&anchor.path).unwrap();
        // The second write went into the second slot.
        let mut byte = [0];
        file.read_exact_at(&mut byte, SLOT_BYTES + torn_at).unwrap();
        file.write_all_at(&[byte[0] ^ 0x55], SLOT_BYTES + torn_at).unwrap();
        assert_eq!(anchor.read(), Ok(Some(record(1))), "{torn_at}");
        // The torn slot is the one that is written next: the whole one stays until that is done.
        anchor.write(&record(3), 0, &[]).unwrap();
        assert_eq!(anchor.read(), Ok(Some(record(3))));
        file.write_all_at(&[0; 64], 0).unwrap();
        assert_eq!(anchor.read(), Ok(Some(record(3))));
        file.write_all_at(&[0; 64], SLOT_BYTES).unwrap();
        assert!(anchor.read().is_err(), "{torn_at}");
    }
}

#[test]
fn a_file_that_is_none_of_ours_is_no_anchor() {
    let (_folder, mut anchor) = anchor();
    for content in ["", "hello", &"x".repeat(20_000)] {
        std::fs::write(&anchor.path, content).unwrap();
        assert!(anchor.read().is_err(), "{}", content.len());
    }
}
