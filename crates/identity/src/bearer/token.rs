//! Access tokens that this site gives out: `docs/formats/access-token.md`.
//!
//! A token says which access key it stands for, and until when; a code under a key of the site says that the site said
//! so. Nothing is stored of it. It is worth what its access key is worth at the moment of use: suspended or removed with it.
//! One that lets somebody else act is worth no more than that one either.

use super::incomplete;
use crate::sigv4::ACCESS_KEY_CHARS_MAX;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Timestamp;
use domain::{ObjectId, Refusal};
use secret::Secret;

/// With what every token begins. No JSON Web Token does.
pub const PREFIX: &str = "kw1_";

/// The format of a token for whom its access key is.
const OWN: u8 = 1;
/// The format of a token for somebody else, as whom the access key's principal may act.
const OTHER: u8 = 2;
/// Format, issued, expires, id, and whom it is for where that is somebody else.
const BYTES_MAX: usize = 1 + 8 + 8 + 16 + 16;
const CODE_BYTES: usize = 32;
/// Comes before what is coded.
const LABEL: &[u8] = b"keyward access token v1\0";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The access key that it stands for.
    pub key: String,
    /// Whom it lets act, where that is somebody else than the access key's own.
    pub principal: Option<ObjectId>,
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// Tells one token from another.
    pub id: ObjectId,
}

impl Token {
    /// What the site's code is to be of.
    pub fn coded(&self) -> Vec<u8> {
        coded(&self.words())
    }

    /// The token's text. `code` is the site's, of what is coded.
    pub fn spell(&self, code: &[u8; CODE_BYTES]) -> Secret {
        let words = [self.words().as_slice(), code].concat();
        Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(words)).into_bytes())
    }

    fn words(&self) -> Vec<u8> {
        let mut words = Vec::with_capacity(BYTES_MAX + self.key.len());
        words.push(if self.principal.is_some() { OTHER } else { OWN });
        words.extend_from_slice(&self.issued.0.to_be_bytes());
        words.extend_from_slice(&self.expires.0.to_be_bytes());
        words.extend_from_slice(&self.id.0);
        if let Some(principal) = self.principal {
            words.extend_from_slice(&principal.0);
        }
        words.extend_from_slice(self.key.as_bytes());
        words
    }
}

/// A token in parts. Nobody has believed it yet.
pub struct Spelled {
    pub token: Token,
    pub(crate) words: Vec<u8>,
    pub(crate) code: [u8; CODE_BYTES],
}

/// Takes a token apart.
///
/// # Errors
/// `IncompleteCredential` where it is none of this format.
pub fn read(text: &str) -> Result<Spelled, Refusal> {
    parted(text).ok_or(incomplete("token"))
}

fn parted(text: &str) -> Option<Spelled> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    let (words, code) = bytes.split_last_chunk::<CODE_BYTES>()?;
    let (format, rest) = words.split_first()?;
    let (issued, rest) = rest.split_first_chunk::<8>()?;
    let (expires, rest) = rest.split_first_chunk::<8>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (principal, key) = match *format {
        OWN => (None, rest),
        OTHER => rest.split_first_chunk::<16>().map(|(principal, key)| (Some(ObjectId(*principal)), key))?,
        _ => return None,
    };
    let key = str::from_utf8(key).ok().filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))?;
    if !(1..=ACCESS_KEY_CHARS_MAX).contains(&key.len()) {
        return None;
    }
    let time = |bytes: &[u8; 8]| Timestamp(i64::from_be_bytes(*bytes));
    let (issued, expires) = (time(issued), time(expires));
    let token = Token { key: key.to_owned(), principal, issued, expires, id: ObjectId(*id) };
    Some(Spelled { token, words: coded(words), code: *code })
}

/// What the code is of.
fn coded(words: &[u8]) -> Vec<u8> {
    [LABEL, words].concat()
}
