//! From the wire to the answer. Whoever lost the ground under their feet goes round again.

use crate::decide::{Decided, Guest};
use crate::{House, Path, TRIES_MAX, ids};
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{Ask, Fault, Refusal, RequestId, Unavailable};
use ledger::{Outcome, Receipt, Sealed, Unrecorded};
use std::future::Future;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// An answer, and what the metrics call it.
pub struct Answered {
    pub response: http::Response<Vec<u8>>,
    /// The operation in the dialect's own spelling, from a closed list.
    pub operation: &'static str,
    /// `ok`, or the word of the fault, refusal or unavailability.
    pub outcome: &'static str,
    pub refused: Option<Refusal>,
}

impl Path {
    /// Answers one request.
    pub async fn answer(&self, dialect: &dyn Dialect, wire: &Wire) -> Answered {
        let started = clock::stopwatch_micros();
        let id = wire.id;
        if self.draining.load(Ordering::Relaxed) {
            return unavailable(dialect, id, None, Unavailable::Draining);
        }
        let mut heard = match dialect.read(wire, self.clock.now()) {
            Ok(heard) => heard,
            Err(refusal) => return self.refused(dialect, id, wire.source, None, refusal),
        };
        let house = self.house.load_full();
        let Some(house) = house else {
            return self.unavailable_now(dialect, &heard.echo, self.closed());
        };
        self.rounds(dialect, &house, wire, &mut heard, started).await
    }

    async fn rounds(
        &self,
        dialect: &dyn Dialect,
        house: &House,
        wire: &Wire,
        heard: &mut Heard,
        started: u64,
    ) -> Answered {
        let Heard { credential, place, ask, echo } = heard;
        let guest = Guest { id: wire.id, tongue: dialect.tongue(), wire, credential, place, ask, started };
        for round in 0..=TRIES_MAX {
            let (reply, committed) = match self.round(dialect, house, &guest, round == TRIES_MAX, echo) {
                ControlFlow::Continue(committing) => committing,
                ControlFlow::Break(answered) => return answered,
            };
            match committed.await {
                Ok(receipt) => {
                    if matches!(ask, Ask::AcceptClock { .. }) {
                        self.follow_agreement(house);
                    }
                    return self.recorded(dialect, echo, reply.unseal(receipt));
                }
                Err(Unrecorded::Unavailable) => return self.unavailable_now(dialect, echo, Unavailable::Store),
                Err(Unrecorded::Damaged { row, why }) => {
                    return self.unavailable_now(dialect, echo, Unavailable::Damaged { row, why });
                }
                Err(Unrecorded::Unknown) => return self.unavailable_now(dialect, echo, Unavailable::Late),
                Err(Unrecorded::Stale) => {}
            }
        }
        self.unavailable_now(dialect, echo, Unavailable::Overloaded)
    }

    /// One try, up to where its entry is on its way: a reply, and what has to be awaited before it can be read. Whoever is
    /// refused before is answered at once.
    fn round<'h>(
        &self,
        dialect: &dyn Dialect,
        house: &'h House,
        guest: &Guest<'_>,
        conflicted: bool,
        echo: &mut Echo,
    ) -> ControlFlow<Answered, (Sealed, impl Future<Output = Result<Receipt, Unrecorded>> + use<'h>)> {
        let (mut outcome, basis) = match self.decide_guest(house, guest, conflicted, echo) {
            Decided::Outcome(outcome, basis) => (outcome, basis),
            Decided::Refused(refusal) => {
                return ControlFlow::Break(self.refused(dialect, guest.id, guest.wire.source, Some(echo), refusal));
            }
            Decided::Unavailable(why) => return ControlFlow::Break(self.unavailable_now(dialect, echo, why)),
        };
        outcome.tell_status(dialect.status(echo, outcome.ending()));
        let Outcome { record, reply, till } = outcome;
        ControlFlow::Continue((reply, house.commit(record, till, basis)))
    }

    fn recorded(&self, dialect: &dyn Dialect, echo: &Echo, answer: Result<domain::Reply, Fault>) -> Answered {
        let outcome = answer.as_ref().map_or_else(Fault::word, |_| "ok");
        if let Err(fault @ Fault::Damaged { .. }) = &answer {
            tracing::error!(%fault, "a request was refused");
            self.damaged.fetch_add(1, Ordering::Relaxed);
        }
        let answer = match answer {
            Err(Fault::Conflict) => {
                self.conflicts.fetch_add(1, Ordering::Relaxed);
                Answer::Conflict
            }
            other => Answer::Recorded(other),
        };
        let response = dialect.write(echo.id, Some(echo), answer);
        Answered { response, operation: echo.operation, outcome, refused: None }
    }

    fn refused(
        &self,
        dialect: &dyn Dialect,
        id: RequestId,
        source: IpAddr,
        echo: Option<&Echo>,
        refusal: Refusal,
    ) -> Answered {
        self.count(source, refusal);
        let response = dialect.write(id, echo, Answer::Refused(refusal));
        let operation = echo.map_or("", |echo| echo.operation);
        Answered { response, operation, outcome: refusal.word(), refused: Some(refusal) }
    }

    fn unavailable_now(&self, dialect: &dyn Dialect, echo: &Echo, why: Unavailable) -> Answered {
        self.unavailable.fetch_add(1, Ordering::Relaxed);
        if let Unavailable::Damaged { .. } = why {
            self.damaged.fetch_add(1, Ordering::Relaxed);
        }
        unavailable(dialect, echo.id, Some(echo), why)
    }

    /// Counts and words a refusal by the listener itself.
    pub fn refuse(
        &self,
        dialect: &dyn Dialect,
        id: RequestId,
        source: IpAddr,
        refusal: Refusal,
    ) -> http::Response<Vec<u8>> {
        self.refused(dialect, id, source, None, refusal).response
    }

    /// Words an unavailability that the listener found. Nothing is recorded.
    pub fn word_unavailable(&self, dialect: &dyn Dialect, id: RequestId, why: Unavailable) -> http::Response<Vec<u8>> {
        self.unavailable.fetch_add(1, Ordering::Relaxed);
        unavailable(dialect, id, None, why).response
    }

    /// Counts a refusal that somebody else words.
    pub fn count(&self, source: IpAddr, refusal: Refusal) {
        self.refusals.count(source, refusal, self.clock.now().wall);
    }

    /// A name for a request about to be read: 128 random bits.
    pub fn fresh_id(&self) -> RequestId {
        ids::request()
    }
}

fn unavailable(dialect: &dyn Dialect, id: RequestId, echo: Option<&Echo>, why: Unavailable) -> Answered {
    let response = dialect.write(id, echo, Answer::Unavailable(why));
    Answered { response, operation: echo.map_or("", |echo| echo.operation), outcome: why.word(), refused: None }
}
