//! `keyward anchor …`: what remembers the log's newest head outside its store.

use crate::cli::offline::{Files, Offline};
use crate::client::At;
use crate::failure::Failure;
use crate::output::{self, Format};
use clap::Subcommand;
use ledger::{Anchored, OpenFault};
use serde_json::{Value, json};

/// A running server moves its anchor while this looks: so often it is looked at again.
const LOOKS_MAX: usize = 5;

#[derive(Subcommand)]
pub(crate) enum AnchorCommand {
    /// Show the head that each anchor holds.
    Show(Offline),
    /// Check that the store is at or ahead of its anchors, as a start does; also beside a running server.
    Verify(Offline),
}

pub(crate) fn run(command: &AnchorCommand, at: &At, format: Format) -> Result<(), Failure> {
    match command {
        AnchorCommand::Show(offline) => show(&offline.files(at)?, format),
        AnchorCommand::Verify(offline) => verify(&offline.files(at)?, format),
    }
}

fn show(files: &Files, format: Format) -> Result<(), Failure> {
    let looked: Vec<Result<Value, Value>> = files.anchors().into_iter().map(look).collect();
    let any = looked.iter().any(Result::is_ok);
    let told: Vec<Value> = looked.into_iter().map(|one| one.unwrap_or_else(|fault| fault)).collect();
    output::print(format, &json!({ "anchors": told }), table)?;
    if any { Ok(()) } else { Err(Failure::new("no anchor can be read; name the right file with --anchor")) }
}

/// What the anchor holds, or why that is not to be had.
fn look(mut anchor: Box<dyn ledger::Anchor>) -> Result<Value, Value> {
    let name = anchor.name();
    match anchor.read().map(|bytes| bytes.as_ref().and_then(Anchored::read)) {
        Ok(Some(anchored)) => Ok(shown(&name, &anchored)),
        Ok(None) => Err(json!({ "anchor": name, "fault": "nothing is anchored here" })),
        Err(fault) => Err(json!({ "anchor": name, "fault": fault.0 })),
    }
}

fn shown(name: &str, anchored: &Anchored) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({
        "anchor": name,
        "site": hex(&anchored.site),
        "size": anchored.size,
        "root": hex(&anchored.root),
        "state_root": hex(&anchored.state),
        "destroyed": anchored.destroyed,
        "time": anchored.wall.to_rfc3339(),
    })
}

fn table(answer: &Value) -> String {
    let each = output::list(answer, "anchors").map(|one| {
        let said = match output::text(one, "/fault") {
            fault if !fault.is_empty() => fault,
            _ => format!("at {}, root {}", output::text(one, "/time"), output::text(one, "/root")),
        };
        let number = |member: &str| one.get(member).map_or_else(|| "-".to_owned(), Value::to_string);
        vec![output::text(one, "/anchor"), number("size"), number("destroyed"), said]
    });
    output::rows(&["ANCHOR", "ENTRIES", "DESTROYED", "HEAD"], each.collect())
}

fn verify(files: &Files, format: Format) -> Result<(), Failure> {
    let root = files.root()?;
    let store = files.place.read().map_err(Failure::new)?;
    let mut refused = None;
    for _ in 0..LOOKS_MAX {
        let found = ledger::needed_statement(&*store.reader, root.roots(), &mut files.anchors())
            .map_err(Failure::from_display)?;
        refused = found.map(|(_, why)| why);
        if !matches!(refused, Some(OpenFault::StoreBehindAnchor { .. })) {
            break;
        }
    }
    let sound = refused.is_none();
    output::print(format, &json!({ "sound": sound }), |_| String::new())?;
    match refused {
        None => {
            eprintln!("sound: the store is at or ahead of its anchors");
            Ok(())
        }
        Some(why) => Err(Failure::from_display(why)),
    }
}
