//! Who may what to whose: the golden file is read by people. `UPDATE_GOLDEN=1` rewrites it.

use crate::support::*;
use domain::{
    Action, ActionClass, Ask, Authority, Document, Found, Principal, PrincipalKind, Role, RoleScope, Target, Tenant,
    TenantKind,
};
use identity::Caller;
use keyward_policy::{Policy, aws, google};
use std::fmt::Write;
use std::sync::Arc;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/authorisation.txt");

/// One of each kind of target, its owner beside it.
fn targets(own: &Arc<Tenant>, other: &Arc<Tenant>) -> Vec<(&'static str, Target, Arc<Tenant>)> {
    let keys = |tenant: &Arc<Tenant>, number: u8, authority| {
        let policy = (authority == Authority::Aws).then(|| aws::default_key_policy(&tenant.account));
        Target::Key(Arc::new(key(number, tenant, authority, policy.as_deref())))
    };
    let place = |tenant: &Arc<Tenant>, authority| Target::Place {
        tenant: Arc::clone(tenant),
        location: location(),
        ring: Some("default".into()),
        authority,
    };
    let project = |tenant: &Arc<Tenant>| Target::Place {
        tenant: Arc::clone(tenant),
        location: location(),
        ring: None,
        authority: Authority::GoogleIam,
    };
    let alias = Target::Alias {
        tenant: Arc::clone(own),
        location: location(),
        alias: "a".into(),
        authority: Authority::Native,
    };
    let someone = |tenant: &Arc<Tenant>, number| Target::Principal(Arc::new(person(number, "someone", tenant)));
    let (here, there) = (|| Arc::clone(own), || Arc::clone(other));
    vec![
        ("key", keys(own, 20, Authority::Native), here()),
        ("place", place(own, Authority::Native), here()),
        ("alias", alias, here()),
        ("aws-key", keys(own, 21, Authority::Aws), here()),
        ("aws-place", place(own, Authority::Aws), here()),
        ("google-key", keys(own, 26, Authority::GoogleIam), here()),
        ("google-ring", place(own, Authority::GoogleIam), here()),
        ("google-project", project(own), here()),
        ("principal", someone(own, 22), here()),
        ("tenant", Target::Tenant(here()), here()),
        ("site", Target::Site, here()),
        ("other-key", keys(other, 23, Authority::Native), there()),
        ("other-place", place(other, Authority::Native), there()),
        ("other-aws-key", keys(other, 24, Authority::Aws), there()),
        ("other-google-key", keys(other, 27, Authority::GoogleIam), there()),
        ("other-principal", someone(other, 25), there()),
        ("other-tenant", Target::Tenant(there()), there()),
    ]
}

