//! Projections in a file of their own, which may be lost.
//!
//! Nothing is synced: a process that dies loses nothing, a machine that dies may leave anything. So the file names the
//! boot in which it is being written, and is begun anew when that boot ended before it was closed.

use crate::convert::{bound, count, fault, to_sql};
use crate::pool::Pool;
use crate::{OpenFault, failed, files, schema};
use ledger::{ProjectionReader, ProjectionWriter, Segment, StoreFault, Tile, Unprojected};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// In `user_version`. Another one is begun anew.
const FORMAT: i64 = 1;
const CACHE_KIB: u32 = 2_048;
/// Of `/proc`: a UUID that is new with each start of the machine.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

const TABLES: &str = "
CREATE TABLE tiles (level INTEGER, place INTEGER, hashes BLOB NOT NULL, PRIMARY KEY (level, place)) STRICT, WITHOUT ROWID;
CREATE TABLE segments (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, summary BLOB NOT NULL) STRICT;
CREATE TABLE cursors (name TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE boot (id TEXT NOT NULL) STRICT;
";
const PUT_TILE: &str = "INSERT OR REPLACE INTO tiles (level, place, hashes) VALUES (?1, ?2, ?3)";
const PUT_SEGMENT: &str = "INSERT OR REPLACE INTO segments (first, count, summary) VALUES (?1, ?2, ?3)";
const PUT_CURSOR: &str = "INSERT OR REPLACE INTO cursors (name, upto) VALUES (?1, ?2)";
const FORGET: &str = "BEGIN; DELETE FROM tiles; DELETE FROM segments; DELETE FROM cursors; COMMIT";

pub(crate) struct SqliteProjectionWriter {
    path: PathBuf,
    link: Connection,
}

impl SqliteProjectionWriter {
    /// Opens the file, or a fresh one where it cannot be trusted.
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenFault> {
        let path = files::projections(dir);
        let boot = std::fs::read_to_string(BOOT).unwrap_or_default();
        let link = match connect(&path).and_then(|link| trusted(link, &boot)) {
            Ok(Some(link)) => link,
            Ok(None) | Err(_) => anew(&path)?,
        };
        let named =
            link.execute_batch("DELETE FROM boot").and_then(|()| link.execute("INSERT INTO boot VALUES (?1)", [boot]));
        named.map_err(|error| failed(&path, fault("open", &error)))?;
        Ok(Self { path, link })
    }
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let link = Connection::open_with_flags(path, flags)?;
    schema::configure(&link, CACHE_KIB)?;
    schema::set_journal(&link, "OFF")?;
    Ok(link)
}

/// The connection, if the file has our format and was closed, or is of this boot.
fn trusted(link: Connection, boot: &str) -> Result<Option<Connection>, rusqlite::Error> {
    let format: i64 = link.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format != FORMAT {
        return Ok(None);
    }
    let left: Option<String> = link.query_row("SELECT id FROM boot", [], |row| row.get(0)).optional()?;
    let sound = left.is_none_or(|left| !left.is_empty() && left == boot);
    Ok(sound.then_some(link))
}

fn anew(path: &Path) -> Result<Connection, OpenFault> {
    files::remove_database(path)?;
    files::make_private(path)?;
    let made = connect(path).and_then(|mut link| {
        let making = link.transaction()?;
        making.execute_batch(TABLES)?;
        making.pragma_update(None, "user_version", FORMAT)?;
        making.commit()?;
        Ok(link)
    });
    made.map_err(|error| failed(path, fault("open", &error)))
}

impl ProjectionWriter for SqliteProjectionWriter {
    fn project(&mut self, tiles: &[Tile], segments: &[Segment], cursors: &[(&str, u64)]) -> Result<(), StoreFault> {
        let tiles = tiles.iter().map(|tile| Ok((tile.level, to_sql(tile.index)?, &tile.hashes)));
        let tiles = tiles.collect::<Result<Vec<_>, StoreFault>>()?;
        let segments = segments.iter().map(|segment| Ok((to_sql(segment.first)?, segment.count, &segment.summary)));
        let segments = segments.collect::<Result<Vec<_>, StoreFault>>()?;
        let cursors = cursors.iter().map(|(name, upto)| Ok((*name, to_sql(*upto)?)));
        let cursors = cursors.collect::<Result<Vec<_>, StoreFault>>()?;
        self.put(&tiles, &segments, &cursors).map_err(|error| fault("project", &error))
    }

    /// Where even that fails, the file goes, and the next start begins a fresh one.
    fn forget_all(&mut self) -> Result<(), StoreFault> {
        self.link.execute_batch(FORGET).map_err(|error| {
            let _ = files::remove_database(&self.path);
            fault("forget projections", &error)
        })
    }
}

impl SqliteProjectionWriter {
    fn put(
        &mut self,
        tiles: &[(u8, i64, &Vec<u8>)],
        segments: &[(i64, u32, &Vec<u8>)],
        cursors: &[(&str, i64)],
    ) -> Result<(), rusqlite::Error> {
        let putting = self.link.transaction()?;
        for tile in tiles {
            putting.prepare_cached(PUT_TILE)?.execute(*tile)?;
        }
        for segment in segments {
            putting.prepare_cached(PUT_SEGMENT)?.execute(*segment)?;
        }
        for cursor in cursors {
            putting.prepare_cached(PUT_CURSOR)?.execute(*cursor)?;
        }
        putting.commit()
    }
}

impl Drop for SqliteProjectionWriter {
    /// Syncs what there is, then says that it was closed. If that fails, the boot stays named and nothing is trusted.
    fn drop(&mut self) {
        let _ = self.link.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(PASSIVE); DELETE FROM boot; PRAGMA wal_checkpoint(PASSIVE)",
        );
    }
}

