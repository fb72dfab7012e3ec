//! One key, one tenant, one time.

use bytes::Bytes;
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::*;
use keyward_dialect_native::Native;
use std::sync::Arc;

pub(crate) const REGION: &str = "eu-central-1";
/// 2026-11-25T09:53:03.250Z
pub(crate) const NOW: Timestamp = Timestamp(1_795_600_383_250);
pub(crate) const KEY: ObjectId =
    ObjectId([0x12, 0x34, 0xab, 0xcd, 0x12, 0xab, 0x34, 0xcd, 0x56, 0xef, 0x12, 0x34, 0x56, 0x78, 0x90, 0xab]);
pub(crate) const OTHER: ObjectId = ObjectId([0xaa; 16]);

pub(crate) fn moment() -> Moment {
    Moment::undisputed(NOW, Steady(0))
}

pub(crate) fn request_id() -> RequestId {
    RequestId(ObjectId([0x77; 16]))
}

pub(crate) fn tenant() -> Arc<Tenant> {
    Arc::new(Tenant {
        id: ObjectId([5; 16]),
        name: "acme".into(),
        account: "111122223333".into(),
        profile: Profile::Default,
        kind: TenantKind::Ordinary,
        forbids: vec![],
        documents: vec![],
        created: NOW,
    })
}

pub(crate) fn principal() -> Arc<Principal> {
    Arc::new(Principal {
        roles: vec![
            RoleAssignment { role: Role::ReadOnly, scope: RoleScope::Tenant },
            RoleAssignment { role: Role::EncryptDecrypt, scope: RoleScope::Ring("payments".into()) },
        ],
        documents: vec![("read".into(), "{ }".into())],
        access_keys: vec!["AKKWEXAMPLE".into()],
        ..Principal::new(OTHER, ObjectId([5; 16]), "alice", PrincipalKind::Person, NOW)
    })
}

pub(crate) fn version(number: u32, cause: VersionCause) -> Version {
    Version::active(number, Some(Fingerprint([u8::try_from(number).unwrap(); 32])), NOW, cause)
}

pub(crate) fn key() -> Key {
    let mut former = version(1, VersionCause::Creation);
    former.life.state = KeyState::Deactivated;
    Key {
        id: KEY,
        tenant: ObjectId([5; 16]),
        location: Location::parse(REGION).unwrap(),
        ring: "cards".into(),
        name: Some("payments".into()),
        purpose: Purpose::Encrypt,
        algorithm: Algorithm::Aes256,
        scheme: None,
        origin: Origin::Generated,
        protection: ProtectionLevel::Software,
        authority: Authority::Native,
        life: Life::ACTIVE,
        primary: 2,
        versions: vec![former, version(2, VersionCause::Demand)],
        rotation: Some(RotationSchedule { period_seconds: 90 * domain::SECONDS_PER_DAY, next: NOW.plus(90 * DAY) }),
        limits: domain::Limits::NONE,
        rotations_on_demand: 1,
        version_window_seconds: None,
        retired: None,
        access_reasons: None,
        created: NOW,
        description: "card \"numbers\"".into(),
        facts: KeyFacts {
            owner: Some("ops".into()),
            environment: Some("production".into()),
            data_class: None,
            tags: vec![("team".into(), "red".into())],
        },
        documents: vec![],
    }
}

pub(crate) fn shown(key: Key) -> KeyShown {
    KeyShown { key: Arc::new(key), owner: tenant(), now: moment() }
}

pub(crate) fn wire(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Wire {
    let mut request = http::Request::builder().method(method).uri(uri).body(()).unwrap();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let (head, ()) = request.into_parts();
    let source = std::net::IpAddr::from([127, 0, 0, 1]);
    Wire { id: request_id(), head, body: Bytes::copy_from_slice(body.as_bytes()), source, secure: true }
}

/// A well-formed signature that nobody has verified.
pub(crate) fn authorization(service: &str) -> String {
    let signature = "ab".repeat(32);
    format!(
        "AWS4-HMAC-SHA256 Credential=AKKWEXAMPLE/20261125/{REGION}/{service}/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    )
}

pub(crate) fn asked(operation: &str, body: &str) -> Wire {
    let headers = [
        ("host", "keyward.example"),
        ("content-type", "application/json"),
        ("x-amz-date", "20261125T095303Z"),
        ("authorization", &authorization("keyward")),
    ];
    wire("POST", &format!("/v1/{operation}"), &headers, body)
}

pub(crate) fn read(operation: &str, body: &str) -> Result<Heard, Refusal> {
    Native::new().read(&asked(operation, body), moment())
}

pub(crate) fn echo() -> Echo {
    Echo::new(request_id(), "describe-key", Action::DescribeKey, moment())
}

/// Status and body of what is written.
pub(crate) fn spoken(answer: Answer) -> String {
    let response = Native::new().write(request_id(), Some(&echo()), answer);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["x-keyward-request-id"], request_id().0.to_string());
    format!("{} {}", response.status().as_u16(), String::from_utf8(response.body().clone()).unwrap())
}
