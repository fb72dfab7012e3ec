//! What is asked, once all names have become objects.

use crate::{
    Ask, Authority, Budget, Context, Document, Dry, Key, KeyMaterial, Keyring, Location, NameRow, ObjectId, Principal,
    Settings, Tenant, TokenRow, Tongue,
};
use std::sync::Arc;

/// 128 random bits, written as a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub ObjectId);

/// Reading, changing or using: what the built-in roles speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionClass {
    /// Reads metadata.
    Read,
    /// Protects or opens data.
    Use,
    /// Changes a key's life, names, tags or schedule.
    Manage,
    /// Ends a key.
    Destroy,
    /// Changes who may.
    Govern,
    /// Reads the log.
    Audit,
    /// Changes tenants and the site.
    Site,
    /// What anybody may ask about themselves.
    Open,
    /// What only the house itself does.
    House,
}

macro_rules! actions {
    ($($variant:ident = $number:literal, $name:literal, $class:ident, $doc:literal;)+) => {
        /// What an operation is called in policies, in the log and in metrics. One table makes all of it.
        /// The numbers are on disk and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Action { $(#[doc = $doc] $variant = $number),+ }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub fn class(self) -> ActionClass {
                match self { $(Self::$variant => ActionClass::$class),+ }
            }

            /// The line of the operation in the documentation.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc),+ }
            }
        }
    };
}

