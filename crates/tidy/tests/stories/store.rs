//! The embedded store with a switch that breaks it.

use ledger::{Batch, Store, StoreFault, StoredCheckpoint, Writer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A writer that fails while the switch is on.
struct Breakable {
    writer: Box<dyn Writer>,
    broken: Arc<AtomicBool>,
}

impl Breakable {
    fn whole(&mut self) -> Result<&mut dyn Writer, StoreFault> {
        if self.broken.load(Ordering::SeqCst) { Err(StoreFault("broken".into())) } else { Ok(&mut *self.writer) }
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
        self.whole()?.prune(from, before)
    }

    fn found(&mut self, facts: &[(String, Vec<u8>)]) -> Result<(), StoreFault> {
        self.whole()?.found(facts)
    }
}

pub(crate) fn breakable(store: Store, broken: &Arc<AtomicBool>) -> Store {
    let writer = Breakable { writer: store.writer, broken: Arc::clone(broken) };
    Store { writer: Box::new(writer), ..store }
}
