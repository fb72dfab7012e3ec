//! The vectors of docs/formats/rows.md.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::bytes_of;
use crate::{keys, row_hash};
use domain::*;
use expect_test::expect_file;
use secret::Held;
use serde_json::{Value, json};
use std::sync::Arc;

fn id(byte: u8) -> ObjectId {
    ObjectId([byte; 16])
}

fn held(byte: u8) -> Held {
    Held::keep(&[byte; 32]).unwrap()
}

const CREATED: Timestamp = Timestamp(1_795_600_383_250);
const CHANGED: Timestamp = Timestamp(1_795_600_400_000);

fn location() -> Location {
    Location("eu-central-1".into())
}

/// Two versions: one that is past and compromised, with everything, and one that protects.
pub(super) fn key() -> Key {
    let scheduled =
        Destruction::Scheduled { deadline: CHANGED, due: Steady(86_400_000), resume_to: KeyState::Suspended };
    let second = Version {
        number: 2,
        life: Life { state: KeyState::Active, destruction: scheduled },
        material: Material::Held { expires: Some(CHANGED) },
        fingerprint: Some(Fingerprint([0xf2; 32])),
        window: Window { from: Some(CREATED), until: Some(CHANGED) },
        created: CHANGED,
        cause: VersionCause::Demand,
        ..Version::active(2, None, CHANGED, VersionCause::Demand)
    };
    let first = Version {
        life: Life { state: KeyState::Compromised, destruction: Destruction::None },
        material: Material::Removed(Removal::Deleted),
        ..Version::active(1, None, CREATED, VersionCause::Creation)
    };
    Key {
        id: id(0x44),
        tenant: id(0x11),
        location: location(),
        ring: DEFAULT_RING.into(),
        name: Some("payroll".into()),
        purpose: Purpose::Encrypt,
        algorithm: Algorithm::Aes256,
        scheme: None,
        origin: Origin::Imported,
        protection: ProtectionLevel::Software,
        authority: Authority::Aws,
        life: Life::ACTIVE,
        primary: 2,
        versions: vec![first, second],
        rotation: Some(RotationSchedule { period_seconds: 365 * domain::SECONDS_PER_DAY, next: CHANGED }),
        limits: Limits { uses: Some(1_000_000), bytes: None },
        rotations_on_demand: 1,
        created: CREATED,
        description: "Salaries".into(),
        facts: KeyFacts {
            owner: Some("finance".into()),
            environment: None,
            data_class: Some("confidential".into()),
            tags: vec![("cost-centre".into(), "12".into())],
        },
        documents: vec![Document { regime: Authority::Aws, name: "default".into(), text: "{}".into() }],
        version_window_seconds: None,
        retired: None,
        access_reasons: None,
    }
}

/// A key with nothing that need not be there.
fn bare_key() -> Key {
    Key {
        name: None,
        versions: Vec::new(),
        rotation: None,
        description: String::new(),
        facts: KeyFacts::default(),
        documents: Vec::new(),
        ..key()
    }
}

/// A key that signs, of which one version has another algorithm and scheme than the key.
fn signing_key() -> Key {
    let first =
        Version { public: Some([0xb1; 91].into()), ..Version::active(1, None, CREATED, VersionCause::Creation) };
    let second = Version {
        algorithm: Some(Algorithm::Rsa3072),
        scheme: Some(Scheme::RsaPssSha256),
        ..Version::awaited(2, CHANGED, VersionCause::Demand)
    };
    Key {
        purpose: Purpose::Sign,
        algorithm: Algorithm::EcP256,
        scheme: Some(Scheme::EcdsaSha256),
        origin: Origin::Generated,
        authority: Authority::GoogleIam,
        primary: 1,
        versions: vec![first, second],
        limits: Limits::NONE,
        ..bare_key()
    }
}

