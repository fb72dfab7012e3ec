//! Answers as people read them.

use crate::output::{day, fields, list, rows, scalar, text, with};
use serde_json::{Value, json};

/// What a key is called: its path, else its id.
pub(crate) fn name(key: &Value) -> String {
    let path = text(key, "/path");
    if path.is_empty() { text(key, "/id") } else { path }
}

/// One word for where a key's life stands.
pub(crate) fn state(key: &Value) -> String {
    let deadline = day(key, "/destruction/deadline");
    match text(key, "/state").as_str() {
        _ if !deadline.is_empty() => format!("to be destroyed {deadline}"),
        "active" => "enabled".into(),
        "suspended" => "disabled".into(),
        other => other.into(),
    }
}

fn rotation(key: &Value) -> String {
    let next = day(key, "/rotation/next");
    if next.is_empty() { "no rotation".into() } else { format!("next rotation {next}") }
}

/// `payments  AES-256  enabled  next rotation 2027-02-19`.
pub(crate) fn key_line(answer: &Value) -> String {
    let key = answer.get("key").unwrap_or(&Value::Null);
    format!("{}  {}  {}  {}", name(key), text(key, "/algorithm"), state(key), rotation(key))
}

pub(crate) fn keys(answer: &Value) -> String {
    let row = |key: &Value| {
        let version = format!("v{}", text(key, "/primary"));
        let next = day(key, "/rotation/next");
        vec![name(key), text(key, "/algorithm"), state(key), version, next, text(key, "/authority"), text(key, "/id")]
    };
    let header = ["KEY", "ALGORITHM", "STATE", "PRIMARY", "NEXT ROTATION", "AUTHORITY", "ID"];
    rows(&header, list(answer, "keys").map(row).collect())
}

/// Everything about a key, and where it is not shown.
pub(crate) fn key(answer: &Value) -> String {
    let key = answer.get("key").unwrap_or(&Value::Null);
    let mut shown = key.clone();
    for (name, usage) in [("protects", "/protects"), ("processes", "/processes")] {
        let may = match text(key, &format!("{usage}/allowed")).as_str() {
            "yes" => "yes".to_owned(),
            _ => format!("no: {}", text(key, &format!("{usage}/why"))),
        };
        shown = with(shown, name, json!(may));
    }
    let silent = key.get("not_shown_in").and_then(Value::as_object).into_iter().flatten();
    let silent: Vec<_> = silent.map(|(tongue, why)| format!("{tongue} ({})", scalar(why))).collect();
    fields(&with(shown, "not_shown_in", json!(silent.join(", "))))
}

pub(crate) fn versions(answer: &Value) -> String {
    let primary = text(answer, "/key/primary");
    let row = |version: &Value| {
        let number = text(version, "/number");
        let mark = if number == primary { "primary" } else { "" };
        let window = format!("{} – {}", day(version, "/from"), day(version, "/until"));
        let window = if window.trim() == "–" { String::new() } else { window };
        let state = text(version, "/state");
        vec![
            number,
            mark.into(),
            state,
            text(version, "/material"),
            window,
            text(version, "/cause"),
            text(version, "/created"),
        ]
    };
    let header = ["VERSION", "", "STATE", "MATERIAL", "WINDOW", "CAUSE", "CREATED"];
    rows(&header, list(answer, "versions").map(row).collect())
}

/// Which version the material has become.
pub(crate) fn imported(answer: &Value) -> String {
    let key = answer.get("key").unwrap_or(&Value::Null);
    let print = text(answer, "/version/fingerprint");
    let print = print.get(..16).unwrap_or_default();
    format!("{}  version {}  fingerprint {print}…", name(key), text(answer, "/version/number"))
}

pub(crate) fn rotation_line(answer: &Value) -> String {
    let key = answer.get("key").unwrap_or(&Value::Null);
    format!("{}  {}", name(key), rotation(key))
}

pub(crate) fn tags(answer: &Value) -> String {
    fields(answer.get("tags").unwrap_or(&Value::Null))
}

