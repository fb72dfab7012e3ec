//! Who is bound to which role, in the regime that has roles on keys, rings and tenants: kept as given, and never stored
//! if it cannot be evaluated.

use crate::find::Here;
use crate::keys::becomes;
use crate::{Step, Supplies, find, import};
use domain::{
    Action, Ask, Authority, BindingsHolder, BindingsOn, Demand, Document, Fault, Found, Key, Keyring, Location,
    NameKind, Object, Principal, Reply, Request, Target, Tenant,
};
use ledger::{Change, Effects, View};
use policy::Held;
use std::sync::Arc;

const REGIME: Authority = Authority::GoogleIam;
/// The name of the one document that decides.
const NAME: &str = "default";
/// What is answered where nobody put anything.
const NOTHING: &str = "{}";
/// What names that.
const NOTHING_TAG: [u8; 3] = [0, 0x20, 1];
/// Bytes of a tag.
const TAG_BYTES: usize = 8;
/// Permissions that are asked for at once.
const PERMISSIONS_MAX: usize = 100;

struct Place {
    target: Target,
    owner: Arc<Tenant>,
    holder: BindingsHolder,
}

pub(crate) fn found(ask: &Ask, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let (on, action, text) = match ask {
        Ask::GetBindings { on } => (on, Action::GetBindings, None),
        Ask::SetBindings { on, text, .. } => (on, Action::SetBindings, Some(text)),
        Ask::TestPermissions { on, .. } => return tested(on, here, view),
        _ => return Err(Fault::NotFound),
    };
    let place = place(on, here, view)?;
    let verdict = text.map_or(Ok(()), |text| judged(&place.holder, text));
    let demand = Demand { action, target: place.target.clone() };
    Ok((of(Some(place), verdict, here, view)?, vec![demand]))
}

/// Of what is not there nobody has any permission, and hears no more.
fn tested(on: &BindingsOn, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let place = match place(on, here, view) {
        Err(Fault::Unavailable) => return Err(Fault::Unavailable),
        place => place.ok(),
    };
    let target = Target::Principal(Arc::clone(here.caller.principal()));
    Ok((of(place, Ok(()), here, view)?, vec![Demand { action: Action::TestPermissions, target }]))
}

fn of(place: Option<Place>, verdict: Result<(), Fault>, here: &Here<'_>, view: &View) -> Result<Found, Fault> {
    let (principal, tenant) = (Arc::clone(here.caller.principal()), Arc::clone(here.caller.tenant()));
    let (target, owner, holder) = match place {
        Some(Place { target, owner, holder }) => (target, owner, Some(holder)),
        None => (Target::Principal(Arc::clone(&principal)), Arc::clone(&tenant), None),
    };
    let subject = here.caller.outside().map(|outside| outside.subject.clone());
    Ok(Found::Bindings { target, owner, holder, verdict, principal, tenant, subject, settings: view.settings()? })
}

fn place(on: &BindingsOn, here: &Here<'_>, view: &View) -> Result<Place, Fault> {
    match on {
        BindingsOn::Key(name) => {
            let find::Owned { key, owner } = find::key(name, here, view)?;
            Ok(Place { target: Target::Key(Arc::clone(&key)), owner, holder: BindingsHolder::Key(key) })
        }
        BindingsOn::Ring { account, location, name } => {
            let owner = find::tenant(account.as_deref(), here.caller, view)?;
            let location = location.as_ref().unwrap_or(&here.place);
            let ring = ring(&owner, location, name, view)?.ok_or(Fault::NotFound)?;
            let target = at(&owner, location.clone(), Some(name.clone()));
            Ok(Place { target, owner, holder: BindingsHolder::Ring(ring) })
        }
        BindingsOn::ImportJob { ring, name } => {
            let owner = find::home(ring.project.as_deref(), here)?;
            let job = import::job(&ring.ring, name, &owner, here, view)?;
            Ok(Place { target: Target::Key(Arc::clone(&job)), owner, holder: BindingsHolder::Key(job) })
        }
        BindingsOn::Service { account } => {
            let found = find::service(account, here, view)?;
            let found = found.filter(|(_, owner)| owner.id == here.caller.tenant().id);
            let (service, owner) = found.ok_or_else(|| Fault::PrincipalNotFound { name: account.clone() })?;
            let target = Target::Principal(Arc::clone(&service));
            Ok(Place { target, owner, holder: BindingsHolder::Principal(service) })
        }
        BindingsOn::Tenant { account } => {
            let owner = find::tenant(account.as_deref(), here.caller, view)?;
            let target = at(&owner, here.place.clone(), None);
            Ok(Place { target, holder: BindingsHolder::Tenant(Arc::clone(&owner)), owner })
        }
    }
}

fn at(owner: &Arc<Tenant>, location: Location, ring: Option<String>) -> Target {
    Target::Place { tenant: Arc::clone(owner), location, ring, authority: REGIME }
}

fn ring(owner: &Tenant, location: &Location, name: &str, view: &View) -> Result<Option<Arc<Keyring>>, Fault> {
    match view.name(NameKind::Keyring, owner.id, Some(location), name)? {
        Some(row) => view.keyring(row.target),
        None => Ok(None),
    }
}