actions! {
    CreateKey = 1, "CreateKey", Manage, "Makes a key with its first version.";
    DescribeKey = 2, "DescribeKey", Read, "Shows a key without its material.";
    ListKeys = 3, "ListKeys", Read, "Lists the keys of a location.";
    SuspendKey = 4, "SuspendKey", Manage, "Stops all use of a key until it is resumed.";
    ResumeKey = 5, "ResumeKey", Manage, "Makes a suspended key usable again.";
    ScheduleDestruction = 6, "ScheduleDestruction", Destroy, "Orders the destruction of a key or version.";
    CancelDestruction = 7, "CancelDestruction", Manage, "Takes an ordered destruction back.";
    ChangeState = 8, "ChangeState", Manage, "Moves a key or version to another state.";
    MakePrimary = 9, "MakePrimary", Manage, "Chooses the version that protects.";
    SetWindow = 10, "SetWindow", Manage, "Sets from when and until when a version may protect.";
    SetDescription = 11, "SetDescription", Manage, "Describes a key in words.";
    SetFacts = 12, "SetFacts", Manage, "Records owner, environment and data class.";
    TagKey = 13, "TagKey", Manage, "Sets tags.";
    UntagKey = 14, "UntagKey", Manage, "Removes tags.";
    ListTags = 15, "ListTags", Read, "Lists tags.";
    ListVersions = 16, "ListVersions", Read, "Lists the versions of a key.";
    EnableRotation = 17, "EnableRotation", Manage, "Sets the rotation schedule.";
    DisableRotation = 18, "DisableRotation", Manage, "Removes the rotation schedule.";
    GetRotation = 19, "GetRotation", Read, "Shows the rotation schedule.";
    RotateKey = 20, "RotateKey", Manage, "Makes a fresh version the one that protects.";
    CreateAlias = 21, "CreateAlias", Manage, "Gives a key one more name.";
    RetargetAlias = 22, "RetargetAlias", Manage, "Lets an alias mean another key.";
    DeleteAlias = 23, "DeleteAlias", Manage, "Removes an alias.";
    ListAliases = 24, "ListAliases", Read, "Lists aliases.";
    CertifyDestruction = 25, "CertifyDestruction", Read, "Proves that a destroyed key's material is gone.";
    RevertEntry = 26, "RevertEntry", Manage, "Undoes what an entry says was done to a key.";
    Encrypt = 30, "Encrypt", Use, "Protects a plaintext.";
    Decrypt = 31, "Decrypt", Use, "Opens a ciphertext.";
    ReEncryptFrom = 32, "ReEncryptFrom", Use, "Opens a ciphertext to seal it anew.";
    ReEncryptTo = 33, "ReEncryptTo", Use, "Seals what was opened under another key.";
    GenerateDataKey = 34, "GenerateDataKey", Use, "Makes a data key and gives it out in clear and wrapped.";
    GenerateDataKeyWithoutPlaintext = 35, "GenerateDataKeyWithoutPlaintext", Use, "Makes a data key, wrapped only.";
    GenerateRandom = 36, "GenerateRandom", Use, "Gives random bytes.";
    GetDocument = 40, "GetDocument", Read, "Shows a key's policy document.";
    PutDocument = 41, "PutDocument", Govern, "Replaces a key's policy document.";
    ListDocuments = 42, "ListDocuments", Read, "Lists a key's policy documents.";
    Explain = 43, "Explain", Read, "Says whether somebody may, and what decides.";
    GetBindings = 44, "GetBindings", Read, "Shows who is bound to which role on a key, a ring or the tenant.";
    SetBindings = 45, "SetBindings", Govern, "Says who is bound to which role on a key, a ring or the tenant.";
    TestPermissions = 46, "TestPermissions", Open, "Says which permissions the caller has on a key, a ring or the tenant.";
    WhoAmI = 50, "WhoAmI", Open, "Names the caller.";
    CreateTenant = 51, "CreateTenant", Site, "Makes a tenant with a key hierarchy of its own.";
    ListTenants = 52, "ListTenants", Site, "Lists tenants.";
    DescribeTenant = 53, "DescribeTenant", Read, "Shows a tenant.";
    CreatePrincipal = 54, "CreatePrincipal", Govern, "Makes a person or a service known.";
    ListPrincipals = 55, "ListPrincipals", Read, "Lists principals.";
    DescribePrincipal = 56, "DescribePrincipal", Read, "Shows a principal.";
    RemovePrincipal = 57, "RemovePrincipal", Govern, "Removes a principal and its access keys.";
    SuspendPrincipal = 58, "SuspendPrincipal", Govern, "Stops or resumes a principal.";
    AssignRole = 59, "AssignRole", Govern, "Gives a role.";
    WithdrawRole = 60, "WithdrawRole", Govern, "Takes a role away.";
    CreateAccessKey = 61, "CreateAccessKey", Govern, "Makes an access key and shows its secret once.";
    SuspendAccessKey = 62, "SuspendAccessKey", Govern, "Stops or resumes an access key.";
    RemoveAccessKey = 63, "RemoveAccessKey", Govern, "Removes an access key.";
    PutIdentityDocument = 64, "PutIdentityDocument", Govern, "Sets an identity policy.";
    RemoveIdentityDocument = 65, "RemoveIdentityDocument", Govern, "Removes an identity policy.";
    PutForbid = 66, "PutForbid", Govern, "Sets a forbid policy of the tenant.";
    RemoveForbid = 67, "RemoveForbid", Govern, "Removes a forbid policy.";
    ListForbids = 68, "ListForbids", Read, "Lists forbid policies.";
    RegisterPublicKey = 69, "RegisterPublicKey", Govern, "Makes an access key of a public key, whose holder signs tokens.";
    IssueToken = 70, "IssueToken", Open, "Gives the caller an access token.";
    ListEntries = 80, "ListEntries", Audit, "Reads the log.";
    ProveEntry = 81, "ProveEntry", Audit, "Proves that an entry is in the log.";
    GetCheckpoint = 82, "GetCheckpoint", Audit, "Shows the newest signed checkpoint.";
    GetStatus = 83, "GetStatus", Read, "Shows how the service is.";
    GetSettings = 84, "GetSettings", Read, "Shows the site's settings.";
    SetSettings = 85, "SetSettings", Site, "Changes the site's settings.";
    GetClock = 86, "GetClock", Read, "Shows wall and steady time, and whether they agree.";
    AcceptClock = 87, "AcceptClock", Site, "Says that the wall clock is right.";
    RotateDue = 90, "RotateDue", House, "Rotates a key whose schedule says so.";
    DestroyDue = 91, "DestroyDue", House, "Ends what was ordered to end by now.";
    WipeExpired = 92, "WipeExpired", House, "Wipes material that has expired.";
    CloseWindows = 93, "CloseWindows", House, "Deactivates versions whose window has ended.";
    ErrandDone = 94, "ErrandDone", House, "Records the end of an errand.";
    Prune = 95, "Prune", House, "Drops months of the log that are no longer kept.";
    FoundSite = 96, "FoundSite", House, "Makes the site, its first tenant and its first administrator.";
    CountRefusals = 97, "CountRefusals", House, "Records how many nobody knew.";
    GiveBack = 99, "GiveBack", House, "Gives back what a process was allowed and has not used.";
    Unknown = 98, "Unknown", Open, "An operation that the tongue has and this release does not.";
    DescribeVersion = 130, "DescribeVersion", Read, "Shows one version of a key.";
    CreateVersion = 131, "CreateVersion", Manage, "Makes one more version, which does not become the primary.";
    CreateRing = 132, "CreateRing", Manage, "Makes a key ring.";
    DescribeRing = 133, "DescribeRing", Read, "Shows a key ring.";
    ListRings = 134, "ListRings", Read, "Lists the key rings of a location.";
    ListLocations = 135, "ListLocations", Read, "Lists the locations that have key rings.";
    SetAlgorithm = 136, "SetAlgorithm", Manage, "Says what the next versions of a key are made of.";
    SetAccessReasons = 137, "SetAccessReasons", Govern, "Says for which reasons a key may be used.";
    ImpersonatePrincipal = 138, "ImpersonatePrincipal", Govern, "Gives an access token of a service that the caller may act as.";
    RestoreKey = 104, "RestoreKey", House, "Takes a key in again from a backup of its own, as the recovery key's holder wished.";
    CreateImportJob = 140, "CreateImportJob", Manage, "Makes a key that unwraps material which is brought.";
    DescribeImportJob = 141, "DescribeImportJob", Read, "Shows an import job, and its public key.";
    ListImportJobs = 142, "ListImportJobs", Read, "Lists the import jobs of a key ring.";
    ImportVersion = 143, "ImportVersion", Manage, "Brings the material of a version.";
    UseImportJob = 144, "UseImportJob", Manage, "Unwraps with an import job.";
    DeleteKey = 145, "DeleteKey", Destroy, "Deletes a key of which nothing is left; its name stays taken.";
    DeleteVersion = 146, "DeleteVersion", Destroy, "Deletes a version of which nothing is left.";
    ListRetiredKeys = 147, "ListRetiredKeys", Read, "Lists deleted keys.";
    DescribeRetiredKey = 148, "DescribeRetiredKey", Read, "Shows what a deleted key was called.";
    Recover = 101, "Recover", House, "Believes a store that its anchors do not, as the recovery key's holder said.";
    RotateRoot = 102, "RotateRoot", House, "Brings a new root key, and seals under it what was under the one before.";
    Sign = 110, "Sign", Use, "Signs a message or a digest.";
    Verify = 111, "Verify", Use, "Says whether a signature is right.";
    MacSign = 112, "MacSign", Use, "Makes a message authentication code.";
    MacVerify = 113, "MacVerify", Use, "Says whether a message authentication code is right.";
    DecryptAsymmetric = 114, "DecryptAsymmetric", Use, "Opens what was encrypted with the public key.";
    EncryptRaw = 115, "EncryptRaw", Use, "Encrypts in a mode of the caller's own.";
    DecryptRaw = 116, "DecryptRaw", Use, "Decrypts in a mode of the caller's own.";
    Decapsulate = 117, "Decapsulate", Use, "Gives the secret that was encapsulated with the public key.";
    GetPublicKey = 118, "GetPublicKey", Read, "Shows the public half of a key.";
    GenerateDue = 119, "GenerateDue", House, "Makes material that is awaited.";
}

