//! Bodies that nobody thought of.

use crate::fixtures::read;
use domain::{Ask, Refusal};
use keyward_dialect_native::{Documented, documentation};
use proptest::prelude::*;
use serde_json::{Value, json};

fn operations() -> Vec<Documented> {
    documentation().collect()
}

/// A value of a kind that some member has, or of none.
fn values() -> impl Strategy<Value = Value> {
    let words = vec![
        "aws",
        "encrypt",
        "AES-256",
        "active",
        "suspended",
        "yes",
        "person",
        "Auditor",
        "hipaa",
        "2026-11-25",
        "AAEC",
    ];
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    prop_oneof![
        4 => prop::sample::select(words).prop_map(Value::from),
        1 => Just(json!(id)),
        2 => any::<u32>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => ".{0,12}".prop_map(Value::from),
        1 => prop::collection::vec("[a-z]{0,3}".prop_map(Value::from), 0..3).prop_map(Value::from),
        1 => prop::collection::btree_map("[a-z]{0,3}", "[a-z]{0,3}", 0..3).prop_map(|map| json!(map)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_is_json_is_asked_or_told_to_a_caller(
        at in 0..operations().len(),
        values in prop::collection::vec(values(), 20),
        left_out in prop::collection::vec(0..4_u8, 20),
    ) {
        let one = &operations()[at];
        let members = one.members.iter().zip(values).zip(left_out).filter(|(_, left_out)| *left_out > 0);
        let body: serde_json::Map<_, _> = members.map(|((member, value), _)| (member.name.into(), value)).collect();
        let needed = one.members.iter().filter(|member| member.needed).all(|member| body.contains_key(member.name));
        let heard = read(one.name, &Value::Object(body).to_string());
        match heard.map(|heard| heard.ask) {
            Ok(Ask::Invalid { action, .. }) => prop_assert_eq!(action, one.action),
            Ok(_) => prop_assert!(needed),
            Err(refusal) => prop_assert!(false, "{:?}", refusal),
        }
    }

    #[test]
    fn whatever_is_no_json_is_unreadable(at in 0..operations().len(), body in ".{1,40}") {
        let one = &operations()[at];
        let parses = serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
        match read(one.name, &body) {
            Ok(_) => prop_assert!(parses, "{}", body),
            Err(refusal) => prop_assert_eq!((refusal, parses), (Refusal::Unreadable { member: "body" }, false)),
        }
    }
}
