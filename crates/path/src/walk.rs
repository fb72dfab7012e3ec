//! The walk over all rows, in small steps: what nobody asks for is looked at too.

use crate::Path;
use domain::Fault;
use ledger::RowWalk;
use std::sync::PoisonError;
use std::time::Duration;

/// From the beginning of one walk to that of the next, unless something else is said.
pub const WALK_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// The first walk waits for so long, so that a start is not slowed down.
const FIRST_WAIT: Duration = Duration::from_secs(600);
/// Rows that are looked at in one step.
const STEP_ROWS: u32 = 256;

pub(crate) struct Walk {
    at: RowWalk,
    period: Duration,
    /// When the next one begins, in microseconds of the stopwatch; none before the first step.
    due: Option<u64>,
    ended: u64,
}

impl Default for Walk {
    fn default() -> Self {
        Self { at: RowWalk::Over, period: WALK_PERIOD, due: None, ended: 0 }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Path {
    /// Says how long it is from the beginning of one walk over all rows to that of the next.
    pub fn walk_every(&self, period: Duration) {
        self.walk.lock().unwrap_or_else(PoisonError::into_inner).period = period;
    }

    /// One step of the walk over all rows, by whoever leads; nothing while none is due.
    pub fn walk(&self) -> Result<(), Fault> {
        let Some(house) = self.house.load_full() else { return Ok(()) };
        if !house.ledger.leads() {
            return Ok(());
        }
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::stopwatch_micros();
        if walk.at == RowWalk::Over {
            let first = now.saturating_add(micros(walk.period.min(FIRST_WAIT)));
            if now < *walk.due.get_or_insert(first) {
                return Ok(());
            }
            walk.due = Some(now.saturating_add(micros(walk.period)));
        }
        walk.at = house.ledger.walk(walk.at, STEP_ROWS)?;
        if walk.at == RowWalk::Over {
            walk.ended = walk.ended.saturating_add(1);
            tracing::info!(damages = house.ledger.damages(), "all rows were looked at");
        }
        Ok(())
    }

    /// How many walks over all rows have ended.
    pub(crate) fn walks(&self) -> u64 {
        self.walk.lock().unwrap_or_else(PoisonError::into_inner).ended
    }
}
