//! Reads of what is committed.

use crate::convert::{
    bound, count, fault, former_row, object_id, stored_batch, stored_checkpoint, stored_node, stored_row,
};
use crate::pool::Pool;
use crate::{OpenFault, schema};
use domain::{ObjectId, RowId, Table, Timestamp};
use ledger::{
    FormerRow, Named, NodeId, Reader, Scope, StoreFault, StoredBatch, StoredCheckpoint, StoredNode, StoredRow,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};
use std::path::Path;
use std::sync::Arc;

pub(crate) struct SqliteReader {
    pool: Arc<Pool>,
}

impl SqliteReader {
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenFault> {
        let dir = dir.to_owned();
        Ok(Self { pool: Arc::new(Pool::open(move || schema::open_checked_reader(&dir))?) })
    }

    /// Its connections, for the writer to close when it needs the database for itself.
    pub(crate) fn pool(&self) -> Arc<Pool> {
        Arc::clone(&self.pool)
    }

    /// Shows one moment for as long as it lives: one connection within one transaction.
    pub(crate) fn snapshot(dir: &Path) -> Result<Self, OpenFault> {
        let link = schema::open_checked_reader(dir)?;
        let begun =
            link.execute_batch("BEGIN").and_then(|()| link.query_row("SELECT count(*) FROM facts", [], |_| Ok(())));
        begun.map_err(|error| crate::failed(dir, fault("open", &error)))?;
        Ok(Self { pool: Arc::new(Pool::of(link)) })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT tbl, id, revision, position, tenant, place, owner, due, bytes FROM rows ", $rest)
    };
}

macro_rules! select_batches {
    ($rest:literal) => {
        concat!("SELECT first, count, entries, frontier, state, mac, wall FROM batches ", $rest)
    };
}

const ONE: &str = select!("LEFT JOIN blobs USING (slot) WHERE tbl = ?1 AND id = ?2");
const OF_TENANT: &str = select!(
    "INDEXED BY rows_by_tenant LEFT JOIN blobs USING (slot) WHERE tbl = ?1 AND id > ?2 AND tenant = ?4 AND rows.slot IS NOT NULL ORDER BY id LIMIT ?3"
);
const OF_PLACE: &str = select!(
    "INDEXED BY rows_by_place LEFT JOIN blobs USING (slot) WHERE tbl = ?1 AND id > ?2 AND place = ?5 AND tenant = ?4 AND rows.slot IS NOT NULL ORDER BY id LIMIT ?3"
);
const OF_OWNER: &str = select!(
    "INDEXED BY rows_by_owner LEFT JOIN blobs USING (slot) WHERE tbl = ?1 AND id > ?2 AND owner = ?4 AND rows.slot IS NOT NULL ORDER BY id LIMIT ?3"
);
const OF_ALL: &str =
    select!("LEFT JOIN blobs USING (slot) WHERE tbl = ?1 AND id > ?2 AND rows.slot IS NOT NULL ORDER BY id LIMIT ?3");
const RAW: &str = select!("LEFT JOIN blobs USING (slot) WHERE (tbl, id) > (?1, ?2) ORDER BY tbl, id LIMIT ?3");
const DUE: &str = "SELECT id FROM rows INDEXED BY rows_by_due
    WHERE tbl = ?1 AND due <= ?2 AND due <> 9223372036854775807 ORDER BY due LIMIT ?3";

macro_rules! select_former {
    ($rest:literal) => {
        concat!("SELECT tbl, id, revision, position, tenant, place, owner, due, bytes, until FROM history ", $rest)
    };
}

const NODE: &str = "SELECT id, bytes FROM nodes WHERE id = ?1";
const FORMER: &str = select_former!("WHERE tbl = ?1 AND id = ?2 AND until >= ?3 ORDER BY until LIMIT 1");
const ALL_FORMER: &str = select_former!("WHERE (tbl, id, until) > (?1, ?2, ?3) ORDER BY tbl, id, until LIMIT ?4");

