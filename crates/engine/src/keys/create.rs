//! Makes a key with its first version.

use crate::find::Here;
use crate::keys::change::spelled_tags;
use crate::working::shown;
use crate::{Step, Supplies, authority, documents, find};
use crypto::{Job, Worked};
use domain::{
    Action, Algorithm, Ask, CreateKey, Demand, Document, Fault, Found, FreshKey, GCM_USES_MAX, Key, KeyMaterial,
    Keyring, Life, Limits, NameKind, NameRow, Object, ObjectId, Occasion, Origin, Profile, ProtectionLevel, Purpose,
    ROTATION_PERIOD_SECONDS_MAX, ROTATION_PERIOD_SECONDS_MIN, Ready, Reply, Request, Rotate, RotationSchedule, RowId,
    SECOND, SECONDS_PER_DAY, Scheme, Table, Target, Timestamp, TokenRow, VERSION_WINDOW_SECONDS_MAX, Version,
    VersionCause,
};
use ledger::{Change, Effects, View};
use secret::Kept;
use std::sync::Arc;

pub(crate) fn found_fresh(ask: &CreateKey, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = find::home(ask.project.as_deref(), here)?;
    let place = Some(&here.place);
    let ring_name_id = view.name_id(NameKind::Keyring, owner.id, place, &ask.ring);
    let ring = match view.name(NameKind::Keyring, owner.id, place, &ask.ring)? {
        Some(row) => view.keyring(row.target)?,
        None if ask.in_existing_ring => return Err(Fault::RingNotFound { ring: ask.ring.clone() }),
        None => None,
    };
    let path = ask.name.as_ref().map(|name| format!("{}/{name}", ask.ring));
    let taken = match &path {
        Some(path) => is_taken(path, &owner, here, view)?,
        None => false,
    };
    let token = ask.token.as_deref().map(|token| view.token(here.caller.principal().id, token)).transpose()?.flatten();
    let made = match &token {
        Some(token) => view.key(token.made)?,
        None => None,
    };
    let document = match &ask.document {
        Some(text) => documents::accepted_for_new_key(ask.authority, text, &owner, view),
        None => Ok(()),
    };
    if let Err(Fault::Unavailable) = document {
        return Err(Fault::Unavailable);
    }
    let ring_id = ring.as_ref().map_or_else(|| ring_id(here.fresh), |ring| ring.id);
    for row in [RowId::new(Table::Key, here.fresh), RowId::new(Table::Keyring, ring_id), material_row(here.fresh, 1)] {
        view.touch(row)?;
    }
    let fresh = FreshKey {
        id: here.fresh,
        owner: Arc::clone(&owner),
        ring,
        ring_id,
        ring_name_id,
        name_id: path.map(|path| view.name_id(NameKind::Key, owner.id, place, &path)),
        token_id: ask.token.as_deref().map(|token| view.token_id(here.caller.principal().id, token)),
        taken,
        token,
        document,
        made,
    };
    let (location, ring) = (here.place.clone(), Some(ask.ring.clone()));
    let target = Target::Place { tenant: owner, location, ring, authority: ask.authority };
    let tagging = (!ask.facts.tags.is_empty()).then(|| Demand { action: Action::TagKey, target: target.clone() });
    let demands = std::iter::once(Demand { action: Action::CreateKey, target }).chain(tagging).collect();
    Ok((Found::FreshKey(Box::new(fresh)), demands))
}

/// A key's name is also an alias, so neither may be there.
fn is_taken(path: &str, owner: &domain::Tenant, here: &Here<'_>, view: &View) -> Result<bool, Fault> {
    let alias = path.strip_prefix("default/").unwrap_or(path);
    let key = view.name(NameKind::Key, owner.id, Some(&here.place), path)?;
    Ok(key.is_some() || view.name(NameKind::Alias, owner.id, Some(&here.place), alias)?.is_some())
}

/// A ring made together with its first key has an id next to the key's.
fn ring_id(fresh: ObjectId) -> ObjectId {
    let mut id = fresh;
    if let Some(last) = id.0.last_mut() {
        *last ^= 1;
    }
    id
}

