//! `keyward google service-account …`.

use super::credentials;
use crate::cli::Session;
use crate::failure::Failure;
use crate::output::{self, list, rows, text};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum AccountCommand {
    /// Make a service account.
    Create {
        name: String,
        #[command(flatten)]
        domain: Domain,
    },
    /// List the service accounts of your tenant.
    List {
        #[command(flatten)]
        domain: Domain,
    },
    /// Remove a service account and its keys.
    Delete {
        /// By name or address.
        account: String,
    },
    /// What a service account proves itself by.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key, and write the file that Google's clients read. The private key is made here and kept nowhere else.
    Create {
        /// The file to be written; it must not be there.
        file: PathBuf,
        /// By name or address.
        #[arg(long)]
        account: String,
        #[command(flatten)]
        domain: Domain,
    },
    /// List the ids of a service account's keys.
    List {
        /// By name or address.
        #[arg(long)]
        account: String,
    },
    /// Remove a key: what it signed is worth nothing from now on.
    Delete { id: String },
}

/// The site's own domain.
#[derive(Args)]
pub(crate) struct Domain {
    /// The domain in which clients look for the services: `universe` of the site's settings.
    #[arg(long, value_name = "DOMAIN", default_value = super::CANONICAL)]
    pub(crate) universe_domain: String,
}

impl Domain {
    /// None where it is the one that every client knows.
    pub(crate) fn own(&self) -> Option<&str> {
        Some(self.universe_domain.as_str()).filter(|domain| *domain != super::CANONICAL)
    }
}

pub(crate) async fn run(command: AccountCommand, session: &Session) -> Result<(), Failure> {
    match command {
        AccountCommand::Create { name, domain } => {
            let answer = session.call("create-principal", &json!({ "name": name, "kind": "service" })).await?;
            output::print(session.format, &answer, |answer| address(answer, &domain))
        }
        AccountCommand::List { domain } => {
            session.show("list-principals", &json!({}), |answer| listed(answer, &domain)).await
        }
        AccountCommand::Delete { account } => {
            let name = name_of(&account);
            session.done("remove-principal", &json!({ "name": name }), &format!("{name} removed")).await
        }
        AccountCommand::Keys(command) => keys(command, session).await,
    }
}

async fn keys(command: KeysCommand, session: &Session) -> Result<(), Failure> {
    match command {
        KeysCommand::Create { file, account, domain } => {
            let id = credentials::create(session, &file, name_of(&account), &domain).await?;
            eprintln!("key {id} in {}; nobody else has it", file.display());
            Ok(())
        }
        KeysCommand::List { account } => {
            let body = json!({ "name": name_of(&account) });
            session.show("describe-principal", &body, |answer| ids(answer).join("\n")).await
        }
        KeysCommand::Delete { id } => {
            session.done("remove-access-key", &json!({ "id": id }), &format!("{id} removed")).await
        }
    }
}

/// An account is called by its name, or by its address.
pub(super) fn name_of(account: &str) -> &str {
    match account.rsplit_once('@') {
        Some((name, domain)) if domain.contains(".iam.") => name,
        _ => account,
    }
}

/// The address of the principal that an answer shows.
pub(super) fn address(answer: &Value, domain: &Domain) -> String {
    identity::google::email(&text(answer, "/principal/name"), &text(answer, "/tenant/name"), domain.own())
}

fn ids(answer: &Value) -> Vec<String> {
    let keys = answer.pointer("/principal").map(|principal| list(principal, "access_keys"));
    keys.into_iter().flatten().map(output::scalar).collect()
}

fn listed(answer: &Value, domain: &Domain) -> String {
    let project = text(answer, "/tenant/name");
    let services = list(answer, "principals").filter(|one| text(one, "/kind") == "service");
    let row = |one: &Value| {
        let address = identity::google::email(&text(one, "/name"), &project, domain.own());
        vec![address, text(one, "/standing"), text(one, "/access_keys")]
    };
    rows(&["EMAIL", "STANDING", "KEYS"], services.map(row).collect())
}

/// Makes an account unless it is there.
pub(super) async fn ensure(session: &Session, name: &str, domain: &Domain) -> Result<Value, Failure> {
    let known = session.call("list-principals", &json!({})).await?;
    if list(&known, "principals").any(|one| text(one, "/name") == name) {
        return Ok(session.call("describe-principal", &json!({ "name": name })).await?);
    }
    let made = session.call("create-principal", &json!({ "name": name, "kind": "service" })).await?;
    eprintln!("made the service account {}", address(&made, domain));
    Ok(made)
}
