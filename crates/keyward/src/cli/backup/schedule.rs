//! Backups by themselves, for a service manager to keep running beside the server.

use super::create::{self, CreateArgs};
use crate::client::At;
use crate::failure::Failure;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// What a name of ours ends with, beside how it begins: nothing else is ever removed.
const END: &str = ".backup";

#[derive(Args)]
pub(crate) struct ScheduleArgs {
    #[command(flatten)]
    create: CreateArgs,
    /// How often: `30m`, `6h`, `1d`.
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = period)]
    every: Duration,
    /// How many are kept in each directory; older ones are removed once a newer one is whole.
    #[arg(long, value_name = "COUNT", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
}

/// Minutes, hours or days.
fn period(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: 30m, 6h, 1d");
    let seconds = match text.as_bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => return Err(wrong()),
    };
    let digits = text.get(..text.len() - 1).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number: u64 = digits.and_then(|digits| digits.parse().ok()).filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(Duration::from_secs(number.checked_mul(seconds).ok_or_else(wrong)?))
}

pub(super) async fn run(args: &ScheduleArgs, at: &At) -> Result<(), Failure> {
    if let Some(file) = args.create.to.iter().find(|place| !place.is_dir()) {
        return Err(Failure::new(format!("{} is no directory: each backup is a new file in one", file.display())));
    }
    let files = args.create.offline.files(at)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::from_io)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::from_io)?;
    let begin = if args.create.only.is_everything() { create::BEGIN_SITE } else { create::BEGIN_KEYS };
    loop {
        // A backup that fails is no reason to make none tomorrow.
        match create::make(&files, &args.create.to, &args.create.only) {
            Ok(made) => {
                made.written.iter().for_each(|path| eprintln!("Wrote {}.", path.display()));
                made.failed.iter().for_each(|why| eprintln!("keyward: not written: {why}"));
                made.written
                    .iter()
                    .filter_map(|path| path.parent())
                    .try_for_each(|folder| prune(folder, begin, args.keep))?;
            }
            Err(why) => eprintln!("keyward: {why}"),
        }
        tokio::select! {
            () = tokio::time::sleep(args.every) => {}
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        }
    }
}

/// Removes all but the newest of our own names, which begin with their time.
fn prune(folder: &Path, begin: &str, keep: u32) -> Result<(), Failure> {
    let named = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(begin) && name.ends_with(END))
    };
    let found = std::fs::read_dir(folder).map_err(Failure::from_io)?;
    let mut ours: Vec<PathBuf> = found.filter_map(|entry| Some(entry.ok()?.path())).filter(named).collect();
    ours.sort_unstable();
    let surplus = ours.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
    ours.iter().take(surplus).try_for_each(std::fs::remove_file).map_err(Failure::from_io)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn periods_are_minutes_hours_or_days() {
        for (text, seconds) in [("30m", Some(1_800)), ("6h", Some(21_600)), ("1d", Some(86_400)), ("2s", Some(2))] {
            assert_eq!(period(text).ok().map(|found| found.as_secs()), seconds, "{text}");
        }
        for text in ["", "d", "0d", "-1d", "1w", "1", "d1", "99999999999999999999d"] {
            assert!(period(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_oldest_of_our_own_names_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "keyward-2026-01-01.backup",
            "keyward-2026-01-02.backup",
            "keyward-2026-01-03.backup",
            "mine",
            "keyward-x.part",
            "keys-2026-01-01.backup",
        ] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        prune(folder.path(), create::BEGIN_SITE, 2).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(
            left,
            [
                "keys-2026-01-01.backup",
                "keyward-2026-01-02.backup",
                "keyward-2026-01-03.backup",
                "keyward-x.part",
                "mine"
            ]
        );
    }
}
