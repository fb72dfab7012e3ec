//! `keyward drill …`: what is to be done when something is lost, done on a private copy, measured and reported.
//!
//! A drill reads the live site and writes nowhere but into a directory of its own, which goes with it. Its report is signed
//! by the key that signs the site's checkpoints, whose verifier line auditors have.

mod clocks;
mod copy;
mod failover;
mod pair;
mod restore;
mod rollback;

use crate::cli::offline::{Files, Offline};
use crate::client::At;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::report::{Report, Signer, hex};
use crate::{config, key_file, report, wiring};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use copy::Head;
use custody::RootFile;
use ledger::{Inspector, Reader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file of a key that signs reports of rigs.
const KEY_LABEL: &str = "keyward-drill-v1";

#[derive(Subcommand)]
pub(crate) enum DrillCommand {
    /// Restore a backup into a private place, and look whether all of it is there.
    Restore(restore::RestoreArgs),
    /// Kill the primary of a private PostgreSQL pair under load, and look whether anything that was acknowledged is lost.
    Failover(failover::FailoverArgs),
    /// Put an old store back under a private copy, and look whether it is refused.
    Rollback(Common),
    /// Set the clock of a private copy ahead and back by years, and look whether anything is destroyed.
    Clock(Common),
    /// Sign the report of a rig (`cargo xtask power-cut` and the like), in place.
    Sign(SignArgs),
}

/// Where the site lies, and where the report goes.
#[derive(Args)]
pub(crate) struct Common {
    #[command(flatten)]
    offline: Offline,
    /// Where the signed report is written; else to standard output.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Where the private copy is made: a directory that it may fill; else that for temporary files.
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct SignArgs {
    /// The report.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key that signs; made where there is none. Its verifier line is printed.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key's name in its verifier line.
    #[arg(long, default_value = "keyward.example/drills")]
    name: String,
}

/// A signed report is checked; no server and no key is needed.
#[derive(Args)]
pub(crate) struct VerifyReportArgs {
    /// The report.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who must have signed it: the verifier line of the log (`keyward audit checkpoint`) or of a rig, as you got it another
    /// way; else the report's own word.
    #[arg(long, value_name = "LINE")]
    verifier: Option<String>,
}

/// The live site, as far as a drill may see it: one moment, and nothing can be written.
struct Site {
    files: Files,
    root: RootFile,
    inspector: Inspector,
    snapshot: Arc<dyn Reader>,
    head: Head,
}

impl Site {
    fn open(files: Files) -> Result<Self, Failure> {
        let root = files.root()?;
        let snapshot = files.place.snapshot().map_err(Failure::new)?;
        let inspector = Inspector::open(&*snapshot, root.roots()).map_err(Failure::from_display)?;
        let head = Head::of(&*snapshot)?;
        Ok(Self { files, root, inspector, snapshot, head })
    }

    fn signer(&self) -> Signer<'_> {
        Signer { name: &self.inspector.facts().origin, key: self.inspector.signer() }
    }

    fn tell(&self, report: &mut Report) {
        report.tell("site", hex(&self.inspector.facts().site));
        report.tell("origin", self.inspector.facts().origin.clone());
        let root = STANDARD.encode(self.head.root);
        report.tell("log", serde_json::json!({ "size": self.head.size, "root": root }));
    }
}

pub(crate) async fn run(command: DrillCommand, at: &At, format: Format) -> Result<(), Failure> {
    wiring::logs("error");
    wiring::protect();
    let (kind, common) = match &command {
        DrillCommand::Sign(args) => return sign(args),
        DrillCommand::Restore(args) => ("drill-restore", &args.common),
        DrillCommand::Failover(args) => ("drill-failover", &args.common),
        DrillCommand::Rollback(common) => ("drill-rollback", common),
        DrillCommand::Clock(common) => ("drill-clock", common),
    };
    let site = Site::open(common.offline.files(at)?)?;
    let scratch = scratch(common)?;
    let mut report = Report::new(kind)?;
    site.tell(&mut report);
    let done = match &command {
        DrillCommand::Restore(args) => restore::drill(args, &site, scratch.path(), &mut report).await,
        DrillCommand::Failover(args) => {
            let programs = pair::Programs::find(args.postgres_bin.as_deref())?;
            failover::drill(&programs, scratch.path(), &mut report).await
        }
        DrillCommand::Rollback(_) => rollback::drill(&site, scratch.path(), &mut report).await,
        DrillCommand::Clock(_) => clocks::drill(&site, scratch.path(), &mut report).await,
        DrillCommand::Sign(_) => Ok(()),
    };
    if let Err(why) = &done {
        report.broke_off(why);
    }
    let passed = report.is_passed();
    let text = report.signed(&site.signer())?;
    write(&text, common.report.as_deref())?;
    told(format, passed, kind)
}

fn scratch(common: &Common) -> Result<tempfile::TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("keyward-drill-");
    let made = match &common.scratch {
        Some(folder) => builder.tempdir_in(folder),
        None => builder.tempdir(),
    };
    made.map_err(Failure::from_io)
}

fn write(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    match file {
        Some(file) => {
            config::write_private(file, text.as_bytes()).map_err(Failure::from_io)?;
            eprintln!("The signed report is in {}.", file.display());
            Ok(())
        }
        None => output::write(text.as_bytes()),
    }
}

fn told(_: Format, passed: bool, kind: &str) -> Result<(), Failure> {
    match passed {
        true => {
            eprintln!("{kind}: passed. Check the report anywhere with `keyward verify-report`.");
            Ok(())
        }
        false => Err(Failure::new(format!("{kind}: FAILED; the report says what"))),
    }
}

fn sign(args: &SignArgs) -> Result<(), Failure> {
    let failed = |why: std::io::Error| Failure::new(format!("{}: {why}", args.file.display()));
    let text = std::fs::read_to_string(&args.file).map_err(failed)?;
    let key = key_file::open_or_make(&args.key, KEY_LABEL)?;
    let signer = Signer { name: &args.name, key: &key };
    let signed = report::sign_text(&text, &signer)?;
    config::write_private(&args.file, signed.as_bytes()).map_err(failed)?;
    output::write(format!("{}\n", signer.line()).as_bytes())
}

pub(crate) fn verify(args: &VerifyReportArgs, format: Format) -> Result<(), Failure> {
    let verified = report::verify_file(&args.file, args.verifier.as_deref())?;
    output::print(format, &verified.told, output::fields)?;
    if args.verifier.is_none() {
        eprintln!("The signer is the report's own word; compare it with yours: {}", verified.signer);
    }
    eprintln!("genuine: signed by {}, and not changed since", verified.signer);
    Ok(())
}
