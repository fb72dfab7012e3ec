#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod conformance;

use conformance::{Site, batch, row};
use domain::Table;
use keyward_store_sqlite as sqlite;
use ledger::{Batch, Store, StoreFault};
use sqlite::OpenFault;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;
use tempfile::TempDir;

struct Temp(TempDir);

impl Temp {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Somebody with a database tool.
    fn edit(&self, sql: &str) -> usize {
        rusqlite::Connection::open(self.dir().join("keyward.db")).unwrap().execute(sql, []).unwrap()
    }
}

fn run(file: &Path, sql: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

fn reopen(dir: &Path) -> Store {
    sqlite::open(dir).or_else(|_| sqlite::create(dir)).unwrap()
}

impl Site for Temp {
    fn open(&self) -> Store {
        reopen(&self.dir())
    }

    fn second(&self) -> Option<Store> {
        match sqlite::open(&self.dir()) {
            Err(OpenFault::InUse(_)) => None,
            second => Some(second.unwrap()),
        }
    }
}

conformance::stories! { Temp::new();
    a_fresh_store_holds_nothing
    facts_are_set_once_and_stay
    what_was_appended_is_read_back_after_a_restart
    batches_are_found_by_any_of_their_entries
    a_batch_that_does_not_follow_leaves_nothing
    an_error_in_the_middle_leaves_nothing_and_stops_the_store
    reopening_keeps_everything
    a_row_replaces_the_one_of_its_id
    rows_are_looked_for_together
    nodes_replace_those_of_their_ids
    a_row_and_its_nodes_are_of_one_moment
    former_rows_are_kept_but_none_with_secrets
    listings_are_in_order_and_leave_out_what_is_gone
    pages_follow_each_other
    what_is_due_comes_earliest_first
    pruning_keeps_what_a_row_names
    pruning_keeps_checkpoints
    pruning_drops_whole_batches_but_never_the_last
    checkpoints_come_in_order_of_size
    readers_see_whole_commits_while_others_write
    two_never_write_at_one_place
    what_is_loaded_is_read_back_as_it_was
    projections_replace_what_stood_there
}

#[test]
fn nothing_is_opened_where_nothing_was_made() {
    let temp = Temp::new();
    assert_eq!(sqlite::open(&temp.dir()).err(), Some(OpenFault::Missing(temp.dir())));
    assert_eq!(sqlite::open_read_only(&temp.dir()).err(), Some(OpenFault::Missing(temp.dir())));
}

#[test]
fn a_founded_site_is_not_made_again() {
    let temp = Temp::new();
    sqlite::create(&temp.dir()).unwrap().writer.found(&[("site".to_owned(), vec![1])]).unwrap();
    assert_eq!(sqlite::create(&temp.dir()).err(), Some(OpenFault::Exists(temp.dir())));
}

#[test]
fn only_the_owner_may_look() {
    let temp = Temp::new();
    let mut store = temp.open();
    store.writer.append(&batch(0, 1)).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&temp.dir()), 0o700);
    let files: Vec<_> = temp.dir().read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 6, "{files:?}");
    files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{file:?}"));
}

#[test]
fn a_newer_format_and_a_foreign_file_are_refused() {
    let temp = Temp::new();
    drop(temp.open());
    temp.edit("PRAGMA user_version = 2");
    let newer = sqlite::open(&temp.dir()).err().unwrap();
    assert!(matches!(newer, OpenFault::Newer { found: 2, known: 1, .. }), "{newer}");
    temp.edit("PRAGMA application_id = 1");
    assert!(matches!(sqlite::open(&temp.dir()), Err(OpenFault::Foreign(_))));
    std::fs::write(temp.dir().join("keyward.db"), [b'x'; 8_192]).unwrap();
    assert!(matches!(sqlite::open(&temp.dir()), Err(OpenFault::Foreign(_))));
}

