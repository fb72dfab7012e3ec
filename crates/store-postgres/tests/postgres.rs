#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../../store-sqlite/tests/conformance/mod.rs"]
mod conformance;
mod server;

use conformance::{Site, batch, row};
use domain::Table;
use keyward_store_postgres as postgres;
use ledger::{Batch, Store};
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
