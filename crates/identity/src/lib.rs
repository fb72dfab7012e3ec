//! Who is asking. A `Caller` exists only after a credential was verified here.

pub mod sigv4;

use clock::Timestamp;
use domain::{AccessKey, Location, Principal, Refusal, Tenant, Unavailable};
use std::net::IpAddr;
use std::sync::Arc;

pub use sigv4::SignedRequest;

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
    SigV4 { access_key: Arc<str>, signature_sha256: [u8; 32] },
    /// The house itself, at the scheduler's bidding.
    House,
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

/// Verifies credentials, and remembers derived signing keys in secret memory.
pub struct Verifier {
    _derived: (),
}

impl Verifier {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { _derived: () }
    }

    /// `window_seconds`: how far the signature's time may be from `now`, either way.
    pub fn verify(
        &self,
        credential: &Credential,
        directory: &dyn Directory,
        source: Source,
        now: Timestamp,
        window_seconds: u32,
    ) -> Result<Caller, Unverified> {
        let Credential::SigV4(signed) = credential;
        let _ = (signed, directory, source, now, window_seconds);
        Err(Unverified::Refused(Refusal::UnknownCredential))
    }
}