/// The rings whose bindings have a say about what is demanded. No other regime has documents on rings.
pub(crate) fn rings(found: &Found, demands: &[Demand], view: &View) -> Result<Vec<Arc<Keyring>>, Fault> {
    let mut rings: Vec<Arc<Keyring>> = Vec::new();
    let asked = match found {
        Found::Bindings { target, .. } => Some(target),
        _ => None,
    };
    let targets = demands.iter().map(|demand| &demand.target).chain(asked);
    let targets = targets.filter(|target| target.authority() == REGIME);
    for (tenant, location, name) in targets.filter_map(Target::ring) {
        let known = |ring: &Arc<Keyring>| ring.tenant == tenant && ring.location == *location && ring.name == name;
        if rings.iter().any(known) {
            continue;
        }
        if let Some(row) = view.name(NameKind::Keyring, tenant, Some(location), name)? {
            rings.extend(view.keyring(row.target)?);
        }
    }
    Ok(rings)
}

/// Whether the text may be put there.
fn judged(holder: &BindingsHolder, text: &str) -> Result<(), Fault> {
    policy::google::validate(text)?;
    match holder {
        BindingsHolder::Key(key) if key.authority != REGIME && policy::google::binds(text)? => {
            Err(Fault::ForeignAllow { authority: key.authority })
        }
        _ => Ok(()),
    }
}

fn current(holder: &BindingsHolder) -> Option<&str> {
    holder.documents().iter().find(|document| document.regime == REGIME).map(|document| document.text.as_str())
}

fn tag(text: Option<&str>) -> Vec<u8> {
    match text {
        None => NOTHING_TAG.to_vec(),
        Some(text) => crypto::sha256(text.as_bytes()).into_iter().take(TAG_BYTES).collect(),
    }
}

fn shown(text: Option<&str>) -> Reply {
    Reply::Bindings { text: text.unwrap_or(NOTHING).to_owned(), tag: tag(text) }
}

pub(crate) fn get<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Bindings { holder: Some(holder), .. } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(shown(current(holder)))))
}

/// Bindings that somebody else has changed since are not replaced.
pub(crate) fn set<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (Ask::SetBindings { text, tag: expected, .. }, Found::Bindings { holder: Some(holder), verdict, .. }) =
        (request.ask, &request.found)
    else {
        return Err(Fault::NotFound);
    };
    verdict.clone()?;
    let former = current(holder);
    if expected.as_ref().is_some_and(|expected| *expected != tag(former)) {
        return Err(Fault::Conflict);
    }
    // Whoever names what is to be replaced has seen it; without a tag, whatever is there is replaced.
    if let (Some(former), true) = (former, expected.is_some()) {
        policy::google::may_replace(former, text)?;
    }
    let reply = shown(Some(text));
    if former == Some(text) {
        return Ok(Step::Ready(Effects::answer(reply)));
    }
    let documents = with(holder.documents(), text);
    Ok(Step::Ready(match holder {
        BindingsHolder::Key(key) => becomes(key, Key { documents, ..Key::clone(key) }, reply),
        BindingsHolder::Ring(ring) => {
            let after = Keyring { documents, ..Keyring::clone(ring) };
            Effects::change(Change::none().put(after.id, Object::Keyring(Arc::new(after))), reply)
        }
        BindingsHolder::Tenant(tenant) => {
            let after = Tenant { documents, ..Tenant::clone(tenant) };
            Effects::change(Change::none().put(after.id, Object::Tenant(Arc::new(after))), reply)
        }
        BindingsHolder::Principal(principal) => {
            let after = Principal { bindings: documents, ..Principal::clone(principal) };
            Effects::change(Change::none().put(after.id, Object::Principal(Arc::new(after))), reply)
        }
    }))
}

fn with(documents: &[Document], text: &str) -> Vec<Document> {
    let others = documents.iter().filter(|document| document.regime != REGIME).cloned();
    others.chain([Document { regime: REGIME, name: NAME.to_owned(), text: text.to_owned() }]).collect()
}

pub(crate) fn test<'r>(
    request: &'r Request<'r>,
    supplies: &Supplies<'_>,
    policy: &policy::Policy,
) -> Result<Step<'r>, Fault> {
    let (
        Ask::TestPermissions { permissions, .. },
        Found::Bindings { target, owner, holder, principal, tenant, subject, settings, .. },
    ) = (request.ask, &request.found)
    else {
        return Err(Fault::NotFound);
    };
    if permissions.len() > PERMISSIONS_MAX || permissions.iter().any(|one| one.contains('*')) {
        let constraint = format!("at most {PERMISSIONS_MAX} permissions, without wildcards");
        return Err(Fault::Invalid { member: "permissions".into(), constraint });
    }
    if holder.is_none() {
        return Ok(Step::Ready(Effects::answer(Reply::Permissions(Vec::new()))));
    }
    let (rings, place, now) = (request.rings.as_slice(), &request.place, supplies.now);
    let subject = subject.as_deref();
    let question = Held { principal, tenant, target, owner, rings, place, subject, settings, now };
    let held = policy.held(&question, permissions);
    Ok(Step::Ready(Effects::answer(Reply::Permissions(held))))
}
