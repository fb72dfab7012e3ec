//! Somebody with a database tool against the verification of the log.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use domain::{ObjectId, RowId, Table, Timestamp};
use keyward_store_sqlite as sqlite;
use ledger::{
    Batch, Checkpoint, EMPTY_STATE, Frontier, Report, RowChange, Store, StoredBatch, StoredCheckpoint, StoredNode,
    StoredRow, Tile, Verification, grow_state, leaf_hash, row_hash, sign_checkpoint, verify_store,
};
use std::path::PathBuf;
use tempfile::TempDir;

const ORIGIN: &str = "keys.example/log";
const BATCHES: u64 = 6;
/// Entries of each batch; the first of them changes row `first % 3` and makes row `100 + first`.
const COUNT: u64 = 10;
/// A batch is `batches` of so many; the rest of the entries change nothing.
const SIGNED: [u64; 3] = [10, 30, 60];

/// An entry as docs/formats/entry.md has it, by a hand that is not the ledger's. `prunes`: below which entry.
fn entry(index: u64, rows: &[RowChange], prunes: Option<u64>, state: &[u8; 32]) -> Vec<u8> {
    let mut cbor = minicbor::Encoder::new(Vec::new());
    cbor.map(10 + 2 * u64::from(!rows.is_empty()) + u64::from(prunes.is_some())).unwrap();
    cbor.u8(0).unwrap().u8(1).unwrap().u8(1).unwrap().u64(1_000 + index).unwrap().u8(2).unwrap().u64(index).unwrap();
    for field in 3..=5 {
        cbor.u8(field).unwrap().bytes(&[field; 16]).unwrap();
    }
    cbor.u8(6).unwrap().u8(2).unwrap().u8(8).unwrap().u8(0).unwrap();
    if !rows.is_empty() {
        cbor.u8(9).unwrap().array(rows.len() as u64).unwrap();
    }
    for RowChange { row, before, after } in rows {
        cbor.array(4).unwrap().u8(row.table as u8).unwrap().bytes(&row.id.0).unwrap();
        match before {
            Some(before) => cbor.bytes(before).unwrap(),
            None => cbor.null().unwrap(),
        };
        cbor.bytes(after).unwrap();
    }
    if let Some(before) = prunes {
        cbor.u8(10).unwrap().array(1).unwrap().array(2).unwrap().u8(2).unwrap().u64(before).unwrap();
    }
    cbor.u8(12).unwrap().u8(0).unwrap().u8(13).unwrap().bytes(&[9; 30]).unwrap();
    if !rows.is_empty() {
        cbor.u8(14).unwrap().bytes(state).unwrap();
    }
    cbor.into_writer()
}

fn code(batch: &StoredBatch) -> [u8; 32] {
    let numbers = [batch.first.to_be_bytes(), u64::from(batch.count).to_be_bytes(), batch.wall.0.to_be_bytes()];
    crypto::hmac_sha256(b"key", &[numbers.as_flattened(), &batch.state, &batch.frontier, &batch.entries].concat())
}

fn signer() -> crypto::SigningKey {
    crypto::SigningKey::from_seed(secret::Held::keep(&[5; 32]).unwrap()).ok().unwrap()
}

fn row(number: u64, position: u64) -> StoredRow {
    StoredRow {
        id: RowId::new(Table::Key, ObjectId([u8::try_from(number).unwrap(); 16])),
        revision: position,
        position,
        tenant: ObjectId([1; 16]),
        place: ObjectId::NIL,
        owner: ObjectId::NIL,
        due: i64::MAX,
        blob: format!("row {number} since {position}").into_bytes(),
    }
}

/// Makes a log whose every batch changes rows, with its checkpoints and tiles.
struct Maker {
    store: Store,
    tree: Frontier,
    state: [u8; 32],
    leaves: Vec<[u8; 32]>,
    rows: Vec<StoredRow>,
    /// From which batch on each makes a row that nothing changes any more.
    own_rows_from: u64,
    /// Which entry says that the log is pruned, and below which.
    prunes: Option<(u64, u64)>,
}

