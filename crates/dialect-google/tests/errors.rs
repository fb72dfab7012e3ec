//! What is told of what went wrong: the same in both protocols.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dialect::{Answer, Dialect, Echo};
use domain::{
    Action, Ending, Fault, KeyState, Material, Moment, ObjectId, Profile, Purpose, Refusal, Removal, RequestId, RowId,
    Scope, Steady, Table, Timestamp, Unavailable, WireStatus,
};
use keyward_dialect_google::{Grpc, Rest};
use serde_json::Value;

const ID: RequestId = RequestId(ObjectId([0x77; 16]));
const NOW: Moment = Moment::undisputed(Timestamp(1_795_600_383_000), Steady(0));
const KEY: &str = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
const ROW: RowId = RowId { table: Table::Key, id: ObjectId([1; 16]) };

fn echo(more: &[(&'static str, &str)]) -> Echo {
    let more = more.iter().map(|(what, text)| (*what, (*text).to_owned())).collect();
    Echo { more, ..Echo::new(ID, "Encrypt", Action::Encrypt, NOW) }
}

/// Code and text, by gRPC and by REST; they are alike.
fn told(echo: Option<&Echo>, answer: impl Fn() -> Answer) -> (i32, String, String) {
    let call = Grpc::new().write(ID, echo, answer());
    let head = call.headers();
    assert_eq!((call.status().as_u16(), call.body().len()), (200, 0));
    let number: i32 = head["grpc-status"].to_str().unwrap().parse().unwrap();
    let message = percent_encoding::percent_decode(head["grpc-message"].as_bytes()).decode_utf8().unwrap().into_owned();
    let rest = Rest::new().write(ID, echo, answer());
    let body: Value = serde_json::from_slice(rest.body()).unwrap();
    assert_eq!(body["error"]["message"], message);
    assert_eq!(body["error"]["code"], rest.status().as_u16());
    assert_eq!(body["error"].get("details").is_some(), head.contains_key("grpc-status-details-bin"));
    (number, body["error"]["status"].as_str().unwrap().to_owned(), message)
}

fn fault(fault: &Fault) -> (String, String) {
    let echo = echo(&[("name", KEY)]);
    let (_, code, message) = told(Some(&echo), || Answer::Recorded(Err(fault.clone())));
    let status = Grpc::new().status(&echo, Ending::Refused(fault));
    assert_eq!(status.code, Some(code.as_str()));
    assert_eq!(status, Rest::new().status(&echo, Ending::Refused(fault)));
    (code, message)
}

#[test]
fn faults_have_the_codes_of_the_service() {
    let version = format!("{KEY}/cryptoKeyVersions/2");
    let cases = [
        (Fault::KeyNotFound { asked: "r/k".into() }, "NOT_FOUND", format!("CryptoKey {KEY} not found.")),
        (
            Fault::RingNotFound { ring: "r".into() },
            "NOT_FOUND",
            "KeyRing projects/p/locations/l/keyRings/r not found.".into(),
        ),
        (Fault::VersionNotFound { version: 2 }, "NOT_FOUND", format!("CryptoKeyVersion {version} not found.")),
        (
            Fault::TenantNotFound { name: "p".into() },
            "PERMISSION_DENIED",
            "Permission denied on resource project p.".into(),
        ),
        (Fault::AlreadyThere { what: "k".into() }, "ALREADY_EXISTS", format!("CryptoKey {KEY} already exists.")),
        (
            Fault::NotUsable(Scope::Version(2), KeyState::Suspended),
            "FAILED_PRECONDITION",
            format!("{version} is not enabled, current state is: DISABLED."),
        ),
        (
            Fault::DestructionScheduled { scope: Scope::Version(2), deadline: Timestamp(0) },
            "FAILED_PRECONDITION",
            format!("{version} is not enabled, current state is: DESTROY_SCHEDULED."),
        ),
        (
            Fault::MaterialNotHeld { version: 2, material: Material::Removed(Removal::Destroyed) },
            "FAILED_PRECONDITION",
            format!("{version} is not enabled, current state is: DESTROYED."),
        ),
        (
            Fault::MaterialNotHeld { version: 2, material: Material::Awaited },
            "FAILED_PRECONDITION",
            format!("{version} is not enabled, current state is: PENDING_GENERATION."),
        ),
        (Fault::NoPrimary, "FAILED_PRECONDITION", format!("{KEY} has no primary version.")),
        (Fault::WrongPurpose { purpose: Purpose::Mac }, "FAILED_PRECONDITION", "The key's purpose is Mac.".into()),
        (
            Fault::Conflict,
            "ABORTED",
            "Others changed the same things meanwhile, and nothing was done. Try again.".into(),
        ),
        (Fault::Unavailable, "UNAVAILABLE", "The store does not answer; try again.".into()),
    ];
    for (one, code, message) in cases {
        assert_eq!(fault(&one), (code.to_owned(), message), "{one:?}");
    }
    let profile =
        Fault::ProfileRefuses { profile: Profile::Hipaa, algorithm: domain::Algorithm::Aes128, why: "too short" };
    assert_eq!(fault(&profile).0, "FAILED_PRECONDITION");
    assert_eq!(fault(&Fault::Damaged { row: ROW, why: "edited" }).0, "DATA_LOSS");
}

#[test]
fn whatever_keeps_a_ciphertext_shut_is_told_alike() {
    let all = [Fault::CiphertextUnreadable, Fault::WrongKey, Fault::CiphertextOfUnknownKey];
    let bodies: Vec<_> = all
        .iter()
        .map(|one| Rest::new().write(ID, Some(&echo(&[("name", KEY)])), Answer::Recorded(Err(one.clone()))).into_body())
        .collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(fault(&all[0]), ("INVALID_ARGUMENT".into(), "Decryption failed: the ciphertext is invalid.".into()));
}

#[test]
fn a_denial_names_permission_and_resource() {
    let echo = echo(&[("name", KEY)]);
    let answer = || Answer::Recorded(Err(Fault::Denied { reason: "no role allows it".into() }));
    let (number, code, message) = told(Some(&echo), answer);
    assert_eq!((number, code.as_str()), (7, "PERMISSION_DENIED"));
    assert!(message.starts_with(&format!(
        "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource '{KEY}' (or it may not exist)."
    )));
    let body: Value = serde_json::from_slice(Rest::new().write(ID, Some(&echo), answer()).body()).unwrap();
    assert_eq!(body["error"]["details"][0]["reason"], "IAM_PERMISSION_DENIED");
    assert_eq!(body["error"]["details"][0]["metadata"]["resource"], KEY);
}

#[test]
fn strangers_and_late_answers_are_told_too() {
    let refused = |refusal| told(None, || Answer::Refused(refusal)).1;
    assert_eq!(refused(Refusal::MissingCredential), "UNAUTHENTICATED");
    assert_eq!(refused(Refusal::UnknownCredential), "UNAUTHENTICATED");
    assert_eq!(refused(Refusal::UnknownOperation), "UNIMPLEMENTED");
    assert_eq!(refused(Refusal::Encoded), "UNIMPLEMENTED");
    assert_eq!(refused(Refusal::TooMany), "RESOURCE_EXHAUSTED");
    assert_eq!(refused(Refusal::Unreadable { member: "body" }), "INVALID_ARGUMENT");
    let unavailable = |why| told(None, || Answer::Unavailable(why)).1;
    assert_eq!(unavailable(Unavailable::Sealed), "UNAVAILABLE");
    assert_eq!(unavailable(Unavailable::Late), "DEADLINE_EXCEEDED");
}

#[test]
fn what_was_found_while_reading_says_its_own_code_and_text() {
    let echo = echo(&[("name", KEY), ("code", "NOT_FOUND")]);
    let invalid =
        || Answer::Recorded(Err(Fault::Invalid { member: String::new(), constraint: "Not here: 50 % é.".into() }));
    assert_eq!(told(Some(&echo), invalid), (5, "NOT_FOUND".into(), "Not here: 50 % é.".into()));
    assert_eq!(Grpc::new().status(&echo, Ending::Done), WireStatus::OK);
}