pub(crate) fn material_row(key: ObjectId, version: u32) -> RowId {
    RowId::new(Table::Material, View::material_id(key, version))
}

/// The change, and the row of one version's material with it.
pub(crate) fn put_material(change: Change, key: &Key, version: u32, algorithm: Algorithm, bytes: Kept) -> Change {
    let (purpose, ready) = (key.purpose, Ready::default());
    let material = KeyMaterial { key: key.id, tenant: key.tenant, version, algorithm, purpose, bytes, ready };
    change.put(material_row(key.id, version).id, Object::Material(Arc::new(material)))
}

pub(crate) fn create<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::CreateKey(ask), Found::FreshKey(fresh)) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    if let Some(token) = &fresh.token {
        return made_before(ask, token, fresh, supplies);
    }
    if fresh.taken {
        return Err(Fault::AlreadyThere { what: ask.name.clone().unwrap_or_default() });
    }
    fresh.document.clone()?;
    admitted(ask, fresh, request, supplies)?;
    if ask.without_version {
        return Ok(Step::Ready(made(ask, fresh, request, None, supplies, |change, _| change)));
    }
    if !ask.algorithm.is_symmetric() && (ask.later || authority::generates_later(ask.authority)) {
        let version = Version::awaited(1, supplies.now.wall, VersionCause::Creation);
        return Ok(Step::Ready(made(ask, fresh, request, Some(version), supplies, |change, _| change)));
    }
    Ok(Step::Work(Job::Generate { algorithm: ask.algorithm }, |request, worked, supplies| {
        let (Ask::CreateKey(ask), Found::FreshKey(fresh)) = (request.ask, &request.found) else {
            return Err(Fault::NotFound);
        };
        let Worked::Generated { material, fingerprint, public } = worked else { return Err(Fault::Unavailable) };
        let version = Version::active(1, Some(fingerprint), supplies.now.wall, VersionCause::Creation);
        let version = Version { public, ..version };
        Ok(made(ask, fresh, request, Some(version), supplies, |change, key| {
            put_material(change, key, 1, key.algorithm, material)
        }))
    }))
}

/// The key with its first version, if it begins with one, and what goes with it.
fn made(
    ask: &CreateKey,
    fresh: &FreshKey,
    request: &Request<'_>,
    first: Option<Version>,
    supplies: &Supplies<'_>,
    more: impl FnOnce(Change, &Key) -> Change,
) -> Effects {
    let mut key = new_key(ask, fresh, request, supplies);
    if let Some(version) = first {
        key.primary = version.number;
        key.versions.push(Version { window: ask.window, ..version });
    }
    let change = more(names(ask, fresh, request, supplies), &key).put(key.id, Object::Key(Arc::new(key.clone())));
    Effects::change(change, Reply::Key(shown(key, &fresh.owner, supplies.now)))
}

/// The same token with the same request is answered as the first time.
fn made_before<'r>(
    ask: &CreateKey,
    token: &TokenRow,
    fresh: &FreshKey,
    supplies: &Supplies<'_>,
) -> Result<Step<'r>, Fault> {
    match &fresh.made {
        Some(made) if token.asked == digest(ask) => {
            let key = shown(Key::clone(made), &fresh.owner, supplies.now);
            Ok(Step::Ready(Effects::answer(Reply::Key(key))))
        }
        _ => Err(Fault::TokenReused),
    }
}

