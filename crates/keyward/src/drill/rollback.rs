//! An old store is put back: the anchor must refuse it, and the newest must be served again.

use super::Site;
use super::copy::{Copy, Head};
use crate::failure::Failure;
use crate::report::Report;
use clock::{Clock, stopwatch_micros};
use domain::Refusal;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

pub(super) async fn drill(site: &Site, scratch: &Path, report: &mut Report) -> Result<(), Failure> {
    let begun = stopwatch_micros();
    let copy = Copy::make(site, scratch)?;
    let sound = copy.verified()?;
    report.count("entries", sound.size);
    report.count("rows", sound.rows);
    report.check("the private copy is sound", sound.is_sound());
    report.step("copy", begun);

    let old = scratch.join("old");
    copy_files(&copy.data, &old)?;
    let begun = stopwatch_micros();
    let newest = go_on(&copy).await?;
    report.check("the copy goes on, and its anchor with it", newest.size > site.head.size);
    report.step("go on", begun);

    let kept = scratch.join("newest");
    std::fs::rename(&copy.data, &kept).map_err(Failure::from_io)?;
    std::fs::rename(&old, &copy.data).map_err(Failure::from_io)?;
    let begun = stopwatch_micros();
    let why = copy.refused().unwrap_or_default();
    report.check("an old store that was put back is refused by name", why.contains("an old store was put back"));
    let seconds = report.step("put the old store back", begun);
    report.measure("refused_seconds", seconds);

    let begun = stopwatch_micros();
    std::fs::remove_dir_all(&copy.data).map_err(Failure::from_io)?;
    std::fs::rename(&kept, &copy.data).map_err(Failure::from_io)?;
    let away = copy.anchor.with_extension("away");
    std::fs::rename(&copy.anchor, &away).map_err(Failure::from_io)?;
    let why = copy.refused().unwrap_or_default();
    report.check("without its anchor no store is believed", why.contains("no anchor can be read"));
    std::fs::rename(&away, &copy.anchor).map_err(Failure::from_io)?;
    report.step("take the anchor away", begun);

    let begun = stopwatch_micros();
    let opened = copy.open(Clock::system())?;
    let seconds = report.step("put the newest store back", begun);
    let head = Head::of(&*opened.reader)?;
    report.check("the newest store is served again", head.size >= newest.size);
    report.measure("rto_seconds", seconds);
    report.measure("rpo_entries", newest.size.saturating_sub(head.size));
    drop(opened);
    report.check("and is sound", copy.verified()?.is_sound());
    Ok(())
}

/// One entry more, and the copy is closed.
async fn go_on(copy: &Copy<'_>) -> Result<Head, Failure> {
    let opened = copy.open(Clock::system())?;
    opened.path.count(IpAddr::V4(Ipv4Addr::LOCALHOST), Refusal::BadSignature);
    opened.path.record_refusals().await;
    Head::of(&*opened.reader)
}

fn copy_files(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir(to).map_err(Failure::from_io)?;
    for file in std::fs::read_dir(from).map_err(Failure::from_io)? {
        let file = file.map_err(Failure::from_io)?;
        std::fs::copy(file.path(), to.join(file.file_name())).map_err(Failure::from_io)?;
    }
    Ok(())
}
