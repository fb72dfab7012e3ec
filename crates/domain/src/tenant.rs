//! Tenants, and what the site keeps beside them.

use crate::{Agreed, Authority, Document, ObjectId, Profile, Timestamp};
use secret::Held;

/// Owns a key hierarchy of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub id: ObjectId,
    pub name: String,
    /// Twelve digits, unique in the site.
    pub account: String,
    pub profile: Profile,
    pub kind: TenantKind,
    /// Native `forbid` policies of the tenant, by name, as they were given.
    pub forbids: Vec<(String, String)>,
    /// Documents that speak of all its keys, one for each regime that put one.
    pub documents: Vec<Document>,
    pub created: Timestamp,
}

/// The site tenant holds no keys: its principals create tenants, see the clear parts of all entries
/// and change the site's settings. They cannot use or read a tenant's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TenantKind {
    Site = 1,
    Ordinary = 2,
}

/// The id of the site tenant in every site.
pub const SITE_TENANT: ObjectId = ObjectId([0xff; 16]);

/// What holds for the whole site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many months of log detail are kept; none is for ever.
    pub retention_months: Option<u32>,
    /// How far a signature's time may be from ours, in seconds.
    pub signature_window_seconds: u32,
    /// The regime in which new keys of the native tongue are governed.
    pub native_authority: Authority,
    /// Native `forbid` policies of the site, as they were given.
    pub forbids: Vec<(String, String)>,
    /// The recovery key's public halves; none where the site was made without one.
    pub recovery: Option<RecoveryHalves>,
    /// What the wall clock is expected to show.
    pub clock: Option<Agreed>,
    /// The domain of the site's own, in which clients look for its services and its principals have addresses.
    pub universe: Option<String>,
}

/// Whose statements the site obeys, and to whom its backups are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryHalves {
    /// Ed25519.
    pub verify: [u8; 32],
    /// X25519.
    pub seal: [u8; 32],
}

pub const SETTINGS_ID: ObjectId = ObjectId([1; 16]);

/// A tenant's key-encryption key, as the row holds it: opened, in secret memory.
pub struct WrappedKek {
    pub tenant: ObjectId,
    pub version: u32,
    pub bytes: Held,
}

/// What a row was that was replaced, kept apart since the KEK that sealed it is gone.
#[derive(PartialEq, Eq)]
pub struct Past {
    pub tenant: ObjectId,
    /// The entry that replaced it.
    pub until: u64,
    /// The plaintext of its blob.
    pub content: Vec<u8>,
}

/// A tenant's log key of one month.
pub struct LogKey {
    pub tenant: ObjectId,
    /// `202611`.
    pub month: u32,
    pub bytes: Held,
}
