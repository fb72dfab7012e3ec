//! A version that is about to work.

use crate::find::Owned;
use crypto::WorkKey;
use domain::{
    Action, Demand, Fault, KeyShown, Limits, Material, Moment, Occasion, Purpose, Target, Use, Worker, Working,
    permitted,
};
use ledger::View;
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
    let key = &working.key;
    if key.purpose != Purpose::Encrypt {
        return Err(Fault::WrongPurpose { purpose: key.purpose });
    }
    permitted(key, key.version(working.version)?, usage, now)?;
    working.account.profile.admits(key.algorithm, Occasion::Use(usage), now.latest())?;
    let missing = Fault::MaterialNotHeld { version: working.version, material: Material::Awaited };
    let material = Arc::clone(working.material.as_ref().ok_or(missing)?);
    Ok(WorkKey { key: key.id, version: working.version, material })
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
