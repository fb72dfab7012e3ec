//! Each fuzz target for a while, beginning with its committed corpus. `cargo test -p claims` replays the corpora alone.

use crate::run;
use std::process::Command;

const SECONDS: &str = "600";
/// What no input may take: seconds, megabytes at once, megabytes in all. Sanitizers cost several times what it takes without.
const LIMITS: [&str; 3] = ["-timeout=30", "-malloc_limit_mb=256", "-rss_limit_mb=2048"];

pub(crate) fn fuzz(more: Vec<String>) -> bool {
    let (seconds, named) = match more.split_first() {
        Some((first, rest)) if first.parse::<u32>().is_ok() => (first.as_str(), rest.to_vec()),
        _ => (SECONDS, more.clone()),
    };
    let targets = if named.is_empty() { targets() } else { named };
    if targets.is_empty() {
        eprintln!("there are no fuzz targets");
        return false;
    }
    if !run::has_cargo("fuzz", &targets.join(",")) {
        return true;
    }
    let failed: Vec<String> = targets.into_iter().filter(|target| !fuzz_one(target, seconds)).collect();
    for target in &failed {
        eprintln!("FAILED: fuzz {target}");
    }
    failed.is_empty()
}

/// One for each file in `fuzz/fuzz_targets`.
fn targets() -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(run::root().join("fuzz/fuzz_targets")) else { return Vec::new() };
    let stem = |entry: std::io::Result<std::fs::DirEntry>| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned());
    let mut targets: Vec<String> = folder.filter_map(stem).collect();
    targets.sort();
    targets
}

/// What is found goes to `fuzz/artifacts`, and the new seeds to a corpus beside the committed one.
fn fuzz_one(target: &str, seconds: &str) -> bool {
    let (fresh, seeds) = (format!("target/corpus/{target}"), format!("corpus/{target}"));
    if std::fs::create_dir_all(run::root().join("fuzz").join(&fresh)).is_err() {
        return false;
    }
    let mut command = Command::new(env!("CARGO"));
    command.args(["fuzz", "run", target, &fresh, &seeds, "--", &format!("-max_total_time={seconds}")]).args(LIMITS);
    let words = format!("dictionaries/{target}.dict");
    if run::root().join("fuzz").join(&words).is_file() {
        command.arg(format!("-dict={words}"));
    }
    // The sanitizer's flags are unstable; the toolchain is the house's own.
    command.current_dir(run::root().join("fuzz")).env("RUSTC_BOOTSTRAP", "1");
    command.status().is_ok_and(|status| status.success())
}
