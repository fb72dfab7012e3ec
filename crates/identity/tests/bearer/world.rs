//! A service with a key of its own, and a signer that shares no code with what verifies.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::{SECOND, Timestamp};
use domain::{
    AccessKey, Half, Location, Moment, ObjectId, Outside, Principal, PrincipalKind, Profile, PublicHalf, Refusal,
    Standing, Steady, Tenant, TenantKind, Unavailable,
};
use keyward_identity::bearer::token::Token;
use keyward_identity::{Bearer, Caller, Credential, Directory, Known, Source, Terms, Unverified, Verifier};
use secret::Held;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

pub(crate) const NOW: i64 = 1_795_600_383;
/// Somebody else than the holder of the access keys.
pub(crate) const OTHER: ObjectId = ObjectId([8; 16]);
pub(crate) const KEY: &str = "5d41402abc4b2a76b9719d911017c5925d414025";
pub(crate) const EMAIL: &str = "app@acme.iam.gserviceaccount.com";
pub(crate) const KMS: &str = "https://cloudkms.googleapis.com/";
pub(crate) const TOKENS: &str = "https://oauth2.googleapis.com/token";
/// Who vouches for whom, elsewhere.
pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const SUBJECT: &str = "repo:acme/app:ref:refs/heads/main";
pub(crate) const OUTSIDE_KID: &str = "2026-11";
pub(crate) const OUTSIDE_AUDIENCE: &str = "https://kms.example/acme";
/// The access key of somebody who signs requests.
pub(crate) const SIGNING: &str = "AKIDEXAMPLE";

/// A key of somebody, made once for all examples.
pub(crate) static PAIR: LazyLock<crypto::Rs256Pair> = LazyLock::new(|| crypto::Rs256Pair::generate().ok().unwrap());
pub(crate) static STRANGER: LazyLock<crypto::Rs256Pair> = LazyLock::new(|| crypto::Rs256Pair::generate().ok().unwrap());

/// Who is known.
#[derive(Clone)]
pub(crate) struct Book {
    pub(crate) key: Standing,
    pub(crate) person: Standing,
    /// Of somebody else.
    pub(crate) other: Standing,
    pub(crate) revision: u64,
    pub(crate) public: Vec<u8>,
    pub(crate) audience: Option<String>,
    pub(crate) unavailable: bool,
}

impl Default for Book {
    fn default() -> Self {
        let (key, person, other) = (Standing::Active, Standing::Active, Standing::Active);
        let public = PAIR.public.clone();
        Self { key, person, other, revision: 1, public, audience: None, unavailable: false }
    }
}

impl Directory for Book {
    fn access_key(&self, id: &str) -> Result<Option<Known>, Unavailable> {
        if self.unavailable {
            return Err(Unavailable::Store);
        }
        let half = match id {
            KEY => {
                Half::Public(PublicHalf { key: self.public.clone(), audience: self.audience.clone(), outside: None })
            }
            id if id == outside_key() => Half::Public(PublicHalf {
                key: self.public.clone(),
                audience: Some(OUTSIDE_AUDIENCE.into()),
                outside: Some(Outside { issuer: ISSUER.into(), subject: SUBJECT.into(), key_id: OUTSIDE_KID.into() }),
            }),
            SIGNING => Half::Secret(Held::keep(b"a secret").ok().unwrap()),
            _ => return Ok(None),
        };
        let (tenant, principal, created) = (ObjectId([1; 16]), ObjectId([2; 16]), Timestamp(0));
        let access_key = Arc::new(AccessKey { id: id.into(), principal, tenant, standing: self.key, half, created });
        let principal = Arc::new(service(principal, "app", self.person));
        Ok(Some(Known { access_key, principal, tenant: acme(), revision: self.revision }))
    }

    fn principal(&self, id: ObjectId) -> Result<Option<domain::Settled>, Unavailable> {
        let known = (id == OTHER).then(|| (Arc::new(service(OTHER, "other", self.other)), acme()));
        Ok(known)
    }

    fn token_code(&self, words: &[u8]) -> [u8; 32] {
        crypto::hmac_sha256(&[0x2a; 32], words)
    }
}

fn service(id: ObjectId, name: &str, standing: Standing) -> Principal {
    let service = Principal::new(id, ObjectId([1; 16]), name, PrincipalKind::Service, Timestamp(0));
    Principal { standing, access_keys: vec![KEY.into()], ..service }
}

