//! More names for a key.

use crate::find::{Here, Owned};
use crate::working::demand;
use crate::{Step, Supplies, authority, find};
use domain::{
    ALIASES_PER_KEY_MAX, Action, AliasFound, Ask, Demand, Destruction, Fault, Found, KeyName, KeyState, Location,
    NameKind, NameRow, Object, ObjectId, Page, Reply, Request, RowId, Scope, Table, Target, Tenant,
};
use ledger::{Change, Effects, View};
use std::sync::Arc;

const ALIASES_MAX: u32 = ALIASES_PER_KEY_MAX as u32;

/// The alias as it is, the key it shall mean, and the one it meant.
pub(crate) fn found(
    action: Action,
    alias: &str,
    to: Option<&KeyName>,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = Arc::clone(here.caller.tenant());
    let id = view.name_id(NameKind::Alias, owner.id, Some(&here.place), alias);
    let row = view.name(NameKind::Alias, owner.id, Some(&here.place), alias)?;
    let taken_by_name = view.name(NameKind::Key, owner.id, Some(&here.place), &find::full_path(alias))?.is_some();
    let key = to.map(|name| find::key(name, here, view)).transpose()?;
    let elsewhere = |owned: &Owned| owned.key.location != here.place || owned.key.tenant != owner.id;
    if key.as_ref().is_some_and(elsewhere) {
        return Err(Fault::KeyNotFound { asked: to.map(find::asked).unwrap_or_default() });
    }
    let former = match &row {
        Some(row) => view.key(row.target)?,
        None => None,
    };
    let names = match &key {
        Some(owned) => view.list(Table::Name, ledger::Scope::Owner(owned.key.id), None, ALIASES_MAX)?.0.len(),
        None => 0,
    };
    if action == Action::CreateAlias && names >= ALIASES_PER_KEY_MAX {
        return Err(Fault::LimitReached { what: "aliases of a key", max: ALIASES_PER_KEY_MAX });
    }
    if row.is_none() && action != Action::CreateAlias {
        return Err(Fault::AliasNotFound { alias: alias.to_owned() });
    }
    let demands = demands(action, alias, here, &owner, key.as_ref(), former.as_ref());
    let key = key.map(|owned| owned.key);
    Ok((Found::Alias { id, row, key, former, owner, taken_by_name }, demands))
}

fn demands(
    action: Action,
    alias: &str,
    here: &Here<'_>,
    owner: &Arc<Tenant>,
    key: Option<&Owned>,
    former: Option<&Arc<domain::Key>>,
) -> Vec<Demand> {
    let named = Target::Alias {
        tenant: Arc::clone(owner),
        location: here.place.clone(),
        alias: alias.to_owned(),
        authority: key.map_or(authority::of_tongue(here.tongue), |owned| owned.key.authority),
    };
    let former = former.map(|key| Demand { action, target: Target::Key(Arc::clone(key)) });
    let key = key.map(|owned| demand(action, owned));
    [Some(Demand { action, target: named }), key, former].into_iter().flatten().collect()
}

pub(crate) fn create<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::CreateAlias { alias, .. } = request.ask else { return Err(Fault::NotFound) };
    let Found::Alias { id, row, key: Some(key), owner, taken_by_name, .. } = &request.found else {
        return Err(Fault::NotFound);
    };
    if row.is_some() || *taken_by_name {
        return Err(Fault::AlreadyThere { what: alias.clone() });
    }
    takes_names(key)?;
    let row = name_row(alias, &request.place, owner.id, key.id, supplies);
    Ok(Step::Ready(Effects::change(put(*id, row), Reply::Done)))
}

pub(crate) fn retarget<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Found::Alias { id, row: Some(row), key: Some(key), former, .. } = &request.found else {
        return Err(Fault::NotFound);
    };
    takes_names(key)?;
    if former.as_ref().is_some_and(|former| former.purpose != key.purpose || former.algorithm != key.algorithm) {
        return Err(Fault::WrongPurpose { purpose: key.purpose });
    }
    let row = NameRow { target: key.id, changed: supplies.now.wall, ..NameRow::clone(row) };
    Ok(Step::Ready(Effects::change(put(*id, row), Reply::Done)))
}

pub(crate) fn delete<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Alias { id, row: Some(_), .. } = &request.found else { return Err(Fault::NotFound) };
    let change = Change::none().remove(RowId::new(Table::Name, *id));
    Ok(Step::Ready(Effects::change(change, Reply::Done)))
}

fn takes_names(key: &domain::Key) -> Result<(), Fault> {
    match (key.life.destruction, key.life.state) {
        (Destruction::Scheduled { deadline, .. }, _) => {
            Err(Fault::DestructionScheduled { scope: Scope::Key, deadline })
        }
        (_, KeyState::Destroyed) => Err(Fault::NotUsable(Scope::Key, KeyState::Destroyed)),
        _ => Ok(()),
    }
}

fn name_row(alias: &str, place: &Location, tenant: ObjectId, target: ObjectId, supplies: &Supplies<'_>) -> NameRow {
    let (created, changed) = (supplies.now.wall, supplies.now.wall);
    let location = Some(place.clone());
    NameRow { kind: NameKind::Alias, tenant, location, text: alias.to_owned(), target, created, changed }
}

fn put(id: ObjectId, row: NameRow) -> Change {
    Change::none().put(id, Object::Name(Arc::new(row)))
}

/// All aliases of the place, or of one key. A key with a name has one more.
pub(crate) fn found_list(
    of: Option<&KeyName>,
    page: Page,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = Arc::clone(here.caller.tenant());
    let of = of.map(|name| find::key(name, here, view)).transpose()?;
    let target = authority::place(here);
    let scope = match &of {
        Some(owned) => ledger::Scope::Owner(owned.key.id),
        None => view.place(owner.id, &here.place),
    };
    let spelled = |id, object| match alias_found(id, &object) {
        Some(found) => Ok(view.key(found.key)?.is_some_and(|key| here.tongue.spells(&key).is_ok()).then_some(found)),
        None => Ok(None),
    };
    let (aliases, more) = find::page((Table::Name, scope), page, view, spelled)?;
    Ok((Found::Aliases { aliases, owner, more }, vec![Demand { action: Action::ListAliases, target }]))
}

fn alias_found(id: ObjectId, object: &Object) -> Option<AliasFound> {
    let Object::Name(name) = object else { return None };
    let alias = match name.kind {
        NameKind::Alias => name.text.clone(),
        NameKind::Key => name.text.strip_prefix("default/").unwrap_or(&name.text).to_owned(),
        _ => return None,
    };
    Some(AliasFound { id, alias, key: name.target, created: name.created, changed: name.changed })
}

pub(crate) fn list<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Aliases { aliases, owner, more } = &request.found else { return Err(Fault::NotFound) };
    let reply = Reply::Aliases { aliases: aliases.clone(), owner: Arc::clone(owner), more: *more };
    Ok(Step::Ready(Effects::answer(reply)))
}
