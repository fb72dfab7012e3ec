//! `keyward audit verify`: everything in a store, from the bytes up, without a server.

use crate::client::At;
use crate::config;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::place::{Place, StoreArg};
use crate::proof;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{Report, Verification, verify_store};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// What is checked, and against what.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    store: StoreArg,
    /// The root key: with it the codes of batches are checked too, and nobody can have chosen the verifier.
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
    /// The log's verifier key, as you got it another way.
    #[arg(long, value_name = "LINE")]
    verifier: Option<String>,
    /// A checkpoint as a witness holds it: the log must have it.
    #[arg(long, value_name = "FILE", requires = "witness")]
    cosigned: Option<PathBuf>,
    /// The witness's key, as `keyward witness` prints it.
    #[arg(long, value_name = "LINE", requires = "cosigned")]
    witness: Option<String>,
}

pub(crate) fn run(args: &VerifyArgs, at: &At, format: Format) -> Result<(), Failure> {
    let data = at.data.clone().or_else(config::dev_data);
    let root_key = args.root_key.clone().or_else(|| kept_root_key(data.as_deref()?));
    let place = args.store.place(data).map_err(Failure::new)?;
    let report = check(&place, root_key.as_deref(), args.verifier.as_deref())?;
    let cosigned = args.cosigned.as_deref().zip(args.witness.as_deref());
    let beyond = cosigned.map(|(note, witness)| check_cosigned(&place, note, witness)).transpose();
    output::print(format, &told(&report), |_| text(&report))?;
    for unseen in &report.unseen {
        eprintln!("not seen by this check: {unseen}");
    }
    if let Some(said) = beyond? {
        eprintln!("{said}");
    }
    if report.is_sound() { Ok(()) } else { Err(Failure::new("the log is not what was written")) }
}

/// Where `dev` or `init` left the root key, if this user may read it.
fn kept_root_key(data: &Path) -> Option<PathBuf> {
    let file = config::read_client(&config::client_file(data)).ok()?;
    file.root_key_file.filter(|path| std::fs::File::open(path).is_ok())
}

fn check(place: &Place, root_key: Option<&Path>, verifier: Option<&str>) -> Result<Report, Failure> {
    let store = place.read().map_err(Failure::new)?;
    let root = root_key.map(custody::read).transpose().map_err(Failure::from_display)?;
    let site = root.map(|root| ledger::Inspector::open(&*store.reader, root.roots())).transpose();
    let site = site.map_err(Failure::from_display)?;
    let fact =
        |name: &str| store.reader.fact(name).map_err(|fault| Failure::new(fault.0)).map(Option::unwrap_or_default);
    let origin = String::from_utf8(fact("origin")?).map_err(Failure::from_display)?;
    let named = verifier.map(proof::verifier).transpose()?.map(|(_, key)| key);
    let derived = named.or_else(|| site.as_ref().map(ledger::Inspector::verifier));
    let verifier = derived.or_else(|| own_word(&origin, fact("verifier").ok()?));
    let mac = site.as_ref().map(|site| |batch: &ledger::StoredBatch| site.mac(batch));
    let how = Verification {
        origin,
        verifier,
        mac: mac.as_ref().map(|mac| mac as &dyn Fn(&ledger::StoredBatch) -> [u8; 32]),
        projections: Some(&*store.projections),
    };
    let (bar, begun) = (bar(), clock::stopwatch_micros());
    let report = verify_store(&*store.reader, &how, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    eprintln!("{}", rate(&report, clock::stopwatch_micros().saturating_sub(begun)));
    Ok(report)
}

/// How fast it was, for whoever plans the next time.
fn rate(report: &Report, micros: u64) -> String {
    let kept = report.size.saturating_sub(report.pruned);
    let rate = kept.saturating_mul(1_000_000) / micros.max(1);
    let (seconds, tenths) = (micros / 1_000_000, micros / 100_000 % 10);
    format!("{kept} entries and {} rows in {seconds}.{tenths} s: {rate} entries a second", report.rows)
}

/// The verifier key that the store itself names. Whoever made the store chose it, and is told so.
fn own_word(origin: &str, key: Vec<u8>) -> Option<crypto::VerifyingKey> {
    let key = crypto::VerifyingKey(key.try_into().ok()?);
    eprintln!(
        "The verifier key is the store's own word; compare it with yours: {}",
        ledger::verifier_line(origin, &key)
    );
    Some(key)
}

pub(crate) fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} entries and rows, {eta} left");
    style.map_or_else(|_| ProgressBar::hidden(), |style| ProgressBar::new(0).with_style(style))
}

fn told(report: &Report) -> Value {
    json!({
        "sound": report.is_sound(),
        "size": report.size,
        "pruned": report.pruned,
        "batches": report.batches,
        "checkpoints": report.checkpoints,
        "rows": report.rows,
        "findings": report.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "more_findings": report.more_findings,
        "unseen": report.unseen,
    })
}

fn text(report: &Report) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(|finding| format!("FOUND  {finding}")).collect();
    if report.more_findings > 0 {
        lines.push(format!("and {} findings more", report.more_findings));
    }
    let verdict = if report.is_sound() { "sound" } else { "NOT SOUND" };
    let Report { size, pruned, batches, checkpoints, rows, .. } = report;
    let kept = if *pruned > 0 { format!(" ({pruned} of them dropped by retention)") } else { String::new() };
    lines.push(format!("{verdict}: {size} entries{kept} in {batches} batches, {checkpoints} checkpoints, {rows} rows"));
    lines.join("\n")
}

/// The log must hold the head that the witness has cosigned, and have been its beginning ever since.
fn check_cosigned(place: &Place, note: &Path, witness: &str) -> Result<String, Failure> {
    let failed = |fault: ledger::StoreFault| Failure::new(fault.0);
    let store = place.read().map_err(Failure::new)?;
    let unread = |why: std::io::Error| Failure::new(format!("{}: {why}", note.display()));
    let note = std::fs::read_to_string(note).map_err(unread)?;
    let line = "the witness's key is not readable; it is the line that `keyward witness` prints";
    let (name, key) = ledger::read_cosigner_line(witness).ok_or_else(|| Failure::new(line))?;
    let origin = store.reader.fact("origin").map_err(failed)?.unwrap_or_default();
    let origin = String::from_utf8_lossy(&origin).into_owned();
    let forged = || Failure::new(format!("the checkpoint was not cosigned by {name} for {origin}"));
    let (size, root, seconds) = ledger::open_cosigned(&note, &origin, &name, &key).ok_or_else(forged)?;
    let head = store.reader.last_batch().map_err(failed)?;
    let has = head.map_or(0, |last| last.first.saturating_add(last.count.into()));
    if has < size {
        let words = format!("{name} holds a head of {size} entries and the log has {has}: an old store was put back");
        return Err(Failure::new(words));
    }
    let batch = store.reader.batch_with(size.saturating_sub(1)).map_err(failed)?;
    let tree = batch.and_then(|batch| ledger::Frontier::from_bytes(&batch.frontier));
    let same = tree.is_some_and(|tree| tree.size() == size && tree.root() == root);
    let seen = clock::Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000)).to_rfc3339();
    match same {
        true => Ok(format!("holds the {size} entries that {name} has cosigned at {seen}")),
        false => Err(Failure::new(format!(
            "the log's first {size} entries are not those that {name} has cosigned at {seen}"
        ))),
    }
}
