//! Google's regime: bindings on keys, rings and projects.

use crate::support::*;
use domain::{
    AccessReason, Action, Ask, Authority, Document, Found, Key, Keyring, Moment, Principal, PrincipalKind, Role,
    RoleScope, Scheme, Target, Tenant, Timestamp,
};
use identity::Caller;
use keyward_policy::{Held, Policy, aws, google};
use std::sync::Arc;

const APP: &str = "serviceAccount:app@tenant-1.iam.gserviceaccount.com";

fn app() -> Arc<Principal> {
    Arc::new(Principal { kind: PrincipalKind::Service, ..person(3, "app", &home()) })
}

/// A policy that binds the members to the role.
fn policy_of(role: &str, members: &[&str]) -> String {
    serde_json::json!({ "bindings": [{ "role": role, "members": members }] }).to_string()
}

fn conditional(role: &str, member: &str, expression: &str) -> String {
    let condition = serde_json::json!({ "title": "t", "expression": expression });
    serde_json::json!({ "version": 3, "bindings": [{ "role": role, "members": [member], "condition": condition }] })
        .to_string()
}

fn document(text: &str) -> Vec<Document> {
    vec![Document { regime: Authority::GoogleIam, name: "default".into(), text: text.into() }]
}

/// A key, its ring and its project, with what each says.
struct World {
    key: Arc<Key>,
    ring: Arc<Keyring>,
    project: Arc<Tenant>,
}

fn world(on_key: &str, on_ring: &str, on_project: &str) -> World {
    let project = Tenant { documents: document(on_project), ..tenant(1, HOME) };
    let key =
        Key { name: Some("pay".into()), documents: document(on_key), ..key(20, &project, Authority::GoogleIam, None) };
    let (tenant, created) = (project.id, project.created);
    let ring = Keyring {
        id: id(30),
        tenant,
        location: location(),
        name: "default".into(),
        documents: document(on_ring),
        created,
    };
    World { key: Arc::new(key), ring: Arc::new(ring), project: Arc::new(project) }
}

impl World {
    fn judged(&self, policy: &Policy, who: &Arc<Principal>, at: &Arc<Tenant>, action: Action) -> String {
        let target = Target::Key(Arc::clone(&self.key));
        self.judged_on(policy, &caller(who, at), (action, target), NOW)
    }

    fn judged_on(&self, policy: &Policy, who: &Caller, demand: (Action, Target), now: Moment) -> String {
        let (ask, found) = (Ask::WhoAmI, Found::Key { key: Arc::clone(&self.key), owner: Arc::clone(&self.project) });
        let mut request = request(&ask, found, vec![demand]);
        request.rings = vec![Arc::clone(&self.ring)];
        spelled(policy.authorize(who, &request, &settings(), now))
    }

    /// Where the key is: in its ring, or in its location.
    fn place(&self, ring: Option<&str>) -> Target {
        let (tenant, ring) = (Arc::clone(&self.project), ring.map(str::to_owned));
        Target::Place { tenant, location: location(), ring, authority: Authority::GoogleIam }
    }

    fn may_ask(&self, who: &Arc<Principal>, ask: &Ask, action: Action) -> bool {
        let found = Found::Key { key: Arc::clone(&self.key), owner: Arc::clone(&self.project) };
        let request = request(ask, found, vec![(action, Target::Key(Arc::clone(&self.key)))]);
        spelled(Policy::new().authorize(&caller(who, &self.project), &request, &settings(), NOW)).starts_with("permit")
    }

    fn may(&self, who: &Arc<Principal>, action: Action) -> bool {
        self.judged(&Policy::new(), who, &self.project, action).starts_with("permit")
    }
}

#[test]
fn a_binding_gives_its_role_on_what_it_is_put_on_and_below() {
    let encrypter = policy_of("roles/cloudkms.cryptoKeyEncrypter", &[APP]);
    for (world, place) in [
        (world(&encrypter, "{}", "{}"), "key"),
        (world("{}", &encrypter, "{}"), "ring"),
        (world("{}", "{}", &encrypter), "project"),
    ] {
        let judged = world.judged(&Policy::new(), &app(), &world.project, Action::Encrypt);
        assert_eq!(judged, format!("permit: roles/cloudkms.cryptoKeyEncrypter on the {place}"));
        assert!(!world.may(&app(), Action::Decrypt) && !world.may(&app(), Action::DescribeKey));
    }
    assert!(!world("{}", "{}", "{}").may(&app(), Action::Encrypt));
}

