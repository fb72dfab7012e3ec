//! What a dialect read: names and ciphertexts, not yet objects.

use crate::{
    AccessReason, Algorithm, Authority, Context, EntryQuery, Fault, KeyFacts, KeyState, Limits, Location, ObjectId,
    Origin, Outside, PrincipalKind, Profile, ProtectionLevel, Purpose, Role, RoleScope, Scheme, Scope, Signable,
    Timestamp, Window,
};
use secret::Secret;

/// What a caller calls a key. Where account and location are not named, the caller's own are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    pub by: KeyBy,
    pub account: Option<String>,
    pub location: Option<Location>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyBy {
    Id(ObjectId),
    /// An alias without its prefix; a key with a name answers to `NAME` or `RING/NAME` as well.
    Alias(String),
    /// `NAME` in ring `default`, or `RING/NAME`.
    Path(String),
    /// A key of a ring by its name there, or by its id where it has no name. Aliases are not looked at.
    InRing {
        ring: String,
        name: String,
    },
    /// Something no key is ever called.
    Nothing(String),
}

impl KeyName {
    pub fn id(id: ObjectId) -> Self {
        Self { by: KeyBy::Id(id), account: None, location: None }
    }

    pub fn path(path: &str) -> Self {
        Self { by: KeyBy::Path(path.into()), account: None, location: None }
    }
}

/// A ring of a tenant, in the place of the request. `project` names the tenant or its account; without one the caller's
/// own is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingName {
    pub project: Option<String>,
    pub ring: String,
}

/// When a key is to be rotated: every so many seconds, first at a time or one period from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotate {
    pub period_seconds: u32,
    pub first: Option<Timestamp>,
}

impl Rotate {
    /// Every so many days, first that many days from now. More days than can be said are as many as can be.
    pub fn every_days(days: u32) -> Self {
        Self { period_seconds: days.saturating_mul(crate::SECONDS_PER_DAY), first: None }
    }
}

/// What is changed of a key at once, all or nothing. What is not named stays.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct KeyUpdate {
    /// Instead of all tags that there are.
    pub tags: Option<Vec<(String, String)>>,
    pub rotation: Option<RotationChange>,
    pub make: Option<Make>,
    /// For which reasons the key may be used; for any where that is nothing.
    pub access_reasons: Option<Option<Vec<AccessReason>>>,
}

/// What the next versions are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Make {
    /// In tongues where an algorithm's name says what it is for.
    pub purpose: Option<Purpose>,
    pub algorithm: Algorithm,
    /// The only way in which they shall be used; none leaves it to each use.
    pub scheme: Option<Scheme>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationChange {
    Remove,
    /// What is not said is as it was.
    Set {
        period_seconds: Option<u32>,
        next: Option<Timestamp>,
    },
}

/// In which form a public key is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicForm {
    /// In every one that there is.
    All,
    /// Nobody says so. Where a key has several, somebody must.
    Unsaid,
    /// SubjectPublicKeyInfo.
    Info,
    /// As FIPS 203, 204 and 205 write it.
    RawFips,
    /// As draft-connolly-cfrg-xwing-kem writes it.
    RawXWing,
}

/// Whether anything is done at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Dry {
    #[default]
    Wet,
    /// Resolved, authorised, planned, and the ciphertext opened; nothing made, kept or returned.
    Run,
    /// The same without a look at the ciphertext.
    RunIgnoringCiphertext,
}

/// Which part of a listing: at most `limit` items after `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub limit: u32,
    pub after: Option<ObjectId>,
}

