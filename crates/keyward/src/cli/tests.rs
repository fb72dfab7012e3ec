#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::*;
use clap::CommandFactory;

#[test]
fn the_definition_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn days_weeks_and_years_are_read() {
    let read = [("90d", Some(90)), ("12w", Some(84)), ("1y", Some(365)), ("7", Some(7)), ("", None), ("d", None)];
    for (text, expected) in
        read.into_iter().chain([("-1d", None), ("9999999999y", None), ("90 d", None), ("90dd", None), ("+9", None)])
    {
        assert_eq!(days(text).ok(), expected, "{text}");
    }
}

#[test]
fn the_ten_lines_are_understood() {
    let lines = [
        "env",
        "env --plain --shell fish --data /tmp/x",
        "key create payments --rotate 90d",
        "encrypt payments",
        "decrypt",
        "rotate payments",
        "disable payments",
        "enable payments",
        "audit --key payments",
        "audit list --key payments -o json",
        "audit verify --data /tmp/x --root-key /tmp/k",
        "audit prove 7",
        "doctor",
        "status -o yaml",
        "--as-site tenant create acme --account 111122223333",
        "principal key create alice",
        "policy explain payments Decrypt --principal alice --context a=b",
        "policy identity put alice read -",
        "policy forbid list",
        "settings set --retention-months 12",
        "clock show",
        "clock accept --reason checked --passed",
        "google env",
        "google service-account create app",
        "google service-account keys create app.json --account app",
        "google token --seconds 60",
        "key create releases --purpose sign --algorithm RSA-3072 --scheme RSASSA-PSS-SHA-256",
        "key public releases --version 2",
        "sign releases file --digest SHA-256 --out signature",
        "verify releases file --signature signature",
        "mac tickets file --out code",
        "verify-mac tickets file --mac code",
        "completions bash",
        "dev --data /tmp/x --listen 127.0.0.1:0",
    ];
    for line in lines {
        let words = ["keyward"].into_iter().chain(line.split(' '));
        if let Err(why) = Cli::try_parse_from(words) {
            panic!("{line}: {why}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        "",
        "key",
        "key create",
        "encrypt",
        "rotate",
        "audit prove",
        "clock accept",
        "key create a --rotate soon",
        "env --shell dos",
    ] {
        let words = ["keyward"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
        assert!(Cli::try_parse_from(words).is_err(), "{line}");
    }
}
