//! Condition operators and condition keys: a condition and a request in, holds or not out.

use crate::support::*;
use domain::{Action, Ask, Authority, Dry, Found, KeyBy, KeyName, LifeChange, Scope, Target};
use keyward_policy::{Policy, aws};
use std::sync::Arc;

/// Whether an allow with this condition applies to a request of `ops` from 192.0.2.7, over TLS, now.
fn holds_for(condition: &str, action: Action, ask: &Ask) -> bool {
    let home = home();
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{condition}}}}}"#
    );
    aws::validate_key_document(&text, HOME, &|_, _| aws::Existence::Exists).unwrap();
    let principal = Arc::new(person(3, "ops", &home));
    let key = Arc::new(key(5, &home, Authority::Aws, Some(&text)));
    let allowed = judged(&Policy::new(), &caller(&principal, &home), &key, &home, action, ask).starts_with("permit");
    let denied = text.replacen("Allow", "Deny", 1);
    let key = Arc::new(domain::Key {
        documents: vec![domain::Document { text: denied, ..key.documents[0].clone() }],
        ..(*key).clone()
    });
    let refused = judged(&Policy::new(), &caller(&principal, &home), &key, &home, action, ask).starts_with("deny");
    assert_eq!(allowed, refused, "a deny with {condition} must apply where an allow does");
    allowed
}

fn table(rows: &[(&str, bool)], action: Action, ask: &Ask) {
    for (condition, expected) in rows {
        assert_eq!(holds_for(condition, action, ask), *expected, "{condition}");
    }
}

