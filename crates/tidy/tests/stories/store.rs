//! The embedded store with switches that break it.

use ledger::{Batch, Store, StoreFault, StoredCheckpoint, Writer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What of a store is broken.
#[derive(Default)]
pub(crate) struct Switches {
    pub(crate) all: AtomicBool,
    pub(crate) pruning: AtomicBool,
}

/// A writer that fails while a switch is on.
struct Breakable {
    writer: Box<dyn Writer>,
    broken: Arc<Switches>,
}

impl Breakable {
    fn whole(&mut self) -> Result<&mut dyn Writer, StoreFault> {
        if self.broken.all.load(Ordering::SeqCst) { Err(StoreFault("broken".into())) } else { Ok(&mut *self.writer) }
    }
}

impl Writer for Breakable {
    fn append(&mut self, batch: &Batch) -> Result<(), StoreFault> {
        self.whole()?.append(batch)
    }

    fn sign(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StoreFault> {
        self.whole()?.sign(checkpoint)
    }

    fn reopen(&mut self) -> Result<(), StoreFault> {
        self.whole()?.reopen()
    }

    fn scrub(&mut self) -> Result<(), StoreFault> {
        self.whole()?.scrub()
    }

    fn prune(&mut self, from: u64, before: u64) -> Result<Option<u64>, StoreFault> {
        if self.broken.pruning.load(Ordering::SeqCst) {
            return Err(StoreFault("broken".into()));
        }
        self.whole()?.prune(from, before)
    }

    fn found(&mut self, facts: &[(String, Vec<u8>)]) -> Result<(), StoreFault> {
        self.whole()?.found(facts)
    }
}

pub(crate) fn breakable(store: Store, broken: &Arc<Switches>) -> Store {
    let writer = Breakable { writer: store.writer, broken: Arc::clone(broken) };
    Store { writer: Box::new(writer), ..store }
}
