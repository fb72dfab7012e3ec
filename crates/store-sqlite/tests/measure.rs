//! What a batch costs. Run by hand, in release: `cargo test --release -p keyward-store-sqlite --test measure -- --ignored
//! --nocapture --test-threads 1`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "measures time, and decides nothing by it")]

use domain::{ObjectId, RowId, Table, Timestamp};
use keyward_store_sqlite as sqlite;
use ledger::{Batch, EMPTY_STATE, Part, RowChange, Scope, Store, StoredRow, grow_part, grow_state, row_hash};
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

const ENTRY_BYTES: usize = 400;

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

fn batch(first: u64, count: u32, rows: Vec<StoredRow>) -> Batch {
    Batch {
        first,
        count,
        entries: vec![7; (4 + ENTRY_BYTES) * count as usize],
        frontier: vec![8; 8 + 32 * first.count_ones() as usize],
        state: [2; 32],
        mac: [1; 32],
        rows,
        nodes: Vec::new(),
        wall: Timestamp(1),
        checkpoint: None,
    }
}

/// Random as real ids are, from a number.
fn id(number: u64) -> ObjectId {
    let hash = crypto::sha256(&number.to_be_bytes());
    ObjectId(std::array::from_fn(|at| hash[at]))
}

fn row(number: u64, position: u64) -> StoredRow {
    let [place, owner] = [id(7_777_777), id(number / 2)];
    StoredRow {
        id: RowId::new(Table::Key, id(number)),
        revision: 1,
        position,
        tenant: id(9_999_999),
        place,
        owner,
        due: i64::MAX,
        blob: vec![3; 500],
    }
}

fn report(what: &str, times: u64, work: impl FnOnce()) {
    let (start, spent) = (Instant::now(), processor_time());
    work();
    let (wall, spent) = (start.elapsed(), processor_time() - spent);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / times as f64;
    println!("{what}: {:.0}/s, {:.1} us of processor time each", times as f64 / wall.as_secs_f64(), each(spent));
}

fn fresh() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = sqlite::create(&dir.path().join("data")).unwrap();
    (dir, store)
}

#[test]
#[ignore = "a measurement"]
fn appends() {
    for count in [1_u32, 16, 64] {
        let (_dir, mut store) = fresh();
        let batches = 200_000 / u64::from(count.max(4));
        report(&format!("batches of {count} entries of {ENTRY_BYTES} bytes"), batches, || {
            for number in 0..batches {
                store.writer.append(&batch(number * u64::from(count), count, Vec::new())).unwrap();
            }
        });
    }
}

#[test]
#[ignore = "a measurement"]
fn rows() {
    const ROWS: u64 = 200_000;
    let (_dir, mut store) = fresh();
    report("new rows of 500 bytes, 20 a batch", ROWS, || {
        for number in 0..ROWS / 20 {
            let rows = (number * 20..number * 20 + 20).map(|row_number| row(row_number, number)).collect();
            store.writer.append(&batch(number, 1, rows)).unwrap();
        }
    });
    let mut head = ROWS / 20;
    report("rows changed, 16 a batch", 4_000, || {
        for number in 0..250 {
            let changed = (0..16).map(|at| row((number * 16 + at) * 7_919 % ROWS, head)).collect();
            store.writer.append(&batch(head, 1, changed)).unwrap();
            head += 1;
        }
    });
    report("one row changed by a batch", 5_000, || {
        for number in 0..5_000 {
            let changed = row(number * 7_919 % ROWS, head + number);
            store.writer.append(&batch(head + number, 1, vec![changed])).unwrap();
        }
    });
    report("rows read by id", ROWS, || {
        for number in 0..ROWS {
            assert!(store.reader.row(row(number * 7_919 % ROWS, 0).id).unwrap().is_some());
        }
    });
    report("pages of 100 listed by place", 2_000, || {
        let (mut after, scope) = (None, Scope::Place(id(9_999_999), id(7_777_777)));
        for _ in 0..2_000 {
            after = store.reader.rows(Table::Key, scope, after, 100).unwrap().last().map(|row| row.id.id);
        }
    });
}

/// With the state tree. Its nodes are read from the store anew for each change, as after a start: a server keeps upper ones
/// in memory.
#[test]
#[ignore = "a measurement"]
fn state_tree() {
    let rows: u64 = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(200_000);
    let (_dir, mut store) = fresh();
    let mut root = EMPTY_STATE;
    report("rows loaded, 2,048 a part, with their nodes", rows, || {
        for first in (0..rows).step_by(2_048) {
            let rows = (first..rows.min(first + 2_048)).map(|number| row(number, 0)).collect();
            let mut part = Part { rows, ..Part::default() };
            root = grow_part(&*store.reader, root, &mut part).unwrap();
            store.writer.load(&part).unwrap();
        }
    });
    let numbers = |from: u64, count: u64| (from..from + count).map(move |at| at * 7_919 % rows);
    report("nodes of one change, from the store", 5_000, || {
        for number in numbers(0, 5_000) {
            let (before, after) = (row_hash(&row(number, 0)), row_hash(&row(number, 1)));
            let change = RowChange { row: row(number, 0).id, before: Some(before), after };
            grow_state(&*store.reader, root, &[change]).unwrap();
        }
    });
    for count in [1, 16] {
        let batches = 4_000 / count;
        let (mut nodes_written, mut bytes) = (0, 0);
        report(&format!("changes with their nodes, {count} a batch"), batches * count, || {
            for number in 0..batches {
                let head = store.reader.last_batch().unwrap().map_or(0, |last| last.first + 1);
                let changed: Vec<_> = numbers(count * 10_000 + number * count, count)
                    .map(|number| StoredRow { revision: head + 2, ..row(number, head) })
                    .collect();
                let change = |row: &StoredRow| RowChange {
                    row: row.id,
                    before: store.reader.row(row.id).unwrap().map(|before| row_hash(&before)),
                    after: row_hash(row),
                };
                let changes: Vec<_> = changed.iter().map(change).collect();
                let (next, nodes) = grow_state(&*store.reader, root, &changes).unwrap();
                root = next;
                nodes_written += nodes.len();
                bytes += nodes.iter().map(|node| node.bytes.len()).sum::<usize>();
                store.writer.append(&Batch { nodes, ..batch(head, 1, changed) }).unwrap();
            }
        });
        let each = |sum: usize| sum as f64 / (batches * count) as f64;
        println!("    {:.1} nodes of {:.0} bytes in all for each change", each(nodes_written), each(bytes));
    }
}
