//! Who may see whom.

use crate::sources::{crates, manifest};
use std::collections::BTreeMap;

/// Who may see what of ours. Whoever is not named is held by the storeys alone.
const FENCES: [(&str, &[&str]); 5] = [
    ("dialect-", &["secret", "domain", "identity", "dialect"]),
    ("cloud-", &["secret", "domain", "cloud"]),
    ("server", &["path", "domain", "identity", "dialect", "clock", "secret"]),
    ("scheduler", &["path", "domain", "identity", "dialect", "clock", "secret"]),
    ("console", &["path", "domain", "identity", "dialect", "clock", "secret"]),
];

/// All that a translator needs of others. None of it does input, output or cryptography.
const WORDS_OF_DIALECTS: [&str; 6] = ["http", "bytes", "serde", "serde_json", "base64", "percent-encoding"];

/// And what the one needs whose messages are protocol buffers: reading and writing them, and CRC-32C, which keeps no
/// secret. docs/decisions/protocol-buffers.md.
const WORDS_OF_GOOGLE: [&str; 6] = ["prost", "prost-types", "prost-reflect", "prost-build", "protox", "crc32c"];

/// What a crate may need of others where a list holds it. Words need nothing; proofs do not reach the network.
const OUTSIDE: [(&str, &[&str]); 2] = [("domain", &[]), ("dialect-", &WORDS_OF_DIALECTS)];

/// What one crate may need beyond its list.
const BEYOND: [(&str, &[&str]); 1] = [("dialect-google", &WORDS_OF_GOOGLE)];

/// What one crate alone may need: algorithms, and the module's own C interface.
const ALONE: [(&str, &str); 4] =
    [("aws-lc-sys", "crypto"), ("fips205", "crypto"), ("x-wing", "crypto"), ("hpke", "crypto")];

fn manifests() -> BTreeMap<String, toml::Table> {
    crates().into_iter().map(|(name, folder)| (name, manifest(&folder))).collect()
}

fn storey(manifests: &BTreeMap<String, toml::Table>, name: &str) -> i64 {
    let house = manifests[name]["package"].get("metadata").and_then(|metadata| metadata.get("house"));
    let storey = house.and_then(|house| house.get("storey")).and_then(toml::Value::as_integer);
    storey.unwrap_or_else(|| panic!("{name} does not name its storey"))
}

fn needed(manifest: &toml::Table) -> Vec<&str> {
    let parts = ["dependencies", "build-dependencies"].into_iter().filter_map(|part| manifest.get(part)?.as_table());
    parts.flat_map(|part| part.keys().map(String::as_str)).collect()
}

#[test]
fn arrows_point_strictly_down() {
    let manifests = manifests();
    for (from, manifest) in &manifests {
        for to in needed(manifest).into_iter().filter(|to| manifests.contains_key(*to)) {
            let (above, below) = (storey(&manifests, from), storey(&manifests, to));
            assert!(above > below, "{from} on storey {above} may not see {to} on storey {below}");
        }
    }
}

#[test]
fn fences_hold() {
    let manifests = manifests();
    for (from, manifest) in &manifests {
        let Some((_, sees)) = FENCES.iter().find(|(who, _)| from.starts_with(who)) else { continue };
        for to in needed(manifest).into_iter().filter(|to| manifests.contains_key(*to)) {
            assert!(sees.contains(&to), "{from} may not see {to}");
        }
    }
}

#[test]
fn translators_need_nothing_that_does_input_output_or_cryptography() {
    let manifests = manifests();
    for (from, manifest) in &manifests {
        let Some((_, needs)) = OUTSIDE.iter().find(|(who, _)| from.starts_with(who)) else { continue };
        let beyond = BEYOND.iter().filter(|(who, _)| from == who).flat_map(|(_, needs)| *needs);
        let needs: Vec<&str> = needs.iter().chain(beyond).copied().collect();
        for to in needed(manifest).into_iter().filter(|to| !manifests.contains_key(*to)) {
            assert!(needs.contains(&to), "{from} may not need {to}");
        }
    }
}

#[test]
fn algorithms_are_needed_by_one_crate_alone() {
    for (from, manifest) in &manifests() {
        for to in needed(manifest) {
            let owner = ALONE.iter().find(|(what, _)| *what == to).map(|(_, owner)| *owner);
            assert!(owner.is_none_or(|owner| owner == from), "{from} may not need {to}");
        }
    }
}

#[test]
fn folders_and_packages_have_one_name() {
    for (name, manifest) in manifests() {
        let package = manifest["package"]["name"].as_str().unwrap();
        let expected = if name == "keyward" { name.clone() } else { format!("keyward-{name}") };
        assert_eq!(package, expected);
    }
}

/// A fence that nobody stands behind is only a wish.
#[test]
fn the_fenced_are_there() {
    let names = crates();
    for who in ["dialect-", "server", "scheduler", "domain"] {
        assert!(names.keys().any(|name| name.starts_with(who)), "nobody is called {who}");
    }
}