#[test]
fn silence_denies_in_google_s_words() {
    let world = world("{}", "{}", "{}");
    let resource = "projects/tenant-1/locations/eu-central-1/keyRings/default/cryptoKeys/pay";
    let expected = format!(
        "silence: Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied on resource '{resource}' (or it may not exist)."
    );
    assert_eq!(world.judged(&Policy::new(), &app(), &world.project, Action::Decrypt), expected);
}

#[test]
fn only_who_is_meant_is_bound() {
    let encrypter = |member: &str| world(&policy_of("roles/cloudkms.cryptoKeyEncrypter", &[member]), "{}", "{}");
    for (member, expected) in [
        (APP, true),
        ("serviceAccount:app@111122223333.iam.gserviceaccount.com", true),
        ("allAuthenticatedUsers", true),
        ("allUsers", true),
        // A person is no service, whatever the name.
        ("user:app@tenant-1.iam.gserviceaccount.com", false),
        ("serviceAccount:app@tenant-2.iam.gserviceaccount.com", false),
        ("serviceAccount:app@tenant-1.iam.elsewhere.example", false),
        ("serviceAccount:application@tenant-1.iam.gserviceaccount.com", false),
        ("group:app@tenant-1.iam.gserviceaccount.com", false),
        ("deleted:serviceAccount:app@tenant-1.iam.gserviceaccount.com?uid=1", false),
        ("principal://iam.googleapis.com/projects/1/x", false),
        ("domain:example.com", false),
    ] {
        assert_eq!(encrypter(member).may(&app(), Action::Encrypt), expected, "{member}");
    }
}

#[test]
fn another_tenant_s_service_may_be_bound() {
    let away = away();
    let app = Arc::new(Principal { kind: PrincipalKind::Service, ..person(4, "app", &away) });
    let world = world(
        &policy_of("roles/cloudkms.cryptoKeyDecrypter", &["serviceAccount:app@tenant-2.iam.gserviceaccount.com"]),
        "{}",
        "{}",
    );
    let judged = |action| world.judged(&Policy::new(), &app, &away, action);
    assert!(judged(Action::Decrypt).starts_with("permit"));
    assert!(judged(Action::Encrypt).starts_with("silence"));
}

#[test]
fn the_site_s_own_principals_use_no_keys_whoever_binds_them() {
    let world = world(&policy_of("roles/owner", &["allAuthenticatedUsers"]), "{}", "{}");
    let officer = with_roles(person(5, "officer", &site()), &[(Role::Administrator, RoleScope::Tenant)]);
    assert!(world.judged(&Policy::new(), &officer, &site(), Action::Decrypt).starts_with("deny"));
}

#[test]
fn who_administers_keys_does_not_use_them() {
    let uses = [Action::Encrypt, Action::Decrypt, Action::ReEncryptFrom, Action::GenerateDataKey];
    let world_of = |role: &str| world(&policy_of(role, &[APP]), "{}", "{}");
    for role in google::role_names() {
        let world = world_of(role);
        let administers = world.may(&app(), Action::SetBindings) && role != "roles/owner";
        let used: Vec<_> = uses.iter().filter(|action| world.may(&app(), **action)).collect();
        assert!(!administers || used.is_empty(), "{role}: {used:?}");
    }
    // Nor does who administers the tenant.
    let administrator = with_roles(person(3, "ops", &home()), &[(Role::Administrator, RoleScope::Tenant)]);
    let world = world("{}", "{}", "{}");
    assert!(world.may(&administrator, Action::ScheduleDestruction) && world.may(&administrator, Action::SetBindings));
    assert!(!world.may(&administrator, Action::Decrypt));
    let user = with_roles(person(3, "ops", &home()), &[(Role::EncryptDecrypt, RoleScope::Key(id(20)))]);
    assert!(world.may(&user, Action::Decrypt) && !world.may(&user, Action::ScheduleDestruction));
}

#[test]
fn rotation_needs_both_permissions() {
    let world_of = |role: &str| world(&policy_of(role, &[APP]), "{}", "{}");
    assert!(world_of("roles/editor").may(&app(), Action::RotateKey));
    assert!(!world_of("roles/viewer").may(&app(), Action::RotateKey));
    assert!(!world_of("roles/editor").may(&app(), Action::ScheduleDestruction));
    assert!(!world_of("roles/editor").may(&app(), Action::Encrypt));
}

