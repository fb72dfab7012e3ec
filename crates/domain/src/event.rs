//! What can happen to a key, in whatever words it was asked for.

use crate::life::may_return;
use crate::{
    Destruction, Fault, Fingerprint, Key, KeyState, Life, Material, Moment, Origin, Removal, Scope, Steady, Timestamp,
    Use, Version, VersionCause, Window,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Enter(Scope, KeyState),
    /// `former` is what the primary becomes: Deactivated in AWS, still Active in Google and Azure.
    Rotate {
        former: KeyState,
        fingerprint: Fingerprint,
        cause: VersionCause,
    },
    MakePrimary(u32),
    SetWindow(u32, Window),
    ScheduleDestruction {
        scope: Scope,
        deadline: Timestamp,
        due: Steady,
        resume_to: KeyState,
    },
    CancelDestruction(Scope),
    Destroy(Scope),
    /// It was destroyed before, and this is an older copy: ends at once, whatever was ordered.
    Bury(Scope),
    Import {
        version: u32,
        fingerprint: Fingerprint,
        expires: Option<Timestamp>,
        activate: bool,
    },
    Remove(u32, Removal),
    /// Of a version of which nothing is left and nothing can come back.
    Delete(u32),
    /// Of a key whose versions are all deleted.
    Retire,
}

impl Key {
    /// The key as it is after the event.
    pub fn after(mut self, event: Event, now: Moment) -> Result<Self, Fault> {
        self.still_hears(event)?;
        match event {
            Event::Enter(scope, next) => {
                let life = self.life_of(scope)?;
                life.state = life.state.becomes(next)?;
            }
            Event::Rotate { former, fingerprint, cause } => self.rotate(former, fingerprint, cause, now)?,
            Event::MakePrimary(number) => {
                crate::permitted(&self, self.version(number)?, Use::Protect, now)?;
                self.primary = number;
            }
            Event::SetWindow(number, window) => self.version_mut(number)?.window = window,
            Event::ScheduleDestruction { scope, deadline, due, resume_to } => {
                let life = self.life_of(scope)?;
                life.schedule(scope, Destruction::Scheduled { deadline, due, resume_to })?;
            }
            Event::CancelDestruction(scope) => self.life_of(scope)?.resume()?,
            Event::Destroy(scope) => self.destroy(scope, now)?,
            Event::Bury(scope) => self.bury(scope)?,
            Event::Import { version, fingerprint, expires, activate } => {
                self.import(version, fingerprint, expires, activate)?;
            }
            Event::Remove(number, why) => self.version_mut(number)?.remove(why),
            Event::Delete(number) => self.delete(number, now.wall)?,
            Event::Retire => self.retire(now.wall)?,
        }
        Ok(self)
    }

    /// A key whose end has come or been ordered hears only of that, and of its compromise.
    fn still_hears(&self, event: Event) -> Result<(), Fault> {
        match (event, self.life.destruction, self.life.state) {
            (
                Event::CancelDestruction(_)
                | Event::Destroy(_)
                | Event::Bury(_)
                | Event::Enter(_, KeyState::Compromised),
                ..,
            ) => Ok(()),
            (_, _, KeyState::Destroyed) => Err(Fault::NotUsable(Scope::Key, KeyState::Destroyed)),
            (_, Destruction::Scheduled { deadline, .. }, _) => {
                Err(Fault::DestructionScheduled { scope: Scope::Key, deadline })
            }
            _ => Ok(()),
        }
    }

    fn version_mut(&mut self, number: u32) -> Result<&mut Version, Fault> {
        self.versions.iter_mut().find(|version| version.is_called(number)).ok_or(Fault::NotFound)
    }

    fn life_of(&mut self, scope: Scope) -> Result<&mut Life, Fault> {
        match scope {
            Scope::Key => Ok(&mut self.life),
            Scope::Version(number) => Ok(&mut self.version_mut(number)?.life),
        }
    }

    fn rotate(&mut self, former: KeyState, print: Fingerprint, cause: VersionCause, now: Moment) -> Result<(), Fault> {
        if self.versions.len() >= crate::VERSIONS_PER_KEY_MAX {
            return Err(Fault::LimitReached { what: "versions of a key", max: crate::VERSIONS_PER_KEY_MAX });
        }
        if self.life.state != KeyState::Active {
            return Err(Fault::NotUsable(Scope::Key, self.life.state));
        }
        let life = self.life_of(Scope::Version(self.primary))?;
        if life.state == KeyState::Active && life.state != former {
            life.state = life.state.becomes(former)?;
        }
        let number = self.next_version();
        self.versions.push(Version::active(number, Some(print), now.wall, cause));
        self.primary = number;
        Ok(())
    }

