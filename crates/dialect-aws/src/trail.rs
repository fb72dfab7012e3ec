//! Entries of the log in the shape of CloudTrail's records, for programs that know nothing else
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).

use crate::operation::Operation;
use crate::sts;
use domain::{Action, EntryShown, ObjectId, Tongue};
use serde_json::{Map, Value, json};

const VERSION: &str = "1.09";
const KMS: &str = "kms.amazonaws.com";
const STS: &str = "sts.amazonaws.com";

/// Uses that this tongue does not serve yet, by the names that they have in it.
const ELSEWHERE: [(Action, &str); 7] = [
    (Action::Sign, "Sign"),
    (Action::Verify, "Verify"),
    (Action::MacSign, "GenerateMac"),
    (Action::MacVerify, "VerifyMac"),
    (Action::GetPublicKey, "GetPublicKey"),
    (Action::DecryptAsymmetric, "Decrypt"),
    (Action::Decapsulate, "Decapsulate"),
];
/// What operations that change something begin with.
const CHANGES: [&str; 12] = [
    "Cancel", "Create", "Delete", "Disable", "Enable", "Import", "Put", "Rotate", "Schedule", "Tag", "Untag", "Update",
];

/// A record of what was asked, in whatever tongue; nothing where this one has no name for it. Times are in UTC, and the
/// request's id is the event's too: an entry is one request.
pub fn trail(entry: &EntryShown) -> Option<Value> {
    let (source, name) = event(entry)?;
    let account = entry.told("account").unwrap_or_default();
    let region = entry.told("location").unwrap_or_default();
    let arn = |key: ObjectId| format!("arn:aws:kms:{region}:{account}:key/{key}");
    let keys: Vec<String> = entry.keys().map(|(key, _)| arn(key)).collect();
    let mut parameters = Map::new();
    if let Some(key) = keys.first() {
        parameters.insert("keyId".into(), json!(key));
    }
    let resource = |arn: &String| json!({ "accountId": account, "type": "AWS::KMS::Key", "ARN": arn });
    let mut record = json!({
        "eventVersion": VERSION,
        "userIdentity": identity(entry, account),
        "eventTime": seconds(entry),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": entry.told("address").unwrap_or("AWS Internal"),
        "userAgent": entry.told("agent").unwrap_or("AWS Internal"),
        "requestParameters": if parameters.is_empty() { Value::Null } else { Value::Object(parameters) },
        "responseElements": null,
        "additionalEventData": more(entry),
        "requestID": entry.request,
        "eventID": entry.request,
        "readOnly": !CHANGES.iter().any(|begin| name.starts_with(begin)),
        "resources": keys.iter().map(resource).collect::<Vec<_>>(),
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    });
    if let (Some(code), Some(object)) = (error(entry), record.as_object_mut()) {
        object.insert("errorCode".into(), json!(code));
        object.insert("errorMessage".into(), json!(entry.told("reason").unwrap_or_default()));
    }
    Some(record)
}

/// Service and operation.
fn event(entry: &EntryShown) -> Option<(&'static str, &'static str)> {
    let own = entry.told("operation").filter(|_| entry.tongue == Tongue::Aws.name());
    if own == Some(sts::OPERATION) {
        return Some((STS, sts::OPERATION));
    }
    let action = Action::from_name(entry.action.split('+').next()?)?;
    let served = || Operation::ALL.iter().find(|one| action != Action::Unknown && one.action() == action).copied();
    let named = own.and_then(Operation::from_name).or_else(served).map(Operation::name);
    let elsewhere = || ELSEWHERE.iter().find(|(known, _)| *known == action).map(|(_, name)| *name);
    named.or_else(elsewhere).map(|name| (KMS, name))
}

fn identity(entry: &EntryShown, account: &str) -> Value {
    let name = entry.principal_name.as_deref().unwrap_or_default();
    let id = ObjectId::parse(&entry.principal).map(sts::unique_id_of);
    json!({
        "type": "IAMUser",
        "principalId": id,
        "arn": format!("arn:aws:iam::{account}:user/{name}"),
        "accountId": account,
        "accessKeyId": entry.told("accesskey"),
        "userName": name,
    })
}

/// What CloudTrail has no place for.
fn more(entry: &EntryShown) -> Value {
    json!({ "keyward": {
        "index": entry.index, "tongue": entry.tongue, "action": entry.action, "verdict": entry.verdict,
        "context": entry.told("context"), "statement": entry.told("statement"),
    }})
}