impl Maker {
    fn batch(&mut self, first: u64) {
        let mut changed = vec![row(1 + first / COUNT % 3, first)];
        changed.extend((first >= self.own_rows_from).then(|| row(100 + first, first)));
        self.batch_of(first, changed);
    }

    /// A batch whose first entry changes these rows.
    fn batch_of(&mut self, first: u64, changed: Vec<StoredRow>) {
        let change = |row: &StoredRow| {
            let before = self.rows.iter().rev().find(|former| former.id == row.id).map(row_hash);
            RowChange { row: row.id, before, after: row_hash(row) }
        };
        let changes: Vec<_> = changed.iter().map(change).collect();
        let (state, nodes) = grow_state(&*self.store.reader, self.state, &changes).unwrap();
        self.state = state;
        let prunes = |index| self.prunes.filter(|(at, _)| *at == index).map(|(_, before)| before);
        let entries: Vec<_> = (first..first + COUNT)
            .map(|index| entry(index, if index == first { &changes } else { &[] }, prunes(index), &state))
            .collect();
        for leaf in entries.iter().map(|entry| leaf_hash(entry)) {
            self.tree.append(leaf);
            self.leaves.push(leaf);
        }
        self.rows.extend(changed.clone());
        let framed =
            entries.iter().map(|entry| [&u32::try_from(entry.len()).unwrap().to_be_bytes(), entry.as_slice()].concat());
        self.append(first, framed.flatten().collect(), changed, nodes);
    }

    fn append(&mut self, first: u64, entries: Vec<u8>, rows: Vec<StoredRow>, nodes: Vec<StoredNode>) {
        let (count, wall, frontier) = (u32::try_from(COUNT).unwrap(), Timestamp(1), self.tree.to_bytes());
        let state = self.state;
        let mut stored = StoredBatch { first, count, entries, frontier, state, mac: [0; 32], wall };
        stored.mac = code(&stored);
        let size = self.tree.size();
        let note = sign_checkpoint(ORIGIN, &Checkpoint { size, root: self.tree.root(), state }, &signer());
        let checkpoint = SIGNED.contains(&size).then_some(StoredCheckpoint { size, note, wall });
        let StoredBatch { entries, frontier, mac, .. } = stored;
        let batch = Batch { first, count, entries, frontier, state, mac, rows, nodes, wall, checkpoint };
        self.store.writer.append(&batch).unwrap();
    }
}

struct Site(TempDir);

impl Site {
    fn new() -> Self {
        Self::with(0, None)
    }

    /// Rows 1, 2 and 3 name entries 30, 40 and 50: the batches below may go, but for the one that a row names.
    fn pruned(says: Option<(u64, u64)>) -> Self {
        let site = Self::with(30, says);
        let mut store = sqlite::open(&site.dir()).unwrap();
        let named = store.reader.named(0, 40).unwrap();
        assert_eq!(store.writer.prune(0, 40, &named).unwrap(), None);
        assert_eq!(store.reader.batches(0, 9).unwrap().len(), 3);
        site
    }

    fn with(own_rows_from: u64, prunes: Option<(u64, u64)>) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        let store = sqlite::create(&site.dir()).unwrap();
        let (tree, leaves, rows) = (Frontier::default(), Vec::new(), Vec::new());
        let mut maker = Maker { store, tree, state: EMPTY_STATE, leaves, rows, own_rows_from, prunes };
        (0..BATCHES).for_each(|number| maker.batch(number * COUNT));
        let tile = Tile { level: 0, index: 0, hashes: maker.leaves.as_flattened().to_vec() };
        let size = maker.tree.size();
        maker.store.projection_writer.project(&[tile], &[], &[("tiles", size), ("segments", size)]).unwrap();
        site
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Somebody who goes on with its log.
    fn maker(&self) -> Maker {
        let store = sqlite::open(&self.dir()).unwrap();
        let last = store.reader.last_batch().unwrap().unwrap();
        let tree = Frontier::from_bytes(&last.frontier).unwrap();
        let rows = store.reader.all_rows(None, 99).unwrap();
        Maker { store, tree, state: last.state, leaves: Vec::new(), rows, own_rows_from: 0, prunes: None }
    }

