//! What the house asks of itself when a time has come. Each is found anew, judged anew, and recorded.

use crate::find::Owned;
use crate::keys::{material_row, put_material, rotatable, rotated};
use crate::purse::budget_change;
use crate::working::working;
use crate::{Step, Supplies};
use crypto::{Job, Worked};
use domain::{
    Action, Allowance, Ask, Demand, Destruction, Errand, Event, FailureReason, Fault, Found, IMPORT_JOB_SECONDS, Key,
    KeyState, Material, Object, ObjectId, Occasion, Origin, Purpose, Removal, Reply, Request, RotationSchedule, RowId,
    SECOND, Scope, Table, Target, Tenant, Timestamp, Version, VersionCause,
};
use ledger::{Change, Effects, View};
use std::sync::Arc;

/// How many names a destroyed key loses in one step.
const NAMES_MAX: u32 = 1_000;

/// The key, and every row that its end would take with it.
pub(crate) fn found(action: Action, id: ObjectId, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let absent = || Fault::KeyNotFound { asked: id.to_string() };
    let key = view.key(id)?.ok_or_else(absent)?;
    let owner = view.tenant(key.tenant)?.ok_or_else(absent)?;
    view.touch(material_row(key.id, key.next_version()))?;
    if let Some(version) = awaiting(&key).filter(|_| action == Action::GenerateDue) {
        view.touch(material_row(key.id, version.number))?;
    }
    let mut names = Vec::new();
    if matches!(action, Action::DestroyDue | Action::WipeExpired) {
        // A row of material opens only for whoever says what it is for, so it is read as material.
        for version in &key.versions {
            view.material(&key, version.number)?;
        }
    }
    if action == Action::DestroyDue {
        for (name, _) in view.list(Table::Name, ledger::Scope::Owner(key.id), None, NAMES_MAX)?.0 {
            let row = RowId::new(Table::Name, name);
            view.touch(row)?;
            names.push(row);
        }
    }
    let demands = vec![Demand { action, target: Target::Key(Arc::clone(&key)) }];
    Ok((Found::Due { key, owner, names }, demands))
}

/// A due key, its owner, and the rows of its names.
type Due<'r> = (&'r Arc<Key>, &'r Arc<Tenant>, &'r [RowId]);

fn of<'r>(request: &'r Request<'_>) -> Result<Due<'r>, Fault> {
    match &request.found {
        Found::Due { key, owner, names } => Ok((key, owner, names)),
        _ => Err(Fault::NotFound),
    }
}

/// A rotation that was missed is caught up once: the next one is in the future again.
pub(crate) fn rotate_due<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, ..) = of(request)?;
    let due = key.rotation.is_some_and(|schedule| schedule.next <= supplies.now.wall);
    if !due {
        return Err(Fault::NotRotatable { why: "its time has not come" });
    }
    rotatable(key)?;
    Ok(Step::Work(Job::Generate { algorithm: key.algorithm }, |request, worked, supplies| {
        let (key, ..) = of(request)?;
        let (mut after, change) = rotated(key, worked, VersionCause::Schedule, supplies)?;
        after.rotation = key.rotation.map(|schedule| next(schedule, supplies.now.wall));
        Ok(Effects::change(change.put(after.id, Object::Key(Arc::new(after))), Reply::Done))
    }))
}

/// Makes the material of the first version that awaits it.
pub(crate) fn generate_due<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner, _) = of(request)?;
    let algorithm = key.algorithm_of(awaiting(key).ok_or(Fault::NotFound)?);
    // A profile may have changed its mind meanwhile.
    if owner.profile.admits(algorithm, Occasion::Creation(key.origin), supplies.now.latest()).is_err() {
        return Ok(Step::Ready(generation_failed(key)));
    }
    Ok(Step::Work(Job::Generate { algorithm }, |request, worked, _| {
        let (key, ..) = of(request)?;
        let Worked::Generated { material, fingerprint, public } = worked else { return Err(Fault::Unavailable) };
        let number = awaiting(key).ok_or(Fault::NotFound)?.number;
        let mut after = Key::clone(key);
        let made = |version: &&mut Version| version.number == number;
        let life = i64::from(IMPORT_JOB_SECONDS) * SECOND;
        let expires = (key.purpose == Purpose::Import).then(|| key.created.plus(life));
        let version = after.versions.iter_mut().find(made).ok_or(Fault::NotFound)?;
        *version =
            Version { material: Material::Held { expires }, fingerprint: Some(fingerprint), public, ..version.clone() };
        let algorithm = version.algorithm.unwrap_or(key.algorithm);
        let change = put_material(Change::none(), key, number, algorithm, material);
        Ok(Effects::change(change.put(after.id, Object::Key(Arc::new(after))), Reply::Done))
    }))
}