pub(crate) fn aliases(answer: &Value) -> String {
    let row = |one: &Value| vec![text(one, "/alias"), text(one, "/key"), text(one, "/changed")];
    rows(&["ALIAS", "KEY", "CHANGED"], list(answer, "aliases").map(row).collect())
}

pub(crate) fn caller(answer: &Value) -> String {
    fields(&json!({
        "principal": text(answer, "/principal/name"),
        "kind": text(answer, "/principal/kind"),
        "roles": text(answer, "/principal/roles"),
        "tenant": text(answer, "/tenant/name"),
        "account": text(answer, "/tenant/account"),
        "id": text(answer, "/principal/id"),
    }))
}

pub(crate) fn principal(answer: &Value) -> String {
    let shown = answer.get("principal").cloned().unwrap_or_default();
    let documents: Vec<_> = list(&shown, "documents").map(|one| text(one, "/name")).collect();
    fields(&with(shown, "documents", json!(documents.join(", "))))
}

pub(crate) fn principals(answer: &Value) -> String {
    let row = |one: &Value| {
        let roles = text(one, "/roles");
        vec![text(one, "/name"), text(one, "/kind"), text(one, "/standing"), roles, text(one, "/access_keys")]
    };
    rows(&["NAME", "KIND", "STANDING", "ROLES", "ACCESS KEYS"], list(answer, "principals").map(row).collect())
}

pub(crate) fn documents(answer: &Value) -> String {
    let documents = list(answer, "documents").chain(list(answer, "forbids"));
    documents.map(|one| format!("# {}\n{}\n", text(one, "/name"), text(one, "/text"))).collect()
}

pub(crate) fn tenant(answer: &Value) -> String {
    fields(answer.get("tenant").unwrap_or(&Value::Null))
}

pub(crate) fn tenants(answer: &Value) -> String {
    let row = |one: &Value| {
        let kind = if text(one, "/site") == "yes" { "site" } else { "" };
        vec![text(one, "/name"), text(one, "/account"), text(one, "/profile"), kind.into(), day(one, "/created")]
    };
    rows(&["NAME", "ACCOUNT", "PROFILE", "", "CREATED"], list(answer, "tenants").map(row).collect())
}

pub(crate) fn explanation(answer: &Value) -> String {
    let verdict = if text(answer, "/allowed") == "yes" { "allowed" } else { "denied" };
    let statement = text(answer, "/statement");
    let decides = if statement.is_empty() { "no statement speaks of it".into() } else { statement };
    let state = text(answer, "/state");
    let life = if state == "active" { String::new() } else { format!("\nthe key is {state}, whoever asks") };
    format!("{verdict}: {}\ndecided by: {decides}{life}", text(answer, "/reason"))
}

pub(crate) fn settings(answer: &Value) -> String {
    let shown = answer.get("settings").cloned().unwrap_or_default();
    match shown.get("retention_months") {
        Some(Value::Null) => fields(&with(shown, "retention_months", json!("for ever"))),
        _ => fields(&shown),
    }
}

pub(crate) fn clock(answer: &Value) -> String {
    let shown = answer.get("clock").cloned().unwrap_or_default();
    let follows = shown.get("follows").and_then(Value::as_object).into_iter().flatten();
    let follows = follows.map(|(time, what)| format!("{} follow {}", scalar(what), time.replace('_', " ")));
    let follows = Value::from(follows.collect::<Vec<_>>().join("; "));
    fields(&with(shown, "follows", follows))
}

pub(crate) fn entries(answer: &Value) -> String {
    let row = |one: &Value| {
        let who = text(one, "/principal_name");
        let who = if who.is_empty() { text(one, "/principal") } else { who };
        let version = text(one, "/objects/0/version");
        let version = if version.is_empty() { version } else { format!("v{version}") };
        let seconds = text(one, "/wall").replace('T', " ");
        let time = seconds.split('.').next().unwrap_or_default().to_owned();
        vec![text(one, "/index"), time, who, text(one, "/action"), version, text(one, "/verdict"), text(one, "/tongue")]
    };
    let header = ["SEQ", "TIME", "WHO", "ACTION", "VERSION", "VERDICT", "TONGUE"];
    rows(&header, list(answer, "entries").map(row).collect())
}
