#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::entry::{Parts, encode};
use crate::query::{self, Filter};
use crate::{
    Clear, FormerRow, Frontier, NodeId, Scope, StoredCheckpoint, StoredNode, StoredRow, Verdict, root_from_path,
};
use domain::{Action, ObjectId, RequestId, RowId, Steady, Table, Timestamp, Tongue};
use std::collections::BTreeMap;
use std::sync::Mutex;

fn id(kind: u64, number: u64) -> ObjectId {
    ObjectId([kind.to_be_bytes(), number.to_be_bytes()].as_flattened().try_into().unwrap())
}

/// The entry at an index: seven callers, 50 keys, Encrypt but for every third; denied every hundredth.
fn bytes(index: u64) -> Vec<u8> {
    let action = if index.is_multiple_of(3) { Action::Decrypt } else { Action::Encrypt };
    let verdict = if index % 100 == 99 { Verdict::Refused("denied") } else { Verdict::Done };
    encode(&Parts {
        wall: Timestamp(1_000_000 + i64::try_from(index).unwrap() * 10),
        steady: Steady(0),
        tenant: id(1, index % 2),
        principal: id(2, index % 7),
        request: RequestId(id(3, index)),
        tongue: Tongue::Aws,
        deeds: &[(action, id(4, index % 50), None)],
        verdict: &verdict,
        rows: &[],
        errands: &[],
        unrecorded: 0,
        log_month: 0,
        sealed: &[0; 40],
    })
}

pub(crate) fn clear(index: u64) -> Clear {
    decode_entry(&bytes(index)).unwrap()
}

/// A log and its projections in memory.
#[derive(Default)]
struct Memory {
    batches: Mutex<Vec<StoredBatch>>,
    tiles: Mutex<BTreeMap<(u8, u64), Tile>>,
    segments: Mutex<BTreeMap<u64, Segment>>,
    cursors: Mutex<BTreeMap<String, u64>>,
    forgotten: Mutex<u32>,
}

impl Memory {
    fn size(&self) -> u64 {
        self.batches.lock().unwrap().last().map_or(0, |batch| batch.first + u64::from(batch.count))
    }

    /// Batches of uneven sizes up to `size` entries.
    fn grow(&self, size: u64) {
        while self.size() < size {
            let first = self.size();
            let count = (1 + first * 7 % 64).min(size - first);
            let framed = |index| {
                let entry = bytes(index);
                [u32::try_from(entry.len()).unwrap().to_be_bytes().to_vec(), entry].concat()
            };
            let entries = (first..first + count).flat_map(framed).collect();
            let (frontier, state, mac, wall) = (Vec::new(), [0; 32], [0; 32], Timestamp(0));
            let batch =
                StoredBatch { first, count: u32::try_from(count).unwrap(), entries, frontier, state, mac, wall };
            self.batches.lock().unwrap().push(batch);
        }
    }
}

type Read<T> = Result<T, StoreFault>;