fn generation_failed(key: &Key) -> Effects {
    let mut after = Key::clone(key);
    let number = awaiting(key).map(|version| version.number);
    for version in after.versions.iter_mut().filter(|version| Some(version.number) == number) {
        version.material = Material::Failed(FailureReason::Generation);
    }
    Effects::change(Change::none().put(after.id, Object::Key(Arc::new(after))), Reply::Done)
}

fn awaiting(key: &Key) -> Option<&Version> {
    key.versions.iter().find(|version| key.awaits_generation(version))
}

fn next(schedule: RotationSchedule, now: Timestamp) -> RotationSchedule {
    let period = i64::from(schedule.period_seconds.max(1)) * SECOND;
    let missed = now.millis_since(schedule.next).max(0) / period;
    let next = schedule.next.plus(period.saturating_mul(missed.saturating_add(1)));
    RotationSchedule { next, ..schedule }
}

/// Ends what was ordered to end: the key as a whole, or the versions whose time has come.
pub(crate) fn destroy_due<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, _, names) = of(request)?;
    let mut after = Key::clone(key);
    for scope in due_scopes(key, supplies) {
        after = after.after(Event::Destroy(scope), supplies.now)?;
    }
    if after == **key {
        return Err(Fault::DestructionNotScheduled);
    }
    let mut change = removed_material(key, &after);
    if after.life.state == KeyState::Destroyed {
        change = names.iter().fold(change, |change, name| change.remove(*name));
    }
    let key = after.id;
    let mut effects = Effects::change(change.put(key, Object::Key(Arc::new(after))), Reply::Done);
    effects.errands.push(Errand::Scrub { key });
    Ok(Step::Ready(effects))
}

fn due_scopes(key: &Key, supplies: &Supplies<'_>) -> Vec<Scope> {
    let over = |destruction| match destruction {
        Destruction::Scheduled { due, .. } => due <= supplies.now.steady,
        Destruction::None => false,
    };
    if over(key.life.destruction) {
        return vec![Scope::Key];
    }
    let versions = key.versions.iter().filter(|version| over(version.life.destruction));
    versions.map(|version| Scope::Version(version.number)).collect()
}

/// The material that was held before and is not any more is removed from its rows.
pub(crate) fn removed_material(before: &Key, after: &Key) -> Change {
    let gone = before.versions.iter().zip(&after.versions).filter(|(was, is)| {
        matches!(was.material, Material::Held { .. }) && matches!(is.material, Material::Removed(_))
    });
    gone.fold(Change::none(), |change, (version, _)| change.remove(material_row(before.id, version.number)))
}

/// Nothing wiped comes back: so it is wiped by the steady time alone, and not by a wall clock that is ahead.
pub(crate) fn wipe_expired<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, ..) = of(request)?;
    let mut after = Key::clone(key);
    for version in &mut after.versions {
        if has_expired(version, supplies) {
            version.material = Material::Removed(Removal::Expired);
        }
    }
    if after == **key {
        return Err(Fault::NotFound);
    }
    let change = removed_material(key, &after);
    let key = after.id;
    let mut effects = Effects::change(change.put(key, Object::Key(Arc::new(after))), Reply::Done);
    effects.errands.push(Errand::Scrub { key });
    Ok(Step::Ready(effects))
}

fn has_expired(version: &Version, supplies: &Supplies<'_>) -> bool {
    matches!(version.material, Material::Held { expires: Some(expires) } if expires <= supplies.now.expected)
}

/// The key and its budget, to which something returns.
pub(crate) fn found_budget(back: &Allowance, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let absent = || Fault::KeyNotFound { asked: back.key.to_string() };
    let key = view.key(back.key)?.ok_or_else(absent)?;
    let owner = view.tenant(key.tenant)?.ok_or_else(absent)?;
    let demands = vec![Demand { action: Action::GiveBack, target: Target::Key(Arc::clone(&key)) }];
    Ok((Found::Work(working(Owned { key, owner }, back.version, view)?), demands))
}

