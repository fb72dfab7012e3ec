//! Batches, entries, the tree, checkpoints, tiles.

use super::rows::Changes;
use super::{Finding, Report, Verification};
use crate::projections::{TILES, Tiles, WIDTH};
use crate::state::{EMPTY, Nodes};
use crate::store::NodeId;
use crate::view::entries_of;
use crate::{
    Frontier, ProjectionReader, Reader, StoreFault, StoredBatch, StoredCheckpoint, Tile, decode_entry, leaf_hash,
    open_checkpoint,
};
use std::collections::{HashSet, VecDeque};

/// Batches and checkpoints that are held in memory at once.
const BATCHES: u32 = 32;
const CHECKPOINTS: u32 = 256;
/// How often the progress is told, in entries.
const TELL_ENTRIES: u64 = 16_384;

/// Goes through the log once, and further when it has grown.
pub(super) struct Walk<'a> {
    pub(super) reader: &'a dyn Reader,
    pub(super) report: &'a mut Report,
    pub(super) changes: Changes,
    /// The root of the state tree after the newest batch, and its nodes as far as they were seen.
    pub(super) state: [u8; 32],
    pub(super) nodes: Nodes,
    /// Nodes that were named as broken.
    pub(super) broken: HashSet<NodeId>,
    /// The root that the last entry with a change named; none behind a gap.
    named: Option<[u8; 32]>,
    how: &'a Verification<'a>,
    /// The index of the next entry.
    next: u64,
    /// None behind a gap whose leaves no tile holds: the next batch is taken at its word.
    tree: Option<Frontier>,
    /// After a batch that did not lead to its tree: the tree that it led to.
    other: Option<Frontier>,
    checkpoints: VecDeque<StoredCheckpoint>,
    /// The size of the last checkpoint that was read.
    checkpoints_upto: u64,
    tiles: Option<KnownTiles<'a>>,
    /// Entries of this batch whose leaf is another one in its tile: one of the two was edited.
    suspects: Vec<u64>,
    /// Entries that are not there, and are not known yet to have been pruned.
    gaps: Vec<(u64, u64)>,
    /// The gap before this batch, if its leaves were taken from tiles.
    bridged: Option<(u64, u64)>,
    /// Below which entry the log says that it was pruned.
    pruned: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        reader: &'a dyn Reader,
        how: &'a Verification<'a>,
        report: &'a mut Report,
    ) -> Result<Self, StoreFault> {
        Ok(Self {
            reader,
            report,
            changes: Changes::default(),
            state: EMPTY,
            nodes: Nodes::new(),
            broken: HashSet::new(),
            named: Some(EMPTY),
            how,
            next: 0,
            tree: Some(Frontier::default()),
            other: None,
            checkpoints: VecDeque::new(),
            checkpoints_upto: 0,
            tiles: how.projections.map(KnownTiles::new).transpose()?,
            suspects: Vec::new(),
            gaps: Vec::new(),
            bridged: None,
            pruned: 0,
        })
    }

    /// Goes on to the log's end as it is by now.
    pub(super) fn read_up(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreFault> {
        let (mut told, mut end) = (self.next, None);
        loop {
            let batches = self.reader.batches(self.next, BATCHES)?;
            if batches.is_empty() {
                break;
            }
            for batch in &batches {
                self.batch(batch)?;
            }
            if self.next.saturating_sub(told) >= TELL_ENTRIES {
                told = self.next;
                let whole = end.map_or_else(|| self.end(), Ok)?;
                end = Some(whole);
                progress(told, whole.max(told));
            }
        }
        self.report.size = self.next;
        Ok(())
    }

    fn end(&self) -> Result<u64, StoreFault> {
        Ok(self.reader.last_batch()?.map_or(0, |batch| batch.first.saturating_add(batch.count.into())))
    }

    fn batch(&mut self, batch: &StoredBatch) -> Result<(), StoreFault> {
        self.report.batches = self.report.batches.saturating_add(1);
        self.place(batch)?;
        let genuine = self.how.mac.is_none_or(|code| crypto::same(&code(batch), &batch.mac));
        if !genuine {
            self.report.found(Finding::BatchEdited { first: batch.first });
        }
        let mut holds = 0;
        for entry in entries_of(&batch.entries) {
            self.entry(batch.first.saturating_add(holds), entry)?;
            holds += 1;
        }
        if holds != u64::from(batch.count) {
            self.report.found(Finding::BatchCut { first: batch.first, says: batch.count, holds });
        }
        self.next = batch.first.saturating_add(batch.count.into()).max(self.next.saturating_add(1));
        self.tree_after(batch);
        if self.named.is_some_and(|named| named != batch.state) {
            self.report.found(Finding::StateDiffers { first: batch.first });
        }
        (self.state, self.named) = (batch.state, Some(batch.state));
        Ok(())
    }

    /// Batches follow each other. A gap is judged when it is known what was pruned: the entry that says so comes later.
    fn place(&mut self, batch: &StoredBatch) -> Result<(), StoreFault> {
        let (first, expected) = (batch.first, self.next);
        self.bridged = None;
        if first > expected {
            self.gaps.push((expected, first));
            self.changes.gap(first);
            self.named = None;
            if self.bridge(expected, first)? {
                self.bridged = Some((expected, first));
                return Ok(());
            }
        } else if first < expected {
            self.report.found(Finding::BatchOverlaps { first, expected });
        }
        if first != expected {
            // Across a gap nothing leads from one tree to the next.
            (self.tree, self.other) = (None, None);
            self.tiles.iter_mut().for_each(KnownTiles::lose_tree);
        }
        Ok(())
    }

    /// Goes on over a gap by the leaves in tiles; false where they are not there.
    fn bridge(&mut self, first: u64, end: u64) -> Result<bool, StoreFault> {
        for index in first..end {
            let Some(tiles) = &mut self.tiles else { return Ok(false) };
            let Some(leaf) = tiles.stored(index)? else { return Ok(false) };
            tiles.leaf(index, leaf, self.report)?;
            [&mut self.tree, &mut self.other].into_iter().flatten().for_each(|tree| tree.append(leaf));
            self.checkpoint_here()?;
        }
        Ok(true)
    }

    /// What is not there must have been pruned, and an entry must say so.
    pub(super) fn judge_gaps(&mut self) {
        for (first, end) in std::mem::take(&mut self.gaps) {
            if end <= self.pruned {
                self.report.pruned = self.report.pruned.saturating_add(end - first);
            } else {
                self.report.found(Finding::BatchMissing { first, end });
            }
        }
    }

    fn entry(&mut self, index: u64, entry: &[u8]) -> Result<(), StoreFault> {
        let leaf = leaf_hash(entry);
        [&mut self.tree, &mut self.other].into_iter().flatten().for_each(|tree| tree.append(leaf));
        if let Some(tiles) = &mut self.tiles {
            let fits = tiles.leaf(index, leaf, self.report)?;
            self.suspects.extend((!fits).then_some(index));
        }
        match decode_entry(entry) {
            Ok(clear) => {
                self.named = clear.state.or(self.named);
                self.pruned = self.pruned.max(clear.prunes().unwrap_or(0));
                for change in &clear.rows {
                    self.changes.take(index, change, self.report);
                }
            }
            Err(_) => self.report.found(Finding::EntryUnreadable { index }),
        }
        self.checkpoint_here()
    }

    /// The tree that the batch says it leads to. Where it does not, the batch's own is gone on with, and the other
    /// remembered in case that only what the batch says was edited.
    fn tree_after(&mut self, batch: &StoredBatch) {
        let says = Frontier::from_bytes(&batch.frontier);
        let suspects = std::mem::take(&mut self.suspects);
        let fits = |tree: &Option<Frontier>| tree.is_some() && *tree == says;
        if fits(&self.tree) || fits(&self.other) {
            // The tree is right, so it is the tile that is not.
            let mut tiles: Vec<_> = suspects.iter().map(|index| index / WIDTH).collect();
            tiles.dedup();
            tiles.into_iter().for_each(|index| self.report.found(Finding::TileDiffers { level: 0, index }));
            (self.tree, self.other) = (says, None);
            return;
        }
        let computed = self.tree.take();
        if computed.is_some() && suspects.is_empty() {
            self.report.found(match self.bridged {
                Some((first, end)) => Finding::GapDiffers { first, end },
                None => Finding::TreeDiffers { first: batch.first, end: self.next },
            });
        }
        suspects.into_iter().for_each(|index| self.report.found(Finding::EntryEdited { index }));
        self.tiles.iter_mut().for_each(KnownTiles::lose_tree);
        (self.tree, self.other) = match says {
            Some(says) => (Some(says), computed),
            None => (computed, None),
        };
    }

    /// The checkpoint of the tree as it is now, if one was signed.
    fn checkpoint_here(&mut self) -> Result<(), StoreFault> {
        let (Some(verifier), Some(tree)) = (self.how.verifier, &self.tree) else { return Ok(()) };
        let size = tree.size();
        if self.checkpoints.is_empty() && self.checkpoints_upto < u64::MAX {
            let read = self.reader.checkpoints(self.checkpoints_upto, CHECKPOINTS)?;
            self.checkpoints_upto = read.last().map_or(u64::MAX, |newest| newest.size);
            self.checkpoints.extend(read);
        }
        while let Some(signed) = self.checkpoints.pop_front_if(|signed| signed.size <= size) {
            self.report.checkpoints = self.report.checkpoints.saturating_add(1);
            match open_checkpoint(&signed.note, &self.how.origin, &verifier) {
                Some(says) if says.size == signed.size => {
                    let other = says.root != tree.root() || self.named.is_some_and(|state| state != says.state);
                    if says.size == size && other {
                        self.report.found(Finding::CheckpointDiffers { size });
                    }
                }
                _ => self.report.found(Finding::CheckpointForged { size: signed.size }),
            }
        }
        Ok(())
    }

    /// Checkpoints beyond the log's end: the newest that is genuine is named.
    pub(super) fn later_checkpoints(&mut self) -> Result<(), StoreFault> {
        let Some(verifier) = self.how.verifier else { return Ok(()) };
        let (mut after, mut newest) = (self.next, None);
        loop {
            let later = self.reader.checkpoints(after, CHECKPOINTS)?;
            let Some(last) = later.last() else { break };
            after = last.size;
            for signed in &later {
                match open_checkpoint(&signed.note, &self.how.origin, &verifier) {
                    Some(says) if says.size == signed.size => newest = Some(says.size),
                    _ => self.report.found(Finding::CheckpointForged { size: signed.size }),
                }
            }
        }
        if let Some(checkpoint) = newest {
            self.report.found(Finding::LogShorterThanCheckpoint { size: self.next, checkpoint });
        }
        Ok(())
    }
}

