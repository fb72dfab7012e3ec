//! Stories: what callers ask of the whole house, what they are answered. They are data; the answers are golden.
//! No vendor's wire is spoken here, only sentences, but everything behind the dialect is real: signatures, policy,
//! engine, ledger, an embedded store on disk. Time moves when a story says so.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod plain;
mod sign;
mod store;
mod words;
mod world;

use tidy::golden;
use world::World;

/// Tells every story of a file anew; each begins with its title, in a house of its own.
fn retell(path: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut retold = String::new();
    let mut world: Option<World> = None;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let asked = line.split(" -> ").next().unwrap();
        if asked.is_empty() || asked.starts_with('#') {
            retold += &format!("{asked}\n");
            world = None;
            continue;
        }
        let world = world.get_or_insert_with(|| runtime.block_on(World::found()));
        let told = runtime.block_on(world.tell(asked));
        retold += &if told.is_empty() { format!("{asked}\n") } else { format!("{asked} -> {told}\n") };
    }
    golden(path, &retold);
}

#[test]
fn aws_tells_its_life() {
    retell("tests/golden/stories-aws.txt");
}

#[test]
fn google_tells_its_life() {
    retell("tests/golden/stories-google.txt");
}

#[test]
fn azure_tells_its_life() {
    retell("tests/golden/stories-azure.txt");
}

#[test]
fn the_path_keeps_its_promises() {
    retell("tests/golden/stories-path.txt");
}

#[test]
fn the_house_does_by_itself_what_is_due() {
    retell("tests/golden/stories-due.txt");
}

#[test]
fn the_log_is_kept_as_long_as_the_site_says() {
    retell("tests/golden/stories-retention.txt");
}
