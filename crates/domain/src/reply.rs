//! What comes back, in the standard's words.

use crate::{
    AliasFound, CertificateShown, CheckpointShown, EntryShown, Key, KeyState, Keyring, Location, Moment, ObjectId,
    Principal, Progress, ProofShown, Reading, RotationSchedule, Scheme, Settings, Tenant, Timestamp, Version,
};
use secret::Secret;
use std::sync::Arc;

/// How a request ends, as far as its answer's status tells.
#[derive(Clone, Copy)]
pub enum Ending<'a> {
    Done,
    /// It was dry, and would have been done.
    WouldSucceed,
    Refused(&'a crate::Fault),
}

/// With what an answer begins on the wire: the HTTP status code, and the tongue's own code of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireStatus {
    pub number: u16,
    pub code: Option<&'static str>,
}

impl WireStatus {
    pub const OK: Self = Self { number: 200, code: None };
}

pub enum Reply {
    Done,
    /// A dry request that would have succeeded.
    WouldSucceed,
    Key(KeyShown),
    Keys {
        keys: Vec<Arc<Key>>,
        owner: Arc<Tenant>,
        more: bool,
    },
    /// A destruction that is ordered, or was just taken back.
    Destruction {
        key: KeyShown,
        deadline: Option<Timestamp>,
        days: Option<u32>,
    },
    Versions {
        key: KeyShown,
        versions: Vec<Version>,
    },
    /// One version, made, changed or shown.
    Version {
        key: KeyShown,
        version: u32,
    },
    /// A key that was deleted.
    RetiredKey(KeyShown),
    RetiredKeys {
        keys: Vec<Arc<Key>>,
        owner: Arc<Tenant>,
    },
    /// A key of purpose Import.
    ImportJob(KeyShown),
    /// In the order of their names.
    ImportJobs {
        jobs: Vec<Arc<Key>>,
        owner: Arc<Tenant>,
    },
    Ring(Arc<Keyring>),
    /// In the order of their names.
    Rings(Vec<Arc<Keyring>>),
    Locations(Vec<Location>),
    Rotation {
        key: KeyShown,
        schedule: Option<RotationSchedule>,
    },
    Aliases {
        aliases: Vec<AliasFound>,
        owner: Arc<Tenant>,
        more: bool,
    },
    Tags(Vec<(String, String)>),
    Document {
        name: String,
        text: String,
    },
    Documents(Vec<String>),
    /// Bindings as they were given, and what names them until they are changed.
    Bindings {
        text: String,
        tag: Vec<u8>,
    },
    Permissions(Vec<String>),
    Explanation(Explanation),

    Ciphertext {
        by: Worker,
        ciphertext: Vec<u8>,
    },
    Plaintext {
        by: Worker,
        plaintext: Secret,
    },
    Resealed {
        from: Worker,
        to: Worker,
        ciphertext: Vec<u8>,
    },
    DataKey {
        by: Worker,
        plaintext: Option<Secret>,
        ciphertext: Vec<u8>,
    },
    Random(Secret),
    Signature {
        by: Worker,
        scheme: Scheme,
        signature: Vec<u8>,
    },
    Mac {
        by: Worker,
        mac: Vec<u8>,
    },
    /// Whether a signature or a message authentication code is right.
    Verified {
        by: Worker,
        scheme: Scheme,
        valid: bool,
    },
    /// Opened with a private key, or in a mode of the caller's own.
    Opened {
        by: Worker,
        scheme: Scheme,
        plaintext: Secret,
    },
    /// In a mode of the caller's own. Of GCM, the tag of 16 bytes is behind the ciphertext.
    RawCiphertext {
        by: Worker,
        scheme: Scheme,
        ciphertext: Vec<u8>,
        iv: Vec<u8>,
    },
    SharedSecret {
        by: Worker,
        secret: Secret,
    },
    /// SubjectPublicKeyInfo in DER, and the raw key where its standard has one of fixed length.
    PublicHalf {
        by: Worker,
        spki: Arc<[u8]>,
        raw: Option<Vec<u8>>,
    },

    Caller {
        principal: Arc<Principal>,
        tenant: Arc<Tenant>,
    },
    Tenant(Arc<Tenant>),
    Tenants(Vec<Arc<Tenant>>),
    Principal {
        principal: Arc<Principal>,
        tenant: Arc<Tenant>,
    },
    Principals {
        principals: Vec<Arc<Principal>>,
        tenant: Arc<Tenant>,
    },
    /// The only time that the secret half leaves.
    AccessKey {
        id: String,
        secret: Secret,
        principal: Arc<Principal>,
        tenant: Arc<Tenant>,
    },
    /// A public key that has become an access key.
    PublicKey {
        id: String,
        principal: Arc<Principal>,
        tenant: Arc<Tenant>,
    },
    /// An access token. It is nowhere else.
    Token {
        token: Secret,
        seconds: u32,
        expires: crate::Timestamp,
    },
    Forbids(Vec<(String, String)>),

    Entries {
        entries: Vec<EntryShown>,
        upto: u64,
        head: u64,
    },
    Proof(Box<ProofShown>),
    Certificate(Box<CertificateShown>),
    Checkpoint(Box<CheckpointShown>),
    Status(Box<Status>),
    Settings(Arc<Settings>),
    Clock(Reading),
}

/// A key as it is at the moment of the answer, and whose it is.
#[derive(Clone)]
pub struct KeyShown {
    pub key: Arc<Key>,
    pub owner: Arc<Tenant>,
    pub now: Moment,
}

/// Which key and version did the work.
#[derive(Clone)]
pub struct Worker {
    pub key: Arc<Key>,
    pub version: u32,
    pub owner: Arc<Tenant>,
}

/// Why somebody may or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub allowed: bool,
    pub action: String,
    pub principal: String,
    pub key: ObjectId,
    /// Where the deciding statement stands and what it is called; nothing where silence decided.
    pub statement: Option<String>,
    pub reason: String,
    /// The key's own life may refuse what policy allows.
    pub state: KeyState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub site: String,
    pub version: &'static str,
    pub entries: u64,
    pub root: [u8; 32],
    pub checkpoint_size: u64,
    pub projections: Vec<Progress>,
    pub secret_memory: String,
    pub store: String,
    /// What the loss of a machine costs, for people.
    pub availability: String,
    /// How the wall clock is, for people.
    pub clock: String,
    /// Which root key is in use, and what is under which, for people.
    pub root_key: String,
}