fn acme() -> Arc<Tenant> {
    Arc::new(Tenant {
        id: ObjectId([1; 16]),
        name: "acme".into(),
        account: "111122223333".into(),
        profile: Profile::Default,
        kind: TenantKind::Ordinary,
        forbids: vec![],
        documents: vec![],
        created: Timestamp(0),
    })
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign(pair: &crypto::Rs256Pair, padding: &'static dyn RsaEncoding, text: &str) -> String {
    let signer = pair.private.expose(RsaKeyPair::from_pkcs8).unwrap();
    let mut signature = vec![0; signer.public_modulus_len()];
    signer.sign(padding, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    encoded(signature)
}

/// A token whose header and claims are spelled out.
pub(crate) fn spelled(header: &str, claims: &str) -> String {
    let text = format!("{}.{}", encoded(header), encoded(claims));
    format!("{text}.{}", sign(&PAIR, &RSA_PKCS1_SHA256, &text))
}

pub(crate) fn signed_by(pair: &crypto::Rs256Pair, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    format!("{text}.{}", sign(pair, &RSA_PKCS1_SHA256, &text))
}

pub(crate) fn with_sha384(header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    format!("{text}.{}", sign(&PAIR, &RSA_PKCS1_SHA384, &text))
}

pub(crate) fn header() -> Value {
    json!({ "alg": "RS256", "typ": "JWT", "kid": KEY })
}

/// What a client library says that calls the service.
pub(crate) fn claims() -> Value {
    json!({ "iss": EMAIL, "sub": EMAIL, "aud": KMS, "iat": NOW, "exp": NOW + 3_600 })
}

/// The same with some members set, or removed where they are null.
pub(crate) fn with(mut object: Value, members: Value) -> Value {
    let object_members = object.as_object_mut().unwrap();
    for (name, value) in members.as_object().unwrap() {
        match value {
            Value::Null => object_members.remove(name),
            value => object_members.insert(name.clone(), value.clone()),
        };
    }
    object
}

pub(crate) fn token(claims: &Value) -> String {
    signed_by(&PAIR, &header(), claims)
}

pub(crate) fn terms(seconds: i64) -> Terms<'static> {
    let now = Moment::undisputed(Timestamp(seconds * SECOND), Steady(0));
    Terms { now, window_seconds: 300, universe: Some("kms.example") }
}

fn place() -> Location {
    Location::parse("global").unwrap()
}

pub(crate) fn call(verifier: &Verifier, book: &Book, text: &str, seconds: i64) -> Result<Caller, Unverified> {
    let head = http::Request::get("/").header("authorization", format!("Bearer {text}")).body(()).unwrap();
    let bearer = Bearer::find(head.headers(), place())?;
    verify(verifier, book, bearer, seconds)
}

pub(crate) fn assert_(verifier: &Verifier, book: &Book, text: &str, seconds: i64) -> Result<Caller, Unverified> {
    verify(verifier, book, Bearer::assertion(text, place())?, seconds)
}

pub(crate) fn exchange(verifier: &Verifier, book: &Book, text: &str, seconds: i64) -> Result<Caller, Unverified> {
    verify(verifier, book, Bearer::exchange(text, place())?, seconds)
}

/// The id of the access key of elsewhere.
pub(crate) fn outside_key() -> String {
    keyward_identity::bearer::outside::id(ISSUER, SUBJECT, OUTSIDE_KID, OUTSIDE_AUDIENCE)
}

fn verify(verifier: &Verifier, book: &Book, bearer: Bearer, seconds: i64) -> Result<Caller, Unverified> {
    let source = Source { address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: true, agent: None };
    verifier.verify(&Credential::Bearer(Box::new(bearer)), book, source, &terms(seconds))
}

/// In a word.
pub(crate) fn word(result: Result<Caller, Unverified>) -> String {
    match result {
        Ok(caller) => format!("{} by {}", caller.principal().name, caller.proof().access_key().unwrap()),
        Err(Unverified::Unavailable(_)) => "unavailable".into(),
        Err(Unverified::Refused(Refusal::IncompleteCredential { part } | Refusal::WrongScope { part })) => part.into(),
        Err(Unverified::Refused(refusal)) => refusal.word().into(),
    }
}

pub(crate) fn believed() -> String {
    format!("app by {KEY}")
}

pub(crate) fn given_out(key: &str, issued: i64, expires: i64) -> Token {
    let [issued, expires] = [issued, expires].map(|seconds| Timestamp(seconds * SECOND));
    Token { key: key.into(), principal: None, issued, expires, id: ObjectId([7; 16]) }
}

pub(crate) fn for_other(principal: ObjectId) -> Token {
    Token { principal: Some(principal), ..given_out(KEY, NOW, NOW + 3_600) }
}

pub(crate) fn spell(token: &Token, book: &Book) -> String {
    let code = book.token_code(&token.coded());
    token.spell(&code).expose(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}