/// Reads projections. Where there is no file that can be read, there are none yet.
pub(crate) fn open_reader(dir: &Path) -> Arc<dyn ProjectionReader> {
    let path = files::projections(dir);
    match Pool::open(move || checked(&path)) {
        Ok(pool) => Arc::new(SqliteProjectionReader { pool }),
        Err(fault) => {
            tracing::warn!(%fault, "no projections can be read; queries scan the log");
            Arc::new(Unprojected)
        }
    }
}

fn checked(path: &Path) -> Result<Connection, OpenFault> {
    let link = schema::open_reader(path)?;
    let found = link.query_row("SELECT count(*) FROM boot", [], |_| Ok(()));
    found.map(|()| link).map_err(|error| failed(path, fault("open", &error)))
}

struct SqliteProjectionReader {
    pool: Pool,
}

const TILE: &str = "SELECT hashes FROM tiles WHERE level = ?1 AND place = ?2";
const SEGMENTS: &str = "SELECT first, count, summary FROM segments WHERE first < ?1 ORDER BY first DESC LIMIT ?2";
const CURSOR: &str = "SELECT upto FROM cursors WHERE name = ?1";

fn segment(row: &Row<'_>) -> Result<Segment, rusqlite::Error> {
    Ok(Segment { first: count(row, 0)?, count: row.get(1)?, summary: row.get(2)? })
}

impl ProjectionReader for SqliteProjectionReader {
    fn tile(&self, level: u8, index: u64) -> Result<Option<Tile>, StoreFault> {
        let hashes = self.pool.with("read a tile", TILE, |statement| {
            statement.query_row((level, bound(index)), |row| row.get(0)).optional()
        })?;
        Ok(hashes.map(|hashes| Tile { level, index, hashes }))
    }

    fn segments_before(&self, before: u64, limit: u32) -> Result<Vec<Segment>, StoreFault> {
        self.pool.with("read segments", SEGMENTS, |statement| {
            statement.query_map((bound(before), limit), segment)?.collect()
        })
    }

    fn cursor(&self, projection: &str) -> Result<u64, StoreFault> {
        let upto = self.pool.with("read a cursor", CURSOR, |statement| {
            statement.query_row([projection], |row| count(row, 0)).optional()
        })?;
        Ok(upto.unwrap_or(0))
    }
}
