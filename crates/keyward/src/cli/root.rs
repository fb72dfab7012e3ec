//! `keyward root …`: the key above all others.

use crate::cli::offline::{Files, Offline};
use crate::client::At;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring;
use clap::Subcommand;
use custody::RootFile;
use indicatif::ProgressBar;
use ledger::{Inspector, OpenFault};
use path::{Open, Rotated};
use serde_json::json;
use std::io::IsTerminal;

#[derive(Subcommand)]
pub(crate) enum RootCommand {
    /// Bring a new root key, and seal under it all that was under the one before. What was cut off goes on where it was.
    /// The server must be stopped; nodes on PostgreSQL are sealed until they are given the new file.
    Rotate(Offline),
    /// Show which root key seals the site.
    Show(Offline),
}

pub(crate) async fn run(command: &RootCommand, at: &At, format: Format) -> Result<(), Failure> {
    wiring::logs("warn");
    wiring::protect();
    match command {
        RootCommand::Rotate(offline) => rotate(&offline.files(at)?, format).await,
        RootCommand::Show(offline) => show(&offline.files(at)?, format),
    }
}

fn show(files: &Files, format: Format) -> Result<(), Failure> {
    let root = files.root()?;
    let seen = files.place.read().map_err(Failure::new)?;
    let site = Inspector::open(&*seen.reader, root.roots()).map_err(Failure::from_display)?;
    let (version, rotating) = site.root_version();
    output::print(format, &json!({ "version": version, "rotating": rotating }), output::fields)
}

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    NotBegun,
    UnderWay,
    Ended,
}

fn stage(files: &Files, keys: &RootFile) -> Result<Stage, Failure> {
    let seen = files.place.read().map_err(Failure::new)?;
    let Some(former) = &keys.former else { return Ok(Stage::Ended) };
    match Inspector::open(&*seen.reader, former) {
        Ok(_) => Ok(Stage::NotBegun),
        Err(OpenFault::RootRotated { .. }) => Ok(Stage::UnderWay),
        Err(OpenFault::WrongRootKey) => {
            Inspector::open(&*seen.reader, &keys.newest).map(|_| Stage::Ended).map_err(Failure::from_display)
        }
        Err(why) => Err(Failure::from_display(why)),
    }
}

async fn rotate(files: &Files, format: Format) -> Result<(), Failure> {
    let keys = custody::prepare_rotation(&files.root_key).map_err(Failure::from_display)?;
    let stage = stage(files, &keys)?;
    if stage == Stage::NotBegun {
        begin(files, &keys).await?;
    }
    // From here on the site is under the fresh key: its file takes the name.
    custody::put_rotated(&files.root_key).map_err(Failure::from_display)?;
    let done = match stage {
        Stage::Ended => Rotated::default(),
        _ => end(files, &keys).await?,
    };
    custody::end_rotation(&files.root_key).map_err(Failure::from_display)?;
    show(files, format)?;
    eprintln!("Sealed {} rows anew, under {} new keys of tenants.", done.rows, done.keks);
    eprintln!(
        "The former root key opens nothing here any more. Destroy its copies; give nodes and copies the new file,"
    );
    eprintln!(
        "{}, and make a backup: those made before open with the root key that they carry.",
        files.root_key.display()
    );
    Ok(())
}

async fn begin(files: &Files, keys: &RootFile) -> Result<(), Failure> {
    let former = keys.former.as_ref().ok_or_else(|| Failure::new("the former root key is not there"))?;
    let store = files.place.open().map_err(Failure::new)?;
    let open = Open { store, root: former.into(), anchors: files.anchors() };
    let begun = wiring::sealed().begin_rotation(open, &keys.newest).await;
    begun.map(|_| ()).map_err(Failure::from_display)
}

async fn end(files: &Files, keys: &RootFile) -> Result<Rotated, Failure> {
    let store = files.place.open().map_err(Failure::new)?;
    let open = Open { store, root: keys.roots(), anchors: files.anchors() };
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let mut tick = |steps: u64| bar.set_position(steps);
    let done = wiring::sealed().end_rotation(open, &mut tick).await.map_err(Failure::from_display);
    bar.finish_and_clear();
    done
}