/// What is asked for exists, is allowed by the profile, and is spelled well.
fn admitted(ask: &CreateKey, fresh: &FreshKey, request: &Request<'_>, supplies: &Supplies<'_>) -> Result<(), Fault> {
    fresh.owner.profile.admits(ask.algorithm, Occasion::Creation(ask.origin), supplies.now.latest())?;
    if !ask.algorithm.serves(ask.purpose) {
        return Err(Fault::WrongPurpose { purpose: ask.purpose });
    }
    // A key of imported origin begins with nothing, and is imported into.
    let empty = ask.origin == Origin::Imported && ask.without_version;
    if ask.origin != Origin::Generated && !empty {
        return Err(Fault::NotImplemented { what: format!("origin {:?}", ask.origin) });
    }
    if ask.protection != ProtectionLevel::Software {
        return Err(Fault::NotImplemented { what: format!("protection level {:?}", ask.protection) });
    }
    if !ask.algorithm.is_implemented_for(ask.purpose) || !request.tongue.serves(ask.purpose) {
        return Err(Fault::NotImplemented { what: format!("{} for {:?}", ask.algorithm.name(), ask.purpose) });
    }
    if let Some(scheme) = ask.scheme.filter(|scheme| !scheme.fits(ask.algorithm, ask.purpose)) {
        let constraint = format!("{} is not for {} and this purpose", scheme.name(), ask.algorithm.name());
        return Err(Fault::Invalid { member: "scheme".into(), constraint });
    }
    if let Some(rotation) = ask.rotation {
        rotates_by_itself(ask.purpose)?;
        if empty {
            return Err(Fault::NotRotatable { why: "its material is imported; import new material" });
        }
        scheduled(rotation, supplies.now.wall)?;
    }
    version_window(ask.version_window_seconds, fresh.owner.profile)?;
    if fresh.owner.kind == domain::TenantKind::Site {
        return Err(Fault::Denied { reason: "the site tenant holds no keys".into() });
    }
    spelled(&ask.ring)?;
    spelled_tags(&ask.facts.tags)?;
    ask.name.as_deref().map_or(Ok(()), spelled)
}

/// Names of rings and keys: letters, digits, `_` and `-`, at most 63 (the narrowest tongue's rule).
pub(crate) fn spelled(name: &str) -> Result<(), Fault> {
    let fits = (1..=63).contains(&name.len());
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if fits && letters && ObjectId::parse(name).is_none() {
        return Ok(());
    }
    Err(Fault::Invalid {
        member: "name".into(),
        constraint: "1 to 63 letters, digits, `_` and `-`, and no UUID".into(),
    })
}

/// Others must know when a new public key or MAC key is in use, so those rotate by hand.
pub(crate) fn rotates_by_itself(purpose: Purpose) -> Result<(), Fault> {
    if purpose == Purpose::Encrypt {
        return Ok(());
    }
    Err(Fault::NotRotatable { why: "only symmetric encryption keys rotate by a schedule" })
}

/// When a key is rotated that is asked to be.
pub(crate) fn scheduled(rotation: Rotate, now: Timestamp) -> Result<RotationSchedule, Fault> {
    let Rotate { period_seconds, first } = rotation;
    if !(ROTATION_PERIOD_SECONDS_MIN..=ROTATION_PERIOD_SECONDS_MAX).contains(&period_seconds) {
        let (least, most) =
            (ROTATION_PERIOD_SECONDS_MIN / SECONDS_PER_DAY, ROTATION_PERIOD_SECONDS_MAX / SECONDS_PER_DAY);
        let constraint = format!("between {least} and {most} days");
        return Err(Fault::Invalid { member: "rotation period".into(), constraint });
    }
    if first.is_some_and(|first| first <= now) {
        let constraint = "must be in the future".into();
        return Err(Fault::Invalid { member: "next rotation time".into(), constraint });
    }
    let next = first.unwrap_or_else(|| now.plus(i64::from(period_seconds) * SECOND));
    Ok(RotationSchedule { period_seconds, next })
}

/// How long a version waits for its destruction is bounded on both sides, and no shorter than the profile has it.
fn version_window(seconds: Option<u32>, profile: Profile) -> Result<(), Fault> {
    let (least, most) = (profile.version_window_seconds_min(), VERSION_WINDOW_SECONDS_MAX);
    if seconds.is_none_or(|seconds| (least..=most).contains(&seconds)) {
        return Ok(());
    }
    let constraint = format!("between {} and {} days", least / SECONDS_PER_DAY, most / SECONDS_PER_DAY);
    Err(Fault::Invalid { member: "time before destruction".into(), constraint })
}

