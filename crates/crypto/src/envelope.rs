//! Envelope v1. Documented byte by byte in docs/formats/envelope.md.

use crate::gcm::{Gcm, IV_BYTES, TAG_BYTES};
use crate::holder::WorkKey;
use crate::kdf::{Underived, derive};
use crate::salt::{SALT_BYTES, salt};
use domain::{Fault, ObjectId};
use secret::Secret;
use std::borrow::Cow;
use zeroize::Zeroizing;

const FORMAT: [u8; 2] = [b'K', 1];
/// Keys by SP 800-108 with HMAC-SHA-256, AES-256-GCM, a commitment of 32 bytes.
const SUITE_AES_256_GCM: u8 = 1;
const COMMITMENT_BYTES: usize = 32;
const HEADER_BYTES: usize = 2 + 1 + 16 + 4 + SALT_BYTES + COMMITMENT_BYTES;

/// What an envelope adds to its plaintext, in bytes.
pub const CIPHERTEXT_OVERHEAD_BYTES: usize = HEADER_BYTES + IV_BYTES + TAG_BYTES;

/// What the header of an envelope names, so that a caller need not. Nobody has believed it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub key: ObjectId,
    pub version: u32,
}

/// Reads the header of an envelope; none if these bytes are no envelope of a known format and suite.
pub fn header(sealed: &[u8]) -> Option<Header> {
    Parts::of(sealed).map(|parts| parts.named)
}

/// An envelope, taken apart.
struct Parts<'a> {
    named: Header,
    header: &'a [u8],
    salt: &'a [u8; SALT_BYTES],
    commitment: &'a [u8; COMMITMENT_BYTES],
    /// IV, ciphertext and tag.
    body: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Option<Self> {
        let (header, body) = sealed.split_at_checked(HEADER_BYTES)?;
        let rest = header.strip_prefix(&FORMAT)?.strip_prefix(&[SUITE_AES_256_GCM])?;
        let (key, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let commitment = rest.first_chunk()?;
        let named = Header { key: ObjectId(*key), version: u32::from_be_bytes(*version) };
        (body.len() >= IV_BYTES + TAG_BYTES).then_some(Self { named, header, salt, commitment, body })
    }
}

/// A key for one message, and the bytes that commit to it.
struct MessageKey {
    gcm: Gcm,
    commitment: [u8; COMMITMENT_BYTES],
}

impl MessageKey {
    fn derive(with: &WorkKey, salt: &[u8; SALT_BYTES]) -> Result<Self, Underived> {
        let label = [b'K', b'W', b'e', b'n', b'v', FORMAT[0], FORMAT[1], SUITE_AES_256_GCM];
        let context: [&[u8]; 3] = [&with.key.0, &with.version.to_be_bytes(), salt];
        let key = with.material.bytes.held().ok_or(Underived)?;
        let both: Zeroizing<[u8; 64]> = derive(key, &label, &context)?;
        let (key, commitment) = both.split_first_chunk::<32>().ok_or(Underived)?;
        let commitment = *commitment.first_chunk().ok_or(Underived)?;
        Ok(Self { gcm: Gcm::new(key).map_err(|_| Underived)?, commitment })
    }
}

pub(crate) fn seal(with: &WorkKey, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Fault> {
    let salt = salt().map_err(|_| Fault::Unavailable)?;
    seal_with_salt(with, context, plaintext, &salt)
}

fn seal_with_salt(with: &WorkKey, context: &[u8], plaintext: &[u8], salt: &[u8; SALT_BYTES]) -> Result<Vec<u8>, Fault> {
    let message = MessageKey::derive(with, salt).map_err(|_| Fault::Unavailable)?;
    let mut header = [0; HEADER_BYTES];
    let fields =
        [&FORMAT[..], &[SUITE_AES_256_GCM], &with.key.0, &with.version.to_be_bytes(), salt, &message.commitment];
    header.iter_mut().zip(fields.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    message.gcm.seal(&header, &associated(&header, context), plaintext).map_err(|_| Fault::Unavailable)
}

/// Every failure is the same [`Fault::CiphertextUnreadable`].
pub(crate) fn open(with: &WorkKey, context: &[u8], sealed: &[u8]) -> Result<Secret, Fault> {
    open_parts(with, context, sealed).ok_or(Fault::CiphertextUnreadable)
}

fn open_parts(with: &WorkKey, context: &[u8], sealed: &[u8]) -> Option<Secret> {
    let parts = Parts::of(sealed)?;
    if parts.named != (Header { key: with.key, version: with.version }) {
        return None;
    }
    let message = MessageKey::derive(with, parts.salt).ok()?;
    if !crate::same(&message.commitment, parts.commitment) {
        return None;
    }
    message.gcm.open(&associated(parts.header, context), parts.body).ok()
}

/// The header, then the context.
fn associated<'a>(header: &'a [u8], context: &[u8]) -> Cow<'a, [u8]> {
    if context.is_empty() { Cow::Borrowed(header) } else { Cow::Owned([header, context].concat()) }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
