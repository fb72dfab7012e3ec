//! Making, showing and changing keys.

mod certificate;
mod change;
mod create;
mod revert;
mod rotation;
mod show;
mod update;
mod version;

pub(crate) use certificate::{certify, found_certificate};
pub(crate) use change::{change_life, describe_as, set_facts, tag, untag};
pub(crate) use create::{create, found_fresh, material_row, put_material, spelled};
pub(crate) use revert::{found_revert, revert};
pub(crate) use rotation::{get_rotation, rotatable, rotate, rotated, set_rotation};
pub(crate) use show::{found_at, found_list, list, list_tags, list_versions, show, show_version};
pub(crate) use update::{found_update, update, update_action};
pub(crate) use version::create_version;

use crate::find;
use crate::find::Here;
use crate::working::demand;
use domain::{Action, Demand, Fault, Found, Key, KeyName, Reply, Request, Tenant};
use ledger::{Change, Effects, View};
use std::sync::Arc;

/// A key to be shown or changed.
pub(crate) fn found(
    action: Action,
    name: &KeyName,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owned = find::key(name, here, view)?;
    let demands = vec![demand(action, &owned)];
    if matches!(action, Action::RotateKey | Action::CreateVersion) {
        view.touch(create::material_row(owned.key.id, owned.key.next_version()))?;
    }
    Ok((Found::Key { key: owned.key, owner: owned.owner }, demands))
}

fn of<'r>(request: &'r Request<'_>) -> Result<(&'r Arc<Key>, &'r Arc<Tenant>), Fault> {
    match &request.found {
        Found::Key { key, owner } => Ok((key, owner)),
        _ => Err(Fault::NotFound),
    }
}

/// The key becomes `after`; if that is what it is, nothing changes.
pub(crate) fn becomes(before: &Arc<Key>, after: Key, reply: Reply) -> Effects {
    if **before == after {
        return Effects::answer(reply);
    }
    let id = after.id;
    Effects::change(Change::none().put(id, domain::Object::Key(Arc::new(after))), reply)
}