#[test]
fn an_auditor_reads_beside_the_server() {
    let temp = Temp::new();
    let mut store = temp.open();
    let auditor = sqlite::open_read_only(&temp.dir()).unwrap();
    store.writer.append(&batch(0, 3)).unwrap();
    assert_eq!(auditor.reader.last_batch().unwrap().unwrap().count, 3);
    store.projection_writer.project(&[], &[], &[("tiles", 3)]).unwrap();
    assert_eq!(auditor.projection_reader.cursor("tiles").unwrap(), 3);
}

#[test]
fn an_auditor_reads_a_store_that_was_left() {
    let temp = Temp::new();
    temp.open().writer.append(&batch(0, 3)).unwrap();
    std::fs::remove_file(temp.dir().join("projections.db")).unwrap();
    let auditor = sqlite::open_read_only(&temp.dir()).unwrap();
    assert_eq!(auditor.reader.last_batch().unwrap().unwrap().count, 3);
    assert_eq!(auditor.projection_reader.cursor("tiles").unwrap(), 0);
}

#[test]
fn edits_by_hand_are_read_as_they_are() {
    let temp = Temp::new();
    temp.open().writer.append(&Batch { rows: vec![row(Table::Key, 1, 0)], ..batch(0, 1) }).unwrap();
    assert_eq!(temp.edit("UPDATE rows SET revision = 5"), 1);
    assert_eq!(temp.edit("UPDATE blobs SET bytes = x'00000001ff'"), 1);
    assert_eq!(temp.edit("UPDATE batches SET entries = x'01'"), 1);
    let store = temp.open();
    let found = store.reader.row(row(Table::Key, 1, 0).id).unwrap().unwrap();
    assert_eq!((found.blob, found.revision), (vec![0xff], 5));
    assert_eq!(store.reader.last_batch().unwrap().unwrap().entries, [1]);
}

#[test]
fn what_cannot_be_ours_is_named() {
    for (edit, said) in [
        ("UPDATE rows SET revision = -5", "-5 is no count"),
        ("UPDATE rows SET tbl = 99", "no table has the number 99"),
        ("UPDATE rows SET owner = x'0102'", "2 bytes where 16 belong"),
    ] {
        let temp = Temp::new();
        temp.open().writer.append(&Batch { rows: vec![row(Table::Key, 1, 0)], ..batch(0, 1) }).unwrap();
        temp.edit(edit);
        let fault = temp.open().reader.all_rows(None, 9).unwrap_err();
        assert!(fault.0.contains(said), "{fault:?}");
    }
}

#[test]
fn a_database_of_an_earlier_release_is_opened() {
    let temp = Temp::new();
    temp.open().writer.append(&Batch { rows: vec![row(Table::Key, 1, 0)], ..batch(0, 1) }).unwrap();
    run(&temp.dir().join("keyward.db"), "CREATE INDEX rows_by_position ON rows (position)");
    let mut store = temp.open();
    store.writer.append(&Batch { rows: vec![row(Table::Key, 2, 1)], ..batch(1, 1) }).unwrap();
    assert_eq!(store.reader.all_rows(None, 9).unwrap().len(), 2);
    let link = rusqlite::Connection::open(temp.dir().join("keyward.db")).unwrap();
    let left = "SELECT count(*) FROM sqlite_schema WHERE name = 'rows_by_position'";
    assert_eq!(link.query_row(left, [], |row| row.get::<_, u32>(0)).unwrap(), 0);
}

#[test]
fn lost_projections_are_begun_anew() {
    type Loss = fn(&Path);
    let losses: [Loss; 4] = [
        |file| std::fs::remove_file(file).unwrap(),
        |file| std::fs::write(file, "no database").unwrap(),
        |file| run(file, "PRAGMA user_version = 9"),
        // As if the machine had died while it was written.
        |file| run(file, "INSERT INTO boot VALUES ('x')"),
    ];
    for lose in losses {
        let temp = Temp::new();
        temp.open().projection_writer.project(&[], &[], &[("tiles", 3)]).unwrap();
        assert_eq!(temp.open().projection_reader.cursor("tiles").unwrap(), 3);
        lose(&temp.dir().join("projections.db"));
        let mut store = temp.open();
        assert_eq!(store.projection_reader.cursor("tiles").unwrap(), 0);
        store.projection_writer.project(&[], &[], &[("tiles", 4)]).unwrap();
        assert_eq!(store.projection_reader.cursor("tiles").unwrap(), 4);
    }
}

