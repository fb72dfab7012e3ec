//! Material that is brought: import jobs, whose public keys wrap it, and the versions that it becomes.

use crate::find::{Here, Owned};
use crate::keys::{material_row, put_material, spelled};
use crate::rings::all;
use crate::working::{demand, shown, usable_for, working};
use crate::{Step, Supplies, authority, find, private};
use crypto::{Job, WorkKey, Worked};
use domain::{
    Action, Ask, Authority, Demand, Event, Fault, Found, GCM_USES_MAX, Imported, KEYS_LISTED_MAX, Key, KeyFacts,
    KeyState, Keyring, Life, Limits, Material, NameKind, NameRow, Object, Occasion, Origin, ProtectionLevel,
    PublicForm, Purpose, Reply, Request, RingName, RowId, Scheme, Scope, Table, Target, Tenant, Use,
    VERSIONS_PER_KEY_MAX, Version, VersionCause, WRAPPED_BYTES_MAX, Working,
};
use ledger::{Change, Effects, View};
use std::sync::Arc;

fn path(ring: &str, name: &str) -> String {
    format!("{ring}/{name}")
}

fn on_ring(action: Action, ring: &Keyring, owner: &Arc<Tenant>, here: &Here<'_>) -> Demand {
    let (tenant, location, ring) = (Arc::clone(owner), here.place.clone(), Some(ring.name.clone()));
    Demand { action, target: Target::Place { tenant, location, ring, authority: authority::of_tongue(here.tongue) } }
}

/// Where the job is to be made, and whether it is there.
pub(crate) fn found_fresh(
    ring: &RingName,
    name: &str,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let (ring, owner) = find::ring(ring, here, view)?;
    let (place, text) = (Some(&here.place), path(&ring.name, name));
    let name_id = view.name_id(NameKind::ImportJob, owner.id, place, &text);
    let taken = view.name(NameKind::ImportJob, owner.id, place, &text)?.is_some();
    for row in [RowId::new(Table::Key, here.fresh), material_row(here.fresh, 1)] {
        view.touch(row)?;
    }
    let demands = vec![on_ring(Action::CreateImportJob, &ring, &owner, here)];
    Ok((Found::FreshImportJob { id: here.fresh, name_id, owner, taken }, demands))
}

pub(crate) fn create_job<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::CreateImportJob { name, .. }, Found::FreshImportJob { id, name_id, owner, taken }) =
        (request.ask, &request.found)
    else {
        return Err(Fault::NotFound);
    };
    spelled(name)?;
    if *taken {
        return Err(Fault::AlreadyThere { what: name.clone() });
    }
    let job = fresh_job(request, *id, owner, supplies)?;
    let now = supplies.now.wall;
    let (kind, text, location) = (NameKind::ImportJob, path(&job.ring, name), Some(request.place.clone()));
    let row = NameRow { kind, tenant: owner.id, location, text, target: *id, created: now, changed: now };
    let change = Change::none().put(*name_id, Object::Name(Arc::new(row))).put(*id, Object::Key(Arc::new(job.clone())));
    Ok(Step::Ready(Effects::change(change, Reply::ImportJob(shown(job, owner, supplies.now)))))
}

/// A key without material: the house makes it next, and wipes it when the job expires.
fn fresh_job(
    request: &Request<'_>,
    id: domain::ObjectId,
    owner: &Tenant,
    supplies: &Supplies<'_>,
) -> Result<Key, Fault> {
    let Ask::CreateImportJob { ring, name, algorithm, scheme } = request.ask else { return Err(Fault::NotFound) };
    if !scheme.fits(*algorithm, Purpose::Import) {
        let constraint = format!("{} is not for {}", scheme.name(), algorithm.name());
        return Err(Fault::Invalid { member: "scheme".into(), constraint });
    }
    owner.profile.admits(*algorithm, Occasion::Creation(Origin::Generated), supplies.now.latest())?;
    let now = supplies.now.wall;
    Ok(Key {
        id,
        tenant: owner.id,
        location: request.place.clone(),
        ring: ring.ring.clone(),
        name: Some(name.clone()),
        purpose: Purpose::Import,
        algorithm: *algorithm,
        scheme: Some(*scheme),
        origin: Origin::Generated,
        protection: ProtectionLevel::Software,
        authority: authority::of_tongue(request.tongue),
        life: Life::ACTIVE,
        primary: 1,
        versions: vec![Version::awaited(1, now, VersionCause::Creation)],
        rotation: None,
        limits: Limits::NONE,
        rotations_on_demand: 0,
        created: now,
        description: String::new(),
        facts: KeyFacts::default(),
        documents: Vec::new(),
        version_window_seconds: None,
        retired: None,
        access_reasons: None,
    })
}

