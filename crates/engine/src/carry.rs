//! Keys that leave in a backup of their own, and come back from one. Nothing that is there is overwritten, and nothing
//! that was destroyed, as far as anybody who was asked knows, comes back.

use crate::find::{full_path, tenant_named};
use crate::keys::{material_row, put_material};
use crate::purse::budget_change;
use crate::record::{Told, drafted_by_house_in};
use crate::recover::marked;
use domain::{
    Action, Amount, Destruction, Event, Fault, Fingerprint, Key, KeyMaterial, KeyState, Keyring, Life, Limits,
    Location, Material, Moment, NameKind, NameRow, Object, ObjectId, Occasion, PAGE_ITEMS_MAX, Reply, RowId, Scope,
    Steady, Table, Tenant, TenantKind, Timestamp, Version,
};
use ledger::{Change, DetailKey, Effects, Outcome, Record, View};
use secret::Kept;
use std::collections::BTreeSet;
use std::sync::Arc;

/// More aliases than any tongue lets a key have.
const ALIASES_READ: u32 = 1_000;
/// Keys of a ring that are read at once.
const KEYS_READ: u32 = 256;

/// A key with all that it needs elsewhere.
pub struct Carried {
    pub owner: Arc<Tenant>,
    pub key: Arc<Key>,
    /// Of each version whose material is held.
    pub materials: Vec<Arc<KeyMaterial>>,
    pub aliases: Vec<Arc<NameRow>>,
}

/// The ids of the keys that are meant: one by its id, or by `NAME` or `RING/NAME` in a location, or all of a ring. Keys
/// that were destroyed are left out of a ring.
pub fn keys_to_carry(
    view: &View,
    tenant: Option<&str>,
    location: Option<&Location>,
    named: Named<'_>,
) -> Result<Vec<ObjectId>, Fault> {
    if let Named::Key(text) = named
        && let Some(id) = ObjectId::parse(text)
    {
        return Ok(vec![id]);
    }
    let constraint = || "name it with --location, or the key by its id".to_owned();
    let location = location.ok_or_else(|| Fault::Invalid { member: "location".into(), constraint: constraint() })?;
    let tenant = match tenant {
        Some(name) => tenant_named(name, view)?,
        None => only_tenant(view)?,
    };
    match named {
        Named::Key(path) => {
            let row = view.name(NameKind::Key, tenant.id, Some(location), &full_path(path))?;
            let row = row.ok_or_else(|| Fault::KeyNotFound { asked: path.to_owned() })?;
            Ok(vec![row.target])
        }
        Named::Ring(ring) => keys_of_ring(view, &tenant, location, ring),
    }
}

/// How people say which keys they mean.
#[derive(Clone, Copy)]
pub enum Named<'a> {
    Key(&'a str),
    Ring(&'a str),
}

fn only_tenant(view: &View) -> Result<Arc<Tenant>, Fault> {
    let (rows, _) = view.list(Table::Tenant, ledger::Scope::All, None, PAGE_ITEMS_MAX)?;
    let mut tenants = rows.into_iter().filter_map(|(_, object)| match object {
        Object::Tenant(tenant) if tenant.kind == TenantKind::Ordinary => Some(tenant),
        _ => None,
    });
    match (tenants.next(), tenants.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Fault::Invalid { member: "tenant".into(), constraint: "name one with --tenant".into() }),
    }
}

fn keys_of_ring(view: &View, tenant: &Tenant, location: &Location, ring: &str) -> Result<Vec<ObjectId>, Fault> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (rows, more) = view.list(Table::Key, view.place(tenant.id, location), after, KEYS_READ)?;
        after = rows.last().map(|(id, _)| *id);
        let meant = |object: &Object| matches!(object, Object::Key(key) if key.ring == ring && key.life.state != KeyState::Destroyed);
        found.extend(rows.iter().filter(|(_, object)| meant(object)).map(|(id, _)| *id));
        if !more || after.is_none() {
            break;
        }
    }
    if found.is_empty() {
        let constraint = format!("no key of `{}` is in ring `{ring}` in {}", tenant.name, location.0);
        return Err(Fault::Invalid { member: "keyring".into(), constraint });
    }
    Ok(found)
}

