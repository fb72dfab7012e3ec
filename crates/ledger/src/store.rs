//! What a store must do. `store-sqlite` is the embedded one; the same tests run on each.

use crate::{Named, StoredRow};
use domain::{ObjectId, RowId, Table, Timestamp};

/// The store could not do it. It is never asked again without having been reopened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFault(pub String);

/// Entries that became durable together, with the rows that they changed.
pub struct Batch {
    /// The index of the first entry.
    pub first: u64,
    pub count: u32,
    /// The entries, each behind its length in 4 bytes, big-endian.
    pub entries: Vec<u8>,
    /// The right edge of the tree after the last entry: [`crate::Frontier::to_bytes`].
    pub frontier: Vec<u8>,
    /// The root of the state tree after the last entry.
    pub state: [u8; 32],
    /// HMAC-SHA-256 of all of the above under a key of the site.
    pub mac: [u8; 32],
    /// Rows as they are after the batch; each replaces the one of the same id. No id stands twice. The row that is
    /// replaced goes into the history if [`crate::keeps_history`] says so of its table: as it stands in the store, with
    /// the new row's position as its `until`.
    pub rows: Vec<StoredRow>,
    /// Nodes of the state tree that are new or replace the one of the same id. None is ever removed.
    pub nodes: Vec<StoredNode>,
    /// The wall time of the newest entry.
    pub wall: Timestamp,
    pub checkpoint: Option<StoredCheckpoint>,
}

impl Batch {
    /// Whether it was read back.
    pub(crate) fn is(&self, stored: &StoredBatch) -> bool {
        (self.first, self.count, self.mac) == (stored.first, stored.count, stored.mac)
            && self.entries == stored.entries
            && self.frontier == stored.frontier
    }
}

/// A batch as it is read back; without its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    pub first: u64,
    pub count: u32,
    pub entries: Vec<u8>,
    pub frontier: Vec<u8>,
    pub state: [u8; 32],
    pub mac: [u8; 32],
    pub wall: Timestamp,
}

/// Where a node of the state tree is: the root is 1, the children of n are 16 n to 16 n + 15. No id is beyond 2^61.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

impl NodeId {
    pub const ROOT: Self = Self(1);

    pub(crate) fn child(self, nibble: u8) -> Self {
        Self((self.0 << 4) | u64::from(nibble & 15))
    }

    pub(crate) fn parent(self) -> Option<Self> {
        (self.0 > 15).then_some(Self(self.0 >> 4))
    }

    /// How many nibbles lead to it.
    pub(crate) fn depth(self) -> u32 {
        self.0.checked_ilog2().unwrap_or(0) / 4
    }

    /// Which child of its parent it is.
    pub(crate) fn nibble(self) -> usize {
        usize::try_from(self.0 & 15).unwrap_or(0)
    }
}

/// A node of the state tree: what its bytes mean is the ledger's affair (docs/formats/state.md). At most 1,600 bytes, but
/// for leaves that cannot be split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNode {
    pub id: NodeId,
    pub bytes: Vec<u8>,
}

/// A row that was replaced, and the index of the entry that did so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerRow {
    pub row: StoredRow,
    pub until: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    pub size: u64,
    /// The signed note (C2SP tlog-checkpoint), whole.
    pub note: String,
    pub wall: Timestamp,
}

/// Which rows of a table a listing means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of a tenant.
    Tenant(ObjectId),
    /// Those of a tenant in one place; the place is a keyed hash.
    Place(ObjectId, ObjectId),
    /// Those that belong to one object.
    Owner(ObjectId),
    All,
}

/// The parts of an opened store.
pub struct Store {
    pub writer: Box<dyn Writer>,
    pub reader: std::sync::Arc<dyn Reader>,
    pub projection_writer: Box<dyn ProjectionWriter>,
    pub projection_reader: std::sync::Arc<dyn ProjectionReader>,
    /// What it is and where, for people.
    pub name: String,
}

/// The log, while nobody else can append to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    pub size: u64,
    /// What others appended to the log that this process knew, in order; where that is much, its beginning.
    pub news: Vec<StoredBatch>,
}

/// Who is told that something long has ended. Dropped: it never will.
pub type Done = Box<dyn FnOnce(Result<(), StoreFault>) + Send>;

