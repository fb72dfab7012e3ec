//! Questions to the log.

use crate::view::entries_of;
use crate::{Clear, ProjectionReader, Reader, StoreFault, StoredBatch, Verdict, decode_entry, inclusion_path, leaf_hash, node_hash};
use domain::{ObjectId, Timestamp};

/// Which entries are meant; what is none means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub object: Option<ObjectId>,
    pub principal: Option<ObjectId>,
    /// [`domain::Action`] as a number.
    pub action: Option<u16>,
    pub verdict: Option<String>,
    pub request: Option<ObjectId>,
    /// Only this tenant's entries.
    pub tenant: Option<ObjectId>,
    /// Only entries below this index.
    pub before: Option<u64>,
    pub limit: u32,
}

/// Entries that fit, newest first, complete up to `head`.
pub(crate) fn list(
    reader: &dyn Reader,
    _projections: &dyn ProjectionReader,
    head: u64,
    filter: &Filter,
) -> Result<Vec<(u64, Clear)>, StoreFault> {
    let mut before = filter.before.map_or(head, |before| before.min(head));
    let mut found = Vec::new();
    while before > 0 && found.len() < filter.limit as usize {
        let Some(batch) = reader.batch_with(before - 1)? else { break };
        let mut inside: Vec<_> = (batch.first..before).zip(entries_of(&batch.entries)).collect();
        inside.reverse();
        for (index, entry) in inside {
            if let Ok(clear) = decode_entry(entry)
                && fits(filter, &clear)
                && found.len() < filter.limit as usize
            {
                found.push((index, clear));
            }
        }
        before = batch.first;
    }
    Ok(found)
}

fn fits(filter: &Filter, clear: &Clear) -> bool {
    filter.from.is_none_or(|from| clear.wall >= from)
        && filter.until.is_none_or(|until| clear.wall < until)
        && filter.object.is_none_or(|object| clear.deeds.iter().any(|deed| deed.1 == object))
        && filter.principal.is_none_or(|principal| clear.principal == principal)
        && filter.action.is_none_or(|action| clear.deeds.iter().any(|deed| deed.0 == action))
        && filter.verdict.as_ref().is_none_or(|verdict| verdict_word(&clear.verdict) == verdict)
        && filter.request.is_none_or(|request| clear.request.0 == request)
        && filter.tenant.is_none_or(|tenant| clear.tenant == tenant)
}

/// The word by which a verdict is asked for.
pub(crate) fn verdict_word(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Done => "Done",
        Verdict::Refused(word) => word,
        Verdict::Refusals(_) => "Refusals",
        Verdict::Other(word) => word,
    }
}

/// The bytes of one entry.
pub(crate) fn entry_at(reader: &dyn Reader, index: u64) -> Result<Option<Vec<u8>>, StoreFault> {
    let Some(batch) = reader.batch_with(index)? else { return Ok(None) };
    Ok(crate::view::entry_in(&batch, index).map(<[u8]>::to_vec))
}

/// The path of one entry in the tree of `size`.
pub(crate) fn proof(
    reader: &dyn Reader,
    _projections: &dyn ProjectionReader,
    index: u64,
    size: u64,
) -> Result<Vec<[u8; 32]>, StoreFault> {
    inclusion_path(index, size, &mut |level, place| subtree(reader, level, place))
}

fn subtree(reader: &dyn Reader, level: u8, place: u64) -> Result<[u8; 32], StoreFault> {
    if level == 0 {
        let entry = entry_at(reader, place)?.ok_or_else(|| StoreFault(format!("entry {place} is not kept any more")))?;
        return Ok(leaf_hash(&entry));
    }
    let left = subtree(reader, level - 1, place * 2)?;
    Ok(node_hash(&left, &subtree(reader, level - 1, place * 2 + 1)?))
}
