//! The life of a key is five separate things: the state of the key, the state of each version, whether
//! the material is there, the window, and a destruction that was ordered. What is permitted is the
//! weakest of them, computed at the moment of use. Which version protects is a pointer, not a state.

use crate::{Fault, Key, Moment, Origin, Timestamp, Version};

/// A key has one and each version has one. A use needs both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub state: KeyState,
    pub destruction: Destruction,
}

/// NIST SP 800-57 part 1, section 7. The numbers are on disk and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyState {
    PreActivation = 1,
    Active = 2,
    Suspended = 3,
    Deactivated = 4,
    Compromised = 5,
    Destroyed = 6,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destruction {
    None,
    /// `deadline` is the wall time that is shown; `due`, in steady time, decides when it is over.
    Scheduled {
        deadline: Timestamp,
        due: crate::Steady,
        resume_to: KeyState,
    },
}

/// Whether the material of a version is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Material {
    Awaited,
    Failed(FailureReason),
    /// From `expires` on it permits nothing.
    Held {
        expires: Option<Timestamp>,
    },
    Removed(Removal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FailureReason {
    Generation = 1,
    Import = 2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Removal {
    Deleted = 1,
    Expired = 2,
    Destroyed = 3,
}

/// When a version may protect: `from <= now < until`. It never limits processing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Window {
    pub const ALWAYS: Self = Self { from: None, until: None };
}

/// Applying protection (encrypt, sign) and processing what is protected (decrypt, verify).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    Protect,
    Process,
}

/// Whose life is meant: the key's own, or one version's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Key,
    Version(u32),
}

/// The one function that says what is permitted. Windows follow the wall clock; expiry follows the later of wall and
/// steady time.
pub fn permitted(key: &Key, version: &Version, usage: Use, now: Moment) -> Result<(), Fault> {
    key.life.permits(Scope::Key, usage)?;
    version.life.permits(Scope::Version(version.number), usage)?;
    version.material.permits(version.number, now)?;
    if usage == Use::Protect {
        version.window.permits(version.number, now.wall)?;
    }
    Ok(())
}

impl Life {
    pub const ACTIVE: Self = Self { state: KeyState::Active, destruction: Destruction::None };

    fn permits(&self, scope: Scope, usage: Use) -> Result<(), Fault> {
        match (self.destruction, self.state, usage) {
            (_, KeyState::Destroyed, _) => Err(Fault::NotUsable(scope, KeyState::Destroyed)),
            (Destruction::Scheduled { deadline, .. }, ..) => Err(Fault::DestructionScheduled { scope, deadline }),
            (_, KeyState::Active, _) | (_, KeyState::Deactivated, Use::Process) => Ok(()),
            (_, state, _) => Err(Fault::NotUsable(scope, state)),
        }
    }
}

impl Material {
    fn permits(&self, version: u32, now: Moment) -> Result<(), Fault> {
        match self.at(now) {
            Self::Held { .. } => Ok(()),
            absent => Err(Fault::MaterialNotHeld { version, material: absent }),
        }
    }

    /// What it is at a moment: expired material counts as removed before anybody wiped it.
    pub fn at(self, now: Moment) -> Self {
        match self {
            Self::Held { expires: Some(expires) } if now.latest() >= expires => Self::Removed(Removal::Expired),
            other => other,
        }
    }
}

impl Window {
    fn permits(&self, version: u32, now: Timestamp) -> Result<(), Fault> {
        match (self.from, self.until) {
            (Some(from), _) if now < from => Err(Fault::WindowNotOpen { version, from }),
            (_, Some(until)) if now >= until => Err(Fault::WindowEnded { version, until }),
            _ => Ok(()),
        }
    }
}

impl KeyState {
    pub const ALL: [Self; 6] =
        [Self::PreActivation, Self::Active, Self::Suspended, Self::Deactivated, Self::Compromised, Self::Destroyed];

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// The transitions of SP 800-57. Nothing leaves Destroyed.
    pub fn becomes(self, next: Self) -> Result<Self, Fault> {
        use KeyState::*;
        match (self, next) {
            (PreActivation | Suspended, Active)
            | (Active, Suspended)
            | (Active | Suspended, Deactivated)
            | (PreActivation | Active | Suspended | Deactivated, Compromised)
            | (PreActivation | Active | Suspended | Deactivated | Compromised, Destroyed) => Ok(next),
            (from, to) => Err(Fault::NoSuchTransition { from, to }),
        }
    }
}

/// Whether the same material may be brought again once it is gone.
pub(crate) fn may_return(origin: Origin) -> bool {
    origin == Origin::Imported
}
