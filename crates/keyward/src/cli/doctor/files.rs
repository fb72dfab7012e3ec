//! What lies on this machine.

use super::Check;
use crate::client::Facts;
use crate::wiring;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks = Vec::new();
    let kept = facts.file_path.as_deref();
    checks.extend(kept.map(|path| private("client file", path)));
    let root_key = facts.file.as_ref().and_then(|file| file.root_key_file.as_deref());
    checks.extend(root_key.filter(|path| path.exists()).map(|path| private("root key file", path)));
    let data = facts.file.as_ref().and_then(|file| file.data.as_deref());
    let tls_key = data.map(|data| data.join("tls").join("key.pem"));
    checks.extend(tls_key.filter(|path| path.exists()).map(|path| private("TLS key file", &path)));
    if let Some((root_key, data)) = root_key.zip(data) {
        checks.extend(place(root_key, data, facts.is_dev()));
        let known = facts.file.as_ref().map(|file| file.anchor_files.clone()).unwrap_or_default();
        checks.extend(wiring::anchor_files(&known, root_key).iter().map(|file| anchor(file, data, facts.is_dev())));
    }
    checks
}

/// A secret's file is its owner's alone.
fn private(name: &'static str, path: &Path) -> Check {
    match std::fs::metadata(path).map(|facts| facts.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 == 0 => Check::ok(name, format!("{} is its owner's alone", path.display())),
        Ok(mode) => Check::bad(name, format!("{} has mode {mode:o}: chmod 600 it", path.display())),
        Err(why) => Check::bad(name, format!("{}: {why}", path.display())),
    }
}

/// A development server keeps its root key where its data is, and says so once, as its mode.
fn place(root_key: &Path, data: &Path, dev: bool) -> Option<Check> {
    let inside = root_key.starts_with(data);
    match (dev, inside) {
        (true, _) => Some(Check::note("dev mode", "the root key lies in the data directory; not for production")),
        (false, true) => {
            Some(Check::bad("root key place", "inside the data directory: whoever has a copy has everything"))
        }
        (false, false) => Some(Check::ok("root key place", "outside the data directory")),
    }
}

/// The anchor says what the store should be, so it must not go or come back with the store.
fn anchor(file: &Path, data: &Path, dev: bool) -> Check {
    let shown = file.display();
    match custody::FileAnchor::shares_file_system(file, data) {
        Some(false) => Check::ok("anchor", format!("{shown}, on another file system than the data")),
        Some(true) => {
            let remedy = if dev { "not for production" } else { "serve with --anchor on another" };
            Check::note(
                "anchor",
                format!("{shown} is on the data's own file system, which is put back as a whole: {remedy}"),
            )
        }
        None => Check::note("anchor", format!("{shown} is not to be seen from here")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn files_that_others_read_are_bad() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "x").unwrap();
        for (mode, word) in [(0o600, "ok"), (0o400, "ok"), (0o640, "BAD"), (0o604, "BAD")] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(private("x", &path).word(), word, "{mode:o}");
        }
        assert_eq!(private("x", &dir.path().join("none")).word(), "BAD");
    }

    #[test]
    fn a_root_key_beside_its_data_is_bad_outside_development() {
        let words = |root: &str, dev| place(Path::new(root), Path::new("/d"), dev).unwrap().word();
        assert_eq!((words("/d/k", true), words("/d/k", false), words("/k", false)), ("note", "BAD", "ok"));
    }
}
