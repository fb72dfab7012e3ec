//! How long a batch waits for others to share what a commit costs. docs/decisions/company.md.

use super::BATCH_ENTRIES_MAX;
use std::time::Duration;
use tokio::runtime::Handle;

/// Where so many callers are around, a batch waits for all of them.
const COMPANY_MIN: usize = 4;
/// How long it waits for them at most. A caller who is alone never does.
const COMPANY_WAIT_MICROS: u64 = 1_000;
/// How long it waits at most while every worker of the runtime is busy: until one is not, nobody would be answered sooner.
const BUSY_WAIT_MICROS: u64 = 10_000;
/// So many share well enough not to wait for more, though all are busy.
const BUSY_COMPANY_ENOUGH: usize = 32;
/// How soon it looks who has come. Each look costs a tenth of a commit, so whoever waits long looks less often; being woken
/// by each who comes would cost more than their company saves.
const LOOK_MICROS: u64 = 100;

pub(super) struct Company {
    /// How many callers were around when the last batch was done: those in it, and those who waited by then.
    around: usize,
    /// Whose workers make what is committed.
    runtime: Option<Handle>,
}

impl Company {
    /// Of whoever works on the runtime that this is called in, if any.
    pub(super) fn here() -> Self {
        Self { around: 0, runtime: Handle::try_current().ok() }
    }

    pub(super) fn was(&mut self, around: usize) {
        self.around = around;
    }

    /// Until all are here who were around lately, or it has waited long enough.
    pub(super) fn wait(&self, here: impl Fn() -> usize) {
        let begun = clock::stopwatch_micros();
        loop {
            let waited = clock::stopwatch_micros().saturating_sub(begun);
            let Some(look) = self.next_look(here(), waited, || self.is_runtime_busy()) else { return };
            std::thread::sleep(Duration::from_micros(look));
        }
    }

    /// After how many microseconds it looks again; none: it waits no more.
    fn next_look(&self, here: usize, waited: u64, busy: impl FnOnce() -> bool) -> Option<u64> {
        let all = self.around.min(BATCH_ENTRIES_MAX);
        if self.around >= COMPANY_MIN && here < all && waited < COMPANY_WAIT_MICROS {
            return Some(LOOK_MICROS);
        }
        let while_busy = self.around > 1 && here < BUSY_COMPANY_ENOUGH && waited < BUSY_WAIT_MICROS;
        (while_busy && busy()).then_some(LOOK_MICROS.max(waited / 2))
    }

    /// Whether each worker has something to do: an odd count is that of one that is parked.
    fn is_runtime_busy(&self) -> bool {
        self.runtime.as_ref().is_some_and(|runtime| {
            let metrics = runtime.metrics();
            (0..metrics.num_workers()).all(|worker| metrics.worker_park_unpark_count(worker).is_multiple_of(2))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_batch_waits_for_company_only_where_there_is_some() {
        let awaited = |around: usize, here: usize, waited: u64, busy: bool| {
            Company { around, runtime: None }.next_look(here, waited, || busy).is_some()
        };
        for busy in [false, true] {
            assert!(!awaited(0, 1, 0, busy), "the first of all");
            assert!(!awaited(1, 1, 0, busy), "who is alone");
            assert!(awaited(4, 3, 999, busy), "one of four is not here yet");
            assert!(!awaited(64, 64, 0, busy), "all are here");
            assert!(!awaited(900, 256, 0, busy), "no more fit");
        }
        assert!(!awaited(3, 1, 0, false) && awaited(3, 1, 0, true), "two are at work");
        assert!(!awaited(64, 20, 1_000, false) && awaited(64, 20, 9_999, true) && !awaited(64, 20, 10_000, true));
        assert!(awaited(3, 31, 0, true) && !awaited(3, 32, 0, true));
    }

    #[test]
    fn a_runtime_is_busy_while_all_of_it_works() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let company = runtime.block_on(async { Company::here() });
        let becomes = |busy: bool| {
            let until = clock::stopwatch_micros() + 5_000_000;
            while company.is_runtime_busy() != busy {
                assert!(clock::stopwatch_micros() < until, "it does not become {busy}");
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        becomes(false);
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let work = std::sync::Arc::new(std::sync::Mutex::new(ended));
        for _ in 0..2 {
            let work = std::sync::Arc::clone(&work);
            runtime.spawn(async move { work.lock().unwrap().recv() });
        }
        becomes(true);
        drop(end);
        becomes(false);
        assert!(!Company { around: 9, runtime: None }.is_runtime_busy());
    }
}
