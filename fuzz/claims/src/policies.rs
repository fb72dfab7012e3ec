//! Policy documents: read at the door, and evaluated as they were read.

use domain::{
    Action, Algorithm, Authority, Context, Document, Key, KeyFacts, Life, Location, ObjectId, Origin, Principal,
    PrincipalKind, Profile, ProtectionLevel, Purpose, Role, RoleAssignment, RoleScope, Settings, Tenant, TenantKind,
    Timestamp,
};
use policy::{Policy, aws as documents};
use std::sync::{Arc, LazyLock};

use crate::requests::NOW;

const ACCOUNT: &str = "111122223333";

/// A document is a key's or an identity's or none, and what it says of a key is the same when it is asked again. What
/// was taken is never unreadable later, and denies allow nobody.
pub(crate) fn aws(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let key = documents::validate_key_document(text, ACCOUNT, &|_, _| documents::Existence::Exists);
    let denies = documents::only_denies(text);
    assert_eq!(key.is_ok(), denies.is_ok());
    if let Ok(denies) = denies {
        assert!(text.len() <= domain::POLICY_BYTES_MAX);
        let judged = judged(Some(text), &[], &[], Authority::Aws);
        assert!(!denies || judged.iter().all(|(allowed, _)| !allowed));
    }
    if documents::validate_identity_document(text).is_ok() {
        assert!(text.len() <= domain::IDENTITY_DOCUMENT_BYTES_MAX);
        let delegating = documents::default_key_policy(ACCOUNT);
        judged(Some(&delegating), &[("fuzzed".into(), text.to_owned())], &[], Authority::Aws);
    }
}

/// What is taken is never unreadable later, and a forbid never allows what was not allowed without it.
pub(crate) fn native(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if policy::native::validate_forbid(text).is_err() {
        return;
    }
    static WITHOUT: LazyLock<Vec<(bool, String)>> = LazyLock::new(|| judged(None, &[], &[], Authority::Native));
    let forbids = [("fuzzed".to_owned(), text.to_owned())];
    let with = judged(None, &[], &forbids, Authority::Native);
    assert!(with.iter().zip(WITHOUT.iter()).all(|((with, _), (without, _))| !with || *without));
}

/// What is taken allows nobody whom it does not bind, and the same whenever it is asked.
pub(crate) fn google(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(binds) = policy::google::binds(text) else { return };
    assert!(policy::google::validate(text).is_ok() && text.len() <= policy::google::BINDINGS_BYTES_MAX);
    let mut key = key(Authority::GoogleIam, None);
    key.documents.push(Document { regime: Authority::GoogleIam, name: "default".into(), text: text.to_owned() });
    let (key, tenant, settings, policy) = (Arc::new(key), Arc::new(tenant(&[])), Arc::new(settings()), Policy::new());
    let principal = Arc::new(Principal { roles: Vec::new(), ..principal(PrincipalKind::Person, &[]) });
    for action in [Action::Encrypt, Action::Decrypt, Action::SetBindings] {
        let ask = || {
            let (who, nothing) = ((&principal, &tenant), Context::None);
            policy.explain(who, action, &key, &tenant, &[], &nothing, &settings, NOW).allowed
        };
        let allowed = ask();
        assert_eq!(ask(), allowed);
        assert!(binds || !allowed);
    }
}

/// A condition's expression. What is taken holds or does not, the same whenever it is asked; and never together with its
/// opposite.
pub(crate) fn conditions(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let holds = held_under(text);
    let opposite = held_under(&format!("!({text})"));
    assert!(!(holds == Some(true) && opposite == Some(true)), "{text}");
}

