//! Running things from the root of the work tree.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the workspace is.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

pub(crate) fn program(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    let mut command = Command::new(name);
    command.args(arguments).envs(environment.iter().copied()).current_dir(root());
    match command.status() {
        Ok(status) => status.success(),
        Err(why) => {
            eprintln!("{name}: {why}");
            false
        }
    }
}

pub(crate) fn cargo(fixed: &[&str], more: &[String]) -> bool {
    let arguments: Vec<&str> = fixed.iter().copied().chain(more.iter().map(String::as_str)).collect();
    program(env!("CARGO"), &arguments, &[])
}

/// Whether a subcommand of cargo is there. If not, what stays untested is said aloud.
pub(crate) fn has_cargo(subcommand: &str, untested: &str) -> bool {
    let there = Command::new(env!("CARGO")).args([subcommand, "--version"]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return true;
    }
    eprintln!(
        "SKIP client=cargo-{subcommand} reason=not installed (cargo install cargo-{subcommand}) untested={untested}"
    );
    false
}

/// A suite of `tests/suites`, through the test command, which brings what it needs.
pub(crate) fn suite(name: &str, environment: &[(&str, &str)]) -> bool {
    if !root().join("tests/suites").join(name).is_file() {
        eprintln!("there is no suite tests/suites/{name}");
        return false;
    }
    program("./scripts/test", &[name], environment)
}

/// A measurement of `tests/measure`, of what was built for release.
pub(crate) fn measured(name: &str, environment: &[(&str, &str)]) -> bool {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let (keyward, script) = (target.join("release/keyward"), root().join("tests/measure").join(name));
    let fixed = [("KEYWARD", &*keyward.to_string_lossy())];
    let environment: Vec<_> = fixed.into_iter().chain(environment.iter().copied()).collect();
    program("./scripts/setup", &[], &[]) && program(&script.to_string_lossy(), &[], &environment)
}

/// The same suite for longer than the tests run it: a variable says how long.
pub(crate) fn longer(name: &str, variable: &str, much: &str) -> bool {
    suite(name, &[(variable, much), ("SUITE_SECONDS_MAX", "36000")])
}

/// As [`longer`], with a report: how much, and the file of the report, are the first two arguments.
pub(crate) fn reported(name: &str, much: (&str, &str), arguments: &[String], more: &[(&str, &str)]) -> bool {
    let asked = arguments.first().map_or(much.1, String::as_str);
    let beside = root().join("target").join(format!("{name}-report.json")).to_string_lossy().into_owned();
    let report = arguments.get(1).map_or(beside.as_str(), String::as_str);
    let fixed = [(much.0, asked), ("REPORT", report), ("SUITE_SECONDS_MAX", "36000")];
    suite(name, &fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}
