//! The one writer.

use crate::checkpointer::{Checkpointer, Mode, checkpoint};
use crate::convert::{bound, fault, nullable, to_sql};
use crate::files::Lock;
use crate::health::Health;
use crate::pool::Pool;
use crate::{OpenFault, reader, schema, slots};
use ledger::{
    Batch, Done, FormerRow, Named, Part, StoreFault, StoredBatch, StoredCheckpoint, StoredNode, StoredRow, Writer,
    keeps_history,
};
use rusqlite::{Connection, OptionalExtension, Params};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const INSERT_BATCH: &str =
    "INSERT INTO batches (first, count, entries, frontier, state, mac, wall) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const PUT_ROW: &str = "INSERT INTO rows (tbl, id, revision, position, tenant, place, owner, due, slot)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (tbl, id) DO UPDATE SET revision = ?3, position = ?4, tenant = ?5, place = ?6, owner = ?7, due = ?8, slot = ?9";
/// What stays the same is not written, and so its indexes are left alone.
const RENEW_ROW: &str = "UPDATE rows SET revision = ?3, position = ?4 WHERE tbl = ?1 AND id = ?2
    AND tenant = ?5 AND place IS ?6 AND owner IS ?7 AND due = ?8 AND slot IS ?9";
const PUT_NODE: &str = "INSERT INTO nodes (id, bytes) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET bytes = ?2";
/// The row as it stands.
const KEEP_FORMER: &str = "INSERT INTO history (tbl, id, until, revision, position, tenant, place, owner, due, bytes)
    SELECT tbl, id, ?3, revision, position, tenant, place, owner, due, bytes
    FROM rows LEFT JOIN blobs USING (slot) WHERE tbl = ?1 AND id = ?2";
const PUT_FORMER: &str =
    "INSERT OR REPLACE INTO history (tbl, id, until, revision, position, tenant, place, owner, due, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
/// The slot of the row that stands, and its size; neither where the row holds no blob.
const STANDING: &str = "SELECT slot, length(bytes) FROM rows LEFT JOIN blobs USING (slot) WHERE tbl = ?1 AND id = ?2";
const INSERT_CHECKPOINT: &str = "INSERT OR REPLACE INTO checkpoints (size, note, wall) VALUES (?1, ?2, ?3)";
/// The batches that may be looked at in one step. The last one stays, whatever is asked: the log goes on from it.
const PRUNABLE: &str = "SELECT first, count, length(entries) FROM batches
    WHERE first >= ?1 AND first < ?2 AND first + count <= ?2 AND first < (SELECT max(first) FROM batches)
    ORDER BY first LIMIT ?3";
const PRUNE: &str = "DELETE FROM batches WHERE first = ?1";
/// Only the entry that replaced a row proves what it was.
const PRUNE_HISTORY: &str = "DELETE FROM history WHERE until BETWEEN ?1 AND ?2";
/// Batches dropped in one transaction, so that the WAL stays short and nobody who commits waits long.
const PRUNE_STEP: u32 = 64;

/// What a commit adds to the WAL beside its content, roughly: the pages it touches.
const COMMIT_BYTES: u64 = 8_192;
const ROW_BYTES: u64 = 16_384;

pub(crate) struct SqliteWriter {
    dir: PathBuf,
    _lock: Lock,
    /// None between a failure and the reopening.
    open: Option<Open>,
    readers: Arc<Pool>,
}

pub(crate) struct Open {
    link: Connection,
    /// The index of the next entry.
    head: u64,
    health: Arc<Health>,
    checkpointer: Checkpointer,
}

impl SqliteWriter {
    pub(crate) fn new(dir: &Path, lock: Lock, open: Open, readers: Arc<Pool>) -> Self {
        Self { dir: dir.to_owned(), _lock: lock, open: Some(open), readers }
    }

    /// Does one thing on a healthy store; a failure stops it.
    fn run<T>(&mut self, work: impl FnOnce(&mut Open) -> Result<T, StoreFault>) -> Result<T, StoreFault> {
        let open = self.open.as_mut().ok_or_else(|| StoreFault("stopped until it is reopened".to_owned()))?;
        open.health.check()?;
        let result = work(open);
        if let Err(found) = &result {
            open.health.poison(found);
        }
        result
    }
}