/// The one writer of a process. It lives on one thread. After an error of [`Writer::lock`], [`Writer::release`],
/// [`Writer::append`], [`Writer::batches`], [`Writer::confirm`] or [`Writer::sign`] nothing but [`Writer::reopen`] is
/// called.
pub trait Writer: Send {
    /// Nobody else appends from here to the next [`Writer::append`] or [`Writer::release`]. `size` is how much of the
    /// log this process knows. A store of one process has no others, and nothing to do.
    fn lock(&mut self, size: u64) -> Result<Locked, StoreFault> {
        Ok(Locked { size, news: Vec::new() })
    }

    /// Others may append again.
    fn release(&mut self) -> Result<(), StoreFault> {
        Ok(())
    }

    /// All of the batch durably, or an error.
    fn append(&mut self, batch: &Batch) -> Result<(), StoreFault>;

    /// Batches in order, from the one that holds `index` on, as whoever takes the writes has them: where a store is
    /// several servers, [`Reader::batches`] may ask another.
    fn batches(&mut self, index: u64, limit: u32) -> Result<Vec<StoredBatch>, StoreFault>;

    /// When it returns, all that this writer read before is as durable as what it appended. A store of one process has
    /// nothing to do for that.
    fn confirm(&mut self) -> Result<(), StoreFault> {
        Ok(())
    }

    /// One more signed checkpoint, durably.
    fn sign(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StoreFault>;

    /// Opens anew, writes anew and syncs what it holds (never only fsync again). When it returns, what can be read is
    /// durable, and nothing that was under way will still happen.
    fn reopen(&mut self) -> Result<(), StoreFault>;

    /// Overwrites what deleted and replaced rows left in the store's own files.
    fn scrub(&mut self, done: Done);

    /// Looks at a bounded number of batches that begin at `from` or later and end before `before`, all within what `named`
    /// is about, and drops those that no row names, never the last of the log; and former rows that were replaced there.
    /// Where to go on; none when all were looked at.
    fn prune(&mut self, from: u64, before: u64, named: &Named) -> Result<Option<u64>, StoreFault>;

    /// Puts a part of another store into this one, which nobody has founded yet: batches and checkpoints in order, rows
    /// as they are. [`Writer::found`] comes last, so that a half-loaded store is no site.
    fn load(&mut self, part: &Part) -> Result<(), StoreFault> {
        let _ = part;
        Err(StoreFault("this store cannot be loaded from another".to_owned()))
    }

    /// Sets a fact that never changes afterwards: site id, origin, format. Only at founding.
    fn found(&mut self, facts: &[(String, Vec<u8>)]) -> Result<(), StoreFault>;
}

/// A piece of another store, small enough to be held in memory.
#[derive(Default)]
pub struct Part {
    pub batches: Vec<StoredBatch>,
    pub rows: Vec<StoredRow>,
    pub checkpoints: Vec<StoredCheckpoint>,
    /// Nodes of the state tree over these rows and those before: [`crate::grow_part`] makes them.
    pub nodes: Vec<StoredNode>,
    pub former: Vec<FormerRow>,
}

/// What the loss of a machine costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// The store lives in this process: it is as available as its machine, and never claims more.
    OneMachine,
    /// What is acknowledged stands on another machine too, which can go on.
    High,
    /// Not so, and why.
    NotHigh(String),
}

impl std::fmt::Display for Availability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OneMachine => write!(f, "as available as this machine"),
            Self::High => write!(f, "highly available"),
            Self::NotHigh(why) => write!(f, "not highly available: {why}"),
        }
    }
}

