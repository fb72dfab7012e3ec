//! What is derived from the log, and can be derived again: tiles for proofs, segments for queries.

mod segment;
mod tiles;

pub(crate) use segment::Summary;
pub(crate) use tiles::{Tiles, WIDTH, position, root_in};

use crate::view::entries_of;
use crate::{
    ProjectionReader, ProjectionWriter, Reader, Segment, StoreFault, StoredBatch, Tile, decode_entry, leaf_hash,
};
use std::sync::Arc;

/// The cursor of tiles: so many leaves stand in them.
pub(crate) const TILES: &str = "tiles";
/// The cursor of segments: the entries below are summed up.
pub(crate) const SEGMENTS: &str = "segments";

/// Entries that are worked through before the store is asked to keep what came of them.
const STEP_ENTRIES: u64 = 4_096;
/// Batches that are held in memory at once.
const STEP_BATCHES: u32 = 32;
/// How many consecutive entries one segment sums up.
pub(crate) const SEGMENT_ENTRIES: u64 = 1_024;

/// Follows the log. It may stop at any moment and goes on where the store says that it was.
pub(crate) struct Projector {
    reader: Arc<dyn Reader>,
    writer: Box<dyn ProjectionWriter>,
    progress: Arc<dyn ProjectionReader>,
    /// None before the first step, and after a failure.
    state: Option<State>,
}

/// Where it is, and what is still growing there.
struct State {
    upto: u64,
    /// None where older leaves were lost with the entries that made them: tiles then stay as they are.
    tiles: Option<Tiles>,
    segment: Summary,
}

impl Projector {
    pub(crate) fn new(
        reader: Arc<dyn Reader>,
        writer: Box<dyn ProjectionWriter>,
        progress: Arc<dyn ProjectionReader>,
    ) -> Self {
        Self { reader, writer, progress, state: None }
    }

    /// Whether this process projects now. Who begins to, begins with what the one before kept.
    pub(crate) fn lead(&mut self) -> Result<bool, StoreFault> {
        let leads = self.writer.lead();
        if !matches!(leads, Ok(true)) {
            self.state = None;
        }
        leads
    }

    /// Works until `head` is reached; how far the projections are afterwards. What does not fit the log is forgotten
    /// and made anew. A failure leaves what was reached; the next step goes on from there.
    pub(crate) fn step(&mut self, head: u64) -> Result<u64, StoreFault> {
        let mut state = match self.state.take() {
            Some(state) => state,
            None => self.resume()?,
        };
        while state.upto < head {
            self.advance(&mut state)?;
        }
        let upto = state.upto;
        self.state = Some(state);
        Ok(upto)
    }

    /// What the store kept, if it can be gone on with; else a beginning. Whoever projected before may have known more of
    /// the log than this process does yet.
    fn resume(&mut self) -> Result<State, StoreFault> {
        let upto = self.progress.cursor(SEGMENTS)?;
        let size = self.reader.last_batch()?.map_or(0, |last| last.first.saturating_add(last.count.into()));
        if let Some(state) = self.kept(upto, size)? {
            return Ok(state);
        }
        tracing::warn!(upto, size, "the projections do not fit the log and are made anew");
        self.writer.forget_all()?;
        Ok(State { upto: 0, tiles: Some(Tiles::default()), segment: Summary::default() })
    }

    fn kept(&self, upto: u64, size: u64) -> Result<Option<State>, StoreFault> {
        if upto > size {
            return Ok(None);
        }
        let leaves = self.progress.cursor(TILES)?;
        let mut tiles = None;
        if leaves == upto {
            let Some(kept) = Tiles::resume(leaves, &mut |level, index| self.progress.tile(level, index))? else {
                return Ok(None);
            };
            tiles = Some(kept);
        }
        let segment = self.open_segment(upto)?;
        Ok(segment.map(|segment| State { upto, tiles, segment }))
    }

