//! What the log tells of a refusal: who did it, when, and how it is undone.

use crate::cli::{Session, show};
use crate::client::Trouble;
use crate::failure::{Exit, Failure};
use crate::output::{ago, list, text};
use clock::{SECOND, Timestamp};
use serde_json::{Value, json};

/// How many entries are looked through.
const ENTRIES_MAX: u32 = 1_000;

/// A refusal with its story, where the key's own life forbade what was asked.
pub(crate) async fn told(session: &Session, trouble: Trouble, key: Option<&str>) -> Failure {
    match (trouble, key) {
        (Trouble::Refused(refused), Some(key)) if refused.is_life() => {
            let story = life(session, key).await;
            story.unwrap_or_else(|| refused.into())
        }
        (trouble, _) => trouble.into(),
    }
}

/// Nothing where the key is not to be seen, or the reason lies with a version.
async fn life(session: &Session, asked: &str) -> Option<Failure> {
    let answer = session.call("describe-key", &json!({ "key": asked })).await.ok()?;
    let key = answer.get("key")?;
    let name = show::name(key);
    let (done, action, undo) = match (text(key, "/state").as_str(), key.get("destruction")) {
        (_, Some(Value::Object(_))) => ("ordered to be destroyed", "ScheduleDestruction", Some("key undelete")),
        ("suspended", _) => ("disabled", "SuspendKey", Some("enable")),
        ("compromised", _) => ("declared compromised", "ChangeState", None),
        ("deactivated", _) => ("deactivated", "ChangeState", None),
        _ => return None,
    };
    let by = by_whom(session, &text(key, "/id"), action).await.unwrap_or_default();
    let undo = undo.map(|undo| format!(" · undo: keyward {undo} {name}")).unwrap_or_default();
    Some(Failure::with(Exit::Denied, format!("denied: key {name} {done}{by}{undo}")))
}

/// ` by you 2 s ago`, from the newest entry of that action.
async fn by_whom(session: &Session, key: &str, action: &str) -> Option<String> {
    let query = json!({ "object": key, "action": action, "verdict": "done", "limit": 1 });
    let answer = session.call("list-entries", &query).await.ok()?;
    let entry = list(&answer, "entries").next()?;
    let at = Timestamp::parse(&text(entry, "/wall"))?;
    let me = session.call("who-am-i", &json!({})).await.ok()?;
    let mine = text(&me, "/principal/id") == text(entry, "/principal");
    let who = if mine { "you".to_owned() } else { text(entry, "/principal_name") };
    let seconds = session.client.now().millis_since(at) / SECOND;
    Some(format!(" by {who} {}", ago(seconds)))
}

/// How many ciphertexts and data keys of a version the log knows, and whether there are more.
pub(crate) async fn ciphertexts_seen(session: &Session, key: &str, version: u64) -> Option<(usize, bool)> {
    let (mut count, mut more) = (0, false);
    for action in ["Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptTo"] {
        let query = json!({ "key": key, "action": action, "verdict": "done", "limit": ENTRIES_MAX });
        let answer = session.call("list-entries", &query).await.ok()?;
        let entries: Vec<_> = list(&answer, "entries").collect();
        more |= entries.len() >= usize::try_from(ENTRIES_MAX).unwrap_or(usize::MAX);
        count += entries.iter().filter(|entry| of_version(entry, version)).count();
    }
    Some((count, more))
}

fn of_version(entry: &Value, version: u64) -> bool {
    list(entry, "objects").any(|object| object.get("version").and_then(Value::as_u64) == Some(version))
}
