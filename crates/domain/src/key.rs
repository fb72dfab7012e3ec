//! Keys, their versions and their material.

use crate::{
    AccessReason, Algorithm, Authority, Fault, Life, Limits, Location, Material, ObjectId, Origin, ProtectionLevel,
    Purpose, Scheme, Timestamp, Window,
};
use secret::Kept;
use std::any::Any;
use std::sync::{Arc, OnceLock};

/// A ring groups keys in a tenant and location. A key made where rings are unknown lives in `default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyring {
    pub id: ObjectId,
    pub tenant: ObjectId,
    pub location: Location,
    pub name: String,
    /// Documents that speak of all its keys, one for each regime that put one.
    pub documents: Vec<Document>,
    pub created: Timestamp,
}

pub const DEFAULT_RING: &str = "default";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: ObjectId,
    pub tenant: ObjectId,
    pub location: Location,
    pub ring: String,
    /// Unique in its ring. A key made where names are unknown has none but its id.
    pub name: Option<String>,
    pub purpose: Purpose,
    /// Of a version that names no other.
    pub algorithm: Algorithm,
    /// The only way in which the key is used; none leaves it to each use. Of a version that names no other.
    pub scheme: Option<Scheme>,
    pub origin: Origin,
    pub protection: ProtectionLevel,
    pub authority: Authority,
    pub life: Life,
    /// The version that protects by default; zero: there is none.
    pub primary: u32,
    /// In the order of their numbers.
    pub versions: Vec<Version>,
    pub rotation: Option<RotationSchedule>,
    /// Of each version anew.
    pub limits: Limits,
    /// How often somebody rotated it by hand.
    pub rotations_on_demand: u32,
    pub created: Timestamp,
    pub description: String,
    pub facts: KeyFacts,
    /// The documents as they were given, one for each regime that put one.
    pub documents: Vec<Document>,
    /// How long a version waits for its destruction; nobody said so without.
    pub version_window_seconds: Option<u32>,
    /// When the key was deleted: it is seen no more, and its name is not used again.
    pub retired: Option<Timestamp>,
    /// For which reasons the key may be used; for any without.
    pub access_reasons: Option<Vec<AccessReason>>,
}

/// What people say of a key.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct KeyFacts {
    pub owner: Option<String>,
    pub environment: Option<String>,
    pub data_class: Option<String>,
    /// In the order in which they were first given.
    pub tags: Vec<(String, String)>,
}

/// A policy document as it was given, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub regime: Authority,
    pub name: String,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationSchedule {
    pub period_seconds: u32,
    pub next: Timestamp,
}

impl RotationSchedule {
    /// In days, what is left over as one more.
    pub fn period_days(self) -> u32 {
        self.period_seconds.div_ceil(crate::SECONDS_PER_DAY)
    }
}

/// `fingerprint` is a keyed digest of the material, and outlives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub number: u32,
    pub life: Life,
    pub material: Material,
    pub fingerprint: Option<Fingerprint>,
    pub window: Window,
    pub created: Timestamp,
    pub cause: VersionCause,
    /// Where it differs from the key's.
    pub algorithm: Option<Algorithm>,
    /// Where it differs from the key's.
    pub scheme: Option<Scheme>,
    /// The public half of the material, where it has one: SubjectPublicKeyInfo (RFC 5280) in DER.
    pub public: Option<Arc<[u8]>>,
    /// How the material was brought, where it was not made here.
    pub imported: Option<Imported>,
    /// When the material was destroyed, where it was.
    pub destroyed: Option<Timestamp>,
    /// When the version was deleted: it is seen no more, and its number is not used again.
    pub deleted: Option<Timestamp>,
}

/// The newest import into a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The import job, by its name in the key's ring.
    pub job: String,
    pub at: Timestamp,
}

/// HMAC-SHA-256 of the material under a key of the site: equal material has equal fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Why a version came into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum VersionCause {
    Creation = 1,
    Schedule = 2,
    Demand = 3,
}

impl VersionCause {
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Creation, Self::Schedule, Self::Demand].into_iter().find(|cause| *cause as u8 == number)
    }
}

/// The material of one version, opened.
pub struct KeyMaterial {
    pub key: ObjectId,
    pub tenant: ObjectId,
    pub version: u32,
    pub algorithm: Algorithm,
    pub purpose: Purpose,
    pub bytes: Kept,
    pub ready: Ready,
}

/// What the holder made of the material to work with it. It is there as long as the material is, and goes with it.
#[derive(Default)]
pub struct Ready(OnceLock<Box<dyn Any + Send + Sync>>);

impl Ready {
    /// What was made before, or what `make` makes now; none where somebody made something else of it.
    pub fn get_or_make<T: Any + Send + Sync, E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Option<&T>, E> {
        let made = match self.0.get() {
            Some(made) => made,
            None => {
                let made = make()?;
                self.0.get_or_init(|| Box::new(made))
            }
        };
        Ok(made.downcast_ref())
    }
}