impl Writer for SqliteWriter {
    fn append(&mut self, batch: &Batch) -> Result<(), StoreFault> {
        self.run(|open| open.append(batch))
    }

    /// Of one file there is only one truth.
    fn batches(&mut self, index: u64, limit: u32) -> Result<Vec<StoredBatch>, StoreFault> {
        reader::batches(&self.readers, index, limit)
    }

    fn sign(&mut self, signed: &StoredCheckpoint) -> Result<(), StoreFault> {
        let size = to_sql(signed.size)?;
        self.run(|open| {
            commit(&open.link, "sign", |link| run(link, INSERT_CHECKPOINT, (size, &signed.note, signed.wall.0)))?;
            open.committed(COMMIT_BYTES)
        })
    }

    fn reopen(&mut self) -> Result<(), StoreFault> {
        self.open = None;
        self.readers.close()?;
        write_anew(&self.dir)?;
        let reopened = |fault: OpenFault| StoreFault(fault.to_string());
        self.open = Some(Open::new(&self.dir).map_err(reopened)?);
        self.readers.refill().map_err(reopened)
    }

    fn scrub(&mut self, done: Done) {
        // Former content was overwritten where it stood (see `slots`); older pages stand in the WAL until it is cut.
        let healthy = self.run(|_| Ok(()));
        match (healthy, &self.open) {
            (Ok(()), Some(open)) => open.checkpointer.cut(done),
            (healthy, _) => done(healthy),
        }
    }

    fn prune(&mut self, from: u64, before: u64, named: &Named) -> Result<Option<u64>, StoreFault> {
        self.run(|open| {
            let (next, bytes) = prune_step(&open.link, from, before.min(named.below()), named)?;
            open.committed(COMMIT_BYTES.saturating_add(bytes))?;
            Ok(next)
        })
    }

    fn load(&mut self, part: &Part) -> Result<(), StoreFault> {
        self.run(|open| {
            commit(&open.link, "load", |link| load(link, part))?;
            if let Some(last) = part.batches.last() {
                open.head = last.first.saturating_add(last.count.into());
            }
            let rows = part.rows.len() as u64;
            let batches =
                part.batches.iter().map(|batch| length(&batch.entries)).fold(COMMIT_BYTES, u64::saturating_add);
            open.committed(batches.saturating_add(rows.saturating_mul(ROW_BYTES)))
        })
    }

    fn found(&mut self, facts: &[(String, Vec<u8>)]) -> Result<(), StoreFault> {
        self.run(|open| {
            commit(&open.link, "found", |link| {
                facts.iter().try_for_each(|(name, value)| {
                    link.execute("INSERT INTO facts (name, value) VALUES (?1, ?2)", (name, value)).map(|_| ())
                })
            })
        })
    }
}

/// The rows, as they are put everywhere.
fn load(link: &Connection, part: &Part) -> Result<(), rusqlite::Error> {
    for batch in &part.batches {
        let StoredBatch { first, count, entries, frontier, state, mac, wall } = batch;
        run(link, INSERT_BATCH, (bound(*first), count, entries, frontier, state, mac, wall.0))?;
    }
    for signed in &part.checkpoints {
        run(link, INSERT_CHECKPOINT, (bound(signed.size), &signed.note, signed.wall.0))?;
    }
    let rows: Vec<_> = part.rows.iter().map(|row| (bound(row.revision), bound(row.position), row)).collect();
    write_rows(link, &rows)?;
    let nodes: Vec<_> = part.nodes.iter().map(|node| (bound(node.id.0), node.bytes.as_slice())).collect();
    write_nodes(link, &nodes)?;
    write_former(link, &part.former)
}

/// All of the WAL into the database, synced, whatever was thought to be there already. SQLite syncs the database only
/// when it holds the whole WAL; what it copied before counts as copied though it was never synced, as long as anybody has
/// the database open. So nobody may, and one connection that shares no memory reads the WAL from its beginning.
fn write_anew(dir: &Path) -> Result<(), StoreFault> {
    let link = schema::open_alone(dir).map_err(|fault| StoreFault(fault.to_string()))?;
    truncate(&link)
}