impl Action {
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| *action as u16 == number)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name().eq_ignore_ascii_case(name))
    }
}

/// One (action, object) pair that must be allowed.
#[derive(Clone)]
pub struct Demand {
    pub action: Action,
    pub target: Target,
}

/// What an action is done to.
#[derive(Clone)]
pub enum Target {
    Key(Arc<Key>),
    /// Something yet to be made, or all that is in a place.
    Place {
        tenant: Arc<Tenant>,
        location: Location,
        ring: Option<String>,
        authority: Authority,
    },
    Alias {
        tenant: Arc<Tenant>,
        location: Location,
        alias: String,
        authority: Authority,
    },
    Principal(Arc<Principal>),
    Tenant(Arc<Tenant>),
    Site,
}

impl Target {
    /// What the log calls it.
    pub fn object(&self) -> ObjectId {
        match self {
            Self::Key(key) => key.id,
            Self::Place { tenant, .. } | Self::Alias { tenant, .. } | Self::Tenant(tenant) => tenant.id,
            Self::Principal(principal) => principal.id,
            Self::Site => crate::SITE_TENANT,
        }
    }

    pub fn authority(&self) -> Authority {
        match self {
            Self::Key(key) => key.authority,
            Self::Place { authority, .. } | Self::Alias { authority, .. } => *authority,
            Self::Principal(_) | Self::Tenant(_) | Self::Site => Authority::Native,
        }
    }

    /// The ring that it is in, or is: whose, where, and its name.
    pub fn ring(&self) -> Option<(ObjectId, &Location, &str)> {
        match self {
            Self::Key(key) => Some((key.tenant, &key.location, &key.ring)),
            Self::Place { tenant, location, ring: Some(ring), .. } => Some((tenant.id, location, ring)),
            _ => None,
        }
    }