    fn edit(&self, sql: &str) {
        let database = if sql.contains("tiles") { "projections.db" } else { "keyward.db" };
        rusqlite::Connection::open(self.dir().join(database)).unwrap().execute_batch(sql).unwrap();
    }

    fn verify(&self) -> Report {
        let store = sqlite::open(&self.dir()).unwrap();
        let how = Verification {
            origin: ORIGIN.to_owned(),
            verifier: Some(signer().public()),
            mac: Some(&code),
            projections: Some(&*store.projection_reader),
        };
        verify_store(&*store.reader, &how, &mut |_, _| ())
    }
}

/// What is found after somebody did this, a line for each.
fn check(sql: &str, found: &[&str]) {
    let site = Site::new();
    site.edit(sql);
    let report = site.verify();
    let said: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(said, found, "after {sql}");
    assert_eq!(report.is_sound(), found.is_empty());
}

const ROW_1: &str = "01010101-0101-0101-0101-010101010101";
const OF_ROW_1: &str = "tbl = 3 AND id = x'01010101010101010101010101010101'";

#[test]
fn an_honest_store_is_sound() {
    let report = Site::new().verify();
    assert_eq!(report.findings, []);
    let counts = (report.size, report.batches, report.checkpoints, report.rows, report.pruned);
    assert_eq!(counts, (60, 6, 3, 9, 0));
    assert_eq!(report.unseen.len(), 2);
}

#[test]
fn what_is_not_at_hand_is_said() {
    let site = Site::new();
    site.edit("UPDATE batches SET mac = zeroblob(32); UPDATE checkpoints SET note = 'x'");
    let store = sqlite::open(&site.dir()).unwrap();
    let how = Verification { origin: ORIGIN.to_owned(), verifier: None, mac: None, projections: None };
    let report = verify_store(&*store.reader, &how, &mut |_, _| ());
    assert_eq!((report.findings.len(), report.unseen.len()), (0, 4));
}

#[test]
fn an_edited_entry_is_named() {
    // The last byte of the batch is the last of entry 29.
    let edit =
        "UPDATE batches SET entries = unhex(substr(hex(entries), 1, 2 * length(entries) - 2) || '77') WHERE first = 20";
    check(
        edit,
        &[
            "batch at 20 was edited: its code is not the site's",
            "the checkpoint at 30 was signed for another log",
            "entry 29 was edited: its hash is not the one in the tree",
        ],
    );
}

#[test]
fn without_tiles_the_batch_of_an_edited_entry_is_named() {
    check(
        "UPDATE batches SET entries = unhex(substr(hex(entries), 1, 2 * length(entries) - 2) || '77') WHERE first = 10; DELETE FROM checkpoints",
        &[
            "batch at 10 was edited: its code is not the site's",
            "entry 19 was edited: its hash is not the one in the tree",
        ],
    );
    let site = Site::new();
    std::fs::remove_file(site.dir().join("projections.db")).unwrap();
    site.edit(
        "UPDATE batches SET entries = unhex(substr(hex(entries), 1, 2 * length(entries) - 2) || '77') WHERE first = 10",
    );
    let said: Vec<_> = site.verify().findings.iter().map(ToString::to_string).collect();
    let batch = "batch at 10 was edited: its code is not the site's";
    assert_eq!(said, [batch, "entries 10 to 19 do not lead to the tree that was stored with them"]);
}

#[test]
fn an_entry_that_is_none_is_named() {
    let site = Site::new();
    // A field that is no number where the format's version stands, in the first entry of the batch.
    site.edit("UPDATE batches SET entries = unhex(substr(hex(entries), 1, 8) || 'FF' || substr(hex(entries), 11)) WHERE first = 50");
    let said = site.verify().findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(said.contains("entry 50 was edited: it cannot be read"), "{said}");
    assert!(said.contains("row Key/03030303-0303-0303-0303-030303030303"), "{said}");
}

