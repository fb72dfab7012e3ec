//! What every manifest must say, and every exception from a lint.

use crate::sources::{Source, crates, manifest, sources, toml};
use std::path::Path;

const ROOT: &str = "../..";

#[test]
fn every_package_opts_into_the_lints_and_the_rust_version() {
    let helpers = ["bench", "fuzz/claims", "xtask"].map(|name| Path::new(ROOT).join(name));
    let folders = crates().into_values().chain(helpers).chain([Path::new(".").to_owned()]);
    for folder in folders {
        let manifest = manifest(&folder);
        let inherits = |value: Option<&toml::Value>| {
            value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
        };
        assert!(inherits(manifest.get("lints")), "{}: no `[lints] workspace = true`", folder.display());
        let version = manifest["package"].get("rust-version");
        assert!(inherits(version), "{}: no `rust-version.workspace = true`", folder.display());
    }
}

#[test]
fn the_lints_forbid_what_the_house_forbids() {
    let root = toml(&Path::new(ROOT).join("Cargo.toml"));
    let lints = &root["workspace"]["lints"];
    for lint in ["expect_used", "indexing_slicing", "panic", "unreachable", "unwrap_used", "todo", "unimplemented"] {
        assert_eq!(lints["clippy"][lint].as_str(), Some("deny"), "{lint}");
    }
    assert_eq!(lints["clippy"]["allow_attributes_without_reason"].as_str(), Some("deny"));
    assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("deny"));
}

#[test]
fn every_exception_from_a_lint_gives_its_reason() {
    for source in sources() {
        for attribute in exceptions(&source) {
            assert!(attribute.contains("reason = \""), "{}: {attribute}", source.name);
        }
    }
}

fn exceptions(source: &Source) -> Vec<String> {
    let starts = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
    let begun = |at: usize| starts.iter().any(|start| source.text[at..].starts_with(start));
    let at = source.text.match_indices('#').map(|(at, _)| at).filter(|at| begun(*at));
    at.map(|at| source.text[at..].split(")]").next().unwrap().to_owned()).collect()
}

/// Cryptographic dependencies, and what each is there for, in a comment on the line above.
#[test]
fn cryptographic_dependencies_name_their_standard() {
    const NAMES: [&str; 11] = [
        "aws-lc-rs",
        "aws-lc-sys",
        "fips205",
        "x-wing",
        "hpke",
        "rustls",
        "tokio-rustls",
        "rcgen",
        "subtle",
        "zeroize",
        "rustls-pki-types",
    ];
    let text = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for name in NAMES {
        let at =
            lines.iter().position(|line| line.starts_with(&format!("{name} = "))).unwrap_or_else(|| panic!("{name}"));
        let above = lines[..at].iter().rev().take_while(|line| !line.is_empty()).find(|line| line.starts_with('#'));
        assert!(above.is_some(), "{name}: no comment names the standard it is there for");
    }
}

/// A toolchain file would make every machine download a compiler.
#[test]
fn no_file_asks_for_a_toolchain() {
    for name in ["rust-toolchain", "rust-toolchain.toml"] {
        assert!(!Path::new(ROOT).join(name).exists(), "{name}: `rust-version` says what is needed");
    }
}
