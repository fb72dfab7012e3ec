//! Read downwards: who, what, whether, how. What was read on the way is the Basis.

use crate::roll::Roll;
use crate::{House, Path, ids};
use crypto::{Job, Worked};
use dialect::{Echo, Wire};
use domain::{Ask, Fault, Location, Moment, ObjectId, Refusal, RequestId, Settings, Target, Tongue, Unavailable};
use engine::{Here, Plan, Supplies, Told};
use identity::{Caller, Credential, Source, Terms, Unverified};
use ledger::{Basis, Outcome, View};
use policy::Decision;
use std::sync::Arc;
use tokio::runtime::{Handle, RuntimeFlavor};

/// What a request comes to on the state that its view saw.
#[expect(clippy::large_enum_variant, reason = "nearly every request ends in the large one")]
pub(crate) enum Decided {
    Outcome(Outcome, Basis),
    Refused(Refusal),
    Unavailable(Unavailable),
}

/// A request that was read and has no answer yet.
pub(crate) struct Guest<'a> {
    pub(crate) id: RequestId,
    pub(crate) tongue: Tongue,
    pub(crate) wire: &'a Wire,
    pub(crate) credential: &'a Credential,
    pub(crate) place: &'a Location,
    pub(crate) ask: &'a Ask,
    pub(crate) started: u64,
}

/// What is decided on, whoever asks.
pub(crate) struct Matter<'a> {
    pub(crate) id: RequestId,
    pub(crate) tongue: Tongue,
    pub(crate) place: &'a Location,
    pub(crate) ask: &'a Ask,
    pub(crate) operation: &'static str,
    pub(crate) started: u64,
    pub(crate) moment: Moment,
    /// The site's settings as the view read them.
    pub(crate) settings: &'a Arc<Settings>,
    /// Whether all tries are used up, and the caller is to be told of a conflict.
    pub(crate) conflicted: bool,
}

impl Path {
    /// A stranger's request: who they are is found out first.
    pub(crate) fn decide_guest(&self, house: &House, guest: &Guest<'_>, conflicted: bool, echo: &mut Echo) -> Decided {
        let view = house.ledger.view();
        let moment = self.clock.now();
        let Ok(settings) = view.settings() else { return Decided::Unavailable(Unavailable::Store) };
        let caller = match self.caller(guest, &view, moment, &settings) {
            Ok(caller) => caller,
            Err(Unverified::Refused(refusal)) => return Decided::Refused(refusal),
            Err(Unverified::Unavailable(why)) => return Decided::Unavailable(why),
        };
        echo.account = Some(caller.tenant().account.clone());
        let matter = Matter {
            id: guest.id,
            tongue: guest.tongue,
            place: guest.place,
            ask: guest.ask,
            operation: echo.operation,
            started: guest.started,
            moment,
            settings: &settings,
            conflicted,
        };
        self.decide(house, view, &caller, &matter, echo)
    }

    fn caller(&self, guest: &Guest<'_>, view: &View, now: Moment, settings: &Settings) -> Result<Caller, Unverified> {
        let agent = guest.wire.head.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
        let source = Source {
            address: guest.wire.source,
            secure: guest.wire.secure,
            agent: agent.map(|agent| Arc::from(short(agent))),
        };
        let (window_seconds, universe) = (settings.signature_window_seconds, settings.universe.as_deref());
        let terms = Terms { now, window_seconds, universe };
        self.verifier.verify(guest.credential, &Roll(view), source, &terms)
    }