/// The key before it has a version.
fn new_key(ask: &CreateKey, fresh: &FreshKey, request: &Request<'_>, supplies: &Supplies<'_>) -> Key {
    let now = supplies.now.wall;
    let ours = ask.origin == Origin::Generated;
    let by_profile = || fresh.owner.profile.rotation_days_default(ask.purpose).filter(|_| ours).map(Rotate::every_days);
    // It was seen to be in bounds before any work was done.
    let rotation = ask.rotation.or_else(by_profile).and_then(|rotation| scheduled(rotation, now).ok());
    Key {
        id: fresh.id,
        tenant: fresh.owner.id,
        location: request.place.clone(),
        ring: ask.ring.clone(),
        name: ask.name.clone(),
        purpose: ask.purpose,
        algorithm: ask.algorithm,
        scheme: ask.scheme,
        origin: ask.origin,
        protection: ask.protection,
        authority: ask.authority,
        life: Life::ACTIVE,
        primary: 0,
        versions: Vec::new(),
        rotation,
        limits: limits(ask),
        rotations_on_demand: 0,
        created: now,
        description: ask.description.clone(),
        facts: ask.facts.clone(),
        documents: first_document(ask, fresh),
        version_window_seconds: ask.version_window_seconds,
        retired: None,
        access_reasons: ask.access_reasons.clone(),
    }
}

/// What was asked for, and no more than a key may seal by GCM with IVs that are drawn.
fn limits(ask: &CreateKey) -> Limits {
    let seals = ask.purpose == Purpose::EncryptRaw && ask.scheme.is_none_or(|scheme| scheme == Scheme::AesGcm);
    match (seals, ask.limits.uses) {
        (false, _) => ask.limits,
        (true, uses) => Limits { uses: Some(uses.unwrap_or(u64::MAX).min(GCM_USES_MAX)), ..ask.limits },
    }
}

fn first_document(ask: &CreateKey, fresh: &FreshKey) -> Vec<Document> {
    let text = ask.document.clone().or_else(|| documents::default_text(ask.authority, &fresh.owner));
    text.map(|text| Document { regime: ask.authority, name: documents::DEFAULT.into(), text }).into_iter().collect()
}

/// The ring if it is new, the key's name and the token.
fn names(ask: &CreateKey, fresh: &FreshKey, request: &Request<'_>, supplies: &Supplies<'_>) -> Change {
    let (tenant, now) = (fresh.owner.id, supplies.now.wall);
    let location = Some(request.place.clone());
    let name = |kind, text: String, target| {
        let row = NameRow { kind, tenant, location: location.clone(), text, target, created: now, changed: now };
        Object::Name(Arc::new(row))
    };
    let mut change = Change::none();
    if fresh.ring.is_none() {
        let (id, location) = (fresh.ring_id, request.place.clone());
        let ring = Keyring { id, tenant, location, name: ask.ring.clone(), documents: Vec::new(), created: now };
        change = change
            .put(fresh.ring_name_id, name(NameKind::Keyring, ask.ring.clone(), id))
            .put(id, Object::Keyring(Arc::new(ring)));
    }
    if let (Some(id), Some(text)) = (fresh.name_id, &ask.name) {
        change = change.put(id, name(NameKind::Key, format!("{}/{text}", ask.ring), fresh.id));
    }
    if let (Some(id), Some(token)) = (fresh.token_id, &ask.token) {
        let principal = supplies.principal;
        let row = TokenRow { principal, tenant, token: token.clone(), asked: digest(ask), made: fresh.id, at: now };
        change = change.put(id, Object::Token(Arc::new(row)));
    }
    change
}

/// A digest of what was asked, so that a token is not used for something else.
fn digest(ask: &CreateKey) -> [u8; 32] {
    let facts = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        ask.ring,
        ask.name,
        ask.purpose,
        ask.algorithm,
        ask.origin,
        ask.protection,
        ask.authority,
        ask.description,
        ask.facts,
        ask.document,
        ask.rotation,
        ask.version_window_seconds,
        ask.without_version,
        ask.limits,
        ask.window,
    );
    // Tokens of older releases were for keys without a scheme.
    let scheme = ask.scheme.map(|scheme| format!(" {scheme:?}")).unwrap_or_default();
    let reasons = ask.access_reasons.as_ref().map(|reasons| format!(" {reasons:?}")).unwrap_or_default();
    let facts = facts + &scheme + &reasons;
    crypto::sha256(facts.as_bytes())
}
