//! Entries of the log in the shape of Cloud Audit Logs, for programs that know nothing else: a LogEntry that holds an
//! AuditLog (<https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog>).

use crate::code::Code;
use crate::method::{CREDENTIALS, METHODS, Method};
use crate::status::DOMAIN as SERVICE;
use domain::{Action, EntryShown, ObjectId, Tongue};
use serde_json::{Value, json};

const AUDIT_LOG: &str = "type.googleapis.com/google.cloud.audit.AuditLog";
/// In whose name tokens of service accounts are given out.
const CREDENTIALS_SERVICE: &str = "iamcredentials.googleapis.com";
/// What methods that change something begin with: their log is another.
const CHANGES: [&str; 7] = ["Create", "Delete", "Destroy", "Import", "Restore", "Set", "Update"];

/// What is known beside the log.
pub struct Around<'a> {
    /// The tenant, as projects are called.
    pub project: &'a str,
    /// The ring and the name of a key, as far as it is still there.
    pub key: &'a dyn Fn(ObjectId) -> Option<(String, String)>,
}

/// A log entry of what was asked, in whatever tongue; nothing where no method of this one does it. A key that is there no
/// more is called by its id, in a ring `-`.
pub fn log_entry(entry: &EntryShown, around: &Around<'_>) -> Option<Value> {
    let method = method(entry)?;
    let resource = Resource::of(entry, around, method);
    let (project, name) = (around.project, resource.name());
    let log = if CHANGES.iter().any(|begin| method.name.starts_with(begin)) { "activity" } else { "data_access" };
    let code = code(entry);
    Some(json!({
        "insertId": entry.request,
        "logName": format!("projects/{project}/logs/cloudaudit.googleapis.com%2F{log}"),
        "timestamp": entry.wall.to_rfc3339(),
        "severity": if code.is_some() { "ERROR" } else if log == "activity" { "NOTICE" } else { "INFO" },
        "resource": resource.monitored(method),
        "labels": { "keyward/index": entry.index.to_string(), "keyward/tongue": entry.tongue,
                    "keyward/action": entry.action, "keyward/verdict": entry.verdict },
        "protoPayload": {
            "@type": AUDIT_LOG,
            "serviceName": if method.service == CREDENTIALS { CREDENTIALS_SERVICE } else { SERVICE },
            "methodName": method.name,
            "resourceName": name,
            "authenticationInfo": { "principalEmail": email(entry, project) },
            "authorizationInfo": [{
                "resource": name, "permission": method.permission, "granted": entry.verdict != "denied",
                "resourceAttributes": {},
            }],
            "requestMetadata": {
                "callerIp": entry.told("address").unwrap_or("private"),
                "callerSuppliedUserAgent": entry.told("agent"),
                "requestAttributes": { "time": entry.wall.to_rfc3339() },
            },
            "status": code.map_or_else(|| json!({}), |code| {
                json!({ "code": code.number(), "message": entry.told("reason").unwrap_or_default() })
            }),
        },
    }))
}

fn method(entry: &EntryShown) -> Option<&'static Method> {
    if let Some(own) = entry.told("operation").filter(|_| entry.tongue == Tongue::Google.name()) {
        return Method::named(own);
    }
    let action = Action::from_name(entry.action.split('+').next()?)?;
    METHODS.iter().find(|method| action != Action::Unknown && method.action == action)
}

/// What was asked for.
struct Resource<'a> {
    project: &'a str,
    location: &'a str,
    key: Option<(String, String)>,
    version: Option<u32>,
    /// A service account, by its id.
    account: Option<ObjectId>,
}

impl<'a> Resource<'a> {
    fn of(entry: &'a EntryShown, around: &Around<'a>, method: &Method) -> Self {
        let found = entry.keys().next();
        let account = found.map(|(id, _)| id).filter(|_| method.service == CREDENTIALS);
        let found = found.filter(|_| account.is_none());
        let named = |id: ObjectId| (around.key)(id).unwrap_or_else(|| ("-".to_owned(), id.to_string()));
        Self {
            project: around.project,
            location: entry.told("location").unwrap_or("global"),
            key: found.map(|(id, _)| named(id)),
            version: found.and_then(|(_, version)| version),
            account,
        }
    }

    fn name(&self) -> String {
        let Self { project, location, key, version, account } = self;
        if let Some(account) = account {
            return format!("projects/-/serviceAccounts/{account}");
        }
        let place = format!("projects/{project}/locations/{location}");
        let Some((ring, key)) = key else { return place };
        let key = format!("{place}/keyRings/{ring}/cryptoKeys/{key}");
        version.map_or_else(|| key.clone(), |version| format!("{key}/cryptoKeyVersions/{version}"))
    }