    /// An imported version loses its material only: its owner may bring the identical one again.
    /// So nothing ever leaves Destroyed, and what was compromised comes back compromised.
    fn destroy(&mut self, scope: Scope, now: Moment) -> Result<(), Fault> {
        let ends = self.ends(scope)?;
        let life = self.life_of(scope)?;
        let (deadline, due, _) = life.unschedule()?;
        if now.steady < due {
            return Err(Fault::DestructionScheduled { scope, deadline });
        }
        if ends {
            life.state = life.state.becomes(KeyState::Destroyed)?;
        }
        self.empty(scope, Some(now.wall));
        Ok(())
    }

    fn bury(&mut self, scope: Scope) -> Result<(), Fault> {
        let ends = self.ends(scope)?;
        let life = self.life_of(scope)?;
        life.destruction = Destruction::None;
        if ends {
            life.state = KeyState::Destroyed;
        }
        self.empty(scope, None);
        Ok(())
    }

    /// Whether a destruction is the end for good.
    fn ends(&self, scope: Scope) -> Result<bool, Fault> {
        match scope {
            Scope::Key => Ok(true),
            Scope::Version(number) => Ok(!may_return(self.origin_of(self.version(number)?))),
        }
    }

    /// `at`: nobody knows when that was, without.
    fn empty(&mut self, scope: Scope, at: Option<Timestamp>) {
        let meant = |version: &&mut Version| scope == Scope::Key || scope == Scope::Version(version.number);
        for version in self.versions.iter_mut().filter(meant) {
            if version.material != Material::Removed(Removal::Destroyed) {
                version.destroyed = at;
            }
            version.remove(Removal::Destroyed);
        }
    }

    fn delete(&mut self, number: u32, now: Timestamp) -> Result<(), Fault> {
        let version = self.version(number)?;
        let returns = may_return(self.origin_of(version));
        match (version.material, version.life.state) {
            (Material::Failed(_), _) => {}
            (Material::Removed(Removal::Destroyed), _) | (_, KeyState::Destroyed) if !returns => {}
            _ if returns => return Err(Fault::NotDeletable { why: "its material was imported, and may come back" }),
            _ => return Err(Fault::NotDeletable { why: "its material is not destroyed" }),
        }
        self.version_mut(number)?.deleted = Some(now);
        if self.primary == number {
            self.primary = 0;
        }
        Ok(())
    }

    fn retire(&mut self, now: Timestamp) -> Result<(), Fault> {
        if self.versions.iter().any(|version| version.deleted.is_none()) {
            return Err(Fault::NotDeletable { why: "it has versions that are not deleted" });
        }
        self.life.state = self.life.state.becomes(KeyState::Destroyed)?;
        (self.retired, self.rotation) = (Some(now), None);
        Ok(())
    }

    fn import(
        &mut self,
        number: u32,
        print: Fingerprint,
        expires: Option<Timestamp>,
        activate: bool,
    ) -> Result<(), Fault> {
        if self.origin_of(self.version(number)?) != Origin::Imported {
            return Err(Fault::NotImported);
        }
        let version = self.version_mut(number)?;
        match (version.material, version.fingerprint) {
            (Material::Held { .. } | Material::Removed(_), Some(known)) if known != print => {
                return Err(Fault::NotIdentical);
            }
            _ => {
                version.material = Material::Held { expires };
                version.destroyed = None;
                version.fingerprint = Some(print);
            }
        }
        if activate && version.life.state == KeyState::Suspended {
            version.life.state = KeyState::Active;
        }
        Ok(())
    }
}

impl Version {
    fn remove(&mut self, why: Removal) {
        match (self.material, why) {
            (Material::Awaited | Material::Failed(_), Removal::Deleted | Removal::Expired) => {}
            (Material::Removed(Removal::Destroyed), _) => {}
            _ => self.material = Material::Removed(why),
        }
    }
}

impl Life {
    fn schedule(&mut self, scope: Scope, destruction: Destruction) -> Result<(), Fault> {
        match (self.destruction, self.state) {
            (Destruction::Scheduled { deadline, .. }, _) => Err(Fault::DestructionScheduled { scope, deadline }),
            (_, KeyState::Destroyed) => Err(Fault::NotUsable(scope, KeyState::Destroyed)),
            _ => {
                self.destruction = destruction;
                Ok(())
            }
        }
    }

    fn unschedule(&mut self) -> Result<(Timestamp, Steady, KeyState), Fault> {
        match std::mem::replace(&mut self.destruction, Destruction::None) {
            Destruction::Scheduled { deadline, due, resume_to } => Ok((deadline, due, resume_to)),
            Destruction::None => Err(Fault::DestructionNotScheduled),
        }
    }

    /// Nobody comes back with more than they had: only Active becomes `resume_to`.
    fn resume(&mut self) -> Result<(), Fault> {
        let (_, _, resume_to) = self.unschedule()?;
        if self.state == KeyState::Active {
            self.state = resume_to;
        }
        Ok(())
    }
}