fn count_in_files(dir: &Path, mark: &[u8]) -> usize {
    let files = dir.read_dir().unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.map(|bytes| bytes.windows(mark.len()).filter(|window| *window == mark).count()).sum()
}

/// Rows of many sizes are changed until pages have split and emptied: of the former content nothing is left.
#[test]
fn scrubbed_rows_leave_no_bytes() {
    const MARK: &[u8] = b"CANARY-CANARY-CANARY";
    let temp = Temp::new();
    let mut store = temp.open();
    let blob = |number: u64| MARK.repeat(1 + usize::try_from(number * 37 % 90).unwrap());
    for first in 0..100 {
        let rows = (0..20).map(|n| first * 7_919 % 1_000 * 20 + n).map(|number| (number, blob(number)));
        let rows = rows.map(|(number, blob)| ledger::StoredRow { blob, ..row(Table::Material, number, first) });
        store.writer.append(&Batch { rows: rows.collect(), ..batch(first, 1) }).unwrap();
    }
    assert!(count_in_files(&temp.dir(), MARK) > 10_000);
    let left = store.reader.all_rows(None, u32::MAX).unwrap();
    for (first, chunk) in (100..).zip(left.chunks(50)) {
        let rows = chunk.iter().map(|row| ledger::StoredRow { blob: Vec::new(), ..row.clone() }).collect();
        store.writer.append(&Batch { rows, ..batch(first, 1) }).unwrap();
    }
    scrub(&mut store).recv().unwrap().unwrap();
    assert_eq!(count_in_files(&temp.dir(), MARK), 0);
}

fn scrub(store: &mut Store) -> Receiver<Result<(), StoreFault>> {
    let (done, told) = std::sync::mpsc::channel();
    store.writer.scrub(Box::new(move |scrubbed| done.send(scrubbed).unwrap()));
    told
}

/// Whoever reads an older moment is waited for, and hinders nobody else: commits go on meanwhile.
#[test]
fn scrubbing_waits_for_readers() {
    const MARK: &[u8] = b"CANARY-CANARY-CANARY";
    let temp = Temp::new();
    let mut store = temp.open();
    let rows = vec![ledger::StoredRow { blob: MARK.to_vec(), ..row(Table::Material, 1, 0) }];
    store.writer.append(&Batch { rows, ..batch(0, 1) }).unwrap();
    let moment = sqlite::open_snapshot(&temp.dir()).unwrap();
    let rows = vec![ledger::StoredRow { blob: Vec::new(), ..row(Table::Material, 1, 1) }];
    store.writer.append(&Batch { rows, ..batch(1, 1) }).unwrap();
    let scrubbed = scrub(&mut store);
    for first in 2..40 {
        store.writer.append(&batch(first, 1)).unwrap();
        assert!(scrubbed.recv_timeout(Duration::from_millis(20)).is_err(), "it was not waited for who reads");
    }
    assert!(count_in_files(&temp.dir(), MARK) > 0);
    assert_eq!(moment.all_rows(None, 9).unwrap()[0].blob, MARK);
    drop(moment);
    scrubbed.recv_timeout(Duration::from_secs(30)).unwrap().unwrap();
    assert_eq!(count_in_files(&temp.dir(), MARK), 0);
    // One that still waits when the store is closed is told so, and keeps nobody.
    let moment = sqlite::open_snapshot(&temp.dir()).unwrap();
    store.writer.append(&batch(40, 1)).unwrap();
    let scrubbed = scrub(&mut store);
    drop(store);
    assert!(scrubbed.recv().is_err());
    drop(moment);
}

