//! Licences, bans and sources of dependencies, as `deny.toml` has them.

use crate::run;

/// Advisories need the network and an outside database: a newer one is no reason for yesterday's tests to fail, so
/// they are looked at here and not in every run of the tests.
pub(crate) fn deny(more: Vec<String>) -> bool {
    if !run::has_cargo("deny", "licences, bans and sources of dependencies") {
        return true;
    }
    let what = if more.is_empty() { vec!["bans".into(), "licenses".into(), "sources".into()] } else { more };
    run::cargo(&["deny", "--workspace", "check"], &what)
}
