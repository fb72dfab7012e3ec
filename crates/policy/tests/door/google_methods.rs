//! Which of Google's predefined roles may call which of its methods: the golden file is read by people. `UPDATE_GOLDEN=1`
//! rewrites it. The methods are those of the tongue's own table.

use crate::support::*;
use domain::{
    Action, Ask, Authority, Document, Found, Key, Principal, PrincipalKind, Purpose, Settings, Target, Tenant,
};
use keyward_policy::{Held, Policy, google};
use std::fmt::Write;
use std::sync::Arc;

/// Method, action, permission.
const METHODS: &str = include_str!("../../../dialect-google/tests/golden/methods.txt");
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/google-methods.txt");

/// Somebody in a project in which one role is bound to them.
struct Bound {
    policy: Policy,
    principal: Arc<Principal>,
    project: Arc<Tenant>,
    settings: Arc<Settings>,
}

impl Bound {
    fn to(role: &str) -> Self {
        let member = "serviceAccount:ops@tenant-1.iam.gserviceaccount.com";
        let text = serde_json::json!({ "bindings": [{ "role": role, "members": [member] }] }).to_string();
        let documents = vec![Document { regime: Authority::GoogleIam, name: "default".into(), text }];
        let project = Arc::new(Tenant { documents, ..tenant(1, HOME) });
        let principal = Arc::new(Principal { kind: PrincipalKind::Service, ..person(3, "ops", &project) });
        Self { policy: Policy::new(), principal, project, settings: settings() }
    }

    fn targets(&self) -> [(&'static str, Target); 5] {
        let place = |ring: Option<&str>| Target::Place {
            tenant: Arc::clone(&self.project),
            location: location(),
            ring: ring.map(str::to_owned),
            authority: Authority::GoogleIam,
        };
        let key = Target::Key(Arc::new(key(20, &self.project, Authority::GoogleIam, None)));
        let job =
            Key { purpose: Purpose::Import, ..super::support::key(21, &self.project, Authority::GoogleIam, None) };
        let job = Target::Key(Arc::new(job));
        let service = Principal { kind: PrincipalKind::Service, ..person(4, "batch", &self.project) };
        let service = Target::Principal(Arc::new(service));
        let (ring, project) = (place(Some("default")), place(None));
        [("key", key), ("job", job), ("ring", ring), ("project", project), ("service-account", service)]
    }

    fn may(&self, action: Action, target: &Target) -> bool {
        let found = Found::Tenant { tenant: Arc::clone(&self.project) };
        let request = request(&Ask::WhoAmI, found, vec![(action, target.clone())]);
        spelled(self.policy.authorize(&caller(&self.principal, &self.project), &request, &self.settings, NOW))
            .starts_with("permit")
    }

    fn has(&self, permission: &str, target: &Target) -> bool {
        let question = Held {
            principal: &self.principal,
            tenant: &self.project,
            target,
            owner: &self.project,
            rings: &[],
            place: &location(),
            subject: None,
            settings: &self.settings,
            now: NOW,
        };
        !self.policy.held(&question, &[permission.to_owned()]).is_empty()
    }
}

fn methods() -> impl Iterator<Item = (&'static str, Action, &'static str)> {
    METHODS.lines().map(|line| {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap();
        let (name, action, permission) = (word(), word(), word());
        (name, *Action::ALL.iter().find(|known| known.name() == action).unwrap(), permission)
    })
}

/// What a method may be called on: what an owner may call it on. What is not served yet goes by its permission.
fn callable(bound: &Bound, action: Action, permission: &str) -> Vec<&'static str> {
    let called = |target: &Target| match action {
        Action::Unknown => bound.has(permission, target),
        served => bound.may(served, target),
    };
    bound.targets().iter().filter(|(_, target)| called(target)).map(|(name, _)| *name).collect()
}

#[test]
fn each_method_is_for_those_roles_for_which_it_is_with_google() {
    let roles: Vec<_> = google::role_names().map(|role| (role, Bound::to(role))).collect();
    let mut now = String::from("Which method each role may call, and on what.\n");
    for (name, action, permission) in methods() {
        let anybody = if permission.is_empty() { "anybody" } else { permission };
        let _ = writeln!(now, "\n{name} {anybody}");
        for (role, bound) in &roles {
            let on = callable(bound, action, permission);
            if !on.is_empty() && !permission.is_empty() {
                let _ = writeln!(now, "  {role:<52}{}", on.join(" "));
            }
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &now).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differs = now.lines().zip(golden.lines()).find(|(now, golden)| now != golden);
    assert!(now == golden, "the roles changed: {differs:?}; UPDATE_GOLDEN=1 rewrites {GOLDEN}");
}

/// Whoever has the permission that the tongue tells may call the method on a key or a job, and nobody else.
#[test]
fn what_is_told_as_missing_is_what_is_needed() {
    for (name, action, permission) in methods() {
        for role in google::role_names() {
            let bound = Bound::to(role);
            let [(_, key), (_, job), ..] = bound.targets();
            let target = if action == Action::DescribeImportJob { job } else { key };
            // An import needs one permission on the key, and the other on the job.
            if matches!(action, Action::Unknown | Action::TestPermissions | Action::ImportVersion)
                || !Bound::to("roles/owner").may(action, &target)
            {
                continue;
            }
            assert_eq!(bound.may(action, &target), bound.has(permission, &target), "{name} {role}");
        }
    }
}

#[test]
fn a_job_has_permissions_of_its_own() {
    let may = |role: &str, action| {
        let bound = Bound::to(role);
        let [(_, key), (_, job), ..] = bound.targets();
        (bound.may(action, &key), bound.may(action, &job))
    };
    assert_eq!(may("roles/cloudkms.importer", Action::UseImportJob), (false, true));
    assert_eq!(may("roles/cloudkms.admin", Action::SetBindings), (true, true));
    assert_eq!(may("roles/viewer", Action::GetBindings), (true, true));
    assert_eq!(may("roles/cloudkms.viewer", Action::GetBindings), (false, false));
    assert_eq!(may("roles/owner", Action::Encrypt), (true, false));
}
