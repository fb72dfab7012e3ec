//! Commands that work on a site's files, beside its server or without one.

use crate::client::At;
use crate::config;
use crate::failure::Failure;
use crate::place::{Place, StoreArg};
use crate::wiring;
use clap::Args;
use crypto::{RECOVERY_TEXT_BYTES_MAX, RecoveryKey};
use secret::Secret;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where a site's files lie.
#[derive(Args, Clone)]
pub(crate) struct Offline {
    #[command(flatten)]
    store: StoreArg,
    /// The root key; else the one that `dev` or `init` named beside the data.
    #[arg(long, value_name = "FILE", env = "KEYWARD_ROOT_KEY")]
    root_key: Option<PathBuf>,
    /// The anchor; else `ROOT_KEY.anchor`. Several may be named.
    #[arg(long = "anchor", value_name = "FILE", env = "KEYWARD_ANCHOR", value_delimiter = ',')]
    anchors: Vec<PathBuf>,
}

/// A site's files, found.
pub(crate) struct Files {
    pub(crate) data: PathBuf,
    pub(crate) place: Place,
    pub(crate) root_key: PathBuf,
    pub(crate) anchors: Vec<PathBuf>,
}

impl Offline {
    pub(crate) fn files(&self, at: &At) -> Result<Files, Failure> {
        let data = data(at)?;
        let kept = config::read_client(&config::client_file(&data)).ok();
        let missing = || Failure::new("name the root key with --root-key");
        let root_key = self.root_key.clone().or_else(|| kept.as_ref()?.root_key_file.clone()).ok_or_else(missing)?;
        let known = kept.map(|kept| kept.anchor_files).unwrap_or_default();
        let named = if self.anchors.is_empty() { known } else { self.anchors.clone() };
        let anchors = wiring::anchor_files(&named, &root_key);
        let place = self.store.place(Some(data.clone())).map_err(Failure::new)?;
        Ok(Files { data, place, root_key, anchors })
    }
}

impl Files {
    pub(crate) fn root(&self) -> Result<custody::RootFile, Failure> {
        custody::read(&self.root_key).map_err(Failure::from_display)
    }

    pub(crate) fn anchors(&self) -> Vec<Box<dyn ledger::Anchor>> {
        wiring::anchors(&self.anchors)
    }
}

/// The data directory that is named, else that of the last development server.
pub(crate) fn data(at: &At) -> Result<PathBuf, Failure> {
    at.data.clone().or_else(config::dev_data).ok_or_else(|| Failure::new("name the data directory with --data"))
}

/// Reads a recovery key from a file, or from standard input for `-`: never from the command line, which others see.
pub(crate) fn recovery_key(file: &Path) -> Result<RecoveryKey, Failure> {
    let mut text = Vec::with_capacity(RECOVERY_TEXT_BYTES_MAX);
    let limit = RECOVERY_TEXT_BYTES_MAX as u64;
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().take(limit).read_to_end(&mut text),
        false => std::fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut text)),
    };
    let text = Secret::new(text);
    read.map_err(|why| Failure::new(format!("{}: {why}", file.display())))?;
    let wrong =
        "this is no recovery key: it begins with `keyward-recovery-v1-`, and has a checksum that finds a wrong letter";
    text.expose(RecoveryKey::parse).map_err(|_| Failure::new(wrong))
}
