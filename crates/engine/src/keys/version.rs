//! Makes one more version of a key, which does not become its primary.

use super::create::put_material;
use super::of;
use crate::working::shown;
use crate::{Step, Supplies, authority};
use crypto::{Job, Worked};
use domain::{
    Destruction, Fault, Key, KeyState, Object, Origin, Reply, Request, Scope, Tenant, VERSIONS_PER_KEY_MAX, Version,
    VersionCause,
};
use ledger::{Change, Effects};
use std::sync::Arc;

pub(crate) fn create_version<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner) = of(request)?;
    takes_versions(key)?;
    if !key.algorithm.is_symmetric() && authority::generates_later(key.authority) {
        let version = Version::awaited(key.next_version(), supplies.now.wall, VersionCause::Demand);
        return Ok(Step::Ready(made(key, owner, version, Change::none(), supplies)));
    }
    Ok(Step::Work(Job::Generate { algorithm: key.algorithm }, |request, worked, supplies| {
        let (key, owner) = of(request)?;
        let Worked::Generated { material, fingerprint, public } = worked else { return Err(Fault::Unavailable) };
        let number = key.next_version();
        let version = Version::active(number, Some(fingerprint), supplies.now.wall, VersionCause::Demand);
        let change = put_material(Change::none(), key, number, key.algorithm, material);
        Ok(made(key, owner, Version { public, ..version }, change, supplies))
    }))
}

/// The key with one more version, and the change that goes with it.
fn made(key: &Key, owner: &Arc<Tenant>, version: Version, change: Change, supplies: &Supplies<'_>) -> Effects {
    let (mut after, number) = (key.clone(), version.number);
    after.versions.push(version);
    let change = change.put(after.id, Object::Key(Arc::new(after.clone())));
    let key = shown(after, owner, supplies.now);
    Effects::change(change, Reply::Version { key, version: number })
}

/// A key whose material is made here, and that is not on its way out.
fn takes_versions(key: &Key) -> Result<(), Fault> {
    if key.origin != Origin::Generated {
        return Err(Fault::NotRotatable { why: "its material is imported; import new material" });
    }
    if !key.algorithm.is_implemented_for(key.purpose) {
        return Err(Fault::NotImplemented { what: format!("{} for {:?}", key.algorithm.name(), key.purpose) });
    }
    if key.versions.len() >= VERSIONS_PER_KEY_MAX {
        return Err(Fault::LimitReached { what: "versions of a key", max: VERSIONS_PER_KEY_MAX });
    }
    match (key.life.destruction, key.life.state) {
        (Destruction::Scheduled { deadline, .. }, _) => {
            Err(Fault::DestructionScheduled { scope: Scope::Key, deadline })
        }
        (_, KeyState::Active) => Ok(()),
        (_, state) => Err(Fault::NotUsable(Scope::Key, state)),
    }
}