    /// A verified caller's request.
    pub(crate) fn decide(
        &self,
        house: &House,
        view: View,
        caller: &Caller,
        matter: &Matter<'_>,
        echo: &mut Echo,
    ) -> Decided {
        let Some(fresh) = ids::fresh() else { return Decided::Unavailable(Unavailable::Store) };
        let here = Here {
            id: matter.id,
            tongue: matter.tongue,
            place: matter.place.clone(),
            caller,
            fresh,
            now: matter.moment.wall,
            clock: self.clock.reading(matter.moment),
        };
        let request = match engine::resolve(matter.ask, &here, &view) {
            Ok(request) => request,
            Err(fault) => return refused(caller, matter, None, fault, view),
        };
        echo.object = blamed(&request);
        if matter.conflicted {
            let outcome =
                engine::refuse(caller, told(matter), engine::action_of(matter.ask), Some(&request), Fault::Conflict);
            return Decided::Outcome(outcome, Basis::nothing());
        }
        let supplies = Supplies { now: matter.moment, principal: caller.principal().id, purse: &house.purse };
        match self.policy.authorize(caller, &request, matter.settings, matter.moment) {
            Decision::Permit(permit) => match engine::plan(permit, told(matter), supplies, &self.policy) {
                Plan::Ready(outcome) => Decided::Outcome(outcome, view.into_basis()),
                Plan::Work(jobs) => match work(house, &jobs.job) {
                    None => Decided::Unavailable(Unavailable::Overloaded),
                    Some(Err(Fault::Unavailable)) => Decided::Unavailable(Unavailable::Store),
                    Some(worked) => Decided::Outcome(engine::conclude(worked, jobs), view.into_basis()),
                },
            },
            Decision::Denied(denial) => {
                let fault = seen_by(caller, matter.ask, &request, denial.fault());
                refused(caller, matter, Some(&request), fault, view)
            }
            Decision::AwaitingApproval { approval } => {
                refused(caller, matter, Some(&request), Fault::AwaitingApproval { approval }, view)
            }
        }
    }
}

/// What takes long does not hold up the other requests of its thread. None: too much of it waits already.
fn work(house: &House, job: &Job<'_>) -> Option<Result<Worked, Fault>> {
    if !job.takes_long() {
        return Some(house.holder.run(job));
    }
    let _place = house.long.try_acquire().ok()?;
    let apart = Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    Some(if apart { tokio::task::block_in_place(|| house.holder.run(job)) } else { house.holder.run(job) })
}

/// The key that an error names: of several the first at rest, else the first.
fn blamed(request: &domain::Request<'_>) -> Option<ObjectId> {
    let mut keys = request.demands.iter().filter_map(|demand| match &demand.target {
        Target::Key(key) => Some(key),
        _ => None,
    });
    let serves = |key: &domain::Key| {
        key.life.state == domain::KeyState::Active && key.life.destruction == domain::Destruction::None
    };
    let first = keys.next()?;
    let resting = std::iter::once(first).chain(keys).find(|key| !serves(key));
    Some(resting.unwrap_or(first).id)
}

fn refused(
    caller: &Caller,
    matter: &Matter<'_>,
    request: Option<&domain::Request<'_>>,
    fault: Fault,
    view: View,
) -> Decided {
    match fault {
        Fault::Unavailable => Decided::Unavailable(Unavailable::Store),
        fault => {
            let outcome = engine::refuse(caller, told(matter), engine::action_of(matter.ask), request, fault);
            Decided::Outcome(outcome, view.into_basis())
        }
    }
}

/// A key of another tenant that is not for the caller looks as if it were not there.
fn seen_by(caller: &Caller, ask: &Ask, request: &domain::Request<'_>, denied: Fault) -> Fault {
    let foreign = request.demands.iter().any(|demand| match &demand.target {
        Target::Key(key) => key.tenant != caller.tenant().id,
        _ => false,
    });
    match (foreign, ask) {
        (false, _) => denied,
        (true, Ask::Decrypt { key: None, .. } | Ask::ReEncrypt { from: None, .. }) => Fault::CiphertextOfUnknownKey,
        (true, ask) => Fault::KeyNotFound { asked: engine::asked_key(ask).unwrap_or_default() },
    }
}

fn told(matter: &Matter<'_>) -> Told {
    Told {
        id: matter.id,
        tongue: matter.tongue,
        moment: matter.moment,
        operation: matter.operation,
        location: matter.place.clone(),
        micros: clock::stopwatch_micros().saturating_sub(matter.started),
    }
}

/// What of a user agent is kept: enough to tell tools apart.
fn short(agent: &str) -> &str {
    const AGENT_BYTES_MAX: usize = 128;
    agent.get(..AGENT_BYTES_MAX).unwrap_or(agent)
}
