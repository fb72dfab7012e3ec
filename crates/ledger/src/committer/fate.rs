//! When the store fails. A batch whose append ended in an error may have been written or not: which of the two is
//! looked up, and until it is known nobody is told either.

use super::{Committer, Judged, REOPEN_MILLIS, Submission};
use crate::Unrecorded;
use crate::state::Unproven;
use crate::store::StoreFault;
use std::sync::atomic::Ordering;

/// How long the fate of a batch is looked for before those who wait are told that it may have happened. Shorter than
/// the patience of clients.
const FATE_MILLIS_MAX: u64 = 15_000;

/// A batch of which nobody knows whether it is durable.
pub(super) struct Unsettled {
    judged: Judged,
    /// When those who wait are told so.
    until: u64,
}

fn now_millis() -> u64 {
    clock::stopwatch_micros() / 1_000
}

#[expect(clippy::vec_box, reason = "submissions are large and move from list to list")]
impl Committer {
    /// Whether a batch can be judged now: the store is whole, its lock ours, and what others appended known.
    pub(super) fn is_ready(&mut self) -> bool {
        if self.broken {
            self.recover();
        }
        for _ in 0..2 {
            if self.broken {
                return false;
            }
            match self.lock() {
                Ok(()) => return true,
                // A connection that idled may be gone, and the next one good.
                Err(fault) => self.stop(&fault),
            }
        }
        false
    }

    /// The store failed. Nothing of ours was under way.
    pub(super) fn stop(&mut self, fault: &StoreFault) {
        tracing::error!(fault = %fault.0, "the store failed; it is opened anew");
        self.broken = true;
        self.publish_head();
        self.reopen();
    }

    /// The store failed with a batch under way.
    pub(super) fn fail(&mut self, judged: Judged, fault: &StoreFault) {
        self.unsettled = Some(Unsettled { judged, until: now_millis().saturating_add(FATE_MILLIS_MAX) });
        self.stop(fault);
    }

    /// Tries the broken store, but not without end.
    pub(super) fn recover(&mut self) {
        if now_millis().saturating_sub(self.reopened) >= REOPEN_MILLIS {
            self.reopen();
        }
        if self.broken && self.unsettled.as_ref().is_some_and(|unsettled| now_millis() >= unsettled.until) {
            self.give_up();
        }
    }

    fn reopen(&mut self) {
        let reopened = self.writer.reopen().and_then(|()| self.stand());
        self.reopened = now_millis();
        match reopened {
            Ok(()) => {
                tracing::info!("the store takes writes again");
                self.broken = false;
                self.publish_head();
            }
            Err(fault) => tracing::error!(fault = %fault.0, "the store cannot be used"),
        }
    }

    /// Of a store that was reopened, once its place in the log is found: the batch under way is there or it never will be.
    /// Then what others appended is read up. Only the server that takes the writes is asked: a reader may be led to a
    /// former primary that came back, and would find there what the new one never had.
    fn stand(&mut self) -> Result<(), StoreFault> {
        self.is_still_ours()?;
        self.find_place()?;
        if let Some(Unsettled { judged, until }) = self.unsettled.take() {
            match self.writer.batches(judged.batch.first, 1) {
                Ok(found) if found.iter().any(|found| judged.batch.is(found)) => self.settle(judged),
                Ok(_) => {
                    self.undo(&judged);
                    self.turn_away(judged.accepted);
                }
                Err(fault) => {
                    self.unsettled = Some(Unsettled { judged, until });
                    return Err(fault);
                }
            }
        }
        if self.shared.reader.is_shared() {
            self.lock()?;
            return self.writer.release();
        }
        self.catch_up()?;
        self.confirm(Vec::new(), Vec::new());
        Ok(())
    }

    /// Those who wait are told that it may have happened. Should the batch turn up, it is read up like another's.
    pub(super) fn give_up(&mut self) {
        let Some(Unsettled { judged, .. }) = self.unsettled.take() else { return };
        self.undo(&judged);
        for submission in judged.accepted {
            let _ = submission.answer.send(Err(Unrecorded::Unknown));
        }
    }

    /// What memory was told of the batch is forgotten.
    fn undo(&self, judged: &Judged) {
        self.shared.rows.forget(judged.rows.iter().map(|row| row.id));
    }

    /// The state tree of the store does not have the rows as they were when they were read.
    pub(super) fn misplaced(&self, submission: Submission, why: &Unproven) {
        self.unrecorded.fetch_add(submission.unrecorded.saturating_add(1), Ordering::Relaxed);
        let row = submission.rows.first().map(|(row, ..)| row.id);
        let answer = match (why, row) {
            (Unproven::Differs(why) | Unproven::Node(_, why), Some(row)) => {
                self.shared.damaged(row, why);
                Unrecorded::Damaged { row, why }
            }
            (Unproven::Store(fault), _) => {
                tracing::error!(fault = %fault.0, "the state tree cannot be read");
                Unrecorded::Unavailable
            }
            _ => Unrecorded::Unavailable,
        };
        let _ = submission.answer.send(Err(answer));
    }

    pub(super) fn turn_away(&self, waiting: Vec<Box<Submission>>) {
        for submission in waiting {
            self.unrecorded.fetch_add(submission.unrecorded.saturating_add(1), Ordering::Relaxed);
            let _ = submission.answer.send(Err(Unrecorded::Unavailable));
        }
    }
}
