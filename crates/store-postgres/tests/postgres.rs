#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../../store-sqlite/tests/conformance/mod.rs"]
mod conformance;
mod server;

use conformance::{Site, batch, row};
use domain::Table;
use keyward_store_postgres as postgres;
use ledger::{Batch, Store, StoredRow};
use postgres::OpenFault;

struct Database {
    cluster: &'static server::Cluster,
    name: String,
    url: String,
}

impl Database {
    fn fresh() -> Option<Self> {
        server::fresh().map(|(cluster, name, url)| Self { cluster, name, url })
    }

    /// Somebody with a database tool.
    fn edit(&self, sql: &str) -> String {
        self.cluster.sql(&self.name, sql)
    }
}

/// Without PostgreSQL a test says so and ends.
macro_rules! fresh {
    () => {
        match Database::fresh() {
            Some(database) => database,
            None => return,
        }
    };
}

impl Site for Database {
    fn open(&self) -> Store {
        postgres::open(&self.url).or_else(|_| postgres::create(&self.url)).unwrap()
    }

    fn second(&self) -> Option<Store> {
        Some(postgres::open(&self.url).unwrap())
    }
}

conformance::stories! { fresh!();
    a_fresh_store_holds_nothing
    facts_are_set_once_and_stay
    what_was_appended_is_read_back_after_a_restart
    batches_are_found_by_any_of_their_entries
    a_batch_that_does_not_follow_leaves_nothing
    an_error_in_the_middle_leaves_nothing_and_stops_the_store
    reopening_keeps_everything
    a_row_replaces_the_one_of_its_id
    rows_are_looked_for_together
    listings_are_in_order_and_leave_out_what_is_gone
    nodes_replace_those_of_their_ids
    a_row_and_its_nodes_are_of_one_moment
    former_rows_are_kept_but_none_with_secrets
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
    let database = fresh!();
    assert!(matches!(postgres::open(&database.url).err(), Some(OpenFault::Missing(_))));
    assert!(matches!(postgres::open_read_only(&database.url).err(), Some(OpenFault::Missing(_))));
}

#[test]
fn a_founded_site_is_not_made_again() {
    let database = fresh!();
    postgres::create(&database.url).unwrap().writer.found(&[("site".to_owned(), vec![1])]).unwrap();
    assert!(matches!(postgres::create(&database.url).err(), Some(OpenFault::Exists(_))));
}

#[test]
fn a_newer_format_is_refused() {
    let database = fresh!();
    drop(database.open());
    database.edit("UPDATE keyward.format SET version = 2");
    let newer = postgres::open(&database.url).err().unwrap();
    assert!(matches!(newer, OpenFault::Newer { found: 2, known: 1, .. }), "{newer}");
}

#[test]
fn an_auditor_reads_beside_the_server() {
    let database = fresh!();
    let mut store = database.open();
    let auditor = postgres::open_read_only(&database.url).unwrap();
    store.writer.append(&batch(0, 3)).unwrap();
    assert_eq!(auditor.reader.last_batch().unwrap().unwrap().count, 3);
    store.projection_writer.project(&[], &[], &[("tiles", 3)]).unwrap();
    assert_eq!(auditor.projection_reader.cursor("tiles").unwrap(), 3);
}

#[test]
fn edits_by_hand_are_read_as_they_are() {
    let database = fresh!();
    database.open().writer.append(&Batch { rows: vec![row(Table::Key, 1, 0)], ..batch(0, 1) }).unwrap();
    database.edit("UPDATE keyward.rows SET revision = 5, blob = '\\xff'");
    database.edit("UPDATE keyward.batches SET entries = '\\x01'");
    let store = database.open();
    let found = store.reader.row(row(Table::Key, 1, 0).id).unwrap().unwrap();
    assert_eq!((found.blob, found.revision), (vec![0xff], 5));
    assert_eq!(store.reader.last_batch().unwrap().unwrap().entries, [1]);
}

/// No two pieces of any two are the same; some are longer than a quarter of a page.
fn secret_blob(number: u64) -> Vec<u8> {
    let length = if number % 50 == 7 { 2_400 } else { 250 };
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    };
    std::iter::repeat_with(next).take(length / 8).flatten().collect()
}

/// How many of these rows have left something in the files of the database.
fn remnants(database: &Database, numbers: &[u64]) -> usize {
    database.edit("CHECKPOINT");
    let oid = database.edit("SELECT oid FROM pg_database WHERE datname = current_database()");
    let folder = database.cluster.data().join("base").join(oid);
    let files = folder.read_dir().unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let mut pieces = std::collections::HashMap::new();
    for number in numbers {
        pieces.extend(secret_blob(*number).chunks_exact(24).map(|piece| (piece.to_vec(), *number)));
    }
    // What begins none of them is looked up no further.
    let begins: std::collections::HashSet<u8> = pieces.keys().map(|piece| piece[0]).collect();
    let found = |data: Vec<u8>| -> Vec<u64> {
        let windows = data.windows(24).filter(|window| window[0] != 0 && begins.contains(&window[0]));
        windows.filter_map(|window| pieces.get(window).copied()).collect()
    };
    files.flat_map(found).collect::<std::collections::HashSet<u64>>().len()
}

