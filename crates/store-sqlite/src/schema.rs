//! The tables, their version, and how each connection is set. docs/formats/store-sqlite.md.

use crate::convert::fault;
use crate::{OpenFault, failed, files};
use ledger::StoreFault;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// In `user_version`. A release that changes a table raises it and migrates what is older.
const FORMAT: i64 = 1;
/// In `application_id`: "Keyw".
const APPLICATION: i64 = 0x4b65_7977;

/// How long a connection waits for another one's lock. In WAL mode only a TRUNCATE checkpoint and a commit meet.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// The page cache of one connection, in KiB.
const WRITER_CACHE_KIB: u32 = 8_192;
const READER_CACHE_KIB: u32 = 1_024;
/// Statements kept prepared on one connection.
const STATEMENTS_MAX: usize = 32;
/// A WAL file that is begun anew is cut to this.
const WAL_KEPT_BYTES: u64 = 64 << 20;

const TABLES: &str = "
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE batches (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    entries BLOB NOT NULL,
    frontier BLOB NOT NULL,
    state BLOB NOT NULL,
    mac BLOB NOT NULL,
    wall INTEGER NOT NULL
) STRICT;
CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL,
    wall INTEGER NOT NULL
) STRICT;
CREATE TABLE rows (
    tbl INTEGER NOT NULL,
    id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    tenant BLOB NOT NULL,
    place BLOB,
    owner BLOB,
    due INTEGER NOT NULL,
    slot INTEGER,
    PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE blobs (
    slot INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE free_slots (
    size INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    PRIMARY KEY (size, slot)
) STRICT, WITHOUT ROWID;
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE history (
    tbl INTEGER NOT NULL,
    id BLOB NOT NULL,
    until INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    tenant BLOB NOT NULL,
    place BLOB,
    owner BLOB,
    due INTEGER NOT NULL,
    bytes BLOB,
    PRIMARY KEY (tbl, id, until)
) STRICT, WITHOUT ROWID;
CREATE INDEX rows_by_tenant ON rows (tbl, tenant, id) WHERE slot IS NOT NULL;
CREATE INDEX rows_by_place ON rows (tbl, place, id) WHERE place IS NOT NULL AND slot IS NOT NULL;
CREATE INDEX rows_by_owner ON rows (tbl, owner, id) WHERE owner IS NOT NULL AND slot IS NOT NULL;
CREATE INDEX rows_by_due ON rows (tbl, due) WHERE due <> 9223372036854775807;
CREATE INDEX history_by_until ON history (until);
";

/// The connection that writes; the tables are made where there are none.
pub(crate) fn open_writer(dir: &Path) -> Result<Connection, OpenFault> {
    let path = files::database(dir);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut link = Connection::open_with_flags(&path, flags).map_err(|error| failed(&path, fault("open", &error)))?;
    check_format(&link, &path)?;
    configure_writer(&link)
        .and_then(|()| make_tables(&mut link))
        .map_err(|error| failed(&path, fault("open", &error)))?;
    Ok(link)
}

/// A connection that moves the WAL beside the writer, and waits for nobody: while it did, nobody could write.
pub(crate) fn open_checkpointer(dir: &Path) -> Result<Connection, OpenFault> {
    let link = open_writer(dir)?;
    link.busy_timeout(Duration::ZERO).map_err(|error| failed(dir, fault("open", &error)))?;
    Ok(link)
}

/// The last connection that is closed would move the rest of the WAL and remove it. After a failure it must not: the WAL
/// is then the only place that is sure to hold what was acknowledged.
pub(crate) fn close_as_it_is(link: &Connection) -> Result<(), rusqlite::Error> {
    link.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(|_| ())
}

/// The one connection there is, in this process and all others: whoever else reads is waited for, and then it fails.
/// What is known of the WAL is read from the WAL, and not from memory that connections share.
pub(crate) fn open_alone(dir: &Path) -> Result<Connection, OpenFault> {
    let path = files::database(dir);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let link = Connection::open_with_flags(&path, flags).map_err(|error| failed(&path, fault("open", &error)))?;
    let set = link
        .busy_timeout(BUSY_MAX)
        .and_then(|()| close_as_it_is(&link))
        .and_then(|()| link.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(())))
        .and_then(|()| configure_writer(&link));
    set.map_err(|error| failed(&path, fault("open", &error)))?;
    Ok(link)
}

/// A connection that reads, and cannot write.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, OpenFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let link = Connection::open_with_flags(path, flags).map_err(|error| failed(path, fault("open", &error)))?;
    configure(&link, READER_CACHE_KIB).map_err(|error| failed(path, fault("open", &error)))?;
    Ok(link)
}

