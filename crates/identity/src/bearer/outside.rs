//! JSON Web Tokens of issuers elsewhere (OpenID Connect): they say who somebody is in that issuer's own words, and are
//! worth something only where an access key of the house knows issuer, key, subject and audience. Signed with RS256.

use super::jwt::{self, Signed};
use super::{Bearer, incomplete};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::SECOND;
use crypto::sha256;
use domain::{Moment, OUTSIDE_CHARS_MAX, Refusal};
use serde::Deserialize;

/// How long such a token may live, in seconds.
pub const OUTSIDE_SECONDS_MAX: i64 = 86_400;
/// Audiences that are looked at.
pub const AUDIENCES_MAX: usize = 4;
/// Comes before what an access key's id is made of.
const LABEL: &str = "keyward outside key v1";

/// What a token says of itself.
pub struct Claims {
    pub key_id: String,
    pub issuer: String,
    pub subject: String,
    pub audiences: Vec<String>,
    issued: i64,
    expires: i64,
    not_before: Option<i64>,
}

#[derive(Deserialize)]
struct Payload {
    iss: String,
    sub: String,
    aud: Audiences,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Several(Vec<String>),
}

/// The id of the access key that knows these: the same for the same, and forty digits as of every public key.
pub fn id(issuer: &str, subject: &str, key_id: &str, audience: &str) -> String {
    let parts = [LABEL, issuer, subject, key_id, audience];
    // Each part is as long as it says.
    let spelled: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    sha256(spelled.as_bytes()).iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

/// Takes a token apart. Nobody has believed it yet.
///
/// # Errors
/// `IncompleteCredential`, naming what is missing or misspelt.
pub(crate) fn read(bearer: &Bearer) -> Result<(Claims, Signed), Refusal> {
    let (signed, payload) = jwt::parts(&bearer.text)?;
    let token = || incomplete("token");
    let bytes = URL_SAFE_NO_PAD.decode(payload).map_err(|_| token())?;
    let Payload { iss: issuer, sub: subject, aud, iat: issued, exp: expires, nbf: not_before } =
        serde_json::from_slice(&bytes).map_err(|_| token())?;
    let audiences = match aud {
        Audiences::One(one) => vec![one],
        Audiences::Several(several) => several,
    };
    let key_id = signed.key.clone();
    let spelled = [&issuer, &subject, &key_id].iter().all(|part| (1..=OUTSIDE_CHARS_MAX).contains(&part.len()));
    if !spelled || audiences.is_empty() || audiences.len() > AUDIENCES_MAX {
        return Err(token());
    }
    Ok((Claims { key_id, issuer, subject, audiences, issued, expires, not_before }, signed))
}

impl Claims {
    /// It has begun, has not ended, and was not made to live longer than a day.
    pub(crate) fn lives(&self, now: Moment) -> Result<(), Refusal> {
        let skew = i64::from(jwt::JWT_SKEW_SECONDS);
        let (wall, latest) = (now.wall.0.div_euclid(SECOND), now.latest().0.div_euclid(SECOND));
        let begun = self.issued.max(self.not_before.unwrap_or(self.issued)) <= wall.saturating_add(skew);
        let lasts = self.expires > latest.saturating_sub(skew);
        let life = self.expires.saturating_sub(self.issued);
        if begun && lasts && (1..=OUTSIDE_SECONDS_MAX).contains(&life) {
            return Ok(());
        }
        let signed = clock::Timestamp(self.issued.saturating_mul(SECOND));
        Err(Refusal::Skewed { signed, now: now.wall, window_seconds: jwt::JWT_SKEW_SECONDS })
    }
}
