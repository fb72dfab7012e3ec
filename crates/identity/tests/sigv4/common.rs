#![allow(dead_code, reason = "an example uses a part of it")]

use bytes::Bytes;
use clock::Timestamp;
use domain::{
    AccessKey, Half, Moment, ObjectId, Principal, PrincipalKind, Profile, Refusal, Standing, Steady, Tenant,
    TenantKind, Unavailable,
};
use http::request::Parts;
use keyward_identity::{Caller, Credential, Directory, Known, Source, Terms, Unverified, Verifier, sigv4};
use secret::Held;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The credential of AWS's published examples.
pub(crate) const ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const WINDOW_SECONDS: u32 = 300;

/// Knows at most one access key.
pub(crate) struct Book(pub(crate) Result<Option<Known>, Unavailable>);

impl Directory for Book {
    fn access_key(&self, id: &str) -> Result<Option<Known>, Unavailable> {
        self.0.clone().map(|known| known.filter(|known| known.access_key.id == id))
    }

    fn principal(&self, _: ObjectId) -> Result<Option<domain::Settled>, Unavailable> {
        Ok(None)
    }

    fn token_code(&self, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}

pub(crate) fn terms(now: Timestamp, window_seconds: u32) -> Terms<'static> {
    Terms { now: Moment::undisputed(now, Steady(0)), window_seconds, universe: None }
}

pub(crate) fn book() -> Book {
    Book(Ok(Some(known(SECRET, 1, Standing::Active, Standing::Active))))
}

pub(crate) fn known(secret: &str, revision: u64, key: Standing, person: Standing) -> Known {
    let (tenant, principal) = (ObjectId([1; 16]), ObjectId([2; 16]));
    let created = Timestamp(0);
    Known {
        access_key: Arc::new(AccessKey {
            id: ID.into(),
            principal,
            tenant,
            standing: key,
            half: Half::Secret(Held::keep(secret.as_bytes()).unwrap_or_else(|_| panic!("secret memory is full"))),
            created,
        }),
        principal: Arc::new(Principal {
            standing: person,
            access_keys: vec![ID.into()],
            ..Principal::new(principal, tenant, "alice", PrincipalKind::Person, created)
        }),
        tenant: Arc::new(Tenant {
            id: tenant,
            name: "acme".into(),
            account: "111122223333".into(),
            profile: Profile::Default,
            kind: TenantKind::Ordinary,
            forbids: vec![],
            documents: vec![],
            created,
        }),
        revision,
    }
}

/// Reads a request as the files of vectors spell it.
pub(crate) fn request(text: &str) -> (Parts, Bytes) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let mut builder = http::Request::builder().method(first.next().unwrap()).uri(first.next().unwrap());
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        builder = builder.header(name, http::HeaderValue::from_str(value.trim()).unwrap());
    }
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    (parts, Bytes::copy_from_slice(body.as_bytes()))
}

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) service: &'static str,
    pub(crate) expected: String,
    pub(crate) text: String,
}

/// The requests of a file.
pub(crate) fn vectors(file: &str) -> Vec<Vector> {
    file.split("\n=== ").skip(1).map(vector).collect()
}

fn vector(section: &str) -> Vector {
    let (title, text) = section.split_once('\n').unwrap();
    let (name, expected) = title.split_once(": ").unwrap();
    let (name, service) = name.split_once(' ').unwrap();
    let service = ["service", "kms", "sts"].into_iter().find(|known| *known == service).unwrap();
    Vector { name: name.into(), service, expected: expected.into(), text: text.trim_end_matches('\n').into() }
}

pub(crate) fn source() -> Source {
    Source { address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: true, agent: None }
}

/// The whole of it: who is asking?
pub(crate) fn verify(
    verifier: &Verifier,
    directory: &dyn Directory,
    (parts, body): &(Parts, Bytes),
    service: &'static str,
    now: Timestamp,
) -> Result<Caller, Unverified> {
    let signed = sigv4::extract(parts, body, service)?;
    verifier.verify(&Credential::SigV4(Box::new(signed)), directory, source(), &terms(now, WINDOW_SECONDS))
}

/// When a request says it was signed.
pub(crate) fn signed_at(parts: &Parts) -> Timestamp {
    parts
        .headers
        .get("x-amz-date")
        .and_then(|value| Timestamp::parse_basic(value.to_str().ok()?))
        .unwrap_or(Timestamp(1_440_938_160_000))
}

/// In one line, for tables.
pub(crate) fn words(result: Result<Caller, Unverified>) -> String {
    match result {
        Ok(caller) => caller.proof().access_key().unwrap().into(),
        Err(Unverified::Unavailable(unavailable)) => format!("{unavailable:?}"),
        Err(Unverified::Refused(Refusal::IncompleteCredential { part })) => format!("IncompleteCredential {part}"),
        Err(Unverified::Refused(Refusal::WrongScope { part })) => format!("WrongScope {part}"),
        Err(Unverified::Refused(Refusal::Skewed { .. })) => "Skewed".into(),
        Err(Unverified::Refused(refusal)) => format!("{refusal:?}"),
    }
}