/// The tiles of the log as they should be, beside those that are stored.
struct KnownTiles<'a> {
    projections: &'a dyn ProjectionReader,
    /// How many leaves stored tiles cover.
    upto: u64,
    /// The stored tile of leaves where the walk is, and its index.
    leaves: Option<(u64, Option<Tile>)>,
    /// None once the leaves are not those of the tree: nothing can be said of higher levels then.
    made: Option<Tiles>,
}

impl<'a> KnownTiles<'a> {
    fn new(projections: &'a dyn ProjectionReader) -> Result<Self, StoreFault> {
        Ok(Self { projections, upto: projections.cursor(TILES)?, leaves: None, made: Some(Tiles::default()) })
    }

    fn lose_tree(&mut self) {
        self.made = None;
    }

    /// Whether the leaf is the one in its tile. A missing tile is reported and fits everything.
    fn leaf(&mut self, index: u64, leaf: [u8; 32], report: &mut Report) -> Result<bool, StoreFault> {
        if index >= self.upto {
            return Ok(true);
        }
        self.higher(leaf, report)?;
        let place = index / WIDTH;
        if self.load(place)? {
            report.found(Finding::TileDiffers { level: 0, index: place });
        }
        Ok(self.at(index).is_none_or(|stored| stored == leaf))
    }

