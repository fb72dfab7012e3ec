//! `keyward google iam …`: who is bound to which role. gcloud changes the bindings of keys and rings; those of a project
//! belong to another service there, and are changed here.

use crate::cli::{Session, policy};
use crate::failure::Failure;
use crate::output::{self, text};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub(crate) enum IamCommand {
    /// Print the policy.
    Get(On),
    /// Replace the policy by a file.
    Set {
        /// JSON; `-` is standard input.
        file: String,
        #[command(flatten)]
        on: On,
    },
    /// Bind a member to a role.
    Bind(Binding),
    /// Take a member out of a role.
    Unbind(Binding),
}

/// A key, a ring, or the whole project.
#[derive(Args, Default)]
pub(crate) struct On {
    /// A key, as `keyward key show` takes it.
    #[arg(long, conflicts_with = "ring")]
    key: Option<String>,
    /// A ring.
    #[arg(long)]
    ring: Option<String>,
}

#[derive(Args)]
pub(crate) struct Binding {
    /// `user:EMAIL`, `serviceAccount:EMAIL` or `allAuthenticatedUsers`.
    member: String,
    /// `roles/cloudkms.cryptoKeyEncrypterDecrypter`.
    role: String,
    #[command(flatten)]
    on: On,
}

pub(crate) async fn run(command: IamCommand, session: &Session) -> Result<(), Failure> {
    match command {
        IamCommand::Get(on) => session.show("get-bindings", &on.body(), |answer| text(answer, "/text")).await,
        IamCommand::Set { file, on } => {
            let text_of_policy = policy::read(&file)?;
            let body = output::with(on.body(), "text", json!(text_of_policy));
            session.show("set-bindings", &body, |answer| text(answer, "/text")).await
        }
        IamCommand::Bind(binding) => {
            let policy = change(session, &binding.on, |policy| bind(policy, &binding.member, &binding.role)).await?;
            output::print(session.format, &policy, |answer| text(answer, "/text"))
        }
        IamCommand::Unbind(binding) => {
            let policy = change(session, &binding.on, |policy| unbind(policy, &binding.member, &binding.role)).await?;
            output::print(session.format, &policy, |answer| text(answer, "/text"))
        }
    }
}

impl On {
    fn body(&self) -> Value {
        json!({ "key": self.key, "ring": self.ring })
    }
}

/// Reads the policy, changes it, and sets it where nobody else has changed it since.
pub(super) async fn change(session: &Session, on: &On, change: impl Fn(&mut Value)) -> Result<Value, Failure> {
    let answer = session.call("get-bindings", &on.body()).await?;
    let mut policy: Value = serde_json::from_str(&text(&answer, "/text")).map_err(Failure::from_display)?;
    let before = policy.clone();
    change(&mut policy);
    if policy == before {
        return Ok(answer);
    }
    let spelled = serde_json::to_string(&policy).map_err(Failure::from_display)?;
    let body = output::with(on.body(), "text", json!(spelled));
    let body = output::with(body, "tag", answer.get("tag").cloned().unwrap_or_default());
    Ok(session.call("set-bindings", &body).await?)
}

fn bindings(policy: &mut Value) -> Option<&mut Vec<Value>> {
    let object = policy.as_object_mut()?;
    object.entry("bindings").or_insert_with(|| json!([])).as_array_mut()
}

/// An unconditional binding to the role.
fn is_plain(binding: &Value, role: &str) -> bool {
    text(binding, "/role") == role && binding.get("condition").is_none()
}

pub(super) fn bind(policy: &mut Value, member: &str, role: &str) {
    let Some(bindings) = bindings(policy) else { return };
    let Some(known) = bindings.iter_mut().find(|binding| is_plain(binding, role)) else {
        bindings.push(json!({ "role": role, "members": [member] }));
        return;
    };
    if let Some(members) = known.get_mut("members").and_then(Value::as_array_mut)
        && !members.iter().any(|known| known == member)
    {
        members.push(json!(member));
    }
}

fn unbind(policy: &mut Value, member: &str, role: &str) {
    let Some(bindings) = bindings(policy) else { return };
    for binding in bindings.iter_mut().filter(|binding| is_plain(binding, role)) {
        if let Some(members) = binding.get_mut("members").and_then(Value::as_array_mut) {
            members.retain(|known| known != member);
        }
    }
    bindings
        .retain(|binding| binding.get("members").and_then(Value::as_array).is_none_or(|members| !members.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_and_go() {
        let mut policy = json!({});
        bind(&mut policy, "user:a@b.c", "roles/viewer");
        bind(&mut policy, "user:d@e.f", "roles/viewer");
        bind(&mut policy, "user:a@b.c", "roles/viewer");
        assert_eq!(
            policy,
            json!({ "bindings": [{ "role": "roles/viewer", "members": ["user:a@b.c", "user:d@e.f"] }] })
        );
        unbind(&mut policy, "user:a@b.c", "roles/viewer");
        unbind(&mut policy, "user:d@e.f", "roles/owner");
        assert_eq!(policy, json!({ "bindings": [{ "role": "roles/viewer", "members": ["user:d@e.f"] }] }));
        unbind(&mut policy, "user:d@e.f", "roles/viewer");
        assert_eq!(policy, json!({ "bindings": [] }));
    }
}
