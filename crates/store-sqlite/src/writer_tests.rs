#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use domain::{ObjectId, RowId, Table, Timestamp};
use rusqlite::StatementStatus;

/// One key's row, changed by the entry at `position`.
fn change(position: u64, due: i64) -> Batch {
    let blob = format!("blob at {position}").into_bytes();
    let (id, tenant) = (RowId::new(Table::Key, ObjectId([7; 16])), ObjectId([1; 16]));
    let row = StoredRow { id, revision: 1 + position, position, tenant, place: tenant, owner: tenant, due, blob };
    Batch {
        first: position,
        count: 1,
        entries: vec![0; 8],
        frontier: Vec::new(),
        state: [0; 32],
        mac: [0; 32],
        rows: vec![row],
        nodes: Vec::new(),
        wall: Timestamp(0),
        checkpoint: None,
    }
}

fn status(open: &Open, sql: &str, what: StatementStatus) -> i32 {
    open.link.prepare_cached(sql).unwrap().get_status(what)
}

#[test]
fn a_change_writes_what_changes_and_is_planned_once() {
    let temp = tempfile::tempdir().unwrap();
    drop(crate::create(temp.path()).unwrap());
    let mut open = Open::new(temp.path()).unwrap();
    for (position, due) in [(0, 1), (1, 1), (2, 1), (3, 9)] {
        open.append(&change(position, due)).unwrap();
    }
    // Made, and made to be due at another time; what only was revised is not among them.
    assert_eq!(status(&open, PUT_ROW, StatementStatus::Run), 2);
    assert_eq!(status(&open, RENEW_ROW, StatementStatus::Run), 3);
    for sql in [PUT_ROW, RENEW_ROW, STANDING, KEEP_FORMER, INSERT_BATCH, "BEGIN IMMEDIATE", "COMMIT"] {
        assert_eq!(status(&open, sql, StatementStatus::RePrepare), 0, "{sql}");
    }
    let row = open.link.query_row("SELECT revision, position, due FROM rows", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    assert_eq!(row.unwrap(), (4, 3, 9));
}
