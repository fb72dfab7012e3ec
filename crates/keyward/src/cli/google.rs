//! `keyward google …`: what Google's clients need.

mod account;
mod credentials;
mod env;
mod federation;
mod iam;

use crate::cli::Session;
use crate::client::At;
use crate::failure::Failure;
use crate::output::{Format, text, write};
use clap::Subcommand;
use serde_json::json;

/// The domain that every client of Google's knows.
pub(crate) const CANONICAL: &str = "googleapis.com";

#[derive(Subcommand)]
pub(crate) enum GoogleCommand {
    /// Print what gcloud and the client libraries need in their environment: `eval "$(keyward google env)"`.
    Env(env::EnvArgs),
    /// Services, which Google calls service accounts.
    #[command(subcommand)]
    ServiceAccount(account::AccountCommand),
    /// Workloads for which an issuer elsewhere vouches (workload identity federation).
    #[command(subcommand)]
    Federation(federation::FederationCommand),
    /// Who is bound to which role on a project, a ring or a key.
    #[command(subcommand)]
    Iam(iam::IamCommand),
    /// Print an access token for yourself, as `gcloud auth print-access-token` does, or for a service account that you may
    /// act as.
    Token {
        /// The service account, by name or address.
        #[arg(long, value_name = "ACCOUNT")]
        service_account: Option<String>,
        /// How long it lives, 1 to 3600.
        #[arg(long, value_name = "SECONDS")]
        seconds: Option<u32>,
    },
}

pub(crate) async fn run(command: GoogleCommand, at: &At, format: Format) -> Result<(), Failure> {
    match command {
        GoogleCommand::Env(args) => env::run(&args, at, format).await,
        GoogleCommand::ServiceAccount(command) => account::run(command, &Session::open(at, format)?).await,
        GoogleCommand::Federation(command) => federation::run(command, &Session::open(at, format)?).await,
        GoogleCommand::Iam(command) => iam::run(command, &Session::open(at, format)?).await,
        GoogleCommand::Token { service_account, seconds } => {
            let session = Session::open(at, format)?;
            let answer = match service_account {
                None => session.call("issue-token", &json!({ "seconds": seconds })).await?,
                Some(account) => {
                    let body = json!({ "principal": account, "seconds": seconds });
                    session.call("impersonate-principal", &body).await?
                }
            };
            write(format!("{}\n", text(&answer, "/access_token")).as_bytes())
        }
    }
}
