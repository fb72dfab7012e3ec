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
}

pub(crate) fn run(args: &VerifyArgs, at: &At, format: Format) -> Result<(), Failure> {
    let known = config::dev_pointer();
    let last = || config::read_client(&known).ok().and_then(|file| file.data);
    let data = at.data.clone().or_else(last);
    let root_key = args.root_key.clone().or_else(|| kept_root_key(data.as_deref()?));
    let place = args.store.place(data).map_err(Failure::new)?;
    let report = check(&place, root_key.as_deref(), args.verifier.as_deref())?;
    output::print(format, &told(&report), |_| text(&report))?;
    for unseen in &report.unseen {
        eprintln!("not seen by this check: {unseen}");
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
    let site = root.map(|root| ledger::Inspector::open(&*store.reader, &root)).transpose();
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