#[test]
fn a_cut_or_edited_batch_is_named() {
    check(
        "UPDATE batches SET mac = zeroblob(32) WHERE first = 40",
        &["batch at 40 was edited: its code is not the site's"],
    );
    check(
        "UPDATE batches SET frontier = x'00' WHERE first = 40",
        &[
            "batch at 40 was edited: its code is not the site's",
            "entries 40 to 49 do not lead to the tree that was stored with them",
        ],
    );
    let site = Site::new();
    site.edit("UPDATE batches SET entries = x'' WHERE first = 40");
    let said = site.verify().findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(said.contains("batch at 40 says 10 entries and holds 0"), "{said}");
}

#[test]
fn a_missing_batch_is_named() {
    let site = Site::new();
    site.edit("DELETE FROM batches WHERE first = 30");
    let said: Vec<_> = site.verify().findings.iter().map(ToString::to_string).collect();
    assert_eq!(said[0], "batch at 30 is missing; entries go on at 40");
    // Row 1 was changed by entries 0 and 30.
    assert!(said.contains(&format!("row Key/{ROW_1} names entry 30, and no such entry changed it")), "{said:?}");
}

#[test]
fn a_log_shorter_than_its_checkpoint_or_its_rows_is_named() {
    let site = Site::new();
    site.edit("DELETE FROM batches WHERE first = 50");
    let said: Vec<_> = site.verify().findings.iter().map(ToString::to_string).collect();
    assert_eq!(said[0], "the log has 50 entries, its newest signed checkpoint 60");
    let row = "the log has 50 entries, row Key/03030303-0303-0303-0303-030303030303 was changed by entry 50";
    assert!(said.iter().any(|line| line == row), "{said:?}");
    check(
        "DELETE FROM batches WHERE first = 50; DELETE FROM checkpoints WHERE size = 60; DELETE FROM rows WHERE position = 50",
        &[
            "node 1 of the state tree is not the one that was written",
            "row Key/03030303-0303-0303-0303-030303030303 is missing; entry 20 says what it was",
        ],
    );
}

#[test]
fn forged_and_foreign_checkpoints_are_named() {
    check(
        "UPDATE checkpoints SET note = replace(note, '30', '31') WHERE size = 30",
        &["the checkpoint at 30 was not signed by this site"],
    );
    check("UPDATE checkpoints SET size = 40 WHERE size = 30", &["the checkpoint at 40 was not signed by this site"]);
    check(
        "UPDATE checkpoints SET size = 99, note = 'x' WHERE size = 60",
        &["the checkpoint at 99 was not signed by this site"],
    );
}

#[test]
fn edited_swapped_deleted_and_invented_rows_are_named() {
    let edited = [format!("row Key/{ROW_1} is not what entry 30 says")];
    let edited = [edited[0].as_str()];
    for edit in [
        "revision = 77",
        "due = 5",
        "owner = x'00112233445566778899aabbccddeeff'",
        "tenant = x'00112233445566778899aabbccddeeff'",
    ] {
        check(&format!("UPDATE rows SET {edit} WHERE {OF_ROW_1}"), &edited);
    }
    let slot = format!("(SELECT slot FROM rows WHERE {OF_ROW_1})");
    check(&format!("UPDATE blobs SET bytes = x'00000001ff' WHERE slot = {slot}"), &edited);
    check(&format!("DELETE FROM blobs WHERE slot = {slot}"), &edited);
    check(
        &format!(
            "UPDATE rows SET slot = (SELECT slot FROM rows WHERE id = x'02020202020202020202020202020202') WHERE {OF_ROW_1}"
        ),
        &edited,
    );
    check(
        &format!("DELETE FROM rows WHERE {OF_ROW_1}"),
        &[&format!("row Key/{ROW_1} is missing; entry 30 says what it was")],
    );
    check(
        &format!("UPDATE rows SET id = x'EE010101010101010101010101010101' WHERE {OF_ROW_1}"),
        &[
            "row Key/ee010101-0101-0101-0101-010101010101 names entry 30, and no such entry changed it",
            &format!("row Key/{ROW_1} is missing; entry 30 says what it was"),
        ],
    );
}

