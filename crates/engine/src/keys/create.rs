//! Makes a key with its first version.

use crate::find::Here;
use crate::keys::change::spelled_tags;
use crate::working::shown;
use crate::{Step, Supplies, authority, documents};
use crypto::{Job, Worked};
use domain::{
    Action, Algorithm, Ask, CreateKey, DAY, Demand, Document, Fault, Found, FreshKey, GCM_USES_MAX, Key, KeyMaterial,
    Keyring, Life, Limits, NameKind, NameRow, Object, ObjectId, Occasion, Origin, ProtectionLevel, Purpose,
    ROTATION_PERIOD_DAYS_MAX, ROTATION_PERIOD_DAYS_MIN, Ready, Reply, Request, RotationSchedule, RowId, Scheme, Table,
    Target, TokenRow, Version, VersionCause,
};
use ledger::{Change, Effects, View};
use secret::Kept;
use std::sync::Arc;

pub(crate) fn found_fresh(ask: &CreateKey, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = Arc::clone(here.caller.tenant());
    let place = Some(&here.place);
    let ring_name_id = view.name_id(NameKind::Keyring, owner.id, place, &ask.ring);
    let ring = match view.name(NameKind::Keyring, owner.id, place, &ask.ring)? {
        Some(row) => view.keyring(row.target)?,
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
    if !ask.algorithm.is_symmetric() && (ask.later || authority::generates_later(ask.authority)) {
        let version = Version::awaited(1, supplies.now.wall, VersionCause::Creation);
        return Ok(Step::Ready(made(ask, fresh, request, version, supplies, |change, _| change)));
    }
    Ok(Step::Work(Job::Generate { algorithm: ask.algorithm }, |request, worked, supplies| {
        let (Ask::CreateKey(ask), Found::FreshKey(fresh)) = (request.ask, &request.found) else {
            return Err(Fault::NotFound);
        };
        let Worked::Generated { material, fingerprint, public } = worked else { return Err(Fault::Unavailable) };
        let version = Version::active(1, Some(fingerprint), supplies.now.wall, VersionCause::Creation);
        let version = Version { public, ..version };
        Ok(made(ask, fresh, request, version, supplies, |change, key| {
            put_material(change, key, 1, key.algorithm, material)
        }))
    }))
}

/// The key with its first version, and what goes with it.
fn made(
    ask: &CreateKey,
    fresh: &FreshKey,
    request: &Request<'_>,
    version: Version,
    supplies: &Supplies<'_>,
    more: impl FnOnce(Change, &Key) -> Change,
) -> Effects {
    let key = new_key(ask, fresh, request, Version { window: ask.window, ..version }, supplies);
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
    if ask.origin != Origin::Generated {
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
    if let Some(days) = ask.rotation_days {
        rotates_by_itself(ask.purpose)?;
        period(days)?;
    }
    if fresh.owner.kind == domain::TenantKind::Site {
        return Err(Fault::Denied { reason: "the site tenant holds no keys".into() });
    }
    spelled(&ask.ring)?;
    spelled_tags(&ask.facts.tags)?;
    ask.name.as_deref().map_or(Ok(()), spelled)
}

/// Names of rings and keys: letters, digits, `_` and `-`, at most 63 (the narrowest tongue's rule).
fn spelled(name: &str) -> Result<(), Fault> {
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

pub(crate) fn period(days: u32) -> Result<u32, Fault> {
    if (ROTATION_PERIOD_DAYS_MIN..=ROTATION_PERIOD_DAYS_MAX).contains(&days) {
        return Ok(days);
    }
    let constraint = format!("between {ROTATION_PERIOD_DAYS_MIN} and {ROTATION_PERIOD_DAYS_MAX} days");
    Err(Fault::Invalid { member: "rotation period".into(), constraint })
}

fn new_key(ask: &CreateKey, fresh: &FreshKey, request: &Request<'_>, version: Version, supplies: &Supplies<'_>) -> Key {
    let now = supplies.now.wall;
    let days = ask.rotation_days.or(fresh.owner.profile.rotation_days_default(ask.purpose));
    let rotation =
        days.map(|period_days| RotationSchedule { period_days, next: now.plus(i64::from(period_days) * DAY) });
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
        primary: 1,
        versions: vec![version],
        rotation,
        limits: limits(ask),
        rotations_on_demand: 0,
        created: now,
        description: ask.description.clone(),
        facts: ask.facts.clone(),
        documents: first_document(ask, fresh),
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
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
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
        ask.rotation_days,
        ask.limits,
        ask.window,
    );
    // Tokens of older releases were for keys without a scheme.
    let scheme = ask.scheme.map(|scheme| format!(" {scheme:?}")).unwrap_or_default();
    let facts = facts + &scheme;
    crypto::sha256(facts.as_bytes())
}
