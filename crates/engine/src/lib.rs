//! What the house does. It decides from a read-only view; the ledger writes.
//!
//! One operation is one file: what it finds, and what it does, read downwards.

mod aliases;
mod authority;
mod bindings;
mod carry;
mod decrypt;
mod documents;
mod encrypt;
mod find;
mod founding;
mod house;
mod import;
mod keys;
mod log;
mod mac;
mod people;
mod private;
mod purse;
mod raw;
mod re_encrypt;
mod record;
mod recover;
mod retire;
mod rings;
mod rotate;
mod sign;
mod table;
mod tenants;
mod times;
mod tokens;
mod working;

pub use carry::{Carried, Named, Returned, Returning, carried, keys_to_carry, returned};
pub use find::Here;
pub use founding::{Colony, Founded, Founders, NameIds, Newcomer, SITE_ACCOUNT, founding_record};
pub use house::due;
pub use purse::Purse;
pub use record::{Told, refusals, refuse};
pub use recover::{Given, MARK, living_keys, opened_versions, recovered};
pub use rotate::rotated_root;

use crypto::{Job, Worked};
use domain::{Ask, Fault, Moment, ObjectId, Request};
use identity::Caller;
use ledger::{Effects, Outcome, View};
use policy::{Deciding, Permit, Policy};

/// What is not state and not in the request: time, who asks, and fresh ids.
#[derive(Clone, Copy)]
pub struct Supplies<'a> {
    pub now: Moment,
    pub principal: ObjectId,
    pub purse: &'a Purse,
}

/// Names, aliases and ciphertext headers become objects. All that is read is read here.
pub fn resolve<'a>(ask: &'a Ask, here: &Here<'_>, view: &View) -> Result<Request<'a>, Fault> {
    let (found, demands) = table::found(ask, here, view)?;
    let rings = bindings::rings(&found, &demands, view)?;
    Ok(Request { id: here.id, tongue: here.tongue, place: here.place.clone(), ask, found, demands, rings })
}

/// What an ask is called where nothing was resolved yet.
pub fn action_of(ask: &Ask) -> domain::Action {
    table::action_of(ask)
}

/// What the caller called the key that an ask is about.
pub fn asked_key(ask: &Ask) -> Option<String> {
    table::asked_key(ask).map(find::asked)
}

/// Pure work is an outcome at once; work on a key goes to its holder first.
#[must_use]
pub enum Plan<'r> {
    Ready(Outcome),
    Work(Jobs<'r>),
}

#[must_use]
pub struct Jobs<'r> {
    caller: Caller,
    request: &'r Request<'r>,
    deciding: Deciding,
    told: Told,
    supplies: Supplies<'r>,
    then: Then,
    pub job: Job<'r>,
}

/// What an operation makes of a holder's work.
pub(crate) type Then = fn(&Request<'_>, Worked, &Supplies<'_>) -> Result<Effects, Fault>;

/// What an operation comes to without the holder, or what it wants of it.
pub(crate) enum Step<'r> {
    Ready(Effects),
    Work(Job<'r>, Then),
}

/// What the request comes to. `told` is what the log is told beside it; `policy` answers who asks what it would say.
pub fn plan<'r>(permit: Permit<'r>, told: Told, supplies: Supplies<'r>, policy: &Policy) -> Plan<'r> {
    let (caller, request, deciding) = permit.spend();
    match table::step(request, &supplies, policy) {
        Ok(Step::Work(job, then)) => Plan::Work(Jobs { caller, request, deciding, told, supplies, then, job }),
        Ok(Step::Ready(effects)) => Plan::Ready(record::outcome(&caller, request, &deciding, told, Ok(effects))),
        Err(fault) => Plan::Ready(record::outcome(&caller, request, &deciding, told, Err(fault))),
    }
}

/// What the holder's work comes to.
pub fn conclude(worked: Result<Worked, Fault>, jobs: Jobs<'_>) -> Outcome {
    let Jobs { caller, request, deciding, told, supplies, then, job } = jobs;
    drop(job);
    let effects = worked.and_then(|worked| then(request, worked, &supplies));
    record::outcome(&caller, request, &deciding, told, effects)
}