#[test]
fn an_old_row_that_was_put_back_is_named() {
    check(
        &format!("UPDATE rows SET position = 0, revision = 0 WHERE {OF_ROW_1}"),
        &[&format!("row Key/{ROW_1} is that of entry 0, but entry 30 changed it since")],
    );
}

#[test]
fn a_wrong_tile_is_told_from_a_wrong_entry() {
    check(
        "UPDATE tiles SET hashes = unhex(substr(hex(hashes), 1, 64) || hex(zeroblob(32)) || substr(hex(hashes), 129))",
        &["tile 0 of level 0 is not that of the log; remove projections to make it anew"],
    );
    check("DELETE FROM tiles", &["tile 0 of level 0 is not that of the log; remove projections to make it anew"]);
}

#[test]
fn a_pruned_log_is_sound() {
    let report = Site::pruned(Some((55, 40))).verify();
    assert_eq!(report.findings, []);
    assert_eq!((report.pruned, report.size, report.checkpoints, report.unseen.len()), (30, 60, 3, 2));
    // Without tiles the kept batches are taken at their word, and checked against what was signed.
    let site = Site::pruned(Some((55, 40)));
    std::fs::remove_file(site.dir().join("projections.db")).unwrap();
    assert_eq!(site.verify().findings, []);
}

/// What is found in a log of which entries 0 to 29 are gone, after somebody did this to it.
fn check_pruned(says: Option<(u64, u64)>, sql: &str, found: &[&str]) {
    let site = Site::pruned(says);
    site.edit(sql);
    let said: Vec<_> = site.verify().findings.iter().map(ToString::to_string).collect();
    assert_eq!(said, found, "{says:?}, after {sql}");
}

#[test]
fn a_gap_that_no_entry_covers_is_named() {
    let missing = "batch at 0 is missing; entries go on at 30";
    check_pruned(None, "", &[missing]);
    check_pruned(Some((55, 29)), "", &[missing]);
    check_pruned(Some((55, 30)), "", &[]);
    let later = "DELETE FROM batches WHERE first = 30";
    check_pruned(Some((55, 30)), later, &["batch at 0 is missing; entries go on at 40"]);
}

#[test]
fn the_state_tree_knows_rows_whose_entries_were_pruned() {
    let says = Some((55, 40));
    let without = |edit: &str| format!("DELETE FROM batches WHERE first = 30; {edit}");
    check_pruned(says, &without(""), &[]);
    let against = format!("row Key/{ROW_1} is not what the state tree says");
    let against = [against.as_str()];
    check_pruned(says, &without(&format!("UPDATE rows SET due = 5 WHERE {OF_ROW_1}")), &against);
    check_pruned(says, &without(&format!("UPDATE rows SET position = 31 WHERE {OF_ROW_1}")), &[]);
    check_pruned(says, &without(&format!("DELETE FROM rows WHERE {OF_ROW_1}")), &against);
    let invented =
        "INSERT INTO rows SELECT 5, id, revision, position, tenant, place, owner, due, slot FROM rows WHERE ";
    let invented = without(&format!("{invented} {OF_ROW_1}"));
    check_pruned(says, &invented, &[&format!("row Name/{ROW_1} is not what the state tree says")]);
}

#[test]
fn a_node_of_the_state_tree_that_is_not_the_one_is_named_once() {
    for edit in
        ["DELETE FROM nodes", "UPDATE nodes SET bytes = x'00'", "UPDATE nodes SET bytes = unhex(hex(bytes) || '00')"]
    {
        check(edit, &["node 1 of the state tree is not the one that was written"]);
    }
    check(
        "UPDATE batches SET state = zeroblob(32) WHERE first = 30",
        &[
            "batch at 30 was edited: its code is not the site's",
            "batch at 30 was stored with another state root than its entries name",
        ],
    );
}