/// Whether somebody may decrypt under a condition; nothing where it is not taken.
fn held_under(expression: &str) -> Option<bool> {
    let text = serde_json::json!({ "version": 3, "bindings": [{
        "role": "roles/cloudkms.cryptoKeyDecrypter",
        "members": ["user:ops@tenant.iam.gserviceaccount.com"],
        "condition": { "title": "t", "expression": expression },
    }] });
    let text = text.to_string();
    policy::google::validate(&text).ok()?;
    let mut key = key(Authority::GoogleIam, None);
    key.documents.push(Document { regime: Authority::GoogleIam, name: "default".into(), text });
    let (key, tenant, settings, policy) = (Arc::new(key), Arc::new(tenant(&[])), Arc::new(settings()), Policy::new());
    let principal = Arc::new(Principal { roles: Vec::new(), ..principal(PrincipalKind::Person, &[]) });
    let ask = || {
        let (who, nothing) = ((&principal, &tenant), Context::None);
        policy.explain(who, Action::Decrypt, &key, &tenant, &[], &nothing, &settings, NOW).allowed
    };
    let allowed = ask();
    assert_eq!(ask(), allowed);
    Some(allowed)
}

type Pairs = [(String, String)];

/// Whether each kind of caller may do each of the actions, and why. Asked twice, it is the same.
fn judged(key_policy: Option<&str>, identity: &Pairs, forbids: &Pairs, authority: Authority) -> Vec<(bool, String)> {
    let tenant = Arc::new(tenant(forbids));
    let key = Arc::new(key(authority, key_policy));
    let settings = Arc::new(settings());
    let policy = Policy::new();
    let mut said = Vec::new();
    for principal in [PrincipalKind::Root, PrincipalKind::Person].map(|kind| Arc::new(principal(kind, identity))) {
        for (action, context) in [(Action::Encrypt, bound()), (Action::PutDocument, Context::None)] {
            let ask = || {
                let told = policy.explain((&principal, &tenant), action, &key, &tenant, &[], &context, &settings, NOW);
                (told.allowed, told.reason)
            };
            let (once, twice) = (ask(), ask());
            assert_eq!(once, twice);
            assert!(!once.1.contains("cannot be read"), "{}", once.1);
            said.push(once);
        }
    }
    said
}

fn bound() -> Context {
    let pairs = ["a", "dept"].map(|name| (name.to_owned(), "hr".to_owned()));
    Context::from_pairs(pairs.to_vec()).unwrap()
}

fn settings() -> Settings {
    Settings {
        retention_months: None,
        signature_window_seconds: 300,
        native_authority: Authority::Native,
        forbids: Vec::new(),
        recovery: None,
        clock: None,
        universe: None,
    }
}

fn tenant(forbids: &Pairs) -> Tenant {
    Tenant {
        id: ObjectId([1; 16]),
        name: "tenant".into(),
        account: ACCOUNT.into(),
        profile: Profile::Default,
        kind: TenantKind::Ordinary,
        forbids: forbids.to_vec(),
        documents: Vec::new(),
        created: Timestamp(0),
    }
}

fn principal(kind: PrincipalKind, documents: &Pairs) -> Principal {
    let role = |role| RoleAssignment { role, scope: RoleScope::Tenant };
    Principal {
        roles: vec![role(Role::EncryptDecrypt), role(Role::SecurityOfficer)],
        documents: documents.to_vec(),
        ..Principal::new(ObjectId([3; 16]), ObjectId([1; 16]), "ops", kind, Timestamp(0))
    }
}

fn key(authority: Authority, policy: Option<&str>) -> Key {
    let document = |text: &str| Document { regime: Authority::Aws, name: "default".into(), text: text.into() };
    Key {
        id: ObjectId([5; 16]),
        tenant: ObjectId([1; 16]),
        location: Location::parse("eu-central-1").unwrap(),
        ring: "default".into(),
        name: Some("payroll".into()),
        purpose: Purpose::Encrypt,
        algorithm: Algorithm::Aes256,
        scheme: None,
        origin: Origin::Generated,
        protection: ProtectionLevel::Software,
        authority,
        life: Life::ACTIVE,
        primary: 1,
        versions: Vec::new(),
        rotation: None,
        limits: domain::Limits::NONE,
        rotations_on_demand: 0,
        version_window_seconds: None,
        retired: None,
        access_reasons: None,
        created: Timestamp(0),
        description: String::new(),
        facts: KeyFacts { tags: vec![("Team".into(), "payroll".into())], ..KeyFacts::default() },
        documents: policy.map(document).into_iter().collect(),
    }
}
