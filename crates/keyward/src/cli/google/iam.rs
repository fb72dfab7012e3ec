//! `keyward google iam …`: who is bound to which role. gcloud changes the bindings of keys and rings; those of a project
//! belong to another service there, and are changed here.

use crate::cli::{Session, policy};
use crate::failure::Failure;
use crate::output::{self, text};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// The version from which policies have conditions.
const CONDITIONS_VERSION: u8 = 3;

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

/// A key, a ring, a service account, or the whole project.
#[derive(Args, Default)]
pub(crate) struct On {
    /// A key, as `keyward key show` takes it.
    #[arg(long, conflicts_with = "ring")]
    key: Option<String>,
    /// A ring.
    #[arg(long)]
    ring: Option<String>,
    /// A service account, by name or address: who may act as it.
    #[arg(long, value_name = "ACCOUNT", conflicts_with_all = ["key", "ring"])]
    service_account: Option<String>,
}

#[derive(Args)]
pub(crate) struct Binding {
    /// `user:EMAIL`, `serviceAccount:EMAIL`, `allAuthenticatedUsers`, or `principal://…/subject/SUBJECT` and
    /// `principalSet://…/*` of workloads for which an issuer elsewhere vouches.
    member: String,
    /// `roles/cloudkms.cryptoKeyEncrypterDecrypter`.
    role: String,
    /// When the binding holds, in the Common Expression Language: `request.time < timestamp("2027-01-01T00:00:00Z")`.
    #[arg(long, value_name = "EXPRESSION")]
    condition: Option<String>,
    /// What the condition is called.
    #[arg(long, requires = "condition", default_value = "condition")]
    title: String,
    #[command(flatten)]
    on: On,
}

/// Under what a member is bound.
#[derive(Clone, Copy)]
pub(super) struct Under<'a> {
    pub(super) role: &'a str,
    /// The title of a condition, and its expression.
    pub(super) condition: Option<(&'a str, &'a str)>,
}

impl Binding {
    fn under(&self) -> Under<'_> {
        let condition = self.condition.as_deref().map(|expression| (self.title.as_str(), expression));
        Under { role: &self.role, condition }
    }
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
            let policy = change(session, &binding.on, |policy| bind(policy, &binding.member, binding.under())).await?;
            output::print(session.format, &policy, |answer| text(answer, "/text"))
        }
        IamCommand::Unbind(binding) => {
            let policy =
                change(session, &binding.on, |policy| unbind(policy, &binding.member, binding.under())).await?;
            output::print(session.format, &policy, |answer| text(answer, "/text"))
        }
    }
}

impl On {
    fn body(&self) -> Value {
        json!({ "key": self.key, "ring": self.ring, "service": self.service_account })
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

/// A binding to the role under the same condition, whatever that is called.
fn is_under(binding: &Value, under: Under<'_>) -> bool {
    let expression = binding.get("condition").map(|condition| text(condition, "/expression"));
    text(binding, "/role") == under.role && expression.as_deref() == under.condition.map(|(_, expression)| expression)
}

pub(super) fn bind(policy: &mut Value, member: &str, under: Under<'_>) {
    if let (Some(_), Some(object)) = (under.condition, policy.as_object_mut()) {
        object.insert("version".into(), json!(CONDITIONS_VERSION));
    }
    let Some(bindings) = bindings(policy) else { return };
    let Some(known) = bindings.iter_mut().find(|binding| is_under(binding, under)) else {
        let mut binding = json!({ "role": under.role, "members": [member] });
        if let (Some((title, expression)), Some(object)) = (under.condition, binding.as_object_mut()) {
            object.insert("condition".into(), json!({ "title": title, "expression": expression }));
        }
        bindings.push(binding);
        return;
    };
    if let Some(members) = known.get_mut("members").and_then(Value::as_array_mut)
        && !members.iter().any(|known| known == member)
    {
        members.push(json!(member));
    }
}

fn unbind(policy: &mut Value, member: &str, under: Under<'_>) {
    let Some(bindings) = bindings(policy) else { return };
    for binding in bindings.iter_mut().filter(|binding| is_under(binding, under)) {
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

    fn plain(role: &str) -> Under<'_> {
        Under { role, condition: None }
    }

    #[test]
    fn conditions_tell_bindings_apart() {
        let mut policy = json!({ "version": 1 });
        let (role, expression) = ("roles/cloudkms.viewer", "request.time.getHours() > 8");
        bind(&mut policy, "user:a@b.c", plain(role));
        bind(&mut policy, "user:a@b.c", Under { role, condition: Some(("hours", expression)) });
        bind(&mut policy, "user:d@e.f", Under { role, condition: Some(("again", expression)) });
        let conditional = json!({ "role": role, "members": ["user:a@b.c", "user:d@e.f"],
            "condition": { "title": "hours", "expression": expression } });
        let bindings = json!([{ "role": role, "members": ["user:a@b.c"] }, conditional]);
        assert_eq!(policy, json!({ "version": 3, "bindings": bindings }));
        unbind(&mut policy, "user:a@b.c", plain(role));
        assert_eq!(policy, json!({ "version": 3, "bindings": [conditional] }));
    }

    #[test]
    fn members_come_and_go() {
        let mut policy = json!({});
        bind(&mut policy, "user:a@b.c", plain("roles/viewer"));
        bind(&mut policy, "user:d@e.f", plain("roles/viewer"));
        bind(&mut policy, "user:a@b.c", plain("roles/viewer"));
        assert_eq!(
            policy,
            json!({ "bindings": [{ "role": "roles/viewer", "members": ["user:a@b.c", "user:d@e.f"] }] })
        );
        unbind(&mut policy, "user:a@b.c", plain("roles/viewer"));
        unbind(&mut policy, "user:d@e.f", plain("roles/owner"));
        assert_eq!(policy, json!({ "bindings": [{ "role": "roles/viewer", "members": ["user:d@e.f"] }] }));
        unbind(&mut policy, "user:d@e.f", plain("roles/viewer"));
        assert_eq!(policy, json!({ "bindings": [] }));
    }
}
