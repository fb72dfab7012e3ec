//! Wall and steady time: shown, and agreed on anew.

use crate::Step;
use crate::find::Here;
use domain::{
    Action, Agreed, Ask, Demand, Fault, Found, Moment, Object, REASON_CHARS_MAX, Reading, Reply, Request, SETTINGS_ID,
    Settings, Steady, Target,
};
use ledger::{Change, Detail, DetailKey, Effects, View};
use std::sync::Arc;

pub(crate) fn found(action: Action, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let settings = view.settings()?;
    Ok((Found::Clock { settings, reading: here.clock }, vec![Demand { action, target: Target::Site }]))
}

pub(crate) fn show<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Clock { reading, .. } = request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Clock(reading))))
}

/// The wall clock is right: what it shows is expected of it from here on. Steady time goes on as it did, unless it is said
/// that what it lacks did pass while the service was down; then it takes that, and all waiting periods get shorter by it.
pub(crate) fn accept<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Clock { settings, reading } = &request.found else { return Err(Fault::NotFound) };
    let Ask::AcceptClock { reason, passed } = request.ask else { return Err(Fault::NotFound) };
    reason_is_given(reason)?;
    let Moment { wall, steady, .. } = reading.now;
    let steady = if *passed { plus(steady, reading.missing.ok_or_else(nothing_is_missing)?) } else { steady };
    let agreed = Agreed::at(wall, steady);
    let after = Settings { clock: Some(agreed), ..Settings::clone(settings) };
    let change = Change::none().put(SETTINGS_ID, Object::Settings(Arc::new(after)));
    let now = Moment { steady, expected: agreed.expected(steady), ..reading.now };
    let mut effects = Effects::change(change, Reply::Clock(Reading { now, missing: None, ..*reading }));
    effects.detail.push((DetailKey::Parameter, Detail::Text(said(reading, agreed, reason))));
    Ok(Step::Ready(effects))
}

fn plus(steady: Steady, millis: i64) -> Steady {
    Steady(steady.0.saturating_add(millis))
}

fn said(before: &Reading, agreed: Agreed, reason: &str) -> String {
    let (old, new, passed) = (before.offset(), agreed.offset, agreed.least.0.saturating_sub(before.now.steady.0));
    format!("old_offset={old} new_offset={new} passed={passed} reason={reason}")
}

fn reason_is_given(reason: &str) -> Result<(), Fault> {
    let good = (1..=REASON_CHARS_MAX).contains(&reason.chars().count()) && !reason.chars().any(char::is_control);
    let constraint = format!("1 to {REASON_CHARS_MAX} characters, no control characters");
    if good { Ok(()) } else { Err(Fault::Invalid { member: "reason".into(), constraint }) }
}

fn nothing_is_missing() -> Fault {
    let constraint = "steady time lacks nothing from a time in which the service was down".into();
    Fault::Invalid { member: "passed".into(), constraint }
}