/// The job of a ring by its name.
pub(crate) fn job(ring: &str, name: &str, owner: &Tenant, here: &Here<'_>, view: &View) -> Result<Arc<Key>, Fault> {
    let absent = || Fault::ImportJobNotFound { job: name.into() };
    let row = view.name(NameKind::ImportJob, owner.id, Some(&here.place), &path(ring, name))?.ok_or_else(absent)?;
    view.key(row.target)?.filter(|key| key.purpose == Purpose::Import).ok_or_else(absent)
}

pub(crate) fn found_job(
    ring: &RingName,
    name: &str,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = find::home(ring.project.as_deref(), here)?;
    let key = job(&ring.ring, name, &owner, here, view)?;
    let target = Target::Key(Arc::clone(&key));
    Ok((Found::Key { key, owner }, vec![Demand { action: Action::DescribeImportJob, target }]))
}

pub(crate) fn show_job<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::DescribeImportJob { form, .. }, Found::Key { key, owner }) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    // A job's key has one form that is meant where nobody says any.
    let form = if *form == PublicForm::Unsaid { PublicForm::All } else { *form };
    private::fits(form, key.algorithm)?;
    let reply = Reply::ImportJob(shown(Key::clone(key), owner, supplies.now));
    Ok(Step::Ready(Effects::answer(reply)))
}

pub(crate) fn found_jobs(ring: &RingName, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let (ring, owner) = find::ring(ring, here, view)?;
    let wanted = |object| match object {
        Object::Key(key) if key.ring == ring.name && key.purpose == Purpose::Import => Some(key),
        _ => None,
    };
    let scope = view.place(owner.id, &here.place);
    let mut keys = all((Table::Key, scope), KEYS_LISTED_MAX, "import jobs in a listing", view, wanted)?;
    keys.sort_by_cached_key(|key| key.name.clone());
    let demands = vec![on_ring(Action::ListImportJobs, &ring, &owner, here)];
    Ok((Found::Keys { keys, owner, more: false }, demands))
}

pub(crate) fn list_jobs<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Keys { keys, owner, .. } = &request.found else { return Err(Fault::NotFound) };
    let reply = Reply::ImportJobs { jobs: keys.clone(), owner: Arc::clone(owner) };
    Ok(Step::Ready(Effects::answer(reply)))
}

/// The key, the version that the material will be, and the job of the key's own ring.
pub(crate) fn found(ask: &Ask, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let Ask::ImportVersion { key: name, version, job: asked, .. } = ask else { return Err(Fault::NotFound) };
    let owned = find::key(name, here, view)?;
    let job = job(&owned.key.ring, asked, &owned.owner, here, view)?;
    let version = version.unwrap_or_else(|| owned.key.next_version());
    view.touch(material_row(owned.key.id, version))?;
    let on_key = demand(Action::ImportVersion, &owned);
    let on_job = Demand { action: Action::UseImportJob, target: Target::Key(Arc::clone(&job)) };
    let Owned { key, owner } = owned;
    let job = Box::new(working(Owned { key: job, owner: Arc::clone(&owner) }, 1, view)?);
    Ok((Found::Import { key, owner, version, job }, vec![on_key, on_job]))
}

/// A version that is about to be imported: its key, whose it is, its number, and the job.
type Import<'r> = (&'r Arc<Key>, &'r Arc<Tenant>, u32, &'r Working);

fn of<'r>(request: &'r Request<'_>) -> Result<Import<'r>, Fault> {
    match &request.found {
        Found::Import { key, owner, version, job } => Ok((key, owner, *version, job)),
        _ => Err(Fault::NotFound),
    }
}

pub(crate) fn import<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::ImportVersion { algorithm, wrapped, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, owner, _, job) = of(request)?;
    if wrapped.len() > WRAPPED_BYTES_MAX {
        return Err(Fault::LimitReached { what: "bytes of wrapped material", max: WRAPPED_BYTES_MAX });
    }
    takes_material(key, request.ask)?;
    owner.profile.admits(*algorithm, Occasion::Creation(Origin::Imported), supplies.now.latest())?;
    fits(key, request.ask)?;
    let with = ready(job, supplies)?;
    let method = job.key.scheme.ok_or(Fault::NotFound)?;
    let (algorithm, purpose) = (*algorithm, key.purpose);
    Ok(Step::Work(Job::Import { with, method, wrapped, algorithm, purpose }, imported))
}

/// The job's key, if it is there.
fn ready(job: &Working, supplies: &Supplies<'_>) -> Result<WorkKey, Fault> {
    usable_for(job, &[Purpose::Import], Use::Process, supplies.now).map_err(|fault| match fault {
        Fault::MaterialNotHeld { material, .. } => {
            Fault::ImportJobNotReady { job: job.key.name.clone().unwrap_or_default(), material }
        }
        other => other,
    })
}

