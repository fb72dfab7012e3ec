//! A backup is restored into a private place, and what came of it is held against the site.

use super::copy::{materials, verified};
use super::{Common, Site};
use crate::cli::backup::{Only, create, restore as restoring};
use crate::client::At;
use crate::failure::Failure;
use crate::output::Format;
use crate::report::Report;
use crate::wiring;
use clap::Args;
use clock::{Clock, Timestamp, stopwatch_micros};
use domain::{ObjectId, RowId, Table};
use ledger::{Anchored, Reader, Tombstone};
use path::Open;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a restore may take: the goal of a disaster plan.
const RTO_SECONDS_MAX: f64 = 4.0 * 3_600.0;

#[derive(Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// The backup to restore: the newest you have; else one is made now.
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    /// A file with the recovery key; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    recovery_key: PathBuf,
}

/// Where the restored site lies.
struct Place {
    data: PathBuf,
    root: PathBuf,
    anchor: PathBuf,
}

pub(super) async fn drill(args: &RestoreArgs, site: &Site, scratch: &Path, report: &mut Report) -> Result<(), Failure> {
    let file = match &args.backup {
        Some(file) => file.clone(),
        None => made(site, scratch, report)?,
    };
    let opened = crate::cli::backup::Opened::open(&file)?;
    if opened.header.kind != backup::KIND_SITE {
        return Err(Failure::new(format!(
            "{}: a drill is of a whole site, and this is a backup of keys",
            file.display()
        )));
    }
    let (size, created) = (opened.header.size, opened.header.created.clone());
    report.check("the backup is one of this site", opened.header.site == site.inspector.facts().site);
    drop(opened);
    let place = Place {
        data: scratch.join("restored"),
        root: scratch.join("restored.root"),
        anchor: scratch.join("restored.anchor"),
    };
    let destroyed = anchored(site, &place)?;

    let begun = stopwatch_micros();
    let asked = restoring::RestoreArgs::privately(&file, &place.root, &args.recovery_key, &place.anchor);
    restoring::run(&asked, &At { data: Some(place.data.clone()), as_site: false }, Format::Json).await?;
    let (path, reader) = open(&place)?;
    let seconds = report.step("restore, and open for business", begun);
    report.measure("rto_seconds", seconds);
    report.check("within four hours", seconds <= RTO_SECONDS_MAX);

    let begun = stopwatch_micros();
    let versions = path.open_all_material().map_err(Failure::from_display)?;
    report.count("versions_opened", versions);
    let restored = materials(&*reader)?;
    report.check("the material of every version opens", versions == restored.len() as u64);
    report.step("open every version", begun);

    lost(site, size, &created, report);
    compare(site, &*reader, &restored, &destroyed, report)?;
    let begun = stopwatch_micros();
    let sound = verified(&*reader, site);
    report.count("entries", sound.size);
    report.count("rows", sound.rows);
    report.check("log and rows are sound", sound.is_sound());
    report.step("verify", begun);
    drop(path);
    wipe(&place.root)
}

fn made(site: &Site, scratch: &Path, report: &mut Report) -> Result<PathBuf, Failure> {
    let (file, begun) = (scratch.join("drill.backup"), stopwatch_micros());
    let made = create::make(&site.files, std::slice::from_ref(&file), &Only::default())?;
    report.count("backup_bytes", made.length);
    report.step("back up", begun);
    Ok(file)
}

/// A private copy of the newest anchor, if one can be read, and what it knows to be destroyed.
fn anchored(site: &Site, place: &Place) -> Result<Vec<Tombstone>, Failure> {
    for (file, mut anchor) in site.files.anchors.iter().zip(site.files.anchors()) {
        let Some(known) = anchor.read().ok().flatten().and_then(|bytes| Anchored::read(&bytes)) else { continue };
        std::fs::copy(file, &place.anchor).map_err(Failure::from_io)?;
        return anchor.tombstones(known.destroyed).map_err(|fault| Failure::new(fault.0));
    }
    Ok(Vec::new())
}

fn open(place: &Place) -> Result<(Arc<path::Path>, Arc<dyn Reader>), Failure> {
    let root = custody::read(&place.root).map_err(Failure::from_display)?;
    let store = store_sqlite::open(&place.data).map_err(Failure::from_display)?;
    let (path, reader) = (wiring::sealed(), Arc::clone(&store.reader));
    let anchors = wiring::anchors(std::slice::from_ref(&place.anchor));
    path.open(Open { store, root: root.roots(), anchors }).map_err(Failure::from_display)?;
    Ok((path, reader))
}

/// What a disaster at this moment would have cost.
fn lost(site: &Site, size: u64, created: &str, report: &mut Report) {
    let age = Timestamp::parse(created).map_or(0, |created| Clock::system().now().wall.millis_since(created).max(0));
    report.measure("rpo_entries", site.head.size.saturating_sub(size));
    report.measure("rpo_seconds", age / clock::SECOND);
}

/// What was destroyed is so here too, and all else that lives there and was there then lives here.
fn compare(
    site: &Site,
    reader: &dyn Reader,
    restored: &BTreeSet<ObjectId>,
    destroyed: &[Tombstone],
    report: &mut Report,
) -> Result<(), Failure> {
    let revived = destroyed.iter().filter(|one| one.row.table == Table::Material && restored.contains(&one.row.id));
    report.count("tombstones", destroyed.len() as u64);
    report.check("what was destroyed stays destroyed", revived.count() == 0);
    let live = materials(&*site.snapshot)?;
    let (mut same, mut other) = (0_u64, 0_u64);
    for id in live.intersection(restored) {
        let row = |reader: &dyn Reader| reader.row(RowId::new(Table::Material, *id));
        let pair = (row(&*site.snapshot), row(reader));
        match pair {
            (Ok(Some(one)), Ok(Some(two))) if one.blob == two.blob => same = same.saturating_add(1),
            _ => other = other.saturating_add(1),
        }
    }
    report.count("materials_the_same", same);
    report.count("materials_newer_than_the_backup", live.difference(restored).count() as u64);
    report.check("each is the same as in the live site", other == 0);
    report.check("none is there that the live site does not have", restored.is_subset(&live));
    Ok(())
}

/// The restored root key was in a file of the private place: nothing of it stays.
fn wipe(root: &Path) -> Result<(), Failure> {
    let length = std::fs::metadata(root).map_err(Failure::from_io)?.len();
    let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
    let mut file = std::fs::OpenOptions::new().write(true).open(root).map_err(Failure::from_io)?;
    std::io::Write::write_all(&mut file, &zeros).and_then(|()| file.sync_all()).map_err(Failure::from_io)
}