impl Reader for Memory {
    fn fact(&self, _: &str) -> Read<Option<Vec<u8>>> {
        Ok(None)
    }
    fn row(&self, _: RowId) -> Read<Option<StoredRow>> {
        Ok(None)
    }
    fn row_and_nodes(&self, _: RowId, _: &[NodeId]) -> Read<(Option<StoredRow>, Vec<StoredNode>)> {
        Ok((None, Vec::new()))
    }
    fn which_rows(&self, _: &[RowId]) -> Read<Vec<RowId>> {
        Ok(Vec::new())
    }
    fn nodes(&self, _: &[NodeId]) -> Read<Vec<StoredNode>> {
        Ok(Vec::new())
    }
    fn former(&self, _: RowId, _: u64) -> Read<Option<FormerRow>> {
        Ok(None)
    }
    fn all_former(&self, _: Option<(RowId, u64)>, _: u32) -> Read<Vec<FormerRow>> {
        Ok(Vec::new())
    }
    fn rows(&self, _: Table, _: Scope, _: Option<ObjectId>, _: u32) -> Read<Vec<StoredRow>> {
        Ok(Vec::new())
    }
    fn due(&self, _: Table, _: Timestamp, _: u32) -> Read<Vec<RowId>> {
        Ok(Vec::new())
    }
    fn named(&self, from: u64, below: u64) -> Read<crate::Named> {
        Ok(crate::Named::none(from, below))
    }
    fn last_batch(&self) -> Read<Option<StoredBatch>> {
        Ok(self.batches.lock().unwrap().last().cloned())
    }
    fn batch_with(&self, index: u64) -> Read<Option<StoredBatch>> {
        Ok(self.batches(index, 1)?.pop().filter(|batch| batch.first <= index))
    }
    fn batches(&self, index: u64, limit: u32) -> Read<Vec<StoredBatch>> {
        let batches = self.batches.lock().unwrap();
        let from = batches.iter().filter(|batch| batch.first + u64::from(batch.count) > index);
        Ok(from.take(limit as usize).cloned().collect())
    }
    fn oldest(&self) -> Read<u64> {
        Ok(self.batches.lock().unwrap().first().map_or(0, |batch| batch.first))
    }
    fn newest_checkpoint(&self) -> Read<Option<StoredCheckpoint>> {
        Ok(None)
    }
    fn checkpoints(&self, _: u64, _: u32) -> Read<Vec<StoredCheckpoint>> {
        Ok(Vec::new())
    }
    fn all_rows(&self, _: Option<RowId>, _: u32) -> Read<Vec<StoredRow>> {
        Ok(Vec::new())
    }
}

struct Writing(Arc<Memory>);

impl ProjectionWriter for Writing {
    fn project(&mut self, tiles: &[Tile], segments: &[Segment], cursors: &[(&str, u64)]) -> Read<()> {
        let memory = &self.0;
        memory.tiles.lock().unwrap().extend(tiles.iter().map(|tile| ((tile.level, tile.index), tile.clone())));
        memory.segments.lock().unwrap().extend(segments.iter().map(|segment| (segment.first, segment.clone())));
        memory.cursors.lock().unwrap().extend(cursors.iter().map(|(name, upto)| ((*name).to_owned(), *upto)));
        Ok(())
    }
    fn forget_all(&mut self) -> Read<()> {
        *self.0.forgotten.lock().unwrap() += 1;
        self.0.tiles.lock().unwrap().clear();
        self.0.segments.lock().unwrap().clear();
        self.0.cursors.lock().unwrap().clear();
        Ok(())
    }
}

impl ProjectionReader for Memory {
    fn tile(&self, level: u8, index: u64) -> Read<Option<Tile>> {
        Ok(self.tiles.lock().unwrap().get(&(level, index)).cloned())
    }
    fn segments_before(&self, before: u64, limit: u32) -> Read<Vec<Segment>> {
        let segments = self.segments.lock().unwrap();
        Ok(segments.range(..before).rev().take(limit as usize).map(|(_, segment)| segment.clone()).collect())
    }
    fn cursor(&self, projection: &str) -> Read<u64> {
        Ok(self.cursors.lock().unwrap().get(projection).copied().unwrap_or(0))
    }
}

fn projector(memory: &Arc<Memory>) -> Projector {
    let (reader, progress): (Arc<dyn Reader>, Arc<dyn ProjectionReader>) = (memory.clone(), memory.clone());
    Projector::new(reader, Box::new(Writing(memory.clone())), progress)
}

/// A log of `size`, projected at each of `stops` by a projector that then ends.
fn projected(size: u64, stops: &[u64]) -> Arc<Memory> {
    let memory = Arc::new(Memory::default());
    for stop in stops {
        memory.grow(*stop);
        assert_eq!(projector(&memory).step(*stop), Ok(*stop));
    }
    memory.grow(size);
    memory
}

fn kept(memory: &Memory) -> (Vec<Tile>, Vec<Segment>) {
    let tiles = memory.tiles.lock().unwrap().values().cloned().collect();
    (tiles, memory.segments.lock().unwrap().values().cloned().collect())
}