/// By the bytes on the disk.
#[test]
fn what_was_destroyed_is_overwritten_in_the_tables_files() {
    const ROWS: u64 = 600;
    let database = fresh!();
    let mut store = database.open();
    let held = |number| StoredRow { blob: secret_blob(number), ..row(Table::Material, number, 0) };
    store.writer.append(&Batch { rows: (0..ROWS).map(held).collect(), ..batch(0, 1) }).unwrap();
    let destroyed: Vec<u64> = (0..ROWS).filter(|number| number % 37 == 0 || number % 50 == 7).collect();
    let kept: Vec<u64> = (0..ROWS).filter(|number| number % 37 == 1 && number % 50 != 7).collect();
    assert_eq!(remnants(&database, &destroyed), destroyed.len());
    let empty = |number: &u64| StoredRow { blob: Vec::new(), revision: 2, ..row(Table::Material, *number, 1) };
    store.writer.append(&Batch { rows: destroyed.iter().map(empty).collect(), ..batch(1, 1) }).unwrap();
    assert_eq!(remnants(&database, &destroyed), destroyed.len(), "PostgreSQL overwrites nothing by itself");
    scrub(&mut store).recv().unwrap().unwrap();
    assert_eq!(remnants(&database, &destroyed), 0);
    assert_eq!(remnants(&database, &kept), kept.len());
    assert_eq!(database.edit("SELECT count(*) FROM keyward.stale"), "0");
    for number in 0..ROWS {
        let found = store.reader.row(row(Table::Material, number, 0).id).unwrap().unwrap();
        let wanted = if destroyed.contains(&number) { empty(&number) } else { held(number) };
        assert_eq!(found, wanted);
    }
}

fn scrub(store: &mut Store) -> std::sync::mpsc::Receiver<Result<(), ledger::StoreFault>> {
    let (done, told) = std::sync::mpsc::channel();
    store.writer.scrub(Box::new(move |scrubbed| drop(done.send(scrubbed))));
    told
}

/// Whoever still sees what was destroyed is waited for; nothing is thought to be overwritten before.
#[test]
fn scrubbing_waits_for_whoever_still_sees() {
    let database = fresh!();
    let mut store = database.open();
    let held = |number| StoredRow { blob: secret_blob(number), ..row(Table::Material, number, 0) };
    store.writer.append(&Batch { rows: (0..60).map(held).collect(), ..batch(0, 1) }).unwrap();
    let moment = postgres::open_snapshot(&database.url).unwrap();
    assert_eq!(moment.row(held(5).id).unwrap().unwrap().blob, secret_blob(5));
    let empty = |number| StoredRow { blob: Vec::new(), revision: 2, ..row(Table::Material, number, 1) };
    store.writer.append(&Batch { rows: [5, 59].map(empty).to_vec(), ..batch(1, 1) }).unwrap();
    let scrubbed = scrub(&mut store);
    assert!(scrubbed.recv_timeout(std::time::Duration::from_secs(2)).is_err());
    assert_eq!(remnants(&database, &[5, 59]), 2);
    assert_ne!(database.edit("SELECT count(*) FROM keyward.stale"), "0");
    // Others go on meanwhile.
    store.writer.append(&Batch { rows: vec![empty(7)], ..batch(2, 1) }).unwrap();
    assert_eq!(moment.row(held(5).id).unwrap().unwrap().blob, secret_blob(5));
    drop(moment);
    scrubbed.recv_timeout(std::time::Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(remnants(&database, &[5, 59]), 0);
}

/// Of a page on which nobody lives nothing is left either.
#[test]
fn pages_that_are_empty_are_overwritten() {
    let database = fresh!();
    let mut store = database.open();
    let held = |number| StoredRow { blob: secret_blob(number), ..row(Table::Material, number, 0) };
    store.writer.append(&Batch { rows: (0..1_200).map(held).collect(), ..batch(0, 1) }).unwrap();
    // Many pages at once, and none of them at the table's end.
    let destroyed: Vec<u64> = (20..1_150).collect();
    let empty = |number: &u64| StoredRow { blob: Vec::new(), revision: 2, ..row(Table::Material, *number, 1) };
    store.writer.append(&Batch { rows: destroyed.iter().map(empty).collect(), ..batch(1, 1) }).unwrap();
    scrub(&mut store).recv().unwrap().unwrap();
    assert_eq!(remnants(&database, &destroyed), 0);
    assert_eq!(database.edit("SELECT count(*) FROM keyward.stale"), "0");
}

#[test]
fn a_database_of_an_earlier_release_is_opened() {
    let database = fresh!();
    drop(database.open());
    database.edit(
        "DROP TABLE keyward.stale; ALTER TABLE keyward.rows RESET (toast_tuple_target);
        CREATE INDEX rows_by_position ON keyward.rows (position)",
    );
    let mut store = database.open();
    store.writer.append(&Batch { rows: vec![row(Table::Material, 1, 0)], ..batch(0, 1) }).unwrap();
    let gone = StoredRow { blob: Vec::new(), revision: 2, ..row(Table::Material, 1, 1) };
    store.writer.append(&Batch { rows: vec![gone], ..batch(1, 1) }).unwrap();
    assert_eq!(database.edit("SELECT count(*) FROM keyward.stale"), "1");
    assert_eq!(database.edit("SELECT to_regclass('keyward.rows_by_position') IS NULL"), "t");
}

#[test]
fn what_cannot_be_ours_is_named() {
    for (edit, said) in [
        ("UPDATE keyward.rows SET revision = -5", "-5 is no count"),
        ("UPDATE keyward.rows SET tbl = 99", "no table has the number 99"),
        ("UPDATE keyward.rows SET owner = '\\x0102'", "2 bytes where 16 belong"),
    ] {
        let database = fresh!();
        database.open().writer.append(&Batch { rows: vec![row(Table::Key, 1, 0)], ..batch(0, 1) }).unwrap();
        database.edit(edit);
        let fault = database.open().reader.all_rows(None, 9).unwrap_err();
        assert!(fault.0.contains(said), "{fault:?}");
    }
}

/// A CA, and a certificate of its for this machine, in the folder of the server: paths of CA, chain and key.
fn certificates(folder: &std::path::Path, name: &str) -> [std::path::PathBuf; 3] {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let paths = ["ca", "chain", "key"].map(|kind| folder.join(format!("{name}-{kind}.pem")));
    for (path, text) in paths.iter().zip([certificate.pem(), leaf.pem(), key.serialize_pem()]) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        server::give(path);
    }
    paths
}

