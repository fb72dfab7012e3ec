//! Every fault, as the operations tell it; and every refusal.

use crate::fixtures::*;
use crate::golden::check;
use dialect::{Answer, Dialect};
use domain::*;
use keyward_dialect_aws::{Aws, Sts};

/// An operation and a body that makes it name its key.
const TELLERS: &[(&str, &str)] = &[
    ("Encrypt", r#"{"KeyId":"alias/x","Plaintext":"aGVsbG8="}"#),
    ("Decrypt", r#"{"CiphertextBlob":"AQID"}"#),
    ("DescribeKey", r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#),
    ("CreateKey", "{}"),
    ("CreateAlias", r#"{"AliasName":"alias/a","TargetKeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#),
    (
        "EnableKeyRotation",
        r#"{"KeyId":"arn:aws:kms:eu-central-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#,
    ),
    ("TagResource", r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Tags":[]}"#),
    ("PutKeyPolicy", r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Policy":"{}"}"#),
    ("ListKeys", "{}"),
    ("Sign", "{}"),
];

fn faults() -> Vec<Fault> {
    let at = NOW.plus(DAY);
    vec![
        Fault::NotFound,
        Fault::KeyNotFound { asked: "x".into() },
        Fault::CiphertextOfUnknownKey,
        Fault::AliasNotFound { alias: "a".into() },
        Fault::PrincipalNotFound { name: "bob".into() },
        Fault::TenantNotFound { name: "acme".into() },
        Fault::DocumentNotFound { name: "other".into() },
        Fault::EntryNotFound { index: 7, size: 5 },
        Fault::Denied { reason: "User: arn:aws:iam::111122223333:user/alice is not authorized".into() },
        Fault::AwaitingApproval { approval: "a-1".into() },
        Fault::NotUsable(Scope::Key, KeyState::Suspended),
        Fault::NotUsable(Scope::Key, KeyState::Destroyed),
        Fault::NotUsable(Scope::Key, KeyState::Compromised),
        Fault::NotUsable(Scope::Version(2), KeyState::Deactivated),
        Fault::NotUsable(Scope::Version(2), KeyState::Destroyed),
        Fault::MaterialNotHeld { version: 1, material: Material::Awaited },
        Fault::MaterialNotHeld { version: 1, material: Material::Failed(FailureReason::Generation) },
        Fault::WindowNotOpen { version: 1, from: at },
        Fault::WindowEnded { version: 1, until: NOW },
        Fault::DestructionScheduled { scope: Scope::Key, deadline: at },
        Fault::DestructionScheduled { scope: Scope::Version(1), deadline: at },
        Fault::DestructionNotScheduled,
        Fault::NoSuchTransition { from: KeyState::Compromised, to: KeyState::Active },
        Fault::NotIdentical,
        Fault::NotImported,
        Fault::WrongPurpose { purpose: Purpose::Sign },
        Fault::NotRotatable { why: "only symmetric encryption keys rotate in place" },
        Fault::WrongKey,
        Fault::CiphertextUnreadable,
        Fault::NotImplemented { what: "RSA-2048".into() },
        Fault::ProfileRefuses { profile: Profile::Hipaa, algorithm: Algorithm::Rsa2048, why: "too weak" },
        Fault::AlreadyThere { what: "a".into() },
        Fault::LimitReached { what: "aliases of a key", max: 50 },
        Fault::TokenReused,
        Fault::BadTags { why: "a tag twice".into() },
        Fault::BadDocument { why: "NotAction is not evaluated yet".into() },
        Fault::ForeignAllow { authority: Authority::Native },
        Fault::Invalid { member: "days".into(), constraint: "between 7 and 90 days".into() },
        Fault::BadMarker,
        Fault::Conflict,
        Fault::Damaged { row: RowId::new(Table::Key, KEY), why: "its hash is another" },
        Fault::Unavailable,
        Fault::MemoryFull,
        Fault::ReceiptOfAnotherRequest,
    ]
}

#[test]
fn every_fault_has_the_services_words() {
    let mut seen = String::new();
    for fault in faults() {
        seen.push_str(&format!("{fault:?}\n"));
        for (operation, body) in TELLERS {
            let echo = read(operation, body).unwrap().echo;
            let answer = Answer::Recorded(Err(fault.clone()));
            let response = Aws::new().write(request_id(), Some(&echo), answer);
            seen.push_str(&format!("    {operation}: {}\n", spoken(&response)));
        }
    }
    check("faults.txt", &seen);
}

/// Codes that the service answers with and no operation lists.
const COMMON: &[&str] = &[
    "AccessDeniedException",
    "NotAuthorizedException",
    "SerializationException",
    "ThrottlingException",
    "ValidationException",
];

#[test]
fn every_error_is_modelled_for_its_operation_or_common() {
    let model = include_str!("../model.txt");
    for line in model.lines() {
        let (operation, codes) = line.split_once(": ").unwrap();
        let body = TELLERS.iter().find(|(name, _)| *name == operation).map_or("{}", |(_, body)| body);
        let echo = read(operation, body).unwrap().echo;
        for fault in faults() {
            let response = Aws::new().write(request_id(), Some(&echo), Answer::Recorded(Err(fault.clone())));
            let told: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            let code = told["__type"].as_str().unwrap();
            let status = Aws::new().status(&echo, Ending::Refused(&fault));
            assert_eq!((status.number, status.code), (response.status().as_u16(), Some(code)), "{fault:?}");
            let modelled = codes.split(' ').any(|modelled| modelled == code) || COMMON.contains(&code);
            assert!(modelled, "{operation} answers {code} for {fault:?}, and its model has no such error");
        }
    }
}

#[test]
fn the_log_is_told_the_status_that_the_answer_has() {
    let sts = dialect::Echo::new(request_id(), "GetCallerIdentity", Action::WhoAmI, moment());
    for fault in faults() {
        let status = Aws::new().status(&sts, Ending::Refused(&fault));
        let answer = if fault == Fault::Conflict { Answer::Conflict } else { Answer::Recorded(Err(fault)) };
        let response = Aws::new().write(request_id(), Some(&sts), answer);
        let told = format!("<Code>{}</Code>", status.code.unwrap());
        assert_eq!(status.number, response.status().as_u16());
        assert!(String::from_utf8_lossy(response.body()).contains(&told), "{told}");
    }
    let kms = read("Encrypt", TELLERS[0].1).unwrap().echo;
    let dry = Aws::new().write(request_id(), Some(&kms), Answer::Recorded(Ok(Reply::WouldSucceed)));
    let status = Aws::new().status(&kms, Ending::WouldSucceed);
    assert_eq!((status.number, status.code), (dry.status().as_u16(), Some("DryRunOperationException")));
    assert_eq!(Aws::new().status(&kms, Ending::Done), WireStatus::OK);
}

/// The name of a missing key in each form in which it may be asked for.
#[test]
fn what_is_not_there_is_named_as_it_was_asked_for() {
    let names = [
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:eu-central-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-cn:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:eu-central-1:111122223333:key/fake",
        "arn:aws:kms:eu-central-1:111122223333:alias/hr/pay",
        "arn:aws:s3:::bucket",
        "alias/hr/pay",
        "mrk-1234abcd12ab34cd56ef1234567890ab",
        "mrk-fake-key-id",
        "fake-key-id",
    ];
    let mut seen = String::new();
    for name in names {
        let id = format!(r#"{{"KeyId":"{name}"}}"#);
        let opens = format!(r#"{{"KeyId":"{name}","CiphertextBlob":"AQID"}}"#);
        for (operation, body) in [("DescribeKey", &id), ("DisableKey", &id), ("Decrypt", &opens)] {
            let heard = read(operation, body).unwrap();
            let (asked, known) = match &heard.ask {
                Ask::DescribeKey { key, .. } | Ask::ChangeLife { key, .. } | Ask::Decrypt { key: Some(key), .. } => {
                    (asked(key), Answer::Recorded(Err(Fault::KeyNotFound { asked: asked(key) })))
                }
                Ask::Invalid { fault, .. } => (String::new(), Answer::Recorded(Err(fault.clone()))),
                _ => panic!("no name in it"),
            };
            let response = Aws::new().write(request_id(), Some(&heard.echo), known);
            seen.push_str(&format!("{operation} {name} ({asked})\n    {}\n", spoken(&response)));
        }
    }
    check("absent.txt", &seen);
}

/// As the engine calls what it did not find.
fn asked(key: &KeyName) -> String {
    match &key.by {
        KeyBy::Id(id) => id.to_string(),
        KeyBy::Alias(text) | KeyBy::Path(text) | KeyBy::Nothing(text) => text.clone(),
        KeyBy::InRing { ring, name } => format!("{ring}/{name}"),
    }
}

fn refusals() -> Vec<Refusal> {
    let skewed = |signed| Refusal::Skewed { signed, now: NOW, window_seconds: 300 };
    vec![
        Refusal::TooLarge { bytes_max: 1_048_576 },
        Refusal::TooDeep { depth_max: 64 },
        Refusal::TooSlow,
        Refusal::TooMany,
        Refusal::UnknownOperation,
        Refusal::NotFound,
        Refusal::Unreadable { member: "body" },
        Refusal::MissingCredential,
        Refusal::IncompleteCredential { part: "Signature" },
        Refusal::IncompleteCredential { part: "X-Amz-Date" },
        Refusal::IncompleteCredential { part: "Host" },
        Refusal::IncompleteCredential { part: "algorithm" },
        Refusal::IncompleteCredential { part: "Authorization" },
        Refusal::UnknownCredential,
        Refusal::BadSignature,
        skewed(NOW.plus(-DAY)),
        skewed(NOW.plus(DAY)),
        Refusal::WrongScope { part: "service" },
        Refusal::WrongScope { part: "region" },
        Refusal::WrongScope { part: "date" },
        Refusal::WrongScope { part: "terminator" },
    ]
}

#[test]
fn refusals_and_outages_have_the_services_words_in_both_protocols() {
    let mut seen = String::new();
    let kms = read("Encrypt", r#"{"KeyId":"alias/x","Plaintext":"aGVsbG8="}"#).unwrap().echo;
    let tags = read("ListResourceTags", r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#).unwrap().echo;
    let mut tell = |what: String, answer: fn() -> Option<Answer>, refusal: Option<Refusal>| {
        let answer = || refusal.map(Answer::Refused).or_else(answer).unwrap();
        seen.push_str(&format!("{what}\n"));
        let told = [
            ("kms", Aws::new().write(request_id(), Some(&kms), answer())),
            ("tags", Aws::new().write(request_id(), Some(&tags), answer())),
            ("head", Aws::new().write(request_id(), None, answer())),
            ("sts", Sts::new().write(request_id(), None, answer())),
        ];
        for (who, response) in told {
            seen.push_str(&format!("    {who}: {}\n", spoken(&response).replace('\n', "")));
        }
    };
    for refusal in refusals() {
        tell(format!("{refusal:?}"), || None, Some(refusal));
    }
    tell("sealed".into(), || Some(Answer::Unavailable(Unavailable::Sealed)), None);
    tell("store".into(), || Some(Answer::Unavailable(Unavailable::Store)), None);
    tell("draining".into(), || Some(Answer::Unavailable(Unavailable::Draining)), None);
    tell("overloaded".into(), || Some(Answer::Unavailable(Unavailable::Overloaded)), None);
    tell("late".into(), || Some(Answer::Unavailable(Unavailable::Late)), None);
    let damaged = || {
        let row = RowId::new(Table::LogKey, ObjectId([7; 16]));
        Some(Answer::Unavailable(Unavailable::Damaged { row, why: "the entry that it names is missing" }))
    };
    tell("damaged".into(), damaged, None);
    tell("conflict".into(), || Some(Answer::Conflict), None);
    check("refusals.txt", &seen);
}
