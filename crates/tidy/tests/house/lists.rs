//! Golden lists: who does what only few may do.

use crate::sources::sources;
use std::fmt::Write;
use tidy::golden;

/// One line for each file that holds one of the words, and how often. `owner/` holds what it owns.
fn listed(words: &[&str], owner: &str) -> String {
    let mut found = String::new();
    for source in sources().iter().filter(|source| owner.is_empty() || !source.name.starts_with(owner)) {
        for word in words {
            let count: usize = source.code().map(|line| occurrences(line, word)).sum();
            if count > 0 {
                writeln!(found, "{} {word} {count}", source.name).unwrap();
            }
        }
    }
    found
}

/// The word as a whole: `fs::` is not in `rustix_fs::`.
fn occurrences(line: &str, word: &str) -> usize {
    let begins = word.starts_with(|first: char| first.is_alphanumeric());
    let whole = |at: usize| !begins || !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
    line.match_indices(word).filter(|(at, _)| whole(*at)).count()
}

#[test]
fn those_who_borrow_secrets_are_known() {
    golden("tests/golden/exposures.txt", &listed(&[".expose("], "secret/"));
}

/// Records, changes, callers of the house, and a Basis that stands on nothing.
#[test]
fn those_who_build_records_are_known() {
    let builders =
        ["Outcome::of(", "Record::of_refusals(", "Drafted {", "Change::none(", "Basis::nothing(", "Caller::house("];
    golden("tests/golden/builders.txt", &listed(&builders, ""));
}

#[test]
fn only_the_path_holds_the_ledger() {
    let holders = listed(&["Ledger,", ": Ledger", "Ledger::open(", "Ledger::found(", ".commit("], "ledger/");
    for line in holders.lines() {
        assert!(line.starts_with("path/") || store_commits(line), "{line}: only the path holds the ledger");
    }
    golden("tests/golden/ledger.txt", &holders);
}

/// A database transaction is committed too.
fn store_commits(line: &str) -> bool {
    line.starts_with("store-") && line.contains(" .commit(")
}

#[test]
fn only_the_path_lets_dialects_write() {
    for line in listed(&["dialect.write("], "").lines() {
        assert!(line.starts_with("path/answer.rs"), "{line}: only the path answers");
    }
    assert!(!listed(&["dialect.write("], "").is_empty(), "the path answers under another name");
}

#[test]
fn unsafe_lives_in_the_named_modules_only() {
    const NAMED: [&str; 5] =
        ["secret/allocator.rs", "secret/held.rs", "secret/map.rs", "secret/process.rs", "crypto/ffi.rs"];
    let found = listed(&["unsafe "], "");
    for line in found.lines() {
        assert!(NAMED.iter().any(|named| line.starts_with(named)), "{line}: unsafe is not at home here");
    }
    golden("tests/golden/unsafe.txt", &found);
}

/// Time, files, randomness and environment are reached through one owner each. Whoever else does is listed here.
#[test]
fn owners_are_known() {
    let time = ["SystemTime", "Instant::", "clock_gettime", "Timestamp::now("];
    let files = ["fs::", "File::", "OpenOptions"];
    let randomness = ["rand::", "SystemRandom", "getrandom", "random_bytes"];
    let environment = ["env::var", "env::temp_dir", "env::args"];
    let network = ["TcpListener", "TcpStream", "UdpSocket", "UnixStream"];
    let mut owners = String::new();
    for (what, words) in [
        ("time", time.as_slice()),
        ("files", files.as_slice()),
        ("randomness", randomness.as_slice()),
        ("environment", environment.as_slice()),
        ("network", network.as_slice()),
    ] {
        let mut files: Vec<String> =
            listed(words, "").lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        files.dedup();
        files.iter().for_each(|file| writeln!(owners, "{what}: {file}").unwrap());
    }
    golden("tests/golden/owners.txt", &owners);
    for line in owners.lines().filter(|line| line.starts_with("time: ")) {
        assert!(line.starts_with("time: clock/") || line.starts_with("time: server/"), "{line}: ask the clock");
    }
}

#[test]
fn words_are_found_as_a_whole() {
    assert_eq!(occurrences("std::fs::read(a); my_fs::read(b)", "fs::"), 1);
    assert_eq!(occurrences("one.expose(f).expose(g)", ".expose("), 2);
}

/// A vendor's word outside its dialect is a bug. The evaluators of the vendors' documents are `policy`'s own.
#[test]
fn vendors_words_stay_in_their_dialects() {
    let vendors = ["TrentService", "KeySpec", "CiphertextBlob", "KMSInternal", "cryptoKeyVersions", "keyops"];
    for line in listed(&vendors, "").lines() {
        let home = ["dialect-", "cloud-", "policy/aws/", "policy/google/"].iter().any(|home| line.starts_with(home));
        assert!(home, "{line}: a vendor's word outside its dialect");
    }
}
