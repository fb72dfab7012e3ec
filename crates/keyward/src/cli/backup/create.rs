//! Writing a backup, to as many places as are named.

use super::keys::{self, Only};
use super::told;
use crate::cli::offline::{Files, Offline};
use crate::client::At;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::tls::TlsFiles;
use backup::{BackupFault, Counts, Header, Source, Whose};
use clap::Args;
use clock::Clock;
use crypto::{RecoveryPublic, VerifyingKey};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{Anchored, Inspector, Reader, Tombstone};
use secret::{Held, Secret};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(super) offline: Offline,
    /// Where the backup goes: a new file, or a directory, which gets a file of the time's name. Name two: one
    /// place that goes takes one copy.
    #[arg(long = "to", value_name = "PLACE", required = true)]
    pub(super) to: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) only: Only,
}

pub(super) fn run(args: &CreateArgs, at: &At, format: Format) -> Result<(), Failure> {
    let made = make(&args.offline.files(at)?, &args.to, &args.only)?;
    output::print(format, &told(&made.header, made.length, Some(&made.counts)), output::fields)?;
    for path in &made.written {
        eprintln!("Wrote {}.", path.display());
    }
    match made.failed.as_slice() {
        [] => Ok(()),
        failed => Err(Failure::new(format!("not written: {}", failed.join("; ")))),
    }
}

/// A backup that was written to some places at least.
pub(crate) struct Made {
    pub(super) header: Header,
    pub(super) counts: Counts,
    pub(crate) length: u64,
    pub(super) written: Vec<PathBuf>,
    pub(super) failed: Vec<String>,
}

pub(crate) fn make(files: &Files, to: &[PathBuf], only: &Only) -> Result<Made, Failure> {
    let root_bytes = custody::read_bytes(&files.root_key).map_err(Failure::from_display)?;
    let root = root_bytes.expose(Held::keep).map(crypto::SealKey::new);
    let root = root.map_err(|_| Failure::new("the secret memory is full"))?;
    // Tombstones first: what is destroyed between the two looks is in the rows.
    let tombstones = anchored_tombstones(&mut files.anchors());
    let reader = files.place.snapshot().map_err(Failure::new)?;
    let site = Inspector::open(&*reader, &root).map_err(Failure::from_display)?;
    let halves = site
        .recovery(&*reader)
        .map_err(Failure::from_display)?
        .ok_or_else(|| Failure::from_display(BackupFault::NoRecoveryKey))?;
    let whose = Whose {
        reader: &*reader,
        facts: site.facts(),
        signer: site.signer(),
        verifier: ledger::verifier_line(&site.facts().origin, &site.verifier()),
        recovery: RecoveryPublic { verify: VerifyingKey(halves.verify), seal: halves.seal },
        created: Clock::system().now().wall,
    };
    if !only.is_everything() {
        return keys::make(only, &whose, Arc::clone(&reader), &root, to);
    }
    let name = file_name(BEGIN_SITE, &whose);
    let tombstones = &with_emptied(&*reader, tombstones)?;
    let source = Source { from: whose, root: &root_bytes, tombstones, files: tls_files(&files.data)? };
    let bar = bar();
    let made = written(to, &name, |out| backup::write(&source, out, &mut |_| bar.tick()));
    bar.finish_and_clear();
    made
}

/// What the names of backups begin with that are given to files in a directory.
pub(super) const BEGIN_SITE: &str = "keyward-";
pub(super) const BEGIN_KEYS: &str = "keys-";

pub(super) fn file_name(begin: &str, whose: &Whose<'_>) -> String {
    format!("{begin}{}.backup", whose.created.to_rfc3339().replace([':', '.'], "-"))
}

/// Writes to all places at once.
pub(super) fn written(
    to: &[PathBuf],
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> Result<(Header, Counts), BackupFault>,
) -> Result<Made, Failure> {
    let mut places = Places::open(to, name);
    let (header, counts) = match write(&mut places) {
        Ok(done) => done,
        Err(why) => {
            places.forget();
            return Err(Failure::from_display(why));
        }
    };
    let length = places.length;
    let (written, failed) = places.finish();
    if written.is_empty() {
        return Err(Failure::new(format!("not written: {}", failed.join("; "))));
    }
    Ok(Made { header, counts, length, written, failed })
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {elapsed}");
    style.map_or_else(|_| ProgressBar::hidden(), |style| ProgressBar::new_spinner().with_style(style))
}