/// A key one version of which was made here and destroyed, and one brought.
fn importing_key() -> Key {
    let made = Version {
        material: Material::Removed(Removal::Destroyed),
        destroyed: Some(CHANGED),
        deleted: Some(CHANGED),
        ..Version::active(1, Some(Fingerprint([0xf1; 32])), CREATED, VersionCause::Creation)
    };
    let brought = Version {
        imported: Some(Imported { job: "from-hsm".into(), at: CHANGED }),
        ..Version::active(2, Some(Fingerprint([0xf2; 32])), CHANGED, VersionCause::Demand)
    };
    Key {
        origin: Origin::Generated,
        authority: Authority::GoogleIam,
        primary: 1,
        versions: vec![made, brought],
        limits: Limits::NONE,
        ..bare_key()
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        retention_months: Some(84),
        signature_window_seconds: 300,
        native_authority: Authority::Native,
        forbids: Vec::new(),
        recovery: None,
        clock: Some(domain::Agreed { offset: 1_795_600_383_250, least: domain::Steady(86_400_000) }),
        universe: Some("kms.example".into()),
    }
}

fn bindings() -> Document {
    Document { regime: Authority::GoogleIam, name: "default".into(), text: "{\"bindings\":[]}".into() }
}

fn tenant() -> Tenant {
    Tenant {
        id: id(0x11),
        name: "acme".into(),
        account: "111122223333".into(),
        profile: Profile::Hipaa,
        kind: TenantKind::Ordinary,
        forbids: vec![("no-friday".into(), "forbid(principal, action, resource);".into())],
        documents: vec![bindings()],
        created: CREATED,
    }
}

fn principal() -> Principal {
    let scopes = [RoleScope::Tenant, RoleScope::Ring("default".into()), RoleScope::Key(id(0x44))];
    let roles = [Role::Auditor, Role::EncryptDecrypt, Role::ReadOnly];
    Principal {
        id: id(0x22),
        tenant: id(0x11),
        name: "alice".into(),
        kind: PrincipalKind::Person,
        standing: Standing::Active,
        roles: roles.into_iter().zip(scopes).map(|(role, scope)| RoleAssignment { role, scope }).collect(),
        documents: vec![("use".into(), "{}".into())],
        access_keys: vec!["AKIAEXAMPLE000000001".into()],
        bindings: Vec::new(),
        created: CREATED,
    }
}

fn name() -> NameRow {
    NameRow {
        kind: NameKind::Alias,
        tenant: id(0x11),
        location: Some(location()),
        text: "payroll".into(),
        target: id(0x44),
        created: CREATED,
        changed: CHANGED,
    }
}

fn access_key() -> AccessKey {
    AccessKey {
        id: "AKIAEXAMPLE000000001".into(),
        principal: id(0x22),
        tenant: id(0x11),
        standing: Standing::Active,
        half: Half::Secret(held(0x5e)),
        created: CREATED,
    }
}

fn public_access_key() -> AccessKey {
    let public = PublicHalf {
        key: vec![0x30, 0x03, 0x02, 0x01, 0x05],
        audience: Some("https://kms.example/token".into()),
        outside: None,
    };
    AccessKey { id: "5d41402abc4b2a76b9719d911017c592".into(), half: Half::Public(public), ..access_key() }
}

fn outside_access_key() -> AccessKey {
    let outside =
        Outside { issuer: "https://issuer.example".into(), subject: "repo:acme/app".into(), key_id: "2026-11".into() };
    let public = PublicHalf {
        key: vec![0x30, 0x03, 0x02, 0x01, 0x05],
        audience: Some("https://kms.example/acme".into()),
        outside: Some(outside),
    };
    AccessKey { id: "5d41402abc4b2a76b9719d911017c592".into(), half: Half::Public(public), ..access_key() }
}

fn material() -> KeyMaterial {
    KeyMaterial {
        key: id(0x44),
        tenant: id(0x11),
        version: 2,
        algorithm: Algorithm::Aes256,
        purpose: Purpose::Encrypt,
        bytes: held(0x5e).into(),
        ready: Ready::default(),
    }
}

fn token() -> TokenRow {
    TokenRow {
        principal: id(0x22),
        tenant: id(0x11),
        token: "once".into(),
        asked: [0xa5; 32],
        made: id(0x44),
        at: CREATED,
    }
}

fn budget() -> Budget {
    Budget { key: id(0x44), tenant: id(0x11), version: 2, given: Amount { uses: 3_907, bytes: 0 } }
}

