//! Making a site anew. Nothing is changed before the whole backup was seen and found sound.

use super::keys::{self, Taking};
use super::sorter::Sorter;
use super::{Opened, check_content, check_sum, named, surviving};
use crate::cli::offline::recovery_key;
use crate::client::At;
use crate::config::{self, ClientFile};
use crate::failure::Failure;
use crate::output::Format;
use crate::place::{Place, StoreArg};
use crate::wiring;
use backup::{BackupFault, Item};
use clap::Args;
use crypto::RecoveryKey;
use ledger::{Part, StoreFault, Tombstone, Writer};
use path::{Open, Recovery};
use secret::Secret;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// How much is loaded in one step: what bounds the memory.
const PART_ROWS: usize = 2_048;
const PART_BYTES: usize = 16 << 20;

#[derive(Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    store: StoreArg,
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the root key is written: a new file outside the data directory. Where keys come back to a site: its root key.
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// A file with the recovery key; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    recovery_key: PathBuf,
    /// An anchor of the site that has survived, which knows what was destroyed since; else `ROOT_KEY.anchor`. Where there
    /// is none, one is begun.
    #[arg(long = "anchor", value_name = "FILE")]
    anchors: Vec<PathBuf>,
    /// Newer backups of the same site, which know what was destroyed since, too; may be repeated.
    #[arg(long = "newer", value_name = "FILE")]
    newer: Vec<PathBuf>,
    /// Certificates of destruction of the site, which prove what was destroyed since, too; may be repeated.
    #[arg(long = "certificate", value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// A later checkpoint of the log, which tells how long it was.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Where the server will be reached.
    #[arg(long, default_value = "https://localhost:8200")]
    endpoint: String,
    #[command(flatten)]
    into: Taking,
}

impl RestoreArgs {
    /// Into a place that nobody else knows of.
    pub(crate) fn privately(file: &Path, root_key: &Path, recovery_key: &Path, anchor: &Path) -> Self {
        Self {
            store: StoreArg { store: None },
            file: file.to_owned(),
            root_key: root_key.to_owned(),
            recovery_key: recovery_key.to_owned(),
            anchors: vec![anchor.to_owned()],
            newer: Vec::new(),
            certificates: Vec::new(),
            checkpoint: None,
            endpoint: "https://localhost".to_owned(),
            into: Taking::default(),
        }
    }
}

pub(crate) async fn run(args: &RestoreArgs, at: &At, format: Format) -> Result<(), Failure> {
    let data = at.data.clone().ok_or_else(|| Failure::new("name the data directory with --data"))?;
    let key = recovery_key(&args.recovery_key)?;
    let opened = Opened::open(&args.file)?;
    if opened.header.kind == backup::KIND_KEYS {
        if args.checkpoint.is_some() {
            return Err(Failure::new("--checkpoint is for backups of a whole site, and this is one of keys"));
        }
        let destroyed = destroyed(args, &key, &opened)?.0;
        let site = keys::Site {
            place: args.store.place(Some(data)).map_err(Failure::new)?,
            root_key: args.root_key.clone(),
            anchors: wiring::anchor_files(&args.anchors, &args.root_key),
        };
        return keys::restore(keys::Backup { opened, path: &args.file, key }, &site, destroyed, &args.into, format)
            .await;
    }
    if args.into.is_given() {
        let why = "--tenant, --verifier and --leave-existing are for backups of keys, and this is one of a whole site";
        return Err(Failure::new(why));
    }
    let mut opened = sound(&args.file, &key)?;
    let (destroyed, newest) = destroyed(args, &key, &opened)?;
    let later = args.checkpoint.as_deref().map(|path| surviving::size(path, &opened.header.verifier)).transpose()?;
    refuse_what_is_there(&data, &args.root_key)?;
    let anchors = wiring::anchor_files(&args.anchors, &args.root_key);
    let place = args.store.place(Some(data.clone())).map_err(Failure::new)?;
    let site = Site { data: &data, place: &place, root_key: &args.root_key, anchors: &anchors };
    if let Err(why) = load(&mut opened, &key, &site, &args.file) {
        site.unmake();
        return Err(why);
    }
    write_client(&site, &args.endpoint)?;
    let since = believe(&site, &key, destroyed, &newest, &opened.header.created).await?;
    if let Some(later) = later.filter(|later| *later > opened.header.size) {
        let (from, last) = (opened.header.size, later.saturating_sub(1));
        eprintln!("The checkpoint tells of entries {from} to {last}, which are given up for ever.");
    }
    eprintln!("Restored {} entries of {} into {}.", opened.header.size, opened.header.origin, data.display());
    if let Some(since) = since {
        eprintln!("No anchor was found: nobody knows what was destroyed since {since}. Every key carries the tag");
        eprintln!("{}={since}; destroy again what was destroyed, and remove the tag from what is checked.", path::MARK);
    }
    let root_key = args.root_key.display();
    eprintln!("Next: keyward serve --data {} --root-key {root_key}, and `keyward audit verify`.", data.display());
    Ok(())
}