#[test]
fn the_database_shows_who_it_is() {
    let Some(bin) = server::binaries() else { return };
    let cluster = server::Cluster::make(&bin);
    let [ca, chain, key] = certificates(&cluster.dir, "own");
    let [other, ..] = certificates(&cluster.dir, "other");
    let files = [format!("ssl_cert_file={}", chain.display()), format!("ssl_key_file={}", key.display())];
    std::mem::forget(cluster.start(&["ssl=on", &files[0], &files[1]]));
    cluster.sql("postgres", "CREATE ROLE keyward LOGIN");
    let url = cluster.database("site");
    let store = postgres::create(&format!("{url}?sslrootcert={}", ca.display())).unwrap();
    let encrypted = cluster.sql(
        "postgres",
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE datname = 'site' AND application_name = 'keyward'",
    );
    assert_eq!(encrypted, "t");
    drop(store);
    let refused = postgres::open(&format!("{url}?sslrootcert={}", other.display())).err().unwrap();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let named = url.replace("127.0.0.1", "localhost");
    let refused = postgres::open(&format!("{named}?sslrootcert={}", ca.display())).err().unwrap();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[test]
fn a_url_that_cannot_be_used_says_why() {
    for (url, said) in [
        ("postgres://keyward@db.example.org/keyward", "sslrootcert=FILE, or say sslmode=disable"),
        ("postgres://keyward@127.0.0.1,db.example.org/keyward", "sslrootcert=FILE, or say sslmode=disable"),
        ("postgres://keyward@db.example.org/keyward?sslmode=require", "sslrootcert=FILE"),
        ("postgres://keyward@db.example.org/keyward?sslmode=prefer", "it is verify-full or disable"),
        ("postgres://keyward@db.example.org/keyward?sslrootcert=/nowhere.pem", "/nowhere.pem"),
        ("postgres://keyward@localhost/keyward?passwordfile=/nowhere", "/nowhere"),
        ("postgres://db.example.org/keyward", "it names a user, a host and a database"),
        ("postgres://keyward@localhost", "it names a user, a host and a database"),
        ("postgres://keyward@localhost/keyward?colour=red", "colour"),
        ("mysql://keyward@localhost/keyward", "invalid connection string"),
    ] {
        match postgres::open(url).err() {
            Some(OpenFault::Url(why)) => assert!(why.contains(said), "{url}: {why}"),
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[test]
fn a_database_that_is_away_is_named_without_its_password() {
    let away = postgres::open("postgres://keyward:secret@127.0.0.1:1/keyward").err().unwrap().to_string();
    assert!(away.contains("127.0.0.1:1") && !away.contains("secret"), "{away}");
}