/// A key as it is, each row of it believed like any that is used.
pub fn carried(view: &View, id: ObjectId) -> Result<Carried, Fault> {
    let absent = || Fault::KeyNotFound { asked: id.to_string() };
    let key = view.key(id)?.ok_or_else(absent)?;
    if key.life.state == KeyState::Destroyed {
        return Err(Fault::NotUsable(Scope::Key, KeyState::Destroyed));
    }
    let owner = view.tenant(key.tenant)?.ok_or_else(absent)?;
    let mut materials = Vec::new();
    for version in key.versions.iter().filter(|version| is_held(version)) {
        let missing = Fault::Damaged { row: material_row(id, version.number), why: "it is empty" };
        materials.push(view.material(&key, version.number)?.ok_or(missing)?);
    }
    let (names, _) = view.list(Table::Name, ledger::Scope::Owner(id), None, ALIASES_READ)?;
    let alias = |object| match object {
        Object::Name(name) if name.kind == NameKind::Alias => Some(name),
        _ => None,
    };
    let aliases = names.into_iter().filter_map(|(_, object)| alias(object)).collect();
    Ok(Carried { owner, key, materials, aliases })
}

fn is_held(version: &Version) -> bool {
    matches!(version.material, Material::Held { .. })
}

/// A key that is to come back.
pub struct Returning<'a> {
    pub carried: &'a Carried,
    /// Whether it left this very site.
    pub is_own: bool,
    /// Where to, unless its own tenant is here: by name or account.
    pub tenant: Option<&'a str>,
    /// When it left.
    pub left: Timestamp,
    /// What this site calls its materials.
    pub fingerprints: &'a [(u32, Fingerprint)],
    /// Rows that are known to be destroyed.
    pub destroyed: &'a BTreeSet<RowId>,
    /// What the entry says beside the key.
    pub said: &'a str,
}

/// How a key comes back.
pub struct Returned {
    pub record: Record,
    pub key: Arc<Key>,
    pub owner: Arc<Tenant>,
    /// Aliases that mean something else by now.
    pub left_out: Vec<String>,
}

/// Makes the key anew, with its id, its versions and their material. It is marked, since nobody knows what became of it
/// after it left; what limits it had left is not known either, so its versions count as used up.
pub fn returned(told: Told, view: &View, given: &Returning<'_>) -> Result<Returned, Fault> {
    let owner = owner(view, given)?;
    is_not_there(view, given)?;
    let mut key = alive(given, told.moment)?;
    same_material(&key, given)?;
    if !given.is_own {
        for version in key.versions.iter().filter(|version| is_held(version)) {
            owner.profile.admits(key.algorithm_of(version), Occasion::Import, told.moment.latest())?;
        }
    }
    key.tenant = owner.id;
    for version in &mut key.versions {
        let known = given.fingerprints.iter().find(|(number, _)| *number == version.number);
        version.fingerprint = known.map(|(_, print)| *print).or(version.fingerprint);
    }
    let key = marked(&key, &given.left.to_rfc3339());
    let change = ring(view, &key, told.moment)?.and(own_name(view, &key, told.moment)?);
    let (aliases, left_out) = aliases(view, &key, &given.carried.aliases)?;
    let change = materials(view, &key, given, change.and(aliases))?.and(limits(view, &key)?);
    let key = Arc::new(key);
    let change = change.put(key.id, Object::Key(Arc::clone(&key)));
    let mut draft = drafted_by_house_in(owner.id, &told, Action::RestoreKey, key.id);
    draft.detail.text(DetailKey::Parameter, given.said);
    let record = Outcome::of(draft, Ok(Effects::change(change, Reply::Done))).record;
    Ok(Returned { record, key, owner, left_out })
}

