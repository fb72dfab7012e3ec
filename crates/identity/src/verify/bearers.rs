//! Who bears a token. An RSA signature that was verified is remembered for the bytes of its token; who signed, and
//! whether they may still, is looked up each time.

use super::is_believed;
use crate::bearer::jwt::{self, Claims, Expected};
use crate::bearer::outside;
use crate::bearer::token::{self, PREFIX};
use crate::{Bearer, Directory, Known, Proof, Terms, Unverified, Use, google};
use crypto::{rs256_verify, same, sha256};
use domain::{ObjectId, Outside, Refusal, Standing};
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Signed tokens that are remembered, about half a kilobyte each.
pub const JWTS_MAX: usize = 10_000;

/// A public key whose private half was thrown away: verifies for those whose key nobody knows.
const NOBODY: &[u8] = include_bytes!("nobody.der");

pub(super) struct Jwts(Cache<[u8; 32], Arc<Verified>>);

/// A token whose signature was right.
struct Verified {
    claims: Claims,
    /// Of the access key's row then: another row may hold another key.
    revision: u64,
    signature_sha256: [u8; 32],
}

impl Jwts {
    pub(super) fn new() -> Self {
        Self(Cache::new(JWTS_MAX))
    }

    pub(super) fn borne(
        &self,
        bearer: &Bearer,
        directory: &dyn Directory,
        terms: &Terms<'_>,
    ) -> Result<(Known, Proof), Unverified> {
        match (bearer.text.starts_with(PREFIX), bearer.use_) {
            (true, Use::Call) => given_out(bearer, directory, terms),
            // A token is no assertion: else it would never end.
            (true, Use::Assertion | Use::Exchange) => Err(Refusal::IncompleteCredential { part: "token" }.into()),
            (false, Use::Exchange) => from_outside(bearer, directory, terms),
            (false, _) => self.self_signed(bearer, directory, terms),
        }
    }

    fn self_signed(
        &self,
        bearer: &Bearer,
        directory: &dyn Directory,
        terms: &Terms<'_>,
    ) -> Result<(Known, Proof), Unverified> {
        let digest = sha256(bearer.text.as_bytes());
        let remembered = self.0.get(&digest);
        let (verified, known) = match remembered {
            Some(verified) => {
                let known = signer(&verified.claims.key, directory)?;
                match known {
                    Some(known) if known.revision == verified.revision => (verified, known),
                    known => self.afresh(bearer, known)?,
                }
            }
            None => {
                let key = jwt::read(&bearer.text)?.claims.key;
                self.afresh(bearer, signer(&key, directory)?)?
            }
        };
        judge(&verified.claims, bearer.use_, &known, terms)?;
        self.0.insert(digest, Arc::clone(&verified));
        let (access_key, signature_sha256) = (known.access_key.id.as_str().into(), verified.signature_sha256);
        Ok((known, Proof::Jwt { access_key, signature_sha256 }))
    }

    /// A signature is verified in any case, so that time does not tell which keys are known.
    fn afresh(&self, bearer: &Bearer, known: Option<Known>) -> Result<(Arc<Verified>, Known), Refusal> {
        let jwt = jwt::read(&bearer.text)?;
        let public = known.as_ref().and_then(|known| known.access_key.half.public());
        let signed = bearer.text.as_bytes().get(..jwt.signed).unwrap_or_default();
        let holds = rs256_verify(public.map_or(NOBODY, |public| &public.key), signed, &jwt.signature);
        let known = known.ok_or(Refusal::UnknownCredential)?;
        if !holds {
            return Err(Refusal::BadSignature);
        }
        let signature_sha256 = sha256(&jwt.signature);
        Ok((Arc::new(Verified { claims: jwt.claims, revision: known.revision, signature_sha256 }), known))
    }
}