/// A key that lives and is not on its way out; and a version that is not there yet, or whose material is gone.
fn takes_material(key: &Key, ask: &Ask) -> Result<(), Fault> {
    let Ask::ImportVersion { version: asked, .. } = ask else { return Err(Fault::NotFound) };
    // Where a key's tongue has one material to a key, it was said at its creation where that comes from.
    if key.authority == Authority::Aws && key.origin != Origin::Imported {
        return Err(Fault::NotImported);
    }
    if key.life.state != KeyState::Active {
        return Err(Fault::NotUsable(Scope::Key, key.life.state));
    }
    let Some(number) = asked else {
        return match key.versions.len() >= VERSIONS_PER_KEY_MAX {
            true => Err(Fault::LimitReached { what: "versions of a key", max: VERSIONS_PER_KEY_MAX }),
            false => Ok(()),
        };
    };
    let version = key.version(*number).map_err(|_| Fault::VersionNotFound { version: *number })?;
    match version.material {
        _ if key.origin_of(version) != Origin::Imported => Err(Fault::NotImported),
        Material::Held { .. } => Err(Fault::NotReimportable { version: *number }),
        Material::Awaited | Material::Failed(_) | Material::Removed(_) => Ok(()),
    }
}

/// The algorithm serves the key's purpose; material that comes again is of the algorithm that it was.
fn fits(key: &Key, ask: &Ask) -> Result<(), Fault> {
    let Ask::ImportVersion { version, purpose, algorithm, scheme, .. } = ask else { return Err(Fault::NotFound) };
    let unfit = |constraint: String| Fault::Invalid { member: "algorithm".into(), constraint };
    if !algorithm.serves(key.purpose) || purpose.is_some_and(|purpose| purpose != key.purpose) {
        return Err(unfit(format!("{} does not serve the key's purpose", algorithm.name())));
    }
    if !algorithm.is_implemented_for(key.purpose) {
        return Err(Fault::NotImplemented { what: format!("{} for {:?}", algorithm.name(), key.purpose) });
    }
    let scheme = scheme.or(key.scheme);
    if let Some(scheme) = scheme.filter(|scheme| !scheme.fits(*algorithm, key.purpose)) {
        return Err(unfit(format!("{} is not for {} and this purpose", scheme.name(), algorithm.name())));
    }
    let was = version.and_then(|number| key.version(number).ok());
    let same = was.is_none_or(|was| (key.algorithm_of(was), key.scheme_of(was)) == (*algorithm, scheme));
    if same { Ok(()) } else { Err(unfit("the version was made for another".into())) }
}

/// A key that seals by AES-GCM with IVs that are drawn seals no more than it may, wherever its material comes from.
pub(crate) fn limits(key: &Key, scheme: Option<Scheme>) -> Limits {
    let seals = key.purpose == Purpose::EncryptRaw && scheme.is_none_or(|scheme| scheme == Scheme::AesGcm);
    match key.limits.uses {
        None if seals => Limits { uses: Some(GCM_USES_MAX), ..key.limits },
        _ => key.limits,
    }
}

fn imported(request: &Request<'_>, worked: Worked, supplies: &Supplies<'_>) -> Result<Effects, Fault> {
    let Ask::ImportVersion { algorithm, scheme, version: asked, .. } = request.ask else {
        return Err(Fault::NotFound);
    };
    let Worked::Generated { material, fingerprint, public } = worked else { return Err(Fault::Unavailable) };
    let (key, owner, number, job) = of(request)?;
    let now = supplies.now;
    let mut after = Key::clone(key);
    if asked.is_none() {
        let fresh = Version::awaited(number, now.wall, VersionCause::Demand);
        after.versions.push(Version {
            algorithm: (*algorithm != key.algorithm).then_some(*algorithm),
            scheme: scheme.filter(|scheme| Some(*scheme) != key.scheme),
            ..fresh
        });
        after.limits = limits(key, scheme.or(key.scheme));
    }
    let version = after.versions.iter_mut().find(|version| version.number == number).ok_or(Fault::NotFound)?;
    version.imported = Some(Imported { job: job.key.name.clone().unwrap_or_default(), at: now.wall });
    version.public = public;
    let event = Event::Import { version: number, fingerprint, expires: None, activate: true };
    let mut after = after.after(event, now)?;
    // What protects is chosen by hand in Google's regime.
    if after.primary == 0 && key.authority == Authority::Native {
        after.primary = number;
    }
    let change = put_material(Change::none(), key, number, *algorithm, material);
    let change = change.put(after.id, Object::Key(Arc::new(after.clone())));
    let key = shown(after, owner, now);
    Ok(Effects::change(change, Reply::Version { key, version: number }))
}
