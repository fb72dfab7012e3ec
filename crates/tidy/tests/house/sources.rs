//! The crates, their manifests, and their sources without tests and comments.

use std::collections::BTreeMap;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

/// Folder name and folder of each crate but this one.
pub(crate) fn crates() -> BTreeMap<String, PathBuf> {
    let folders = read_dir("..").unwrap().map(|entry| entry.unwrap());
    let ours = folders.filter(|folder| folder.file_name() != "tidy" && folder.path().join("Cargo.toml").exists());
    ours.map(|folder| (folder.file_name().into_string().unwrap(), folder.path())).collect()
}

pub(crate) fn toml(path: &Path) -> toml::Table {
    read_to_string(path).unwrap().parse().unwrap()
}

pub(crate) fn manifest(folder: &Path) -> toml::Table {
    toml(&folder.join("Cargo.toml"))
}

/// A source file that becomes part of a crate.
pub(crate) struct Source {
    /// `ledger/projections/tiles.rs`.
    pub(crate) name: String,
    /// As it is on disk.
    pub(crate) text: String,
}

impl Source {
    /// Lines that are neither comments nor in a module of tests.
    pub(crate) fn code(&self) -> impl Iterator<Item = &str> {
        let body = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        body.lines().filter(|line| !line.trim_start().starts_with("//"))
    }
}

/// All sources of all crates, in the order of their names.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for (name, folder) in crates() {
        collect(&folder.join("src"), &name, &mut found);
    }
    found
}

fn collect(folder: &Path, name: &str, found: &mut Vec<Source>) {
    let mut entries: Vec<_> = read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        let own = entry.file_name().unwrap().to_str().unwrap().to_owned();
        if is_tests(&own) {
            continue;
        }
        if entry.is_dir() {
            collect(&entry, &format!("{name}/{own}"), found);
        } else if own.ends_with(".rs") {
            found.push(Source { name: format!("{name}/{own}"), text: read_to_string(&entry).unwrap() });
        }
    }
}

fn is_tests(name: &str) -> bool {
    name == "tests" || name == "tests.rs" || name == "vectors.rs" || name.ends_with("_tests.rs")
}