    /// Who owns it.
    pub fn tenant(&self) -> ObjectId {
        match self {
            Self::Key(key) => key.tenant,
            Self::Place { tenant, .. } | Self::Alias { tenant, .. } | Self::Tenant(tenant) => tenant.id,
            Self::Principal(principal) => principal.tenant,
            Self::Site => crate::SITE_TENANT,
        }
    }
}

/// An ask whose names have become objects. It borrows the ask, which may be resolved again.
pub struct Request<'a> {
    pub id: RequestId,
    pub tongue: Tongue,
    /// The location that the request was made in.
    pub place: Location,
    pub ask: &'a Ask,
    pub found: Found,
    /// All that must be allowed before any of it is done.
    pub demands: Vec<Demand>,
    /// Rings whose documents have a say about what is demanded.
    pub rings: Vec<Arc<Keyring>>,
}

/// A version that is about to work.
#[derive(Clone)]
pub struct Working {
    pub key: Arc<Key>,
    pub version: u32,
    /// None where the life of the version has to explain the absence.
    pub material: Option<Arc<KeyMaterial>>,
    /// The account that owns the key, as tongues with accounts name it.
    pub account: Arc<Tenant>,
    /// What was given away of the version's limits; none: nothing yet, or there are no limits.
    pub budget: Option<Arc<Budget>>,
}

/// A principal, and the tenant that it is of.
pub type Settled = (Arc<Principal>, Arc<Tenant>);

/// What the names of an ask have become. Each operation finds its own.
pub enum Found {
    Nothing,
    /// A key to be shown or changed, and who owns it.
    Key {
        key: Arc<Key>,
        owner: Arc<Tenant>,
    },
    Keys {
        keys: Vec<Arc<Key>>,
        owner: Arc<Tenant>,
        more: bool,
    },
    /// Rings to be listed, in the order of their names.
    Rings {
        rings: Vec<Arc<Keyring>>,
    },
    Ring {
        ring: Arc<Keyring>,
    },
    /// Where a ring is to be made; nothing where it is there already.
    FreshRing {
        id: ObjectId,
        name_id: ObjectId,
        owner: Arc<Tenant>,
        taken: bool,
    },
    Locations {
        locations: Vec<Location>,
    },
    /// Where an import job is to be made; nothing where its name is taken.
    FreshImportJob {
        id: ObjectId,
        name_id: ObjectId,
        owner: Arc<Tenant>,
        taken: bool,
    },
    /// A key that material is brought to, the version that it will be, and the job that unwraps it.
    Import {
        key: Arc<Key>,
        owner: Arc<Tenant>,
        version: u32,
        job: Box<Working>,
    },
    /// Where a key is to be made, and whether its name or its token was there before.
    FreshKey(Box<FreshKey>),
    /// Where a tenant, a principal or an access key is to be made.
    Fresh(Box<Fresh>),
    Work(Working),
    Rework {
        from: Working,
        to: Working,
    },
    /// `id` is where the alias stands or would stand.
    Alias {
        id: ObjectId,
        row: Option<Arc<NameRow>>,
        key: Option<Arc<Key>>,
        former: Option<Arc<Key>>,
        owner: Arc<Tenant>,
        taken_by_name: bool,
    },
    Aliases {
        aliases: Vec<AliasFound>,
        owner: Arc<Tenant>,
        more: bool,
    },
    Principal {
        principal: Arc<Principal>,
        tenant: Arc<Tenant>,
    },
    /// A principal and the rows of its access keys.
    Leaver {
        principal: Arc<Principal>,
        access_keys: Vec<ObjectId>,
    },
    Principals {
        principals: Vec<Arc<Principal>>,
        tenant: Arc<Tenant>,
    },
    AccessKey {
        row: ObjectId,
        access_key: Arc<crate::AccessKey>,
        principal: Arc<Principal>,
    },
    /// An access token that is to be given out.
    Token(Box<FreshToken>),
    Tenant {
        tenant: Arc<Tenant>,
    },
    Tenants {
        tenants: Vec<Arc<Tenant>>,
    },
    Settings {
        settings: Arc<Settings>,
    },
    /// Somebody else's view of a key, to be explained.
    Explained {
        key: Arc<Key>,
        owner: Arc<Tenant>,
        principal: Arc<Principal>,
        tenant: Arc<Tenant>,
        settings: Arc<Settings>,
    },
    /// A key whose time has come, and the rows of its names.
    Due {
        key: Arc<Key>,
        owner: Arc<Tenant>,
        names: Vec<crate::RowId>,
    },
    /// What bindings are put on, and who asks about them.
    Bindings {
        target: Target,
        owner: Arc<Tenant>,
        /// Where they are kept; nothing where what was named is not there.
        holder: Option<BindingsHolder>,
        /// Whether the ones that are to be put there can be evaluated, and may be.
        verdict: Result<(), crate::Fault>,
        principal: Arc<Principal>,
        tenant: Arc<Tenant>,
        /// What an issuer elsewhere calls whoever asks.
        subject: Option<String>,
        settings: Arc<Settings>,
    },
    /// Those in between and the service at last that a token is for, each with its tenant; and the token.
    Impersonation {
        chain: Vec<Settled>,
        token: Box<FreshToken>,
        settings: Arc<Settings>,
    },
    /// A key and a document for it, and whether the document can be evaluated.
    Judged {
        key: Arc<Key>,
        owner: Arc<Tenant>,
        verdict: Result<(), crate::Fault>,
    },
    Entries {
        entries: Vec<crate::EntryShown>,
        upto: u64,
        head: u64,
    },
    Proof {
        proof: Box<crate::ProofShown>,
    },
    Certificate {
        certificate: Box<crate::CertificateShown>,
    },
    /// A key, and as it was before an entry.
    Reverted {
        key: Arc<Key>,
        owner: Arc<Tenant>,
        former: Arc<Key>,
    },
    Checkpoint {
        checkpoint: Box<crate::CheckpointShown>,
    },
    Status {
        status: Box<crate::Status>,
    },
    Clock {
        settings: Arc<Settings>,
        reading: crate::Reading,
    },
}

