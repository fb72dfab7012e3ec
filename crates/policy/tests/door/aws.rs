//! AWS's documents: policies and a request in, a verdict out.

use crate::support::*;
use domain::{Action, Authority, Found, Location, PrincipalKind, Target};
use keyward_policy::{Policy, aws};
use std::sync::Arc;

const ROOT: &str = r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"}"#;

fn document(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

/// `ops` of the home account, its root, or `ops` of another account asks for Encrypt on a key of the home account.
fn check(who: &str, key_policy: &str, identity: &[&str], expected: &str) {
    let (home, away) = (home(), away());
    let tenant = if who == "away" || who == "away-root" { &away } else { &home };
    let kind = if who.ends_with("root") { PrincipalKind::Root } else { PrincipalKind::Person };
    let identity: Vec<String> = identity.iter().map(|statements| document(statements)).collect();
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    for text in &identity {
        aws::validate_identity_document(text).unwrap();
    }
    let principal = domain::Principal { kind, ..person(3, "ops", tenant) };
    let principal = with_documents(principal, &identity);
    let policy_text = document(key_policy);
    aws::validate_key_document(&policy_text, HOME, &|_, _| aws::Existence::Exists).unwrap();
    let key = Arc::new(key(5, &home, Authority::Aws, Some(&policy_text)));
    let verdict = judged(&Policy::new(), &caller(&principal, tenant), &key, &home, Action::Encrypt, &encrypt(&[]));
    assert!(
        verdict.starts_with(expected),
        "{who}: {key_policy} + {identity:?}\n  expected {expected}\n  but got  {verdict}"
    );
}

#[test]
fn the_key_policy_decides_alone_or_leaves_it_to_the_account() {
    let delegates = format!(r#"{{"Effect":"Allow",{ROOT},"Action":"kms:*","Resource":"*"}}"#);
    let by_number = r#"{"Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":"kms:*","Resource":"*"}"#;
    let direct = r#"{"Sid":"Use it","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ops"},"Action":["kms:Encrypt"],"Resource":"*"}"#;
    let allow = r#"{"Effect":"Allow","Action":"kms:Encrypt","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Action":"kms:*","Resource":"*"}"#;
    let no_identity = "silence: User: arn:aws:iam::111122223333:user/ops is not authorized to perform: kms:Encrypt on resource: \
         arn:aws:kms:eu-central-1:111122223333:key/05050505-0505-0505-0505-050505050505 because no identity-based policy \
         allows the kms:Encrypt action";
    check("ops", &delegates, &[], no_identity);
    check("ops", &delegates, &[allow], "permit: identity policy `p1` statement 1");
    check("ops", by_number, &[allow], "permit: identity policy `p1` statement 1");
    check("ops", &delegates, &[allow, deny], "deny: identity policy `p2` statement 1");
    check("ops", direct, &[], "permit: key policy statement 1 (Sid Use it)");
    check("ops", direct, &[deny], "deny: identity policy `p1` statement 1");
    check(
        "ops",
        "",
        &[allow],
        "silence: User: arn:aws:iam::111122223333:user/ops is not authorized to perform: kms:Encrypt on",
    );
    check("root", &delegates, &[], "permit: key policy statement 1");
    check("root", direct, &[], "silence: User: arn:aws:iam::111122223333:root is not");
    check("root", "", &[], "silence: User: arn:aws:iam::111122223333:root is not");
}

#[test]
fn everybody_means_everybody_and_denies_go_first() {
    let all = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let all_too = r#"{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:user/x","*"]},"Action":"KMS:encrypt","Resource":"*"}"#;
    let deny_ops = r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/ops"},"Action":"kms:Enc*","Resource":"*"}"#;
    let deny_account = format!(r#"{{"Effect":"Deny",{ROOT},"Action":"kms:?ncrypt","Resource":"*"}}"#);
    let deny_other = r#"{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}"#;
    check("ops", all, &[], "permit: key policy statement 1");
    check("ops", all_too, &[], "permit: key policy statement 1");
    check("ops", &format!("{all},{deny_ops}"), &[], "deny: key policy statement 2");
    check("root", &format!("{all},{deny_ops}"), &[], "permit: key policy statement 1");
    check("ops", &format!("{all},{deny_account}"), &[], "deny: key policy statement 2");
    check("root", &format!("{deny_account},{all}"), &[], "deny: key policy statement 1");
    check("away-root", &format!("{deny_account},{all}"), &[], "permit: key policy statement 2");
    check("ops", &format!("{all},{deny_other}"), &[], "permit: key policy statement 1");
}

#[test]
fn from_another_account_both_must_allow() {
    let to_account =
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:*","Resource":"*"}"#;
    let to_user = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/ops"},"Action":"kms:*","Resource":"*"}"#;
    let home_only = format!(r#"{{"Effect":"Allow",{ROOT},"Action":"kms:*","Resource":"*"}}"#);
    let allow = r#"{"Effect":"Allow","Action":"kms:Encrypt","Resource":"arn:aws:kms:*:111122223333:key/*"}"#;
    let elsewhere = r#"{"Effect":"Allow","Action":"kms:Encrypt","Resource":"arn:aws:kms:*:444455556666:key/*"}"#;
    let hidden = "silence: User: arn:aws:iam::444455556666:user/ops is not authorized to perform: kms:Encrypt on resource: \
         arn:aws:kms:eu-central-1:111122223333:key/05050505-0505-0505-0505-050505050505 because the resource does not exist";
    check("away", to_account, &[allow], "permit: identity policy `p1` statement 1");
    check("away", to_user, &[allow], "permit: identity policy `p1` statement 1");
    check("away", to_user, &[], "silence: User: arn:aws:iam::444455556666:user/ops is not");
    check("away", to_account, &[elsewhere], "silence: User: arn:aws:iam::444455556666:user/ops is not");
    check("away", &home_only, &[allow], hidden);
    check("away-root", to_account, &[], "permit: key policy statement 1");
    check("away-root", &home_only, &[], "silence: ");
}

#[test]
fn whom_nobody_knows_is_nobody() {
    for principal in [
        r#"{"AWS":"arn:aws:iam::111122223333:role/ops"}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/ops/me"}"#,
        r#"{"AWS":"arn:aws:iam::999999999999:user/ops"}"#,
        r#"{"AWS":"arn:aws-cn:iam::111122223333:root"}"#,
        r#"{"Service":"s3.amazonaws.com"}"#,
        r#"{"AWS":"arn:aws:iam::111122223333:user/Ops"}"#,
    ] {
        check(
            "ops",
            &format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"kms:*","Resource":"*"}}"#),
            &[],
            "silence: ",
        );
        check(
            "root",
            &format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"kms:*","Resource":"*"}}"#),
            &[],
            "silence: ",
        );
    }
}

