//! The compiled evaluator against a slow and plain one that reads the JSON anew for every request.

use crate::support::*;
use domain::{Action, Authority, PrincipalKind, Tenant};
use keyward_policy::{Policy, aws};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// `*` and `?`, as a child would say it.
fn fits(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skip| fits(rest, &text[skip..])),
        Some(('?', rest)) => !text.is_empty() && fits(rest, &text[1..]),
        Some((char, rest)) => text.first() == Some(char) && fits(rest, &text[1..]),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    fits(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        _ => vec![],
    }
}

struct Plain<'a> {
    arn: &'a str,
    account: &'a str,
    root: bool,
    home: bool,
    action: &'a str,
    resource: &'a str,
    context: &'a [(String, String)],
}

impl Plain<'_> {
    fn condition(&self, statement: &Value) -> bool {
        let Some(operators) = statement["Condition"].as_object() else { return true };
        operators.iter().all(|(operator, keys)| {
            keys.as_object().unwrap().iter().all(|(key, wanted)| {
                let name = key.rsplit(':').next().unwrap();
                let have = self.context.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
                let wanted = list(wanted);
                match (operator.as_str(), have) {
                    ("Null", _) => wanted.contains(&have.is_none().to_string()),
                    ("StringEquals", Some(have)) => wanted.iter().any(|one| one == have),
                    ("StringEqualsIfExists", _) => have.is_none_or(|have| wanted.iter().any(|one| one == have)),
                    ("StringNotEquals", _) => have.is_none_or(|have| wanted.iter().all(|one| one != have)),
                    ("StringLike", Some(have)) => wanted.iter().any(|one| matches(one, have)),
                    ("StringNotLike", _) => have.is_none_or(|have| wanted.iter().all(|one| !matches(one, have))),
                    (_, None) => false,
                    (other, _) => panic!("{other}"),
                }
            })
        })
    }

    fn concerns(&self, statement: &Value) -> bool {
        let action = self.action.to_lowercase();
        list(&statement["Action"]).iter().any(|one| matches(&one.to_lowercase(), &action))
            && list(&statement["Resource"]).iter().any(|one| matches(one, self.resource))
            && self.condition(statement)
    }

    /// In person, or by the account.
    fn means(&self, statement: &Value) -> (bool, bool) {
        let mut named = list(&statement["Principal"]);
        named.extend(list(&statement["Principal"]["AWS"]));
        let root = format!("arn:aws:iam::{}:root", self.account);
        let person = named.iter().any(|one| one == "*" || (one == self.arn && !self.root));
        (person, named.iter().any(|one| *one == root || one == self.account))
    }

    fn verdict(&self, key: &[Value], identity: &[Value]) -> &'static str {
        let in_force = |statement: &&Value, effect: &str| statement["Effect"] == effect && self.concerns(statement);
        let meant = |statement: &&Value| self.means(statement).0 || self.means(statement).1;
        if identity.iter().any(|one| in_force(&one, "Deny"))
            || key.iter().any(|one| meant(&one) && in_force(&one, "Deny"))
        {
            return "deny";
        }
        let own = self.root || identity.iter().any(|one| in_force(&one, "Allow"));
        let in_person = key.iter().any(|one| self.means(one).0 && in_force(&one, "Allow"));
        let at_all = key.iter().any(|one| meant(&one) && in_force(&one, "Allow"));
        if (self.home && in_person) || (at_all && own) { "permit" } else { "silence" }
    }
}

fn pick(options: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => proptest::sample::select(options).prop_map(|one| json!(one)),
        1 => proptest::sample::subsequence(options, 1..=2).prop_map(|some| json!(some)),
    ]
}

fn conditions() -> impl Strategy<Value = Option<Value>> {
    let operator = proptest::sample::select(
        &["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIfExists"][..],
    );
    let key = proptest::sample::select(&["kms:EncryptionContext:a", "kms:EncryptionContext:b"][..]);
    let text = (operator, key.clone(), pick(&["x", "y", "x*", "?", "xy"]))
        .prop_map(|(operator, key, value)| json!({ operator: { key: value } }));
    let null = (key, pick(&["true", "false"])).prop_map(|(key, value)| json!({ "Null": { key: value } }));
    prop_oneof![4 => Just(None), 4 => text.prop_map(Some), 1 => null.prop_map(Some)]
}

