//! Entries of the log in the shapes of other services' logs, a line of JSON each: `keyward audit list --as …`.

use crate::cli::Session;
use crate::failure::Failure;
use crate::output::{self, list, scalar, text};
use clap::ValueEnum;
use dialect_google::Around;
use domain::{EntryShown, ObjectId, Timestamp, Tongue};
use serde_json::{Value, json};
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// Records of CloudTrail.
    Aws,
    /// LogEntry of Cloud Logging, with an AuditLog in it.
    Google,
}

/// Prints what has a name there, the oldest first, and says how much has none.
pub(super) async fn print(shape: Shape, answer: &Value, session: &Session) -> Result<(), Failure> {
    let entries: Vec<EntryShown> = list(answer, "entries").rev().filter_map(entry).collect();
    let shaped: Vec<Value> = match shape {
        Shape::Aws => entries.iter().filter_map(dialect_aws::trail).collect(),
        Shape::Google => {
            let project = text(&session.call("who-am-i", &json!({})).await?, "/tenant/name");
            let names = names(session).await;
            let key = |id| names.get(&id).cloned();
            let around = Around { project: &project, key: &key };
            entries.iter().filter_map(|entry| dialect_google::log_entry(entry, &around)).collect()
        }
    };
    let lines: String = shaped.iter().map(|one| format!("{one}\n")).collect();
    output::write(lines.as_bytes())?;
    let without = entries.len() - shaped.len();
    if without > 0 {
        eprintln!("{without} entries have no such shape");
    }
    Ok(())
}

/// The ring and the name of each key that is there: the log knows ids.
async fn names(session: &Session) -> HashMap<ObjectId, (String, String)> {
    let (mut names, mut after) = (HashMap::new(), Value::Null);
    loop {
        // Who may read the log need not be one who may list keys.
        let Ok(answer) = session.call("list-keys", &json!({ "after": after })).await else { return names };
        for key in list(&answer, "keys") {
            let Some(id) = ObjectId::parse(&text(key, "/id")) else { continue };
            let name = Some(text(key, "/name")).filter(|name| !name.is_empty());
            names.insert(id, (text(key, "/ring"), name.unwrap_or_else(|| id.to_string())));
        }
        after = answer.get("next").cloned().unwrap_or_default();
        if after.is_null() {
            return names;
        }
    }
}

/// An entry, as the server shows it; nothing where it is of a release that this one does not know.
fn entry(shown: &Value) -> Option<EntryShown> {
    let tongue = text(shown, "/tongue");
    let details = shown.get("detail").and_then(Value::as_object).into_iter().flatten();
    let object = |one: &Value| {
        let version = one.get("version").and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok());
        Some((ObjectId::parse(&text(one, "/id"))?, version))
    };
    Some(EntryShown {
        index: shown.get("index")?.as_u64()?,
        wall: Timestamp::parse(&text(shown, "/wall"))?,
        request: text(shown, "/request"),
        tenant: text(shown, "/tenant"),
        principal: text(shown, "/principal"),
        principal_name: shown.get("principal_name").and_then(Value::as_str).map(str::to_owned),
        tongue: Tongue::ALL.iter().find(|known| known.name() == tongue)?.name(),
        action: text(shown, "/action"),
        objects: list(shown, "objects").filter_map(object).collect(),
        verdict: text(shown, "/verdict"),
        detail: details.map(|(name, value)| (name.clone(), scalar(value))).collect(),
        changes: shown.get("changes").and_then(Value::as_u64).and_then(|many| u32::try_from(many).ok()).unwrap_or(0),
    })
}
