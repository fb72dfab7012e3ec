//! Tests that keep the house in order, and what they need: golden files, and one name for all rooms.

/// All rooms under one name, so that code that must not compile can be tried against them.
pub mod rooms {
    pub use ::clock;
    pub use ::crypto;
    pub use ::dialect;
    pub use ::domain;
    pub use ::engine;
    pub use ::identity;
    pub use ::ledger;
    pub use ::path;
    pub use ::policy;
    pub use ::secret;
}

/// Compares with a file kept beside the tests. `UPDATE_GOLDEN=1 cargo test -p tidy` rewrites it; read the diff.
pub fn golden(path: &str, actual: &str) {
    if updating() {
        let _ = std::fs::write(path, actual);
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        expected == actual,
        "golden file {path} differs (UPDATE_GOLDEN=1 rewrites it):\n{}",
        diff(&expected, actual)
    );
}

/// A golden file of exceptions, `NAME NUMBER` a line, that only shrinks: rewriting takes nothing in that is new or
/// has grown. Whoever must, writes it there by hand and says why in the commit.
pub fn ratchet(path: &str, actual: &str) {
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let grown: Vec<_> = actual.lines().filter(|line| grows(&before, line)).collect();
    assert!(grown.is_empty(), "too large, and larger than {path} excuses:\n{}", grown.join("\n"));
    golden(path, actual);
}

fn grows(before: &str, line: &str) -> bool {
    let parted = |line: &str| -> Option<(String, usize)> {
        let (name, number) = line.rsplit_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    let Some((name, number)) = parted(line) else { return true };
    !before.lines().filter_map(parted).any(|(known, most)| known == name && number <= most)
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Lines that only one of both has.
fn diff(expected: &str, actual: &str) -> String {
    let only = |mark: &str, these: &str, others: &str| -> String {
        let others: Vec<_> = others.lines().collect();
        these.lines().filter(|line| !others.contains(line)).map(|line| format!("{mark} {line}\n")).collect()
    };
    only("-", expected, actual) + &only("+", actual, expected)
}
