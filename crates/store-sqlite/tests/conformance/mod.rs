//! What every store must do, told as stories. Each store's tests name all of them with [`stories!`].

use domain::{ObjectId, RowId, Table, Timestamp};
use ledger::{
    Batch, FormerRow, Locked, NodeId, Part, Scope, Segment, Store, StoredBatch, StoredCheckpoint, StoredNode,
    StoredRow, Tile, keeps_history,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// A place where one store lives: made by the first opening, found by the others.
pub(crate) trait Site {
    fn open(&self) -> Store;
    /// A second opening beside the first; none where it is refused.
    fn second(&self) -> Option<Store>;
}

/// These stories, to be counted.
pub(crate) const TOLD: &str = include_str!("mod.rs");

macro_rules! stories {
    ($site:expr; $($story:ident)+) => {
        $(#[test] fn $story() { conformance::$story(&$site); })+

        #[test]
        fn no_story_is_left_out() {
            let told = conformance::TOLD.matches("(site: &dyn Site) {").count();
            assert_eq!(told - 1, [$(stringify!($story)),+].len());
        }
    };
}
pub(crate) use stories;

pub(crate) fn id(number: u64) -> ObjectId {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    ObjectId(bytes)
}

pub(crate) fn batch(first: u64, count: u32) -> Batch {
    let entry = |index: u64| [8_u32.to_be_bytes().as_slice(), &index.to_be_bytes()].concat();
    Batch {
        first,
        count,
        entries: (first..first + u64::from(count)).flat_map(entry).collect(),
        frontier: first.to_be_bytes().to_vec(),
        state: [u8::try_from(first % 249).unwrap(); 32],
        mac: [u8::try_from(first % 251).unwrap(); 32],
        rows: Vec::new(),
        nodes: Vec::new(),
        wall: Timestamp(1_000 + i64::try_from(first).unwrap()),
        checkpoint: None,
    }
}

pub(crate) fn row(table: Table, number: u64, position: u64) -> StoredRow {
    StoredRow {
        id: RowId::new(table, id(number)),
        revision: 1,
        position,
        tenant: id(1_000),
        place: ObjectId::NIL,
        owner: ObjectId::NIL,
        due: i64::MAX,
        blob: format!("blob of {number} at {position}").into_bytes(),
    }
}

fn with_rows(first: u64, rows: impl IntoIterator<Item = StoredRow>) -> Batch {
    Batch { rows: rows.into_iter().collect(), ..batch(first, 1) }
}

fn checkpoint(size: u64) -> StoredCheckpoint {
    StoredCheckpoint { size, note: format!("note\n{size}\n"), wall: Timestamp(i64::try_from(size).unwrap()) }
}

fn read(batch: &Batch) -> StoredBatch {
    let Batch { first, count, entries, frontier, state, mac, wall, .. } = batch;
    let (entries, frontier) = (entries.clone(), frontier.clone());
    StoredBatch { first: *first, count: *count, entries, frontier, state: *state, mac: *mac, wall: *wall }
}

fn firsts(batches: &[StoredBatch]) -> Vec<u64> {
    batches.iter().map(|batch| batch.first).collect()
}

fn numbers(rows: &[StoredRow]) -> Vec<u64> {
    rows.iter().map(|row| u64::from_be_bytes(row.id.id.0[8..].try_into().unwrap())).collect()
}

pub(crate) fn a_fresh_store_holds_nothing(site: &dyn Site) {
    let store = site.open();
    let reader = &store.reader;
    assert_eq!(reader.fact("site").unwrap(), None);
    assert_eq!(reader.last_batch().unwrap(), None);
    assert_eq!(reader.batch_with(0).unwrap(), None);
    assert_eq!(reader.batches(0, 9).unwrap(), vec![]);
    assert_eq!(reader.oldest().unwrap(), 0);
    assert!(!reader.named(0, 64).unwrap().any(0, 64));
    assert_eq!(reader.newest_checkpoint().unwrap(), None);
    assert_eq!(reader.all_rows(None, 9).unwrap(), vec![]);
    assert_eq!(store.projection_reader.cursor("tiles").unwrap(), 0);
}

pub(crate) fn facts_are_set_once_and_stay(site: &dyn Site) {
    let mut store = site.open();
    let facts = [("site".to_owned(), vec![1, 2]), ("origin".to_owned(), b"keys.example".to_vec())];
    store.writer.found(&facts).unwrap();
    assert_eq!(store.reader.fact("origin").unwrap().unwrap(), b"keys.example");
    store.writer.found(&[("new".to_owned(), vec![1]), ("site".to_owned(), vec![9])]).unwrap_err();
    drop(store);
    let store = site.open();
    assert_eq!(store.reader.fact("site").unwrap(), Some(vec![1, 2]));
    assert_eq!(store.reader.fact("new").unwrap(), None);
}

pub(crate) fn what_was_appended_is_read_back_after_a_restart(site: &dyn Site) {
    let mut store = site.open();
    let mut second = batch(3, 2);
    second.rows = vec![StoredRow { revision: 7, place: id(5), owner: id(6), due: -4, ..row(Table::Key, 1, 4) }];
    second.checkpoint = Some(checkpoint(5));
    store.writer.append(&batch(0, 3)).unwrap();
    store.writer.append(&second).unwrap();
    for _restarted in [false, true] {
        assert_eq!(store.reader.last_batch().unwrap(), Some(read(&second)));
        assert_eq!(store.reader.row(second.rows[0].id).unwrap().as_ref(), Some(&second.rows[0]));
        assert_eq!(store.reader.row(RowId::new(Table::Name, id(1))).unwrap(), None);
        assert_eq!(store.reader.newest_checkpoint().unwrap(), second.checkpoint);
        drop(store);
        store = site.open();
    }
    store.writer.append(&batch(5, 1)).unwrap();
}

pub(crate) fn batches_are_found_by_any_of_their_entries(site: &dyn Site) {
    let mut store = site.open();
    for (first, count) in [(0, 3), (3, 1), (4, 5)] {
        store.writer.append(&batch(first, count)).unwrap();
    }
    let holding = |index| store.reader.batch_with(index).unwrap().map(|batch| batch.first);
    let found: Vec<_> = [0, 2, 3, 4, 8, 9, u64::MAX].into_iter().map(holding).collect();
    assert_eq!(found, [Some(0), Some(0), Some(3), Some(4), Some(4), None, None]);
    let from = |index, limit| firsts(&store.reader.batches(index, limit).unwrap());
    assert_eq!(from(0, 2), [0, 3]);
    assert_eq!(from(2, 9), [0, 3, 4]);
    assert_eq!(from(3, 9), [3, 4]);
    assert_eq!(from(8, 9), [4]);
    assert_eq!(from(9, 9), Vec::<u64>::new());
}

pub(crate) fn a_batch_that_does_not_follow_leaves_nothing(site: &dyn Site) {
    for wrong in [Batch { first: 2, ..with_rows(0, [row(Table::Key, 2, 2)]) }, batch(0, 1), batch(1, 0)] {
        let mut store = site.open();
        if store.reader.last_batch().unwrap().is_none() {
            store.writer.append(&batch(0, 1)).unwrap();
        }
        store.writer.append(&wrong).unwrap_err();
        assert_eq!(store.reader.last_batch().unwrap(), Some(read(&batch(0, 1))));
        assert_eq!(store.reader.all_rows(None, 9).unwrap(), vec![]);
    }
}

/// A number that no store can hold comes last, after rows that could be written.
pub(crate) fn an_error_in_the_middle_leaves_nothing_and_stops_the_store(site: &dyn Site) {
    let mut store = site.open();
    let impossible = StoredRow { revision: u64::MAX, ..row(Table::Key, 2, 0) };
    store.writer.append(&with_rows(0, [row(Table::Key, 1, 0), impossible])).unwrap_err();
    assert_eq!(store.reader.last_batch().unwrap(), None);
    assert_eq!(store.reader.all_rows(None, 9).unwrap(), vec![]);
    let stopped = store.writer.append(&batch(0, 1)).unwrap_err();
    assert!(stopped.0.contains("reopened"), "{stopped:?}");
    store.writer.reopen().unwrap();
    store.writer.append(&batch(0, 1)).unwrap();
}

pub(crate) fn reopening_keeps_everything(site: &dyn Site) {
    let mut store = site.open();
    store.writer.append(&with_rows(0, [row(Table::Key, 1, 0)])).unwrap();
    store.writer.reopen().unwrap();
    store.writer.append(&with_rows(1, [row(Table::Key, 2, 1)])).unwrap();
    assert_eq!(numbers(&store.reader.all_rows(None, 9).unwrap()), [1, 2]);
    assert_eq!(firsts(&store.reader.batches(0, 9).unwrap()), [0, 1]);
}

pub(crate) fn a_row_replaces_the_one_of_its_id(site: &dyn Site) {
    let mut store = site.open();
    let before = StoredRow { place: id(1), owner: id(2), due: 5, ..row(Table::Key, 1, 0) };
    let after = StoredRow { revision: 2, place: id(3), due: 9, ..row(Table::Key, 1, 1) };
    store.writer.append(&with_rows(0, [before.clone()])).unwrap();
    store.writer.append(&with_rows(1, [after.clone(), row(Table::Name, 1, 1)])).unwrap();
    assert_eq!(store.reader.row(after.id).unwrap(), Some(after.clone()));
    let listed = |scope| numbers(&store.reader.rows(Table::Key, scope, None, 9).unwrap());
    assert_eq!(listed(Scope::Place(id(1_000), id(1))), Vec::<u64>::new());
    assert_eq!(listed(Scope::Place(id(1_000), id(3))), [1]);
    assert_eq!(listed(Scope::Owner(id(2))), Vec::<u64>::new());
    assert_eq!(store.reader.due(Table::Key, Timestamp(8), 9).unwrap(), vec![]);
    assert_eq!(store.reader.due(Table::Key, Timestamp(9), 9).unwrap(), vec![after.id]);
    let named = store.reader.named(0, 9).unwrap();
    assert_eq!([0, 1, 2].map(|entry| named.any(entry, 1)), [false, true, false]);
}

pub(crate) fn rows_are_looked_for_together(site: &dyn Site) {
    let mut store = site.open();
    let gone = StoredRow { blob: Vec::new(), ..row(Table::Key, 2, 0) };
    store.writer.append(&with_rows(0, [row(Table::Key, 1, 0), gone, row(Table::Name, 3, 0)])).unwrap();
    let ids = [(Table::Key, 3), (Table::Name, 3), (Table::Key, 1), (Table::Name, 1), (Table::Key, 2)];
    let ids = ids.map(|(table, number)| RowId::new(table, id(number)));
    let mut found = store.reader.which_rows(&ids).unwrap();
    found.sort_unstable();
    assert_eq!(found, [ids[2], ids[4], ids[1]]);
    assert_eq!(store.reader.which_rows(&[]).unwrap(), []);
}

fn node(number: u64, byte: u8) -> StoredNode {
    StoredNode { id: NodeId(number), bytes: vec![byte; 1 + usize::from(byte)] }
}

pub(crate) fn nodes_replace_those_of_their_ids(site: &dyn Site) {
    let mut store = site.open();
    let deepest = (1 << 61) - 1;
    let (first, second) = ([node(1, 1), node(17, 2), node(deepest, 3)], [node(17, 200), node(1, 4), node(18, 0)]);
    store.writer.append(&Batch { nodes: first.to_vec(), ..batch(0, 1) }).unwrap();
    store.writer.append(&Batch { nodes: second.to_vec(), ..batch(1, 1) }).unwrap();
    for _restarted in [false, true] {
        let ids = [deepest, 1, 2, 17, 18, u64::MAX].map(NodeId);
        let mut found = store.reader.nodes(&ids).unwrap();
        found.sort_by_key(|node| node.id);
        assert_eq!(found, [node(1, 4), node(17, 200), node(18, 0), node(deepest, 3)]);
        assert_eq!(store.reader.nodes(&[]).unwrap(), []);
        drop(store);
        store = site.open();
    }
    let impossible = Batch { nodes: vec![node(2, 9), node(u64::MAX, 9)], ..with_rows(2, [row(Table::Key, 1, 2)]) };
    store.writer.append(&impossible).unwrap_err();
    assert_eq!(store.reader.nodes(&[NodeId(2)]).unwrap(), []);
}

/// Each batch puts a row and two nodes of its own number.
pub(crate) fn a_row_and_its_nodes_are_of_one_moment(site: &dyn Site) {
    let mut store = site.open();
    let of = |first: u64| {
        let nodes = [1, 70_000].map(|id| StoredNode { id: NodeId(id), bytes: first.to_be_bytes().to_vec() });
        Batch { nodes: nodes.to_vec(), ..with_rows(first, [row(Table::Key, 1, first)]) }
    };
    store.writer.append(&of(0)).unwrap();
    let (done, reader) = (AtomicBool::new(false), store.reader.clone());
    std::thread::scope(|scope| {
        let watch = || {
            let mut reads = 0_u64;
            while !done.load(Ordering::Relaxed) {
                let ids = [NodeId(1), NodeId(70_000), NodeId(3)];
                let (row, nodes) = reader.row_and_nodes(RowId::new(Table::Key, id(1)), &ids).unwrap();
                let moment = row.unwrap().position.to_be_bytes();
                assert_eq!(nodes.iter().map(|node| node.bytes.as_slice()).collect::<Vec<_>>(), [moment, moment]);
                let both: Vec<_> = reader.nodes(&ids).unwrap().into_iter().map(|node| node.bytes).collect();
                assert_eq!(both[0], both[1]);
                reads += 1;
            }
            reads
        };
        let watchers: Vec<_> = (0..4).map(|_| scope.spawn(watch)).collect();
        for first in 1..500 {
            store.writer.append(&of(first)).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(watchers.into_iter().all(|watcher| watcher.join().unwrap() > 0));
    });
    assert_eq!(store.reader.row_and_nodes(RowId::new(Table::Key, id(2)), &[]).unwrap(), (None, vec![]));
}

pub(crate) fn former_rows_are_kept_but_none_with_secrets(site: &dyn Site) {
    let mut store = site.open();
    for table in Table::ALL {
        assert_eq!(store.reader.former(RowId::new(table, id(1)), 0).unwrap(), None);
    }
    let version = |table, position| StoredRow {
        revision: position + 1,
        place: id(position),
        due: -i64::try_from(position).unwrap(),
        // The last says that there is nothing any more.
        blob: if position == 6 { Vec::new() } else { vec![1; 10 + 90 * usize::try_from(position).unwrap()] },
        ..row(table, 1, position)
    };
    for position in [0, 3, 6] {
        let unchanged = batch(position + 1, 2);
        store.writer.append(&with_rows(position, Table::ALL.map(|table| version(table, position)))).unwrap();
        store.writer.append(&unchanged).unwrap();
    }
    let mut all = Vec::new();
    for table in Table::ALL {
        let kept = [(0, 3), (3, 6)].map(|(position, until)| FormerRow { row: version(table, position), until });
        let kept = if keeps_history(table) { kept.to_vec() } else { Vec::new() };
        let found = |at| store.reader.former(RowId::new(table, id(1)), at).unwrap();
        let expected = |at: usize| kept.get(at).cloned();
        assert_eq!([0, 3, 4, 6, 7].map(found), [expected(0), expected(0), expected(1), expected(1), None], "{table:?}");
        assert_eq!(store.reader.row(RowId::new(table, id(1))).unwrap(), Some(version(table, 6)));
        all.extend(kept);
    }
    assert_eq!(store.reader.all_former(None, 99).unwrap(), all);
    let middle = all.get(2).map(|former| (former.row.id, former.until));
    assert_eq!(store.reader.all_former(middle, 4).unwrap(), all[3..7]);
}

/// Even numbers in one place, odd in another; 4 is empty, 9 another tenant's, 11 another table's.
fn listed_site(place: &dyn Site) -> Store {
    let mut store = place.open();
    let made = [8, 3, 5, 2, 4, 1, 7, 6, 9].map(|number| StoredRow {
        place: id(2_000 + number % 2),
        owner: if number % 3 == 0 { id(3_000) } else { ObjectId::NIL },
        tenant: if number == 9 { id(1_001) } else { id(1_000) },
        blob: if number == 4 { Vec::new() } else { vec![1] },
        ..row(Table::Key, number, 0)
    });
    store.writer.append(&with_rows(0, made.into_iter().chain([row(Table::Name, 11, 0)]))).unwrap();
    store
}

pub(crate) fn listings_are_in_order_and_leave_out_what_is_gone(site: &dyn Site) {
    let store = listed_site(site);
    let listed = |scope| numbers(&store.reader.rows(Table::Key, scope, None, 99).unwrap());
    assert_eq!(listed(Scope::All), [1, 2, 3, 5, 6, 7, 8, 9]);
    assert_eq!(listed(Scope::Tenant(id(1_000))), [1, 2, 3, 5, 6, 7, 8]);
    assert_eq!(listed(Scope::Tenant(id(1_002))), Vec::<u64>::new());
    assert_eq!(listed(Scope::Place(id(1_000), id(2_000))), [2, 6, 8]);
    assert_eq!(listed(Scope::Place(id(1_000), id(2_001))), [1, 3, 5, 7]);
    assert_eq!(listed(Scope::Place(id(1_001), id(2_001))), [9]);
    assert_eq!(listed(Scope::Owner(id(3_000))), [3, 6, 9]);
    assert_eq!(numbers(&store.reader.all_rows(None, 99).unwrap()), [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
}

pub(crate) fn pages_follow_each_other(site: &dyn Site) {
    let store = listed_site(site);
    for scope in [Scope::All, Scope::Tenant(id(1_000)), Scope::Place(id(1_000), id(2_001)), Scope::Owner(id(3_000))] {
        let whole = store.reader.rows(Table::Key, scope, None, 99).unwrap();
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = store.reader.rows(Table::Key, scope, after, 2).unwrap();
            after = page.last().map(|row| row.id.id);
            paged.extend(page);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "{scope:?}");
    }
    let first = store.reader.all_rows(None, 9).unwrap();
    let rest = store.reader.all_rows(first.last().map(|row| row.id), 9).unwrap();
    assert_eq!((first.len(), numbers(&rest)), (9, vec![11]));
}

pub(crate) fn what_is_due_comes_earliest_first(site: &dyn Site) {
    let mut store = site.open();
    let dues = [(1, 30), (2, 10), (3, i64::MAX), (4, 20), (5, -7)];
    let rows = dues.map(|(number, due)| StoredRow { due, ..row(Table::Key, number, 0) });
    let other = StoredRow { due: 5, ..row(Table::Kek, 6, 0) };
    store.writer.append(&with_rows(0, rows.into_iter().chain([other]))).unwrap();
    let due = |until, limit| {
        let found = store.reader.due(Table::Key, until, limit).unwrap();
        found.into_iter().map(|row| u64::from_be_bytes(row.id.0[8..].try_into().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(due(Timestamp(20), 9), [5, 2, 4]);
    assert_eq!(due(Timestamp(20), 2), [5, 2]);
    assert_eq!(due(Timestamp::MAX, 9), [5, 2, 4, 1]);
    assert_eq!(due(Timestamp(-8), 9), Vec::<u64>::new());
}

fn prune(store: &mut Store, before: u64) {
    let named = store.reader.named(0, before).unwrap();
    let mut next = Some(0);
    while let Some(from) = next {
        next = store.writer.prune(from, before, &named).unwrap();
        assert!(next.is_none_or(|next| next > from));
    }
}

pub(crate) fn pruning_keeps_what_a_row_names(site: &dyn Site) {
    let mut store = site.open();
    let named = [0, 3, 150];
    for first in 0..200 {
        let row = named.contains(&first).then(|| row(Table::Key, first, first));
        store.writer.append(&with_rows(first, row)).unwrap();
    }
    prune(&mut store, 190);
    let kept = |store: &Store| firsts(&store.reader.batches(0, 999).unwrap());
    let tail = 190..200;
    assert_eq!(kept(&store), named.into_iter().chain(tail.clone()).collect::<Vec<_>>());
    assert_eq!(store.reader.oldest().unwrap(), 0);
    // The rows are named by other entries now, also one that says that there is nothing any more.
    let gone = StoredRow { blob: Vec::new(), ..row(Table::Key, 3, 200) };
    store.writer.append(&with_rows(200, [row(Table::Key, 0, 200), gone])).unwrap();
    prune(&mut store, 190);
    assert_eq!(kept(&store), [150].into_iter().chain(tail).chain([200]).collect::<Vec<_>>());
}

pub(crate) fn pruning_keeps_checkpoints(site: &dyn Site) {
    let mut store = site.open();
    store.writer.append(&Batch { checkpoint: Some(checkpoint(4)), ..batch(0, 4) }).unwrap();
    store.writer.append(&batch(4, 4)).unwrap();
    prune(&mut store, 8);
    assert_eq!(store.reader.checkpoints(0, 9).unwrap(), [checkpoint(4)]);
}

pub(crate) fn pruning_drops_whole_batches_but_never_the_last(site: &dyn Site) {
    let mut store = site.open();
    for first in [0, 4, 8] {
        store.writer.append(&batch(first, 4)).unwrap();
    }
    let oldest = |store: &mut Store, before| {
        prune(store, before);
        store.reader.oldest().unwrap()
    };
    assert_eq!([0, 3, 4, 7, 8, 100].map(|before| oldest(&mut store, before)), [0, 0, 4, 4, 8, 8]);
    assert_eq!(store.reader.batch_with(3).unwrap(), None);
    assert_eq!(firsts(&store.reader.batches(0, 9).unwrap()), [8]);
    store.writer.append(&batch(12, 1)).unwrap();
}

pub(crate) fn checkpoints_come_in_order_of_size(site: &dyn Site) {
    let mut store = site.open();
    store.writer.append(&Batch { checkpoint: Some(checkpoint(2)), ..batch(0, 2) }).unwrap();
    store.writer.append(&batch(2, 98)).unwrap();
    store.writer.sign(&checkpoint(100)).unwrap();
    store.writer.sign(&checkpoint(9)).unwrap();
    let sizes = |after, limit| -> Vec<u64> {
        store.reader.checkpoints(after, limit).unwrap().into_iter().map(|signed| signed.size).collect()
    };
    assert_eq!(sizes(0, 9), [2, 9, 100]);
    assert_eq!(sizes(2, 1), [9]);
    assert_eq!(sizes(100, 9), Vec::<u64>::new());
    assert_eq!(store.reader.newest_checkpoint().unwrap(), Some(checkpoint(100)));
}

/// Each batch puts one row with its own index: whoever reads the row must find the batch.
pub(crate) fn readers_see_whole_commits_while_others_write(site: &dyn Site) {
    let mut store = site.open();
    store.writer.append(&with_rows(0, [row(Table::Key, 1, 0)])).unwrap();
    let (done, reader) = (AtomicBool::new(false), store.reader.clone());
    std::thread::scope(|scope| {
        let watch = || {
            let (mut seen, mut reads) = (0, 0_u64);
            while !done.load(Ordering::Relaxed) {
                let found = reader.row(RowId::new(Table::Key, id(1))).unwrap().unwrap();
                assert!(found.position >= seen, "{} after {seen}", found.position);
                assert!(reader.batch_with(found.position).unwrap().is_some());
                (seen, reads) = (found.position, reads + 1);
            }
            reads
        };
        let watchers: Vec<_> = (0..8).map(|_| scope.spawn(watch)).collect();
        for first in 1..500 {
            store.writer.append(&with_rows(first, [row(Table::Key, 1, first)])).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(watchers.into_iter().all(|watcher| watcher.join().unwrap() > 0));
    });
}

/// Either only one may open the store, or only one append at each place; the other reads up and goes on behind it.
pub(crate) fn two_never_write_at_one_place(site: &dyn Site) {
    let mut store = site.open();
    if let Some(mut second) = site.second() {
        assert_eq!(second.writer.lock(0).unwrap(), Locked::default());
        second.writer.release().unwrap();
        store.writer.append(&with_rows(0, [row(Table::Key, 1, 0)])).unwrap();
        second.writer.append(&with_rows(0, [row(Table::Key, 2, 0)])).unwrap_err();
        second.writer.reopen().unwrap();
        let news = vec![read(&batch(0, 1))];
        assert_eq!(second.writer.lock(0).unwrap(), Locked { size: 1, news });
        second.writer.append(&batch(1, 2)).unwrap();
        assert_eq!(store.writer.lock(1).unwrap(), Locked { size: 3, news: vec![read(&batch(1, 2))] });
        store.writer.append(&batch(3, 1)).unwrap();
        assert_eq!(numbers(&store.reader.all_rows(None, 9).unwrap()), [1]);
        assert_eq!(firsts(&second.reader.batches(0, 9).unwrap()), [0, 1, 3]);
    }
    drop(store);
    drop(site.open());
}

/// What another store holds is put in parts, in any cut.
pub(crate) fn what_is_loaded_is_read_back_as_it_was(site: &dyn Site) {
    let rows = || (1..=5).map(|number| row(Table::Key, number, 7));
    let (first, second) = (read(&batch(4, 3)), read(&batch(7, 2)));
    let mut store = site.open();
    let mut load = |part: Part| store.writer.load(&part).unwrap();
    load(Part { batches: vec![first.clone()], rows: rows().take(2).collect(), ..Part::default() });
    load(Part { batches: vec![second.clone()], checkpoints: vec![checkpoint(6), checkpoint(9)], ..Part::default() });
    load(Part { rows: rows().skip(2).collect(), ..Part::default() });
    assert_eq!(store.reader.batches(0, 9).unwrap(), [first, second]);
    assert_eq!(store.reader.all_rows(None, 9).unwrap(), rows().collect::<Vec<_>>());
    assert_eq!(store.reader.checkpoints(0, 9).unwrap(), [checkpoint(6), checkpoint(9)]);
    assert_eq!(numbers(&store.reader.rows(Table::Key, Scope::Tenant(id(1_000)), None, 9).unwrap()), [1, 2, 3, 4, 5]);
    store.writer.append(&batch(9, 1)).unwrap();
}

pub(crate) fn projections_replace_what_stood_there(site: &dyn Site) {
    let mut store = site.open();
    let tile = |level, index, byte| Tile { level, index, hashes: vec![byte; 32] };
    let segment = |first, count| Segment { first, count, summary: vec![u8::try_from(count).unwrap()] };
    let write = &mut store.projection_writer;
    write.project(&[tile(0, 0, 1), tile(1, 0, 2)], &[segment(0, 4), segment(4, 2)], &[("tiles", 6)]).unwrap();
    write.project(&[tile(0, 0, 9)], &[segment(4, 3), segment(8, 1)], &[("tiles", 7), ("segments", 9)]).unwrap();
    for _restarted in [false, true] {
        let read = &store.projection_reader;
        assert_eq!(read.tile(0, 0).unwrap(), Some(tile(0, 0, 9)));
        assert_eq!(read.tile(1, 0).unwrap(), Some(tile(1, 0, 2)));
        assert_eq!(read.tile(0, 1).unwrap(), None);
        assert_eq!(read.segments_before(8, 9).unwrap(), [segment(4, 3), segment(0, 4)]);
        assert_eq!(read.segments_before(u64::MAX, 2).unwrap(), [segment(8, 1), segment(4, 3)]);
        assert_eq!((read.cursor("tiles").unwrap(), read.cursor("segments").unwrap()), (7, 9));
        drop(store);
        store = site.open();
    }
    store.projection_writer.forget_all().unwrap();
    assert_eq!(store.projection_reader.cursor("tiles").unwrap(), 0);
    assert_eq!(store.projection_reader.segments_before(u64::MAX, 9).unwrap(), vec![]);
}
