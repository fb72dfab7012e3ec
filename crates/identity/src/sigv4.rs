//! AWS Signature Version 4, header form
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
//!
//! Taking a request apart believes nothing: it only finds out what must have been signed, and by whom it says
//! it was. Stricter than the text where the text leaves room: the signed headers are in ascending order,
//! without upper case, each of them in the request; `host` and every `x-amz-` header of the request are among
//! them; nothing is given twice. A session token is covered like any other `x-amz-` header and says nothing
//! about who signed.

mod authorization;
mod canonical;
mod hex;
mod time;

use authorization::Authorization;
use bytes::Bytes;
use clock::Timestamp;
use domain::{Location, Refusal};
use http::request::Parts;

pub(crate) use hex::push_hex;

/// The algorithm's name: in the header, and first in the string to sign.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Ends every scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// A signed request in parts, as the wire had it. Only [`extract`] makes one.
pub struct SignedRequest {
    /// At most [`ACCESS_KEY_CHARS_MAX`] visible characters.
    pub access_key: String,
    /// `20261125`, of the scope; the same day as `signed_at`.
    pub date: String,
    pub location: Location,
    pub service: String,
    pub signed_at: Timestamp,
    pub signature: [u8; 32],
    /// The canonical request without its last line, the hash of the body.
    pub canonical_head: Vec<u8>,
    pub body: Bytes,
    /// `signed_at` in the spelling that was signed: `20261125T095303Z`.
    pub(crate) time: [u8; time::BASIC_CHARS],
    /// What the sender says the body hashes to, where it says so.
    pub(crate) claimed_body: Option<[u8; 32]>,
}

/// The longest access key id that is looked up.
pub const ACCESS_KEY_CHARS_MAX: usize = 128;

/// Takes a request apart. `service` is the one that the dialect answers for.
///
/// Time and memory grow with the head alone; the body is not read.
///
/// # Errors
/// `MissingCredential` without an `Authorization` header of this algorithm's family (a presigned query is none),
/// `IncompleteCredential` naming the part that is missing or misspelt, `WrongScope` naming the part of the scope
/// that belongs elsewhere.
pub fn extract(head: &Parts, body: &Bytes, service: &'static str) -> Result<SignedRequest, Refusal> {
    let authorization = Authorization::find(&head.headers)?;
    let (time, signed_at) = time::find(&head.headers)?;
    let location = locate(&authorization, &time, service)?;
    Ok(SignedRequest {
        access_key: authorization.access_key.into(),
        date: authorization.date.into(),
        location,
        service: service.into(),
        signed_at,
        signature: authorization.signature,
        canonical_head: canonical::head(head, authorization.signed_headers)?,
        body: body.clone(),
        time,
        claimed_body: claimed_body(head)?,
    })
}

/// The scope must be ours in each of its parts.
fn locate(authorization: &Authorization<'_>, time: &[u8], service: &str) -> Result<Location, Refusal> {
    let wrong = |part| Refusal::WrongScope { part };
    if !time.starts_with(authorization.date.as_bytes()) || authorization.date.len() != time::DATE_CHARS {
        return Err(wrong("date"));
    }
    let location = Location::parse(authorization.region).ok_or(wrong("region"))?;
    if authorization.service != service {
        return Err(wrong("service"));
    }
    if authorization.terminator != TERMINATOR {
        return Err(wrong("terminator"));
    }
    Ok(location)
}

/// Only a hash will do: a body that nobody signed is not served.
fn claimed_body(head: &Parts) -> Result<Option<[u8; 32]>, Refusal> {
    const NAME: &str = "x-amz-content-sha256";
    let mut values = head.headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let hash = hex::parse(value.as_bytes()).filter(|_| values.next().is_none());
    hash.map(Some).ok_or(Refusal::IncompleteCredential { part: NAME })
}
