//! A small world, and callers whose signature was verified.

use bytes::Bytes;
use domain::{
    AccessKey, Action, Algorithm, Ask, Authority, Context, Document, Dry, Found, Half, Key, KeyFacts, KeyName, Life,
    Location, Moment, ObjectId, Origin, Principal, PrincipalKind, Profile, ProtectionLevel, Purpose, Request,
    RequestId, Role, RoleAssignment, RoleScope, Settings, Standing, Steady, Target, Tenant, TenantKind, Timestamp,
    Tongue, Unavailable,
};
use identity::{Caller, Credential, Directory, Known, Source, Terms, Verifier, sigv4};
use keyward_policy::{Decision, Policy};
use secret::Held;
use std::sync::Arc;

pub(crate) const HOME: &str = "111122223333";
pub(crate) const AWAY: &str = "444455556666";
pub(crate) const REGION: &str = "eu-central-1";
/// 2026-11-25T09:53:03Z.
pub(crate) const NOW: Moment = Moment::undisputed(Timestamp(1_795_600_383_000), Steady(0));

pub(crate) fn id(number: u8) -> ObjectId {
    ObjectId([number; 16])
}

pub(crate) fn location() -> Location {
    Location::parse(REGION).unwrap()
}

pub(crate) fn tenant(number: u8, account: &str) -> Tenant {
    Tenant {
        id: id(number),
        name: format!("tenant-{number}"),
        account: account.into(),
        profile: Profile::Default,
        kind: TenantKind::Ordinary,
        forbids: vec![],
        documents: vec![],
        created: Timestamp(0),
    }
}

pub(crate) fn home() -> Arc<Tenant> {
    Arc::new(tenant(1, HOME))
}

pub(crate) fn away() -> Arc<Tenant> {
    Arc::new(tenant(2, AWAY))
}

pub(crate) fn site() -> Arc<Tenant> {
    Arc::new(Tenant { id: domain::SITE_TENANT, kind: TenantKind::Site, ..tenant(9, "000000000000") })
}

pub(crate) fn settings() -> Arc<Settings> {
    Arc::new(Settings {
        retention_months: None,
        signature_window_seconds: 300,
        native_authority: Authority::Native,
        forbids: vec![],
        recovery: None,
        clock: None,
        universe: None,
    })
}

pub(crate) fn person(number: u8, name: &str, tenant: &Tenant) -> Principal {
    Principal::new(id(number), tenant.id, name, PrincipalKind::Person, Timestamp(0))
}

pub(crate) fn with_roles(principal: Principal, roles: &[(Role, RoleScope)]) -> Arc<Principal> {
    let roles = roles.iter().map(|(role, scope)| RoleAssignment { role: *role, scope: scope.clone() }).collect();
    Arc::new(Principal { roles, ..principal })
}

pub(crate) fn with_documents(principal: Principal, documents: &[&str]) -> Arc<Principal> {
    let documents =
        documents.iter().enumerate().map(|(at, text)| (format!("p{}", at + 1), (*text).to_owned())).collect();
    Arc::new(Principal { documents, ..principal })
}

