//! Who is asking. A `Caller` exists only after a credential was verified here.

pub mod bearer;
pub mod google;
pub mod sigv4;
mod verify;

use domain::{AccessKey, Location, Moment, ObjectId, Outside, Principal, Refusal, Settled, Tenant, Unavailable};
use std::net::IpAddr;
use std::sync::Arc;

pub use bearer::{Bearer, Use};
pub use sigv4::SignedRequest;
pub use verify::{DERIVED_KEYS_MAX, JWTS_MAX, Verifier};

/// What a dialect extracted. Nobody has believed it yet.
pub enum Credential {
    /// AWS Signature Version 4, header form.
    SigV4(Box<SignedRequest>),
    /// A token in the `Authorization` header, or one that is to be exchanged.
    Bearer(Box<Bearer>),
}

impl Credential {
    /// The location that the credential is scoped to; that of the request where a credential holds everywhere.
    pub fn location(&self) -> &Location {
        match self {
            Self::SigV4(signed) => &signed.location,
            Self::Bearer(bearer) => &bearer.place,
        }
    }
}

/// An access key that is known, and whose it is.
#[derive(Clone)]
pub struct Known {
    pub access_key: Arc<AccessKey>,
    pub principal: Arc<Principal>,
    pub tenant: Arc<Tenant>,
    /// Changes whenever the access key's row does: what was derived from an older one is not used again.
    pub revision: u64,
}

/// Where credentials are looked up. Whoever calls [`Verifier::verify`] brings one.
pub trait Directory {
    fn access_key(&self, id: &str) -> Result<Option<Known>, Unavailable>;

    /// A principal by its id, and its tenant.
    fn principal(&self, id: ObjectId) -> Result<Option<Settled>, Unavailable>;

    /// The site's code of an access token's words: who has no key of the site cannot make it.
    fn token_code(&self, words: &[u8]) -> [u8; 32];
}

/// By what a credential is judged.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    pub now: Moment,
    /// How far the time of a signed request may be from now, either way; the ends are within.
    pub window_seconds: u32,
    /// The site's own domain, beside those that every client knows.
    pub universe: Option<&'a str>,
}

/// Somebody whose credential was verified. There is no public constructor.
#[derive(Clone)]
pub struct Caller {
    principal: Arc<Principal>,
    tenant: Arc<Tenant>,
    source: Source,
    proof: Proof,
    /// What the caller proved itself by; nothing of the house.
    access_key: Option<Arc<AccessKey>>,
}

/// Where a request came from, as the listener saw it.
#[derive(Clone)]
pub struct Source {
    pub address: IpAddr,
    pub secure: bool,
    pub agent: Option<Arc<str>>,
}

/// What proved the caller, for the log.
#[derive(Clone)]
pub enum Proof {
    /// `signature_sha256` is over the 32 bytes of the signature: the same request again has the same.
    SigV4 { access_key: Arc<str>, signature_sha256: [u8; 32] },
    /// A token that the access key's holder signed itself.
    Jwt { access_key: Arc<str>, signature_sha256: [u8; 32] },
    /// An access token that this site gave out for the access key. `signature_sha256` is over its code.
    Token { access_key: Arc<str>, token: ObjectId, signature_sha256: [u8; 32] },
    /// The house itself, at the scheduler's bidding.
    House,
}

impl Proof {
    /// The public half of the access key that signed.
    pub fn access_key(&self) -> Option<&str> {
        match self {
            Self::SigV4 { access_key, .. } | Self::Jwt { access_key, .. } | Self::Token { access_key, .. } => {
                Some(access_key)
            }
            Self::House => None,
        }
    }

    /// What tells one signature from another, without repeating it.
    pub fn signature_sha256(&self) -> Option<&[u8; 32]> {
        match self {
            Self::SigV4 { signature_sha256, .. }
            | Self::Jwt { signature_sha256, .. }
            | Self::Token { signature_sha256, .. } => Some(signature_sha256),
            Self::House => None,
        }
    }

    /// The access token that was borne.
    pub fn token(&self) -> Option<ObjectId> {
        match self {
            Self::Token { token, .. } => Some(*token),
            _ => None,
        }
    }
}

impl Caller {
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Whether somebody else acts as the principal, by a token that let it.
    pub fn is_impersonated(&self) -> bool {
        self.access_key.as_ref().is_some_and(|key| key.principal != self.principal.id)
    }

    /// What an issuer elsewhere calls the caller, where one vouches for it.
    pub fn outside(&self) -> Option<&Outside> {
        let key = self.access_key.as_ref().filter(|key| key.principal == self.principal.id)?;
        key.half.public()?.outside.as_ref()
    }

    /// The house, acting on a tenant's objects when their time has come. A golden list holds who calls it.
    pub fn house(principal: Arc<Principal>, tenant: Arc<Tenant>) -> Self {
        let source = Source { address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), secure: true, agent: None };
        Self { principal, tenant, source, proof: Proof::House, access_key: None }
    }
}

/// Why there is no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverified {
    Refused(Refusal),
    Unavailable(Unavailable),
}

impl From<Refusal> for Unverified {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unavailable> for Unverified {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}
