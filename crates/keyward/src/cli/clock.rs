//! `keyward clock …`.

use crate::cli::{Session, show};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Subcommand)]
pub(crate) enum ClockCommand {
    /// Show wall and steady time, whether they agree, and what follows which.
    Show,
    /// Say that the wall clock is right. Steady time goes on as it did: nothing is destroyed earlier.
    Accept(AcceptArgs),
}

#[derive(Args)]
pub(crate) struct AcceptArgs {
    /// Why it is right; kept with the entry.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What steady time lacks passed while the service was down: it takes that, and keys whose destruction is ordered
    /// are destroyed earlier by it.
    #[arg(long)]
    passed: bool,
}

pub(crate) async fn run(command: ClockCommand, session: &Session) -> Result<(), Failure> {
    match command {
        ClockCommand::Show => session.show("get-clock", &json!({}), show::clock).await,
        ClockCommand::Accept(args) => {
            let body = json!({ "reason": args.reason, "passed": args.passed.then_some(true) });
            session.show("accept-clock", &body, show::clock).await
        }
    }
}
