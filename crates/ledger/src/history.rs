//! What rows were. A former row is believed by two entries: the one that made it what it was, and the one that replaced it.

use crate::keys::past_row;
use crate::store::{FormerRow, StoredBatch};
use crate::view::{Shared, View, entry_in};
use crate::{RowChange, StoredRow, codec, decode_entry, row_hash};
use domain::{Action, Fault, Key, Object, ObjectId, RowId, Table, Timestamp};
use secret::Secret;
use std::sync::Arc;

const NOT_REPLACED: &str = "the entry that is said to have replaced it did not";
const NOT_MADE: &str = "the entry that is said to have made it did not";

impl View {
    /// A key as it was after the last entry at or before a wall time; none where it was not there then. Entries that are not
    /// kept any more prove nothing: asked for a time of which they would speak, the answer names the one that is missing.
    pub fn key_at(&self, id: ObjectId, at: Timestamp) -> Result<Option<Arc<Key>>, Fault> {
        let index = self.shared.first_after(at)?;
        match self.shared.object_at(RowId::new(Table::Key, id), index)? {
            Some(Object::Key(key)) => Ok(Some(key)),
            _ => Ok(None),
        }
    }

    /// A key as it was before the entry at `index` changed it.
    pub fn key_before(&self, id: ObjectId, index: u64) -> Result<Option<Arc<Key>>, Fault> {
        match self.shared.object_at(RowId::new(Table::Key, id), index)? {
            Some(Object::Key(key)) => Ok(Some(key)),
            _ => Ok(None),
        }
    }

    /// Whether a row that was read has this hash.
    pub fn stands_as(&self, row: RowId, hash: &[u8; 32]) -> bool {
        self.read_as(row).is_some_and(|read| read == *hash)
    }

    /// Whether the store cannot overwrite what it removes where it stood.
    pub fn leaves_remnants(&self) -> bool {
        self.shared.reader.is_shared()
    }
}

impl Shared {
    /// The index of the first entry that has a later wall time; the size of the log where there is none.
    fn first_after(&self, at: Timestamp) -> Result<u64, Fault> {
        let (mut low, mut high) = (0, self.head.load().size);
        while low < high {
            let middle = low + (high - low) / 2;
            let batch = self.reader.batches(middle, 1).map_err(|_| Fault::Unavailable)?.pop();
            match batch {
                Some(batch) if batch.wall <= at => low = end(&batch).max(middle + 1),
                Some(batch) => high = batch.first.clamp(low, middle),
                None => high = middle,
            }
        }
        let Some(batch) = self.reader.batches(low, 1).map_err(|_| Fault::Unavailable)?.pop() else { return Ok(low) };
        let earlier = crate::view::entries_of(&batch.entries)
            .take_while(|entry| decode_entry(entry).is_ok_and(|clear| clear.wall <= at))
            .count();
        Ok(batch.first.saturating_add(u64::try_from(earlier).unwrap_or(0)))
    }

    /// What a row held before the entry at `index`.
    fn object_at(&self, id: RowId, index: u64) -> Result<Option<Object>, Fault> {
        let Some((row, hash)) = self.row_at(id, index)? else { return Ok(None) };
        match self.opened(&row, hash, None) {
            Ok(opened) => Ok(opened.object.clone()),
            Err(unopened) => self.kept_apart(&row, &hash)?.map_or(Err(unopened), |object| Ok(Some(object))),
        }
    }

    /// What a row was whose KEK is gone: it was kept apart, or sealed anew as it was, and then it is what follows it.
    fn kept_apart(&self, row: &StoredRow, hash: &[u8; 32]) -> Result<Option<Object>, Fault> {
        if let Some(Object::Past(past)) = &self.row(past_row(hash), None)?.object {
            let content = Secret::new(past.content.clone());
            return codec::decode(row, &content)
                .map(Some)
                .map_err(|_| self.damaged(row.id, "its content cannot be read"));
        }
        let former = self.reader.former(row.id, row.position.saturating_add(1)).map_err(|_| Fault::Unavailable)?;
        match former.filter(|former| former.row == *row) {
            Some(former) if self.was_resealed(former.until)? => self.object_at(row.id, former.until.saturating_add(1)),
            _ => Ok(None),
        }
    }

    /// Whether an entry replaced rows by themselves, under other KEKs.
    pub(crate) fn was_resealed(&self, index: u64) -> Result<bool, Fault> {
        let Some(batch) = self.checked_batch(index).map_err(|_| Fault::Unavailable)? else { return Ok(false) };
        let clear = entry_in(&batch, index).and_then(|entry| decode_entry(entry).ok());
        let rotated = |deed: &(u16, ObjectId, Option<u32>)| deed.0 == Action::RotateRoot as u16;
        Ok(clear.is_some_and(|clear| clear.deeds.iter().any(rotated)))
    }

    fn row_at(&self, id: RowId, index: u64) -> Result<Option<(StoredRow, [u8; 32])>, Fault> {
        let former = || self.reader.former(id, index).map_err(|_| Fault::Unavailable);
        let (row, hash) = match former()? {
            Some(former) => self.replaced(former)?,
            None => match self.proven(id)? {
                Some((row, hash)) if row.position < index => (row, hash),
                None => return Ok(None),
                // It was made then, or replaced after the history was looked at.
                Some((row, hash)) => match former()? {
                    Some(former) => self.replaced(former)?,
                    None => (row, hash),
                },
            },
        };
        let made = |change: &RowChange| change.row == id && change.after == hash;
        if !self.entry_says(row.position, made)? {
            return Err(self.damaged(id, NOT_MADE));
        }
        match row.position < index {
            true => Ok(Some((row, hash))),
            false if row.revision == 1 => Ok(None),
            // What it was before is not kept.
            false => Err(Fault::EntryNotFound { index, size: self.head.load().size }),
        }
    }

    fn replaced(&self, FormerRow { row, until }: FormerRow) -> Result<(StoredRow, [u8; 32]), Fault> {
        let hash = row_hash(&row);
        let replaced = |change: &RowChange| change.row == row.id && change.before == Some(hash);
        match self.entry_says(until, replaced)? {
            true => Ok((row, hash)),
            false => Err(self.damaged(row.id, NOT_REPLACED)),
        }
    }

    /// Whether an entry lists such a change. One that is not kept says nothing.
    fn entry_says(&self, index: u64, change: impl Fn(&RowChange) -> bool) -> Result<bool, Fault> {
        let gone = Fault::EntryNotFound { index, size: self.head.load().size };
        let batch = self.checked_batch(index).map_err(|_| Fault::Unavailable)?.ok_or(gone)?;
        let clear = entry_in(&batch, index).and_then(|entry| decode_entry(entry).ok());
        Ok(clear.is_some_and(|clear| clear.rows.iter().any(change)))
    }
}

fn end(batch: &StoredBatch) -> u64 {
    batch.first.saturating_add(batch.count.into())
}
