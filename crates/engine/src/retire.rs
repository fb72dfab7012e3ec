//! Keys and versions that are deleted once nothing is left of their material: what they were called is never used again.

use crate::find::Here;
use crate::rings::all;
use crate::working::shown;
use crate::{Step, Supplies, authority, find};
use domain::{
    Action, Ask, Demand, Event, Fault, Found, KEYS_LISTED_MAX, Key, Object, ObjectId, Reply, Request, Table, Target,
    Tenant,
};
use ledger::{Change, Effects, View};
use std::sync::Arc;

fn of<'r>(request: &'r Request<'_>) -> Result<(&'r Arc<Key>, &'r Arc<Tenant>), Fault> {
    match &request.found {
        Found::Key { key, owner } => Ok((key, owner)),
        _ => Err(Fault::NotFound),
    }
}

/// The key is gone from listings and answers to nobody; its name stays taken.
pub(crate) fn key<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner) = of(request)?;
    let after = Key::clone(key).after(Event::Retire, supplies.now)?;
    let reply = Reply::RetiredKey(shown(after.clone(), owner, supplies.now));
    let change = Change::none().put(after.id, Object::Key(Arc::new(after)));
    Ok(Step::Ready(Effects::change(change, reply)))
}

/// The version is gone from the key; its number is never used again.
pub(crate) fn version<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::DeleteVersion { version, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, _) = of(request)?;
    key.version(*version).map_err(|_| Fault::VersionNotFound { version: *version })?;
    let after = Key::clone(key).after(Event::Delete(*version), supplies.now)?;
    let change = Change::none().put(after.id, Object::Key(Arc::new(after)));
    Ok(Step::Ready(Effects::change(change, Reply::Done)))
}

fn demand(action: Action, owner: &Arc<Tenant>, here: &Here<'_>) -> Vec<Demand> {
    let (tenant, location, authority) = (Arc::clone(owner), here.place.clone(), authority::of_tongue(here.tongue));
    vec![Demand { action, target: Target::Place { tenant, location, ring: None, authority } }]
}

/// Every key of the place that was deleted, in the order of their ids.
pub(crate) fn found_list(project: Option<&str>, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = find::home(project, here)?;
    let wanted = |object| match object {
        Object::Key(key) if key.retired.is_some() => Some(key),
        _ => None,
    };
    let scope = view.place(owner.id, &here.place);
    let mut keys = all((Table::Key, scope), KEYS_LISTED_MAX, "deleted keys in a listing", view, wanted)?;
    keys.sort_by_key(|key| key.id);
    let demands = demand(Action::ListRetiredKeys, &owner, here);
    Ok((Found::Keys { keys, owner, more: false }, demands))
}

pub(crate) fn list<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Keys { keys, owner, .. } = &request.found else { return Err(Fault::NotFound) };
    let reply = Reply::RetiredKeys { keys: keys.clone(), owner: Arc::clone(owner) };
    Ok(Step::Ready(Effects::answer(reply)))
}

pub(crate) fn found(
    project: Option<&str>,
    id: ObjectId,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = find::home(project, here)?;
    let meant = |key: &Arc<Key>| key.tenant == owner.id && key.location == here.place && key.retired.is_some();
    let key = view.key(id)?.filter(meant).ok_or(Fault::NotFound)?;
    let demands = demand(Action::DescribeRetiredKey, &owner, here);
    Ok((Found::Key { key, owner }, demands))
}

pub(crate) fn show<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner) = of(request)?;
    Ok(Step::Ready(Effects::answer(Reply::RetiredKey(shown(Key::clone(key), owner, supplies.now)))))
}
