//! What can be wrong, by who hears of it.

use crate::{Algorithm, Authority, KeyState, Limit, Material, ObjectId, Profile, Purpose, RowId, Scope, Timestamp};
use std::fmt;

/// Told to a verified caller, and recorded. Each dialect says it in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The thing asked for is not there, or is not to be seen. `what` is as the caller called it.
    NotFound,
    KeyNotFound {
        asked: String,
    },
    AliasNotFound {
        alias: String,
    },
    RingNotFound {
        ring: String,
    },
    VersionNotFound {
        version: u32,
    },
    ImportJobNotFound {
        job: String,
    },
    PrincipalNotFound {
        name: String,
    },
    TenantNotFound {
        name: String,
    },
    DocumentNotFound {
        name: String,
    },
    EntryNotFound {
        index: u64,
        size: u64,
    },

    /// `principal`, `action` and `object` as the deciding regime spells them.
    Denied {
        reason: String,
    },
    AwaitingApproval {
        approval: String,
    },

    NotUsable(Scope, KeyState),
    MaterialNotHeld {
        version: u32,
        material: Material,
    },
    WindowNotOpen {
        version: u32,
        from: Timestamp,
    },
    WindowEnded {
        version: u32,
        until: Timestamp,
    },
    DestructionScheduled {
        scope: Scope,
        deadline: Timestamp,
    },
    DestructionNotScheduled,
    /// The version has protected as much as its limits allow.
    UsedUp {
        version: u32,
        limit: Limit,
    },
    NoSuchTransition {
        from: KeyState,
        to: KeyState,
    },
    NotIdentical,
    NotImported,
    /// The material of the version is there.
    NotReimportable {
        version: u32,
    },
    NotDeletable {
        why: &'static str,
    },
    /// The job has no key yet, or none any more.
    ImportJobNotReady {
        job: String,
        material: Material,
    },
    /// Whatever kept wrapped material shut looks alike.
    WrappedUnreadable,
    /// It was unwrapped, and is no material of the algorithm that it was said to be, or a weak one.
    BadMaterial {
        algorithm: Algorithm,
        why: &'static str,
    },
    WrongPurpose {
        purpose: Purpose,
    },
    /// The key has no version that protects by default.
    NoPrimary,
    NotRotatable {
        why: &'static str,
    },
    /// The caller named a key and the ciphertext is under another.
    WrongKey,
    CiphertextUnreadable,
    /// The key that a ciphertext names is not there, or not for this caller: both look the same.
    CiphertextOfUnknownKey,
    /// In the vocabulary, and not served: the algorithm, origin or protection level is named.
    NotImplemented {
        what: String,
    },
    ProfileRefuses {
        profile: Profile,
        algorithm: Algorithm,
        why: &'static str,
    },

    AlreadyThere {
        what: String,
    },
    LimitReached {
        what: &'static str,
        max: usize,
    },
    TokenReused,
    BadTags {
        why: String,
    },
    BadDocument {
        why: String,
    },
    /// Only the object's own authority can allow.
    ForeignAllow {
        authority: Authority,
    },
    /// `member` as the tongue spells it; `constraint` in the tongue's own words.
    Invalid {
        member: String,
        constraint: String,
    },
    /// A paging marker that is none of ours.
    BadMarker,

    /// Others changed what this request stood on, again and again. Nothing was done.
    Conflict,
    /// A row that is not what the log says it is.
    Damaged {
        row: RowId,
        why: &'static str,
    },
    /// The store did not answer. No entry is owed.
    Unavailable,
    /// Secret memory is full.
    MemoryFull,
    ReceiptOfAnotherRequest,
}

impl Fault {
    /// One word for the log and for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotFound
            | Self::KeyNotFound { .. }
            | Self::AliasNotFound { .. }
            | Self::RingNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::ImportJobNotFound { .. }
            | Self::PrincipalNotFound { .. }
            | Self::TenantNotFound { .. }
            | Self::DocumentNotFound { .. }
            | Self::EntryNotFound { .. } => "not-found",
            Self::Denied { .. } => "denied",
            Self::AwaitingApproval { .. } => "awaiting-approval",
            Self::NotUsable(..) => "not-usable",
            Self::MaterialNotHeld { .. } => "material-not-held",
            Self::WindowNotOpen { .. } | Self::WindowEnded { .. } => "outside-window",
            Self::DestructionScheduled { .. } => "destruction-scheduled",
            Self::DestructionNotScheduled => "destruction-not-scheduled",
            Self::UsedUp { .. } => "used-up",
            Self::NoSuchTransition { .. } => "no-such-transition",
            Self::NotIdentical => "not-identical",
            Self::NotImported => "not-imported",
            Self::NotReimportable { .. } => "not-reimportable",
            Self::NotDeletable { .. } => "not-deletable",
            Self::ImportJobNotReady { .. } => "import-job-not-ready",
            Self::WrappedUnreadable => "wrapped-unreadable",
            Self::BadMaterial { .. } => "bad-material",
            Self::WrongPurpose { .. } => "wrong-purpose",
            Self::NoPrimary => "no-primary",
            Self::NotRotatable { .. } => "not-rotatable",
            Self::WrongKey => "wrong-key",
            Self::CiphertextUnreadable => "ciphertext-unreadable",
            Self::CiphertextOfUnknownKey => "denied",
            Self::NotImplemented { .. } => "not-implemented",
            Self::ProfileRefuses { .. } => "profile-refuses",
            Self::AlreadyThere { .. } => "already-there",
            Self::LimitReached { .. } => "limit-reached",
            Self::TokenReused => "token-reused",
            Self::BadTags { .. } => "bad-tags",
            Self::BadDocument { .. } => "bad-document",
            Self::ForeignAllow { .. } => "foreign-allow",
            Self::Invalid { .. } | Self::BadMarker => "invalid",
            Self::Conflict => "conflict",
            Self::Damaged { .. } => "damaged",
            Self::Unavailable => "unavailable",
            Self::MemoryFull => "memory-full",
            Self::ReceiptOfAnotherRequest => "receipt-of-another-request",
        }
    }
}