/// Reads what is committed. All methods may be called by many threads at once.
pub trait Reader: Send + Sync {
    fn fact(&self, name: &str) -> Result<Option<Vec<u8>>, StoreFault>;
    fn row(&self, row: RowId) -> Result<Option<StoredRow>, StoreFault>;
    /// A row and nodes of the state tree as they are at one moment: no commit is seen by halves. Nodes that are not there
    /// are left out; their order is of no account.
    fn row_and_nodes(&self, row: RowId, nodes: &[NodeId]) -> Result<(Option<StoredRow>, Vec<StoredNode>), StoreFault>;
    /// Those of these rows that are there, be it only to say that they are nothing any more; their order is of no account.
    fn which_rows(&self, rows: &[RowId]) -> Result<Vec<RowId>, StoreFault>;
    /// Nodes of the state tree as they are at one moment; those that are not there are left out.
    fn nodes(&self, nodes: &[NodeId]) -> Result<Vec<StoredNode>, StoreFault>;
    /// Of the rows that stood under this id before, the one that the first entry at or after `at` replaced.
    fn former(&self, row: RowId, at: u64) -> Result<Option<FormerRow>, StoreFault>;
    /// All former rows in order of table, id and `until`; after one of them.
    fn all_former(&self, after: Option<(RowId, u64)>, limit: u32) -> Result<Vec<FormerRow>, StoreFault>;
    /// In the order of their ids, at most `limit` after `after`; rows without a blob are left out.
    fn rows(
        &self,
        table: Table,
        scope: Scope,
        after: Option<ObjectId>,
        limit: u32,
    ) -> Result<Vec<StoredRow>, StoreFault>;
    /// Rows whose `due` has come, earliest first.
    fn due(&self, table: Table, until: Timestamp, limit: u32) -> Result<Vec<RowId>, StoreFault>;
    /// Which entries from `from` on, below `below`, rows name. It looks at all rows.
    fn named(&self, from: u64, below: u64) -> Result<Named, StoreFault>;
    fn last_batch(&self) -> Result<Option<StoredBatch>, StoreFault>;
    /// The batch that holds the entry.
    fn batch_with(&self, index: u64) -> Result<Option<StoredBatch>, StoreFault>;
    /// Batches in order, from the one that holds `index` on.
    fn batches(&self, index: u64, limit: u32) -> Result<Vec<StoredBatch>, StoreFault>;
    /// The index of the oldest entry that is still kept.
    fn oldest(&self) -> Result<u64, StoreFault>;
    fn newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreFault>;
    /// All checkpoints in order of size.
    fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<StoredCheckpoint>, StoreFault>;
    /// Raw rows in table order for verification: everything, tombstones too.
    fn all_rows(&self, after: Option<RowId>, limit: u32) -> Result<Vec<StoredRow>, StoreFault>;

    /// Whether other processes append to the same log.
    fn is_shared(&self) -> bool {
        false
    }

    /// As it was lately.
    fn availability(&self) -> Availability {
        Availability::OneMachine
    }
}

/// A full tile of hashes (C2SP tlog-tiles: height 8), or the newest part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    pub level: u8,
    pub index: u64,
    /// 32 bytes a hash, at most 256 hashes.
    pub hashes: Vec<u8>,
}

/// A summary of consecutive entries, so that a query opens only those it may want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub first: u64,
    pub count: u32,
    /// Documented with the code that makes it; rebuilt at will.
    pub summary: Vec<u8>,
}

/// Where projections are kept. It may lose everything: projections are rebuilt from the log.
pub trait ProjectionWriter: Send {
    /// Whether this process is the one of all that projects now. Nothing is projected where it is not.
    fn lead(&mut self) -> Result<bool, StoreFault> {
        Ok(true)
    }

    /// All of it, or nothing. Tiles and segments replace those of the same place.
    fn project(&mut self, tiles: &[Tile], segments: &[Segment], cursors: &[(&str, u64)]) -> Result<(), StoreFault>;
    fn forget_all(&mut self) -> Result<(), StoreFault>;
}

pub trait ProjectionReader: Send + Sync {
    fn tile(&self, level: u8, index: u64) -> Result<Option<Tile>, StoreFault>;
    /// Segments with `first < before`, newest first.
    fn segments_before(&self, before: u64, limit: u32) -> Result<Vec<Segment>, StoreFault>;
    fn cursor(&self, projection: &str) -> Result<u64, StoreFault>;
}

/// Nothing is projected: for who reads no more than rows.
pub struct Unprojected;

impl ProjectionReader for Unprojected {
    fn tile(&self, _: u8, _: u64) -> Result<Option<Tile>, StoreFault> {
        Ok(None)
    }

    fn segments_before(&self, _: u64, _: u32) -> Result<Vec<Segment>, StoreFault> {
        Ok(Vec::new())
    }

    fn cursor(&self, _: &str) -> Result<u64, StoreFault> {
        Ok(0)
    }
}
