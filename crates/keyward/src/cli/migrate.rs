//! `keyward store migrate`: a site moves from one store to another, whole, while no server runs.
//!
//! The former store is marked before the new one becomes a site, so there are never two that go on. What was cut off in
//! the middle is begun anew by the same command.

use crate::failure::Failure;
use crate::place::Place;
use crate::verify::bar;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use ledger::{FACTS, Inspector, MOVED, Part, ProjectionReader, Reader, Report, Store, StoreFault, Tile, Verification};
use std::path::PathBuf;

/// Rows, checkpoints and segments that are held in memory at once.
const PAGE: u32 = 512;
/// Batches that are held in memory at once: each may have a mebibyte.
const BATCHES: u32 = 32;

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// Move a site to another store: every entry, row and checkpoint, all of it verified. No server may run.
    Migrate(MigrateArgs),
}

#[derive(Args)]
pub(crate) struct MigrateArgs {
    /// The store as it is: a data directory, or `postgres://…`.
    #[arg(long, value_name = "DIR|URL")]
    from: String,
    /// The store to be: a new directory, or a database.
    #[arg(long, value_name = "DIR|URL")]
    to: String,
    /// The root key, against which all is verified.
    #[arg(long, value_name = "FILE", env = "KEYWARD_ROOT_KEY")]
    root_key: PathBuf,
}

fn told(fault: StoreFault) -> Failure {
    Failure::new(fault.0)
}

pub(crate) fn run(command: StoreCommand) -> Result<(), Failure> {
    let StoreCommand::Migrate(args) = command;
    let root = custody::read(&args.root_key).map_err(Failure::from_display)?;
    let (from, to) = (Place::named(&args.from), Place::named(&args.to));
    let mut source = from.open_alone().map_err(Failure::new)?;
    let site = Inspector::open(&*source.reader, root.roots()).map_err(Failure::from_display)?;
    let moved = source.reader.fact(MOVED).map_err(told)?;
    let mut target = to.create_to_load().map_err(Failure::new)?;
    let name = target.name.clone();
    // One that was cut off may be finished, but a site moves to one place only.
    if let Some(former) = moved.as_deref().filter(|former| *former != name.as_bytes()) {
        let former = String::from_utf8_lossy(former);
        return Err(Failure::new(format!("this site moved to {former} before; serve that")));
    }
    let bar = bar();
    bar.set_length(length(&*source.reader)?);
    copy(&*source.reader, &mut target, &bar)?;
    copy_projections(&*source.projection_reader, &mut target)?;
    let report = verify(&target, &site, &source, &bar)?;
    compare(&*source.reader, &*target.reader, &bar)?;
    bar.finish_and_clear();
    if moved.is_none() {
        source.writer.found(&[(MOVED.to_owned(), name.clone().into_bytes())]).map_err(told)?;
    }
    target.writer.found(&facts(&*source.reader)?).map_err(told)?;
    println!("moved {} entries and {} rows to {name}: sound, and the same", report.size, report.rows);
    eprintln!("{} is marked as moved and no longer served. Keep it until the new one is backed up.", source.name);
    Ok(())
}

/// Entries: what the bar counts, once for each time that they are gone through.
fn length(reader: &dyn Reader) -> Result<u64, Failure> {
    let last = reader.last_batch().map_err(told)?;
    Ok(last.map_or(0, |last| last.first.saturating_add(last.count.into())))
}

fn facts(reader: &dyn Reader) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut facts = Vec::new();
    for name in FACTS {
        if let Some(value) = reader.fact(name).map_err(told)? {
            facts.push(((*name).to_owned(), value));
        }
    }
    Ok(facts)
}

/// Log, rows and facts of a site in an empty store: a twin, which is for drills alone. What is derived is derived anew.
pub(crate) fn copy_site(reader: &dyn Reader, target: &mut Store) -> Result<(), Failure> {
    copy(reader, target, &ProgressBar::hidden())?;
    target.writer.found(&facts(reader)?).map_err(told)
}

