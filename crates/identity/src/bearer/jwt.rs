//! JSON Web Tokens (RFC 7519) in compact form (RFC 7515), signed with RS256. There is no other algorithm.

use super::{BEARER_BYTES_MAX, incomplete};
use crate::google;
use crate::sigv4::ACCESS_KEY_CHARS_MAX;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::{SECOND, Timestamp};
use domain::{Moment, Refusal};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// How long such a token may live, in seconds.
pub const JWT_SECONDS_MAX: i64 = 3_600;
/// How far the signer's clock may be from ours, in seconds.
pub const JWT_SKEW_SECONDS: u32 = 60;
/// A signature by a key of 4096 bits.
const SIGNATURE_BYTES_MAX: usize = 512;

const ALGORITHM: &str = "RS256";

/// A token in parts. Nobody has believed it yet.
pub struct Jwt {
    pub claims: Claims,
    /// How long the part is that was signed, in bytes.
    pub(crate) signed: usize,
    pub(crate) signature: Vec<u8>,
}

/// The outer half of a token: with which key what was signed.
pub(crate) struct Signed {
    pub(crate) key: String,
    /// How long the part is that was signed, in bytes.
    pub(crate) length: usize,
    pub(crate) signature: Vec<u8>,
}

/// What a token says of itself.
#[derive(Clone)]
pub struct Claims {
    /// The access key whose private half signed.
    pub key: String,
    pub issuer: String,
    pub subject: Option<String>,
    pub audience: Option<String>,
    /// Parted by spaces.
    pub scope: Option<String>,
    /// Seconds since 1970.
    pub issued: i64,
    pub expires: i64,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: Option<String>,
    /// What must be understood (RFC 7515, section 4.1.11): nothing of it is.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Payload {
    iss: String,
    sub: Option<String>,
    aud: Option<String>,
    scope: Option<String>,
    iat: i64,
    exp: i64,
}

/// Takes a token apart. Time and memory grow with its length alone.
///
/// # Errors
/// `IncompleteCredential`, naming the part that is missing or misspelt: `token`, `alg`, `kid`.
pub fn read(text: &str) -> Result<Jwt, Refusal> {
    let (signed, payload) = parts(text)?;
    let Payload { iss: issuer, sub: subject, aud: audience, scope, iat: issued, exp: expires } =
        part(payload).ok_or_else(|| incomplete("token"))?;
    let claims = Claims { key: signed.key, issuer, subject, audience, scope, issued, expires };
    Ok(Jwt { claims, signed: signed.length, signature: signed.signature })
}

/// What is said of the signature, and the payload as it is spelled.
pub(crate) fn parts(text: &str) -> Result<(Signed, &str), Refusal> {
    let token = || incomplete("token");
    let (signed, signature) = text.rsplit_once('.').ok_or_else(token)?;
    let (header, payload) = signed.split_once('.').ok_or_else(token)?;
    if text.len() > BEARER_BYTES_MAX || payload.contains('.') {
        return Err(token());
    }
    let header: Header = part(header).ok_or_else(token)?;
    if header.alg != ALGORITHM || header.crit.is_some() {
        return Err(incomplete("alg"));
    }
    if header.typ.is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
        return Err(token());
    }
    let fits = (1..=ACCESS_KEY_CHARS_MAX).contains(&header.kid.len());
    if !fits || !header.kid.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(incomplete("kid"));
    }
    let signature = decoded(signature).filter(|bytes| bytes.len() <= SIGNATURE_BYTES_MAX).ok_or_else(token)?;
    Ok((Signed { key: header.kid, length: signed.len(), signature }, payload))
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A JSON object, in which no known member stands twice.
fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    let bytes = decoded(text)?;
    let object = bytes.first() == Some(&b'{');
    object.then(|| serde_json::from_slice(&bytes).ok()).flatten()
}

/// For whom and from where a token must be.
pub(crate) struct Expected<'a> {
    /// Whether a name is the signer's.
    pub(crate) is_signer: &'a dyn Fn(&str) -> bool,
    pub(crate) own_audience: Option<&'a str>,
    pub(crate) universe: Option<&'a str>,
    pub(crate) now: Moment,
}

impl Claims {
    /// Whether a call may be made with it: the signer speaks for itself, to us.
    pub(crate) fn call(&self, expected: &Expected<'_>) -> Result<(), Refusal> {
        let subject = self.subject.as_deref() == Some(self.issuer.as_str());
        self.by_signer(expected, subject)?;
        // Go's client names an empty audience where it names a scope.
        let audience = self.audience.as_deref().filter(|audience| !audience.is_empty());
        let meant = match (audience, &self.scope) {
            (Some(audience), _) => google::means_us(audience, expected.own_audience, expected.universe),
            (None, Some(scopes)) => google::reach_us(scopes),
            (None, None) => false,
        };
        self.meant(meant)?;
        self.lives(expected.now)
    }

    /// Whether it may become an access token (RFC 7523, section 3).
    pub(crate) fn assertion(&self, expected: &Expected<'_>) -> Result<(), Refusal> {
        self.by_signer(expected, self.subject.as_ref().is_none_or(|subject| *subject == self.issuer))?;
        let means = |audience| google::means_token_endpoint(audience, expected.own_audience, expected.universe);
        self.meant(self.audience.as_deref().is_some_and(means))?;
        self.lives(expected.now)
    }

    fn by_signer(&self, expected: &Expected<'_>, subject: bool) -> Result<(), Refusal> {
        if (expected.is_signer)(&self.issuer) && subject { Ok(()) } else { Err(Refusal::WrongScope { part: "issuer" }) }
    }

    fn meant(&self, for_us: bool) -> Result<(), Refusal> {
        if for_us { Ok(()) } else { Err(Refusal::WrongScope { part: "audience" }) }
    }

    /// It is from the past, has not ended, and was not made to live longer than an hour.
    fn lives(&self, now: Moment) -> Result<(), Refusal> {
        let skew = i64::from(JWT_SKEW_SECONDS);
        let seconds = |time: Timestamp| time.0.div_euclid(SECOND);
        let begun = self.issued <= seconds(now.wall).saturating_add(skew);
        let lasts = self.expires > seconds(now.latest()).saturating_sub(skew);
        let life = self.expires.saturating_sub(self.issued);
        if begun && lasts && (1..=JWT_SECONDS_MAX).contains(&life) {
            return Ok(());
        }
        let signed = Timestamp(self.issued.saturating_mul(SECOND));
        Err(Refusal::Skewed { signed, now: now.wall, window_seconds: JWT_SKEW_SECONDS })
    }
}