fn listed(memory: &Memory, head: u64, filter: &Filter) -> Vec<u64> {
    query::list(memory, memory, head, filter).unwrap().into_iter().map(|(index, _)| index).collect()
}

#[test]
fn many_ends_and_one_go_make_the_same_projections() {
    let stops = [1, 2, 255, 256, 1_023, 1_024, 1_025, 5_000, 9_000];
    let (often, once) = (projected(9_000, &stops), projected(9_000, &[9_000]));
    assert_eq!(kept(&often).0, kept(&once).0);
    let counts =
        |memory: &Memory| kept(memory).1.iter().map(|segment| (segment.first, segment.count)).collect::<Vec<_>>();
    assert_eq!(counts(&often), counts(&once));
    assert_eq!(counts(&once).len(), 9);
    let wanted = Filter { request: Some(id(3, 2_000)), limit: 9, ..Filter::default() };
    assert_eq!((listed(&often, 9_000, &wanted), listed(&once, 9_000, &wanted)), (vec![2_000], vec![2_000]));
}

/// Another process projected so far, and this one has not read all of the log yet.
#[test]
fn whoever_knows_less_of_the_log_goes_on_with_what_is_kept() {
    let memory = projected(3_000, &[2_500]);
    let mut projector = projector(&memory);
    assert_eq!(projector.step(2_000), Ok(2_500));
    assert_eq!(projector.step(3_000), Ok(3_000));
    assert_eq!(*memory.forgotten.lock().unwrap(), 0);
}

#[test]
fn a_cursor_beyond_the_log_and_a_torn_tile_are_begun_anew() {
    let lose: [fn(&Memory); 3] = [
        |memory| *memory.cursors.lock().unwrap().get_mut(SEGMENTS).unwrap() = 99_999,
        |memory| memory.tiles.lock().unwrap().values_mut().for_each(|tile| tile.hashes.truncate(64)),
        |memory| memory.segments.lock().unwrap().values_mut().for_each(|segment| segment.summary.clear()),
    ];
    for lose in lose {
        let memory = projected(3_000, &[2_500]);
        lose(&memory);
        assert_eq!(projector(&memory).step(3_000), Ok(3_000));
        assert_eq!(kept(&memory), kept(&projected(3_000, &[3_000])));
        assert_eq!(*memory.forgotten.lock().unwrap(), 1);
    }
}

#[test]
fn projections_made_anew_go_on_over_a_gap_but_tiles_end_there() {
    let memory = projected(9_000, &[]);
    let kept_too = memory.batches.lock().unwrap()[10].clone();
    memory.batches.lock().unwrap().retain(|batch| batch.first > 4_000 || batch.first == kept_too.first);
    assert_eq!(projector(&memory).step(9_000), Ok(9_000));
    assert_eq!(memory.cursor(TILES).unwrap(), 0);
    let wanted = Filter { principal: Some(id(2, 3)), limit: 9_000, ..Filter::default() };
    let oldest = memory.batches.lock().unwrap()[1].first;
    let there = (oldest..9_000).rev().chain((kept_too.first..kept_too.first + u64::from(kept_too.count)).rev());
    assert_eq!(listed(&memory, 9_000, &wanted), there.filter(|index| index % 7 == 3).collect::<Vec<_>>());
}

#[test]
fn pruning_ahead_of_the_projections_loses_no_tile() {
    let memory = projected(9_000, &[2_000]);
    let before = kept(&memory).0;
    memory.batches.lock().unwrap().retain(|batch| batch.first > 4_000);
    assert_eq!(projector(&memory).step(9_000), Ok(9_000));
    assert_eq!(kept(&memory).0, before);
    let wanted = Filter { principal: Some(id(2, 3)), limit: 1_000, ..Filter::default() };
    let oldest = memory.oldest().unwrap();
    assert_eq!(
        listed(&memory, 9_000, &wanted),
        (oldest..9_000).rev().filter(|index| index % 7 == 3).collect::<Vec<_>>()
    );
}

