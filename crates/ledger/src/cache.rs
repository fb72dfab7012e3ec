//! Rows that were read and verified. A row knows whether it is still what the log says: whoever changes
//! it, or lets it go, says so in the row itself, and whoever stood on it finds out at the commit.

use domain::{Object, ObjectId, RowId};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// How many rows are kept in memory.
pub(crate) const ROWS_CACHED_MAX: u64 = 65_536;

/// How many private keys of asymmetric algorithms, with what their holder made of them, are kept in memory at most.
const PRIVATE_KEYS_CACHED_MAX: u64 = 8_192;

/// A row as it was at one revision; also a row that is not there, at revision zero or after its removal.
pub(crate) struct Row {
    pub(crate) id: RowId,
    pub(crate) revision: u64,
    pub(crate) hash: Option<[u8; 32]>,
    pub(crate) tenant: ObjectId,
    pub(crate) object: Option<Object>,
    current: AtomicBool,
}

impl Row {
    pub(crate) fn new(
        id: RowId,
        revision: u64,
        hash: Option<[u8; 32]>,
        tenant: ObjectId,
        object: Option<Object>,
    ) -> Arc<Self> {
        Arc::new(Self { id, revision, hash, tenant, object, current: AtomicBool::new(true) })
    }

    /// A row that never was.
    pub(crate) fn absent(id: RowId) -> Arc<Self> {
        Self::new(id, 0, None, ObjectId::NIL, None)
    }

    pub(crate) fn is_current(&self) -> bool {
        self.current.load(Ordering::Acquire)
    }

    pub(crate) fn supersede(&self) {
        self.current.store(false, Ordering::Release);
    }
}

#[derive(Clone)]
struct ByCount;

impl Weighter<RowId, Arc<Row>> for ByCount {
    fn weight(&self, _: &RowId, row: &Arc<Row>) -> u64 {
        // A key with many versions counts as more than one row.
        match &row.object {
            Some(Object::Key(key)) => 1 + u64::try_from(key.versions.len() / 16).unwrap_or(0),
            Some(Object::Material(material)) if !material.algorithm.is_symmetric() => {
                ROWS_CACHED_MAX / PRIVATE_KEYS_CACHED_MAX
            }
            _ => 1,
        }
    }
}

/// Rows that are let go are no longer known to be current.
#[derive(Clone)]
struct LetGo;

impl Lifecycle<RowId, Arc<Row>> for LetGo {
    type RequestState = ();

    fn is_pinned(&self, _: &RowId, row: &Arc<Row>) -> bool {
        Arc::strong_count(row) > 1
    }

    fn on_evict(&self, (): &mut (), _: RowId, row: Arc<Row>) {
        row.supersede();
    }
}

pub(crate) struct Rows {
    cache: Cache<RowId, Arc<Row>, ByCount, DefaultHashBuilder, LetGo>,
    /// Counts the commits that changed rows. Whoever reads the store keeps it as it was before.
    published: RwLock<u64>,
}

impl Rows {
    pub(crate) fn new() -> Self {
        let items = usize::try_from(ROWS_CACHED_MAX).unwrap_or(usize::MAX);
        let options =
            OptionsBuilder::new().estimated_items_capacity(items / 16).weight_capacity(ROWS_CACHED_MAX).build();
        let cache = match options {
            Ok(options) => Cache::with_options(options, ByCount, DefaultHashBuilder::default(), LetGo),
            Err(_) => Cache::with(1_024, ROWS_CACHED_MAX, ByCount, DefaultHashBuilder::default(), LetGo),
        };
        Self { cache, published: RwLock::new(0) }
    }

    pub(crate) fn get(&self, id: &RowId) -> Option<Arc<Row>> {
        self.cache.get(id)
    }

    /// The row from memory, or as `read` finds it in the store. What was read, or was not
    /// there to be read, while a change was being published may be old, so it is read again.
    pub(crate) fn get_or_read<E>(
        &self,
        id: RowId,
        mut read: impl FnMut() -> Result<Arc<Row>, E>,
    ) -> Result<Arc<Row>, E> {
        loop {
            if let Some(row) = self.cache.get(&id) {
                return Ok(row);
            }
            let before = *self.published.read().unwrap_or_else(PoisonError::into_inner);
            let row = read();
            let now = self.published.read().unwrap_or_else(PoisonError::into_inner);
            if *now != before {
                continue;
            }
            let row = row?;
            if let Some(first) = self.cache.get(&id) {
                return Ok(first);
            }
            self.cache.insert(id, Arc::clone(&row));
            return Ok(row);
        }
    }

    /// Makes the committed rows the current ones.
    pub(crate) fn publish(&self, rows: Vec<Arc<Row>>) {
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        *published = published.wrapping_add(1);
        for row in rows {
            if let Some(former) = self.cache.peek(&row.id) {
                former.supersede();
            }
            self.cache.insert(row.id, row);
        }
    }

    /// What was marked as changed and was not: it is read again when next wanted.
    pub(crate) fn forget(&self, ids: impl Iterator<Item = RowId>) {
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        *published = published.wrapping_add(1);
        for id in ids {
            if let Some((_, row)) = self.cache.remove(&id) {
                row.supersede();
            }
        }
    }

    pub(crate) fn supersede(&self, id: &RowId) {
        if let Some(row) = self.cache.peek(id) {
            row.supersede();
        }
    }
}
