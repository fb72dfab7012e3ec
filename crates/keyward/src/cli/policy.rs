//! `keyward policy …`.

use crate::cli::{Session, pair, pairs, show};
use crate::failure::Failure;
use crate::output::text;
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::Read;
use std::path::Path;

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show a key's policy document.
    Get {
        key: String,
        /// In whose regime.
        #[arg(long, default_value = "aws")]
        authority: String,
    },
    /// Replace a key's policy document.
    Put {
        key: String,
        /// The document; `-` is standard input.
        file: String,
        /// In whose regime.
        #[arg(long, default_value = "aws")]
        authority: String,
        /// Take the risk of locking yourself out.
        #[arg(long)]
        bypass_lockout_check: bool,
    },
    /// May they, and which statement decides?
    Explain(ExplainArgs),
    /// Identity policies of principals.
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// What nobody in the tenant may, whoever allows it (Cedar `forbid` policies).
    #[command(subcommand)]
    Forbid(ForbidCommand),
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    key: String,
    /// As in policies: Decrypt, RotateKey …
    action: String,
    /// Who; you without.
    #[arg(long)]
    principal: Option<String>,
    /// What the use would be bound to. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
}

#[derive(Subcommand)]
pub(crate) enum IdentityCommand {
    /// Set an identity policy.
    Put {
        principal: String,
        name: String,
        /// The document; `-` is standard input.
        file: String,
    },
    /// Remove an identity policy.
    Remove { principal: String, name: String },
    /// Show the identity policies of a principal.
    List { principal: String },
}

#[derive(Subcommand)]
pub(crate) enum ForbidCommand {
    /// Set a forbid.
    Put {
        name: String,
        /// The policy; `-` is standard input.
        file: String,
    },
    /// Remove a forbid.
    Remove { name: String },
    /// Show the forbids of your tenant.
    List,
}

pub(crate) fn read(file: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| text),
        file => std::fs::read_to_string(Path::new(file)),
    };
    read.map_err(|why| Failure::new(format!("{file}: {why}")))
}

pub(crate) async fn run(command: PolicyCommand, session: &Session) -> Result<(), Failure> {
    match command {
        PolicyCommand::Get { key, authority } => {
            let body = json!({ "key": key, "authority": authority });
            session.show("get-document", &body, |answer| text(answer, "/text")).await
        }
        PolicyCommand::Put { key, file, authority, bypass_lockout_check } => {
            let body = json!({
                "key": key,
                "authority": authority,
                "text": read(&file)?,
                "bypass_lockout_check": bypass_lockout_check,
            });
            session.done("put-document", &body, &format!("{key} has a new policy")).await
        }
        PolicyCommand::Explain(args) => {
            let ExplainArgs { key, action, principal, context } = args;
            let body = json!({ "key": key, "action": action, "principal": principal, "context": pairs(&context) });
            session.show("explain", &body, show::explanation).await
        }
        PolicyCommand::Identity(command) => identity(command, session).await,
        PolicyCommand::Forbid(command) => forbid(command, session).await,
    }
}

async fn identity(command: IdentityCommand, session: &Session) -> Result<(), Failure> {
    match command {
        IdentityCommand::Put { principal, name, file } => {
            let body = json!({ "principal": principal, "name": name, "text": read(&file)? });
            session.show("put-identity-document", &body, show::principal).await
        }
        IdentityCommand::Remove { principal, name } => {
            let body = json!({ "principal": principal, "name": name });
            session.show("remove-identity-document", &body, show::principal).await
        }
        IdentityCommand::List { principal } => {
            let body = json!({ "name": principal });
            let documents =
                |answer: &serde_json::Value| answer.get("principal").map(show::documents).unwrap_or_default();
            session.show("describe-principal", &body, documents).await
        }
    }
}

async fn forbid(command: ForbidCommand, session: &Session) -> Result<(), Failure> {
    match command {
        ForbidCommand::Put { name, file } => {
            let body = json!({ "name": name, "text": read(&file)? });
            session.done("put-forbid", &body, &format!("forbid {name} is set")).await
        }
        ForbidCommand::Remove { name } => {
            session.done("remove-forbid", &json!({ "name": name }), &format!("forbid {name} is removed")).await
        }
        ForbidCommand::List => session.show("list-forbids", &json!({}), show::documents).await,
    }
}