pub struct CreateKey {
    /// The tenant, or its account; the caller's own without.
    pub project: Option<String>,
    pub ring: String,
    /// Whether the ring must be there already; it is made together with the key otherwise.
    pub in_existing_ring: bool,
    pub name: Option<String>,
    pub purpose: Purpose,
    pub algorithm: Algorithm,
    /// The only way in which the key shall be used; none leaves it to each use.
    pub scheme: Option<Scheme>,
    pub origin: Origin,
    pub protection: ProtectionLevel,
    pub authority: Authority,
    pub description: String,
    pub facts: KeyFacts,
    /// A document of the key's own regime; none asks for the regime's default.
    pub document: Option<String>,
    /// Whether the caller takes the risk of locking itself out.
    pub bypass_lockout_check: bool,
    /// Whether the caller is told of the key before its material is made. Only keys with a public half are made so.
    pub later: bool,
    pub rotation: Option<Rotate>,
    /// How long a version waits for its destruction, for ever the same; the tongue's own time without.
    pub version_window_seconds: Option<u32>,
    /// Whether it begins with no version at all.
    pub without_version: bool,
    /// For which reasons the key may be used; for any without.
    pub access_reasons: Option<Vec<AccessReason>>,
    pub limits: Limits,
    pub window: Window,
    /// The same token again, with the same request, is answered as the first time.
    pub token: Option<String>,
}

/// What bindings are put on. Where no account is named, the caller's own is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingsOn {
    Key(KeyName),
    Ring {
        account: Option<String>,
        location: Option<Location>,
        name: String,
    },
    ImportJob {
        ring: RingName,
        name: String,
    },
    /// Who may act as it. Its address, or its name in the caller's own tenant.
    Service {
        account: String,
    },
    Tenant {
        account: Option<String>,
    },
}

pub enum LifeChange {
    Suspend(Scope),
    Resume(Scope),
    Enter(Scope, KeyState),
    MakePrimary(u32),
    SetWindow(u32, Window),
    ScheduleDestruction {
        scope: Scope,
        days: u32,
        resume_to: KeyState,
    },
    /// After the time that the key itself has for it ([`crate::Key::version_window_seconds`]).
    ScheduleVersionDestruction {
        version: u32,
        resume_to: KeyState,
    },
    CancelDestruction(Scope),
}

pub enum Ask {
    // The life of keys
    CreateKey(Box<CreateKey>),
    /// As it is, or as it was at a time.
    DescribeKey {
        key: KeyName,
        at: Option<Timestamp>,
    },
    /// Every key of the caller's tenant and location that the tongue can spell.
    ListKeys {
        page: Page,
    },
    ChangeLife {
        key: KeyName,
        change: LifeChange,
    },
    DescribeKeyAs {
        key: KeyName,
        description: String,
    },
    SetFacts {
        key: KeyName,
        owner: Option<String>,
        environment: Option<String>,
        data_class: Option<String>,
    },
    Tag {
        key: KeyName,
        tags: Vec<(String, String)>,
    },
    Untag {
        key: KeyName,
        names: Vec<String>,
    },
    ListTags {
        key: KeyName,
    },
    ListVersions {
        key: KeyName,
    },
    DescribeVersion {
        key: KeyName,
        version: u32,
    },
    /// One more version, which does not become the primary.
    CreateVersion {
        key: KeyName,
    },
    UpdateKey {
        key: KeyName,
        update: Box<KeyUpdate>,
    },
    SetRotation {
        key: KeyName,
        rotation: Option<Rotate>,
    },
    GetRotation {
        key: KeyName,
    },
    Rotate {
        key: KeyName,
    },

    /// Of a key that is destroyed.
    CertifyDestruction {
        key: KeyName,
    },
    /// The key that the entry changed becomes what it was before.
    RevertEntry {
        entry: u64,
    },

    // Rings
    CreateRing {
        ring: RingName,
    },
    DescribeRing {
        ring: RingName,
    },
    /// Every ring of a tenant in the place.
    ListRings {
        project: Option<String>,
    },
    /// Every key of a ring that the tongue can spell, in the order of their names.
    ListKeysInRing {
        ring: RingName,
    },
    /// Where a tenant has rings.
    ListLocations {
        project: Option<String>,
    },