#[test]
fn a_statement_without_action_or_resource_means_nothing() {
    check("ops", r#"{"Effect":"Allow","Principal":"*","Resource":"*"}"#, &[], "silence: ");
    check("ops", r#"{"Effect":"Allow","Principal":"*","Action":"kms:*"}"#, &[], "silence: ");
    let all = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    check(
        "ops",
        &format!(r#"{{"Effect":"Deny","Principal":"*","Resource":"*"}},{all}"#),
        &[],
        "permit: key policy statement 2",
    );
}

#[test]
fn resources_are_compared_whole() {
    let delegates = format!(r#"{{"Effect":"Allow",{ROOT},"Action":"kms:*","Resource":"*"}}"#);
    let id = "05050505-0505-0505-0505-050505050505";
    for (resource, expected) in [
        (format!("arn:aws:kms:eu-central-1:111122223333:key/{id}"), "permit: "),
        (format!("arn:aws:kms:*:111122223333:key/{id}"), "permit: "),
        (format!("arn:aws:kms:eu-*-1:111122223333:key/{id}"), "permit: "),
        (format!("arn:aws:kms:eu-central-?:111122223333:key/{}", id.replace("05", "??")), "permit: "),
        ("arn:aws:kms:*:*:key/*".into(), "permit: "),
        ("arn:aws:kms:*".into(), "permit: "),
        (format!("arn:aws:kms:eu-central-2:111122223333:key/{id}"), "silence: "),
        (format!("arn:aws:kms:eu-central-1:111122223333:key/{id}x"), "silence: "),
        (format!("arn:aws:kms:EU-CENTRAL-1:111122223333:key/{id}"), "silence: "),
        ("arn:aws:kms:*:*:alias/*".into(), "silence: "),
    ] {
        check(
            "ops",
            &delegates,
            &[&format!(r#"{{"Effect":"Allow","Action":"kms:Encrypt","Resource":["{resource}"]}}"#)],
            expected,
        );
    }
}

/// Demands on things that are no key.
fn elsewhere(identity: &str, action: Action, target: Target, expected: &str) {
    let home = home();
    let principal = with_documents(person(3, "ops", &home), &[&document(identity)]);
    let ask = domain::Ask::WhoAmI;
    let request = request(&ask, Found::Nothing, vec![(action, target)]);
    let verdict = spelled(Policy::new().authorize(&caller(&principal, &home), &request, &settings(), NOW));
    assert!(verdict.starts_with(expected), "{identity}: expected {expected}, got {verdict}");
}

#[test]
fn places_and_aliases_are_judged_by_identity_policies() {
    let place = || Target::Place { tenant: home(), location: location(), ring: None, authority: Authority::Aws };
    let alias = |location: &str| Target::Alias {
        tenant: home(),
        location: Location::parse(location).unwrap(),
        alias: "payroll".into(),
        authority: Authority::Aws,
    };
    let all = r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#;
    let keys = r#"{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:*:111122223333:key/*"}"#;
    let aliases =
        r#"{"Effect":"Allow","Action":"kms:CreateAlias","Resource":"arn:aws:kms:eu-central-1:111122223333:alias/*"}"#;
    elsewhere(all, Action::CreateKey, place(), "permit: identity policy `p1` statement 1");
    elsewhere(
        keys,
        Action::CreateKey,
        place(),
        "silence: User: arn:aws:iam::111122223333:user/ops is not authorized to perform: kms:CreateKey because no identity-based policy allows the kms:CreateKey action",
    );
    elsewhere(aliases, Action::CreateAlias, alias(REGION), "permit: ");
    elsewhere(aliases, Action::CreateAlias, alias("eu-west-1"), "silence: ");
    elsewhere(aliases, Action::DeleteAlias, alias(REGION), "silence: ");
    let foreign = Target::Place { tenant: away(), location: location(), ring: None, authority: Authority::Aws };
    elsewhere(all, Action::ListKeys, foreign, "silence: ");
    let nobody = Target::Place { tenant: home(), location: location(), ring: None, authority: Authority::GoogleIam };
    elsewhere(
        all,
        Action::CreateKey,
        nobody,
        "silence: Permission 'cloudkms.cryptoKeys.create' denied on resource 'projects/tenant-1/locations/eu-central-1'",
    );
}

#[test]
fn all_demands_of_a_request_must_be_allowed() {
    let home = home();
    let allow = document(r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#);
    let principal = with_documents(person(3, "ops", &home), &[&allow]);
    let delegates = aws::default_key_policy(HOME);
    let deny = document(&format!(r#"{{"Effect":"Deny",{ROOT},"Action":"kms:ReEncryptTo","Resource":"*"}}"#));
    let open = Arc::new(key(5, &home, Authority::Aws, Some(&delegates)));
    let silent = Arc::new(key(6, &home, Authority::Aws, Some(&document(""))));
    let shut = Arc::new(key(7, &home, Authority::Aws, Some(&deny)));
    let ask = domain::Ask::WhoAmI;
    let verdict = |from: &Arc<domain::Key>, to: &Arc<domain::Key>| {
        let demands = vec![
            (Action::ReEncryptFrom, Target::Key(Arc::clone(from))),
            (Action::ReEncryptTo, Target::Key(Arc::clone(to))),
        ];
        spelled(Policy::new().authorize(
            &caller(&principal, &home),
            &request(&ask, Found::Nothing, demands),
            &settings(),
            NOW,
        ))
    };
    assert_eq!(verdict(&open, &open), "permit: identity policy `p1` statement 1");
    assert!(verdict(&open, &silent).starts_with("silence: "));
    assert_eq!(verdict(&silent, &shut), "deny: key policy statement 1", "an explicit deny speaks before silence");
    let nothing = request(&ask, Found::Nothing, vec![]);
    assert_eq!(
        spelled(Policy::new().authorize(&caller(&principal, &home), &nothing, &settings(), NOW)),
        "silence: nothing was demanded"
    );
}

#[test]
fn denies_of_a_regime_count_for_the_objects_of_another() {
    let home = home();
    let admin = domain::RoleAssignment { role: domain::Role::EncryptDecrypt, scope: domain::RoleScope::Tenant };
    let judge = |identity: &str, key_policy: &str| {
        let documents = vec![("p1".to_owned(), document(identity))];
        let principal =
            Arc::new(domain::Principal { documents, roles: vec![admin.clone()], ..person(3, "ops", &home) });
        let key = Arc::new(key(5, &home, Authority::Native, Some(&document(key_policy))));
        judged(&Policy::new(), &caller(&principal, &home), &key, &home, Action::Encrypt, &encrypt(&[]))
    };
    let deny = r#"{"Effect":"Deny","Action":"kms:Encrypt","Resource":"*"}"#;
    let key_deny = format!(r#"{{"Effect":"Deny",{ROOT},"Action":"kms:Encrypt","Resource":"*"}}"#);
    assert_eq!(judge("", ""), "permit: role EncryptDecrypt on the tenant");
    assert_eq!(judge(deny, ""), "deny: identity policy `p1` statement 1");
    assert_eq!(judge("", &key_deny), "deny: key policy statement 1");
}

#[test]
fn an_allow_of_another_regime_does_not_count() {
    let home = home();
    let all = document(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let open = document(r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#);
    let principal = with_documents(person(3, "ops", &home), &[&all]);
    let native = Arc::new(key(5, &home, Authority::Native, Some(&open)));
    let verdict = judged(&Policy::new(), &caller(&principal, &home), &native, &home, Action::Encrypt, &encrypt(&[]));
    assert_eq!(
        verdict,
        "silence: `ops` may not Encrypt with key 05050505-0505-0505-0505-050505050505: no role allows it"
    );
    let roles = with_roles(person(3, "ops", &home), &[(domain::Role::EncryptDecrypt, domain::RoleScope::Tenant)]);
    let aws = Arc::new(key(6, &home, Authority::Aws, Some(&aws::default_key_policy(HOME))));
    assert!(
        judged(&Policy::new(), &caller(&roles, &home), &aws, &home, Action::Encrypt, &encrypt(&[]))
            .starts_with("silence: ")
    );
}

/// The key that is about to be made has a name already when its tags are judged.
#[test]
fn tags_of_a_new_key_are_judged_on_the_new_key() {
    let home = home();
    let tags =
        document(r#"{"Effect":"Allow","Action":"kms:TagResource","Resource":"arn:aws:kms:*:111122223333:key/0505*"}"#);
    let principal = with_documents(person(3, "ops", &home), &[&tags]);
    let ask = domain::Ask::WhoAmI;
    let verdict = |number: u8| {
        let fresh = domain::FreshKey {
            id: id(number),
            owner: Arc::clone(&home),
            ring: None,
            ring_id: id(1),
            ring_name_id: id(1),
            name_id: None,
            token_id: None,
            taken: false,
            token: None,
            document: Ok(()),
            made: None,
        };
        let place =
            Target::Place { tenant: Arc::clone(&home), location: location(), ring: None, authority: Authority::Aws };
        let request = request(&ask, Found::FreshKey(Box::new(fresh)), vec![(Action::TagKey, place)]);
        spelled(Policy::new().authorize(&caller(&principal, &home), &request, &settings(), NOW))
    };
    assert_eq!(verdict(5), "permit: identity policy `p1` statement 1");
    assert!(verdict(6).starts_with("silence: "));
}