/// Its own tenant where that is here, else the one that is named, else the one of the same name.
fn owner(view: &View, given: &Returning<'_>) -> Result<Arc<Tenant>, Fault> {
    let former = &given.carried.owner;
    let own = if given.is_own { view.tenant(former.id)? } else { None };
    let named = given.tenant.map(|name| tenant_named(name, view)).transpose()?;
    match (own, named) {
        (Some(own), Some(named)) if own.id != named.id => {
            Err(Fault::Denied { reason: format!("the key is of tenant `{}`, which is here", own.name) })
        }
        (Some(own), _) => Ok(own),
        (None, Some(named)) if named.kind == TenantKind::Ordinary => Ok(named),
        (None, Some(_)) => Err(Fault::Denied { reason: "the site tenant holds no keys".into() }),
        (None, None) => tenant_named(&former.name, view),
    }
}

fn is_not_there(view: &View, given: &Returning<'_>) -> Result<(), Fault> {
    let former = &given.carried.key;
    let Some(there) = view.key(former.id)? else { return Ok(()) };
    if there.life.state == KeyState::Destroyed {
        return Err(stays_destroyed());
    }
    let print = |number| given.fingerprints.iter().find(|(of, _)| *of == number).map(|(_, print)| *print);
    let held = there.versions.iter().filter(|version| is_held(version));
    let same = held.fold(true, |same, version| same & (version.fingerprint == print(version.number)));
    let how = if same { "the same material" } else { "other material than the backup's" };
    Err(Fault::AlreadyThere { what: format!("this key, with {how},") })
}

fn stays_destroyed() -> Fault {
    Fault::Denied { reason: "the key was destroyed, and what is destroyed stays so".into() }
}

/// The key without what was destroyed since, and with what is left of a waiting period before it.
fn alive(given: &Returning<'_>, now: Moment) -> Result<Key, Fault> {
    let mut key = Key::clone(&given.carried.key);
    if given.destroyed.contains(&RowId::new(Table::Key, key.id)) {
        return Err(stays_destroyed());
    }
    for number in key.versions.iter().map(|version| version.number).collect::<Vec<_>>() {
        if given.destroyed.contains(&material_row(key.id, number)) {
            key = key.after(Event::Bury(Scope::Version(number)), now)?;
        }
    }
    let had = given.carried.key.versions.iter().any(is_held);
    if had && !key.versions.iter().any(is_held) {
        return Err(stays_destroyed());
    }
    waits_on(&mut key.life, Scope::Key, given.left, now)?;
    for version in &mut key.versions {
        waits_on(&mut version.life, Scope::Version(version.number), given.left, now)?;
    }
    Ok(key)
}

/// An order to destroy holds. Its time is counted by this site's steady clock, from what was left of it.
fn waits_on(life: &mut Life, scope: Scope, left: Timestamp, now: Moment) -> Result<(), Fault> {
    let Destruction::Scheduled { deadline, resume_to, .. } = life.destruction else { return Ok(()) };
    let wait = deadline.millis_since(left);
    if wait <= 0 || deadline <= now.wall {
        let reason = format!("the destruction of {scope} was due at {}", deadline.to_rfc3339());
        return Err(Fault::Denied { reason });
    }
    let due = Steady(now.steady.0.saturating_add(wait));
    life.destruction = Destruction::Scheduled { deadline: now.wall.plus(wait), due, resume_to };
    Ok(())
}

/// Where the site that it left can tell, the material is the one that the key says.
fn same_material(key: &Key, given: &Returning<'_>) -> Result<(), Fault> {
    for version in key.versions.iter().filter(|version| is_held(version)) {
        let print = given.fingerprints.iter().find(|(number, _)| *number == version.number);
        let (_, print) = print.ok_or(Fault::NotIdentical)?;
        if given.is_own && version.fingerprint.is_some_and(|known| known != *print) {
            return Err(Fault::NotIdentical);
        }
    }
    Ok(())
}

fn name_of(key: &Key, kind: NameKind, text: String, target: ObjectId, now: Timestamp) -> Object {
    let location = Some(key.location.clone());
    Object::Name(Arc::new(NameRow { kind, tenant: key.tenant, location, text, target, created: now, changed: now }))
}

