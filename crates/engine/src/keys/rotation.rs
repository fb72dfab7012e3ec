//! Makes a fresh version the one that protects. The former still opens what it closed.

use super::create::{put_material, rotates_by_itself, scheduled};
use super::{becomes, of};
use crate::working::shown;
use crate::{Step, Supplies, authority};
use crypto::{Job, Worked};
use domain::{
    Ask, Authority, Destruction, Fault, Key, KeyState, Object, Origin, Purpose, Reply, Request, Scope, Tenant,
    VersionCause,
};
use ledger::{Change, Effects};
use std::sync::Arc;

pub(crate) fn get_rotation<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner) = of(request)?;
    Ok(Step::Ready(Effects::answer(rotation(key, owner, supplies))))
}

fn rotation(key: &Key, owner: &Arc<Tenant>, supplies: &Supplies<'_>) -> Reply {
    Reply::Rotation { schedule: key.rotation, key: shown(key.clone(), owner, supplies.now) }
}

pub(crate) fn set_rotation<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::SetRotation { rotation: asked, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, owner) = of(request)?;
    if asked.is_some() {
        rotates_by_itself(key.purpose)?;
    }
    rotatable(key)?;
    let schedule = asked.map(|asked| scheduled(asked, supplies.now.wall)).transpose()?;
    let after = Key { rotation: schedule, ..Key::clone(key) };
    let reply = rotation(&after, owner, supplies);
    Ok(Step::Ready(becomes(key, after, reply)))
}

/// Only keys whose material is made here, and that are not on their way out.
pub(crate) fn rotatable(key: &Key) -> Result<(), Fault> {
    if key.purpose != Purpose::Encrypt && key.authority != Authority::Native {
        return Err(Fault::NotRotatable { why: "only symmetric encryption keys rotate in place" });
    }
    if key.origin != Origin::Generated {
        return Err(Fault::NotRotatable { why: "its material is imported; import new material" });
    }
    if let Destruction::Scheduled { deadline, .. } = key.life.destruction {
        return Err(Fault::DestructionScheduled { scope: Scope::Key, deadline });
    }
    if key.life.state == KeyState::Active { Ok(()) } else { Err(Fault::NotUsable(Scope::Key, key.life.state)) }
}

/// By hand. The schedule stays as it is.
pub(crate) fn rotate<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (key, _) = of(request)?;
    rotatable(key)?;
    Ok(Step::Work(Job::Generate { algorithm: key.algorithm }, |request, worked, supplies| {
        let (key, owner) = of(request)?;
        let (mut after, change) = rotated(key, worked, VersionCause::Demand, supplies)?;
        after.rotations_on_demand = after.rotations_on_demand.saturating_add(1);
        let reply = rotation(&after, owner, supplies);
        Ok(Effects::change(change.put(after.id, Object::Key(Arc::new(after))), reply))
    }))
}

/// The key with one more version, and the row of that version's material.
pub(crate) fn rotated(
    key: &Key,
    worked: Worked,
    cause: VersionCause,
    supplies: &Supplies<'_>,
) -> Result<(Key, Change), Fault> {
    let Worked::Generated { material, fingerprint, public } = worked else { return Err(Fault::Unavailable) };
    let version = key.next_version();
    let mut after = key.clone().after(authority::rotation(key, fingerprint, cause), supplies.now)?;
    if let Some(fresh) = after.versions.iter_mut().find(|one| one.number == version) {
        fresh.public = public;
    }
    let change = put_material(Change::none(), key, version, key.algorithm, material);
    Ok((after, change))
}
