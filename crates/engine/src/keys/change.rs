//! The life of a key, its words and its tags.

use super::{becomes, of};
use crate::working::shown;
use crate::{Step, Supplies};
use domain::{
    Ask, DAY, DESTRUCTION_WINDOW_DAYS_MAX, Destruction, Event, Fault, Key, KeyFacts, KeyState, LifeChange, Reply,
    Request, SECOND, Scope, TAG_NAME_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_PER_KEY_MAX, Tenant, Tongue,
};
use std::sync::Arc;

/// Whatever happens to a key is one event.
pub(crate) fn change_life<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::ChangeLife { change, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, owner) = of(request)?;
    let event = event(change, key, owner, supplies)?;
    wakes_in_vain(key, event, request.tongue)?;
    let after = if already(key, event) { Key::clone(key) } else { Key::clone(key).after(event, supplies.now)? };
    let reply = reply(change, &after, owner, supplies);
    Ok(Step::Ready(becomes(key, after, reply)))
}

fn event(change: &LifeChange, key: &Key, owner: &Tenant, supplies: &Supplies<'_>) -> Result<Event, Fault> {
    Ok(match *change {
        LifeChange::Suspend(scope) => Event::Enter(scope, KeyState::Suspended),
        LifeChange::Resume(scope) => Event::Enter(scope, KeyState::Active),
        LifeChange::Enter(_, KeyState::Destroyed) => {
            return Err(Fault::Invalid {
                member: "state".into(),
                constraint: "a key is destroyed by scheduling its destruction".into(),
            });
        }
        LifeChange::Enter(scope, state) => Event::Enter(scope, state),
        LifeChange::MakePrimary(version) => Event::MakePrimary(version),
        LifeChange::SetWindow(version, window) => Event::SetWindow(version, window),
        LifeChange::CancelDestruction(scope) => Event::CancelDestruction(scope),
        LifeChange::ScheduleVersionDestruction { version, resume_to } => {
            let millis = i64::from(key.version_window()) * SECOND;
            scheduled_end(Scope::Version(version), millis, resume_to, supplies)
        }
        LifeChange::ScheduleDestruction { scope, days, resume_to } => {
            let least = owner.profile.destruction_days_min();
            if !(least..=DESTRUCTION_WINDOW_DAYS_MAX).contains(&days) {
                let constraint = format!("between {least} and {DESTRUCTION_WINDOW_DAYS_MAX} days");
                return Err(Fault::Invalid { member: "days".into(), constraint });
            }
            scheduled_end(scope, i64::from(days) * DAY, resume_to, supplies)
        }
    })
}

fn scheduled_end(scope: Scope, millis: i64, resume_to: KeyState, supplies: &Supplies<'_>) -> Event {
    let due = domain::Steady(supplies.now.steady.0.saturating_add(millis));
    // What is shown is when steady time gets there, whatever the wall shows meanwhile.
    Event::ScheduleDestruction { scope, deadline: supplies.now.expected.plus(millis), due, resume_to }
}

/// A tongue without a key's own state says that a version is disabled where the key as a whole is: there, enabling the
/// version would seem to work and do nothing.
fn wakes_in_vain(key: &Key, event: Event, tongue: Tongue) -> Result<(), Fault> {
    match (event, tongue) {
        (Event::Enter(Scope::Version(_), KeyState::Active), Tongue::Google | Tongue::Azure)
            if key.life.state != KeyState::Active =>
        {
            Err(Fault::NotUsable(Scope::Key, key.life.state))
        }
        _ => Ok(()),
    }
}

/// Asking for the state that is there already changes nothing, unless the end was ordered.
fn already(key: &Key, event: Event) -> bool {
    let Event::Enter(scope, wanted) = event else { return false };
    let life = match scope {
        Scope::Key => Some(key.life),
        Scope::Version(number) => key.version(number).ok().map(|version| version.life),
    };
    let free = key.life.destruction == Destruction::None;
    free && life.is_some_and(|life| life.state == wanted && life.destruction == Destruction::None)
}