    /// The monitored resource.
    fn monitored(&self, method: &Method) -> Value {
        let Self { project, location, key, version, .. } = self;
        match (key, version) {
            (Some((ring, key)), Some(version)) => json!({ "type": "cloudkms_cryptokeyversion", "labels": {
                "project_id": project, "location": location, "key_ring_id": ring, "crypto_key_id": key,
                "crypto_key_version_id": version.to_string() } }),
            (Some((ring, key)), None) => json!({ "type": "cloudkms_cryptokey", "labels": {
                "project_id": project, "location": location, "key_ring_id": ring, "crypto_key_id": key } }),
            (None, _) => json!({ "type": "audited_resource", "labels": {
                "project_id": project, "service": SERVICE, "method": method.name } }),
        }
    }
}

/// As members of bindings are called, without their kind.
fn email(entry: &EntryShown, project: &str) -> String {
    identity::google::email(entry.principal_name.as_deref().unwrap_or_default(), project, None)
}

/// How it ended; nothing where it was done.
fn code(entry: &EntryShown) -> Option<Code> {
    if entry.verdict == "done" {
        return None;
    }
    let own = entry.told("code").filter(|_| entry.tongue == Tongue::Google.name()).and_then(Code::from_name);
    own.or(Some(match entry.verdict.as_str() {
        "denied" | "awaiting-approval" => Code::PermissionDenied,
        "not-found" => Code::NotFound,
        "already-there" => Code::AlreadyExists,
        "limit-reached" => Code::ResourceExhausted,
        "conflict" => Code::Aborted,
        "unavailable" | "memory-full" => Code::Unavailable,
        "damaged" => Code::DataLoss,
        "not-implemented" => Code::Unimplemented,
        "invalid" | "wrong-key" | "ciphertext-unreadable" | "bad-document" | "bad-tags" => Code::InvalidArgument,
        _ => Code::FailedPrecondition,
    }))
}

#[cfg(test)]
#[path = "../../dialect/tests/fixtures/entry.rs"]
mod fixture;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::fixture::{KEY, entry};
    use super::*;

    fn told(entry: &EntryShown) -> Option<Value> {
        let key = |id| (id == KEY).then(|| ("pay".to_owned(), "cards".to_owned()));
        log_entry(entry, &Around { project: "prod", key: &key })
    }

    #[test]
    fn a_log_entry_says_who_did_what_to_which_key() {
        let own = [("operation", "DestroyCryptoKeyVersion"), ("agent", "gcloud")];
        let told = told(&entry(Tongue::Google, "ScheduleDestruction", "done", &own)).unwrap();
        let key = "projects/prod/locations/eu-central-1/keyRings/pay/cryptoKeys/cards";
        for (pointer, wanted) in [
            ("/logName", json!("projects/prod/logs/cloudaudit.googleapis.com%2Factivity")),
            ("/timestamp", json!("2026-11-25T09:53:03.123Z")),
            ("/severity", json!("NOTICE")),
            ("/resource/type", json!("cloudkms_cryptokey")),
            ("/resource/labels/key_ring_id", json!("pay")),
            ("/protoPayload/serviceName", json!("cloudkms.googleapis.com")),
            ("/protoPayload/methodName", json!("DestroyCryptoKeyVersion")),
            ("/protoPayload/resourceName", json!(key)),
            ("/protoPayload/authenticationInfo/principalEmail", json!("ops@prod.iam.gserviceaccount.com")),
            ("/protoPayload/authorizationInfo/0/permission", json!("cloudkms.cryptoKeyVersions.destroy")),
            ("/protoPayload/authorizationInfo/0/granted", json!(true)),
            ("/protoPayload/requestMetadata/callerIp", json!("192.0.2.7")),
            ("/protoPayload/status", json!({})),
        ] {
            assert_eq!(told.pointer(pointer), Some(&wanted), "{pointer}");
        }
    }

    #[test]
    fn what_other_tongues_did_has_its_method_here() {
        let mut used = entry(Tongue::Aws, "Decrypt", "denied", &[("code", "AccessDeniedException"), ("reason", "why")]);
        used.objects = vec![(ObjectId([6; 16]), Some(2))];
        let denied = told(&used).unwrap();
        let wanted = "projects/prod/locations/eu-central-1/keyRings/-/cryptoKeys/06060606-0606-0606-0606-060606060606/cryptoKeyVersions/2";
        for (pointer, wanted) in [
            ("/logName", json!("projects/prod/logs/cloudaudit.googleapis.com%2Fdata_access")),
            ("/protoPayload/methodName", json!("Decrypt")),
            ("/protoPayload/resourceName", json!(wanted)),
            ("/protoPayload/status", json!({ "code": 7, "message": "why" })),
            ("/protoPayload/authorizationInfo/0/granted", json!(false)),
            ("/severity", json!("ERROR")),
        ] {
            assert_eq!(denied.pointer(pointer), Some(&wanted), "{pointer}");
        }
        assert!(told(&entry(Tongue::Native, "CreatePrincipal", "done", &[])).is_none());
        assert!(told(&entry(Tongue::Aws, "GenerateDataKey", "done", &[])).is_none());
    }
}
