//! What happens to keys and versions.

use crate::cli::key::{OneKey, WholeKey};
use crate::cli::{Session, days, show, story};
use crate::failure::Failure;
use crate::output::{self, day, text};
use clap::Args;
use serde_json::{Value, json};

#[derive(Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    one: OneKey,
    /// How long it can be taken back.
    #[arg(long, value_name = "PERIOD", value_parser = days, default_value = "30d")]
    after: u32,
}

#[derive(Args)]
pub(crate) struct StateArgs {
    #[command(flatten)]
    one: OneKey,
    /// pre-activation, active, suspended, deactivated or compromised.
    state: String,
}

#[derive(Args)]
pub(crate) struct WindowArgs {
    key: String,
    version: u32,
    /// From when it may protect; always without.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when it may protect; for ever without.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

#[derive(Args)]
pub(crate) struct ScheduleArgs {
    key: String,
    /// From one rotation to the next: 90d, 12w, 1y. Without it, the schedule is shown.
    #[arg(value_name = "PERIOD", value_parser = days, conflicts_with = "never")]
    period: Option<u32>,
    /// Remove the schedule.
    #[arg(long)]
    never: bool,
}

fn of(one: &OneKey) -> Value {
    json!({ "key": one.key, "version": one.version })
}

/// The key as it is now, and how to take it back.
async fn change(one: &OneKey, session: &Session, operation: &str, undo: &str) -> Result<(), Failure> {
    session.show(operation, &of(one), show::key_line).await?;
    let version = one.version.map(|version| format!(" --version {version}")).unwrap_or_default();
    eprintln!("undo: keyward {undo} {}{version}", one.key);
    Ok(())
}

pub(crate) async fn disable(one: &OneKey, session: &Session) -> Result<(), Failure> {
    change(one, session, "suspend-key", "enable").await
}

pub(crate) async fn enable(one: &OneKey, session: &Session) -> Result<(), Failure> {
    change(one, session, "resume-key", "disable").await
}

pub(crate) async fn undelete(one: &OneKey, session: &Session) -> Result<(), Failure> {
    session.show("cancel-destruction", &of(one), show::key_line).await
}

pub(crate) async fn delete(args: &DeleteArgs, session: &Session) -> Result<(), Failure> {
    let body = output::with(of(&args.one), "days", json!(args.after));
    session.show("schedule-destruction", &body, show::key_line).await?;
    let version = args.one.version.map(|version| format!(" --version {version}")).unwrap_or_default();
    eprintln!("undo, until then: keyward key undelete {}{version}", args.one.key);
    Ok(())
}

pub(crate) async fn state(args: &StateArgs, session: &Session) -> Result<(), Failure> {
    let body = output::with(of(&args.one), "state", json!(args.state));
    session.show("change-state", &body, show::key_line).await
}

pub(crate) async fn window(args: &WindowArgs, session: &Session) -> Result<(), Failure> {
    let WindowArgs { key, version, from, until } = args;
    let body = json!({ "key": key, "version": version, "from": from, "until": until });
    session.show("set-window", &body, show::key_line).await
}

pub(crate) async fn schedule(args: &ScheduleArgs, session: &Session) -> Result<(), Failure> {
    let key = &args.key;
    match (args.period, args.never) {
        (Some(days), _) => {
            session.show("enable-rotation", &json!({ "key": key, "period_days": days }), show::rotation_line).await
        }
        (None, true) => session.show("disable-rotation", &json!({ "key": key }), show::rotation_line).await,
        (None, false) => session.show("get-rotation", &json!({ "key": key }), show::rotation_line).await,
    }
}

/// `payments  v2 primary; v1 still decrypts (1 ciphertext seen)`.
pub(crate) async fn rotate(one: &WholeKey, session: &Session) -> Result<(), Failure> {
    let answer = match session.call("rotate-key", &json!({ "key": one.key })).await {
        Ok(answer) => answer,
        Err(trouble) => return Err(story::told(session, trouble, Some(&one.key)).await),
    };
    let key = answer.get("key").cloned().unwrap_or_default();
    let former = former(session, &one.key, &key).await;
    output::print(session.format, &answer, |_| {
        let next = day(&key, "/rotation/next");
        let next = if next.is_empty() { next } else { format!("; next rotation {next}") };
        format!("{}  v{} primary{former}{next}", show::name(&key), text(&key, "/primary"))
    })
}

/// What becomes of the version before, and how much lies under it as far as the log tells.
async fn former(session: &Session, name: &str, key: &Value) -> String {
    let Ok(versions) = session.call("list-versions", &json!({ "key": name })).await else { return String::new() };
    let primary = key.get("primary").and_then(Value::as_u64).unwrap_or(0);
    let before = |version: &&Value| version.get("number").and_then(Value::as_u64).is_some_and(|one| one + 1 == primary);
    let Some(former) = output::list(&versions, "versions").find(before) else { return String::new() };
    let opens = matches!(text(former, "/state").as_str(), "active" | "deactivated");
    let opens = if opens { "still decrypts" } else { "decrypts no more" };
    let seen = match story::ciphertexts_seen(session, name, primary.saturating_sub(1)).await {
        Some((1, false)) => " (1 ciphertext seen)".to_owned(),
        Some((count, more)) => format!(" ({count}{} ciphertexts seen)", if more { "+" } else { "" }),
        None => String::new(),
    };
    format!("; v{} {opens}{seen}", text(former, "/number"))
}