fn truncate(link: &Connection) -> Result<(), StoreFault> {
    if checkpoint(link, Mode::Truncate)?.hindered {
        return Err(StoreFault("checkpoint: a reader stands in the way".to_owned()));
    }
    Ok(())
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.health.is_poisoned() {
            let _ = schema::close_as_it_is(&self.link);
        }
    }
}

impl Open {
    pub(crate) fn new(dir: &Path) -> Result<Self, OpenFault> {
        let link = schema::open_writer(dir)?;
        let head = head(&link).map_err(|found| crate::failed(dir, found))?;
        let health = Arc::new(Health::default());
        let checkpointer = Checkpointer::start(dir, Arc::clone(&health))?;
        Ok(Self { link, head, health, checkpointer })
    }

    fn append(&mut self, batch: &Batch) -> Result<(), StoreFault> {
        if batch.first != self.head || batch.count == 0 {
            let (first, count, head) = (batch.first, batch.count, self.head);
            return Err(StoreFault(format!("append: {count} entries at {first} do not follow a log of {head}")));
        }
        let values = Values::of(batch)?;
        commit(&self.link, "append", |link| values.write(link))?;
        self.head = self.head.saturating_add(u64::from(batch.count));
        let rows =
            batch.rows.iter().map(|row| ROW_BYTES.saturating_add(length(&row.blob))).fold(0, u64::saturating_add);
        self.committed(COMMIT_BYTES.saturating_add(length(&batch.entries)).saturating_add(rows))
    }

    /// Keeps the WAL short.
    fn committed(&self, bytes: u64) -> Result<(), StoreFault> {
        if self.checkpointer.wrote(bytes) {
            checkpoint(&self.link, Mode::Passive)?;
        }
        Ok(())
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// The index that the next entry gets. The last batch is read whole, so that a torn head is found at once.
fn head(link: &Connection) -> Result<u64, StoreFault> {
    let sql = "SELECT first, count, entries, frontier, state, mac, wall FROM batches ORDER BY first DESC LIMIT 1";
    let last = link.query_row(sql, [], crate::convert::stored_batch).optional();
    let last = last.map_err(|error| fault("read the last batch", &error))?;
    Ok(last.map_or(0, |batch| batch.first.saturating_add(u64::from(batch.count))))
}

/// Where to go on, if there may be more, and how many bytes were looked at. A batch that a row names stays: it tells when
/// the row became what it is.
fn prune_step(link: &Connection, from: u64, before: u64, named: &Named) -> Result<(Option<u64>, u64), StoreFault> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?, row.get::<_, u32>(2)?));
    let found = link.prepare_cached(PRUNABLE).and_then(|mut statement| {
        statement.query_map((bound(from), bound(before), PRUNE_STEP), read)?.collect::<Result<Vec<_>, _>>()
    });
    let found = found.map_err(|error| fault("prune", &error))?;
    let Some((last, ..)) = found.last() else { return Ok((None, 0)) };
    let is_named = |first: i64, count| u64::try_from(first).is_ok_and(|first| named.any(first, count));
    commit(link, "prune", |link| {
        for (first, ..) in found.iter().filter(|(first, count, _)| !is_named(*first, *count)) {
            run(link, PRUNE, [first])?;
        }
        run(link, PRUNE_HISTORY, (bound(from), last))
    })?;
    let next = u64::try_from(*last).ok().map(|last| last.saturating_add(1));
    let bytes = found.iter().map(|(.., bytes)| u64::from(*bytes)).fold(0, u64::saturating_add);
    Ok((next.filter(|_| found.len() == PRUNE_STEP as usize), bytes))
}

/// All of it or nothing, and durable when it returns.
fn commit(
    link: &Connection,
    doing: &str,
    write: impl FnOnce(&Connection) -> Result<(), rusqlite::Error>,
) -> Result<(), StoreFault> {
    let done = run(link, "BEGIN IMMEDIATE", ()).and_then(|()| write(link)).and_then(|()| run(link, "COMMIT", ()));
    done.map_err(|error| {
        // Whatever is half done must not hold the lock; the store stops in any case.
        let _ = run(link, "ROLLBACK", ());
        fault(doing, &error)
    })
}

