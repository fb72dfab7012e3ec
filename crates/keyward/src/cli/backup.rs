//! `keyward backup …`: a site, or some of its keys, in one file that only the recovery key's holder can open.

pub(crate) mod create;
mod keys;
pub(crate) mod restore;
mod schedule;
mod sorter;
mod surviving;

pub(crate) use keys::Only;

use crate::cli::offline::recovery_key;
use crate::client::At;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{proof, wiring};
use backup::{BackupFault, Counts, Header, Item};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum BackupCommand {
    /// Write a backup of the whole site, or of some of its keys, also while its server runs.
    Create(Box<create::CreateArgs>),
    /// Show what a backup says of itself: needs no key.
    Show(FileArgs),
    /// Check a backup: its sum and signature; with the recovery key everything in it.
    Verify(VerifyArgs),
    /// Make the site anew from a backup, on an empty machine; or take keys in again from a backup of keys.
    Restore(Box<restore::RestoreArgs>),
    /// Write a backup again and again, until told to stop.
    Schedule(Box<schedule::ScheduleArgs>),
}

#[derive(Args)]
pub(crate) struct FileArgs {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    file: FileArgs,
    /// A file with the recovery key; `-` is standard input. Without it the content stays unopened.
    #[arg(long, value_name = "FILE")]
    recovery_key: Option<PathBuf>,
    /// The log's verifier key, as you got it another way; else the backup's own word.
    #[arg(long, value_name = "LINE")]
    verifier: Option<String>,
}

pub(crate) async fn run(command: BackupCommand, at: &At, format: Format) -> Result<(), Failure> {
    wiring::logs("warn");
    wiring::protect();
    match command {
        BackupCommand::Create(args) => create::run(&args, at, format),
        BackupCommand::Show(args) => show(&args.file, format),
        BackupCommand::Verify(args) => verify(&args, format),
        BackupCommand::Restore(args) => restore::run(&args, at, format).await,
        BackupCommand::Schedule(args) => schedule::run(&args, at).await,
    }
}

/// An open backup, its header read.
pub(crate) struct Opened {
    input: BufReader<File>,
    pub(crate) header: Header,
    length: u64,
}

impl Opened {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |why: std::io::Error| Failure::new(format!("{}: {why}", path.display()));
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut input = BufReader::with_capacity(1 << 20, file);
        let (header, _) = backup::read_header(&mut input).map_err(|why| named(path, &why))?;
        Ok(Self { input, header, length })
    }

    /// Everything in it from the first byte on, in order.
    fn each(
        &mut self,
        key: &crypto::RecoveryKey,
        path: &Path,
        each: &mut dyn FnMut(Item) -> Result<(), BackupFault>,
    ) -> Result<Counts, Failure> {
        let length = self.length;
        let (header, _) = backup::read_header(self.rewound()?).map_err(|why| named(path, &why))?;
        backup::open(&header, length, key, &mut self.input, each).map_err(|why| named(path, &why))
    }

    /// Back to the first byte.
    fn rewound(&mut self) -> Result<&mut BufReader<File>, Failure> {
        self.input.rewind().map_err(Failure::from_io)?;
        Ok(&mut self.input)
    }
}

fn named(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {why}", path.display()))
}

fn show(path: &Path, format: Format) -> Result<(), Failure> {
    let opened = Opened::open(path)?;
    output::print(format, &told(&opened.header, opened.length, None), output::fields)
}

fn told(header: &Header, length: u64, counts: Option<&Counts>) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut told = json!({
        "kind": header.kind,
        "keys": header.keys,
        "site": hex(&header.site),
        "origin": header.origin,
        "created": header.created,
        "entries": header.size,
        "root": hex(&header.root),
        "verifier": header.verifier,
        "recovery_key": header.recovery,
        "bytes": length,
    });
    if let (Some(counts), Value::Object(told)) = (counts, &mut told) {
        told.insert("rows_of_keys".to_owned(), counts.carried.into());
        told.insert("batches".to_owned(), counts.batches.into());
        told.insert("rows".to_owned(), counts.rows.into());
        told.insert("checkpoints".to_owned(), counts.checkpoints.into());
        told.insert("tombstones".to_owned(), counts.tombstones.into());
    }
    told
}

fn verify(args: &VerifyArgs, format: Format) -> Result<(), Failure> {
    let path = &args.file.file;
    let mut opened = Opened::open(path)?;
    let line = args.verifier.clone().unwrap_or_else(|| opened.header.verifier.clone());
    check_sum(&mut opened, &line, path)?;
    let mut listed = Vec::new();
    let counts = match &args.recovery_key {
        Some(file) => Some(check_content(&mut opened, &recovery_key(file)?, path, &mut listed)?),
        None => None,
    };
    let mut said = told(&opened.header, opened.length, counts.as_ref());
    if !listed.is_empty() {
        said = output::with(said, "listed", listed.into());
    }
    output::print(format, &said, output::fields)?;
    if args.verifier.is_none() {
        eprintln!("The verifier key is the backup's own word; compare it with yours.");
    }
    eprintln!(
        "sound: {}",
        if counts.is_some() {
            "sum, signature and all content"
        } else {
            "sum and signature; the content was not opened"
        }
    );
    Ok(())
}

fn check_sum(opened: &mut Opened, line: &str, path: &Path) -> Result<(), Failure> {
    let (_, verifier) = proof::verifier(line)?;
    let length = opened.length;
    backup::check_sum(opened.rewound()?, length, &verifier).map_err(|why| named(path, &why))
}

/// All of it, and what is told of each key in a backup of keys.
fn check_content(
    opened: &mut Opened,
    key: &crypto::RecoveryKey,
    path: &Path,
    listed: &mut Vec<Value>,
) -> Result<Counts, Failure> {
    opened.each(key, path, &mut |item| {
        if let Item::Carried(row, plaintext) = &item {
            listed.extend(keys::listed(*row, plaintext)?);
        }
        Ok(())
    })
}
