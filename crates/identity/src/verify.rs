//! The only place where a credential is believed.

mod bearers;

pub use bearers::JWTS_MAX;

use crate::sigv4::{ALGORITHM, SignedRequest, TERMINATOR, push_hex};
use crate::{Caller, Credential, Directory, Known, Proof, Source, Terms, Unverified};
use bearers::Jwts;
use clock::SECOND;
use crypto::{Sha256, hmac_sha256, same, sha256};
use domain::{Refusal, Standing};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use secret::Held;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Derived signing keys that are remembered: one for each access key, day, region and service in use.
pub const DERIVED_KEYS_MAX: usize = 10_000;

/// Those of access keys that nobody has. They are kept apart, so that guesses push out nothing real.
const STRANGERS_MAX: usize = 256;

/// Signs for those who have no secret. What it signs is never believed.
const NOBODY: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Verifies credentials, and remembers derived signing keys in secret memory.
pub struct Verifier {
    known: Cache<Scope<Box<str>>, Arc<Held>>,
    strangers: Cache<Scope<Box<str>>, Arc<Held>>,
    jwts: Jwts,
}

/// What a derived signing key is good for, and the revision of the access key it came from.
#[derive(PartialEq, Eq, Hash)]
struct Scope<S> {
    access_key: S,
    revision: u64,
    date: S,
    region: S,
    service: S,
}

impl Equivalent<Scope<Box<str>>> for Scope<&str> {
    fn equivalent(&self, other: &Scope<Box<str>>) -> bool {
        self.revision == other.revision
            && *self.access_key == *other.access_key
            && *self.date == *other.date
            && *self.region == *other.region
            && *self.service == *other.service
    }
}

impl<'a> Scope<&'a str> {
    fn of(signed: &'a SignedRequest, revision: u64) -> Self {
        Self {
            access_key: &signed.access_key,
            revision,
            date: &signed.date,
            region: &signed.location.0,
            service: &signed.service,
        }
    }

    fn kept(&self) -> Scope<Box<str>> {
        Scope {
            access_key: self.access_key.into(),
            revision: self.revision,
            date: self.date.into(),
            region: self.region.into(),
            service: self.service.into(),
        }
    }

    /// The chain of SigV4: each part of the scope is signed by what the last one gave.
    fn derive(&self, secret: Option<&Held>) -> Zeroizing<Vec<u8>> {
        let mut seed = Zeroizing::new(Vec::with_capacity(4 + secret::HELD_BYTES_MAX));
        seed.extend_from_slice(b"AWS4");
        match secret {
            Some(secret) => secret.expose(|bytes| seed.extend_from_slice(bytes)),
            None => seed.extend_from_slice(NOBODY),
        }
        let parts = [self.date, self.region, self.service, TERMINATOR];
        parts.iter().fold(seed, |key, part| Zeroizing::new(hmac_sha256(&key, part.as_bytes()).to_vec()))
    }
}

impl Verifier {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { known: Cache::new(DERIVED_KEYS_MAX), strangers: Cache::new(STRANGERS_MAX), jwts: Jwts::new() }
    }

    /// The same signature again inside the window is served again: SigV4 has no nonce. So is a token while it lives.
    ///
    /// # Errors
    /// `UnknownCredential` where the access key or its principal is unknown, suspended or removed, after the same
    /// work as for a known one; `BadSignature` where anything signed was changed or the secret is another;
    /// `Skewed` and, of a token, `WrongScope` only where the signature is right, so that nobody without the secret learns
    /// what time or window is kept here. `IncompleteCredential` of a token that is none. `Unavailable` as the directory
    /// says.
    pub fn verify(
        &self,
        credential: &Credential,
        directory: &dyn Directory,
        source: Source,
        terms: &Terms<'_>,
    ) -> Result<Caller, Unverified> {
        let (known, proof) = match credential {
            Credential::SigV4(signed) => self.signed(signed, directory, terms)?,
            Credential::Bearer(bearer) => self.jwts.borne(bearer, directory, terms)?,
        };
        let Known { access_key, principal, tenant, .. } = known;
        Ok(Caller { principal, tenant, source, proof, access_key: Some(access_key) })
    }

    fn signed(
        &self,
        signed: &SignedRequest,
        directory: &dyn Directory,
        terms: &Terms<'_>,
    ) -> Result<(Known, Proof), Unverified> {
        let known = directory.access_key(&signed.access_key)?.filter(is_believed);
        // A public key signs no requests of this kind.
        let known = known.filter(|known| known.access_key.half.secret().is_some());
        let signature_holds = self.signature_holds(signed, known.as_ref());
        let known = known.ok_or(Refusal::UnknownCredential)?;
        if !signature_holds {
            return Err(Refusal::BadSignature.into());
        }
        let (now, window_seconds) = (terms.now.wall, terms.window_seconds);
        if now.millis_since(signed.signed_at).saturating_abs() > i64::from(window_seconds) * SECOND {
            return Err(Refusal::Skewed { signed: signed.signed_at, now, window_seconds }.into());
        }
        let proof =
            Proof::SigV4 { access_key: signed.access_key.as_str().into(), signature_sha256: sha256(&signed.signature) };
        Ok((known, proof))
    }

    fn signature_holds(&self, signed: &SignedRequest, known: Option<&Known>) -> bool {
        let body = sha256(&signed.body);
        let signature = self.sign(signed, known, &string_to_sign(signed, &body));
        let body_as_claimed = signed.claimed_body.is_none_or(|claimed| claimed == body);
        same(&signature, &signed.signature) && body_as_claimed
    }

    fn sign(&self, signed: &SignedRequest, known: Option<&Known>, message: &[u8]) -> [u8; 32] {
        let (cache, revision) = known.map_or((&self.strangers, 0), |known| (&self.known, known.revision));
        let scope = Scope::of(signed, revision);
        if let Some(key) = cache.get(&scope) {
            return key.expose(|key| hmac_sha256(key, message));
        }
        let key = scope.derive(known.and_then(|known| known.access_key.half.secret()));
        // Full secret memory costs time here, and no service: the key is derived again next time.
        if let Ok(held) = Held::keep(&key) {
            cache.insert(scope.kept(), Arc::new(held));
        }
        hmac_sha256(&key, message)
    }
}