#[test]
fn what_is_remembered_goes_with_the_ring() {
    let policy = Policy::new();
    let bound = world("{}", &policy_of("roles/owner", &[APP]), "{}");
    assert!(bound.judged(&policy, &app(), &bound.project, Action::Decrypt).starts_with("permit"));
    let ring = Arc::new(Keyring { documents: vec![], ..(*bound.ring).clone() });
    let unbound = World { key: Arc::clone(&bound.key), ring, project: Arc::clone(&bound.project) };
    assert!(unbound.judged(&policy, &app(), &bound.project, Action::Decrypt).starts_with("silence"));
    assert!(bound.judged(&policy, &app(), &bound.project, Action::Decrypt).starts_with("permit"));
}

#[test]
fn denies_of_every_regime_forbid() {
    let world = world(&policy_of("roles/owner", &[APP]), "{}", "{}");
    let deny = r#"{"Statement":{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}}"#;
    let denied = with_documents(Principal { kind: PrincipalKind::Service, ..person(3, "app", &home()) }, &[deny]);
    assert!(world.judged(&Policy::new(), &denied, &world.project, Action::Decrypt).starts_with("deny"));
    let forbid = "forbid (principal, action == Action::\"Decrypt\", resource);";
    let forbidding = Arc::new(Tenant { forbids: vec![("freeze".into(), forbid.into())], ..(*world.project).clone() });
    let forbidden = World { project: forbidding, ..world };
    assert!(forbidden.judged(&Policy::new(), &app(), &forbidden.project, Action::Decrypt).starts_with("deny"));
    assert!(forbidden.judged(&Policy::new(), &app(), &forbidden.project, Action::Encrypt).starts_with("permit"));
}

#[test]
fn bindings_on_a_key_of_another_regime_allow_nothing() {
    let owner = home();
    let mut aws_key = key(21, &owner, Authority::Aws, Some(&aws::default_key_policy(&owner.account)));
    aws_key.documents.extend(document(&policy_of("roles/owner", &["allUsers"])));
    let project =
        Arc::new(Tenant { documents: document(&policy_of("roles/owner", &["allUsers"])), ..(*owner).clone() });
    let policy = Policy::new();
    let allowed =
        judged(&policy, &caller(&app(), &project), &Arc::new(aws_key), &project, Action::Decrypt, &Ask::WhoAmI);
    assert!(allowed.starts_with("silence"), "{allowed}");
}

#[test]
fn a_google_caller_on_an_aws_key_is_its_user_there() {
    let owner = home();
    let statement = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/app"},
        "Action":"kms:Decrypt","Resource":"*"}}"#;
    let key = Arc::new(key(21, &owner, Authority::Aws, Some(statement)));
    let policy = Policy::new();
    let judged = |action| judged(&policy, &caller(&app(), &owner), &key, &owner, action, &Ask::WhoAmI);
    assert!(judged(Action::Decrypt).starts_with("permit"));
    assert!(judged(Action::Encrypt).starts_with("silence"));
}

#[test]
fn permissions_are_told_as_they_would_be_judged() {
    let world = world(
        &policy_of("roles/cloudkms.cryptoKeyEncrypter", &[APP]),
        "{}",
        &policy_of("roles/cloudkms.viewer", &[APP]),
    );
    let policy = Policy::new();
    let (principal, target) = (app(), Target::Key(Arc::clone(&world.key)));
    let (rings, settings, place) = (vec![Arc::clone(&world.ring)], settings(), location());
    let question = Held {
        principal: &principal,
        tenant: &world.project,
        target: &target,
        owner: &world.project,
        rings: &rings,
        place: &place,
        subject: None,
        settings: &settings,
        now: NOW,
    };
    let asked = [
        "cloudkms.cryptoKeyVersions.useToEncrypt",
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.importJobs.get",
        "cloudkms.nonsense",
    ];
    let asked: Vec<String> = asked.into_iter().map(str::to_owned).collect();
    let expected = ["cloudkms.cryptoKeyVersions.useToEncrypt", "cloudkms.cryptoKeys.get", "cloudkms.importJobs.get"];
    assert_eq!(policy.held(&question, &asked), expected);
}