#[test]
fn text() {
    let rows = [
        (r#"{"StringEquals":{"kms:EncryptionContext:dept":"pay"}}"#, true),
        (r#"{"StringEquals":{"kms:EncryptionContext:dept":["x","pay"]}}"#, true),
        (r#"{"StringEquals":{"kms:EncryptionContext:dept":"Pay"}}"#, false),
        (r#"{"StringEquals":{"KMS:encryptioncontext:DEPT":"pay"}}"#, true),
        (r#"{"StringEquals":{"kms:EncryptionContext:absent":"pay"}}"#, false),
        (r#"{"StringEquals":{"kms:EncryptionContext:dept":[]}}"#, false),
        (r#"{"StringNotEquals":{"kms:EncryptionContext:dept":"pay"}}"#, false),
        (r#"{"StringNotEquals":{"kms:EncryptionContext:dept":["x","pay"]}}"#, false),
        (r#"{"StringNotEquals":{"kms:EncryptionContext:dept":["x","y"]}}"#, true),
        (r#"{"StringNotEquals":{"kms:EncryptionContext:absent":"pay"}}"#, true),
        (r#"{"StringEqualsIgnoreCase":{"kms:EncryptionContext:dept":"PAY"}}"#, true),
        (r#"{"StringNotEqualsIgnoreCase":{"kms:EncryptionContext:dept":"PAY"}}"#, false),
        (r#"{"StringLike":{"kms:EncryptionContext:dept":"p*"}}"#, true),
        (r#"{"StringLike":{"kms:EncryptionContext:dept":"p?"}}"#, false),
        (r#"{"StringNotLike":{"kms:EncryptionContext:dept":"p*"}}"#, false),
        (r#"{"StringEqualsIfExists":{"kms:EncryptionContext:absent":"pay"}}"#, true),
        (r#"{"StringEqualsIfExists":{"kms:EncryptionContext:dept":"x"}}"#, false),
        (r#"{"StringEquals":{"kms:EncryptionContext:dept":"pay","kms:EncryptionContext:n":"8"}}"#, false),
        (r#"{"StringEquals":{"kms:EncryptionContext:dept":"pay"},"StringLike":{"kms:EncryptionContext:n":"7"}}"#, true),
        (r#"{"StringEquals":{"kms:EncryptionContext:a:b/c":"colon"}}"#, true),
        (r#"{"BinaryEquals":{"kms:EncryptionContext:dept":"cGF5"}}"#, true),
        (r#"{"Null":{"kms:EncryptionContext:dept":"true"}}"#, false),
        (r#"{"Null":{"kms:EncryptionContext:absent":true}}"#, true),
        (r#"{"Null":{"kms:ViaService":"false"}}"#, false),
        ("{}", true),
    ];
    table(&rows, Action::Encrypt, &encrypt(&[("dept", "pay"), ("n", "7"), ("a:b/c", "colon")]));
}

#[test]
fn numbers_dates_addresses_and_truth() {
    let rows = [
        (r#"{"NumericEquals":{"kms:EncryptionContext:n":"7.0"}}"#, true),
        (r#"{"NumericEquals":{"kms:EncryptionContext:n":7}}"#, true),
        (r#"{"NumericNotEquals":{"kms:EncryptionContext:n":[6,8]}}"#, true),
        (r#"{"NumericLessThan":{"kms:EncryptionContext:n":"7"}}"#, false),
        (r#"{"NumericLessThanEquals":{"kms:EncryptionContext:n":"7"}}"#, true),
        (r#"{"NumericGreaterThan":{"kms:EncryptionContext:n":"6.5"}}"#, true),
        (r#"{"NumericGreaterThanEquals":{"kms:EncryptionContext:word":"0"}}"#, false),
        (r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-25T09:53:02Z"}}"#, true),
        (r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-25T09:53:03Z"}}"#, false),
        (r#"{"DateLessThanEquals":{"aws:CurrentTime":"2026-11-25T10:53:03+01:00"}}"#, true),
        (r#"{"DateEquals":{"aws:EpochTime":"1795600383"}}"#, true),
        (r#"{"NumericLessThan":{"aws:EpochTime":"1795600384"}}"#, true),
        (r#"{"DateNotEquals":{"aws:CurrentTime":"2026-11-25"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.7"]}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#, false),
        (r#"{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, false),
        (r#"{"NotIpAddress":{"aws:VpcSourceIp":"192.0.2.0/24"}}"#, true),
        (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
        (r#"{"Bool":{"aws:SecureTransport":false}}"#, false),
        (r#"{"Bool":{"aws:ViaAWSService":"FALSE"}}"#, true),
        (r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#, true),
    ];
    table(&rows, Action::Encrypt, &encrypt(&[("n", "7"), ("word", "seven")]));
}

#[test]
fn what_is_known_of_caller_and_key() {
    let rows = [
        (r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/ops"}}"#, true),
        (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/o?s"}}"#, true),
        (r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}"#, true),
        (r#"{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/*"}}"#, false),
        (r#"{"StringEquals":{"aws:PrincipalAccount":"111122223333","kms:CallerAccount":"111122223333"}}"#, true),
        (r#"{"StringEquals":{"aws:PrincipalType":"User","aws:username":"ops"}}"#, true),
        (r#"{"StringEquals":{"aws:userid":"AIDADYAGQBMADYAGQBMAD"}}"#, true),
        (r#"{"StringEquals":{"aws:RequestedRegion":"eu-central-1"}}"#, true),
        (r#"{"StringLike":{"aws:UserAgent":"aws-cli/*"}}"#, true),
        (r#"{"StringEquals":{"aws:ResourceTag/team":"payroll"}}"#, true),
        (r#"{"StringEquals":{"aws:ResourceTag/Team":"Payroll"}}"#, false),
        (
            r#"{"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT","kms:KeyUsage":"ENCRYPT_DECRYPT","kms:KeyOrigin":"AWS_KMS"}}"#,
            true,
        ),
        (r#"{"Bool":{"kms:MultiRegion":"false"}}"#, true),
        (r#"{"StringEquals":{"kms:EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}}"#, true),
        (r#"{"StringEquals":{"kms:ViaService":"s3.eu-central-1.amazonaws.com"}}"#, false),
        (r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#, true),
        (r#"{"StringEquals":{"s3:prefix":"x"}}"#, false),
        (r#"{"Null":{"kms:RequestAlias":"true"}}"#, true),
    ];
    table(&rows, Action::Encrypt, &encrypt(&[]));
}

#[test]
fn what_is_known_of_the_request() {
    let key = || KeyName { by: KeyBy::Alias("payroll".into()), account: None, location: None };
    let describe = Ask::DescribeKey { key: key(), at: None };
    table(&[(r#"{"StringEquals":{"kms:RequestAlias":"alias/payroll"}}"#, true)], Action::DescribeKey, &describe);
    let change = LifeChange::ScheduleDestruction { scope: Scope::Key, days: 7, resume_to: domain::KeyState::Suspended };
    let schedule = Ask::ChangeLife { key: key(), change };
    let days = [
        (r#"{"NumericGreaterThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}}"#, false),
        (r#"{"NumericLessThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}}"#, true),
    ];
    table(&days, Action::ScheduleDestruction, &schedule);
    let rotation = Ask::SetRotation { key: key(), rotation: Some(domain::Rotate::every_days(90)) };
    table(&[(r#"{"NumericEquals":{"kms:RotationPeriodInDays":"90"}}"#, true)], Action::EnableRotation, &rotation);
    let tag = Ask::Tag { key: key(), tags: vec![("Cost".into(), "7".into())] };
    table(&[(r#"{"StringEquals":{"aws:RequestTag/cost":"7"}}"#, true)], Action::TagKey, &tag);
    let put = Ask::PutDocument {
        key: key(),
        regime: Authority::Aws,
        name: "default".into(),
        text: String::new(),
        bypass_lockout_check: true,
    };
    table(&[(r#"{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"true"}}"#, true)], Action::PutDocument, &put);
}

#[test]
fn re_encryption_has_a_context_for_each_half() {
    let (home, name) = (home(), || KeyName::id(id(5)));
    let ask = Ask::ReEncrypt {
        from: None,
        ciphertext: vec![],
        from_context: pairs(&[("half", "from")]),
        to: name(),
        to_context: pairs(&[("half", "to")]),
        dry: Dry::Wet,
    };
    let text = |from: &str, to: &str| {
        let one = |action: &str, half: &str| {
            format!(
                r#"{{"Effect":"Allow","Principal":"*","Action":"kms:{action}","Resource":"*","Condition":{{"StringEquals":{{"kms:EncryptionContext:half":"{half}"}},"Bool":{{"kms:ReEncryptOnSameKey":"true"}}}}}}"#
            )
        };
        format!(r#"{{"Statement":[{},{}]}}"#, one("ReEncryptFrom", from), one("ReEncryptTo", to))
    };
    let principal = Arc::new(person(3, "ops", &home));
    let verdict = |text: &str| {
        let key = Arc::new(key(5, &home, Authority::Aws, Some(text)));
        let working = || domain::Working {
            key: Arc::clone(&key),
            version: 1,
            material: None,
            account: Arc::clone(&home),
            budget: None,
        };
        let target = || Target::Key(Arc::clone(&key));
        let demands = vec![(Action::ReEncryptFrom, target()), (Action::ReEncryptTo, target())];
        let request = request(&ask, Found::Rework { from: working(), to: working() }, demands);
        spelled(Policy::new().authorize(&caller(&principal, &home), &request, &settings(), NOW))
    };
    assert_eq!(verdict(&text("from", "to")), "permit: key policy statement 1");
    assert!(verdict(&text("to", "to")).starts_with("silence"));
    assert!(verdict(&text("from", "from")).starts_with("silence"));
}

#[test]
fn names_that_differ_in_case_only_must_all_fit_to_allow_and_any_denies() {
    let (home, ask) = (home(), encrypt(&[("dept", "pay"), ("Dept", "hr")]));
    let principal = Arc::new(person(3, "ops", &home));
    let verdict = |statements: &str| {
        let key = Arc::new(key(5, &home, Authority::Aws, Some(&format!(r#"{{"Statement":[{statements}]}}"#))));
        judged(&Policy::new(), &caller(&principal, &home), &key, &home, Action::Encrypt, &ask)
    };
    let pay = r#""Condition":{"StringEquals":{"kms:EncryptionContext:dept":"pay"}}"#;
    let all = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    assert!(
        verdict(&format!(r#"{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",{pay}}}"#))
            .starts_with("silence")
    );
    assert!(
        verdict(&format!(r#"{all},{{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*",{pay}}}"#))
            .starts_with("deny")
    );
}