    // Material that is brought
    /// A key of the house's own, whose public half wraps what is brought.
    CreateImportJob {
        ring: RingName,
        name: String,
        algorithm: Algorithm,
        scheme: Scheme,
    },
    DescribeImportJob {
        ring: RingName,
        name: String,
        form: PublicForm,
    },
    /// In the order of their names.
    ListImportJobs {
        ring: RingName,
    },
    /// Into one more version, or again into one whose material is gone.
    ImportVersion {
        key: KeyName,
        version: Option<u32>,
        /// In tongues where an algorithm's name says what it is for.
        purpose: Option<Purpose>,
        algorithm: Algorithm,
        scheme: Option<Scheme>,
        /// By its name in the key's ring.
        job: String,
        wrapped: Vec<u8>,
    },

    // Deleting what is destroyed
    DeleteKey {
        key: KeyName,
    },
    DeleteVersion {
        key: KeyName,
        version: u32,
    },
    ListRetiredKeys {
        project: Option<String>,
    },
    DescribeRetiredKey {
        project: Option<String>,
        id: ObjectId,
    },

    // Names
    CreateAlias {
        alias: String,
        key: KeyName,
    },
    RetargetAlias {
        alias: String,
        key: KeyName,
    },
    DeleteAlias {
        alias: String,
    },
    ListAliases {
        key: Option<KeyName>,
        page: Page,
    },

    // Use
    Encrypt {
        key: KeyName,
        /// The primary without.
        version: Option<u32>,
        plaintext: Secret,
        context: Context,
        dry: Dry,
    },
    /// `key` is what the caller believes the ciphertext to be under.
    Decrypt {
        key: Option<KeyName>,
        ciphertext: Vec<u8>,
        context: Context,
        dry: Dry,
    },
    ReEncrypt {
        from: Option<KeyName>,
        ciphertext: Vec<u8>,
        from_context: Context,
        to: KeyName,
        to_context: Context,
        dry: Dry,
    },
    /// A data key of `bytes`, wrapped, and with its plaintext if so asked.
    GenerateDataKey {
        key: KeyName,
        bytes: u32,
        context: Context,
        plaintext: bool,
        dry: Dry,
    },
    GenerateRandom {
        project: Option<String>,
        bytes: u32,
    },

    // Use of keys that are no envelope keys. Without a version, the one that protects is meant; without a scheme, the one
    // that the key is fixed to, or the only one that there is.
    Sign {
        key: KeyName,
        version: Option<u32>,
        scheme: Option<Scheme>,
        what: Signable,
    },
    Verify {
        key: KeyName,
        version: Option<u32>,
        scheme: Option<Scheme>,
        what: Signable,
        signature: Vec<u8>,
    },
    MacSign {
        key: KeyName,
        version: Option<u32>,
        data: Secret,
    },
    MacVerify {
        key: KeyName,
        version: Option<u32>,
        data: Secret,
        mac: Vec<u8>,
    },
    DecryptAsymmetric {
        key: KeyName,
        version: Option<u32>,
        scheme: Option<Scheme>,
        ciphertext: Vec<u8>,
    },
    /// `iv`: none is made here. GCM takes none, and CBC and CTR no associated data.
    EncryptRaw {
        key: KeyName,
        version: Option<u32>,
        scheme: Option<Scheme>,
        plaintext: Secret,
        associated: Vec<u8>,
        iv: Option<Vec<u8>>,
    },
    /// Of GCM, the tag of 16 bytes is behind the ciphertext.
    DecryptRaw {
        key: KeyName,
        version: Option<u32>,
        scheme: Option<Scheme>,
        ciphertext: Vec<u8>,
        associated: Vec<u8>,
        iv: Vec<u8>,
    },
    Decapsulate {
        key: KeyName,
        version: Option<u32>,
        ciphertext: Vec<u8>,
    },
    GetPublicKey {
        key: KeyName,
        version: Option<u32>,
        form: PublicForm,
    },

