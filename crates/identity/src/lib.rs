//! Who is asking. A `Caller` exists only after a credential was verified here.

pub mod sigv4;
mod verify;

use domain::{AccessKey, Location, Principal, Refusal, Tenant, Unavailable};
use std::net::IpAddr;
use std::sync::Arc;

pub use sigv4::SignedRequest;
pub use verify::{DERIVED_KEYS_MAX, Verifier};

/// What a dialect extracted. Nobody has believed it yet.
pub enum Credential {
    /// AWS Signature Version 4, header form.
    SigV4(Box<SignedRequest>),
}

impl Credential {
    /// The location that the credential is scoped to.
    pub fn location(&self) -> &Location {
        match self {
            Self::SigV4(signed) => &signed.location,
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
}

/// Somebody whose credential was verified. There is no public constructor.
#[derive(Clone)]
pub struct Caller {
    principal: Arc<Principal>,
    tenant: Arc<Tenant>,
    source: Source,
    proof: Proof,
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
    /// The house itself, at the scheduler's bidding.
    House,
}

impl Proof {
    /// The public half of the access key that signed.
    pub fn access_key(&self) -> Option<&str> {
        match self {
            Self::SigV4 { access_key, .. } => Some(access_key),
            Self::House => None,
        }
    }

    /// What tells one signature from another, without repeating it.
    pub fn signature_sha256(&self) -> Option<&[u8; 32]> {
        match self {
            Self::SigV4 { signature_sha256, .. } => Some(signature_sha256),
            Self::House => None,
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

    /// The house, acting on a tenant's objects when their time has come. A golden list holds who calls it.
    pub fn house(principal: Arc<Principal>, tenant: Arc<Tenant>) -> Self {
        let source = Source { address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), secure: true, agent: None };
        Self { principal, tenant, source, proof: Proof::House }
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
