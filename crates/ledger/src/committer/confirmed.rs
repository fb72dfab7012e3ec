//! What of a log with several writers will stay. Another's commit can be read before the standbys have it, and where its
//! wait for them was cut short it may be lost with the primary. A commit of ours that is confirmed makes durable what was
//! read before it. Only that is anchored, and there memory goes back to where the rest is lost. docs/decisions/confirmed.md.

use super::{Committer, Delivery};
use crate::Frontier;
use crate::anchor::{Changed, Due, Tombstone};
use crate::store::StoreFault;
use clock::{Steady, Timestamp};
use std::sync::Arc;

/// The log as it was when a commit of this process was confirmed last.
pub(super) struct Confirmed {
    frontier: Frontier,
    /// The root of the state tree.
    state: [u8; 32],
    steady: Steady,
    /// What others changed that was read since.
    pub(super) since: Vec<Changed>,
}

impl Confirmed {
    pub(super) fn at(frontier: &Frontier, state: [u8; 32], steady: Steady) -> Self {
        Self { frontier: frontier.clone(), state, steady, since: Vec::new() }
    }
}

impl Committer {
    /// All that is known of the log will stay, and is anchored: with it these changes of ours and what others changed.
    pub(super) fn confirm(&mut self, answers: Vec<Delivery>, tombstones: Vec<Tombstone>) {
        let confirmed = Confirmed::at(&self.frontier, self.state, self.steady);
        let news = std::mem::replace(&mut self.confirmed, confirmed).since;
        let head = self.shared.head.load_full();
        self.anchor(Due { head: Arc::clone(&head), answers, tombstones, news });
        // After what comes with it, so that no head is anchored without.
        self.shared.confirmed.store(head);
    }

    /// Of others' entries that nothing of ours has followed.
    pub(super) fn confirm_read(&mut self) {
        if self.broken || self.frontier.size() == self.confirmed.frontier.size() {
            return;
        }
        match self.writer.confirm() {
            Ok(()) => self.confirm(Vec::new(), Vec::new()),
            Err(fault) => self.stop(&fault),
        }
    }

    /// Of a store that was reopened: it must hold what was acknowledged. What was only read may be gone with the server
    /// that it was read from; what it still holds is durable.
    pub(super) fn find_place(&mut self) -> Result<(), StoreFault> {
        let (read, kept) = (self.frontier.clone(), self.confirmed.frontier.clone());
        if !self.holds(&read, self.state)? {
            if read == kept || !self.holds(&kept, self.confirmed.state)? {
                let size = kept.size();
                return Err(StoreFault(format!(
                    "it does not hold the {size} entries that were acknowledged; restore it"
                )));
            }
            self.go_back();
        }
        self.confirm(Vec::new(), Vec::new());
        Ok(())
    }

    /// Whether the log had this tree once.
    fn holds(&mut self, frontier: &Frontier, state: [u8; 32]) -> Result<bool, StoreFault> {
        let Some(newest) = frontier.size().checked_sub(1) else { return Ok(true) };
        let found = self.writer.batches(newest, 1)?;
        Ok(found.first().is_some_and(|batch| batch.ends_at(&self.shared.keys.batch_mac, frontier, &state)))
    }

    /// What was read and is lost is forgotten. Nobody was answered on it, since an answer is a commit that confirms it.
    fn go_back(&mut self) {
        let Confirmed { frontier, state, steady, .. } = &self.confirmed;
        let (read, kept) = (self.frontier.size(), frontier.size());
        tracing::warn!(read, kept, "what another node appended was lost before it was confirmed; it is forgotten");
        (self.frontier, self.state, self.steady) = (frontier.clone(), *state, *steady);
        if self.signed.0 > kept {
            self.signed = (0, Timestamp::MIN);
        }
        self.publish_head();
        let lost = std::mem::take(&mut self.confirmed.since);
        self.forget(&lost);
    }

    /// Rows that are not as memory has them.
    pub(super) fn forget(&self, changed: &[Changed]) {
        // Whoever reads a row after it was forgotten must not find the KEK that it is no longer under.
        changed.iter().for_each(|(row, ..)| self.shared.keys.forget(row));
        self.shared.rows.forget(changed.iter().map(|(row, ..)| *row));
    }
}