/// The one who may sign with this key, if somebody still may.
fn signer(key: &str, directory: &dyn Directory) -> Result<Option<Known>, Unverified> {
    let known = directory.access_key(key)?.filter(is_believed);
    // A key of elsewhere speaks in an exchange only.
    Ok(known.filter(|known| known.access_key.half.public().is_some_and(|public| public.outside.is_none())))
}

/// A token of an issuer elsewhere. A signature is verified in any case, so that time does not tell who is known.
fn from_outside(bearer: &Bearer, directory: &dyn Directory, terms: &Terms<'_>) -> Result<(Known, Proof), Unverified> {
    let (claims, signed) = outside::read(bearer)?;
    let mut known = None;
    for audience in &claims.audiences {
        let id = outside::id(&claims.issuer, &claims.subject, &claims.key_id, audience);
        known =
            known.or(directory.access_key(&id)?.filter(is_believed).filter(|known| is_of(known, &claims, audience)));
    }
    let public = known.as_ref().and_then(|known| known.access_key.half.public());
    let words = bearer.text.as_bytes().get(..signed.length).unwrap_or_default();
    let holds = rs256_verify(public.map_or(NOBODY, |public| &public.key), words, &signed.signature);
    let known = known.ok_or(Refusal::UnknownCredential)?;
    if !holds {
        return Err(Refusal::BadSignature.into());
    }
    claims.lives(terms.now)?;
    let access_key = known.access_key.id.as_str().into();
    Ok((known, Proof::Jwt { access_key, signature_sha256: sha256(&signed.signature) }))
}

/// Whether an access key knows exactly these.
fn is_of(known: &Known, claims: &outside::Claims, audience: &str) -> bool {
    let Some(public) = known.access_key.half.public() else { return false };
    let same = |outside: &Outside| {
        outside.issuer == claims.issuer && outside.subject == claims.subject && outside.key_id == claims.key_id
    };
    public.outside.as_ref().is_some_and(same) && public.audience.as_deref() == Some(audience)
}

fn judge(claims: &Claims, use_: Use, known: &Known, terms: &Terms<'_>) -> Result<(), Refusal> {
    let is_signer = |name: &str| google::is_email_of(name, &known.principal, &known.tenant, terms.universe);
    let own_audience = known.access_key.half.public().and_then(|public| public.audience.as_deref());
    let expected = Expected { is_signer: &is_signer, own_audience, universe: terms.universe, now: terms.now };
    match use_ {
        Use::Call => claims.call(&expected),
        Use::Assertion => claims.assertion(&expected),
        // None comes here.
        Use::Exchange => Err(Refusal::WrongScope { part: "audience" }),
    }
}

/// The access key's principal as somebody else, who has to be believed too.
fn acting_as(principal: ObjectId, known: Known, directory: &dyn Directory) -> Result<Known, Unverified> {
    let other = directory.principal(principal)?.filter(|(principal, _)| principal.standing == Standing::Active);
    let (principal, tenant) = other.ok_or(Refusal::UnknownCredential)?;
    Ok(Known { principal, tenant, ..known })
}

/// A token of ours: its code is compared before anything in it is looked up.
fn given_out(bearer: &Bearer, directory: &dyn Directory, terms: &Terms<'_>) -> Result<(Known, Proof), Unverified> {
    let spelled = token::read(&bearer.text)?;
    if !same(&directory.token_code(&spelled.words), &spelled.code) {
        return Err(Refusal::BadSignature.into());
    }
    let token = &spelled.token;
    let known = directory.access_key(&token.key)?.filter(is_believed).ok_or(Refusal::UnknownCredential)?;
    if terms.now.latest() >= token.expires {
        return Err(Refusal::Skewed { signed: token.issued, now: terms.now.wall, window_seconds: 0 }.into());
    }
    let known = match token.principal {
        Some(principal) => acting_as(principal, known, directory)?,
        None => known,
    };
    let access_key = known.access_key.id.as_str().into();
    let proof = Proof::Token { access_key, token: token.id, signature_sha256: sha256(&spelled.code) };
    Ok((known, proof))
}
