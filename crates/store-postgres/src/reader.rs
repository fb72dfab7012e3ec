//! Reads of what is committed.

use crate::convert::{
    Read, bound, count, former_row, get, maybe_node, maybe_row, object_id, row_id, stored_batch, stored_checkpoint,
    stored_row,
};
use crate::pool::{Pool, limit};
use domain::{ObjectId, RowId, Table, Timestamp};
use ledger::{
    Availability, FormerRow, Named, NodeId, Reader, Scope, StoredBatch, StoredCheckpoint, StoredNode, StoredRow,
};
use std::sync::Arc;

pub(crate) struct PostgresReader {
    pool: Arc<Pool>,
}

impl PostgresReader {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self { pool }
    }
}

/// Before every id: an empty value sorts first.
const FIRST: &[u8] = &[];

fn number(table: Table) -> i16 {
    i16::from(table as u8)
}

fn numbers(nodes: &[NodeId]) -> Vec<i64> {
    nodes.iter().map(|node| bound(node.0)).collect()
}

impl Reader for PostgresReader {
    fn fact(&self, name: &str) -> Read<Option<Vec<u8>>> {
        self.pool.ask("read a fact", |all| &all.fact, &[&name])?.first(|row| get(row, 0))
    }

    fn row(&self, row: RowId) -> Read<Option<StoredRow>> {
        self.pool.ask("read a row", |all| &all.row, &[&number(row.table), &row.id.0.as_slice()])?.first(stored_row)
    }

    fn row_and_nodes(&self, row: RowId, nodes: &[NodeId]) -> Read<(Option<StoredRow>, Vec<StoredNode>)> {
        let (table, id, nodes) = (number(row.table), row.id.0.as_slice(), numbers(nodes));
        let found = self.pool.ask("read a row and its path", |all| &all.row_and_nodes, &[&table, &id, &nodes])?;
        let nodes = found.all(|row| maybe_node(row, 9))?.into_iter().flatten().collect();
        Ok((found.first(maybe_row)?.flatten(), nodes))
    }

    fn which_rows(&self, rows: &[RowId]) -> Read<Vec<RowId>> {
        let tables: Vec<_> = rows.iter().map(|row| number(row.table)).collect();
        let ids: Vec<_> = rows.iter().map(|row| row.id.0.as_slice()).collect();
        self.pool.ask("look for rows", |all| &all.which_rows, &[&tables, &ids])?.all(row_id)
    }

    fn nodes(&self, nodes: &[NodeId]) -> Read<Vec<StoredNode>> {
        let found = self.pool.ask("read nodes", |all| &all.nodes, &[&numbers(nodes)])?;
        Ok(found.all(|row| maybe_node(row, 0))?.into_iter().flatten().collect())
    }

    fn former(&self, row: RowId, at: u64) -> Read<Option<FormerRow>> {
        let (table, id, at) = (number(row.table), row.id.0.as_slice(), bound(at));
        self.pool.ask("read a former row", |all| &all.former, &[&table, &id, &at])?.first(former_row)
    }

    fn all_former(&self, after: Option<(RowId, u64)>, most: u32) -> Read<Vec<FormerRow>> {
        let table = after.map_or(0, |(row, _)| number(row.table));
        let from = after.as_ref().map_or(FIRST, |(row, _)| row.id.0.as_slice());
        let (until, most) = (after.map_or(0, |(_, until)| bound(until)), limit(most));
        self.pool.ask("read former rows", |all| &all.all_former, &[&table, &from, &until, &most])?.all(former_row)
    }

    fn rows(&self, table: Table, scope: Scope, after: Option<ObjectId>, most: u32) -> Read<Vec<StoredRow>> {
        let (table, most, doing) = (number(table), limit(most), "list rows");
        let from = after.as_ref().map_or(FIRST, |id| id.0.as_slice());
        let found = match scope {
            Scope::Tenant(tenant) => {
                self.pool.ask(doing, |all| &all.of_tenant, &[&table, &from, &most, &tenant.0.as_slice()])
            }
            Scope::Place(tenant, place) => {
                let (tenant, place) = (tenant.0.as_slice(), place.0.as_slice());
                self.pool.ask(doing, |all| &all.of_place, &[&table, &from, &most, &tenant, &place])
            }
            Scope::Owner(owner) => {
                self.pool.ask(doing, |all| &all.of_owner, &[&table, &from, &most, &owner.0.as_slice()])
            }
            Scope::All => self.pool.ask(doing, |all| &all.of_all, &[&table, &from, &most]),
        };
        found?.all(stored_row)
    }

    fn due(&self, table: Table, until: Timestamp, most: u32) -> Read<Vec<RowId>> {
        let found = self.pool.ask("list what is due", |all| &all.due, &[&number(table), &until.0, &limit(most)])?;
        found.all(|row| Ok(RowId::new(table, object_id(row, 0)?)))
    }

    fn named(&self, from: u64, below: u64) -> Read<Named> {
        let asked = [bound(from), bound(below)];
        let found = self.pool.ask("read which entries rows name", |all| &all.named, &[&asked[0], &asked[1]])?;
        let mut named = Named::none(from, below);
        for (first, bits) in found.all(|row| Ok((count(row, 0)?, get::<i64>(row, 1)?.cast_unsigned())))? {
            (0..64).filter(|at| bits >> at & 1 == 1).for_each(|at| named.add(first.saturating_add(at)));
        }
        Ok(named)
    }

    fn last_batch(&self) -> Read<Option<StoredBatch>> {
        self.pool.ask("read the last batch", |all| &all.last_batch, &[])?.first(stored_batch)
    }

    fn batch_with(&self, index: u64) -> Read<Option<StoredBatch>> {
        let found = self.pool.ask("read a batch", |all| &all.batch_at_or_before, &[&bound(index)])?;
        let found = found.first(stored_batch)?;
        Ok(found.filter(|batch| index.saturating_sub(batch.first) < u64::from(batch.count)))
    }

    fn batches(&self, index: u64, most: u32) -> Read<Vec<StoredBatch>> {
        self.pool.ask("read batches", |all| &all.batches, &[&bound(index), &limit(most)])?.all(stored_batch)
    }

    fn oldest(&self) -> Read<u64> {
        let found = self.pool.ask("read the oldest batch", |all| &all.oldest, &[])?.first(|row| count(row, 0))?;
        Ok(found.unwrap_or(0))
    }

    fn newest_checkpoint(&self) -> Read<Option<StoredCheckpoint>> {
        self.pool.ask("read the newest checkpoint", |all| &all.newest_checkpoint, &[])?.first(stored_checkpoint)
    }

    fn checkpoints(&self, after: u64, most: u32) -> Read<Vec<StoredCheckpoint>> {
        let found = self.pool.ask("read checkpoints", |all| &all.checkpoints, &[&bound(after), &limit(most)])?;
        found.all(stored_checkpoint)
    }

    fn all_rows(&self, after: Option<RowId>, most: u32) -> Read<Vec<StoredRow>> {
        let table = after.map_or(0, |row| number(row.table));
        let from = after.as_ref().map_or(FIRST, |row| row.id.0.as_slice());
        self.pool.ask("read all rows", |all| &all.raw, &[&table, &from, &limit(most)])?.all(stored_row)
    }

    /// Nobody appends to what is past.
    fn is_shared(&self) -> bool {
        !self.pool.is_snapshot()
    }

    fn availability(&self) -> Availability {
        self.pool.watched().last()
    }
}
