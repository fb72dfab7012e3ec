//! Stories: what callers ask of the whole house, what they are answered. They are data; the answers are golden.
//! No vendor's wire is spoken here, only sentences, but everything behind the dialect is real: signatures, policy,
//! engine, ledger, an embedded store on disk or a real PostgreSQL. Time moves when a story says so.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod failover;
mod plain;
#[path = "../../../store-postgres/tests/server/mod.rs"]
mod server;
mod sign;
mod store;
mod thief;
mod words;
mod world;

use store::Place;
use tidy::golden;
use world::World;

/// Tells every story of a file anew; each begins with its title, in a house of its own.
fn retell(path: &str) {
    retell_in(path, Place::folder);
}

/// The same answers, whatever keeps the log.
fn retell_on_postgres(path: &str) {
    retell_in(path, Place::database);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn retell_in(path: &str, place: fn() -> Option<Place>) {
    let runtime = runtime();
    let mut retold = String::new();
    let mut world: Option<World> = None;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let asked = line.split(" -> ").next().unwrap();
        if asked.is_empty() || asked.starts_with('#') {
            retold += &format!("{asked}\n");
            world = None;
            continue;
        }
        if world.is_none() {
            let Some(place) = place() else { return };
            world = Some(runtime.block_on(World::found(place)));
        }
        let Some(world) = &mut world else { return };
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
fn a_clock_that_jumps_destroys_nothing_early_and_revives_nothing() {
    retell("tests/golden/stories-clock.txt");
}

#[test]
fn the_log_is_kept_as_long_as_the_site_says() {
    retell("tests/golden/stories-retention.txt");
}

#[test]
fn on_postgres_the_path_keeps_its_promises() {
    retell_on_postgres("tests/golden/stories-path.txt");
}

#[test]
fn on_postgres_the_house_does_by_itself_what_is_due() {
    retell_on_postgres("tests/golden/stories-due.txt");
}

#[test]
fn on_postgres_the_log_is_kept_as_long_as_the_site_says() {
    retell_on_postgres("tests/golden/stories-retention.txt");
}

#[test]
fn keys_sign_and_authenticate() {
    retell("tests/golden/stories-signs.txt");
}

#[test]
fn limits_are_never_passed() {
    retell("tests/golden/stories-limits.txt");
}

#[test]
fn on_postgres_limits_are_never_passed() {
    retell_on_postgres("tests/golden/stories-limits-nodes.txt");
}

#[test]
fn several_nodes_are_one_house() {
    retell_on_postgres("tests/golden/stories-nodes.txt");
}

#[test]
fn nobody_who_writes_the_database_is_believed() {
    retell("tests/golden/stories-thief.txt");
}

#[test]
fn on_postgres_nobody_who_writes_the_database_is_believed() {
    retell_on_postgres("tests/golden/stories-thief.txt");
}

#[test]
fn what_was_can_be_shown() {
    retell("tests/golden/stories-history.txt");
}

#[test]
fn on_postgres_what_was_can_be_shown() {
    retell_on_postgres("tests/golden/stories-history.txt");
}