/// What the first anchor that can be read knows; a backup is made without any, too.
pub(super) fn anchored_tombstones(anchors: &mut [Box<dyn ledger::Anchor>]) -> Vec<Tombstone> {
    for anchor in anchors {
        let known = anchor.read().ok().flatten().and_then(|bytes| Anchored::read(&bytes));
        if let Some(Ok(tombstones)) = known.map(|known| anchor.tombstones(known.destroyed)) {
            return tombstones;
        }
    }
    eprintln!("No anchor can be read: which keys were destroyed is taken from the store alone.");
    Vec::new()
}

/// Rows of material that are empty were destroyed, whether an anchor knows it yet or not.
fn with_emptied(reader: &dyn Reader, mut known: Vec<Tombstone>) -> Result<Vec<Tombstone>, Failure> {
    const ROWS: u32 = 1_024;
    let seen: std::collections::BTreeSet<_> = known.iter().map(|tombstone| tombstone.row).collect();
    let mut after = None;
    loop {
        let rows = reader.all_rows(after, ROWS).map_err(|fault| Failure::new(fault.0))?;
        let Some(last) = rows.last() else { return Ok(known) };
        after = Some(last.id);
        let emptied = rows.iter().filter(|row| row.blob.is_empty() && row.id.table == domain::Table::Material);
        known.extend(emptied.filter(|row| !seen.contains(&row.id)).map(|row| Tombstone {
            row: row.id,
            position: row.position,
            wall: clock::Timestamp::MIN,
        }));
    }
}

/// The server's certificate and its key.
fn tls_files(data: &Path) -> Result<Vec<(String, Secret)>, Failure> {
    let files = TlsFiles::in_folder(&data.join("tls"));
    let mut kept = Vec::new();
    for (name, path) in [("tls/ca.pem", files.ca), ("tls/cert.pem", files.chain), ("tls/key.pem", files.key)] {
        if path.exists() {
            kept.push((name.to_owned(), Secret::new(std::fs::read(&path).map_err(Failure::from_io)?)));
        }
    }
    Ok(kept)
}

/// The same bytes to each place. One that fails does not keep the others from being written.
struct Places {
    open: Vec<Place>,
    failed: Vec<String>,
    length: u64,
}

struct Place {
    path: PathBuf,
    /// Written under this name until it is whole.
    part: PathBuf,
    file: BufWriter<File>,
}

impl Places {
    fn open(to: &[PathBuf], name: &str) -> Self {
        let mut places = Self { open: Vec::new(), failed: Vec::new(), length: 0 };
        for path in to {
            let path = if path.is_dir() { path.join(name) } else { path.clone() };
            match Place::open(&path) {
                Ok(place) => places.open.push(place),
                Err(why) => places.failed.push(format!("{}: {why}", path.display())),
            }
        }
        places
    }

    /// Half a backup is none.
    fn forget(self) {
        for place in self.open {
            let _ = std::fs::remove_file(&place.part);
        }
    }

    /// Which were written whole, and why others were not.
    fn finish(self) -> (Vec<PathBuf>, Vec<String>) {
        let (mut written, mut failed) = (Vec::new(), self.failed);
        for place in self.open {
            let path = place.path.clone();
            match place.finish() {
                Ok(()) => written.push(path),
                Err(why) => failed.push(format!("{}: {why}", path.display())),
            }
        }
        (written, failed)
    }
}

impl Place {
    fn open(path: &Path) -> std::io::Result<Self> {
        if path.exists() {
            return Err(std::io::Error::other("it exists already; name a new file"));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        Ok(Self { path: path.to_owned(), part, file: BufWriter::with_capacity(1 << 20, file) })
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        std::fs::rename(&self.part, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

impl Write for Places {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.length = self.length.saturating_add(bytes.len() as u64);
        let failed = &mut self.failed;
        self.open.retain_mut(|place| match place.file.write_all(bytes) {
            Ok(()) => true,
            Err(why) => {
                failed.push(format!("{}: {why}", place.path.display()));
                let _ = std::fs::remove_file(&place.part);
                false
            }
        });
        match self.open.is_empty() {
            true => Err(std::io::Error::other(self.failed.join("; "))),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