/// A backup whose sum, signature and content are right.
fn sound(path: &Path, key: &RecoveryKey) -> Result<Opened, Failure> {
    let mut opened = Opened::open(path)?;
    if opened.header.kind != backup::KIND_SITE {
        return Err(named(path, &"this backup holds some keys and no site; name one of the whole site"));
    }
    let line = opened.header.verifier.clone();
    check_content(&mut opened, key, path, &mut Vec::new())?;
    check_sum(&mut opened, &line, path)?;
    Ok(opened)
}

/// What newer backups know to be destroyed, and the date of the newest of all.
fn destroyed(args: &RestoreArgs, key: &RecoveryKey, older: &Opened) -> Result<(Vec<Tombstone>, String), Failure> {
    let (mut tombstones, mut newest) = (Vec::new(), older.header.created.clone());
    for path in &args.certificates {
        tombstones.extend(surviving::destroyed(path, &older.header.verifier)?);
    }
    for path in &args.newer {
        let mut newer = sound(path, key)?;
        if newer.header.site != older.header.site {
            return Err(named(path, &"this is a backup of another site; name one of the same"));
        }
        newest = newest.max(newer.header.created.clone());
        newer.each(key, path, &mut |item| {
            if let Item::Tombstone(tombstone) = item {
                tombstones.push(tombstone);
            }
            Ok(())
        })?;
    }
    Ok((tombstones, newest))
}

fn refuse_what_is_there(data: &Path, root_key: &Path) -> Result<(), Failure> {
    let occupied = std::fs::read_dir(data).is_ok_and(|mut found| found.next().is_some());
    if occupied {
        return Err(Failure::new(format!("{} is not empty; name a new directory", data.display())));
    }
    if root_key.exists() {
        return Err(Failure::new(format!("{} exists already; name a new file", root_key.display())));
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(Failure::from_io)?;
    custody::outside(root_key, data).map_err(Failure::from_display)
}

/// The files of a site that is being made.
struct Site<'a> {
    data: &'a Path,
    place: &'a Place,
    root_key: &'a Path,
    anchors: &'a [PathBuf],
}

impl Site<'_> {
    /// Removes what was begun: a half-made site would only be taken for one.
    fn unmake(&self) {
        let _ = std::fs::remove_dir_all(self.data);
        let _ = std::fs::remove_file(self.root_key);
    }
}

fn load(opened: &mut Opened, key: &RecoveryKey, site: &Site<'_>, path: &Path) -> Result<(), Failure> {
    let store = site.place.create_to_load().map_err(Failure::new)?;
    let mut loader = Loader {
        site,
        writer: store.writer,
        part: Part::default(),
        bytes: 0,
        facts: Vec::new(),
        rows: Sorter::new(site.data).map_err(Failure::from_io)?,
        named: ledger::EMPTY_STATE,
    };
    opened.each(key, path, &mut |item| loader.take(item))?;
    loader.flush().map_err(|why| named(path, &why))?;
    let Loader { mut writer, facts, rows, named: wanted, .. } = loader;
    let root = grow(&mut *writer, rows).map_err(|fault| Failure::new(fault.0))?;
    if root != wanted {
        return Err(named(path, &"its rows are not those that its log names"));
    }
    let format =
        facts.iter().find(|(name, _)| name == "format").and_then(|(_, value)| value.as_slice().try_into().ok());
    if let Some(found) = format.map(u32::from_be_bytes).filter(|found| *found > ledger::STORE_FORMAT) {
        return Err(Failure::from_display(ledger::OpenFault::NewerFormat { found }));
    }
    writer.found(&facts).map_err(|fault| Failure::new(fault.0))
}

/// The state tree over all rows, each of its nodes written once. Its root.
fn grow(writer: &mut dyn Writer, rows: Sorter) -> Result<[u8; 32], StoreFault> {
    let mut part = Part::default();
    let mut each = |node| {
        part.nodes.push(node);
        if part.nodes.len() >= PART_ROWS { writer.load(&std::mem::take(&mut part)) } else { Ok(()) }
    };
    let root = ledger::grow_whole(&mut rows.sorted(), &mut each)?;
    writer.load(&part)?;
    Ok(root)
}