#[test]
fn the_wal_stays_bounded_under_steady_load() {
    let temp = Temp::new();
    let mut store = temp.open();
    let entries = vec![0; 1 << 20];
    let mut longest = 0;
    for first in 0..400 {
        store.writer.append(&Batch { entries: entries.clone(), ..batch(first, 1) }).unwrap();
        longest = longest.max(temp.dir().join("keyward.db-wal").metadata().unwrap().len());
    }
    assert!(longest < 200 << 20, "{longest}");
}

const VICTIM: &str = "KEYWARD_TEST_VICTIM";

/// Not a test of its own: the process that the next one kills.
#[test]
#[ignore = "run by acknowledged_batches_survive_kill_9"]
fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let mut store = reopen(Path::new(&dir));
    let mut next = store.reader.last_batch().unwrap().map_or(0, |last| last.first + u64::from(last.count));
    loop {
        store.writer.append(&Batch { rows: vec![row(Table::Key, next % 50, next)], ..batch(next, 3) }).unwrap();
        next += 3;
        println!("acknowledged {next}");
    }
}

#[test]
fn acknowledged_batches_survive_kill_9() {
    let temp = Temp::new();
    for round in 0..8 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "victim", "--ignored", "--nocapture"])
            .env(VICTIM, temp.dir())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let (mut victim, mut killer, mut acknowledged) = (Some(victim), None, 0_u64);
        for told in lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()) {
            acknowledged = told;
            // Its time begins with its first word, however busy the machine is.
            if let Some(mut victim) = victim.take() {
                killer = Some(std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(37 * round));
                    victim.kill().unwrap();
                    victim.wait().unwrap();
                }));
            }
        }
        killer.expect("the victim wrote nothing").join().unwrap();
        let store = reopen(&temp.dir());
        let last = store.reader.last_batch().unwrap().unwrap();
        assert!(last.first + 3 >= acknowledged, "{} < {acknowledged}", last.first + 3);
        let named = store.reader.named(0, last.first + 3).unwrap();
        assert!(named.any(last.first, 1) && !named.any(last.first + 1, 2));
        assert_eq!(store.reader.batches(0, u32::MAX).unwrap().len() as u64, last.first / 3 + 1);
    }
}

/// A disk that takes a write and loses it says so at the next sync, and at no other.
#[test]
fn what_a_failed_sync_may_have_lost_is_written_anew() {
    let temp = Temp::new();
    let mut store = temp.open();
    let file = temp.dir().join("keyward.db");
    for first in 0..200 {
        store.writer.append(&Batch { rows: vec![row(Table::Key, first, first)], ..batch(first, 1) }).unwrap();
    }
    let before = std::fs::read(&file).unwrap();
    {
        // Somebody who reads keeps the WAL from being moved as a whole, so the database is not synced.
        let (reader, mover) = (rusqlite::Connection::open(&file).unwrap(), rusqlite::Connection::open(&file).unwrap());
        reader.execute_batch("BEGIN; SELECT * FROM batches").unwrap();
        store.writer.append(&batch(200, 1)).unwrap();
        let moved = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (there, moved) = mover.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], moved).unwrap();
        assert!(0 < moved && moved < there, "{moved} of {there}");
    }
    let after = std::fs::read(&file).unwrap();
    assert_ne!(before, after);
    let lost: Vec<u8> = before.iter().copied().chain(std::iter::repeat(0)).take(after.len()).collect();
    std::os::unix::fs::FileExt::write_all_at(&std::fs::File::options().write(true).open(&file).unwrap(), &lost, 0)
        .unwrap();
    store.writer.append(&batch(999, 1)).unwrap_err();
    store.writer.reopen().unwrap();
    let kept: Vec<u64> = store.reader.batches(0, 1_000).unwrap().iter().map(|batch| batch.first).collect();
    assert_eq!(kept, (0..=200).collect::<Vec<_>>());
    assert_eq!(store.reader.all_rows(None, 1_000).unwrap().len(), 200);
    store.writer.append(&batch(201, 1)).unwrap();
}
