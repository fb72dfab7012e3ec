//! `keyward audit …`: the log, and proofs that do not rest on the server's word.

use crate::cli::Session;
use crate::cli::shapes::{self, Shape};
use crate::cli::show;
use crate::client::At;
use crate::failure::Failure;
use crate::output::{self, Format, list, text};
use crate::proof::{self, Proven};
use crate::verify;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::time::Duration;

/// The log is signed about once a second.
const SIGNATURE_PAUSE: Duration = Duration::from_millis(500);
const SIGNATURE_TRIES: u32 = 5;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: Option<AuditCommand>,
    #[command(flatten)]
    query: QueryArgs,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// List entries, and check the newest of them against the signed tree.
    List(QueryArgs),
    /// Check everything in a data directory from the bytes up, without a server.
    Verify(verify::VerifyArgs),
    /// Print a proof that an entry is in the log, for an independent verifier.
    Prove { index: u64 },
    /// Print the newest signed checkpoint.
    Checkpoint,
    /// Undo what an entry says was done to a key: a change of its own, with its entry.
    Revert { index: u64 },
}

/// All conditions must hold.
#[derive(Args, Default)]
struct QueryArgs {
    /// A key by name, alias or id.
    #[arg(long)]
    key: Option<String>,
    /// By name or id.
    #[arg(long)]
    principal: Option<String>,
    /// As in policies: Decrypt, SuspendKey …
    #[arg(long)]
    action: Option<String>,
    /// done, denied, not-usable …
    #[arg(long)]
    verdict: Option<String>,
    /// A request id.
    #[arg(long)]
    request: Option<String>,
    /// Not before.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only entries before this one: the next page.
    #[arg(long, value_name = "SEQ")]
    before: Option<u64>,
    /// At most so many, the newest.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// In the shape of another service's log, a line of JSON each, whatever the output is to be.
    #[arg(long = "as", value_enum, value_name = "SERVICE")]
    shape: Option<Shape>,
}

pub(crate) async fn run(args: AuditArgs, at: &At, format: Format) -> Result<(), Failure> {
    match args.command {
        Some(AuditCommand::Verify(args)) => verify::run(&args, at, format),
        Some(AuditCommand::List(query)) => entries(&query, &Session::open(at, format)?).await,
        None => entries(&args.query, &Session::open(at, format)?).await,
        Some(AuditCommand::Prove { index }) => prove(index, &Session::open(at, format)?).await,
        Some(AuditCommand::Revert { index }) => {
            let session = Session::open(at, format)?;
            session.show("revert-entry", &json!({ "entry": index }), show::key).await
        }
        Some(AuditCommand::Checkpoint) => {
            let note = |answer: &Value| {
                format!("{}{}", text(answer, "/checkpoint/note"), text(answer, "/checkpoint/verifier"))
            };
            Session::open(at, format)?.show("get-checkpoint", &json!({}), note).await
        }
    }
}

async fn entries(query: &QueryArgs, session: &Session) -> Result<(), Failure> {
    let QueryArgs { key, principal, action, verdict, request, from, until, before, limit, shape } = query;
    let body = json!({
        "key": key, "principal": principal, "action": action, "verdict": verdict, "request": request,
        "from": from, "until": until, "before": before, "limit": limit,
    });
    let answer = session.call("list-entries", &body).await?;
    match shape {
        Some(shape) => shapes::print(*shape, &answer, session).await?,
        None => output::print(session.format, &answer, |answer| show::entries(&oldest_first(answer)))?,
    }
    eprintln!("{} entries, {}", list(&answer, "entries").count(), chain(session, &answer).await?);
    Ok(())
}

fn oldest_first(answer: &Value) -> Value {
    json!({ "entries": list(answer, "entries").rev().collect::<Vec<_>>() })
}

/// What of it is proven without the server's word: the newest entry shown that a signed tree holds.
async fn chain(session: &Session, answer: &Value) -> Result<String, Failure> {
    let mut indexes = list(answer, "entries").filter_map(|entry| entry.get("index").and_then(Value::as_u64));
    let Some(newest) = indexes.next() else { return Ok("nothing to verify".to_owned()) };
    let size = signed_size(session, newest).await?;
    let Some(newest) = Some(newest).into_iter().chain(indexes).find(|index| *index < size) else {
        return Ok(format!("none of them in the signed tree of {size} yet"));
    };
    let proven = prove_entry(session, newest).await?;
    let (size, root) = (proven.size, proof::short(&proven.root));
    Ok(format!("chain verified to seq {newest} in the signed tree of {size}, root {root}"))
}

/// The size of the newest signed tree: of one that holds the entry, if it comes soon.
async fn signed_size(session: &Session, entry: u64) -> Result<u64, Failure> {
    for _ in 0..SIGNATURE_TRIES {
        let size = checkpoint_size(session).await?;
        if size > entry {
            return Ok(size);
        }
        tokio::time::sleep(SIGNATURE_PAUSE).await;
    }
    checkpoint_size(session).await
}

async fn checkpoint_size(session: &Session) -> Result<u64, Failure> {
    let answer = session.call("get-checkpoint", &json!({})).await?;
    let (note, line) = (text(&answer, "/checkpoint/note"), text(&answer, "/checkpoint/verifier"));
    Ok(proof::checkpoint(&note, &line)?.0)
}

async fn prove_entry(session: &Session, index: u64) -> Result<Proven, Failure> {
    let answer = session.call("prove-entry", &json!({ "index": index })).await?;
    proof::check(&answer, index)
}

/// The proof as docs/formats/log.md has it, which `-o table` prints as JSON too: it is for programs.
async fn prove(index: u64, session: &Session) -> Result<(), Failure> {
    let answer = session.call("prove-entry", &json!({ "index": index })).await?;
    let proven = proof::check(&answer, index)?;
    output::print(session.format, &proven.document, |document| {
        serde_json::to_string_pretty(document).unwrap_or_default()
    })?;
    eprintln!("entry {index} is in the signed tree of {}, root {}", proven.size, proof::short(&proven.root));
    Ok(())
}
