//! A version that is about to work.

use crate::find;
use crate::find::{Here, Owned};
use crypto::WorkKey;
use domain::{
    Action, Demand, Fault, Found, KeyName, KeyShown, Limits, Material, Moment, Occasion, Purpose, Request, Scheme,
    Target, Use, Version, Worker, Working, permitted,
};
use ledger::{Detail, DetailKey, Effects, View};
use std::sync::Arc;

/// The version with its material, if it is held at all.
pub(crate) fn working(owned: Owned, version: u32, view: &View) -> Result<Working, Fault> {
    let Owned { key, owner } = owned;
    let held = matches!(key.version(version).map(|version| version.material), Ok(Material::Held { .. }));
    let material = if held { view.material(&key, version)? } else { None };
    let budget = if key.limits == Limits::NONE { None } else { view.budget(key.id, version)? };
    Ok(Working { key, version, material, account: owner, budget })
}

/// A handle exists only for what may be used so, now.
pub(crate) fn usable(working: &Working, usage: Use, now: Moment) -> Result<WorkKey, Fault> {
    usable_for(working, &[Purpose::Encrypt], usage, now)
}

/// The same for keys of these purposes.
pub(crate) fn usable_for(working: &Working, purposes: &[Purpose], usage: Use, now: Moment) -> Result<WorkKey, Fault> {
    let version = version_for(working, purposes, usage, now)?;
    let missing = Fault::MaterialNotHeld { version: version.number, material: Material::Awaited };
    let material = Arc::clone(working.material.as_ref().ok_or(missing)?);
    Ok(WorkKey { key: working.key.id, version: working.version, material })
}

/// The version, if it may be used so, now.
pub(crate) fn version_for<'w>(
    working: &'w Working,
    purposes: &[Purpose],
    usage: Use,
    now: Moment,
) -> Result<&'w Version, Fault> {
    let key = &working.key;
    if !purposes.contains(&key.purpose) {
        return Err(Fault::WrongPurpose { purpose: key.purpose });
    }
    if working.version == 0 {
        return Err(Fault::NoPrimary);
    }
    let version = key.version(working.version).map_err(|_| Fault::VersionNotFound { version: working.version })?;
    permitted(key, version, usage, now)?;
    working.account.profile.admits(key.algorithm_of(version), Occasion::Use(usage), now.latest())?;
    Ok(version)
}

/// The version that is named, or else the one that protects by default.
pub(crate) fn found_version(
    action: Action,
    name: &KeyName,
    version: Option<u32>,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owned = find::key(name, here, view)?;
    let demands = vec![demand(action, &owned)];
    let version = version.unwrap_or(owned.key.primary);
    Ok((Found::Work(working(owned, version, view)?), demands))
}

/// The version at work.
pub(crate) fn work<'r>(request: &'r Request<'_>) -> Result<&'r Working, Fault> {
    match &request.found {
        Found::Work(work) => Ok(work),
        _ => Err(Fault::NotFound),
    }
}

/// How the version is used this time.
pub(crate) fn scheme(
    working: &Working,
    version: &Version,
    asked: Option<Scheme>,
    takes: impl Fn(Scheme) -> bool,
) -> Result<Scheme, Fault> {
    let key = &working.key;
    Scheme::chosen((key.algorithm_of(version), key.purpose), key.scheme_of(version), asked, takes)
}

/// The effects, and in the entry how the version was used and on how many bytes.
pub(crate) fn told(mut effects: Effects, scheme: Scheme, bytes: usize) -> Effects {
    let scheme = Detail::Text(format!("scheme={}", scheme.name()));
    effects.detail.push((DetailKey::Parameter, scheme));
    effects.detail.push((DetailKey::Bytes, Detail::Number(u64::try_from(bytes).unwrap_or(u64::MAX))));
    effects
}

pub(crate) fn worker(working: &Working) -> Worker {
    Worker { key: Arc::clone(&working.key), version: working.version, owner: Arc::clone(&working.account) }
}

pub(crate) fn demand(action: Action, owned: &Owned) -> Demand {
    Demand { action, target: Target::Key(Arc::clone(&owned.key)) }
}

pub(crate) fn shown(key: domain::Key, owner: &Arc<domain::Tenant>, now: Moment) -> KeyShown {
    KeyShown { key: Arc::new(key), owner: Arc::clone(owner), now }
}
