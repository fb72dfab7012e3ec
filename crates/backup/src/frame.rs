//! What a backup holds: frames of one kind each, one after the other.

use crate::BackupFault;
use domain::{ObjectId, RowId, Table, Timestamp};
use ledger::{FormerRow, StoredBatch, StoredCheckpoint, StoredRow, TOMBSTONE_BYTES, Tombstone};
use secret::Secret;

/// A longer frame is none of ours: batches are of about a mebibyte.
pub(crate) const FRAME_BYTES_MAX: usize = 64 << 20;
/// Kind and length.
pub(crate) const FRAME_HEAD_BYTES: usize = 5;

/// The kinds of frames. The numbers are on disk and never change.
mod kind {
    pub(super) const FACT: u8 = 1;
    pub(super) const ROOT: u8 = 2;
    pub(super) const BATCH: u8 = 3;
    pub(super) const ROW: u8 = 4;
    pub(super) const CHECKPOINT: u8 = 5;
    pub(super) const TOMBSTONE: u8 = 6;
    pub(super) const FILE: u8 = 7;
    pub(super) const FORMER: u8 = 8;
    pub(super) const CARRIED: u8 = 9;
    pub(super) const END: u8 = 255;
}

/// One thing in a backup.
pub enum Item {
    /// What the store says of its site.
    Fact(String, Vec<u8>),
    /// The root key's 32 bytes.
    Root(Secret),
    Batch(StoredBatch),
    Row(StoredRow),
    /// A row that was replaced.
    Former(FormerRow),
    Checkpoint(StoredCheckpoint),
    Tombstone(Tombstone),
    /// A file that the server needs beside its store: its name, and its content.
    File(String, Secret),
    /// A row of a key, its blob opened: in a backup of keys.
    Carried(RowId, Secret),
    End(Counts),
}

/// How many of each there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub facts: u64,
    pub roots: u64,
    pub batches: u64,
    pub rows: u64,
    pub checkpoints: u64,
    pub tombstones: u64,
    pub files: u64,
    pub former: u64,
    /// In a backup of keys only.
    pub carried: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, item: &Item) {
        let count = match item {
            Item::Fact(..) => &mut self.facts,
            Item::Root(_) => &mut self.roots,
            Item::Batch(_) => &mut self.batches,
            Item::Row(_) => &mut self.rows,
            Item::Checkpoint(_) => &mut self.checkpoints,
            Item::Tombstone(_) => &mut self.tombstones,
            Item::File(..) => &mut self.files,
            Item::Former(_) => &mut self.former,
            Item::Carried(..) => &mut self.carried,
            Item::End(_) => return,
        };
        *count = count.saturating_add(1);
    }

    /// The last is there only where it is more than nothing.
    fn all(&self) -> impl Iterator<Item = u64> {
        let Self { facts, roots, batches, rows, checkpoints, tombstones, files, former, carried } = *self;
        let always = [facts, roots, batches, rows, checkpoints, tombstones, files, former];
        always.into_iter().chain((carried > 0).then_some(carried))
    }
}

