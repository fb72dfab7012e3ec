//! One answer of each shape. The page shows the same.

use crate::fixtures::{KEY, NOW, OTHER, echo, key, principal, request_id, shown, tenant};
use crate::golden::check;
use dialect::{Answer, Dialect};
use domain::*;
use keyward_dialect_native::{Native, documentation};
use secret::Secret;
use std::sync::Arc;

fn by(version: u32) -> Worker {
    Worker { key: Arc::new(key()), version, owner: tenant() }
}

fn ring() -> Arc<Keyring> {
    let (tenant, location) = (tenant().id, key().location);
    Arc::new(Keyring { id: OTHER, tenant, location, name: "pay".into(), documents: Vec::new(), created: NOW })
}

fn retired() -> domain::Key {
    domain::Key { retired: Some(NOW), ..key() }
}

/// An import job that has its key.
fn job() -> domain::Key {
    let version = domain::Version {
        material: domain::Material::Held { expires: Some(NOW.plus(3 * DAY)) },
        public: Some([0x30, 0x03, 0x01, 0x01, 0xff].into()),
        ..domain::Version::awaited(1, NOW, domain::VersionCause::Creation)
    };
    domain::Key {
        name: Some("from-hsm".into()),
        purpose: domain::Purpose::Import,
        algorithm: domain::Algorithm::Rsa3072,
        scheme: Some(domain::Scheme::WrapOaepSha256Kwp),
        primary: 1,
        versions: vec![version],
        ..key()
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// A reply for each shape that the table names.
pub(crate) fn replies() -> Vec<(&'static str, Reply)> {
    let mut all = vec![("done", Reply::Done)];
    all.extend(keys());
    all.extend(uses());
    all.extend(people());
    all.extend(log());
    all
}

fn keys() -> Vec<(&'static str, Reply)> {
    let mut ended = key();
    let deadline = NOW.plus(30 * DAY);
    ended.life.destruction = Destruction::Scheduled { deadline, due: Steady(0), resume_to: KeyState::Suspended };
    let alias = AliasFound { id: OTHER, alias: "pay".into(), key: KEY, created: NOW, changed: NOW };
    let versions = key().versions;
    vec![
        ("key", Reply::Key(shown(key()))),
        ("keys", Reply::Keys { keys: vec![Arc::new(key())], owner: tenant(), more: true }),
        ("destruction", Reply::Destruction { key: shown(ended), deadline: Some(deadline), days: Some(30) }),
        ("versions", Reply::Versions { key: shown(key()), versions }),
        ("version", Reply::Version { key: shown(key()), version: 2 }),
        ("retired-key", Reply::RetiredKey(shown(retired()))),
        ("retired-keys", Reply::RetiredKeys { keys: vec![Arc::new(retired())], owner: tenant() }),
        ("import-job", Reply::ImportJob(shown(job()))),
        ("import-jobs", Reply::ImportJobs { jobs: vec![Arc::new(job())], owner: tenant() }),
        ("ring", Reply::Ring(ring())),
        ("rings", Reply::Rings(vec![ring()])),
        ("locations", Reply::Locations(vec![key().location])),
        ("rotation", Reply::Rotation { key: shown(key()), schedule: key().rotation }),
        ("aliases", Reply::Aliases { aliases: vec![alias], owner: tenant(), more: false }),
        ("tags", Reply::Tags(key().facts.tags)),
        ("document", Reply::Document { name: "default".into(), text: "{ }".into() }),
        ("documents", Reply::Documents(vec!["default".into()])),
        ("bindings", Reply::Bindings { text: "{\"bindings\":[]}".into(), tag: vec![1, 2, 3, 4, 5, 6, 7, 8] }),
        ("permissions", Reply::Permissions(vec!["cloudkms.keyRings.get".into()])),
        (
            "explanation",
            Reply::Explanation(Explanation {
                allowed: true,
                action: "Decrypt".into(),
                principal: "alice".into(),
                key: KEY,
                statement: Some("role EncryptDecrypt".into()),
                reason: "a role allows it".into(),
                state: KeyState::Active,
            }),
        ),
    ]
}

fn uses() -> Vec<(&'static str, Reply)> {
    vec![
        ("ciphertext", Reply::Ciphertext { by: by(2), ciphertext: b"sealed".to_vec() }),
        ("plaintext", Reply::Plaintext { by: by(1), plaintext: secret("4111 1111") }),
        ("resealed", Reply::Resealed { from: by(1), to: by(2), ciphertext: b"sealed".to_vec() }),
        (
            "data-key",
            Reply::DataKey { by: by(2), plaintext: Some(secret("a data key")), ciphertext: b"wrapped".to_vec() },
        ),
        ("data-key", Reply::DataKey { by: by(2), plaintext: None, ciphertext: b"wrapped".to_vec() }),
        ("random", Reply::Random(secret("random"))),
        ("signature", Reply::Signature { by: by(2), scheme: Scheme::EcdsaSha256, signature: b"signed".to_vec() }),
        ("verified", Reply::Verified { by: by(1), scheme: Scheme::EcdsaSha256, valid: true }),
        ("mac", Reply::Mac { by: by(2), mac: b"code".to_vec() }),
        ("opened", Reply::Opened { by: by(1), scheme: Scheme::RsaOaepSha256, plaintext: secret("4111 1111") }),
        (
            "raw-ciphertext",
            Reply::RawCiphertext {
                by: by(2),
                scheme: Scheme::AesGcm,
                ciphertext: b"sealed".to_vec(),
                iv: b"a fresh iv..".to_vec(),
            },
        ),
        ("shared-secret", Reply::SharedSecret { by: by(1), secret: secret("shared") }),
        ("public-key", Reply::PublicHalf { by: by(2), spki: b"public".as_slice().into(), raw: Some(b"raw".to_vec()) }),
        ("would-succeed", Reply::WouldSucceed),
    ]
}

fn people() -> Vec<(&'static str, Reply)> {
    let (id, secret) = ("AKKWEXAMPLE".into(), secret("a secret of forty letters"));
    vec![
        ("caller", Reply::Caller { principal: principal(), tenant: tenant() }),
        ("tenant", Reply::Tenant(tenant())),
        ("tenants", Reply::Tenants(vec![tenant()])),
        ("principal", Reply::Principal { principal: principal(), tenant: tenant() }),
        ("principals", Reply::Principals { principals: vec![principal()], tenant: tenant() }),
        (
            "public-key",
            Reply::PublicKey {
                id: "5d41402abc4b2a76b9719d911017c5925d414025".into(),
                principal: principal(),
                tenant: tenant(),
            },
        ),
        ("token", Reply::Token { token: Secret::new(b"kw1_AQ".to_vec()), seconds: 3_600, expires: NOW }),
        ("access-key", Reply::AccessKey { id, secret, principal: principal(), tenant: tenant() }),
        ("forbids", Reply::Forbids(vec![("freeze".into(), "forbid (principal, action, resource);".into())])),
    ]
}

fn log() -> Vec<(&'static str, Reply)> {
    let checkpoint = CheckpointShown {
        size: 8,
        root: [0xab; 32],
        note: "keyward.example/log\n8\nq6s=\n\n— keyward.example/log AAAA\n".into(),
        verifier: "keyward.example/log+00000000+AQ==".into(),
    };
    let entry = EntryShown {
        index: 7,
        wall: NOW,
        request: request_id().0.to_string(),
        tenant: tenant().id.to_string(),
        principal: OTHER.to_string(),
        principal_name: Some("alice".into()),
        tongue: "native",
        action: "Decrypt".into(),
        objects: vec![(KEY, Some(1))],
        verdict: "done".into(),
        detail: vec![("context".into(), "card=1".into())],
        changes: 0,
    };
    let proof =
        ProofShown { index: 7, entry: b"entry".to_vec(), path: vec![[1; 32], [2; 32]], checkpoint: checkpoint.clone() };
    vec![
        ("entries", Reply::Entries { entries: vec![entry], upto: 8, head: 8 }),
        ("proof", Reply::Proof(Box::new(proof))),
        ("certificate", Reply::Certificate(Box::new(certificate(proof_of(&checkpoint), &checkpoint)))),
        ("checkpoint", Reply::Checkpoint(Box::new(checkpoint))),
        ("status", Reply::Status(Box::new(status()))),
        ("settings", Reply::Settings(Arc::new(settings()))),
        ("clock", Reply::Clock(reading())),
    ]
}

fn proof_of(checkpoint: &CheckpointShown) -> ProofShown {
    ProofShown { index: 7, entry: b"entry".to_vec(), path: vec![[1; 32]], checkpoint: checkpoint.clone() }
}

fn certificate(entry: ProofShown, checkpoint: &CheckpointShown) -> CertificateShown {
    let (tenant, nil) = (ObjectId([1; 16]), ObjectId::NIL);
    let row = RowShown { revision: 2, tenant, place: nil, owner: nil, due: i64::MAX, entry: 7 };
    let versions = vec![
        VersionShown { number: 1, row: Some(row), path: vec![vec![3; 4]] },
        VersionShown { number: 2, row: None, path: Vec::new() },
    ];
    let remnants = Some("what may be left".into());
    CertificateShown {
        key: ObjectId([2; 16]),
        versions,
        entries: vec![entry],
        checkpoint: checkpoint.clone(),
        remnants,
    }
}

fn status() -> Status {
    Status {
        site: "keyward.example/log".into(),
        version: "0.1.0",
        entries: 8,
        root: [0xab; 32],
        checkpoint_size: 8,
        projections: vec![Progress { projection: "tiles", upto: 8 }],
        availability: "highly available".into(),
        secret_memory: "memfd_secret: no other process, swap or core file can hold it".into(),
        store: "SQLite in /var/lib/keyward".into(),
        clock: "as agreed, 0 ms apart".into(),
        root_key: "version 1".into(),
    }
}

fn reading() -> Reading {
    let (steady, expected) = (Steady(30 * DAY), NOW.plus(-10 * DAY));
    Reading { now: Moment { wall: NOW, steady, expected }, synchronised: false, missing: Some(10 * DAY) }
}

fn settings() -> Settings {
    Settings {
        retention_months: Some(84),
        signature_window_seconds: 300,
        native_authority: Authority::Native,
        forbids: vec![],
        recovery: None,
        clock: None,
        universe: None,
    }
}

/// The body of a reply, in lines.
pub(crate) fn body(reply: Reply) -> String {
    let response = Native::new().write(request_id(), Some(&echo()), Answer::Recorded(Ok(reply)));
    assert_eq!(response.status(), 200);
    let value: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn every_reply_has_its_shape() {
    let seen: String = replies().into_iter().map(|(shape, reply)| format!("{shape}\n{}\n\n", body(reply))).collect();
    check("tests/golden/answers.txt", &seen);
}

#[test]
fn every_operation_answers_in_a_shape_that_is_shown() {
    for one in documentation() {
        assert!(replies().iter().any(|(shape, _)| *shape == one.answer), "{} answers {}", one.name, one.answer);
    }
}
