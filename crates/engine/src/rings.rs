//! Key rings, and where they are.

use crate::find::Here;
use crate::{Step, Supplies, authority, find};
use domain::{
    Action, Demand, Fault, Found, KEYS_LISTED_MAX, Keyring, Location, NameKind, NameRow, Object, PAGE_ITEMS_MAX,
    RINGS_LISTED_MAX, Reply, Request, RingName, RowId, Table, Target, Tenant,
};
use ledger::{Change, Effects, View};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A ring is governed by the regime of the tongue that asks for it.
fn demand(action: Action, owner: &Arc<Tenant>, ring: Option<&str>, here: &Here<'_>) -> Vec<Demand> {
    let target = Target::Place {
        tenant: Arc::clone(owner),
        location: here.place.clone(),
        ring: ring.map(str::to_owned),
        authority: authority::of_tongue(here.tongue),
    };
    vec![Demand { action, target }]
}

pub(crate) fn found(name: &RingName, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let (ring, owner) = find::ring(name, here, view)?;
    let demands = demand(Action::DescribeRing, &owner, Some(&name.ring), here);
    Ok((Found::Ring { ring }, demands))
}

pub(crate) fn show<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Ring { ring } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Ring(Arc::clone(ring)))))
}

/// Where the ring is to be made, and whether it is there.
pub(crate) fn found_fresh(name: &RingName, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = find::home(name.project.as_deref(), here)?;
    let place = Some(&here.place);
    let name_id = view.name_id(NameKind::Keyring, owner.id, place, &name.ring);
    let taken = view.name(NameKind::Keyring, owner.id, place, &name.ring)?.is_some();
    view.touch(RowId::new(Table::Keyring, here.fresh))?;
    let demands = demand(Action::CreateRing, &owner, Some(&name.ring), here);
    Ok((Found::FreshRing { id: here.fresh, name_id, owner, taken }, demands))
}

pub(crate) fn create<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (domain::Ask::CreateRing { ring: asked }, Found::FreshRing { id, name_id, owner, taken }) =
        (request.ask, &request.found)
    else {
        return Err(Fault::NotFound);
    };
    crate::keys::spelled(&asked.ring)?;
    if *taken {
        return Err(Fault::AlreadyThere { what: asked.ring.clone() });
    }
    if owner.kind == domain::TenantKind::Site {
        return Err(Fault::Denied { reason: "the site tenant holds no keys".into() });
    }
    let (tenant, created, location) = (owner.id, supplies.now.wall, request.place.clone());
    let ring = Arc::new(Keyring {
        id: *id,
        tenant,
        location: location.clone(),
        name: asked.ring.clone(),
        documents: Vec::new(),
        created,
    });
    let (kind, text) = (NameKind::Keyring, asked.ring.clone());
    let name = NameRow { kind, tenant, location: Some(location), text, target: *id, created, changed: created };
    let change =
        Change::none().put(*name_id, Object::Name(Arc::new(name))).put(*id, Object::Keyring(Arc::clone(&ring)));
    Ok(Step::Ready(Effects::change(change, Reply::Ring(ring))))
}

/// Every ring of the place, in the order of their names.
pub(crate) fn found_list(project: Option<&str>, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = find::home(project, here)?;
    let wanted = |object| match object {
        Object::Keyring(ring) => Some(ring),
        _ => None,
    };
    let scope = view.place(owner.id, &here.place);
    let mut rings = all((Table::Keyring, scope), RINGS_LISTED_MAX, "key rings in a listing", view, wanted)?;
    rings.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((Found::Rings { rings }, demand(Action::ListRings, &owner, None, here)))
}

pub(crate) fn list<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Rings { rings } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Rings(rings.clone()))))
}

/// Every key of the ring that the tongue can spell, in the order of their names; those without a name by their ids.
pub(crate) fn found_keys(name: &RingName, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let (ring, owner) = find::ring(name, here, view)?;
    let wanted = |object| match object {
        Object::Key(key) if key.ring == ring.name && here.tongue.spells(&key).is_ok() => Some(key),
        _ => None,
    };
    let scope = view.place(owner.id, &here.place);
    let mut keys = all((Table::Key, scope), KEYS_LISTED_MAX, "keys in a listing", view, wanted)?;
    keys.sort_by_cached_key(|key| key.name.clone().unwrap_or_else(|| key.id.to_string()));
    let demands = demand(Action::ListKeys, &owner, Some(&name.ring), here);
    Ok((Found::Keys { keys, owner, more: false }, demands))
}

/// Where the tenant has rings, in the order of their names.
pub(crate) fn found_locations(
    project: Option<&str>,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = find::home(project, here)?;
    let wanted = |object| match object {
        Object::Keyring(ring) => Some(ring.location.clone()),
        _ => None,
    };
    let rows = (Table::Keyring, ledger::Scope::Tenant(owner.id));
    let found = all(rows, RINGS_LISTED_MAX, "key rings in a listing", view, wanted)?;
    let distinct: BTreeSet<Location> = found.into_iter().collect();
    let locations = distinct.into_iter().collect();
    Ok((Found::Locations { locations }, demand(Action::ListLocations, &owner, None, here)))
}

pub(crate) fn locations<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Locations { locations } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Locations(locations.clone()))))
}

/// A whole listing; more than `max` are refused, never left out.
pub(crate) fn all<T>(
    (table, scope): (Table, ledger::Scope),
    max: usize,
    what: &'static str,
    view: &View,
    mut wanted: impl FnMut(Object) -> Option<T>,
) -> Result<Vec<T>, Fault> {
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let (rows, more) = view.list(table, scope, after, PAGE_ITEMS_MAX)?;
        after = rows.last().map(|(id, _)| *id).or(after);
        items.extend(rows.into_iter().filter_map(|(_, object)| wanted(object)));
        if items.len() > max {
            return Err(Fault::LimitReached { what, max });
        }
        if !more {
            return Ok(items);
        }
    }
}
