//! The life of keys and versions, and rotation.

use super::scope;
use crate::input::operation;
use domain::{Ask, KeyName, KeyState, LifeChange, Rotate, Timestamp, Window};

/// From the order to the end of a key, in days, where nobody says.
const DESTRUCTION_DAYS: u32 = 30;

operation! {
    SuspendKey {
        key: KeyName = "The key.";
        version: Option<u32> = "Only this version; the whole key without.";
    } => "key", |input| Ok(Ask::ChangeLife { key: input.key, change: LifeChange::Suspend(scope(input.version)) })
}

operation! {
    ResumeKey {
        key: KeyName = "The key.";
        version: Option<u32> = "Only this version; the whole key without.";
    } => "key", |input| Ok(Ask::ChangeLife { key: input.key, change: LifeChange::Resume(scope(input.version)) })
}

operation! {
    ScheduleDestruction {
        key: KeyName = "The key.";
        version: Option<u32> = "Only this version; the whole key without.";
        days: Option<u32> = "Days until it is destroyed; 30 without.";
        resume_to: Option<KeyState> = "What an active key becomes if the destruction is taken back; `suspended` without.";
    } => "destruction", |input| Ok(Ask::ChangeLife {
        key: input.key,
        change: LifeChange::ScheduleDestruction {
            scope: scope(input.version),
            days: input.days.unwrap_or(DESTRUCTION_DAYS),
            resume_to: resumable(input.resume_to)?,
        },
    })
}

/// A destruction that is taken back leads nowhere but here.
fn resumable(state: Option<KeyState>) -> Result<KeyState, domain::Fault> {
    match state.unwrap_or(KeyState::Suspended) {
        state @ (KeyState::Active | KeyState::Suspended) => Ok(state),
        _ => Err(crate::input::invalid("resume_to", "one of active, suspended")),
    }
}

operation! {
    CancelDestruction {
        key: KeyName = "The key.";
        version: Option<u32> = "Only this version; the whole key without.";
    } => "destruction", |input| {
        Ok(Ask::ChangeLife { key: input.key, change: LifeChange::CancelDestruction(scope(input.version)) })
    }
}

operation! {
    ChangeState {
        key: KeyName = "The key.";
        version: Option<u32> = "Only this version; the whole key without.";
        state: KeyState = "The state to enter (SP 800-57 part 1, section 7). `destroyed` is ordered, not entered.";
    } => "key", |input| {
        Ok(Ask::ChangeLife { key: input.key, change: LifeChange::Enter(scope(input.version), input.state) })
    }
}

operation! {
    MakePrimary {
        key: KeyName = "The key.";
        version: u32 = "The version that protects from now on.";
    } => "key", |input| Ok(Ask::ChangeLife { key: input.key, change: LifeChange::MakePrimary(input.version) })
}

operation! {
    SetWindow {
        key: KeyName = "The key.";
        version: u32 = "The version.";
        from: Option<Timestamp> = "From when it may protect; always without.";
        until: Option<Timestamp> = "Until when it may protect; for ever without.";
    } => "key", |input| {
        let window = Window { from: input.from, until: input.until };
        Ok(Ask::ChangeLife { key: input.key, change: LifeChange::SetWindow(input.version, window) })
    }
}

operation! {
    EnableRotation {
        key: KeyName = "The key.";
        period_days: u32 = "Days from one rotation to the next.";
    } => "rotation", |input| Ok(Ask::SetRotation { key: input.key, rotation: Some(Rotate::every_days(input.period_days)) })
}

operation! {
    DisableRotation {
        key: KeyName = "The key.";
    } => "rotation", |input| Ok(Ask::SetRotation { key: input.key, rotation: None })
}

operation! {
    GetRotation {
        key: KeyName = "The key.";
    } => "rotation", |input| Ok(Ask::GetRotation { key: input.key })
}

operation! {
    RotateKey {
        key: KeyName = "The key.";
    } => "rotation", |input| Ok(Ask::Rotate { key: input.key })
}