fn reply(change: &LifeChange, after: &Key, owner: &Arc<Tenant>, supplies: &Supplies<'_>) -> Reply {
    let key = shown(after.clone(), owner, supplies.now);
    match *change {
        LifeChange::ScheduleDestruction { scope, days, .. } => {
            Reply::Destruction { deadline: deadline(after, scope), days: Some(days), key }
        }
        LifeChange::CancelDestruction(_) => Reply::Destruction { key, deadline: None, days: None },
        LifeChange::ScheduleVersionDestruction { version, .. } => Reply::Version { key, version },
        _ => Reply::Key(key),
    }
}

fn deadline(key: &Key, scope: Scope) -> Option<domain::Timestamp> {
    let destruction = match scope {
        Scope::Key => key.life.destruction,
        Scope::Version(number) => key.version(number).ok()?.life.destruction,
    };
    match destruction {
        Destruction::Scheduled { deadline, .. } => Some(deadline),
        Destruction::None => None,
    }
}

/// Words and tags are not changed on a key whose end has come or been ordered.
pub(crate) fn still_changes(key: &Key) -> Result<(), Fault> {
    match (key.life.state, key.life.destruction) {
        (KeyState::Destroyed, _) => Err(Fault::NotUsable(Scope::Key, KeyState::Destroyed)),
        (_, Destruction::Scheduled { deadline, .. }) => {
            Err(Fault::DestructionScheduled { scope: Scope::Key, deadline })
        }
        _ => Ok(()),
    }
}

pub(crate) fn describe_as<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::DescribeKeyAs { description, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, _) = of(request)?;
    still_changes(key)?;
    if description.chars().count() > domain::DESCRIPTION_CHARS_MAX {
        return Err(Fault::LimitReached { what: "characters of a description", max: domain::DESCRIPTION_CHARS_MAX });
    }
    let after = Key { description: description.clone(), ..Key::clone(key) };
    Ok(Step::Ready(becomes(key, after, Reply::Done)))
}

pub(crate) fn set_facts<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::SetFacts { owner, environment, data_class, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, tenant) = of(request)?;
    still_changes(key)?;
    let new = |asked: &Option<String>, was: &Option<String>| asked.clone().or_else(|| was.clone());
    let facts = KeyFacts {
        owner: new(owner, &key.facts.owner),
        environment: new(environment, &key.facts.environment),
        data_class: new(data_class, &key.facts.data_class),
        tags: key.facts.tags.clone(),
    };
    let after = Key { facts, ..Key::clone(key) };
    let reply = Reply::Key(shown(after.clone(), tenant, supplies.now));
    Ok(Step::Ready(becomes(key, after, reply)))
}

/// Names and values of tags are bounded, whatever the tongue.
pub(crate) fn spelled_tags(tags: &[(String, String)]) -> Result<(), Fault> {
    let fits = |(name, value): &(String, String)| {
        (1..=TAG_NAME_CHARS_MAX).contains(&name.chars().count()) && value.chars().count() <= TAG_VALUE_CHARS_MAX
    };
    let Some((name, _)) = tags.iter().find(|tag| !fits(tag)) else { return Ok(()) };
    let begin: String = name.chars().take(TAG_NAME_CHARS_MAX).collect();
    let constraint = format!(
        "a tag's name has 1 to {TAG_NAME_CHARS_MAX} characters and its value at most {TAG_VALUE_CHARS_MAX}, unlike that of `{begin}`"
    );
    Err(Fault::Invalid { member: "tags".into(), constraint })
}

pub(crate) fn tag<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::Tag { tags, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, _) = of(request)?;
    still_changes(key)?;
    spelled_tags(tags)?;
    let mut after = Key::clone(key);
    for (name, value) in tags {
        match after.facts.tags.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1.clone_from(value),
            None => after.facts.tags.push((name.clone(), value.clone())),
        }
    }
    if after.facts.tags.len() > TAGS_PER_KEY_MAX {
        return Err(Fault::LimitReached { what: "tags of a key", max: TAGS_PER_KEY_MAX });
    }
    Ok(Step::Ready(becomes(key, after, Reply::Done)))
}

pub(crate) fn untag<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::Untag { names, .. } = request.ask else { return Err(Fault::NotFound) };
    let (key, _) = of(request)?;
    still_changes(key)?;
    let mut after = Key::clone(key);
    after.facts.tags.retain(|(name, _)| !names.contains(name));
    Ok(Step::Ready(becomes(key, after, Reply::Done)))
}