    // Policy
    GetDocument {
        key: KeyName,
        regime: Authority,
        name: String,
    },
    PutDocument {
        key: KeyName,
        regime: Authority,
        name: String,
        text: String,
        bypass_lockout_check: bool,
    },
    ListDocuments {
        key: KeyName,
        regime: Authority,
    },
    /// Who is bound to which role: the documents of Google's regime.
    GetBindings {
        on: BindingsOn,
    },
    /// `tag` names the bindings that are to be replaced; without one, whatever there are.
    SetBindings {
        on: BindingsOn,
        text: String,
        tag: Option<Vec<u8>>,
    },
    /// Which of these has the caller?
    TestPermissions {
        on: BindingsOn,
        permissions: Vec<String>,
    },
    /// May this principal, and which statement decides?
    Explain {
        principal: Option<String>,
        action: String,
        key: KeyName,
        context: Context,
    },

    // Who
    WhoAmI,
    CreateTenant {
        name: String,
        account: Option<String>,
        profile: Profile,
    },
    ListTenants,
    DescribeTenant {
        name: String,
    },
    /// `tenant` names another tenant than the caller's; only the site's principals may.
    CreatePrincipal {
        tenant: Option<String>,
        name: String,
        kind: PrincipalKind,
        roles: Vec<(Role, RoleScope)>,
    },
    ListPrincipals,
    DescribePrincipal {
        name: String,
    },
    RemovePrincipal {
        name: String,
    },
    SuspendPrincipal {
        name: String,
        suspended: bool,
    },
    AssignRole {
        principal: String,
        role: Role,
        scope: RoleScope,
    },
    WithdrawRole {
        principal: String,
        role: Role,
        scope: RoleScope,
    },
    CreateAccessKey {
        tenant: Option<String>,
        principal: String,
    },
    SuspendAccessKey {
        id: String,
        suspended: bool,
    },
    RemoveAccessKey {
        id: String,
    },
    /// An access key whose private half its holder keeps.
    RegisterPublicKey {
        tenant: Option<String>,
        principal: String,
        /// RSA, as SubjectPublicKeyInfo (RFC 5280) in DER.
        key: Vec<u8>,
        /// The URL that its tokens may name as their audience, beside those that everybody's may; of a key of elsewhere the
        /// only one, whatever it looks like.
        audience: Option<String>,
        outside: Option<Outside>,
    },
    /// An access token for the caller itself.
    IssueToken {
        seconds: u32,
    },
    /// An access token for a service that the caller may act as. It is named by its address, or its name in the caller's own
    /// tenant; so are those in between: the caller may act as the first, which may act as the next, and the last as the service.
    IssueTokenFor {
        account: String,
        delegates: Vec<String>,
        seconds: u32,
    },
    PutIdentityDocument {
        principal: String,
        name: String,
        text: String,
    },
    RemoveIdentityDocument {
        principal: String,
        name: String,
    },
    PutForbid {
        name: String,
        text: String,
    },
    RemoveForbid {
        name: String,
    },
    ListForbids,

    // The log and the site
    ListEntries(EntryQuery),
    ProveEntry {
        index: u64,
    },
    GetCheckpoint,
    GetStatus,
    GetSettings,
    SetSettings {
        retention_months: Option<Option<u32>>,
        signature_window_seconds: Option<u32>,
        universe: Option<Option<String>>,
    },

    GetClock,
    /// The wall clock is right. `passed`: so much time passed while the service was down, too.
    AcceptClock {
        reason: String,
        passed: bool,
    },

    // What the house asks of itself
    RotateDue {
        key: ObjectId,
    },
    DestroyDue {
        key: ObjectId,
    },
    WipeExpired {
        key: ObjectId,
    },
    CloseWindows {
        key: ObjectId,
    },
    /// Makes the material of versions that await it.
    GenerateDue {
        key: ObjectId,
    },
    /// A process that ends gives back what it was given and has not used.
    GiveBack(crate::Allowance),
    /// An errand was run: `entry` left it.
    ErrandDone {
        entry: u64,
        errand: crate::Errand,
        outcome: Result<(), String>,
    },
    /// The log below `before` need not be kept any more: all of it is older than this month.
    Prune {
        before: u64,
        before_month: u32,
    },

    /// Its body parsed and made no sense: the caller is verified first, then told.
    Invalid {
        action: crate::Action,
        fault: Fault,
    },
}
