//! Bodies that nobody would write: never a panic, and never an ask that the model does not allow.

use crate::fixtures::{kms, moment, request_id};
use dialect::{Answer, Dialect};
use domain::Ask;
use keyward_dialect_aws::Aws;
use proptest::prelude::*;

fn operation() -> impl Strategy<Value = &'static str> {
    let names: Vec<&str> = include_str!("../model.txt").lines().map(|line| line.split(':').next().unwrap()).collect();
    prop::sample::select(names)
}

/// Members that exist, with values of every type.
fn object() -> impl Strategy<Value = String> {
    let member = prop::sample::select(vec![
        "KeyId",
        "Plaintext",
        "CiphertextBlob",
        "EncryptionContext",
        "Tags",
        "TagKeys",
        "AliasName",
        "TargetKeyId",
        "Limit",
        "Marker",
        "Policy",
        "PolicyName",
        "NumberOfBytes",
        "KeySpec",
        "DryRun",
        "GrantTokens",
        "Description",
    ]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| number.to_string()),
        ".*".prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[A-Za-z0-9+/=]{0,64}".prop_map(|text| format!("{text:?}")),
        "(arn:aws:kms:eu-central-1:111122223333:)?(alias|key)/[a-z0-9-]{0,40}".prop_map(|text| format!("{text:?}")),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(("[a-zA-Z]{0,6}", inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    prop::collection::btree_map(member, value, 0..6).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// An object is always heard; what is wrong with it is an error that a client can read.
fn heard(operation: &str, body: &str) {
    let heard =
        Aws::new().read(&kms(operation, body), moment()).map_err(|refusal| format!("{refusal:?} {body}")).unwrap();
    if let Ask::Invalid { fault, .. } = heard.ask {
        let response = Aws::new().write(request_id(), Some(&heard.echo), Answer::Recorded(Err(fault)));
        let told: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert!(told["__type"].as_str().unwrap().ends_with("Exception"));
        assert_eq!(response.status(), 400);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_heard_or_refused(operation in operation(), body in ".{0,200}") {
        let _ = Aws::new().read(&kms(operation, &body), moment());
    }

    #[test]
    fn any_object_is_heard(operation in operation(), body in object()) {
        heard(operation, &body);
    }
}