#[test]
fn what_cannot_be_evaluated_is_not_stored() {
    assert!(google::validate("{}").is_ok());
    assert!(google::validate(&policy_of("roles/owner", &[APP])).is_ok());
    assert!(google::validate(&policy_of("roles/storage.admin", &[APP])).is_err());
    assert!(google::validate(&conditional("roles/owner", APP, "true")).is_err());
    assert!(google::validate(&conditional("roles/cloudkms.admin", APP, "true")).is_ok());
    assert!(google::validate(&conditional("roles/cloudkms.admin", APP, "request.path == ''")).is_err());
    assert!(google::validate(&" ".repeat(google::BINDINGS_BYTES_MAX + 1)).is_err());
    assert_eq!(google::binds("{}"), Ok(false));
    assert_eq!(google::binds(&policy_of("roles/owner", &[])), Ok(false));
    assert_eq!(google::binds(&policy_of("roles/owner", &[APP])), Ok(true));
}

#[test]
fn a_condition_is_about_what_is_asked_for() {
    let (policy, encrypter) = (Policy::new(), "roles/cloudkms.cryptoKeyEncrypter");
    for (expression, expected) in [
        ("resource.name.endsWith('/keyRings/default/cryptoKeys/pay')", true),
        ("resource.name.extract('projects/{project}/locations/') == 'tenant-1'", true),
        ("resource.type == 'cloudkms.googleapis.com/CryptoKey' && resource.service == 'cloudkms.googleapis.com'", true),
        ("resource.name.endsWith('/cryptoKeys/other')", false),
        ("resource.type == 'cloudkms.googleapis.com/KeyRing'", false),
    ] {
        let text = conditional(encrypter, APP, expression);
        for world in [world(&text, "{}", "{}"), world("{}", &text, "{}"), world("{}", "{}", &text)] {
            let judged = || world.judged(&policy, &app(), &world.project, Action::Encrypt).starts_with("permit");
            assert_eq!((judged(), judged()), (expected, expected), "{expression}");
        }
    }
    let viewer = |kind: &str| conditional("roles/cloudkms.viewer", APP, &format!("resource.type == '{kind}'"));
    for (kind, ring, action) in [
        ("cloudkms.googleapis.com/KeyRing", Some("default"), Action::DescribeRing),
        ("cloudkms.googleapis.com/Location", None, Action::ListRings),
    ] {
        let world = world("{}", "{}", &viewer(kind));
        let caller = caller(&app(), &world.project);
        assert!(world.judged_on(&policy, &caller, (action, world.place(ring)), NOW).starts_with("permit"), "{kind}");
        let key = (Action::DescribeKey, Target::Key(Arc::clone(&world.key)));
        assert!(world.judged_on(&policy, &caller, key, NOW).starts_with("silence"), "{kind}");
    }
}

#[test]
fn what_a_condition_on_time_gives_is_not_remembered() {
    let until = "request.time < timestamp('2026-11-25T10:00:00Z')";
    let world = world("{}", "{}", &conditional("roles/cloudkms.cryptoKeyEncrypter", APP, until));
    let (policy, caller) = (Policy::new(), caller(&app(), &world.project));
    let judged = |now| {
        let key = (Action::Encrypt, Target::Key(Arc::clone(&world.key)));
        world.judged_on(&policy, &caller, key, now).starts_with("permit")
    };
    let later = Timestamp(NOW.wall.0 + 3_600_000);
    assert!(judged(NOW));
    assert!(!judged(Moment::undisputed(later, NOW.steady)));
    assert!(judged(NOW));
    // Once it has ended, no clock that is set back brings it back.
    assert!(!judged(Moment { wall: NOW.wall, ..Moment::undisputed(later, NOW.steady) }));
}