    /// The leaf that a tile holds.
    fn stored(&mut self, index: u64) -> Result<Option<[u8; 32]>, StoreFault> {
        if index >= self.upto {
            return Ok(None);
        }
        self.load(index / WIDTH)?;
        Ok(self.at(index))
    }

    /// Reads a tile of leaves, unless it is at hand. Whether it was read and is not there as it should be.
    fn load(&mut self, place: u64) -> Result<bool, StoreFault> {
        if self.leaves.as_ref().is_some_and(|(loaded, _)| *loaded == place) {
            return Ok(false);
        }
        let tile = self.projections.tile(0, place)?;
        let needed = usize::try_from((self.upto - place * WIDTH).min(WIDTH)).unwrap_or(usize::MAX);
        let whole = tile.as_ref().is_some_and(|tile| tile.hashes.as_chunks::<32>().0.len() >= needed);
        self.leaves = Some((place, tile.filter(|_| whole)));
        Ok(!whole)
    }

    fn at(&self, index: u64) -> Option<[u8; 32]> {
        let at = usize::try_from(index % WIDTH).ok()?;
        self.leaves.as_ref()?.1.as_ref()?.hashes.as_chunks::<32>().0.get(at).copied()
    }

    /// Compares the tiles above the leaves, each when it is full.
    fn higher(&mut self, leaf: [u8; 32], report: &mut Report) -> Result<(), StoreFault> {
        let Some(made) = &mut self.made else { return Ok(()) };
        made.append(leaf);
        for tile in made.filled().into_iter().filter(|tile| tile.level > 0) {
            if self.projections.tile(tile.level, tile.index)?.as_ref() != Some(&tile) {
                report.found(Finding::TileDiffers { level: tile.level, index: tile.index });
            }
        }
        Ok(())
    }
}