/// The frame of an item, at the end of `to`.
pub(crate) fn put(item: &Item, to: &mut Vec<u8>) {
    let head = to.len();
    to.extend_from_slice(&[kind_of(item), 0, 0, 0, 0]);
    body(item, to);
    let length = u32::try_from(to.len() - head - FRAME_HEAD_BYTES).unwrap_or(u32::MAX);
    if let Some(place) = to.get_mut(head + 1..head + FRAME_HEAD_BYTES) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

fn kind_of(item: &Item) -> u8 {
    match item {
        Item::Fact(..) => kind::FACT,
        Item::Root(_) => kind::ROOT,
        Item::Batch(_) => kind::BATCH,
        Item::Row(_) => kind::ROW,
        Item::Former(_) => kind::FORMER,
        Item::Checkpoint(_) => kind::CHECKPOINT,
        Item::Tombstone(_) => kind::TOMBSTONE,
        Item::File(..) => kind::FILE,
        Item::Carried(..) => kind::CARRIED,
        Item::End(_) => kind::END,
    }
}

fn body(item: &Item, to: &mut Vec<u8>) {
    match item {
        Item::Fact(name, value) => {
            put_name(name, to);
            to.extend_from_slice(value);
        }
        Item::Root(root) => root.expose(|bytes| to.extend_from_slice(bytes)),
        Item::Batch(batch) => {
            to.extend_from_slice(&batch.first.to_be_bytes());
            to.extend_from_slice(&batch.count.to_be_bytes());
            to.extend_from_slice(&batch.wall.0.to_be_bytes());
            to.extend_from_slice(&batch.state);
            to.extend_from_slice(&batch.mac);
            to.extend_from_slice(&u32::try_from(batch.frontier.len()).unwrap_or(u32::MAX).to_be_bytes());
            to.extend_from_slice(&batch.frontier);
            to.extend_from_slice(&batch.entries);
        }
        Item::Row(row) => put_row(row, to),
        Item::Former(former) => {
            to.extend_from_slice(&former.until.to_be_bytes());
            put_row(&former.row, to);
        }
        Item::Checkpoint(signed) => {
            to.extend_from_slice(&signed.size.to_be_bytes());
            to.extend_from_slice(&signed.wall.0.to_be_bytes());
            to.extend_from_slice(signed.note.as_bytes());
        }
        Item::Tombstone(tombstone) => to.extend_from_slice(&tombstone.to_bytes()),
        Item::File(name, content) => {
            put_name(name, to);
            content.expose(|bytes| to.extend_from_slice(bytes));
        }
        Item::Carried(row, plaintext) => {
            to.push(row.table as u8);
            to.extend_from_slice(&row.id.0);
            plaintext.expose(|bytes| to.extend_from_slice(bytes));
        }
        Item::End(counts) => counts.all().for_each(|count| to.extend_from_slice(&count.to_be_bytes())),
    }
}

fn put_name(name: &str, to: &mut Vec<u8>) {
    to.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(name.as_bytes());
}

/// The first item of the bytes and how long its frame is; none while it is not whole.
pub(crate) fn take(bytes: &[u8]) -> Result<Option<(Option<Item>, usize)>, BackupFault> {
    let Some((head, rest)) = bytes.split_first_chunk::<FRAME_HEAD_BYTES>() else { return Ok(None) };
    let [kind, length @ ..] = *head;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    let wrong = |why: &str| BackupFault::Inconsistent { why: why.to_owned() };
    if length > FRAME_BYTES_MAX {
        return Err(wrong("a frame is longer than any can be"));
    }
    let Some(body) = rest.get(..length) else { return Ok(None) };
    let item = read(kind, body).ok_or_else(|| wrong("a frame cannot be read"))?;
    Ok(Some((item, FRAME_HEAD_BYTES + length)))
}

/// The outer none: it cannot be read. The inner: a kind that a later release of this format knows.
#[expect(clippy::option_option, reason = "unreadable and unknown are told apart")]
fn read(kind: u8, body: &[u8]) -> Option<Option<Item>> {
    let mut at = Cut(body);
    let item = match kind {
        kind::FACT => Item::Fact(at.name()?, at.rest()),
        kind::ROOT => Item::Root(Secret::new(at.rest())),
        kind::BATCH => Item::Batch(at.batch()?),
        kind::ROW => Item::Row(at.row()?),
        kind::FORMER => {
            let until = u64::from_be_bytes(at.fixed()?);
            Item::Former(FormerRow { row: at.row()?, until })
        }
        kind::CHECKPOINT => {
            let (size, wall) = (u64::from_be_bytes(at.fixed()?), Timestamp(i64::from_be_bytes(at.fixed()?)));
            Item::Checkpoint(StoredCheckpoint { size, note: String::from_utf8(at.rest()).ok()?, wall })
        }
        kind::TOMBSTONE => Item::Tombstone(Tombstone::from_bytes(body.try_into().ok()?)?),
        kind::FILE => Item::File(at.name()?, Secret::new(at.rest())),
        kind::CARRIED => Item::Carried(at.row_id()?, Secret::new(at.rest())),
        kind::END => Item::End(at.counts()?),
        _ => return Some(None),
    };
    Some(Some(item))
}

fn put_row(row: &StoredRow, to: &mut Vec<u8>) {
    to.push(row.id.table as u8);
    to.extend_from_slice(&row.id.id.0);
    to.extend_from_slice(&row.revision.to_be_bytes());
    to.extend_from_slice(&row.position.to_be_bytes());
    [row.tenant, row.place, row.owner].iter().for_each(|id| to.extend_from_slice(&id.0));
    to.extend_from_slice(&row.due.to_be_bytes());
    to.extend_from_slice(&row.blob);
}

const _: () = assert!(TOMBSTONE_BYTES == 40, "docs/formats/backup.md says so");

struct Cut<'a>(&'a [u8]);

impl Cut<'_> {
    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field.to_vec())
    }

    fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0).to_vec()
    }

    fn name(&mut self) -> Option<String> {
        let length = u16::from_be_bytes(self.fixed()?);
        String::from_utf8(self.take(length.into())?).ok()
    }

    fn batch(&mut self) -> Option<StoredBatch> {
        let (first, count) = (u64::from_be_bytes(self.fixed()?), u32::from_be_bytes(self.fixed()?));
        let (wall, state, mac) = (Timestamp(i64::from_be_bytes(self.fixed()?)), self.fixed()?, self.fixed()?);
        let length = usize::try_from(u32::from_be_bytes(self.fixed()?)).ok()?;
        let frontier = self.take(length)?;
        Some(StoredBatch { first, count, entries: self.rest(), frontier, state, mac, wall })
    }

    fn row_id(&mut self) -> Option<RowId> {
        let [table] = self.fixed::<1>()?;
        Some(RowId::new(Table::from_number(table)?, ObjectId(self.fixed()?)))
    }

    fn row(&mut self) -> Option<StoredRow> {
        let id = self.row_id()?;
        let (revision, position) = (u64::from_be_bytes(self.fixed()?), u64::from_be_bytes(self.fixed()?));
        let (tenant, place, owner) = (ObjectId(self.fixed()?), ObjectId(self.fixed()?), ObjectId(self.fixed()?));
        let due = i64::from_be_bytes(self.fixed()?);
        Some(StoredRow { id, revision, position, tenant, place, owner, due, blob: self.rest() })
    }

    fn counts(&mut self) -> Option<Counts> {
        let mut next = || Some(u64::from_be_bytes(self.fixed()?));
        Some(Counts {
            facts: next()?,
            roots: next()?,
            batches: next()?,
            rows: next()?,
            checkpoints: next()?,
            tombstones: next()?,
            files: next()?,
            former: next()?,
            carried: next().unwrap_or(0),
        })
    }
}
