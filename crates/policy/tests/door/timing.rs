//! What a decision costs. `cargo test -p keyward-policy --release -- --ignored --nocapture timing` prints it.

use crate::support::*;
use domain::{Action, Ask, Authority, Found, Key, Principal, Role, RoleScope, Target, Tenant};
use keyward_policy::{Decision, Policy, aws};
use std::hint::black_box;
use std::sync::Arc;

const ROUNDS: u64 = 1_000;
/// The quickest of these counts: the others shared the machine.
const BATCHES: usize = 40;

fn nanoseconds(principal: &Arc<Principal>, home: &Arc<Tenant>, key: &Arc<Key>, ask: &Ask) -> u64 {
    let (policy, caller, settings) = (Policy::new(), caller(principal, home), settings());
    let found = Found::Key { key: Arc::clone(key), owner: Arc::clone(home) };
    let request = request(ask, found, vec![(Action::Encrypt, Target::Key(Arc::clone(key)))]);
    assert!(matches!(policy.authorize(&caller, &request, &settings, NOW), Decision::Permit(_)));
    let batch = |_| {
        let start = clock::stopwatch_micros();
        for _ in 0..ROUNDS {
            let _ = black_box(policy.authorize(black_box(&caller), black_box(&request), &settings, NOW));
        }
        (clock::stopwatch_micros() - start) * 1_000 / ROUNDS
    };
    (0..BATCHES).map(batch).min().unwrap()
}

/// Twenty identity policies of fifty statements on other keys, and one that allows.
fn many_documents(resource: &str) -> Vec<String> {
    let statement = |at: usize| {
        let resource = resource.replace("NUMBER", &format!("{at:08}"));
        format!(r#"{{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],"Resource":"{resource}"}}"#)
    };
    let mut documents: Vec<String> = (0..20)
        .map(|document| {
            let statements: Vec<String> = (0..50).map(|at| statement(document * 50 + at)).collect();
            format!(r#"{{"Statement":[{}]}}"#, statements.join(","))
        })
        .collect();
    documents.push(r#"{"Statement":{"Effect":"Allow","Action":"kms:Encrypt","Resource":"*"}}"#.into());
    documents
}

#[test]
#[ignore = "prints times"]
fn timing() {
    let home = home();
    let bare = || person(3, "ops", &home);
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let plain = Arc::new(key(5, &home, Authority::Aws, Some(&aws::default_key_policy(HOME))));
    let conditional = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:dept":"pay"}}}}"#;
    let conditional = Arc::new(key(6, &home, Authority::Aws, Some(conditional)));
    let native = Arc::new(key(7, &home, Authority::Native, None));
    let ask = encrypt(&[("dept", "pay")]);
    let print = |what: &str, nanoseconds: u64| println!("{what:<70}{nanoseconds:>8} ns");
    print("remembered", nanoseconds(&with_documents(bare(), &[all]), &home, &plain, &ask));
    print("a condition on the context", nanoseconds(&with_documents(bare(), &[all]), &home, &conditional, &ask));
    for (what, resource) in [
        (
            "a condition, 1,000 statements on other keys",
            "arn:aws:kms:eu-central-1:111122223333:key/NUMBER-0000-0000-0000-000000000000",
        ),
        ("a condition, 1,000 statements with patterns", "arn:aws:kms:eu-central-1:111122223333:key/NUMBER*"),
        ("a condition, 1,000 statements with patterns of regions", "arn:aws:kms:*:111122223333:key/NUMBER-*"),
    ] {
        let documents = many_documents(resource);
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        print(what, nanoseconds(&with_documents(bare(), &documents), &home, &conditional, &ask));
    }
    let user = with_roles(bare(), &[(Role::EncryptDecrypt, RoleScope::Tenant)]);
    print("a role, remembered", nanoseconds(&user, &home, &native, &ask));
    let rule = r#"forbid(principal, action in Action::"Use", resource) when { context.bound.hasTag("no") };"#;
    let forbidding = |forbids: Vec<(String, String)>| Arc::new(Tenant { forbids, ..(*home).clone() });
    let one = forbidding(vec![("rule".into(), rule.into())]);
    print("a role, one forbid on the context", nanoseconds(&user, &one, &native, &ask));
    let others = (0..1_000).map(|at| {
        let text = format!(r#"forbid(principal, action, resource == Key::"{at:08}-0000-0000-0000-000000000000");"#);
        (format!("other-{at}"), text)
    });
    let many = forbidding(others.chain([("rule".to_owned(), rule.to_owned())]).collect());
    print("a role, one forbid on the context, 1,000 on other keys", nanoseconds(&user, &many, &native, &ask));
}
