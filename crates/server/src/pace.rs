//! The clockwork of a connection: one coarse timer that costs a request nothing.

use crate::Limits;
use crate::watch::{Phase, Watch};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// How often a busy connection is looked at. Bounds are kept to within it.
const TICK: Duration = Duration::from_millis(50);
/// How often a resting connection is looked at.
const TICK_AT_REST: Duration = Duration::from_secs(1);

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The client takes too long with the head.
    SlowHead,
    /// The client does not read its answer.
    SlowReader,
    /// The request has had its time, whoever took it.
    Late,
    /// The buffers are to be renewed.
    Renew,
    /// The connection rested long enough.
    Close,
}

pub(crate) struct Pace {
    limits: Limits,
    phase: Phase,
    begun: u32,
    since: Instant,
    /// The number of the last request of which no byte is left.
    renewed: u32,
    sleep: Pin<Box<Sleep>>,
    /// Nothing but the end of the idle time is due.
    resting: bool,
    http2: bool,
}

impl Pace {
    /// With HTTP/2, pings and settings come at any time: whatever comes between requests is rest.
    pub(crate) fn new(limits: Limits, http2: bool) -> Self {
        let now = Instant::now();
        let sleep = Box::pin(tokio::time::sleep_until(now + TICK));
        Self { limits, phase: Phase::Fresh, begun: 0, since: now, renewed: 0, sleep, resting: false, http2 }
    }

    /// Ready when something is due; called again and again it says each thing that is.
    pub(crate) fn poll(&mut self, watch: &Watch, cx: &mut Context<'_>) -> Poll<Due> {
        if self.resting && self.phase_of(watch) != Phase::Rest {
            self.resting = false;
            self.sleep.as_mut().reset(Instant::now() + TICK);
        }
        while self.sleep.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let due = self.look(watch, now);
            self.resting = self.phase == Phase::Rest && self.renewed == self.begun;
            let tick = if self.resting { TICK_AT_REST.min(self.limits.idle_time) } else { TICK };
            self.sleep.as_mut().reset(now + tick);
            if let Some(due) = due {
                return Poll::Ready(due);
            }
        }
        Poll::Pending
    }

    fn look(&mut self, watch: &Watch, now: Instant) -> Option<Due> {
        let (phase, begun) = (self.phase_of(watch), watch.begun());
        if (phase, begun) != (self.phase, self.begun) {
            (self.phase, self.begun, self.since) = (phase, begun, now);
        }
        let lasted = now - self.since;
        let over = |limit: Duration, due: Due| (lasted >= limit).then_some(due);
        match phase {
            Phase::Fresh | Phase::Head => over(self.limits.head_time, Due::SlowHead),
            Phase::Body => over(self.limits.body_time, Due::Late),
            Phase::Answer => over(self.limits.answer_time, Due::Late),
            Phase::Blocked => over(self.limits.write_time, Due::SlowReader),
            Phase::Rest => over(self.limits.idle_time, Due::Close).or_else(|| self.renewal(lasted)),
        }
    }

    fn phase_of(&self, watch: &Watch) -> Phase {
        match watch.phase() {
            Phase::Head if self.http2 && watch.begun() > 0 => Phase::Rest,
            phase => phase,
        }
    }

    fn renewal(&mut self, lasted: Duration) -> Option<Due> {
        if self.renewed == self.begun || lasted < self.limits.rest {
            return None;
        }
        self.renewed = self.begun;
        Some(Due::Renew)
    }
}