fn run(link: &Connection, sql: &str, params: impl Params) -> Result<(), rusqlite::Error> {
    link.prepare_cached(sql)?.execute(params).map(|_| ())
}

/// A batch whose numbers SQLite can hold; nothing of it is written before all of them are known to fit.
struct Values<'a> {
    batch: &'a Batch,
    first: i64,
    rows: Vec<(i64, i64, &'a StoredRow)>,
    nodes: Vec<(i64, &'a [u8])>,
    checkpoint: Option<(i64, &'a StoredCheckpoint)>,
}

impl<'a> Values<'a> {
    fn of(batch: &'a Batch) -> Result<Self, StoreFault> {
        to_sql(batch.first.saturating_add(u64::from(batch.count)))?;
        let node = |node: &'a StoredNode| Ok((to_sql(node.id.0)?, node.bytes.as_slice()));
        let numbers = |row: &'a StoredRow| Ok((to_sql(row.revision)?, to_sql(row.position)?, row));
        Ok(Self {
            batch,
            first: to_sql(batch.first)?,
            rows: batch.rows.iter().map(numbers).collect::<Result<_, StoreFault>>()?,
            nodes: batch.nodes.iter().map(node).collect::<Result<_, StoreFault>>()?,
            checkpoint: batch.checkpoint.as_ref().map(|signed| Ok((to_sql(signed.size)?, signed))).transpose()?,
        })
    }

    fn write(&self, link: &Connection) -> Result<(), rusqlite::Error> {
        let Batch { count, entries, frontier, state, mac, wall, .. } = self.batch;
        run(link, INSERT_BATCH, (self.first, count, entries, frontier, state, mac, wall.0))?;
        write_rows(link, &self.rows)?;
        write_nodes(link, &self.nodes)?;
        match self.checkpoint {
            Some((size, signed)) => run(link, INSERT_CHECKPOINT, (size, &signed.note, signed.wall.0)),
            None => Ok(()),
        }
    }
}

/// Revision and position of each row, as SQLite holds them, and the row.
fn write_rows(link: &Connection, rows: &[(i64, i64, &StoredRow)]) -> Result<(), rusqlite::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (mut put, mut renew) = (link.prepare_cached(PUT_ROW)?, link.prepare_cached(RENEW_ROW)?);
    let mut standing = link.prepare_cached(STANDING)?;
    for (revision, position, row) in rows {
        let (table, id) = (row.id.table as u8, row.id.id.0);
        let stood = standing.query_row((table, id), slots::Slot::read).optional()?;
        if stood.is_some() && keeps_history(row.id.table) {
            run(link, KEEP_FORMER, (table, id, position))?;
        }
        let slot = slots::replace(link, stood.flatten(), &row.blob)?;
        let (place, owner) = (nullable(&row.place), nullable(&row.owner));
        let values = (table, id, revision, position, row.tenant.0, place, owner, row.due, slot);
        if stood.is_none() || renew.execute(values)? == 0 {
            put.execute(values)?;
        }
    }
    Ok(())
}

/// By id: neighbours stand on the same pages.
fn write_nodes(link: &Connection, nodes: &[(i64, &[u8])]) -> Result<(), rusqlite::Error> {
    let mut put = link.prepare_cached(PUT_NODE)?;
    nodes.iter().try_for_each(|(id, bytes)| put.execute((id, bytes)).map(|_| ()))
}

/// Former rows of another store.
fn write_former(link: &Connection, rows: &[FormerRow]) -> Result<(), rusqlite::Error> {
    let mut put = link.prepare_cached(PUT_FORMER)?;
    for FormerRow { row, until } in rows {
        let (place, owner) = (nullable(&row.place), nullable(&row.owner));
        let bytes = if row.blob.is_empty() { None } else { Some(slots::framed(&row.blob)?.1) };
        let (until, revision, position) = (bound(*until), bound(row.revision), bound(row.position));
        let (table, id) = (row.id.table as u8, row.id.id.0);
        put.execute((table, id, until, revision, position, row.tenant.0, place, owner, row.due, bytes))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