/// The ring, where it is not there.
fn ring(view: &View, key: &Key, now: Moment) -> Result<Change, Fault> {
    let place = Some(&key.location);
    if view.name(NameKind::Keyring, key.tenant, place, &key.ring)?.is_some() {
        return Ok(Change::none());
    }
    // As with a ring that is made with its first key: its id is next to the key's.
    let mut id = key.id;
    if let Some(last) = id.0.last_mut() {
        *last ^= 1;
    }
    view.touch(RowId::new(Table::Keyring, id))?;
    let (tenant, location, name) = (key.tenant, key.location.clone(), key.ring.clone());
    let ring = Keyring { id, tenant, location, name, documents: Vec::new(), created: now.wall };
    let name_id = view.name_id(NameKind::Keyring, key.tenant, place, &key.ring);
    let name = name_of(key, NameKind::Keyring, key.ring.clone(), id, now.wall);
    Ok(Change::none().put(name_id, name).put(id, Object::Keyring(Arc::new(ring))))
}

/// The key's own name, which nothing else may have.
fn own_name(view: &View, key: &Key, now: Moment) -> Result<Change, Fault> {
    let Some(name) = &key.name else { return Ok(Change::none()) };
    let path = format!("{}/{name}", key.ring);
    if is_taken(view, key, &path)? {
        return Err(Fault::AlreadyThere { what: format!("another key or alias called {path}") });
    }
    let id = view.name_id(NameKind::Key, key.tenant, Some(&key.location), &path);
    Ok(Change::none().put(id, name_of(key, NameKind::Key, path, key.id, now.wall)))
}

/// A key's name is also an alias.
fn is_taken(view: &View, key: &Key, path: &str) -> Result<bool, Fault> {
    let place = Some(&key.location);
    let alias = path.strip_prefix("default/").unwrap_or(path);
    let named = view.name(NameKind::Key, key.tenant, place, &full_path(path))?.is_some();
    Ok(named || view.name(NameKind::Alias, key.tenant, place, alias)?.is_some())
}

/// Aliases that are free, and those that are not.
fn aliases(view: &View, key: &Key, wanted: &[Arc<NameRow>]) -> Result<(Change, Vec<String>), Fault> {
    let (mut change, mut left_out) = (Change::none(), Vec::new());
    for alias in wanted {
        if is_taken(view, key, &alias.text)? {
            left_out.push(alias.text.clone());
            continue;
        }
        let id = view.name_id(NameKind::Alias, key.tenant, Some(&key.location), &alias.text);
        let row = NameRow { tenant: key.tenant, target: key.id, ..NameRow::clone(alias) };
        change = change.put(id, Object::Name(Arc::new(row)));
    }
    Ok((change, left_out))
}

fn materials(view: &View, key: &Key, given: &Returning<'_>, mut change: Change) -> Result<Change, Fault> {
    for version in &key.versions {
        view.touch(material_row(key.id, version.number))?;
        if !is_held(version) {
            continue;
        }
        let material = given.carried.materials.iter().find(|material| material.version == version.number);
        let material = material.ok_or(Fault::NotIdentical)?;
        let algorithm = key.algorithm_of(version);
        if material.algorithm != algorithm || material.purpose != key.purpose {
            return Err(Fault::NotIdentical);
        }
        change = put_material(change, key, version.number, algorithm, copied(material)?);
    }
    Ok(change)
}

fn copied(material: &KeyMaterial) -> Result<Kept, Fault> {
    material.bytes.expose(Kept::keep).map_err(|_| Fault::MemoryFull)
}

/// What the versions protected since the key left is not known.
fn limits(view: &View, key: &Key) -> Result<Change, Fault> {
    let mut change = Change::none();
    if key.limits == Limits::NONE {
        return Ok(change);
    }
    let all = Amount { uses: key.limits.uses.unwrap_or(0), bytes: key.limits.bytes.unwrap_or(0) };
    for version in &key.versions {
        view.budget(key.id, version.number)?;
        change = change.and(budget_change(key.id, key.tenant, version.number, all));
    }
    Ok(change)
}