    /// The segment that still grows at `upto`; none if it is not there as it should be.
    fn open_segment(&self, upto: u64) -> Result<Option<Summary>, StoreFault> {
        if upto.is_multiple_of(SEGMENT_ENTRIES) {
            return Ok(Some(Summary::default()));
        }
        let newest = self.progress.segments_before(upto, 1)?.pop();
        let ends_here = newest.filter(|segment| segment.first.saturating_add(segment.count.into()) == upto);
        Ok(ends_here.and_then(|segment| Summary::decode(&segment.summary)))
    }

    /// One bounded step, kept by the store.
    fn advance(&mut self, state: &mut State) -> Result<(), StoreFault> {
        let (start, mut segments) = (state.upto, Vec::new());
        while state.upto - start < STEP_ENTRIES {
            let batches = self.reader.batches(state.upto, STEP_BATCHES)?;
            if batches.is_empty() {
                break;
            }
            batches.iter().try_for_each(|batch| state.take(batch, &mut segments))?;
        }
        if state.upto == start {
            return Err(StoreFault(format!("the batch at {start} is missing")));
        }
        segments.extend(state.growing());
        let tiles = state.tiles.as_mut().map(Tiles::changed).unwrap_or_default();
        self.keep(state, &tiles, &segments)
    }

    fn keep(&mut self, state: &State, tiles: &[Tile], segments: &[Segment]) -> Result<(), StoreFault> {
        match state.tiles {
            Some(_) => self.writer.project(tiles, segments, &[(TILES, state.upto), (SEGMENTS, state.upto)]),
            None => self.writer.project(&[], segments, &[(SEGMENTS, state.upto)]),
        }
    }
}

impl State {
    /// What of the batch is new.
    fn take(&mut self, batch: &StoredBatch, segments: &mut Vec<Segment>) -> Result<(), StoreFault> {
        let end = batch.first.saturating_add(batch.count.into());
        if batch.first > self.upto {
            self.pass_gap(batch.first, segments);
        }
        for (index, entry) in (batch.first..end).zip(entries_of(&batch.entries)) {
            if index == self.upto {
                self.take_entry(entry, segments);
            }
        }
        if self.upto < end {
            return Err(StoreFault(format!("the batch at {} holds fewer entries than it says", batch.first)));
        }
        Ok(())
    }

    /// What lay between was pruned after the projections knew it, and they were lost since. Tiles cannot grow over a
    /// gap, and those that are there stay.
    fn pass_gap(&mut self, next: u64, segments: &mut Vec<Segment>) {
        tracing::warn!(from = self.upto, next, "entries are not kept any more; what follows cannot be proven");
        segments.extend(self.growing());
        *self = Self { upto: next, tiles: None, segment: Summary::default() };
    }

    fn take_entry(&mut self, entry: &[u8], segments: &mut Vec<Segment>) {
        if let Some(tiles) = &mut self.tiles {
            tiles.append(leaf_hash(entry));
        }
        match decode_entry(entry) {
            Ok(clear) => self.segment.add(&clear),
            // It fits no question, but nobody shall believe that it was understood.
            Err(_) => tracing::warn!(index = self.upto, "an entry cannot be read"),
        }
        self.upto += 1;
        if self.upto.is_multiple_of(SEGMENT_ENTRIES) {
            segments.extend(self.closed());
            self.segment = Summary::default();
        }
    }

    /// The segment that ends here, full.
    fn closed(&mut self) -> Option<Segment> {
        let first = self.upto.checked_sub(1)? / SEGMENT_ENTRIES * SEGMENT_ENTRIES;
        let count = u32::try_from(self.upto - first).ok()?;
        Some(Segment { first, count, summary: self.segment.encode() })
    }

    /// The segment that still grows; none at a border.
    fn growing(&mut self) -> Option<Segment> {
        if self.upto.is_multiple_of(SEGMENT_ENTRIES) { None } else { self.closed() }
    }
}

#[cfg(test)]
mod tests;
