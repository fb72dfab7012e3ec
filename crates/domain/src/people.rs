//! Who may ask.

use crate::{ObjectId, Timestamp};
use secret::Held;

/// Whose documents may allow the use of an object. Any regime's may forbid it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Authority {
    Native = 1,
    Aws = 2,
    AzureRbac = 3,
    AzureAccessPolicy = 4,
    GoogleIam = 5,
}

impl Authority {
    pub const ALL: [Self; 5] = [Self::Native, Self::Aws, Self::AzureRbac, Self::AzureAccessPolicy, Self::GoogleIam];

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|authority| *authority as u8 == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Aws => "aws",
            Self::AzureRbac => "azure-rbac",
            Self::AzureAccessPolicy => "azure-access-policy",
            Self::GoogleIam => "google-iam",
        }
    }
}

/// The tongue in which something was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tongue {
    Native = 1,
    Aws = 2,
    Azure = 3,
    Google = 4,
    /// The house itself: scheduler and start.
    House = 5,
}

impl Tongue {
    pub const ALL: [Self; 5] = [Self::Native, Self::Aws, Self::Azure, Self::Google, Self::House];

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tongue| *tongue as u8 == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Google => "google",
            Self::House => "house",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PrincipalKind {
    Person = 1,
    Service = 2,
    /// The account itself: its word is what a delegating key policy means by it.
    Root = 3,
}

impl PrincipalKind {
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Person, Self::Service, Self::Root].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A person or a service in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub id: ObjectId,
    pub tenant: ObjectId,
    pub name: String,
    pub kind: PrincipalKind,
    pub standing: Standing,
    pub roles: Vec<RoleAssignment>,
    /// Identity policies as they were given, by name.
    pub documents: Vec<(String, String)>,
    pub access_keys: Vec<String>,
    /// Documents that say who may act as it, one for each regime that put one.
    pub bindings: Vec<crate::Document>,
    pub created: Timestamp,
}

impl Principal {
    /// An active one that is allowed nothing and has no credential.
    pub fn new(id: ObjectId, tenant: ObjectId, name: &str, kind: PrincipalKind, created: Timestamp) -> Self {
        Self {
            id,
            tenant,
            name: name.to_owned(),
            kind,
            standing: Standing::Active,
            roles: Vec::new(),
            documents: Vec::new(),
            access_keys: Vec::new(),
            bindings: Vec::new(),
            created,
        }
    }
}

/// Whether a principal or a credential is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    Active = 1,
    Suspended = 2,
    Removed = 3,
}

impl Standing {
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Active, Self::Suspended, Self::Removed].into_iter().find(|standing| *standing as u8 == number)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    pub role: Role,
    pub scope: RoleScope,
}

/// The roles that come with the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    Administrator = 1,
    BreakGlassAdministrator = 2,
    SecurityOfficer = 3,
    Auditor = 4,
    ReadOnly = 5,
    EncryptDecrypt = 6,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Administrator,
        Self::BreakGlassAdministrator,
        Self::SecurityOfficer,
        Self::Auditor,
        Self::ReadOnly,
        Self::EncryptDecrypt,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::BreakGlassAdministrator => "BreakGlassAdministrator",
            Self::SecurityOfficer => "SecurityOfficer",
            Self::Auditor => "Auditor",
            Self::ReadOnly => "ReadOnly",
            Self::EncryptDecrypt => "EncryptDecrypt",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|role| *role as u8 == number)
    }
}

/// Where a role holds: in the whole tenant, in a ring, or on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleScope {
    Tenant,
    Ring(String),
    Key(ObjectId),
}

/// What a principal proves itself by.
pub struct AccessKey {
    /// Its name: sixteen to 128 letters and digits.
    pub id: String,
    pub principal: ObjectId,
    pub tenant: ObjectId,
    pub standing: Standing,
    pub half: Half,
    pub created: Timestamp,
}

/// What the house holds of an access key.
pub enum Half {
    /// What both sides know. It is held in secret memory.
    Secret(Held),
    /// The private half was never here.
    Public(PublicHalf),
}

/// Whose private half signs tokens (RFC 7519).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicHalf {
    /// RSA, as SubjectPublicKeyInfo (RFC 5280) in DER.
    pub key: Vec<u8>,
    /// The URL that its tokens may name as their audience, beside those that everybody's may. Of a key of elsewhere it is
    /// the only one.
    pub audience: Option<String>,
    /// Whose the key is, where its holder is no part of the house.
    pub outside: Option<Outside>,
}

/// Somebody else's key: an issuer of tokens vouches for one whom it knows under a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    pub issuer: String,
    pub subject: String,
    /// What the issuer calls the key.
    pub key_id: String,
}

impl Half {
    /// A copy. Secret memory may be full.
    pub fn copied(&self) -> Result<Self, crate::Fault> {
        match self {
            Self::Secret(secret) => secret.expose(Held::keep).map(Self::Secret).map_err(|_| crate::Fault::MemoryFull),
            Self::Public(public) => Ok(Self::Public(public.clone())),
        }
    }

    pub fn secret(&self) -> Option<&Held> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Public(_) => None,
        }
    }

    pub fn public(&self) -> Option<&PublicHalf> {
        match self {
            Self::Secret(_) => None,
            Self::Public(public) => Some(public),
        }
    }
}

impl Tongue {
    /// Whether keys for this can be made and used in the tongue, as far as this release speaks it.
    pub fn serves(self, purpose: crate::Purpose) -> bool {
        purpose != crate::Purpose::Import && (self != Self::Aws || purpose == crate::Purpose::Encrypt)
    }

    /// Whether a key is shown in this tongue; if not, why.
    pub fn spells(self, key: &crate::Key) -> Result<(), &'static str> {
        match self {
            Self::House => Ok(()),
            _ if key.purpose == crate::Purpose::Import => Err("it is an import job, and no key to be used"),
            Self::Native => Ok(()),
            Self::Aws if key.life.state == crate::KeyState::Destroyed => {
                Err("a destroyed key is gone in the AWS tongue")
            }
            Self::Aws if !self.serves(key.purpose) => {
                Err("until its own release the AWS tongue shows symmetric encryption keys only")
            }
            Self::Aws => Ok(()),
            Self::Google => google_spells(key),
            Self::Azure => Err("this release does not speak the tongue"),
        }
    }
}

fn google_spells(key: &crate::Key) -> Result<(), &'static str> {
    use crate::{Algorithm, KeyState, Purpose};
    if key.life.state == KeyState::Destroyed {
        return Err("a key that was destroyed as a whole is gone in the Google tongue");
    }
    match (key.purpose, key.algorithm) {
        (Purpose::Agree | Purpose::SignAndDecrypt, _) => Err("the Google tongue has no such purpose"),
        (
            _,
            Algorithm::Aes192
            | Algorithm::EcP521
            | Algorithm::X25519
            | Algorithm::MlKem512
            | Algorithm::Sm2
            | Algorithm::Sm4,
        ) => Err("the Google tongue has no such algorithm"),
        _ => Ok(()),
    }
}
