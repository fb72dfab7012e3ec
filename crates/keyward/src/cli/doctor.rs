//! `keyward doctor`: the server, the connection and the files, one by one.

mod files;
mod server;

use crate::client::{At, Client};
use crate::failure::Failure;
use crate::output::{self, Format};
use serde_json::{Value, json};

/// One thing that was looked at.
pub(super) struct Check {
    name: &'static str,
    verdict: Verdict,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    /// Worth knowing; nothing is broken.
    Note,
    Bad,
}

impl Check {
    pub(super) fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Ok, text: text.into() }
    }

    pub(super) fn note(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Note, text: text.into() }
    }

    pub(super) fn bad(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Bad, text: text.into() }
    }

    fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Note => "note",
            Verdict::Bad => "BAD",
        }
    }
}

pub(super) async fn run(at: &At, format: Format) -> Result<(), Failure> {
    let facts = at.facts()?;
    let mut checks = files::checks(&facts);
    let client = Client::new(facts)?;
    checks.extend(server::checks(&client).await);
    let told: Vec<Value> = checks
        .iter()
        .map(|check| json!({ "check": check.name, "verdict": check.word().to_lowercase(), "text": check.text }))
        .collect();
    output::print(format, &json!({ "checks": told }), |_| table(&checks))?;
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let (ok, notes, bad) = (count(Verdict::Ok), count(Verdict::Note), count(Verdict::Bad));
    let noted: Vec<_> = checks.iter().filter(|check| check.verdict == Verdict::Note).map(|check| check.name).collect();
    let noted = if noted.is_empty() { String::new() } else { format!(": {}", noted.join(", ")) };
    eprintln!("{ok} ok, {notes} {}{noted}", if notes == 1 { "note" } else { "notes" });
    match bad {
        0 => Ok(()),
        _ if checks.iter().any(|check| check.name == "root key" && check.text == server::SEALED) => {
            Err(Failure::with(crate::failure::Exit::Sealed, "the server is sealed"))
        }
        bad => Err(Failure::new(format!("{bad} bad"))),
    }
}

fn table(checks: &[Check]) -> String {
    let row = |check: &Check| vec![check.word().to_owned(), check.name.to_owned(), check.text.clone()];
    output::rows(&["", "CHECK", "FOUND"], checks.iter().map(row).collect())
}
