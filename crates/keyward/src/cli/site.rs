//! `keyward tenant …` and `keyward settings …`.

use crate::cli::{Session, show};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Subcommand)]
pub(crate) enum TenantCommand {
    /// Make a tenant with a key hierarchy of its own.
    Create {
        name: String,
        /// Twelve digits; drawn without.
        #[arg(long)]
        account: Option<String>,
        /// default or hipaa.
        #[arg(long)]
        profile: Option<String>,
    },
    /// List tenants.
    List,
    /// Show a tenant, by name or account.
    Show { name: String },
}

#[derive(Subcommand)]
pub(crate) enum SettingsCommand {
    /// Show the site's settings.
    Show,
    /// Change the site's settings.
    Set(SetArgs),
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct SetArgs {
    /// How many whole months of the log are kept beside the current one.
    #[arg(long, value_name = "MONTHS")]
    retention_months: Option<u32>,
    /// Keep the log for ever.
    #[arg(long, conflicts_with = "retention_months")]
    retain_for_ever: bool,
    /// How far a signature's time may be from the server's.
    #[arg(long, value_name = "SECONDS")]
    signature_window: Option<u32>,
    /// The site's own domain, in which Google's clients look for its services; `""` for none.
    #[arg(long, value_name = "DOMAIN")]
    universe: Option<String>,
}

pub(crate) async fn tenant(command: TenantCommand, session: &Session) -> Result<(), Failure> {
    match command {
        TenantCommand::Create { name, account, profile } => {
            let body = json!({ "name": name, "account": account, "profile": profile });
            session.show("create-tenant", &body, show::tenant).await
        }
        TenantCommand::List => session.show("list-tenants", &json!({}), show::tenants).await,
        TenantCommand::Show { name } => session.show("describe-tenant", &json!({ "name": name }), show::tenant).await,
    }
}

pub(crate) async fn settings(command: SettingsCommand, session: &Session) -> Result<(), Failure> {
    match command {
        SettingsCommand::Show => session.show("get-settings", &json!({}), show::settings).await,
        SettingsCommand::Set(args) => {
            let body = json!({
                "retention_months": args.retention_months,
                "retain_for_ever": args.retain_for_ever.then_some(true),
                "signature_window_seconds": args.signature_window,
                "universe": args.universe,
            });
            session.show("set-settings", &body, show::settings).await
        }
    }
}
