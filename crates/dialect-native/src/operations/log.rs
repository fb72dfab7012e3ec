//! The log.

use super::limit;
use crate::input::operation;
use domain::{Ask, EntryQuery, ObjectId, Timestamp};

operation! {
    ListEntries {
        from: Option<Timestamp> = "Not before.";
        until: Option<Timestamp> = "Before.";
        key: Option<String> = "A key by name, alias or id.";
        object: Option<ObjectId> = "Anything else by id.";
        principal: Option<String> = "By name or id.";
        action: Option<String> = "As in policies: `Decrypt`.";
        verdict: Option<String> = "`done`, or the word of an error.";
        request: Option<String> = "A request id.";
        before: Option<u64> = "Only entries before this index: the next page.";
        limit: Option<u32> = "At most so many, the newest first; 100 without.";
    } => "entries", |input| Ok(Ask::ListEntries(EntryQuery {
        from: input.from,
        until: input.until,
        key: input.key,
        object: input.object,
        principal: input.principal,
        action: input.action,
        verdict: input.verdict,
        request: input.request,
        before: input.before,
        limit: limit(input.limit)?,
    }))
}

operation! {
    ProveEntry {
        index: u64 = "The entry.";
    } => "proof", |input| Ok(Ask::ProveEntry { index: input.index })
}

operation! {
    GetCheckpoint {} => "checkpoint", |_input| Ok(Ask::GetCheckpoint)
}
