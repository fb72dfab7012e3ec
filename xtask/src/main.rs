//! Heavier checks than a test run: `cargo xtask bench [ARGUMENTS OF THE COMPARISON]`.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("bench") => bench(arguments),
        _ => {
            eprintln!(
                "usage: cargo xtask bench [--seconds N] [--rounds N] [--product FILE] [--seed COMMAND] [--json FILE]"
            );
            ExitCode::from(2)
        }
    }
}

/// Builds the product and the benchmark for release, and prints ratios.
fn bench(arguments: impl Iterator<Item = String>) -> ExitCode {
    if !cargo(&["build", "--release", "-p", "keyward"], std::iter::empty()) {
        return ExitCode::FAILURE;
    }
    let ran = cargo(&["run", "--release", "-p", "bench", "--", "compare"], arguments);
    if ran { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cargo(fixed: &[&str], more: impl Iterator<Item = String>) -> bool {
    Command::new(env!("CARGO")).args(fixed).args(more).status().is_ok_and(|status| status.success())
}
