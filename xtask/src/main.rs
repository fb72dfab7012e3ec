//! `cargo xtask TASK`: what is too heavy, or needs too much, for every run of the tests.

mod deny;
mod fuzz;
mod run;

use std::process::ExitCode;

/// A task: what it is called, what it is for, and what it does with the arguments that are left.
type Task = (&'static str, &'static str, fn(Vec<String>) -> bool);

const TASKS: [Task; 14] = [
    ("bench", "build for release, measure against the yardstick, and PostgreSQL against SQLite; print ratios", bench),
    ("rates", "[KEYS] [ENTRIES]: back up, restore and verify a large site; a million and ten millions without", rates),
    ("deny", "licences, bans and sources of dependencies (needs cargo-deny)", deny::deny),
    ("fuzz", "[SECONDS] [TARGET…]: each target so long, 600 s without (needs cargo-fuzz)", fuzz::fuzz),
    ("kill9", "[KILLS]: kill under load, 100 times without, and look for what was lost", kill9),
    ("power-cut", "[CUTS] [REPORT]: cut the power at block level, 200 times without, and write a report", power_cut),
    ("power-cut-postgres", "[CUTS] [REPORT]: the same under PostgreSQL", power_cut_postgres),
    ("partition", "[SECONDS] [REPORT]: take PostgreSQL away so long in six ways, 60 s without", partition),
    ("faults", "[CALLS] [REPORT]: fail each of the first calls on files, 40 of each kind without", faults),
    ("disk-full", "[ROUNDS] [REPORT]: fill the disk under load, 40 times without", disk_full),
    ("canaries", "[ROUNDS]: hunt for what must not be anywhere, after 500 rounds of load without", canaries),
    ("timing", "whether the time that a refusal takes says why (dudect)", timing),
    ("contract", "[VERSION]: walk the service's model as botocore has it, pinned or newer", contract),
    ("release-check", "all that must be well before a release", release_check),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let asked = arguments.next().unwrap_or_default();
    let Some((.., task)) = TASKS.iter().find(|(name, ..)| *name == asked) else {
        eprintln!("usage: cargo xtask TASK");
        for (name, what, _) in TASKS {
            eprintln!("  {name:18} {what}");
        }
        return ExitCode::from(2);
    };
    if task(arguments.collect()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Builds the product and the benchmark for release, and prints ratios.
fn bench(more: Vec<String>) -> bool {
    let built = run::cargo(&["build", "--release", "-p", "keyward"], &[]);
    built && run::cargo(&["run", "--release", "-p", "bench", "--", "compare"], &more) && run::measured("stores", &[])
}

fn rates(more: Vec<String>) -> bool {
    let built = run::cargo(&["build", "--release", "-p", "keyward", "-p", "bench"], &[]);
    let asked = |at: usize, without: &'static str| more.get(at).map_or(without, String::as_str);
    built && run::measured("rates", &[("KEYS", asked(0, "1000000")), ("ENTRIES", asked(1, "10000000"))])
}

fn kill9(more: Vec<String>) -> bool {
    run::longer("kill9", "KILLS", more.first().map_or("100", String::as_str))
}

fn power_cut(more: Vec<String>) -> bool {
    run::reported("power_cut", ("CUTS", "200"), &more, &[("LOAD_SECONDS", "3")])
}

fn power_cut_postgres(more: Vec<String>) -> bool {
    run::reported("power_cut", ("CUTS", "200"), &more, &[("LOAD_SECONDS", "3"), ("STORE", "postgres")])
}

fn partition(more: Vec<String>) -> bool {
    run::reported("partition", ("AWAY", "60"), &more, &[("CASES", "6")])
}

fn faults(more: Vec<String>) -> bool {
    run::reported("io_faults", ("CALLS", "40"), &more, &[])
}

fn disk_full(more: Vec<String>) -> bool {
    run::reported("disk_full", ("ROUNDS", "40"), &more, &[])
}

fn canaries(more: Vec<String>) -> bool {
    run::longer("canaries", "ROUNDS", more.first().map_or("500", String::as_str))
}

fn timing(_: Vec<String>) -> bool {
    run::cargo(&["run", "--release", "--locked", "-p", "keyward-crypto", "--example", "timing"], &[])
}

/// The contract test walks the model that is installed; with a version, that version's.
fn contract(more: Vec<String>) -> bool {
    let Some(version) = more.first() else { return run::suite("boto", &[]) };
    let folder = run::root().join(".cache/botocore").join(version);
    let python = run::root().join(".cache/venv/bin/python");
    let wanted = format!("botocore=={version}");
    let folder_text = folder.to_string_lossy().into_owned();
    let install = ["-m", "pip", "install", "--quiet", "--target", &folder_text, &wanted];
    let installed = folder.is_dir() || run::program(&python.to_string_lossy(), &install, &[]);
    installed && run::suite("boto", &[("PYTHONPATH", &folder_text)])
}

/// Everything but the hours of fuzzing: a minute a target tells whether the corpora still pass.
fn release_check(_: Vec<String>) -> bool {
    let steps: [(&str, &dyn Fn() -> bool); 12] = [
        ("tests", &|| run::program("./scripts/test", &[], &[])),
        ("deny", &|| deny::deny(Vec::new())),
        ("fuzz", &|| fuzz::fuzz(vec!["60".to_owned()])),
        ("kill9", &|| kill9(Vec::new())),
        ("power-cut", &|| power_cut(Vec::new())),
        ("power-cut-postgres", &|| power_cut_postgres(Vec::new())),
        ("partition", &|| partition(Vec::new())),
        ("faults", &|| faults(Vec::new())),
        ("disk-full", &|| disk_full(Vec::new())),
        ("canaries", &|| canaries(Vec::new())),
        ("timing", &|| timing(Vec::new())),
        ("release build", &|| run::cargo(&["build", "--release", "--locked", "-p", "keyward"], &[])),
    ];
    let failed: Vec<&str> = steps.iter().filter(|(_, step)| !step()).map(|(name, _)| *name).collect();
    for name in &failed {
        eprintln!("FAILED: {name}");
    }
    failed.is_empty()
}