fn row(policy: &Policy, caller: &Caller, action: Action, targets: &[(&'static str, Target, Arc<Tenant>)]) -> String {
    let ask = Ask::WhoAmI;
    let allowed: Vec<&str> = targets
        .iter()
        .filter(|(_, target, owner)| {
            let found = Found::Tenant { tenant: Arc::clone(owner) };
            let request = request(&ask, found, vec![(action, target.clone())]);
            spelled(policy.authorize(caller, &request, &settings(), NOW)).starts_with("permit")
        })
        .map(|(name, ..)| *name)
        .collect();
    if allowed.is_empty() { "-".into() } else { allowed.join(" ") }
}

/// A name for the file, the principal, its tenant, and the tenant that is the other one.
type Asker = (String, Arc<Principal>, Arc<Tenant>, Arc<Tenant>);

/// Somebody who is bound to one of Google's roles on the whole project.
fn bound(role: &str, tenant: &Arc<Tenant>, other: &Arc<Tenant>) -> Asker {
    let member = format!("serviceAccount:ops@{}.iam.gserviceaccount.com", tenant.name);
    let text = serde_json::json!({ "bindings": [{ "role": role, "members": [member] }] }).to_string();
    let documents = vec![Document { regime: Authority::GoogleIam, name: "default".into(), text }];
    let project = Arc::new(Tenant { documents, ..(**tenant).clone() });
    let principal = Arc::new(Principal { kind: PrincipalKind::Service, ..person(3, "ops", tenant) });
    (format!("tenant's service bound to {role}"), principal, project, Arc::clone(other))
}

fn askers() -> Vec<Asker> {
    let mut askers = Vec::new();
    for (kind, tenant, other) in [("tenant's", home(), away()), ("site's", site(), home())] {
        for role in Role::ALL {
            let principal = with_roles(person(3, "ops", &tenant), &[(role, RoleScope::Tenant)]);
            askers.push((format!("{kind} {}", role.name()), principal, Arc::clone(&tenant), Arc::clone(&other)));
        }
        let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let documented = with_documents(person(3, "ops", &tenant), &[all]);
        askers.push((
            format!("{kind} user whose identity policy allows *"),
            documented,
            Arc::clone(&tenant),
            Arc::clone(&other),
        ));
        let root = Arc::new(Principal { kind: PrincipalKind::Root, ..person(3, "root", &tenant) });
        askers.push((format!("{kind} root"), root, Arc::clone(&tenant), Arc::clone(&other)));
        if tenant.kind == TenantKind::Ordinary {
            askers.extend(google::role_names().map(|role| bound(role, &tenant, &other)));
        }
        let nobody = Arc::new(person(3, "ops", &tenant));
        askers.push((format!("{kind} principal without rights"), nobody, Arc::clone(&tenant), other));
    }
    for (scope, name) in [
        (RoleScope::Ring("default".into()), "its ring"),
        (RoleScope::Ring("other".into()), "another ring"),
        (RoleScope::Key(id(20)), "its key"),
        (RoleScope::Key(id(23)), "another's key"),
    ] {
        for role in [Role::Administrator, Role::EncryptDecrypt, Role::ReadOnly] {
            let principal = with_roles(person(3, "ops", &home()), &[(role, scope.clone())]);
            askers.push((format!("tenant's {} on {name}", role.name()), principal, home(), away()));
        }
    }
    askers
}

fn matrix() -> String {
    let mut text = String::from("Which action each may do to what. What is not listed is denied.\n");
    for (name, principal, tenant, other) in askers() {
        let _ = writeln!(text, "\n{name}");
        let (policy, caller, targets) = (Policy::new(), caller(&principal, &tenant), targets(&tenant, &other));
        for action in Action::ALL {
            let row = row(&policy, &caller, *action, &targets);
            if row != "-" && action.class() != ActionClass::Open {
                let _ = writeln!(text, "  {:<34}{row}", action.name());
            }
        }
    }
    text
}

#[test]
fn the_authorisation_matrix_is_the_golden_one() {
    let now = matrix();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &now).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differs = now.lines().zip(golden.lines()).find(|(now, golden)| now != golden);
    assert!(now == golden, "the matrix changed: {differs:?}; UPDATE_GOLDEN=1 rewrites {GOLDEN}");
}

#[test]
fn the_house_does_what_is_the_house_s_and_nothing_else() {
    let (home, ask) = (home(), Ask::WhoAmI);
    let principal = with_roles(person(3, "ops", &home), &[(Role::Administrator, RoleScope::Tenant)]);
    let policy = Policy::new();
    let house = Caller::house(Arc::clone(&principal), Arc::clone(&home));
    let person = caller(&principal, &home);
    for action in Action::ALL {
        let request = request(&ask, Found::Nothing, vec![(*action, Target::Site)]);
        let allowed = |caller| spelled(policy.authorize(caller, &request, &settings(), NOW)).starts_with("permit");
        assert_eq!(allowed(&house), action.class() == ActionClass::House, "{action:?}");
        assert!(!allowed(&person) || action.class() != ActionClass::House, "{action:?}");
        assert!(allowed(&person) || action.class() != ActionClass::Open, "{action:?}");
    }
}