/// What a process that ends has not used counts no more.
pub(crate) fn give_back<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (Ask::GiveBack(back), Found::Work(work)) = (request.ask, &request.found) else { return Err(Fault::NotFound) };
    let given = work.budget.as_ref().and_then(|budget| budget.given.minus(back.amount)).ok_or(Fault::NotFound)?;
    let change = budget_change(back.key, work.key.tenant, back.version, given);
    Ok(Step::Ready(Effects::change(change, Reply::Done)))
}

/// Where the profile says so, the end of a window is the end of protecting for good: once both times have reached it.
pub(crate) fn close_windows<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (key, owner, _) = of(request)?;
    let mut after = Key::clone(key);
    if owner.profile.deactivates_at_window_end() {
        for version in &mut after.versions {
            if window_has_ended(version, supplies) {
                version.life.state = version.life.state.becomes(KeyState::Deactivated)?;
            }
        }
    }
    if after == **key {
        return Err(Fault::NotFound);
    }
    let change = Change::none().put(after.id, Object::Key(Arc::new(after)));
    Ok(Step::Ready(Effects::change(change, Reply::Done)))
}

fn window_has_ended(version: &Version, supplies: &Supplies<'_>) -> bool {
    let ended = version.window.until.is_some_and(|until| until <= supplies.now.earliest());
    ended && version.life.state == KeyState::Active
}

/// What a due key wants, in the order in which it is to be asked.
pub(crate) fn wanted(key: &Key, owner: &Tenant, supplies: &Supplies<'_>) -> Vec<Ask> {
    let id = key.id;
    let mut asks = Vec::new();
    if !due_scopes(key, supplies).is_empty() {
        asks.push(Ask::DestroyDue { key: id });
    }
    if key.versions.iter().any(|version| has_expired(version, supplies)) {
        asks.push(Ask::WipeExpired { key: id });
    }
    let ended = |version: &Version| window_has_ended(version, supplies);
    if owner.profile.deactivates_at_window_end() && key.versions.iter().any(ended) {
        asks.push(Ask::CloseWindows { key: id });
    }
    if awaiting(key).is_some() {
        asks.push(Ask::GenerateDue { key: id });
    }
    let rotation = key.rotation.is_some_and(|schedule| schedule.next <= supplies.now.wall);
    if rotation && key.origin == Origin::Generated && rotatable(key).is_ok() {
        asks.push(Ask::RotateDue { key: id });
    }
    asks
}

/// What is due now: at most `limit` keys are looked at. A wall clock that was set back hides none of them.
pub fn due(view: &View, supplies: &Supplies<'_>, limit: u32) -> Result<Vec<Ask>, Fault> {
    let mut asks = Vec::new();
    for id in view.due_keys(supplies.now.latest(), limit)? {
        // A row that was damaged is refused when somebody asks for it; the others are served.
        let Ok(Some(key)) = view.key(id) else { continue };
        let Ok(Some(owner)) = view.tenant(key.tenant) else { continue };
        asks.extend(wanted(&key, &owner, supplies));
    }
    Ok(asks)
}

/// The house's own word on something outside: who asks is the scheduler.
pub(crate) fn found_site(action: Action) -> (Found, Vec<Demand>) {
    (Found::Nothing, vec![Demand { action, target: Target::Site }])
}

pub(crate) fn errand_done<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::ErrandDone { entry, outcome, .. } = request.ask else { return Err(Fault::NotFound) };
    let mut effects = Effects::answer(Reply::Done);
    let said = match outcome {
        Ok(()) => format!("errand={entry} done"),
        Err(why) => format!("errand={entry} failed: {why}"),
    };
    effects.detail.push((ledger::DetailKey::Parameter, ledger::Detail::Text(said)));
    Ok(Step::Ready(effects))
}

pub(crate) fn prune<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::Prune { before, before_month } = request.ask else { return Err(Fault::NotFound) };
    let mut effects = Effects::answer(Reply::Done);
    effects.detail.push((ledger::DetailKey::Parameter, ledger::Detail::Text(format!("before_month={before_month}"))));
    effects.errands.push(Errand::Prune { before: *before });
    Ok(Step::Ready(effects))
}

#[cfg(test)]
mod tests;
