//! One failure stops the store: nothing is written until it was reopened.

use ledger::StoreFault;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared by the writer and the thread that checkpoints: what fails in one stops both.
#[derive(Default)]
pub(crate) struct Health {
    poisoned: AtomicBool,
    reason: Mutex<String>,
}

impl Health {
    pub(crate) fn check(&self) -> Result<(), StoreFault> {
        if !self.poisoned.load(Ordering::Acquire) {
            return Ok(());
        }
        let reason = self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Err(StoreFault(format!("stopped until it is reopened: {reason}")))
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// The first reason stays.
    pub(crate) fn poison(&self, fault: &StoreFault) {
        let mut reason = self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !self.poisoned.load(Ordering::Acquire) {
            reason.clone_from(&fault.0);
            self.poisoned.store(true, Ordering::Release);
        }
    }
}
