//! One key, one tenant, one time.

use bytes::Bytes;
use dialect::{Dialect, Heard, Wire};
use domain::*;
use keyward_dialect_aws::Aws;
use std::sync::Arc;

pub(crate) const ACCOUNT: &str = "111122223333";
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
        account: ACCOUNT.into(),
        profile: Profile::Default,
        kind: TenantKind::Ordinary,
        forbids: vec![],
        documents: vec![],
        created: NOW,
    })
}

pub(crate) fn principal(kind: PrincipalKind) -> Arc<Principal> {
    Arc::new(Principal::new(KEY, ObjectId([5; 16]), "alice", kind, NOW))
}

pub(crate) fn version(number: u32, cause: VersionCause) -> Version {
    let created = Timestamp(NOW.0 + i64::from(number) * DAY);
    Version::active(number, Some(Fingerprint([u8::try_from(number).unwrap() * 17; 32])), created, cause)
}

pub(crate) fn key() -> Key {
    Key {
        id: KEY,
        tenant: ObjectId([5; 16]),
        location: Location::parse(REGION).unwrap(),
        ring: DEFAULT_RING.into(),
        name: None,
        purpose: Purpose::Encrypt,
        algorithm: Algorithm::Aes256,
        scheme: None,
        origin: Origin::Generated,
        protection: ProtectionLevel::Software,
        authority: Authority::Aws,
        life: Life::ACTIVE,
        primary: 2,
        versions: vec![version(1, VersionCause::Creation), version(2, VersionCause::Schedule)],
        rotation: None,
        limits: domain::Limits::NONE,
        rotations_on_demand: 0,
        version_window_seconds: None,
        retired: None,
        access_reasons: None,
        created: NOW,
        description: "pay \"roll\"\n".into(),
        facts: KeyFacts::default(),
        documents: vec![],
    }
}

pub(crate) fn shown(key: Key) -> KeyShown {
    KeyShown { key: Arc::new(key), owner: tenant(), now: moment() }
}

pub(crate) fn wire(headers: &[(&str, &str)], body: &str) -> Wire {
    let mut request = http::Request::builder().method("POST").uri("/").body(()).unwrap();
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
        "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE12345678/20261125/{REGION}/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}"
    )
}

pub(crate) fn kms(operation: &str, body: &str) -> Wire {
    let target = format!("TrentService.{operation}");
    wire(
        &[
            ("host", "kms.eu-central-1.amazonaws.com"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", "20261125T095303Z"),
            ("x-amz-target", &target),
            ("authorization", &authorization("kms")),
        ],
        body,
    )
}

/// What the dialect makes of a request, with the caller and the key filled in as the path does it.
pub(crate) fn read(operation: &str, body: &str) -> Result<Heard, Refusal> {
    let mut heard = Aws::new().read(&kms(operation, body), moment())?;
    heard.echo.account = Some(ACCOUNT.into());
    heard.echo.object = Some(KEY);
    Ok(heard)
}

pub(crate) fn spoken(response: &http::Response<Vec<u8>>) -> String {
    let body = String::from_utf8(response.body().clone()).unwrap();
    format!("{} {body}", response.status().as_u16())
}