fn statement(principal: Option<BoxedStrategy<Value>>) -> BoxedStrategy<Value> {
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let action = pick(&["kms:Encrypt", "kms:*", "*", "KMS:enc*", "kms:Decrypt", "kms:?ncrypt", "s3:*"]);
    let resource = pick(&[
        "*",
        "arn:aws:kms:eu-central-1:111122223333:key/05050505-0505-0505-0505-050505050505",
        "arn:aws:kms:eu-central-1:111122223333:key/*",
        "arn:aws:kms:*:111122223333:key/0505*",
        "arn:aws:kms:eu-central-1:111122223333:key/06060606-0606-0606-0606-060606060606",
        "arn:aws:kms:*:444455556666:key/*",
    ]);
    let principal = principal.unwrap_or_else(|| Just(Value::Null).boxed());
    (effect, action, resource, principal, conditions())
        .prop_map(|(effect, action, resource, principal, condition)| {
            let mut statement = json!({ "Effect": effect, "Action": action, "Resource": resource });
            if !principal.is_null() {
                statement["Principal"] = principal;
            }
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        })
        .boxed()
}

fn principals() -> BoxedStrategy<Value> {
    let named = pick(&[
        "111122223333",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/ops",
        "arn:aws:iam::111122223333:user/other",
        "arn:aws:iam::444455556666:root",
        "arn:aws:iam::444455556666:user/ops",
        "arn:aws:iam::111122223333:role/ops",
        "*",
    ]);
    prop_oneof![1 => Just(json!("*")), 6 => named.prop_map(|named| json!({ "AWS": named }))].boxed()
}

fn contexts() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = proptest::sample::select(&["x", "y", "xy", "z"][..]);
    proptest::collection::btree_map(proptest::sample::select(&["a", "b"][..]), value, 0..=2)
        .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn asked(
    key_policy: &[Value],
    identity: &[Value],
    context: &[(String, String)],
    away_from_home: bool,
    root: bool,
) -> (String, &'static str) {
    let home = home();
    let tenant: Arc<Tenant> = if away_from_home { away() } else { Arc::clone(&home) };
    let (key_text, identity_text) =
        (json!({ "Statement": key_policy }).to_string(), json!({ "Statement": identity }).to_string());
    aws::validate_key_document(&key_text, HOME, &|_, _| aws::Existence::Exists).unwrap();
    aws::validate_identity_document(&identity_text).unwrap();
    let kind = if root { PrincipalKind::Root } else { PrincipalKind::Person };
    let principal = with_documents(domain::Principal { kind, ..person(3, "ops", &tenant) }, &[&identity_text]);
    let key = Arc::new(key(5, &home, Authority::Aws, Some(&key_text)));
    let pairs: Vec<(&str, &str)> = context.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let ask = encrypt(&pairs);
    let (policy, caller) = (Policy::new(), caller(&principal, &tenant));
    let first = judged(&policy, &caller, &key, &home, Action::Encrypt, &ask);
    assert_eq!(judged(&policy, &caller, &key, &home, Action::Encrypt, &ask), first, "remembered otherwise");
    let plain = Plain {
        arn: &aws::principal_arn(&principal, &tenant.account),
        account: &tenant.account,
        root,
        home: !away_from_home,
        action: "kms:Encrypt",
        resource: &key_arn(&key, HOME),
        context,
    };
    (first, plain.verdict(key_policy, identity))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_evaluators_agree(
        key_policy in proptest::collection::vec(statement(Some(principals())), 0..6),
        identity in proptest::collection::vec(statement(None), 0..4),
        context in contexts(),
        away_from_home: bool,
        root in proptest::bool::weighted(0.2),
    ) {
        let (verdict, plain) = asked(&key_policy, &identity, &context, away_from_home, root);
        prop_assert!(verdict.starts_with(plain), "plainly {}, but {}", plain, verdict);
    }
}
