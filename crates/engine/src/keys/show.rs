use super::of;
use crate::find::Here;
use crate::working::{demand, shown};
use crate::{Step, Supplies, authority, find};
use clock::Timestamp;
use domain::{
    Action, Ask, Demand, Fault, Found, Key, KeyName, Moment, Object, Page, Reply, Request, Table, Tongue, Version,
};
use ledger::{Effects, View};
use std::sync::Arc;

pub(crate) fn show<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner) = of(request)?;
    let now = match request.ask {
        Ask::DescribeKey { at: Some(at), .. } => Moment { wall: *at, expected: *at, ..supplies.now },
        _ => supplies.now,
    };
    Ok(Step::Ready(Effects::answer(Reply::Key(shown(Key::clone(key), owner, now)))))
}

/// A key as it was. Whoever may see it now may see what it was.
pub(crate) fn found_at(
    name: &KeyName,
    at: Timestamp,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owned = find::key(name, here, view)?;
    let demands = vec![demand(Action::DescribeKey, &owned)];
    let absent = || Fault::KeyNotFound { asked: find::asked(name) };
    let key = view.key_at(owned.key.id, at)?.ok_or_else(absent)?;
    Ok((Found::Key { key, owner: owned.owner }, demands))
}

/// Every key of the caller's tenant and location that the tongue can spell.
pub(crate) fn found_list(page: Page, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let owner = Arc::clone(here.caller.tenant());
    let spelled = |_, object| match object {
        Object::Key(key) if here.tongue.spells(&key).is_ok() => Ok(Some(key)),
        _ => Ok(None),
    };
    let (keys, more) = find::page((Table::Key, view.place(owner.id, &here.place)), page, view, spelled)?;
    let target = authority::place(here);
    Ok((Found::Keys { keys, owner, more }, vec![Demand { action: Action::ListKeys, target }]))
}

pub(crate) fn list<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Keys { keys, owner, more } = &request.found else { return Err(Fault::NotFound) };
    let reply = Reply::Keys { keys: keys.clone(), owner: Arc::clone(owner), more: *more };
    Ok(Step::Ready(Effects::answer(reply)))
}

pub(crate) fn list_tags<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (key, _) = of(request)?;
    Ok(Step::Ready(Effects::answer(Reply::Tags(key.facts.tags.clone()))))
}

pub(crate) fn show_version<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::DescribeVersion { version, .. } = *request.ask else { return Err(Fault::NotFound) };
    let (key, owner) = of(request)?;
    key.version(version).map_err(|_| Fault::VersionNotFound { version })?;
    let key = shown(Key::clone(key), owner, supplies.now);
    Ok(Step::Ready(Effects::answer(Reply::Version { key, version })))
}

pub(crate) fn list_versions<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner) = of(request)?;
    // Only our own tongue has words for what is deleted.
    let seen = |version: &&Version| request.tongue == Tongue::Native || version.deleted.is_none();
    let versions = key.versions.iter().filter(seen).cloned().collect();
    let key = shown(Key::clone(key), owner, supplies.now);
    Ok(Step::Ready(Effects::answer(Reply::Versions { key, versions })))
}