fn is_believed(known: &Known) -> bool {
    known.access_key.standing == Standing::Active && known.principal.standing == Standing::Active
}

fn string_to_sign(signed: &SignedRequest, body_sha256: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    push_hex(&mut out, body_sha256);
    let mut canonical = Sha256::new();
    canonical.update(&signed.canonical_head);
    canonical.update(&out);
    out.clear();
    out.extend_from_slice(ALGORITHM.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(&signed.time);
    out.push(b'\n');
    for part in [&*signed.date, &*signed.location.0, &*signed.service] {
        out.extend_from_slice(part.as_bytes());
        out.push(b'/');
    }
    out.extend_from_slice(TERMINATOR.as_bytes());
    out.push(b'\n');
    push_hex(&mut out, &canonical.finish());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::sigv4::{ACCESS_KEY_CHARS_MAX, extract};
    use domain::{AccessKey, Half, ObjectId, Principal, PrincipalKind, Profile, Tenant, TenantKind, Timestamp};

    fn signed(access_key: &str) -> Result<SignedRequest, Refusal> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/20261125/eu-central-1/kms/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={:064}",
            0
        );
        let request = http::Request::get("/")
            .header("host", "localhost")
            .header("x-amz-date", "20261125T102603Z")
            .header("authorization", authorization);
        extract(&request.body(()).unwrap().into_parts().0, &bytes::Bytes::new(), "kms")
    }

    fn known() -> Known {
        let (id, created) = (ObjectId([1; 16]), Timestamp(0));
        let standing = Standing::Active;
        let half = Half::Secret(Held::keep(b"secret").ok().unwrap());
        Known {
            access_key: AccessKey { id: "AKID".into(), principal: id, tenant: id, standing, half, created }.into(),
            principal: Principal::new(id, id, "alice", PrincipalKind::Person, created).into(),
            tenant: Arc::new(Tenant {
                id,
                name: "acme".into(),
                account: "111122223333".into(),
                profile: Profile::Default,
                kind: TenantKind::Ordinary,
                forbids: vec![],
                documents: vec![],
                created,
            }),
            revision: 0,
        }
    }

    #[test]
    fn no_more_derived_keys_are_remembered_than_the_limit_says() {
        let (verifier, signed, mut known) = (Verifier::new(), signed("AKID").unwrap(), known());
        for revision in 0..u64::try_from(DERIVED_KEYS_MAX).unwrap() + 500 {
            known.revision = revision;
            assert!(!verifier.signature_holds(&signed, Some(&known)));
        }
        assert!((DERIVED_KEYS_MAX / 2..=DERIVED_KEYS_MAX).contains(&verifier.known.len()), "{}", verifier.known.len());
        assert_eq!(verifier.strangers.len(), 0);
    }

    #[test]
    fn guesses_push_out_nothing_real() {
        let verifier = Verifier::new();
        verifier.signature_holds(&signed("AKID").unwrap(), Some(&known()));
        for guess in 0..2 * STRANGERS_MAX {
            verifier.signature_holds(&signed(&format!("GUESS{guess}")).unwrap(), None);
        }
        assert_eq!(verifier.known.len(), 1);
        assert!((1..=STRANGERS_MAX).contains(&verifier.strangers.len()), "{}", verifier.strangers.len());
    }

    #[test]
    fn the_longest_access_key_id() {
        assert!(signed(&"A".repeat(ACCESS_KEY_CHARS_MAX)).is_ok());
        let too_long = signed(&"A".repeat(ACCESS_KEY_CHARS_MAX + 1)).err();
        assert_eq!(too_long, Some(Refusal::IncompleteCredential { part: "Credential" }));
    }
}