/// In the words of this tongue, as far as it was asked in it.
fn error(entry: &EntryShown) -> Option<&str> {
    if entry.verdict == "done" {
        return None;
    }
    let own = entry.told("code").filter(|_| entry.tongue == Tongue::Aws.name());
    own.or(Some(match entry.verdict.as_str() {
        "denied" | "awaiting-approval" => "AccessDenied",
        "not-found" => "NotFoundException",
        "not-usable" => "DisabledException",
        "destruction-scheduled" | "material-not-held" | "no-such-transition" => "KMSInvalidStateException",
        "ciphertext-unreadable" => "InvalidCiphertextException",
        "wrong-key" => "IncorrectKeyException",
        "wrong-purpose" => "InvalidKeyUsageException",
        "limit-reached" => "LimitExceededException",
        "already-there" => "AlreadyExistsException",
        "unavailable" | "conflict" | "memory-full" => "KMSInternalException",
        _ => "ValidationException",
    }))
}

/// Whole seconds, as CloudTrail tells times.
fn seconds(entry: &EntryShown) -> String {
    let text = entry.wall.to_rfc3339();
    text.split_once('.').map_or_else(|| text.clone(), |(whole, _)| format!("{whole}Z"))
}

#[cfg(test)]
#[path = "../../dialect/tests/fixtures/entry.rs"]
mod fixture;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::fixture::entry;
    use super::*;

    #[test]
    fn a_record_says_who_did_what_to_which_key() {
        let own = [("operation", "ReEncrypt"), ("accesskey", "AKIA"), ("agent", "aws-cli")];
        let record = trail(&entry(Tongue::Aws, "ReEncryptFrom+ReEncryptTo", "done", &own)).unwrap();
        let key = "arn:aws:kms:eu-central-1:111122223333:key/05050505-0505-0505-0505-050505050505";
        for (pointer, wanted) in [
            ("/eventName", json!("ReEncrypt")),
            ("/eventSource", json!("kms.amazonaws.com")),
            ("/eventTime", json!("2026-11-25T09:53:03Z")),
            ("/userIdentity/arn", json!("arn:aws:iam::111122223333:user/ops")),
            ("/userIdentity/accessKeyId", json!("AKIA")),
            ("/sourceIPAddress", json!("192.0.2.7")),
            ("/userAgent", json!("aws-cli")),
            ("/requestParameters", json!({ "keyId": key })),
            ("/resources", json!([{ "accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": key }])),
            ("/readOnly", json!(true)),
            ("/requestID", json!("09090909-0909-0909-0909-090909090909")),
            ("/additionalEventData/keyward/index", json!(7)),
        ] {
            assert_eq!(record.pointer(pointer), Some(&wanted), "{pointer}");
        }
        assert_eq!(record.get("errorCode"), None);
    }

    #[test]
    fn what_other_tongues_did_has_its_name_here() {
        let name = |tongue, action: &str| {
            let told = trail(&entry(tongue, action, "done", &[("operation", "whatever")]));
            told.map(|record| record.get("eventName").unwrap().as_str().unwrap().to_owned())
        };
        assert_eq!(name(Tongue::Google, "ScheduleDestruction").as_deref(), Some("ScheduleKeyDeletion"));
        assert_eq!(name(Tongue::Native, "MacSign").as_deref(), Some("GenerateMac"));
        assert_eq!(name(Tongue::Google, "Encrypt").as_deref(), Some("Encrypt"));
        assert_eq!(name(Tongue::Native, "CreatePrincipal"), None);
        assert_eq!(name(Tongue::Aws, "Unknown"), None);
        assert_eq!(name(Tongue::Native, "nonsense"), None);
    }

    #[test]
    fn errors_have_this_tongue_s_codes() {
        let code = |tongue, verdict: &str| {
            let told = entry(tongue, "Decrypt", verdict, &[("code", "OwnException"), ("reason", "why")]);
            let record = trail(&told).unwrap();
            assert_eq!(record.get("errorMessage"), Some(&json!("why")));
            record.get("errorCode").unwrap().as_str().unwrap().to_owned()
        };
        assert_eq!(code(Tongue::Aws, "denied"), "OwnException");
        assert_eq!(code(Tongue::Google, "denied"), "AccessDenied");
        assert_eq!(code(Tongue::Native, "ciphertext-unreadable"), "InvalidCiphertextException");
    }
}