pub(crate) fn key(number: u8, owner: &Tenant, authority: Authority, policy: Option<&str>) -> Key {
    let document = |text: &str| Document { regime: Authority::Aws, name: "default".into(), text: text.into() };
    Key {
        id: id(number),
        tenant: owner.id,
        location: location(),
        ring: "default".into(),
        name: None,
        purpose: Purpose::Encrypt,
        algorithm: Algorithm::Aes256,
        scheme: None,
        origin: Origin::Generated,
        protection: ProtectionLevel::Software,
        authority,
        life: Life::ACTIVE,
        primary: 1,
        versions: vec![],
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

pub(crate) fn key_arn(key: &Key, account: &str) -> String {
    keyward_policy::aws::key_arn(REGION, account, key.id)
}

struct Book(Known);

impl Directory for Book {
    fn access_key(&self, _: &str) -> Result<Option<Known>, Unavailable> {
        Ok(Some(self.0.clone()))
    }

    fn principal(&self, _: ObjectId) -> Result<Option<domain::Settled>, Unavailable> {
        Ok(None)
    }

    fn token_code(&self, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same signed request serves everybody: the directory says whose access key it is.
fn signature(secret: &str) -> String {
    let empty = hex(&crypto::sha256(b""));
    let canonical = format!("GET\n/\n\nhost:kms\nx-amz-date:20261125T095303Z\n\nhost;x-amz-date\n{empty}");
    let scope = format!("20261125/{REGION}/kms/aws4_request");
    let to_sign =
        format!("AWS4-HMAC-SHA256\n20261125T095303Z\n{scope}\n{}", hex(&crypto::sha256(canonical.as_bytes())));
    let seed = format!("AWS4{secret}").into_bytes();
    let parts = ["20261125", REGION, "kms", "aws4_request", &to_sign];
    hex(&parts.iter().fold(seed, |key, part| crypto::hmac_sha256(&key, part.as_bytes()).to_vec()))
}

pub(crate) fn caller(principal: &Arc<Principal>, tenant: &Arc<Tenant>) -> Caller {
    caller_from(principal, tenant, "192.0.2.7", true)
}

pub(crate) fn caller_from(principal: &Arc<Principal>, tenant: &Arc<Tenant>, address: &str, secure: bool) -> Caller {
    let secret = "an access key's other half";
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/{REGION}/kms/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}",
        signature(secret)
    );
    let request = http::Request::get("/").header("host", "kms").header("x-amz-date", "20261125T095303Z");
    let (parts, ()) = request.header("authorization", authorization).body(()).unwrap().into_parts();
    let signed = sigv4::extract(&parts, &Bytes::new(), "kms").unwrap();
    let access_key = AccessKey {
        id: "AKIDEXAMPLE".into(),
        principal: principal.id,
        tenant: tenant.id,
        standing: Standing::Active,
        half: Half::Secret(Held::keep(secret.as_bytes()).ok().unwrap()),
        created: Timestamp(0),
    };
    let known = Known {
        access_key: Arc::new(access_key),
        principal: Arc::clone(principal),
        tenant: Arc::clone(tenant),
        revision: 1,
    };
    let source = Source { address: address.parse().unwrap(), secure, agent: Some("aws-cli/2".into()) };
    let credential = Credential::SigV4(Box::new(signed));
    let terms = Terms { now: NOW, window_seconds: 300, universe: None };
    Verifier::new().verify(&credential, &Book(known), source, &terms).ok().unwrap()
}

pub(crate) fn pairs(list: &[(&str, &str)]) -> Context {
    Context::from_pairs(list.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()).unwrap()
}

pub(crate) fn encrypt(context: &[(&str, &str)]) -> Ask {
    let plaintext = secret::Secret::new(vec![1]);
    Ask::Encrypt { key: KeyName::id(id(1)), version: None, plaintext, context: pairs(context), dry: Dry::Wet }
}

pub(crate) fn request<'a>(ask: &'a Ask, found: Found, demands: Vec<(Action, Target)>) -> Request<'a> {
    let demands = demands.into_iter().map(|(action, target)| domain::Demand { action, target }).collect();
    Request { id: RequestId(id(7)), tongue: Tongue::Aws, place: location(), ask, found, demands, rings: vec![] }
}

/// `permit: STATEMENT`, or `deny: STATEMENT` where one denies, or `silence: REASON`.
pub(crate) fn spelled(decision: Decision<'_>) -> String {
    match decision {
        Decision::Permit(permit) => {
            let (_, _, deciding) = permit.spend();
            format!("permit: {}", deciding.statement.as_deref().unwrap_or("-"))
        }
        Decision::Denied(denial) if denial.explicit => {
            format!("deny: {}", denial.statement.as_deref().unwrap_or(&denial.reason))
        }
        Decision::Denied(denial) => format!("silence: {}", denial.reason),
        Decision::AwaitingApproval { approval } => format!("awaits {approval}"),
    }
}

/// Judges one action on one key.
pub(crate) fn judged(
    policy: &Policy,
    caller: &Caller,
    key: &Arc<Key>,
    owner: &Arc<Tenant>,
    action: Action,
    ask: &Ask,
) -> String {
    let found = Found::Key { key: Arc::clone(key), owner: Arc::clone(owner) };
    let request = request(ask, found, vec![(action, Target::Key(Arc::clone(key)))]);
    spelled(policy.authorize(caller, &request, &settings(), NOW))
}