#[test]
fn whoever_has_never_seen_conditions_drops_none() {
    let (with, without) = (conditional("roles/cloudkms.admin", APP, "true"), policy_of("roles/cloudkms.admin", &[APP]));
    assert!(google::may_replace(&with, &without).is_err());
    assert!(google::may_replace(&with, r#"{"version":3}"#).is_ok());
    assert!(google::may_replace(&without, &without).is_ok());
    assert!(google::may_replace("{}", &without).is_ok());
}

#[test]
fn modes_in_which_mistakes_are_easily_made_need_an_expert() {
    for (scheme, expert) in [
        (Scheme::AesCbc, "roles/cloudkms.expertRawAesCbc"),
        (Scheme::AesCtr, "roles/cloudkms.expertRawAesCtr"),
        (Scheme::RsaPkcs1Raw, "roles/cloudkms.expertRawPKCS1"),
    ] {
        let bind = |roles: &[&str]| {
            let bindings: Vec<_> =
                roles.iter().map(|role| serde_json::json!({ "role": role, "members": [APP] })).collect();
            let mut world = world("{}", "{}", &serde_json::json!({ "bindings": bindings }).to_string());
            world.key = Arc::new(Key { scheme: Some(scheme), ..Key::clone(&world.key) });
            world
        };
        for role in ["roles/cloudkms.admin", "roles/owner"] {
            assert!(!bind(&[role]).may(&app(), Action::CreateVersion), "{role}");
            assert!(bind(&[role, expert]).may(&app(), Action::CreateVersion), "{role}");
        }
        assert!(!bind(&[expert]).may(&app(), Action::CreateVersion));
        assert!(bind(&["roles/owner"]).may(&app(), Action::EncryptRaw));
    }
}

/// What is brought, or is to be made next, may be of another mode than the key is.
#[test]
fn an_expert_is_asked_for_by_the_mode_that_is_to_be() {
    let bind = |roles: &[&str], key_scheme| {
        let bindings: Vec<_> = roles.iter().map(|role| serde_json::json!({ "role": role, "members": [APP] })).collect();
        let mut world = world("{}", "{}", &serde_json::json!({ "bindings": bindings }).to_string());
        world.key = Arc::new(Key { scheme: Some(key_scheme), ..Key::clone(&world.key) });
        world
    };
    let name = || domain::KeyName::path("default/pay");
    let brought = |scheme| Ask::ImportVersion {
        key: name(),
        version: None,
        purpose: None,
        algorithm: domain::Algorithm::Aes256,
        scheme: Some(scheme),
        job: "job".into(),
        wrapped: Vec::new(),
    };
    let made = |scheme| {
        let make = domain::Make { purpose: None, algorithm: domain::Algorithm::Aes256, scheme: Some(scheme) };
        let update = Box::new(domain::KeyUpdate { make: Some(make), ..domain::KeyUpdate::default() });
        Ask::UpdateKey { key: name(), update }
    };
    let (plain, expert) = (["roles/owner"], ["roles/owner", "roles/cloudkms.expertRawAesCbc"]);
    for (key_scheme, scheme, needs) in [(Scheme::AesGcm, Scheme::AesCbc, true), (Scheme::AesCbc, Scheme::AesGcm, false)]
    {
        for (ask, action) in [(brought(scheme), Action::ImportVersion), (made(scheme), Action::SetAlgorithm)] {
            assert_eq!(bind(&plain, key_scheme).may_ask(&app(), &ask, action), !needs, "{action:?} {scheme:?}");
            assert!(bind(&expert, key_scheme).may_ask(&app(), &ask, action), "{action:?} {scheme:?}");
        }
    }
}

#[test]
fn a_key_is_used_for_its_reasons_only_whoever_is_bound() {
    let uses = [Action::Encrypt, Action::Decrypt, Action::Sign, Action::MacVerify, Action::GenerateDataKey];
    let opening = |reasons: Option<Vec<AccessReason>>| {
        let mut world = world("{}", "{}", &policy_of("roles/owner", &[APP]));
        world.key = Arc::new(Key { access_reasons: reasons, ..Key::clone(&world.key) });
        world
    };
    for action in uses {
        assert!(opening(None).may(&app(), action), "{action:?}");
        assert!(opening(Some(vec![AccessReason::OwnerAccess])).may(&app(), action), "{action:?}");
        for closed in [vec![], vec![AccessReason::OwnerSupport, AccessReason::OperatorSystem]] {
            let world = opening(Some(closed));
            let judged = world.judged(&Policy::new(), &app(), &world.project, action);
            assert!(judged.starts_with("deny") && judged.contains("owner-access"), "{judged}");
        }
    }
    let closed = opening(Some(vec![]));
    for action in [Action::DescribeKey, Action::GetPublicKey, Action::SetAccessReasons, Action::ScheduleDestruction] {
        assert!(closed.may(&app(), action), "{action:?}");
    }
}

/// A service and its project, with what each says of who may act as it.
fn acting(on_service: &str, on_project: &str) -> domain::Settled {
    let project = Arc::new(Tenant { documents: document(on_project), ..tenant(1, HOME) });
    let service = person(40, "batch", &project);
    (Arc::new(Principal { kind: PrincipalKind::Service, bindings: document(on_service), ..service }), project)
}

fn acts(who: &Arc<Principal>, home: &Arc<Tenant>, service: &domain::Settled) -> String {
    let token = domain::FreshToken {
        id: id(9),
        access_key: None,
        principal: None,
        issued: Timestamp(0),
        expires: Timestamp(0),
        code: [0; 32],
    };
    let ask = Ask::IssueTokenFor { account: "batch@tenant-1.iam.x".into(), delegates: vec![], seconds: 60 };
    let found = Found::Impersonation { chain: vec![service.clone()], token: Box::new(token), settings: settings() };
    let demand = (Action::ImpersonatePrincipal, Target::Principal(Arc::clone(&service.0)));
    spelled(Policy::new().authorize(&caller(who, home), &request(&ask, found, vec![demand]), &settings(), NOW))
}

#[test]
fn who_is_bound_on_a_service_or_its_project_may_act_as_it() {
    let creator = policy_of("roles/iam.serviceAccountTokenCreator", &[APP]);
    let home = home();
    for (service, place) in [(acting(&creator, "{}"), "service account"), (acting("{}", &creator), "project")] {
        let expected = format!("permit: roles/iam.serviceAccountTokenCreator on the {place}");
        assert_eq!(acts(&app(), &service.1, &service), expected);
        let person = person(5, "app", &home);
        assert!(acts(&Arc::new(person), &home, &service).starts_with("silence"));
    }
    // An owner uses keys and acts as nobody; who governs may make access keys for anybody, and so this too.
    let owner = policy_of("roles/owner", &[APP]);
    let silence = "silence: Permission 'iam.serviceAccounts.getAccessToken' denied on resource \
                   'projects/-/serviceAccounts/batch@tenant-1.iam.x' (or it may not exist).";
    let owned = acting(&owner, &owner);
    assert_eq!(acts(&app(), &owned.1, &owned), silence);
    let administrator =
        |tenant: &Arc<Tenant>| with_roles(person(6, "ops", tenant), &[(Role::Administrator, RoleScope::Tenant)]);
    assert!(acts(&administrator(&home), &home, &acting("{}", "{}")).starts_with("permit"));
    let away = away();
    assert!(acts(&administrator(&away), &away, &acting("{}", "{}")).starts_with("silence"));
    // The site's own people use no keys, as whomever.
    let everybody = policy_of("roles/iam.serviceAccountTokenCreator", &["allAuthenticatedUsers"]);
    assert!(acts(&administrator(&site()), &site(), &acting(&everybody, "{}")).starts_with("deny"));
}

#[test]
fn identities_of_a_project_s_pool_are_bound_by_their_subject() {
    const SUBJECT: &str = "repo:acme/app";
    let holds = |member: &str, home: &Arc<Tenant>, subject: Option<&str>| {
        let world = world(&policy_of("roles/cloudkms.cryptoKeyEncrypter", &[member]), "{}", "{}");
        let principal = Arc::new(Principal { kind: PrincipalKind::Service, ..person(7, "ci", home) });
        let (target, settings, place) = (Target::Key(Arc::clone(&world.key)), settings(), location());
        let question = Held {
            principal: &principal,
            tenant: home,
            target: &target,
            owner: &world.project,
            rings: &[],
            place: &place,
            subject,
            settings: &settings,
            now: NOW,
        };
        !Policy::new().held(&question, &["cloudkms.cryptoKeyVersions.useToEncrypt".to_owned()]).is_empty()
    };
    let pool = |project: &str| {
        format!("//iam.googleapis.com/projects/{project}/locations/global/workloadIdentityPools/keyward")
    };
    let (home, away) = (home(), away());
    for project in ["tenant-1", HOME] {
        let one = format!("principal:{}/subject/{SUBJECT}", pool(project));
        let all = format!("principalSet:{}/*", pool(project));
        assert!(holds(&one, &home, Some(SUBJECT)) && holds(&all, &home, Some(SUBJECT)), "{project}");
        assert!(!holds(&one, &home, Some("repo:acme/other")) && holds(&all, &home, Some("repo:acme/other")));
        // Who proved itself otherwise is nobody of the pool, and another project has another pool.
        assert!(!holds(&one, &home, None) && !holds(&all, &home, None));
        assert!(!holds(&one, &away, Some(SUBJECT)) && !holds(&all, &away, Some(SUBJECT)));
    }
    let elsewhere = pool("tenant-1").replace("googleapis.com", "evil.example");
    assert!(!holds(&format!("principalSet:{elsewhere}/*"), &home, Some(SUBJECT)));
}