fn copy(reader: &dyn Reader, target: &mut Store, bar: &ProgressBar) -> Result<(), Failure> {
    bar.set_message("copying the log");
    let mut at = reader.oldest().map_err(told)?;
    loop {
        let batches = reader.batches(at, BATCHES).map_err(told)?;
        let Some(last) = batches.last() else { break };
        at = last.first.saturating_add(last.count.into());
        bar.set_position(at);
        target.writer.load(&Part { batches, ..Part::default() }).map_err(told)?;
    }
    copy_checkpoints(reader, target)?;
    bar.set_message("copying rows");
    let (mut after, mut root) = (None, ledger::EMPTY_STATE);
    loop {
        let rows = reader.all_rows(after, PAGE).map_err(told)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        let mut part = Part { rows, ..Part::default() };
        root = ledger::grow_part(&*target.reader, root, &mut part).map_err(told)?;
        target.writer.load(&part).map_err(told)?;
    }
    copy_history(reader, target)
}

fn copy_checkpoints(reader: &dyn Reader, target: &mut Store) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let checkpoints = reader.checkpoints(after, PAGE).map_err(told)?;
        let Some(last) = checkpoints.last() else { return Ok(()) };
        after = last.size;
        target.writer.load(&Part { checkpoints, ..Part::default() }).map_err(told)?;
    }
}

fn copy_history(reader: &dyn Reader, target: &mut Store) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let former = reader.all_former(after, PAGE).map_err(told)?;
        let Some(last) = former.last() else { return Ok(()) };
        after = Some((last.row.id, last.until));
        target.writer.load(&Part { former, ..Part::default() }).map_err(told)?;
    }
}

/// Hashes of entries that were dropped are nowhere else.
fn copy_projections(reader: &dyn ProjectionReader, target: &mut Store) -> Result<(), Failure> {
    let write = &mut target.projection_writer;
    for level in 0..8 {
        let tiles = |from: u64| -> Result<Vec<Tile>, StoreFault> {
            let found = (from..from + u64::from(PAGE)).map_while(|index| reader.tile(level, index).transpose());
            found.collect()
        };
        let mut from = 0;
        loop {
            let page = tiles(from).map_err(told)?;
            if page.is_empty() {
                break;
            }
            from += u64::from(PAGE);
            write.project(&page, &[], &[]).map_err(told)?;
        }
    }
    let mut before = u64::MAX;
    loop {
        let segments = reader.segments_before(before, PAGE).map_err(told)?;
        let Some(last) = segments.last() else { break };
        before = last.first;
        write.project(&[], &segments, &[]).map_err(told)?;
    }
    for name in ["tiles", "segments"] {
        let upto = reader.cursor(name).map_err(told)?;
        write.project(&[], &[], &[(name, upto)]).map_err(told)?;
    }
    Ok(())
}

/// The whole log and every row of the new store, from the bytes up.
fn verify(target: &Store, site: &Inspector, source: &Store, bar: &ProgressBar) -> Result<Report, Failure> {
    bar.set_message("verifying");
    let origin = source.reader.fact("origin").map_err(told)?.unwrap_or_default();
    let mac = |batch: &ledger::StoredBatch| site.mac(batch);
    let how = Verification {
        origin: String::from_utf8_lossy(&origin).into_owned(),
        verifier: Some(site.verifier()),
        mac: Some(&mac),
        projections: None,
    };
    let report = ledger::verify_store(&*target.reader, &how, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    match report.findings.first() {
        None => Ok(report),
        Some(finding) => Err(Failure::new(format!("the copy is not sound: {finding}; the site stays where it is"))),
    }
}

/// Row by row, and the ends of both logs: nothing was left out, and nothing is there twice.
fn compare(one: &dyn Reader, other: &dyn Reader, bar: &ProgressBar) -> Result<(), Failure> {
    bar.set_message("comparing rows");
    let differ = || Failure::new("the copy is not the same as the store; the site stays where it is");
    if one.last_batch().map_err(told)? != other.last_batch().map_err(told)?
        || one.oldest().map_err(told)? != other.oldest().map_err(told)?
        || one.newest_checkpoint().map_err(told)? != other.newest_checkpoint().map_err(told)?
    {
        return Err(differ());
    }
    let mut after = None;
    loop {
        let (rows, copies) = (one.all_rows(after, PAGE).map_err(told)?, other.all_rows(after, PAGE).map_err(told)?);
        if rows != copies {
            return Err(differ());
        }
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
    }
    let mut after = None;
    loop {
        let (former, copies) =
            (one.all_former(after, PAGE).map_err(told)?, other.all_former(after, PAGE).map_err(told)?);
        if former != copies {
            return Err(differ());
        }
        let Some(last) = former.last() else { return Ok(()) };
        after = Some((last.row.id, last.until));
    }
}