/// What a question must find, by looking at each entry.
fn expected(head: u64, filter: &Filter, fits: &dyn Fn(u64) -> bool) -> Vec<u64> {
    let below = filter.before.map_or(head, |before| before.min(head));
    (0..below).rev().filter(|index| fits(*index)).take(filter.limit as usize).collect()
}

#[test]
fn answers_are_complete_wherever_the_projections_are() {
    type Question = (Filter, fn(u64) -> bool);
    let all = Filter { limit: 10_000, ..Filter::default() };
    let questions: [Question; 9] = [
        (all.clone(), |_| true),
        (Filter { limit: 5, before: Some(4_321), ..all.clone() }, |_| true),
        (Filter { principal: Some(id(2, 3)), ..all.clone() }, |index| index % 7 == 3),
        (Filter { object: Some(id(4, 49)), tenant: Some(id(1, 1)), ..all.clone() }, |index| index % 50 == 49),
        (Filter { action: Some(Action::Decrypt as u16), limit: 700, ..all.clone() }, |index| index % 3 == 0),
        (Filter { verdict: Some("denied".into()), ..all.clone() }, |index| index % 100 == 99),
        (Filter { request: Some(id(3, 77)), ..all.clone() }, |index| index == 77),
        (Filter { from: Some(clear(900).wall), until: Some(clear(1_100).wall), ..all.clone() }, |index| {
            (900..1_100).contains(&index)
        }),
        (Filter { limit: 0, ..all }, |_| true),
    ];
    for stops in [&[][..], &[1_000], &[1_024, 3_000], &[5_999], &[6_000]] {
        let memory = projected(6_000, stops);
        for (filter, fits) in &questions {
            assert_eq!(listed(&memory, 6_000, filter), expected(6_000, filter, fits), "{stops:?} {filter:?}");
        }
        assert_eq!(listed(&memory, 10, &questions[0].0), (0..10).rev().collect::<Vec<_>>());
    }
}

#[test]
fn segments_spare_the_reading_of_what_cannot_fit() {
    let memory = projected(9_000, &[9_000]);
    let far: Vec<_> = memory.batches.lock().unwrap().extract_if(.., |batch| batch.first > 2_200).collect();
    assert!(!far.is_empty());
    let wanted = Filter { request: Some(id(3, 2_000)), limit: 1, ..Filter::default() };
    assert_eq!(listed(&memory, 9_000, &wanted), [2_000]);
}

#[test]
fn proofs_lead_to_the_root_wherever_the_tiles_are() {
    for stops in [&[][..], &[700], &[2_048], &[2_999], &[3_000]] {
        let memory = projected(3_000, stops);
        for size in [1, 2, 256, 257, 2_047, 2_500, 3_000] {
            let mut tree = Frontier::default();
            (0..size).for_each(|index| tree.append(leaf_hash(&bytes(index))));
            for index in [0, 1, 255, 256, 1_500, size - 1].into_iter().filter(|index| *index < size) {
                let path = query::proof(&*memory, &*memory, index, size).unwrap();
                let root = root_from_path(index, size, leaf_hash(&bytes(index)), &path);
                assert_eq!(root, Some(tree.root()), "{index} of {size}, tiles at {stops:?}");
            }
        }
    }
}

#[test]
fn what_is_not_kept_has_no_proof() {
    let memory = projected(3_000, &[]);
    memory.batches.lock().unwrap().remove(5);
    let fault = query::proof(&*memory, &*memory, 0, 3_000).expect_err("a proof of nothing");
    assert!(fault.0.contains("not all kept"), "{fault:?}");
}

/// Run by hand, in release: `cargo test --release -p keyward-ledger projecting_is_cheap -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn projecting_is_cheap() {
    let memory = projected(200_000, &[]);
    let begun = clock::stopwatch_micros();
    projector(&memory).step(200_000).unwrap();
    println!(
        "projected: {:.2} us an entry",
        std::time::Duration::from_micros(clock::stopwatch_micros() - begun).as_secs_f64() * 1e6 / 200_000.0
    );
}
