//! Several facts of a key at once, all or nothing.

use super::change::{spelled_tags, still_changes};
use super::create::{rotates_by_itself, scheduled};
use super::rotation::rotatable;
use super::{becomes, of};
use crate::find::Here;
use crate::working::{demand, shown};
use crate::{Step, Supplies, find, import};
use domain::{
    Action, Ask, Authority, Demand, Fault, Found, Key, KeyName, KeyUpdate, Make, Occasion, Reply, Request, Rotate,
    RotationChange, RotationSchedule, TAGS_PER_KEY_MAX, Tenant, Timestamp, Version,
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
    actions.extend(update.make.map(|_| Action::SetAlgorithm));
    actions.extend(update.access_reasons.as_ref().map(|_| Action::SetAccessReasons));
    if actions.is_empty() {
        actions.push(Action::TagKey);
    }
    actions
}

/// What the change of a key is called before the key was found.
pub(crate) fn update_action(update: &KeyUpdate) -> Action {
    match update {
        KeyUpdate { tags: None, rotation: Some(RotationChange::Set { .. }), .. } => Action::EnableRotation,
        KeyUpdate { tags: None, rotation: Some(RotationChange::Remove), .. } => Action::DisableRotation,
        KeyUpdate { tags: None, make: Some(_), .. } => Action::SetAlgorithm,
        KeyUpdate { tags: None, access_reasons: Some(_), .. } => Action::SetAccessReasons,
        _ => Action::TagKey,
    }
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
    if let Some(make) = update.make {
        after = made_of(after, make, owner, supplies.now.latest())?;
    }
    if let Some(reasons) = &update.access_reasons {
        after.access_reasons.clone_from(reasons);
    }
    let reply = Reply::Key(shown(after.clone(), owner, supplies.now));
    Ok(Step::Ready(becomes(key, after, reply)))
}

/// The key whose next versions are made of something else. Those that there are stay what they are.
fn made_of(key: Key, make: Make, owner: &Tenant, now: Timestamp) -> Result<Key, Fault> {
    let Make { algorithm, scheme, .. } = make;
    if (algorithm, scheme) == (key.algorithm, key.scheme) && make.purpose.is_none_or(|purpose| purpose == key.purpose) {
        return Ok(key);
    }
    may_be_made_of(&key, make)?;
    owner.profile.admits(algorithm, Occasion::Creation(key.origin), now)?;
    let keeps = |version: &Version| Version {
        algorithm: Some(key.algorithm_of(version)).filter(|own| *own != algorithm),
        scheme: key.scheme_of(version).filter(|own| Some(*own) != scheme),
        ..version.clone()
    };
    let versions = key.versions.iter().map(keeps).collect();
    let limits = import::limits(&key, scheme);
    Ok(Key { algorithm, scheme, versions, limits, ..key })
}

fn may_be_made_of(key: &Key, make: Make) -> Result<(), Fault> {
    let Make { purpose, algorithm, scheme } = make;
    let unfit = |constraint: String| Err(Fault::Invalid { member: "algorithm".into(), constraint });
    if key.authority == Authority::Aws {
        return Err(Fault::NotRotatable { why: "a key of the AWS tongue keeps its algorithm for life" });
    }
    if !algorithm.serves(key.purpose) || purpose.is_some_and(|purpose| purpose != key.purpose) {
        return unfit(format!("{} does not serve the key's purpose", algorithm.name()));
    }
    if !algorithm.is_implemented_for(key.purpose) {
        return Err(Fault::NotImplemented { what: format!("{} for {:?}", algorithm.name(), key.purpose) });
    }
    if let Some(scheme) = scheme.filter(|scheme| !scheme.fits(algorithm, key.purpose)) {
        return unfit(format!("{} is not for {} and this purpose", scheme.name(), algorithm.name()));
    }
    // A version says how it is used, or leaves it to each use as its key does: not the one where the key says the other.
    let free = |version: &Version| key.scheme_of(version).is_none();
    if scheme.is_some() && key.versions.iter().any(free) {
        return unfit("its versions leave the scheme to each use, and so must those to come".into());
    }
    Ok(())
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
