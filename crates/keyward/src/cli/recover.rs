//! `keyward recover …`: believing a store that its anchors do not, with the recovery key.

use crate::cli::offline::{Files, Offline, recovery_key};
use crate::client::At;
use crate::failure::Failure;
use crate::wiring;
use clap::{Args, Subcommand};
use ledger::{SignedStatement, Statement};
use path::{Open, Recovery};
use std::path::{Path, PathBuf};

const NO_STATEMENT: &str = "this is no statement; `keyward recover statement` writes one";

#[derive(Subcommand)]
pub(crate) enum RecoverCommand {
    /// Write the statement that would let the store be believed, to be signed with the recovery key.
    Statement(Offline),
    /// Sign a statement. Only the recovery key is needed: this may be another machine.
    Sign(SignArgs),
    /// Believe the store although its anchor knows more; what was destroyed stays destroyed. The server must be stopped.
    Accept(AcceptArgs),
}

#[derive(Args)]
pub(crate) struct SignArgs {
    /// The statement.
    #[arg(value_name = "FILE")]
    statement: PathBuf,
    /// A file with the recovery key; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    recovery_key: PathBuf,
}

#[derive(Args)]
pub(crate) struct AcceptArgs {
    #[command(flatten)]
    offline: Offline,
    /// The signed statement.
    #[arg(long, value_name = "FILE", conflicts_with = "recovery_key")]
    statement: Option<PathBuf>,
    /// Or a file with the recovery key, to sign it here; `-` is standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "statement")]
    recovery_key: Option<PathBuf>,
}

pub(crate) async fn run(command: RecoverCommand, at: &At) -> Result<(), Failure> {
    wiring::logs("warn");
    wiring::protect();
    match command {
        RecoverCommand::Statement(offline) => {
            let (statement, why) = statement(&offline.files(at)?)?;
            print!("{}", statement.text());
            eprintln!("The store is not believed: {why}");
            eprintln!(
                "Next: `keyward recover sign FILE --recovery-key KEY-FILE`, then `keyward recover accept --statement SIGNED`."
            );
            Ok(())
        }
        RecoverCommand::Sign(args) => sign(&args),
        RecoverCommand::Accept(args) => accept(&args, at).await,
    }
}

fn statement(files: &Files) -> Result<(Statement, String), Failure> {
    let root = files.root()?;
    let store = files.place.read().map_err(Failure::new)?;
    let found =
        ledger::needed_statement(&*store.reader, root.roots(), &mut files.anchors()).map_err(Failure::from_display)?;
    let (statement, why) = found.ok_or_else(|| Failure::from_display(ledger::OpenFault::NothingToRecover))?;
    Ok((statement, why.to_string()))
}

fn read_text(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|why| Failure::new(format!("{}: {why}", file.display())))
}

fn sign(args: &SignArgs) -> Result<(), Failure> {
    let text = read_text(&args.statement)?;
    let statement = Statement::parse(&text).filter(|statement| statement.text() == text);
    let statement = statement.ok_or_else(|| Failure::new(NO_STATEMENT))?;
    print!("{}", signed(statement, &args.recovery_key)?.text());
    Ok(())
}

fn signed(statement: Statement, recovery: &Path) -> Result<SignedStatement, Failure> {
    let signer = recovery_key(recovery)?.signer().map_err(|_| Failure::new("the recovery key cannot sign"))?;
    Ok(statement.sign(&signer))
}

async fn accept(args: &AcceptArgs, at: &At) -> Result<(), Failure> {
    let files = args.offline.files(at)?;
    let signed = match (&args.statement, &args.recovery_key) {
        (Some(file), _) => SignedStatement::parse(&read_text(file)?).ok_or_else(|| Failure::new(NO_STATEMENT))?,
        (None, Some(recovery)) => signed(statement(&files)?.0, recovery)?,
        (None, None) => return Err(Failure::new("name a signed statement, or the recovery key")),
    };
    let root = files.root()?;
    let store = files.place.open().map_err(Failure::new)?;
    let open = Open { store, root: root.roots(), anchors: files.anchors() };
    let recovery =
        Recovery { statement: signed, tombstones: Vec::new(), unknown_since: None, said: "accepted".to_owned() };
    let done = wiring::sealed().recover(open, recovery).await.map_err(Failure::from_display)?;
    match done.anchored {
        Some(anchored) if anchored > done.size => eprintln!(
            "Believed a store of {} entries; entries {} to {} of the former log are given up for ever.",
            done.size,
            done.size,
            anchored.saturating_sub(1)
        ),
        Some(_) => eprintln!("Believed a store of {} entries, which is not the one that was anchored.", done.size),
        None => eprintln!(
            "Believed a store of {} entries without an anchor: nobody knows whether it is the newest.",
            done.size
        ),
    }
    eprintln!("{} things that were destroyed since stay destroyed. Next: start the server.", done.tombstones);
    Ok(())
}
