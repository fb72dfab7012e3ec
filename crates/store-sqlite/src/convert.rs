//! Between SQLite's values and ours. What was edited into something that cannot be ours is named.

use crate::slots;
use domain::{ObjectId, RowId, Table, Timestamp};
use ledger::{FormerRow, NodeId, StoreFault, StoredBatch, StoredCheckpoint, StoredNode, StoredRow};
use rusqlite::Row;
use rusqlite::types::ValueRef;

pub(crate) fn fault(doing: &str, error: &rusqlite::Error) -> StoreFault {
    StoreFault(format!("{doing}: {error}"))
}

/// SQLite's integers are signed; an index beyond 2^63 - 1 does not exist.
pub(crate) fn to_sql(number: u64) -> Result<i64, StoreFault> {
    i64::try_from(number).map_err(|_| StoreFault(format!("{number} is beyond what the store can count")))
}

/// For bounds of a search: what cannot be counted is beyond everything.
pub(crate) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An id, or NULL for none.
pub(crate) fn nullable(id: &ObjectId) -> Option<&[u8]> {
    (*id != ObjectId::NIL).then_some(id.0.as_slice())
}

type Read<T> = Result<T, rusqlite::Error>;

fn unreadable(column: usize, what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Null, what.into())
}

pub(crate) fn count(row: &Row<'_>, column: usize) -> Read<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| unreadable(column, format!("{number} is no count")))
}

fn sized<const N: usize>(row: &Row<'_>, column: usize) -> Read<[u8; N]> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok([0; N]),
        value => {
            let bytes = value.as_blob()?;
            bytes.try_into().map_err(|_| unreadable(column, format!("{} bytes where {N} belong", bytes.len())))
        }
    }
}

pub(crate) fn object_id(row: &Row<'_>, column: usize) -> Read<ObjectId> {
    sized(row, column).map(ObjectId)
}

fn table(row: &Row<'_>, column: usize) -> Read<Table> {
    let number: i64 = row.get(column)?;
    let known = u8::try_from(number).ok().and_then(Table::from_number);
    known.ok_or_else(|| unreadable(column, format!("no table has the number {number}")))
}

/// The columns of `rows` in their order.
pub(crate) fn stored_row(row: &Row<'_>) -> Read<StoredRow> {
    Ok(StoredRow {
        id: RowId::new(table(row, 0)?, object_id(row, 1)?),
        revision: count(row, 2)?,
        position: count(row, 3)?,
        tenant: object_id(row, 4)?,
        place: object_id(row, 5)?,
        owner: object_id(row, 6)?,
        due: row.get(7)?,
        blob: slots::content(row.get_ref(8)?.as_blob_or_null()?.unwrap_or_default()).to_vec(),
    })
}

/// The columns of `history`: those of `rows`, then `until`.
pub(crate) fn former_row(row: &Row<'_>) -> Read<FormerRow> {
    Ok(FormerRow { row: stored_row(row)?, until: count(row, 9)? })
}

/// The columns of `nodes` in their order.
pub(crate) fn stored_node(row: &Row<'_>) -> Read<StoredNode> {
    Ok(StoredNode { id: NodeId(count(row, 0)?), bytes: row.get(1)? })
}

/// The columns of `batches` in their order.
pub(crate) fn stored_batch(row: &Row<'_>) -> Read<StoredBatch> {
    let counted = count(row, 1)?;
    Ok(StoredBatch {
        first: count(row, 0)?,
        count: u32::try_from(counted).map_err(|_| unreadable(1, format!("{counted} entries in one batch")))?,
        entries: row.get(2)?,
        frontier: row.get(3)?,
        state: sized(row, 4)?,
        mac: sized(row, 5)?,
        wall: Timestamp(row.get(6)?),
    })
}

/// The columns of `checkpoints` in their order.
pub(crate) fn stored_checkpoint(row: &Row<'_>) -> Read<StoredCheckpoint> {
    Ok(StoredCheckpoint { size: count(row, 0)?, note: row.get(1)?, wall: Timestamp(row.get(2)?) })
}