/// Told to somebody unknown, and counted. It is `Copy`: there is no room in it for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    TooLarge {
        bytes_max: usize,
    },
    TooDeep {
        depth_max: usize,
    },
    TooSlow,
    TooMany,
    UnknownOperation,
    NotFound,
    Unreadable {
        member: &'static str,
    },
    /// No credential was sent.
    MissingCredential,
    /// A credential with a part missing or misspelt.
    IncompleteCredential {
        part: &'static str,
    },
    UnknownCredential,
    BadSignature,
    /// The request was signed too long ago or too far ahead: its time, ours and the window, in seconds.
    Skewed {
        signed: Timestamp,
        now: Timestamp,
        window_seconds: u32,
    },
    WrongScope {
        part: &'static str,
    },
    /// A message in an encoding that is not read here.
    Encoded,
}

impl Refusal {
    /// One word for the log and for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::TooDeep { .. } => "too-deep",
            Self::TooSlow => "too-slow",
            Self::TooMany => "too-many",
            Self::UnknownOperation => "unknown-operation",
            Self::NotFound => "not-found",
            Self::Unreadable { .. } => "unreadable",
            Self::MissingCredential => "missing-credential",
            Self::IncompleteCredential { .. } => "incomplete-credential",
            Self::UnknownCredential => "unknown-credential",
            Self::BadSignature => "bad-signature",
            Self::Skewed { .. } => "skewed",
            Self::WrongScope { .. } => "wrong-scope",
            Self::Encoded => "encoded",
        }
    }
}

/// Why nothing is answered. But for [`Unavailable::Late`] nothing was recorded either, and nothing done. The caller may
/// try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The root key is not there.
    Sealed,
    /// The log cannot be written.
    Store,
    /// The service is going down.
    Draining,
    /// More wait than can be served in time. Nothing was done.
    Overloaded,
    /// The answer was not there in time. What was asked may have been done, and have its entry.
    Late,
    /// Nothing can be recorded for the caller's tenant before this row is restored.
    Damaged { row: RowId, why: &'static str },
}

impl Unavailable {
    /// What metrics and programs call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Store => "unavailable",
            Self::Draining => "draining",
            Self::Overloaded => "overloaded",
            Self::Late => "late",
            Self::Damaged { .. } => "damaged",
        }
    }
}

/// An effect outside the house: committed with its entry, run afterwards, as often as it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Overwrite what the store's own files still hold of destroyed material.
    Scrub { key: ObjectId },
    /// Drop the batches of the log that end before this entry.
    Prune { before: u64 },
}

