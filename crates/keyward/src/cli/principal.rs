//! `keyward principal …`.

use crate::cli::{Session, show};
use crate::failure::Failure;
use crate::output::text;
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub(crate) enum PrincipalCommand {
    /// Make a person or a service known.
    Create {
        name: String,
        /// person or service.
        #[arg(long)]
        kind: Option<String>,
        /// `ROLE`, `ROLE ring:NAME` or `ROLE key:ID`; may be repeated.
        #[arg(long = "role")]
        roles: Vec<String>,
        /// Another tenant, by name or account; for the site's principals.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// List the principals of your tenant.
    List,
    /// Show a principal, its roles and access keys.
    Show { name: String },
    /// Remove a principal and its access keys.
    Remove { name: String },
    /// Stop a principal until it is resumed.
    Suspend { name: String },
    /// Let a suspended principal in again.
    Resume { name: String },
    /// Give a role.
    Assign {
        name: String,
        /// `ROLE`, `ROLE ring:NAME` or `ROLE key:ID`.
        role: String,
    },
    /// Take a role away.
    Withdraw {
        name: String,
        /// As it was assigned.
        role: String,
    },
    /// Access keys.
    #[command(subcommand)]
    Key(AccessKeyCommand),
}

#[derive(Subcommand)]
pub(crate) enum AccessKeyCommand {
    /// Make an access key. Its secret is shown this once.
    Create {
        principal: String,
        /// Another tenant, by name or account; for the site's principals.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Stop an access key until it is resumed.
    Suspend { id: String },
    /// Let a suspended access key be used again.
    Resume { id: String },
    /// Remove an access key.
    Remove { id: String },
}

pub(crate) async fn run(command: PrincipalCommand, session: &Session) -> Result<(), Failure> {
    let standing = |name: &str, suspended: bool| json!({ "name": name, "suspended": suspended });
    let role = |name: &str, role: &str| json!({ "principal": name, "role": role });
    match command {
        PrincipalCommand::Create { name, kind, roles, tenant } => {
            let body = json!({ "name": name, "kind": kind, "roles": roles, "tenant": tenant });
            session.show("create-principal", &body, show::principal).await
        }
        PrincipalCommand::List => session.show("list-principals", &json!({}), show::principals).await,
        PrincipalCommand::Show { name } => {
            session.show("describe-principal", &json!({ "name": name }), show::principal).await
        }
        PrincipalCommand::Remove { name } => {
            session.done("remove-principal", &json!({ "name": name }), &format!("{name} removed")).await
        }
        PrincipalCommand::Suspend { name } => {
            session.show("suspend-principal", &standing(&name, true), show::principal).await
        }
        PrincipalCommand::Resume { name } => {
            session.show("suspend-principal", &standing(&name, false), show::principal).await
        }
        PrincipalCommand::Assign { name, role: held } => {
            session.show("assign-role", &role(&name, &held), show::principal).await
        }
        PrincipalCommand::Withdraw { name, role: held } => {
            session.show("withdraw-role", &role(&name, &held), show::principal).await
        }
        PrincipalCommand::Key(command) => access_key(command, session).await,
    }
}

async fn access_key(command: AccessKeyCommand, session: &Session) -> Result<(), Failure> {
    let standing = |id: &str, suspended: bool| json!({ "id": id, "suspended": suspended });
    match command {
        AccessKeyCommand::Create { principal, tenant } => {
            let body = json!({ "principal": principal, "tenant": tenant });
            session.show("create-access-key", &body, exports).await?;
            eprintln!("The secret is shown this once.");
            Ok(())
        }
        AccessKeyCommand::Suspend { id } => {
            session.done("suspend-access-key", &standing(&id, true), &format!("{id} suspended")).await
        }
        AccessKeyCommand::Resume { id } => {
            session.done("suspend-access-key", &standing(&id, false), &format!("{id} resumed")).await
        }
        AccessKeyCommand::Remove { id } => {
            session.done("remove-access-key", &json!({ "id": id }), &format!("{id} removed")).await
        }
    }
}

/// Lines for a shell, as `keyward init` prints them.
fn exports(answer: &Value) -> String {
    let (id, secret) = (text(answer, "/access_key_id"), text(answer, "/secret_access_key"));
    format!("export AWS_ACCESS_KEY_ID={id}\nexport AWS_SECRET_ACCESS_KEY={secret}")
}
