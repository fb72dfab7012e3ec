//! Every fault, refusal and unavailability, as it is told.

use crate::fixtures::{KEY, NOW, spoken};
use crate::golden::check;
use dialect::{Answer, Dialect};
use domain::*;

fn faults() -> Vec<Fault> {
    let name = || String::from("x");
    vec![
        Fault::NotFound,
        Fault::KeyNotFound { asked: name() },
        Fault::AliasNotFound { alias: name() },
        Fault::PrincipalNotFound { name: name() },
        Fault::TenantNotFound { name: name() },
        Fault::DocumentNotFound { name: name() },
        Fault::EntryNotFound { index: 9, size: 7 },
        Fault::Denied { reason: "no role of alice covers Encrypt".into() },
        Fault::AwaitingApproval { approval: "a-1".into() },
        Fault::NotUsable(Scope::Key, KeyState::Suspended),
        Fault::NotUsable(Scope::Version(2), KeyState::Compromised),
        Fault::MaterialNotHeld { version: 1, material: Material::Awaited },
        Fault::WindowNotOpen { version: 1, from: NOW },
        Fault::WindowEnded { version: 1, until: NOW },
        Fault::DestructionScheduled { scope: Scope::Key, deadline: NOW },
        Fault::DestructionNotScheduled,
        Fault::NoSuchTransition { from: KeyState::Destroyed, to: KeyState::Active },
        Fault::NotIdentical,
        Fault::NotImported,
        Fault::WrongPurpose { purpose: Purpose::Sign },
        Fault::NotRotatable { why: "its material is imported; import new material" },
        Fault::WrongKey,
        Fault::CiphertextUnreadable,
        Fault::CiphertextOfUnknownKey,
        Fault::NotImplemented { what: "P-256 for Sign".into() },
        Fault::ProfileRefuses { profile: Profile::Hipaa, algorithm: Algorithm::Rsa2048, why: "it asks for more" },
        Fault::AlreadyThere { what: name() },
        Fault::LimitReached { what: "tags of a key", max: 50 },
        Fault::TokenReused,
        Fault::BadTags { why: "a tag without a name".into() },
        Fault::BadDocument { why: "a statement without an effect".into() },
        Fault::ForeignAllow { authority: Authority::Native },
        Fault::Invalid { member: name(), constraint: "is needed".into() },
        Fault::BadMarker,
        Fault::Conflict,
        Fault::Damaged { row: RowId::new(Table::Key, KEY), why: "its hash is another" },
        Fault::Unavailable,
        Fault::MemoryFull,
        Fault::ReceiptOfAnotherRequest,
    ]
}

fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::TooLarge { bytes_max: 262_144 },
        Refusal::TooDeep { depth_max: 32 },
        Refusal::TooSlow,
        Refusal::TooMany,
        Refusal::UnknownOperation,
        Refusal::NotFound,
        Refusal::Unreadable { member: "body" },
        Refusal::Unreadable { member: "content-type" },
        Refusal::MissingCredential,
        Refusal::IncompleteCredential { part: "Signature" },
        Refusal::UnknownCredential,
        Refusal::BadSignature,
        Refusal::Skewed { signed: NOW, now: NOW.plus(600 * SECOND), window_seconds: 300 },
        Refusal::WrongScope { part: "region" },
    ]
}

#[test]
fn the_log_is_told_the_status_that_the_answer_has() {
    let native = keyward_dialect_native::Native::new();
    let echo =
        dialect::Echo::new(RequestId(ObjectId::NIL), "encrypt", Action::Encrypt, Moment::undisputed(NOW, Steady(0)));
    for fault in faults() {
        let status = native.status(&echo, Ending::Refused(&fault));
        let response = native.write(echo.id, Some(&echo), Answer::Recorded(Err(fault)));
        let told: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!((status.number, status.code), (response.status().as_u16(), told["error"]["word"].as_str()));
    }
    assert_eq!(native.status(&echo, Ending::Done), WireStatus::OK);
}

#[test]
fn whatever_is_wrong_has_a_status_a_word_and_a_sentence() {
    let damaged =
        Unavailable::Damaged { row: RowId::new(Table::LogKey, KEY), why: "the entry that it names is missing" };
    let unavailable = [
        Unavailable::Sealed,
        Unavailable::Store,
        Unavailable::Draining,
        Unavailable::Overloaded,
        Unavailable::Late,
        damaged,
    ];
    let answers = faults().into_iter().map(|fault| Answer::Recorded(Err(fault)));
    let answers = answers.chain(refusals().into_iter().map(Answer::Refused));
    let answers = answers.chain(unavailable.into_iter().map(Answer::Unavailable)).chain([Answer::Conflict]);
    let seen: String = answers.map(|answer| spoken(answer) + "\n").collect();
    check("tests/golden/errors.txt", &seen);
}