/// Takes what a backup holds to where it belongs.
struct Loader<'a> {
    site: &'a Site<'a>,
    writer: Box<dyn Writer>,
    part: Part,
    bytes: usize,
    facts: Vec<(String, Vec<u8>)>,
    /// Of all rows so far.
    rows: Sorter,
    /// What the newest batch says that the root of the state tree is.
    named: [u8; 32],
}

impl Loader<'_> {
    fn take(&mut self, item: Item) -> Result<(), BackupFault> {
        match item {
            Item::Fact(name, value) => self.facts.push((name, value)),
            Item::Root(bytes) => {
                let written = custody::write(self.site.root_key, &bytes);
                written.map_err(|why| BackupFault::Write(why.to_string()))?;
            }
            Item::File(name, content) => self.file(&name, &content)?,
            Item::Batch(batch) => {
                self.bytes += batch.entries.len();
                self.named = batch.state;
                self.part.batches.push(batch);
            }
            Item::Row(row) => {
                self.bytes += row.blob.len();
                self.rows.add(&row).map_err(|fault| BackupFault::Write(fault.0))?;
                self.part.rows.push(row);
            }
            Item::Former(former) => {
                self.bytes += former.row.blob.len();
                self.part.former.push(former);
            }
            Item::Checkpoint(signed) => self.part.checkpoints.push(signed),
            Item::Tombstone(_) | Item::Carried(..) | Item::End(_) => {}
        }
        let part = &self.part;
        let full = part.rows.len().max(part.checkpoints.len()).max(part.former.len()) >= PART_ROWS;
        if full || self.bytes >= PART_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), BackupFault> {
        let part = std::mem::take(&mut self.part);
        self.bytes = 0;
        self.writer.load(&part).map_err(|fault| BackupFault::Write(fault.0))
    }

    /// Only files that a backup is known to have.
    fn file(&self, name: &str, content: &Secret) -> Result<(), BackupFault> {
        let failed = |why: std::io::Error| BackupFault::Write(format!("{name}: {why}"));
        if !["tls/ca.pem", "tls/cert.pem", "tls/key.pem"].contains(&name) {
            return Ok(());
        }
        let path = self.site.data.join(name);
        std::fs::create_dir_all(self.site.data.join("tls")).map_err(failed)?;
        content.expose(|bytes| config::write_private(&path, bytes)).map_err(failed)
    }
}

/// Lets the restored store be believed: as its anchors say, or as the recovery key's holder does. The date since which
/// nobody knows what was destroyed, if so.
async fn believe(
    site: &Site<'_>,
    key: &RecoveryKey,
    tombstones: Vec<Tombstone>,
    newest: &str,
    created: &str,
) -> Result<Option<String>, Failure> {
    let root = custody::read(site.root_key).map_err(Failure::from_display)?;
    let store = site.place.open().map_err(Failure::new)?;
    let mut anchors = wiring::anchors(site.anchors);
    let needed = ledger::needed_statement(&*store.reader, root.roots(), &mut anchors).map_err(Failure::from_display)?;
    // The anchor and the backup are of the same moment: nothing was lost.
    let Some((statement, _)) = needed else { return Ok(None) };
    let unknown_since = statement.anchor.is_none().then(|| newest.to_owned());
    let signer = key.signer().map_err(|_| Failure::new("the recovery key cannot sign"))?;
    let recovery = Recovery {
        statement: statement.sign(&signer),
        tombstones,
        unknown_since: unknown_since.clone(),
        said: format!("restored from a backup of {created}"),
    };
    let done = wiring::sealed().recover(Open { store, root: root.roots(), anchors }, recovery).await;
    let done = done.map_err(Failure::from_display)?;
    if let Some(anchored) = done.anchored.filter(|anchored| *anchored > done.size) {
        eprintln!("Entries {} to {} of the former log are given up for ever.", done.size, anchored.saturating_sub(1));
    }
    eprintln!("{} things that were destroyed since stay destroyed.", done.tombstones);
    Ok(unknown_since)
}

fn write_client(site: &Site<'_>, endpoint: &str) -> Result<(), Failure> {
    let client = ClientFile {
        root_key_file: site.root_key.canonicalize().ok(),
        anchor_files: site.anchors.to_vec(),
        data: site.data.canonicalize().ok(),
        ..ClientFile::of_site(endpoint, site.data.join("tls").join("ca.pem"))
    };
    config::write_client(&config::client_file(site.data), &client).map_err(Failure::from_io)
}
