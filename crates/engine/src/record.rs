//! What the log is told of a request.

use domain::{
    AccessReason, Action, Ask, Context, Fault, Found, KeyUpdate, Location, Moment, ObjectId, Request, RequestId,
    SITE_TENANT, Tongue,
};
use identity::Caller;
use ledger::{DetailKey, Details, Drafted, Effects, Outcome, Record, RefusalSum};
use policy::Deciding;
use std::fmt::Write;
use std::net::IpAddr;

/// Of an IPv6 address that ends like one of IPv4 (RFC 4291, section 2.2).
const ADDRESS_CHARS_MAX: usize = 45;

/// What the path knows of a request beside what it asks.
pub struct Told {
    pub id: RequestId,
    pub tongue: Tongue,
    pub moment: Moment,
    /// The operation in the dialect's own spelling.
    pub operation: &'static str,
    pub location: Location,
    /// Microseconds since it came in.
    pub micros: u64,
}

/// The answer to a known caller who gets nothing: not found, denied, a conflict.
pub fn refuse(caller: &Caller, told: Told, action: Action, request: Option<&Request<'_>>, fault: Fault) -> Outcome {
    let mut draft = draft(caller, told);
    match request {
        Some(request) => tell_request(&mut draft, request),
        None => draft.deeds.push((action, ObjectId::NIL, None)),
    }
    Outcome::of(draft, Err(fault))
}

pub(crate) fn outcome(
    caller: &Caller,
    request: &Request<'_>,
    deciding: &Deciding,
    told: Told,
    result: Result<Effects, Fault>,
) -> Outcome {
    let mut draft = draft(caller, told);
    tell_request(&mut draft, request);
    if result.is_ok() {
        tell_made(&mut draft, request);
    }
    if let Some(statement) = &deciding.statement {
        draft.detail.text(DetailKey::Statement, statement);
    }
    Outcome::of(draft, result)
}

/// One entry for many who were refused before anybody knew them.
pub fn refusals(told: &Told, sum: RefusalSum) -> Record {
    let draft = drafted_by_house(told, Action::CountRefusals);
    Record::of_refusals(draft, sum)
}

/// The house's own deed on the site.
pub(crate) fn drafted_by_house(told: &Told, action: Action) -> Drafted {
    drafted_by_house_in(SITE_TENANT, told, action, SITE_TENANT)
}

/// The house's own deed on an object of a tenant, which finds it in its log.
pub(crate) fn drafted_by_house_in(tenant: ObjectId, told: &Told, action: Action, object: ObjectId) -> Drafted {
    Drafted {
        request: told.id,
        tongue: Tongue::House,
        moment: told.moment,
        tenant,
        principal: SITE_TENANT,
        deeds: vec![(action, object, None)],
        detail: Details::default(),
    }
}

fn draft(caller: &Caller, told: Told) -> Drafted {
    let (principal, tenant) = (caller.principal(), caller.tenant());
    let mut detail = Details::default();
    detail.text(DetailKey::Principal, &principal.name);
    detail.text(DetailKey::Account, &tenant.account);
    detail.text(DetailKey::Operation, told.operation);
    detail.text(DetailKey::Location, &told.location.0);
    detail.text(DetailKey::Address, &address(caller.source().address));
    if let Some(agent) = &caller.source().agent {
        detail.text(DetailKey::Agent, agent);
    }
    let proof = caller.proof();
    if let (Some(access_key), Some(signature_sha256)) = (proof.access_key(), proof.signature_sha256()) {
        detail.text(DetailKey::AccessKey, access_key);
        detail.bytes(DetailKey::Signature, signature_sha256);
    }
    if let Some(token) = proof.token() {
        detail.text(DetailKey::Session, &token.to_string());
    }
    detail.number(DetailKey::Secure, u64::from(caller.source().secure));
    detail.number(DetailKey::Duration, told.micros);
    let (request, tongue, moment) = (told.id, told.tongue, told.moment);
    Drafted {
        request,
        tongue,
        moment,
        tenant: tenant.id,
        principal: principal.id,
        deeds: Vec::with_capacity(2),
        detail,
    }
}

/// In a text that need not grow.
fn address(address: IpAddr) -> String {
    let mut text = String::with_capacity(ADDRESS_CHARS_MAX);
    // Writing to a string cannot fail.
    let _infallible = write!(text, "{address}");
    text
}

fn tell_request(draft: &mut Drafted, request: &Request<'_>) {
    for (place, demand) in request.demands.iter().enumerate() {
        draft.deeds.push((demand.action, demand.target.object(), version_of(&request.found, place)));
    }
    if let Some(context) = request.context().filter(|context| **context != Context::None) {
        draft.detail.bytes(DetailKey::Context, &context.canonical());
    }
    if let Found::Work(work) = &request.found {
        let version = work.key.version(work.version);
        let algorithm = version.map_or(work.key.algorithm, |version| work.key.algorithm_of(version));
        draft.detail.text(DetailKey::Algorithm, algorithm.name());
    }
    if let Ask::ImportVersion { algorithm, .. } = request.ask {
        draft.detail.text(DetailKey::Algorithm, algorithm.name());
    }
    if let Ask::UpdateKey { update, .. } = request.ask {
        tell_update(draft, update);
    }
    if let Found::Token(token) | Found::Impersonation { token, .. } = &request.found {
        draft.detail.text(DetailKey::Session, &token.id.to_string());
    }
    if request.dry() != domain::Dry::Wet {
        draft.detail.number(DetailKey::Dry, 1);
    }
}

fn tell_update(draft: &mut Drafted, update: &KeyUpdate) {
    if let Some(make) = update.make {
        draft.detail.text(DetailKey::Algorithm, make.algorithm.name());
    }
    if let Some(reasons) = &update.access_reasons {
        let names = |reasons: &Vec<AccessReason>| reasons.iter().map(|one| one.name()).collect::<Vec<_>>().join(",");
        let said = reasons.as_ref().map_or_else(|| "any".into(), names);
        draft.detail.text(DetailKey::Parameter, &format!("access_reasons={said}"));
    }
}

/// A key was asked for in a place; now that it is made, it is what was done.
fn tell_made(draft: &mut Drafted, request: &Request<'_>) {
    let fresh = match &request.found {
        Found::FreshKey(fresh) => fresh,
        Found::FreshImportJob { id, .. } => {
            draft.deeds.iter_mut().for_each(|(_, object, version)| (*object, *version) = (*id, Some(1)));
            return;
        }
        _ => return,
    };
    let made = fresh.made.as_ref().map_or(fresh.id, |made| made.id);
    let first = match request.ask {
        Ask::CreateKey(ask) if ask.without_version => None,
        _ => Some(1),
    };
    for (_, object, version) in &mut draft.deeds {
        (*object, *version) = (made, first);
    }
}

fn version_of(found: &Found, place: usize) -> Option<u32> {
    match (found, place) {
        (Found::Work(work), _) | (Found::Rework { from: work, .. }, 0) | (Found::Rework { to: work, .. }, 1) => {
            Some(work.version)
        }
        (Found::Import { version, .. }, 0) => Some(*version),
        (Found::Import { .. }, 1) => Some(1),
        _ => None,
    }
}
