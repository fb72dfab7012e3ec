//! Native forbids: they forbid in every regime, and they are found without a look at the others.

use crate::support::*;
use domain::{Action, Authority, Key, Principal, Role, RoleScope, Settings, Tenant};
use keyward_policy::{Policy, aws};
use std::sync::Arc;

fn with_forbids(tenant: &Tenant, forbids: &[(&str, &str)]) -> Arc<Tenant> {
    let forbids = forbids.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Arc::new(Tenant { forbids, ..tenant.clone() })
}

fn user(tenant: &Tenant) -> Arc<Principal> {
    with_roles(person(3, "ops", tenant), &[(Role::EncryptDecrypt, RoleScope::Tenant)])
}

fn check(forbid: &str, context: &[(&str, &str)], expected: &str) {
    let home = with_forbids(&home(), &[("rule", forbid)]);
    let key = Arc::new(Key { name: Some("payroll".into()), ..key(5, &home, Authority::Native, None) });
    let verdict = judged(&Policy::new(), &caller(&user(&home), &home), &key, &home, Action::Encrypt, &encrypt(context));
    assert_eq!(verdict, expected, "{forbid}");
}

#[test]
fn what_forbids_may_speak_of() {
    const NO: &str = "deny: forbid `rule` of the tenant";
    const YES: &str = "permit: role EncryptDecrypt on the tenant";
    check(r#"forbid(principal, action == Action::"Encrypt", resource);"#, &[], NO);
    check(r#"forbid(principal, action == Action::"Decrypt", resource);"#, &[], YES);
    check(r#"forbid(principal, action in Action::"Use", resource);"#, &[], NO);
    check(r#"forbid(principal, action in [Action::"Manage", Action::"Encrypt"], resource);"#, &[], NO);
    check(r#"forbid(principal == Principal::"03030303-0303-0303-0303-030303030303", action, resource);"#, &[], NO);
    check(r#"forbid(principal == Principal::"04040404-0404-0404-0404-040404040404", action, resource);"#, &[], YES);
    check(r#"forbid(principal, action, resource == Key::"05050505-0505-0505-0505-050505050505");"#, &[], NO);
    check(r#"forbid(principal, action, resource == Key::"06060606-0606-0606-0606-060606060606");"#, &[], YES);
    check(r#"forbid(principal in Role::"EncryptDecrypt", action, resource);"#, &[], NO);
    check(r#"forbid(principal in Role::"Auditor", action, resource);"#, &[], YES);
    check(r#"forbid(principal, action, resource is Key) when { resource.name == "payroll" };"#, &[], NO);
    check(
        r#"forbid(principal, action, resource is Key) when { resource.hasTag("Team") && resource.getTag("Team") == "payroll" };"#,
        &[],
        NO,
    );
    check(r#"forbid(principal, action, resource in Tenant::"01010101-0101-0101-0101-010101010101");"#, &[], NO);
    check(
        r#"forbid(principal, action, resource) when { context.bound.hasTag("dept") && context.bound.getTag("dept") == "hr" };"#,
        &[("dept", "hr")],
        NO,
    );
    check(
        r#"forbid(principal, action, resource) when { context.bound.hasTag("dept") && context.bound.getTag("dept") == "hr" };"#,
        &[("dept", "it")],
        YES,
    );
    check(r#"forbid(principal, action, resource) unless { context.address.isInRange(ip("192.0.2.0/24")) };"#, &[], YES);
    check(r#"forbid(principal, action, resource) when { context.now > 1795600382999 };"#, &[], NO);
    check(
        r#"forbid(principal, action, resource) when { principal.name == "ops" && principal.tenant.account == "111122223333" };"#,
        &[],
        NO,
    );
}

#[test]
fn a_forbid_that_cannot_be_evaluated_forbids() {
    check(
        "forbid(principal, action, resource) when { resource.owner == \"x\" };",
        &[],
        "deny: forbid `rule` of the tenant",
    );
    let verdict = {
        let home = with_forbids(&home(), &[("rule", "forbid(")]);
        let key = Arc::new(key(5, &home, Authority::Native, None));
        judged(&Policy::new(), &caller(&user(&home), &home), &key, &home, Action::Encrypt, &encrypt(&[]))
    };
    assert!(verdict.starts_with("deny: forbid `rule` cannot be read"), "{verdict}");
}

#[test]
fn forbids_of_tenant_owner_and_site_hold_for_aws_keys() {
    const FORBID: &str = r#"forbid(principal, action == Action::"Encrypt", resource);"#;
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let open = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
    let verdict = |caller_tenant: &Arc<Tenant>, owner: &Arc<Tenant>, settings: &Arc<Settings>| {
        let principal = with_documents(person(3, "ops", caller_tenant), &[all]);
        let key = Arc::new(key(5, owner, Authority::Aws, Some(open)));
        let ask = encrypt(&[]);
        let found = domain::Found::Key { key: Arc::clone(&key), owner: Arc::clone(owner) };
        let request = request(&ask, found, vec![(Action::Encrypt, domain::Target::Key(Arc::clone(&key)))]);
        spelled(Policy::new().authorize(&caller(&principal, caller_tenant), &request, settings, NOW))
    };
    let forbidding = |tenant: &Tenant| with_forbids(tenant, &[("rule", FORBID)]);
    let site = Arc::new(Settings { forbids: vec![("rule".into(), FORBID.into())], ..(*settings()).clone() });
    assert!(verdict(&home(), &away(), &settings()).starts_with("permit"));
    assert_eq!(verdict(&forbidding(&home()), &away(), &settings()), "deny: forbid `rule` of the tenant");
    assert_eq!(verdict(&home(), &forbidding(&away()), &settings()), "deny: forbid `rule` of the owner's tenant");
    assert_eq!(verdict(&home(), &away(), &site), "deny: forbid `rule` of the site");
}

#[test]
fn an_aws_caller_reads_of_a_forbid_in_aws_words() {
    let home = with_forbids(&home(), &[("rule", "forbid(principal, action, resource);")]);
    let principal = with_documents(person(3, "ops", &home), &[]);
    let key = Arc::new(key(5, &home, Authority::Aws, Some(&aws::default_key_policy(HOME))));
    let ask = encrypt(&[]);
    let found = domain::Found::Key { key: Arc::clone(&key), owner: Arc::clone(&home) };
    let request = request(&ask, found, vec![(Action::Encrypt, domain::Target::Key(Arc::clone(&key)))]);
    let policy = Policy::new();
    let keyward_policy::Decision::Denied(denial) =
        policy.authorize(&caller(&principal, &home), &request, &settings(), NOW)
    else {
        panic!("permitted")
    };
    let reason = format!(
        "User: arn:aws:iam::{HOME}:user/ops is not authorized to perform: kms:Encrypt on resource: {} with an explicit deny in a forbid policy",
        key_arn(&key, HOME)
    );
    assert_eq!(denial.fault(), domain::Fault::Denied { reason });
}
