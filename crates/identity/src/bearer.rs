//! Bearer credentials (RFC 6750): JSON Web Tokens that the holder of a private key signed itself, and access tokens that
//! this site gave out. Taking one from a request believes nothing.

pub mod jwt;
pub mod outside;
pub mod token;

use domain::{Location, Refusal};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use zeroize::Zeroizing;

/// The longest credential that is looked at, in bytes.
pub const BEARER_BYTES_MAX: usize = 8_192;

/// What a caller bears. Whoever reads it can pose as the caller, so that it is wiped.
pub struct Bearer {
    pub(crate) text: Zeroizing<String>,
    pub(crate) use_: Use,
    /// Where the request means to be.
    pub(crate) place: Location,
}

/// What a credential is borne for: a token for one is none for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A call of the API.
    Call,
    /// An assertion that is to become an access token (RFC 7523).
    Assertion,
    /// What an issuer elsewhere said, which is to become an access token (RFC 8693).
    Exchange,
}

impl Bearer {
    /// The credential of a call, from its `Authorization` header. A request has a place of its own.
    ///
    /// # Errors
    /// `MissingCredential` without such a header of this scheme, `IncompleteCredential` where it is there twice or holds
    /// nothing that a token may be.
    pub fn find(headers: &HeaderMap, place: Location) -> Result<Self, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(Refusal::MissingCredential)?;
        if values.next().is_some() {
            return Err(incomplete("Authorization"));
        }
        let text = value.to_str().map_err(|_| incomplete("Authorization"))?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::MissingCredential);
        }
        Self::of(token.trim_matches(' '), Use::Call, place)
    }

    /// The credential of somebody who asks for an access token.
    pub fn assertion(text: &str, place: Location) -> Result<Self, Refusal> {
        Self::of(text, Use::Assertion, place)
    }

    /// What somebody brings from elsewhere for an access token.
    pub fn exchange(text: &str, place: Location) -> Result<Self, Refusal> {
        Self::of(text, Use::Exchange, place)
    }

    fn of(text: &str, use_: Use, place: Location) -> Result<Self, Refusal> {
        let spelled = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
        if text.is_empty() || text.len() > BEARER_BYTES_MAX || !spelled {
            return Err(incomplete("token"));
        }
        Ok(Self { text: Zeroizing::new(text.to_owned()), use_, place })
    }
}

pub(crate) fn incomplete(part: &'static str) -> Refusal {
    Refusal::IncompleteCredential { part }
}