const LAST_BATCH: &str = select_batches!("ORDER BY first DESC LIMIT 1");
const BATCH_AT_OR_BEFORE: &str = select_batches!("WHERE first <= ?1 ORDER BY first DESC LIMIT 1");
/// From the batch that holds ?1; where none does, from the next.
const BATCHES: &str = select_batches!(
    "WHERE first >= coalesce((SELECT first FROM (SELECT first, count FROM batches WHERE first <= ?1 ORDER BY first DESC LIMIT 1)
     WHERE first + count > ?1), ?1) ORDER BY first LIMIT ?2"
);
const CHECKPOINTS: &str = "SELECT size, note, wall FROM checkpoints WHERE size > ?1 ORDER BY size LIMIT ?2";
const NEWEST_CHECKPOINT: &str = "SELECT size, note, wall FROM checkpoints ORDER BY size DESC LIMIT 1";

/// Before every id: an empty blob sorts first.
const FIRST: &[u8] = &[];

type Read<T> = Result<T, StoreFault>;

fn all<T>(
    statement: &mut CachedStatement<'_>,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, rusqlite::Error>,
) -> Result<Vec<T>, rusqlite::Error> {
    statement.query_map(params, read)?.collect()
}

pub(crate) fn batches(pool: &Pool, index: u64, limit: u32) -> Read<Vec<StoredBatch>> {
    pool.with("read batches", BATCHES, |statement| all(statement, (bound(index), limit), stored_batch))
}

fn read_nodes(link: &Connection, nodes: &[NodeId]) -> Result<Vec<StoredNode>, rusqlite::Error> {
    let mut statement = link.prepare_cached(NODE)?;
    let found = nodes.iter().map(|node| statement.query_row([bound(node.0)], stored_node).optional());
    found.filter_map(Result::transpose).collect()
}

impl Reader for SqliteReader {
    fn fact(&self, name: &str) -> Read<Option<Vec<u8>>> {
        self.pool.with("read a fact", "SELECT value FROM facts WHERE name = ?1", |statement| {
            statement.query_row([name], |row| row.get(0)).optional()
        })
    }

    fn row(&self, row: RowId) -> Read<Option<StoredRow>> {
        self.pool.with("read a row", ONE, |statement| {
            statement.query_row((row.table as u8, row.id.0), stored_row).optional()
        })
    }

    fn row_and_nodes(&self, row: RowId, nodes: &[NodeId]) -> Read<(Option<StoredRow>, Vec<StoredNode>)> {
        self.pool.at_once("read a row and its path", |link| {
            let found = link.prepare_cached(ONE)?.query_row((row.table as u8, row.id.0), stored_row).optional()?;
            Ok((found, read_nodes(link, nodes)?))
        })
    }

    fn which_rows(&self, rows: &[RowId]) -> Read<Vec<RowId>> {
        self.pool.with("look for rows", "SELECT 1 FROM rows WHERE tbl = ?1 AND id = ?2", |statement| {
            let found = rows.iter().map(|row| Ok((*row, statement.exists((row.table as u8, row.id.0))?)));
            let found = found.collect::<Result<Vec<_>, rusqlite::Error>>()?;
            Ok(found.into_iter().filter_map(|(row, exists)| exists.then_some(row)).collect())
        })
    }

    fn nodes(&self, nodes: &[NodeId]) -> Read<Vec<StoredNode>> {
        self.pool.at_once("read nodes", |link| read_nodes(link, nodes))
    }

    fn former(&self, row: RowId, at: u64) -> Read<Option<FormerRow>> {
        self.pool.with("read a former row", FORMER, |statement| {
            statement.query_row((row.table as u8, row.id.0, bound(at)), former_row).optional()
        })
    }

