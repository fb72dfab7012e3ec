//! The wall clock of a private copy jumps by years: nothing is destroyed early, and requests go on. Then time passes
//! indeed.

use super::Site;
use super::copy::{Copy, Head, Opened, awaited, materials};
use crate::failure::Failure;
use crate::report::Report;
use clock::{Clock, DAY, stopwatch_micros};
use domain::{ObjectId, Refusal};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

const YEARS: i64 = 10 * 365 * DAY;
/// The longest waiting period that any tongue knows.
const WAITING: i64 = 366 * DAY;
/// Rounds of what is due: each looks at a bounded number of keys.
const ROUNDS_MAX: usize = 1_024;

pub(super) async fn drill(site: &Site, scratch: &Path, report: &mut Report) -> Result<(), Failure> {
    let begun = stopwatch_micros();
    let copy = Copy::make(site, scratch)?;
    let clock = Clock::manual(Clock::system().now().wall);
    let opened = copy.open(clock.clone())?;
    let (before, awaited) = (materials(&*opened.reader)?, awaited(&*opened.reader)?);
    report.count("materials", before.len() as u64);
    report.count("keys_with_something_due", awaited);
    report.step("copy", begun);

    jump(&clock, YEARS, "ahead", &opened, &before, report).await?;
    jump(&clock, -2 * YEARS, "back", &opened, &before, report).await?;

    let begun = stopwatch_micros();
    clock.set_ahead(YEARS);
    opened.path.watch_clock();
    report.check("with the clock set right the dispute ends", opened.path.clock_alarm().is_none());
    let seconds = report.step("set right", begun);
    report.measure("rto_seconds", seconds);

    let begun = stopwatch_micros();
    clock.advance(WAITING);
    due(&opened).await?;
    let left = materials(&*opened.reader)?;
    report.count("destroyed_once_the_time_had_passed", before.difference(&left).count() as u64);
    report.step("let the time pass indeed", begun);
    drop(opened);
    report.check("and the copy is sound", copy.verified()?.is_sound());
    Ok(())
}

async fn jump(
    clock: &Clock,
    millis: i64,
    whither: &str,
    opened: &Opened,
    before: &BTreeSet<ObjectId>,
    report: &mut Report,
) -> Result<(), Failure> {
    let begun = stopwatch_micros();
    clock.set_ahead(millis);
    opened.path.watch_clock();
    due(opened).await?;
    let left = materials(&*opened.reader)?;
    report.check(&format!("years {whither}: nothing is destroyed"), before.is_subset(&left));
    report.check(&format!("years {whither}: the clock is disputed aloud"), opened.path.clock_alarm().is_some());
    let size = Head::of(&*opened.reader)?.size;
    opened.path.count(IpAddr::V4(Ipv4Addr::LOCALHOST), Refusal::BadSignature);
    opened.path.record_refusals().await;
    let goes_on = Head::of(&*opened.reader)?.size > size;
    report.check(&format!("years {whither}: the log goes on"), goes_on);
    report.step(&format!("set {whither}"), begun);
    Ok(())
}

/// All that the house does by itself at this moment.
async fn due(opened: &Opened) -> Result<(), Failure> {
    for _ in 0..ROUNDS_MAX {
        if opened.path.do_due().await.map_err(Failure::from_display)? == 0 {
            break;
        }
    }
    opened.path.keep_retention().await.map_err(Failure::from_display)
}