pub(super) fn named() -> Vec<(&'static str, Object)> {
    let ring = Keyring {
        id: id(0x66),
        tenant: id(0x11),
        location: location(),
        name: DEFAULT_RING.into(),
        documents: vec![bindings()],
        created: CREATED,
    };
    vec![
        ("tenant", Object::Tenant(Arc::new(tenant()))),
        ("keyring", Object::Keyring(Arc::new(ring))),
        ("key", Object::Key(Arc::new(key()))),
        ("bare key", Object::Key(Arc::new(bare_key()))),
        ("signing key", Object::Key(Arc::new(signing_key()))),
        ("importing key", Object::Key(Arc::new(importing_key()))),
        ("material", Object::Material(Arc::new(material()))),
        ("name", Object::Name(Arc::new(name()))),
        ("principal", Object::Principal(Arc::new(principal()))),
        ("access key", Object::AccessKey(Arc::new(access_key()))),
        ("access key, public", Object::AccessKey(Arc::new(public_access_key()))),
        ("access key, of an issuer elsewhere", Object::AccessKey(Arc::new(outside_access_key()))),
        ("token", Object::Token(Arc::new(token()))),
        ("settings", Object::Settings(Arc::new(settings()))),
        ("kek", Object::Kek(Arc::new(WrappedKek { tenant: id(0x11), version: 1, bytes: held(0x5e) }))),
        ("log key", Object::LogKey(Arc::new(LogKey { tenant: id(0x11), month: 202_611, bytes: held(0x5e) }))),
        ("budget", Object::Budget(Arc::new(budget()))),
        ("past", Object::Past(Arc::new(Past { tenant: id(0x11), until: 7, content: vec![0xa1, 0x00, 0x01] }))),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const SITE: [u8; 16] = [0x77; 16];

/// The id of the row that holds the object; none where it is a keyed hash.
fn row_id(object: &Object) -> Option<ObjectId> {
    match object {
        Object::Tenant(tenant) => Some(tenant.id),
        Object::Keyring(ring) => Some(ring.id),
        Object::Key(key) => Some(key.id),
        Object::Material(material) => Some(keys::material_id(material.key, material.version)),
        Object::Principal(principal) => Some(principal.id),
        Object::Settings(_) => Some(SETTINGS_ID),
        Object::Kek(kek) => Some(kek.tenant),
        Object::LogKey(key) => Some(keys::log_key_id(key.tenant, key.month)),
        Object::Budget(budget) => Some(keys::budget_id(budget.key, budget.version)),
        Object::Name(_) | Object::AccessKey(_) | Object::Token(_) | Object::Past(_) => None,
    }
}

fn object_json((name, object): &(&str, Object)) -> Value {
    json!({
        "name": name, "table": object.table() as u8, "id": row_id(object).map(|id| hex(&id.0)),
        "plaintext": hex(&bytes_of(object)),
    })
}

/// The associated data of a seal: of any row, and of material.
fn associated_json() -> Value {
    let facts = keys::MaterialFacts::of_material(&material());
    let key = RowId::new(Table::Key, id(0x44));
    let of_material = RowId::new(Table::Material, keys::material_id(facts.key, facts.version));
    json!({
        "site": hex(&SITE), "tenant": hex(&id(0x11).0),
        "key": hex(&keys::associated(&SITE, key, id(0x11), None)),
        "material": hex(&keys::associated(&SITE, of_material, id(0x11), Some(&facts))),
    })
}

fn row_json() -> Value {
    let row = crate::StoredRow {
        id: RowId::new(Table::Key, id(0x44)),
        revision: 3,
        position: 1_000,
        tenant: id(0x11),
        place: id(0x88),
        owner: ObjectId::NIL,
        due: CHANGED.0,
        blob: b"sealed bytes".to_vec(),
    };
    json!({
        "table": row.id.table as u8, "id": hex(&row.id.id.0), "revision": row.revision, "position": row.position,
        "tenant": hex(&row.tenant.0), "place": hex(&row.place.0), "owner": hex(&row.owner.0), "due": row.due,
        "blob": hex(&row.blob), "hash": hex(&row_hash(&row)),
    })
}

#[test]
fn the_documents_vectors_are_what_is_written() {
    let objects: Vec<Value> = named().iter().map(object_json).collect();
    let vectors = json!({ "objects": objects, "row": row_json(), "associated": associated_json() });
    let written = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    expect_file!["../../../../../docs/formats/vectors/rows.json"].assert_eq(&written);
}