impl fmt::Display for Fault {
    /// Names the guilty and the remedy, for the log, the command line and the native tongue.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(f, "there is nothing of that name"),
            Self::KeyNotFound { asked } => write!(f, "there is no key `{asked}` here"),
            Self::AliasNotFound { .. }
            | Self::RingNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::ImportJobNotFound { .. }
            | Self::PrincipalNotFound { .. }
            | Self::TenantNotFound { .. }
            | Self::DocumentNotFound { .. } => self.absent(f),
            Self::EntryNotFound { index, size } if index < size => {
                write!(f, "entry {index} is not yours to see, or is not kept any more")
            }
            Self::EntryNotFound { index, size } => write!(f, "entry {index} is not in the log, which has {size}"),
            Self::Denied { reason } => write!(f, "denied: {reason}"),
            Self::AwaitingApproval { approval } => {
                write!(f, "awaits approval {approval}; repeat the request once approved")
            }
            Self::NotUsable(scope, state) => write!(f, "{scope} is {state:?} and may not do this"),
            Self::MaterialNotHeld { .. } | Self::WindowNotOpen { .. } | Self::WindowEnded { .. } => self.not_now(f),
            Self::DestructionScheduled { scope, deadline } => {
                write!(f, "{scope} is to be destroyed at {}; cancel that first", deadline.to_rfc3339())
            }
            Self::DestructionNotScheduled => write!(f, "no destruction is scheduled"),
            Self::UsedUp { version, limit } => {
                write!(f, "version {version} has protected as {limit} as its limit allows; rotate the key")
            }
            Self::NoSuchTransition { from, to } => write!(f, "{from:?} never becomes {to:?}"),
            Self::NotIdentical => write!(f, "this is not the material that was imported before"),
            Self::NotImported => write!(f, "only a key of imported origin takes material"),
            Self::NotReimportable { .. }
            | Self::NotDeletable { .. }
            | Self::ImportJobNotReady { .. }
            | Self::WrappedUnreadable
            | Self::BadMaterial { .. } => self.unimported(f),
            Self::WrongPurpose { purpose } => write!(f, "the key's purpose is {purpose:?}"),
            Self::NoPrimary => write!(f, "the key has no primary version; make one version the primary"),
            Self::NotRotatable { why } => write!(f, "the key cannot be rotated: {why}"),
            Self::WrongKey => write!(f, "the ciphertext is under another key"),
            Self::CiphertextUnreadable => {
                write!(f, "the ciphertext cannot be opened: it was changed, or its context is another")
            }
            Self::CiphertextOfUnknownKey => {
                write!(f, "the ciphertext is under a key that is not here, or that you may not use")
            }
            Self::NotImplemented { what } => write!(f, "{what} is not served by this release"),
            Self::ProfileRefuses { profile, algorithm, why } => {
                write!(f, "profile {} refuses {}: {why}", profile.name(), algorithm.name())
            }
            Self::AlreadyThere { what } => write!(f, "{what} is there already"),
            Self::LimitReached { what, max } => write!(f, "no more than {max} {what}"),
            Self::TokenReused => write!(f, "the token was used for another request"),
            Self::BadTags { why } | Self::BadDocument { why } => write!(f, "{why}"),
            Self::ForeignAllow { authority } => {
                write!(f, "only documents of the key's own authority, {}, can allow", authority.name())
            }
            Self::Invalid { member, constraint } => write!(f, "{member}: {constraint}"),
            Self::BadMarker => write!(f, "the marker is none of ours"),
            Self::Conflict => write!(f, "others changed the same things meanwhile; try again"),
            Self::Damaged { row, why } => write!(f, "row {:?}/{} is not what the log says: {why}", row.table, row.id),
            Self::Unavailable => write!(f, "the store does not answer; try again"),
            Self::MemoryFull => write!(f, "the secret memory is full"),
            Self::ReceiptOfAnotherRequest => write!(f, "a receipt of another request"),
        }
    }
}

impl Fault {
    /// What is not where it was looked for.
    fn absent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AliasNotFound { alias } => write!(f, "there is no alias `{alias}` here"),
            Self::PrincipalNotFound { name } => write!(f, "there is no principal `{name}` here"),
            Self::TenantNotFound { name } => write!(f, "there is no tenant `{name}`"),
            Self::DocumentNotFound { name } => write!(f, "there is no document `{name}`"),
            Self::RingNotFound { ring } => write!(f, "there is no key ring `{ring}` here"),
            Self::VersionNotFound { version } => write!(f, "there is no version {version}"),
            Self::ImportJobNotFound { job } => write!(f, "there is no import job `{job}` in the key's ring"),
            _ => Ok(()),
        }
    }

    /// Why a version may not do it at this time.
    fn not_now(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaterialNotHeld { version, material: Material::Awaited } => {
                write!(f, "the material of version {version} is not there yet")
            }
            Self::MaterialNotHeld { version, material } => {
                write!(f, "the material of version {version} is not held ({material:?}); import it again")
            }
            Self::WindowNotOpen { version, from } => {
                write!(f, "version {version} may not protect before {}; name another version", from.to_rfc3339())
            }
            Self::WindowEnded { version, until } => {
                write!(f, "version {version} may no longer protect since {}; rotate the key", until.to_rfc3339())
            }
            _ => Ok(()),
        }
    }

    /// What is wrong with material that is brought, and with what is to be deleted.
    fn unimported(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReimportable { version } => {
                write!(f, "version {version} has its material; only one whose material is gone takes it again")
            }
            Self::ImportJobNotReady { job, material: Material::Awaited } => {
                write!(f, "the import job `{job}` has no key yet; try again")
            }
            Self::ImportJobNotReady { job, .. } => write!(f, "the import job `{job}` has expired; make another"),
            Self::NotDeletable { why } => write!(f, "it cannot be deleted: {why}"),
            Self::WrappedUnreadable => write!(f, "the material cannot be unwrapped by this import job"),
            Self::BadMaterial { algorithm, why } => write!(f, "this is no material for {}: {why}", algorithm.name()),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => write!(f, "the key"),
            Self::Version(number) => write!(f, "version {number}"),
        }
    }
}
