//! Between PostgreSQL's values and ours. What was edited into something that cannot be ours is named.

use domain::{ObjectId, RowId, Table, Timestamp};
use ledger::{FormerRow, NodeId, Segment, StoreFault, StoredBatch, StoredCheckpoint, StoredNode, StoredRow};
use tokio_postgres::Row;

/// PostgreSQL's integers are signed; an index beyond 2^63 - 1 does not exist.
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

pub(crate) type Read<T> = Result<T, StoreFault>;

/// A column of the type that its table gives it.
pub(crate) fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: usize) -> Read<T> {
    row.try_get(column).map_err(|why| StoreFault(crate::target::reason(&why)))
}

pub(crate) fn count(row: &Row, column: usize) -> Read<u64> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| StoreFault(format!("{number} is no count")))
}

fn count32(row: &Row, column: usize) -> Read<u32> {
    let number: i32 = get(row, column)?;
    u32::try_from(number).map_err(|_| StoreFault(format!("{number} is no count")))
}

fn sized<const N: usize>(row: &Row, column: usize) -> Read<[u8; N]> {
    let Some(bytes) = get::<Option<&[u8]>>(row, column)? else { return Ok([0; N]) };
    bytes.try_into().map_err(|_| StoreFault(format!("{} bytes where {N} belong", bytes.len())))
}

pub(crate) fn object_id(row: &Row, column: usize) -> Read<ObjectId> {
    sized(row, column).map(ObjectId)
}

fn table(row: &Row, column: usize) -> Read<Table> {
    let number: i16 = get(row, column)?;
    let known = u8::try_from(number).ok().and_then(Table::from_number);
    known.ok_or_else(|| StoreFault(format!("no table has the number {number}")))
}

/// The first two columns of `rows`.
pub(crate) fn row_id(row: &Row) -> Read<RowId> {
    Ok(RowId::new(table(row, 0)?, object_id(row, 1)?))
}

/// The columns of `rows` in their order.
pub(crate) fn stored_row(row: &Row) -> Read<StoredRow> {
    Ok(StoredRow {
        id: row_id(row)?,
        revision: count(row, 2)?,
        position: count(row, 3)?,
        tenant: object_id(row, 4)?,
        place: object_id(row, 5)?,
        owner: object_id(row, 6)?,
        due: get(row, 7)?,
        blob: get::<Option<Vec<u8>>>(row, 8)?.unwrap_or_default(),
    })
}

/// The columns of `rows` where there is one, then those of `nodes`.
pub(crate) fn maybe_row(row: &Row) -> Read<Option<StoredRow>> {
    get::<Option<i16>>(row, 0)?.map(|_| stored_row(row)).transpose()
}

/// The columns of `nodes`, from `column` on; none where there is no node.
pub(crate) fn maybe_node(row: &Row, column: usize) -> Read<Option<StoredNode>> {
    let Some(_) = get::<Option<i64>>(row, column)? else { return Ok(None) };
    Ok(Some(StoredNode { id: NodeId(count(row, column)?), bytes: get(row, column + 1)? }))
}

/// The columns of `history`: those of `rows`, then `until`.
pub(crate) fn former_row(row: &Row) -> Read<FormerRow> {
    Ok(FormerRow { row: stored_row(row)?, until: count(row, 9)? })
}

/// The columns of `batches` in their order.
pub(crate) fn stored_batch(row: &Row) -> Read<StoredBatch> {
    Ok(StoredBatch {
        first: count(row, 0)?,
        count: count32(row, 1)?,
        entries: get(row, 2)?,
        frontier: get(row, 3)?,
        state: sized(row, 4)?,
        mac: sized(row, 5)?,
        wall: Timestamp(get(row, 6)?),
    })
}

/// The columns of `checkpoints` in their order.
pub(crate) fn stored_checkpoint(row: &Row) -> Read<StoredCheckpoint> {
    Ok(StoredCheckpoint { size: count(row, 0)?, note: get(row, 1)?, wall: Timestamp(get(row, 2)?) })
}

/// The columns of `segments` in their order.
pub(crate) fn segment(row: &Row) -> Read<Segment> {
    Ok(Segment { first: count(row, 0)?, count: count32(row, 1)?, summary: get(row, 2)? })
}
