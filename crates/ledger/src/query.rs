//! Questions to the log.

use crate::projections::{SEGMENT_ENTRIES, Summary, position, root_in};
use crate::view::entries_of;
use crate::{
    Clear, Frontier, ProjectionReader, Reader, StoreFault, Verdict, consistency_path, decode_entry, inclusion_path,
    leaf_hash, node_hash,
};
use domain::{ObjectId, Timestamp};
use std::ops::Range;

/// Batches and segments that are held in memory at once.
const BATCHES: u32 = 16;
const SEGMENTS: u32 = 64;
/// Subtrees of at most 2^10 leaves are hashed from the log where tiles do not reach; larger ones are put together.
const STREAMED_LEVEL_MAX: u8 = 10;

/// Which entries are meant; what is none means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// At this wall time or later.
    pub from: Option<Timestamp>,
    /// Before this wall time.
    pub until: Option<Timestamp>,
    pub object: Option<ObjectId>,
    pub principal: Option<ObjectId>,
    /// [`domain::Action`] as a number.
    pub action: Option<u16>,
    /// `done`, `refusals`, or the word of a fault.
    pub verdict: Option<String>,
    pub request: Option<ObjectId>,
    /// Only this tenant's entries.
    pub tenant: Option<ObjectId>,
    /// Only entries below this index.
    pub before: Option<u64>,
    pub limit: u32,
}

impl Filter {
    fn fits(&self, clear: &Clear) -> bool {
        let (deeds, verdict) = (&clear.deeds, verdict_word(&clear.verdict));
        self.from.is_none_or(|from| clear.wall >= from)
            && self.until.is_none_or(|until| clear.wall < until)
            && self.object.is_none_or(|object| deeds.iter().any(|deed| deed.1 == object))
            && self.principal.is_none_or(|principal| clear.principal == principal)
            && self.action.is_none_or(|action| deeds.iter().any(|deed| deed.0 == action))
            && self.verdict.as_ref().is_none_or(|wanted| wanted == verdict)
            && self.request.is_none_or(|request| clear.request.0 == request)
            && self.tenant.is_none_or(|tenant| clear.tenant == tenant)
    }
}

/// The word by which a verdict is asked for.
pub(crate) fn verdict_word(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Refused(word) => word,
        Verdict::Refusals(_) => "refusals",
        Verdict::Other(word) => word,
    }
}

/// Entries that fit, newest first. The answer is complete up to `head`, wherever the projections are: what no segment
/// covers is looked through.
pub(crate) fn list(
    reader: &dyn Reader,
    projections: &dyn ProjectionReader,
    head: u64,
    filter: &Filter,
) -> Result<Vec<(u64, Clear)>, StoreFault> {
    let mut search = Search { reader, filter, oldest: reader.oldest()?, found: Vec::new() };
    let mut before = filter.before.map_or(head, |before| before.min(head));
    while before > search.oldest && !search.is_full() {
        let segments = projections.segments_before(before, SEGMENTS)?;
        if segments.is_empty() {
            search.scan(0..before)?;
            break;
        }
        for segment in segments {
            let end = segment.first.saturating_add(segment.count.into()).min(before);
            search.scan(end..before)?;
            if Summary::decode(&segment.summary).is_none_or(|summary| summary.may_hold(filter)) {
                search.scan(segment.first..end)?;
            }
            before = segment.first;
        }
    }
    Ok(search.found)
}

struct Search<'a> {
    reader: &'a dyn Reader,
    filter: &'a Filter,
    oldest: u64,
    found: Vec<(u64, Clear)>,
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.found.len() as u64 >= self.filter.limit.into()
    }

    /// Newest first, in windows, so that neither memory nor work grows with what is not wanted.
    fn scan(&mut self, range: Range<u64>) -> Result<(), StoreFault> {
        let (low, mut end) = (range.start.max(self.oldest), range.end);
        while end > low && !self.is_full() {
            let start = end.saturating_sub(SEGMENT_ENTRIES).max(low);
            let mut fitting = Vec::new();
            each_entry(self.reader, start..end, &mut |index, entry| {
                fitting.extend(
                    decode_entry(entry).ok().filter(|clear| self.filter.fits(clear)).map(|clear| (index, clear)),
                );
            })?;
            let room = (self.filter.limit as usize).saturating_sub(self.found.len());
            self.found.extend(fitting.into_iter().rev().take(room));
            end = start;
        }
        Ok(())
    }
}

/// The entries of a range in order, as far as they are there.
fn each_entry(reader: &dyn Reader, range: Range<u64>, take: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreFault> {
    let (mut next, mut limit) = (range.start, 1);
    while next < range.end {
        // Where entries were dropped the first batch lies beyond the range, and is all that is read.
        let batches = reader.batches(next, limit)?;
        limit = BATCHES;
        for batch in &batches {
            let end = batch.first.saturating_add(batch.count.into());
            for (index, entry) in (batch.first..end).zip(entries_of(&batch.entries)) {
                if range.contains(&index) {
                    take(index, entry);
                }
            }
            next = next.max(end);
        }
        if batches.is_empty() {
            break;
        }
    }
    Ok(())
}

/// The path of one entry in the tree of `size`: from tiles, and from the log where tiles do not reach.
pub(crate) fn proof(
    reader: &dyn Reader,
    projections: &dyn ProjectionReader,
    index: u64,
    size: u64,
) -> Result<Vec<[u8; 32]>, StoreFault> {
    inclusion_path(index, size, &mut |level, place| subtree(reader, projections, level, place))
}

/// The proof that the log of `newer` entries begins with that of `older`.
pub fn consistency_proof(
    reader: &dyn Reader,
    projections: &dyn ProjectionReader,
    older: u64,
    newer: u64,
) -> Result<Vec<[u8; 32]>, StoreFault> {
    consistency_path(older, newer, &mut |level, place| subtree(reader, projections, level, place))
}

fn subtree(
    reader: &dyn Reader,
    projections: &dyn ProjectionReader,
    level: u8,
    place: u64,
) -> Result<[u8; 32], StoreFault> {
    let (tile_level, tile, hashes) = position(level, place);
    if let Some(root) = projections.tile(tile_level, tile)?.and_then(|tile| root_in(&tile, hashes)) {
        return Ok(root);
    }
    if level <= STREAMED_LEVEL_MAX {
        return root_of_log(reader, place << level, 1 << level);
    }
    let left = subtree(reader, projections, level - 1, place * 2)?;
    Ok(node_hash(&left, &subtree(reader, projections, level - 1, place * 2 + 1)?))
}

fn root_of_log(reader: &dyn Reader, first: u64, count: u64) -> Result<[u8; 32], StoreFault> {
    let mut tree = Frontier::default();
    each_entry(reader, first..first.saturating_add(count), &mut |_, entry| tree.append(leaf_hash(entry)))?;
    if tree.size() == count {
        return Ok(tree.root());
    }
    Err(StoreFault(format!("entries {first} to {} are not all kept", first.saturating_add(count) - 1)))
}
