//! AWS Signature Version 4, header form
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use bytes::Bytes;
use clock::Timestamp;
use domain::{Location, Refusal};

/// A signed request in parts, as the wire had it.
pub struct SignedRequest {
    pub access_key: String,
    /// `20261125`, of the scope.
    pub date: String,
    pub location: Location,
    pub service: String,
    pub signed_at: Timestamp,
    pub signature: [u8; 32],
    /// The canonical request without its last line, the hash of the body.
    pub canonical_head: Vec<u8>,
    pub body: Bytes,
}

/// Takes a request apart. `service` is the one that the dialect answers for.
pub fn extract(head: &http::request::Parts, body: &Bytes, service: &'static str) -> Result<SignedRequest, Refusal> {
    let _ = (head, body, service);
    Err(Refusal::MissingCredential)
}