/// More rows than are read at once, over more nodes than are.
fn site_of_many(rows: u64) -> Site {
    let site = Site::new();
    let mut maker = site.maker();
    let one = |number: u64| {
        let id = ObjectId(u128::from(number).to_be_bytes());
        StoredRow { id: RowId::new(Table::Name, id), ..row(1, BATCHES * COUNT) }
    };
    maker.batch_of(BATCHES * COUNT, (0..rows).map(one).collect());
    site
}

#[test]
fn a_tree_of_many_nodes_is_gone_through() {
    let site = site_of_many(6_000);
    let found = |edit: &str| {
        site.edit(edit);
        let report = site.verify();
        (report.rows, report.findings.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(found(""), (6_009, vec![]));
    let (hundredth, last) = ("00000000-0000-0000-0000-000000000064", "00000000-0000-0000-0000-00000000176f");
    let id = |number: u64| format!("x'{number:032x}'");
    let damage = format!(
        "UPDATE rows SET due = 7 WHERE id = {}; DELETE FROM rows WHERE id = {};
        INSERT INTO rows SELECT tbl, {}, revision, position, tenant, place, owner, due, slot FROM rows WHERE id = {}",
        id(100),
        id(5_999),
        id(10_000),
        id(101)
    );
    let mut named = vec![
        format!("row Name/{hundredth} is not what entry 60 says"),
        "row Name/00000000-0000-0000-0000-000000002710 names entry 60, and no such entry changed it".to_owned(),
        format!("row Name/{last} is missing; entry 60 says what it was"),
    ];
    assert_eq!(found(&damage), (6_009, named.clone()));
    // A broken node says nothing of what is below it, and nothing else is named for that.
    let broken = |node: &str| format!("node {node} of the state tree is not the one that was written");
    named.insert(2, broken("1a3"));
    assert_eq!(found("DELETE FROM nodes WHERE id = 0x1a3"), (6_009, named.clone()));
    named.insert(2, broken("17"));
    assert_eq!(found("UPDATE nodes SET bytes = zeroblob(9) WHERE id = 0x17"), (6_009, named));
}

#[test]
fn the_leaves_kept_of_pruned_entries_are_checked() {
    check_pruned(
        Some((55, 40)),
        "UPDATE tiles SET hashes = unhex(substr(hex(hashes), 1, 64) || hex(zeroblob(32)) || substr(hex(hashes), 129))",
        &[
            "the checkpoint at 10 was signed for another log",
            "the checkpoint at 30 was signed for another log",
            "the hashes kept of entries 0 to 29 do not lead to the tree that follows them",
        ],
    );
    check_pruned(
        Some((55, 40)),
        "UPDATE batches SET entries = unhex(substr(hex(entries), 1, 2 * length(entries) - 2) || '77') WHERE first = 30",
        &[
            "batch at 30 was edited: its code is not the site's",
            "entry 39 was edited: its hash is not the one in the tree",
        ],
    );
}

#[test]
fn a_store_that_cannot_be_read_is_a_finding() {
    check(
        "UPDATE rows SET tbl = 99 WHERE position = 50",
        &[
            "the store cannot be read on: read all rows: Conversion error from type Null at index: 0, no table has the number 99",
        ],
    );
}

/// A server writes all the time: nothing that it does is a finding.
#[test]
fn a_running_server_is_no_finding() {
    let site = Site::new();
    let dir = site.dir();
    drop(site.verify());
    let mut maker = site.maker();
    let auditor = sqlite::open_read_only(&dir).unwrap();
    std::thread::scope(|scope| {
        let server = scope.spawn(move || (6..15).for_each(|number| maker.batch(number * COUNT)));
        while !server.is_finished() {
            let how = Verification {
                origin: ORIGIN.to_owned(),
                verifier: Some(signer().public()),
                mac: Some(&code),
                projections: Some(&*auditor.projection_reader),
            };
            assert_eq!(verify_store(&*auditor.reader, &how, &mut |_, _| ()).findings, []);
        }
    });
}
