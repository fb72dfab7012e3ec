//! Golden files.

use std::path::Path;

/// Compares with a file of the crate, or rewrites it.
pub(crate) fn check(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, seen).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(seen.lines()).find(|(golden, seen)| golden != seen);
    if let Some((golden, seen)) = differs {
        panic!("{name} differs; UPDATE_GOLDEN=1 rewrites it\ngolden: {golden}\n  seen: {seen}");
    }
    assert_eq!(golden.lines().count(), seen.lines().count(), "{name} has other lines; UPDATE_GOLDEN=1 rewrites it");
}