/// The row that bindings are kept in.
#[derive(Clone)]
pub enum BindingsHolder {
    Key(Arc<Key>),
    Ring(Arc<Keyring>),
    Tenant(Arc<Tenant>),
    Principal(Arc<Principal>),
}

impl BindingsHolder {
    pub fn documents(&self) -> &[Document] {
        match self {
            Self::Key(key) => &key.documents,
            Self::Ring(ring) => &ring.documents,
            Self::Tenant(tenant) => &tenant.documents,
            Self::Principal(principal) => &principal.bindings,
        }
    }
}

/// Where a key is to be made.
pub struct FreshKey {
    pub id: ObjectId,
    pub owner: Arc<Tenant>,
    pub ring: Option<Arc<Keyring>>,
    /// The rows of the ring, of its name, of the key's name and of the token.
    pub ring_id: ObjectId,
    pub ring_name_id: ObjectId,
    pub name_id: Option<ObjectId>,
    pub token_id: Option<ObjectId>,
    pub taken: bool,
    pub token: Option<Arc<TokenRow>>,
    /// Whether the document that comes with it can be evaluated.
    pub document: Result<(), crate::Fault>,
    /// What the token made the first time.
    pub made: Option<Arc<Key>>,
}

/// Where a tenant, a principal or an access key is to be made.
pub struct Fresh {
    pub id: ObjectId,
    pub tenant: Arc<Tenant>,
    pub principal: Option<Arc<Principal>>,
    /// The rows of its names, in the order of the names.
    pub name_ids: Vec<ObjectId>,
    /// What of it was there before.
    pub taken: Option<String>,
    /// The public half of an access key to be made.
    pub access_key: Option<String>,
}

/// An access token before it is spelled.
pub struct FreshToken {
    pub id: ObjectId,
    /// The access key that it stands for; none where the caller's own credential may not become a token.
    pub access_key: Option<String>,
    /// Whom it lets act, where that is somebody else than the access key's own.
    pub principal: Option<ObjectId>,
    pub issued: crate::Timestamp,
    pub expires: crate::Timestamp,
    /// The site's code of it.
    pub code: [u8; 32],
}

#[derive(Clone, Debug)]
pub struct AliasFound {
    /// The name's row: a page goes on after it.
    pub id: ObjectId,
    pub alias: String,
    pub key: ObjectId,
    pub created: crate::Timestamp,
    pub changed: crate::Timestamp,
}

impl Request<'_> {
    /// The context that a use is bound to, for conditions on it.
    pub fn context(&self) -> Option<&Context> {
        match self.ask {
            Ask::Encrypt { context, .. }
            | Ask::Decrypt { context, .. }
            | Ask::GenerateDataKey { context, .. }
            | Ask::Explain { context, .. } => Some(context),
            Ask::ReEncrypt { from_context, .. } => Some(from_context),
            _ => None,
        }
    }

    pub fn dry(&self) -> Dry {
        match self.ask {
            Ask::Encrypt { dry, .. }
            | Ask::Decrypt { dry, .. }
            | Ask::ReEncrypt { dry, .. }
            | Ask::GenerateDataKey { dry, .. } => *dry,
            _ => Dry::Wet,
        }
    }
}