    fn all_former(&self, after: Option<(RowId, u64)>, limit: u32) -> Read<Vec<FormerRow>> {
        let table = after.map_or(0, |(row, _)| row.table as u8);
        let from = after.as_ref().map_or(FIRST, |(row, _)| row.id.0.as_slice());
        let until = after.map_or(0, |(_, until)| bound(until));
        self.pool
            .with("read former rows", ALL_FORMER, |statement| all(statement, (table, from, until, limit), former_row))
    }

    fn rows(&self, table: Table, scope: Scope, after: Option<ObjectId>, limit: u32) -> Read<Vec<StoredRow>> {
        let (table, from) = (table as u8, after.as_ref().map_or(FIRST, |id| id.0.as_slice()));
        let doing = "list rows";
        match scope {
            Scope::Tenant(tenant) => {
                self.pool.with(doing, OF_TENANT, |found| all(found, (table, from, limit, tenant.0), stored_row))
            }
            Scope::Place(tenant, place) => {
                self.pool.with(doing, OF_PLACE, |found| all(found, (table, from, limit, tenant.0, place.0), stored_row))
            }
            Scope::Owner(owner) => {
                self.pool.with(doing, OF_OWNER, |found| all(found, (table, from, limit, owner.0), stored_row))
            }
            Scope::All => self.pool.with(doing, OF_ALL, |found| all(found, (table, from, limit), stored_row)),
        }
    }

    fn due(&self, table: Table, until: Timestamp, limit: u32) -> Read<Vec<RowId>> {
        self.pool.with("list what is due", DUE, |statement| {
            all(statement, (table as u8, until.0, limit), |row| Ok(RowId::new(table, object_id(row, 0)?)))
        })
    }

    fn named(&self, from: u64, below: u64) -> Read<Named> {
        let sql = "SELECT position FROM rows WHERE position >= ?1 AND position < ?2";
        self.pool.with("read which entries rows name", sql, |statement| {
            let mut named = Named::none(from, below);
            let mut rows = statement.query([bound(from), bound(below)])?;
            while let Some(row) = rows.next()? {
                named.add(count(row, 0)?);
            }
            Ok(named)
        })
    }

    fn last_batch(&self) -> Read<Option<StoredBatch>> {
        self.pool.with("read the last batch", LAST_BATCH, |statement| statement.query_row([], stored_batch).optional())
    }

    fn batch_with(&self, index: u64) -> Read<Option<StoredBatch>> {
        let found = self.pool.with("read a batch", BATCH_AT_OR_BEFORE, |statement| {
            statement.query_row([bound(index)], stored_batch).optional()
        })?;
        Ok(found.filter(|batch| index.saturating_sub(batch.first) < u64::from(batch.count)))
    }

    fn batches(&self, index: u64, limit: u32) -> Read<Vec<StoredBatch>> {
        batches(&self.pool, index, limit)
    }

    fn oldest(&self) -> Read<u64> {
        self.pool.with("read the oldest batch", "SELECT coalesce(min(first), 0) FROM batches", |statement| {
            statement.query_row([], |row| count(row, 0))
        })
    }

    fn newest_checkpoint(&self) -> Read<Option<StoredCheckpoint>> {
        self.pool.with("read the newest checkpoint", NEWEST_CHECKPOINT, |statement| {
            statement.query_row([], stored_checkpoint).optional()
        })
    }

    fn checkpoints(&self, after: u64, limit: u32) -> Read<Vec<StoredCheckpoint>> {
        self.pool
            .with("read checkpoints", CHECKPOINTS, |statement| all(statement, (bound(after), limit), stored_checkpoint))
    }

    fn all_rows(&self, after: Option<RowId>, limit: u32) -> Read<Vec<StoredRow>> {
        let table = after.map_or(0, |row| row.table as u8);
        let from = after.as_ref().map_or(FIRST, |row| row.id.0.as_slice());
        self.pool.with("read all rows", RAW, |statement| all(statement, (table, from, limit), stored_row))
    }
}