impl Key {
    pub fn version(&self, number: u32) -> Result<&Version, Fault> {
        // Versions are numbered from one without gaps, so the place is nearly always the number.
        let place = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
        match self.versions.get(place) {
            Some(version) if version.is_called(number) => Ok(version),
            _ => self.versions.iter().find(|version| version.is_called(number)).ok_or(Fault::NotFound),
        }
    }

    /// What the version computes with.
    pub fn algorithm_of(&self, version: &Version) -> Algorithm {
        version.algorithm.unwrap_or(self.algorithm)
    }

    /// The only way in which the version is used; none leaves it to each use.
    pub fn scheme_of(&self, version: &Version) -> Option<Scheme> {
        version.scheme.or(self.scheme)
    }

    /// Where the material of the version comes from: a key whose material is made here takes imported versions too.
    pub fn origin_of(&self, version: &Version) -> Origin {
        if version.imported.is_some() { Origin::Imported } else { self.origin }
    }

    pub fn primary_version(&self) -> Result<&Version, Fault> {
        self.version(self.primary)
    }

    /// How long a version waits for its destruction where nobody names a time.
    pub fn version_window(&self) -> u32 {
        self.version_window_seconds.unwrap_or(crate::VERSION_WINDOW_SECONDS_DEFAULT)
    }

    /// Whether the key may be used for this reason.
    pub fn opens_for(&self, reason: AccessReason) -> bool {
        self.access_reasons.as_ref().is_none_or(|allowed| allowed.contains(&reason))
    }

    /// The number that the next version gets. Numbers are never used twice.
    pub fn next_version(&self) -> u32 {
        self.versions.iter().map(|version| version.number).max().unwrap_or(0).saturating_add(1)
    }

    pub fn document(&self, regime: Authority, name: &str) -> Option<&Document> {
        self.documents.iter().find(|document| document.regime == regime && document.name == name)
    }

    /// `NAME` in ring `default`, else `RING/NAME`; nothing where the key has no name.
    pub fn path(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        Some(if self.ring == DEFAULT_RING { name.clone() } else { format!("{}/{name}", self.ring) })
    }
}

impl Version {
    pub fn active(number: u32, fingerprint: Option<Fingerprint>, created: Timestamp, cause: VersionCause) -> Self {
        let material = Material::Held { expires: None };
        let (life, window) = (Life::ACTIVE, Window::ALWAYS);
        let (algorithm, scheme, public, imported) = (None, None, None, None);
        let (destroyed, deleted) = (None, None);
        Self {
            number,
            life,
            material,
            fingerprint,
            window,
            created,
            cause,
            algorithm,
            scheme,
            public,
            imported,
            destroyed,
            deleted,
        }
    }

    /// Whether it answers to this number.
    pub(crate) fn is_called(&self, number: u32) -> bool {
        self.number == number && self.deleted.is_none()
    }

    /// A version whose material is yet to be made.
    pub fn awaited(number: u32, created: Timestamp, cause: VersionCause) -> Self {
        Self { material: Material::Awaited, ..Self::active(number, None, created, cause) }
    }
}

impl Key {
    /// When the scheduler must look at the key next; [`Timestamp::MAX`] is never.
    pub fn due(&self, profile: crate::Profile) -> Timestamp {
        let rotation = match (self.life.state, self.life.destruction, self.rotation) {
            (crate::KeyState::Active, crate::Destruction::None, Some(schedule)) => schedule.next,
            _ => Timestamp::MAX,
        };
        let versions = self.versions.iter().map(|version| version.due(profile).min(self.generation_due(version)));
        versions.chain([rotation, self.life.due()]).min().unwrap_or(Timestamp::MAX)
    }
}

impl Key {
    /// Material that is yet to be made is due at once, unless the end of the key has come first.
    fn generation_due(&self, version: &Version) -> Timestamp {
        if self.awaits_generation(version) { version.created } else { Timestamp::MAX }
    }

    /// Whether the material of the version is for the house to make.
    pub fn awaits_generation(&self, version: &Version) -> bool {
        let ended = self.life.state == crate::KeyState::Destroyed || version.life.state == crate::KeyState::Destroyed;
        self.origin_of(version) == Origin::Generated && version.material == Material::Awaited && !ended
    }
}

impl Version {
    fn due(&self, profile: crate::Profile) -> Timestamp {
        let expiry = match self.material {
            Material::Held { expires: Some(expires) } => expires,
            _ => Timestamp::MAX,
        };
        let window = match (self.window.until, self.life.state) {
            (Some(until), crate::KeyState::Active) if profile.deactivates_at_window_end() => until,
            _ => Timestamp::MAX,
        };
        expiry.min(window).min(self.life.due())
    }
}

impl Life {
    fn due(&self) -> Timestamp {
        match self.destruction {
            crate::Destruction::Scheduled { deadline, .. } => deadline,
            crate::Destruction::None => Timestamp::MAX,
        }
    }
}
