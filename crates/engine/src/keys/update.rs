//! Several facts of a key at once, all or nothing.

use super::change::{spelled_tags, still_changes};
use super::create::{rotates_by_itself, scheduled};
use super::rotation::rotatable;
use super::{becomes, of};
use crate::find::Here;
use crate::working::{demand, shown};
use crate::{Step, Supplies, find};
use domain::{
    Action, Ask, Demand, Fault, Found, Key, KeyName, KeyUpdate, Reply, Request, Rotate, RotationChange,
    RotationSchedule, TAGS_PER_KEY_MAX, Timestamp,
};
use ledger::View;

/// Each part demands what it would demand by itself.
pub(crate) fn found_update(
    name: &KeyName,
    update: &KeyUpdate,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owned = find::key(name, here, view)?;
    let demands = demanded(update, &owned.key).into_iter().map(|action| demand(action, &owned)).collect();
    Ok((Found::Key { key: owned.key, owner: owned.owner }, demands))
}

fn demanded(update: &KeyUpdate, key: &Key) -> Vec<Action> {
    let mut actions = Vec::new();
    if let Some(tags) = &update.tags {
        let gone = key.facts.tags.iter().any(|(name, _)| !tags.iter().any(|(kept, _)| kept == name));
        let set = tags.iter().any(|tag| !key.facts.tags.contains(tag));
        actions.extend(gone.then_some(Action::UntagKey));
        actions.extend((set || !gone).then_some(Action::TagKey));
    }
    match update.rotation {
        Some(RotationChange::Set { .. }) => actions.push(Action::EnableRotation),
        Some(RotationChange::Remove) => actions.push(Action::DisableRotation),
        None => {}
    }
    if actions.is_empty() {
        actions.push(Action::TagKey);
    }
    actions
}

pub(crate) fn update<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::UpdateKey { update, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, owner) = of(request)?;
    still_changes(key)?;
    let mut after = Key::clone(key);
    if let Some(tags) = &update.tags {
        spelled_tags(tags)?;
        if tags.len() > TAGS_PER_KEY_MAX {
            return Err(Fault::LimitReached { what: "tags of a key", max: TAGS_PER_KEY_MAX });
        }
        after.facts.tags.clone_from(tags);
    }
    if let Some(rotation) = update.rotation {
        rotates_by_itself(key.purpose)?;
        rotatable(key)?;
        after.rotation = rotated_by(rotation, key.rotation, supplies.now.wall)?;
    }
    let reply = Reply::Key(shown(after.clone(), owner, supplies.now));
    Ok(Step::Ready(becomes(key, after, reply)))
}

/// The schedule after the change; what the change does not say is as it was.
fn rotated_by(
    change: RotationChange,
    was: Option<RotationSchedule>,
    now: Timestamp,
) -> Result<Option<RotationSchedule>, Fault> {
    let RotationChange::Set { period_seconds, next } = change else { return Ok(None) };
    let missing = |member: &str| Fault::Invalid { member: member.into(), constraint: "must be set".into() };
    let period = period_seconds.or(was.map(|was| was.period_seconds)).ok_or_else(|| missing("rotation period"))?;
    let next = next.or(was.map(|was| was.next)).ok_or_else(|| missing("next rotation time"))?;
    scheduled(Rotate { period_seconds: period, first: Some(next) }, now).map(Some)
}
