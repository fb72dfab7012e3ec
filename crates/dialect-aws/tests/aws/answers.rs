//! Every answer of every operation, as it goes out.

use crate::fixtures::*;
use crate::golden::{check, shorten};
use dialect::{Answer, Dialect};
use domain::*;
use keyward_dialect_aws::Aws;
use secret::Secret;
use std::sync::Arc;

const ID: &str = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;

fn answer(seen: &mut String, operation: &str, body: &str, what: &str, reply: Reply) {
    let echo = read(operation, body).unwrap().echo;
    let response = Aws::new().write(request_id(), Some(&echo), Answer::Recorded(Ok(reply)));
    seen.push_str(&format!("{operation}: {what}\n    {}\n", shorten(&spoken(&response))));
}

fn worker() -> Worker {
    Worker { key: Arc::new(key()), version: 2, owner: tenant() }
}

#[test]
fn uses() {
    let mut seen = String::new();
    let secret = || Secret::new(b"hello".to_vec());
    let encrypt = r#"{"KeyId":"alias/x","Plaintext":"aGVsbG8="}"#;
    let ciphertext = || Reply::Ciphertext { by: worker(), ciphertext: vec![1, 2, 3, 4] };
    answer(&mut seen, "Encrypt", encrypt, "a ciphertext", ciphertext());
    answer(&mut seen, "Encrypt", encrypt, "dry", Reply::WouldSucceed);
    let decrypt = r#"{"CiphertextBlob":"AQID"}"#;
    answer(&mut seen, "Decrypt", decrypt, "a plaintext", Reply::Plaintext { by: worker(), plaintext: secret() });
    let former = Worker { version: 1, ..worker() };
    answer(&mut seen, "Decrypt", decrypt, "by a former version", Reply::Plaintext { by: former, plaintext: secret() });
    let re_encrypt = r#"{"CiphertextBlob":"AQID","DestinationKeyId":"alias/x"}"#;
    let from = Worker { key: Arc::new(Key { id: OTHER, ..key() }), version: 1, owner: tenant() };
    answer(&mut seen, "ReEncrypt", re_encrypt, "both", Reply::Resealed { from, to: worker(), ciphertext: vec![9; 5] });
    let data_key = r#"{"KeyId":"alias/x","KeySpec":"AES_256"}"#;
    let made = |plaintext| Reply::DataKey { by: worker(), plaintext, ciphertext: vec![1; 3] };
    answer(&mut seen, "GenerateDataKey", data_key, "in clear too", made(Some(secret())));
    answer(&mut seen, "GenerateDataKeyWithoutPlaintext", data_key, "wrapped only", made(None));
    answer(&mut seen, "GenerateRandom", r#"{"NumberOfBytes":5}"#, "bytes", Reply::Random(secret()));
    check("answers-uses.txt", &seen);
}

#[test]
fn metadata() {
    let mut seen = String::new();
    let due = Destruction::Scheduled { deadline: NOW.plus(7 * DAY), due: Steady(0), resume_to: KeyState::Suspended };
    let suspended = Life { state: KeyState::Suspended, destruction: Destruction::None };
    let compromised = Life { state: KeyState::Compromised, destruction: Destruction::None };
    let ending = Life { state: KeyState::Active, destruction: due };
    let primary = |change: fn(&mut Version)| {
        let mut key = key();
        change(key.versions.last_mut().unwrap());
        key
    };
    let awaited = primary(|version| (version.material, version.fingerprint) = (Material::Awaited, None));
    let expired = primary(|version| version.material = Material::Held { expires: Some(NOW) });
    let expiring = primary(|version| version.material = Material::Held { expires: Some(NOW.plus(DAY)) });
    let imported = |key: Key| Key { origin: Origin::Imported, ..key };
    let states = [
        ("enabled", key()),
        ("key suspended", Key { life: suspended, ..key() }),
        ("key compromised", Key { life: compromised, ..key() }),
        ("primary suspended", primary(|version| version.life.state = KeyState::Suspended)),
        ("primary destroyed", primary(|version| version.life.state = KeyState::Destroyed)),
        ("pending deletion", Key { life: ending, ..key() }),
        ("material awaited", awaited.clone()),
        ("imported", imported(key())),
        ("imported, awaited", imported(awaited)),
        ("imported, expiring", imported(expiring)),
        ("imported, expired", imported(expired)),
        ("hsm", Key { protection: ProtectionLevel::Hsm, ..key() }),
        ("signing", Key { purpose: Purpose::Sign, algorithm: Algorithm::EcP256, ..key() }),
    ];
    for (what, key) in states {
        answer(&mut seen, "DescribeKey", ID, what, Reply::Key(shown(key)));
    }
    answer(&mut seen, "CreateKey", "{}", "made", Reply::Key(shown(key())));
    check("answers-metadata.txt", &seen);
}

#[test]
fn changes() {
    let mut seen = String::new();
    let due = Destruction::Scheduled { deadline: NOW.plus(7 * DAY), due: Steady(0), resume_to: KeyState::Suspended };
    let ending = Key { life: Life { state: KeyState::Active, destruction: due }, ..key() };
    let ordered = Reply::Destruction { key: shown(ending), deadline: Some(NOW.plus(7 * DAY)), days: Some(7) };
    answer(&mut seen, "ScheduleKeyDeletion", ID, "ordered", ordered);
    let kept = Reply::Destruction { key: shown(key()), deadline: None, days: None };
    answer(&mut seen, "CancelKeyDeletion", ID, "taken back", kept);
    for operation in ["EnableKey", "DisableKey", "EnableKeyRotation", "DisableKeyRotation"] {
        answer(&mut seen, operation, ID, "nothing", Reply::Key(shown(key())));
    }
    let described = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Description":"new"}"#;
    answer(&mut seen, "UpdateKeyDescription", described, "nothing", Reply::Done);
    let alias = r#"{"AliasName":"alias/a","TargetKeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
    for operation in ["CreateAlias", "UpdateAlias", "DeleteAlias"] {
        answer(&mut seen, operation, alias, "nothing", Reply::Done);
    }
    let tags = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Tags":[],"TagKeys":[]}"#;
    answer(&mut seen, "TagResource", tags, "nothing", Reply::Done);
    answer(&mut seen, "UntagResource", tags, "nothing", Reply::Done);
    let policy = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Policy":"{}"}"#;
    answer(&mut seen, "PutKeyPolicy", policy, "nothing", Reply::Done);
    answer(&mut seen, "RotateKeyOnDemand", ID, "rotated", Reply::Rotation { key: shown(key()), schedule: None });
    answer(&mut seen, "RotateKeyOnDemand", ID, "rotated, nothing shown", Reply::Done);
    answer(&mut seen, "DescribeKey", ID, "what it never answers", Reply::Done);
    check("answers-changes.txt", &seen);
}

#[test]
fn listings() {
    let mut seen = String::new();
    let keys = || vec![Arc::new(key()), Arc::new(Key { id: OTHER, ..key() })];
    answer(&mut seen, "ListKeys", "", "all", Reply::Keys { keys: keys(), owner: tenant(), more: false });
    answer(&mut seen, "ListKeys", "", "some", Reply::Keys { keys: keys(), owner: tenant(), more: true });
    answer(&mut seen, "ListKeys", "", "none", Reply::Keys { keys: vec![], owner: tenant(), more: false });
    let aliases =
        || vec![AliasFound { id: OTHER, alias: "hr/pay".into(), key: KEY, created: NOW, changed: NOW.plus(1) }];
    answer(&mut seen, "ListAliases", "", "all", Reply::Aliases { aliases: aliases(), owner: tenant(), more: false });
    answer(&mut seen, "ListAliases", "", "some", Reply::Aliases { aliases: aliases(), owner: tenant(), more: true });
    let tags =
        || Reply::Tags(vec![("a".into(), "1".into()), ("b".into(), "\u{1F511}\"".into()), ("c".into(), "".into())]);
    answer(&mut seen, "ListResourceTags", ID, "all", tags());
    let part = |marker: &str| format!(r#"{{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Limit":2{marker}}}"#);
    answer(&mut seen, "ListResourceTags", &part(""), "two", tags());
    answer(&mut seen, "ListResourceTags", &part(r#","Marker":"AAAAAg""#), "the rest", tags());
    answer(&mut seen, "ListResourceTags", &part(r#","Marker":"AAAACg""#), "beyond the end", tags());
    let document = Reply::Document { name: "default".into(), text: "{\"Id\":\"key-default-1\"}".into() };
    answer(&mut seen, "GetKeyPolicy", ID, "as it was given", document);
    answer(&mut seen, "ListKeyPolicies", ID, "one", Reply::Documents(vec!["default".into()]));
    check("answers-listings.txt", &seen);
}

#[test]
fn rotation() {
    let mut seen = String::new();
    let schedule = Some(RotationSchedule { period_seconds: 365 * domain::SECONDS_PER_DAY, next: NOW.plus(365 * DAY) });
    let due = Destruction::Scheduled { deadline: NOW, due: Steady(0), resume_to: KeyState::Suspended };
    let ending = Key { life: Life { state: KeyState::Active, destruction: due }, ..key() };
    let status = |key, schedule| Reply::Rotation { key: shown(key), schedule };
    answer(&mut seen, "GetKeyRotationStatus", ID, "on", status(key(), schedule));
    answer(&mut seen, "GetKeyRotationStatus", ID, "off", status(key(), None));
    answer(&mut seen, "GetKeyRotationStatus", ID, "pending deletion", status(ending, schedule));
    let versions = || {
        vec![version(1, VersionCause::Creation), version(2, VersionCause::Schedule), version(3, VersionCause::Demand)]
    };
    let listed =
        || Reply::Versions { key: shown(Key { primary: 3, versions: versions(), ..key() }), versions: versions() };
    let all = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","IncludeKeyMaterial":"ALL_KEY_MATERIAL"}"#;
    answer(&mut seen, "ListKeyRotations", ID, "rotations", listed());
    answer(&mut seen, "ListKeyRotations", all, "all material", listed());
    let one = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Limit":1}"#;
    answer(&mut seen, "ListKeyRotations", one, "one", listed());
    check("answers-rotation.txt", &seen);
}
