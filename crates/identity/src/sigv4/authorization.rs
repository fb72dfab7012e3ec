//! The `Authorization` header.

use super::{ACCESS_KEY_CHARS_MAX, ALGORITHM, hex};
use domain::Refusal;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What the header says, part by part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) access_key: &'a str,
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) terminator: &'a str,
    pub(super) signed_headers: &'a str,
    pub(super) signature: [u8; 32],
}

impl<'a> Authorization<'a> {
    pub(super) fn find(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(Refusal::MissingCredential)?;
        if values.next().is_some() {
            return Err(incomplete("Authorization"));
        }
        Self::parse(value.to_str().map_err(|_| incomplete("Authorization"))?)
    }

    fn parse(text: &'a str) -> Result<Self, Refusal> {
        let (algorithm, parameters) = text.split_once(' ').unwrap_or((text, ""));
        match algorithm {
            ALGORITHM => Self::from_parameters(parameters),
            other if other.starts_with("AWS4-") => Err(incomplete("algorithm")),
            // Another scheme is another tongue's credential, and none of ours.
            _ => Err(Refusal::MissingCredential),
        }
    }

    fn from_parameters(text: &'a str) -> Result<Self, Refusal> {
        let (mut credential, mut signature, mut signed_headers) = (None, None, None);
        for parameter in text.split(',').map(|parameter| parameter.trim_matches([' ', '\t'])) {
            let (slot, part, value) = match parameter.split_once('=') {
                Some(("Credential", value)) => (&mut credential, "Credential", value),
                Some(("Signature", value)) => (&mut signature, "Signature", value),
                Some(("SignedHeaders", value)) => (&mut signed_headers, "SignedHeaders", value),
                // An empty header lacks its first part.
                None if text.is_empty() => continue,
                _ => return Err(incomplete("Authorization")),
            };
            if slot.replace(value).is_some() {
                return Err(incomplete(part));
            }
        }
        let credential = credential.ok_or(incomplete("Credential"))?;
        let signature = signature.ok_or(incomplete("Signature"))?;
        let signed_headers = signed_headers.ok_or(incomplete("SignedHeaders"))?;
        Self::from_parts(credential, signature, signed_headers)
    }

    fn from_parts(credential: &'a str, signature: &str, signed_headers: &'a str) -> Result<Self, Refusal> {
        let mut elements = credential.split('/');
        let mut element = || elements.next().ok_or(incomplete("Credential"));
        let authorization = Self {
            access_key: element()?,
            date: element()?,
            region: element()?,
            service: element()?,
            terminator: element()?,
            signed_headers,
            signature: hex::parse(signature.as_bytes()).ok_or(incomplete("Signature"))?,
        };
        let fits = (1..=ACCESS_KEY_CHARS_MAX).contains(&authorization.access_key.len());
        let spelled = authorization.access_key.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && spelled && elements.next().is_none() { Ok(authorization) } else { Err(incomplete("Credential")) }
    }
}

fn incomplete(part: &'static str) -> Refusal {
    Refusal::IncompleteCredential { part }
}