/// As [`open_reader`], for the truth: a format that is not ours is refused.
pub(crate) fn open_checked_reader(dir: &Path) -> Result<Connection, OpenFault> {
    let path = files::database(dir);
    let link = open_reader(&path)?;
    if check_format(&link, &path)? == 0 {
        return Err(OpenFault::Missing(dir.to_owned()));
    }
    Ok(link)
}

/// Whether a site was founded here.
pub(crate) fn is_founded(link: &Connection) -> Result<bool, StoreFault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM facts) OR EXISTS (SELECT 1 FROM batches)";
    link.query_row(sql, [], |row| row.get(0)).map_err(|error| fault("open", &error))
}

/// What every connection has in common.
pub(crate) fn configure(link: &Connection, cache_kib: u32) -> Result<(), rusqlite::Error> {
    link.busy_timeout(BUSY_MAX)?;
    link.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Else a statement is planned anew whenever a bound value might be worth another plan: a seventh of a change's cost.
    link.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    link.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    link.pragma_update(None, "temp_store", "MEMORY")?;
    link.pragma_update(None, "trusted_schema", false)
}

fn configure_writer(link: &Connection) -> Result<(), rusqlite::Error> {
    configure(link, WRITER_CACHE_KIB)?;
    set_journal(link, "FULL")?;
    link.pragma_update(None, "secure_delete", true)?;
    link.pragma_update(None, "wal_autocheckpoint", 0)?;
    link.pragma_update(None, "journal_size_limit", bounded(WAL_KEPT_BYTES))
}

/// WAL, and how hard a commit is synced.
pub(crate) fn set_journal(link: &Connection, synchronous: &str) -> Result<(), rusqlite::Error> {
    link.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    link.pragma_update(None, "synchronous", synchronous)
}

fn bounded(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The format found: 0 for a file that is still empty.
fn check_format(link: &Connection, path: &Path) -> Result<i64, OpenFault> {
    let read = |name: &str| link.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let foreign = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenFault::Foreign(path.to_owned()),
        _ => failed(path, fault("open", &error)),
    };
    let (found, application) = (read("user_version").map_err(foreign)?, read("application_id").map_err(foreign)?);
    let empty = read("schema_version").map_err(foreign)? == 0;
    match (found, application) {
        (0, 0) if empty => Ok(0),
        (_, application) if application != APPLICATION => Err(OpenFault::Foreign(path.to_owned())),
        (found, _) if found > FORMAT => Err(OpenFault::Newer { path: path.to_owned(), found, known: FORMAT }),
        (found, _) => Ok(found),
    }
}

fn make_tables(link: &mut Connection) -> Result<(), rusqlite::Error> {
    let found: i64 = link.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found != 0 {
        // Databases of the first releases have it; nobody misses it in theirs.
        return link.execute_batch("DROP INDEX IF EXISTS rows_by_position");
    }
    let making = link.transaction()?;
    making.execute_batch(TABLES)?;
    making.pragma_update(None, "application_id", APPLICATION)?;
    making.pragma_update(None, "user_version", FORMAT)?;
    making.commit()
}
