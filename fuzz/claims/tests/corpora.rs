//! The committed corpora, replayed; and that nothing is missing from them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use claims::TARGETS;
use std::collections::BTreeSet;
use std::fs::{read, read_dir, read_to_string};
use std::path::{Path, PathBuf};

/// A corpus that grows without end would be the tests' slowest part, and nobody would look at it.
const FILES_PER_TARGET_MAX: usize = 160;
const FILE_BYTES_MAX: u64 = 40_000;

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn files(path: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = read_dir(fuzz(path)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_claim_holds_for_its_corpus() {
    let mut broken = Vec::new();
    for (target, claim) in TARGETS {
        for file in files(&format!("corpus/{target}")) {
            let data = read(&file).unwrap();
            if std::panic::catch_unwind(|| claim(&data)).is_err() {
                broken.push(file);
            }
        }
    }
    assert!(broken.is_empty(), "a claim does not hold for {broken:?}");
}

#[test]
fn every_target_has_a_program_and_seeds_of_a_size_to_be_looked_at() {
    let manifest = read_to_string(fuzz("Cargo.toml")).unwrap();
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |path: &str| -> BTreeSet<String> {
        files(path).iter().map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stems("fuzz_targets"), names);
    assert_eq!(stems("corpus"), names);
    assert!(stems("dictionaries").is_subset(&names));
    for name in &names {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")), "{name}");
        let program = read_to_string(fuzz(&format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("claims::check(\"{name}\", data)")), "{name}");
        let seeds = files(&format!("corpus/{name}"));
        assert!((1..=FILES_PER_TARGET_MAX).contains(&seeds.len()), "{name} has {} seeds", seeds.len());
        assert!(seeds.iter().all(|file| file.metadata().unwrap().len() <= FILE_BYTES_MAX), "{name}");
    }
}
