//! A remembered decision does not survive a change of anything that it stood on.

use crate::support::*;
use domain::{
    Action, Ask, Authority, Found, Key, Moment, Principal, Role, RoleScope, Settings, Target, Tenant, Timestamp,
};
use keyward_policy::{Policy, aws};
use std::sync::Arc;

/// Everything that a decision stands on; each test puts another row in the place of one.
struct World {
    policy: Policy,
    home: Arc<Tenant>,
    settings: Arc<Settings>,
    principal: Arc<Principal>,
    key: Arc<Key>,
}

impl World {
    fn aws(key_policy: &str, identity: &[&str]) -> Self {
        let home = home();
        let principal = with_documents(person(3, "ops", &home), identity);
        let key = Arc::new(key(5, &home, Authority::Aws, Some(key_policy)));
        Self { policy: Policy::new(), settings: settings(), principal, key, home }
    }

    fn native(roles: &[(Role, RoleScope)]) -> Self {
        let home = home();
        let principal = with_roles(person(3, "ops", &home), roles);
        let key = Arc::new(key(5, &home, Authority::Native, None));
        Self { policy: Policy::new(), settings: settings(), principal, key, home }
    }

    fn ask_at(&self, ask: &Ask, now: Moment) -> bool {
        let found = Found::Key { key: Arc::clone(&self.key), owner: Arc::clone(&self.home) };
        let request = request(ask, found, vec![(Action::Encrypt, Target::Key(Arc::clone(&self.key)))]);
        spelled(self.policy.authorize(&caller(&self.principal, &self.home), &request, &self.settings, now))
            .starts_with("permit")
    }

    /// Asks twice: what is remembered must be what was judged.
    fn allows(&self, context: &[(&str, &str)]) -> bool {
        let ask = encrypt(context);
        let first = self.ask_at(&ask, NOW);
        assert_eq!(self.ask_at(&ask, NOW), first);
        first
    }
}

const OPEN: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
const SHUT: &str = r#"{"Statement":[]}"#;
const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const FORBID: &str = "forbid(principal, action, resource);";

fn with_policy(key: &Key, text: &str) -> Arc<Key> {
    let mut key = key.clone();
    key.documents[0].text = text.into();
    Arc::new(key)
}

#[test]
fn another_key_policy() {
    let mut world = World::aws(OPEN, &[]);
    assert!(world.allows(&[]));
    world.key = with_policy(&world.key, SHUT);
    assert!(!world.allows(&[]));
    world.key = with_policy(&world.key, OPEN);
    assert!(world.allows(&[]));
}

#[test]
fn another_identity_policy() {
    let mut world = World::aws(&aws::default_key_policy(HOME), &[]);
    assert!(!world.allows(&[]));
    world.principal = with_documents((*world.principal).clone(), &[ALL]);
    assert!(world.allows(&[]));
    world.principal = with_documents((*world.principal).clone(), &[]);
    assert!(!world.allows(&[]));
}

#[test]
fn other_roles() {
    let mut world = World::native(&[(Role::EncryptDecrypt, RoleScope::Tenant)]);
    assert!(world.allows(&[]));
    world.principal = with_roles((*world.principal).clone(), &[(Role::Administrator, RoleScope::Tenant)]);
    assert!(!world.allows(&[]));
    world.principal =
        with_roles((*world.principal).clone(), &[(Role::EncryptDecrypt, RoleScope::Ring("default".into()))]);
    assert!(world.allows(&[]));
    world.key = Arc::new(Key { ring: "other".into(), ..(*world.key).clone() });
    assert!(!world.allows(&[]));
}

#[test]
fn other_forbids() {
    let mut world = World::native(&[(Role::EncryptDecrypt, RoleScope::Tenant)]);
    assert!(world.allows(&[]));
    world.home = Arc::new(Tenant { forbids: vec![("rule".into(), FORBID.into())], ..(*world.home).clone() });
    assert!(!world.allows(&[]));
    world.home = home();
    assert!(world.allows(&[]));
    world.settings = Arc::new(Settings { forbids: vec![("rule".into(), FORBID.into())], ..(*world.settings).clone() });
    assert!(!world.allows(&[]));
    world.settings = settings();
    assert!(world.allows(&[]));
}

#[test]
fn other_tags() {
    let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Team":"payroll"}}}}"#;
    let mut world = World::aws(text, &[]);
    assert!(world.allows(&[]));
    let mut key = (*world.key).clone();
    key.facts.tags.clear();
    world.key = Arc::new(key);
    assert!(!world.allows(&[]));
}

#[test]
fn another_owner_row() {
    let forbidding = Arc::new(Tenant { forbids: vec![("rule".into(), FORBID.into())], ..(*away()).clone() });
    let mut world = World::aws(OPEN, &[ALL]);
    let ask = encrypt(&[]);
    world.key = Arc::new(key(6, &away(), Authority::Aws, Some(OPEN)));
    let asked = |owner: &Arc<Tenant>| {
        let found = Found::Key { key: Arc::clone(&world.key), owner: Arc::clone(owner) };
        let request = request(&ask, found, vec![(Action::Encrypt, Target::Key(Arc::clone(&world.key)))]);
        spelled(world.policy.authorize(&caller(&world.principal, &world.home), &request, &world.settings, NOW))
    };
    let owner = away();
    assert!(asked(&owner).starts_with("permit") && asked(&owner).starts_with("permit"));
    assert!(asked(&forbidding).starts_with("deny"));
}

/// What the request itself can change is judged anew each time, whether it allows or denies, here or in a forbid.
#[test]
fn conditions_are_judged_anew() {
    let condition = r#""Condition":{"StringEquals":{"kms:EncryptionContext:dept":"pay"}}"#;
    let allow =
        format!(r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",{condition}}}}}"#);
    let deny = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}},{{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*",{condition}}}]}}"#
    );
    let (pay, hr) = ([("dept", "pay")], [("dept", "hr")]);
    for (text, on_pay) in [(&allow, true), (&deny, false)] {
        let world = World::aws(text, &[]);
        for _ in 0..2 {
            assert_eq!(world.allows(&pay), on_pay);
            assert_eq!(world.allows(&hr), !on_pay);
        }
    }
    let mut world = World::native(&[(Role::EncryptDecrypt, RoleScope::Tenant)]);
    let forbid = r#"forbid(principal, action, resource) when { context.bound.hasTag("dept") && context.bound.getTag("dept") == "hr" };"#;
    world.home = Arc::new(Tenant { forbids: vec![("rule".into(), forbid.into())], ..(*world.home).clone() });
    for _ in 0..2 {
        assert!(world.allows(&pay));
        assert!(!world.allows(&hr));
    }
}

#[test]
fn time_is_judged_anew() {
    let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-25T10:00:00Z"}}}}"#;
    let world = World::aws(text, &[]);
    let later = Moment { wall: Timestamp(NOW.wall.0 + 3_600_000), ..NOW };
    assert!(world.ask_at(&encrypt(&[]), NOW));
    assert!(!world.ask_at(&encrypt(&[]), later));
    assert!(world.ask_at(&encrypt(&[]), NOW));
}

#[test]
fn one_caller_s_decision_is_no_other_s() {
    let text = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ops"},"Action":"kms:Encrypt","Resource":"*"}}"#;
    let mut world = World::aws(text, &[]);
    assert!(world.allows(&[]));
    world.principal = Arc::new(person(4, "other", &world.home));
    assert!(!world.allows(&[]));
}
