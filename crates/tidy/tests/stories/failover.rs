//! A house on two database servers, one of which is lost under load.

use crate::server::{self, Cluster};
use crate::store::Place;
use crate::world::{World, together};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// How many ask at the same time.
const CALLERS: usize = 8;
const SECOND_MICROS: u64 = 1_000_000;
/// How long nobody may be answered.
const GAP_SECONDS_MAX: u64 = 30;

/// What callers saw.
#[derive(Default)]
struct Seen {
    acknowledged: RefCell<Vec<String>>,
    last: Cell<u64>,
    longest_gap: Cell<u64>,
    /// Answers since the primary was lost.
    after: Cell<usize>,
    unavailable: Cell<usize>,
}

impl Seen {
    fn acknowledge(&self, name: String) {
        let now = clock::stopwatch_micros();
        let gap = now - self.last.get().min(now);
        self.longest_gap.set(self.longest_gap.get().max(gap));
        self.last.set(now);
        self.acknowledged.borrow_mut().push(name);
    }
}

/// One caller makes key after key, and asks again where there was no answer.
async fn caller(world: &World, number: usize, seen: &Seen, lost: &Cell<bool>) {
    let began = clock::stopwatch_micros();
    for round in 0.. {
        let name = format!("k{number}x{round}");
        let answer = world.ask(&format!("alice creates {name}")).await;
        if answer.starts_with("unavailable") {
            seen.unavailable.set(seen.unavailable.get() + 1);
            tokio::time::sleep(Duration::from_millis(200)).await;
        } else {
            assert_eq!(answer, "Active, 1*: Active");
            seen.acknowledge(name);
            seen.after.set(seen.after.get() + usize::from(lost.get()));
        }
        let waited = (clock::stopwatch_micros() - began) / SECOND_MICROS;
        if seen.after.get() > 100 || waited > 2 * GAP_SECONDS_MAX {
            return;
        }
    }
}

/// Two servers, of which the second confirms each commit of the first.
fn pair() -> Option<(Cluster, server::Running, Cluster, String)> {
    let primary = Cluster::make(&server::binaries()?);
    let running = primary.start(&[]);
    primary.sql("postgres", "CREATE ROLE keyward LOGIN");
    primary.database("site");
    let standby = Cluster::standby_of(&primary);
    std::mem::forget(standby.start(&[]));
    primary.wait_for_standby();
    let url = format!("postgres://keyward@127.0.0.1:{},127.0.0.1:{}/site", primary.port, standby.port);
    Some((primary, running, standby, url))
}

/// Tells a story of a fresh house in that database.
fn tell(url: String, story: impl AsyncFnOnce(World)) {
    crate::runtime().block_on(async { story(World::found(Place::at(url)).await).await });
}

/// A database of a server that all stories share.
struct Database {
    cluster: &'static Cluster,
    name: String,
}

impl Database {
    fn sql(&self, statement: &str) {
        self.cluster.sql(&self.name, statement);
    }

    /// Ends every other connection.
    fn throw_out(&self) {
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
}

/// Tells one in a database of its own; none where there is no PostgreSQL, which was said.
fn tell_on_a_server(story: impl AsyncFnOnce(World, Database)) {
    let Some((cluster, name, url)) = server::fresh() else { return };
    tell(url, async |world| story(world, Database { cluster, name }).await);
}

#[test]
fn a_lost_primary_takes_nothing_acknowledged_along() {
    let Some((primary, running, standby, url)) = pair() else { return };
    tell(url, async |world| {
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(world.caveat(), None, "commits wait for the standby");
        let (seen, lost) = (Seen::default(), Cell::new(false));
        seen.last.set(clock::stopwatch_micros());
        let disaster = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            running.kill(&primary);
            lost.set(true);
            tokio::time::sleep(Duration::from_secs(1)).await;
            standby.promote();
        };
        let callers = (0..CALLERS).map(|number| caller(&world, number, &seen, &lost)).collect();
        futures_util::future::join(disaster, together(callers)).await;

        let acknowledged = seen.acknowledged.take();
        let gap = seen.longest_gap.get() / SECOND_MICROS;
        let unavailable = seen.unavailable.get();
        println!("{} acknowledged, {unavailable} unavailable, the longest gap {gap} s", acknowledged.len());
        assert!(seen.after.get() > 100, "nobody was answered after the loss");
        assert!(gap < GAP_SECONDS_MAX, "{gap} s without an answer");
        for name in &acknowledged {
            assert_eq!(
                world.ask(&format!("alice shows {name}")).await,
                "Active, 1*: Active",
                "{name} was acknowledged"
            );
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(world.caveat().as_deref(), Some("not highly available"));
        let verified = world.verify_log();
        assert!(verified.starts_with("sound"), "{verified}");
    });
}

/// Whoever the server throws out comes back by itself, and loses nothing.
#[test]
fn connections_that_are_cut_are_made_anew() {
    tell_on_a_server(async |world, server| {
        let mut made = 0;
        for round in 0..10 {
            server.throw_out();
            let answers = [0, 1].map(|again| format!("alice creates k{round}x{again}"));
            for sentence in answers {
                made += usize::from(world.ask(&sentence).await == "Active, 1*: Active");
            }
        }
        assert!(made >= 18, "{made} of 20");
        assert!(world.verify_log().starts_with("sound"));
    });
}

/// A server that holds less than was acknowledged is not gone on with.
#[test]
fn a_server_that_lost_something_is_refused() {
    tell_on_a_server(async |world, server| {
        assert_eq!(world.ask("alice creates k").await, "Active, 1*: Active");
        server.sql("DELETE FROM keyward.batches WHERE first = (SELECT max(first) FROM keyward.batches)");
        server.sql("UPDATE keyward.head SET size = (SELECT max(first + count) FROM keyward.batches)");
        assert_eq!(world.ask("alice shows k").await, "unavailable: Store");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(world.ask("alice creates m").await, "unavailable: Store");
    });
}

/// Only the server that takes the writes says what became of a batch: one that readers may still be led to, a former
/// primary that came back, has what was lost with it.
#[test]
fn what_only_a_former_primary_holds_is_not_acknowledged() {
    tell_on_a_server(async |mut world, _| {
        assert_eq!(world.tell("store loses its answer").await, "");
        assert_eq!(world.ask("alice creates j").await, "Active, 1*: Active");
        assert_eq!(world.tell("store goes on elsewhere without it").await, "");
        assert_eq!(world.ask("alice creates k").await, "unavailable: Store");
        assert_eq!(world.ask("alice creates m").await, "Active, 1*: Active");
    });
}

/// What the log of a promoted standby lacks: the tables as they were before.
const REPLICATED: [&str; 8] = ["batches", "rows", "history", "nodes", "checkpoints", "tiles", "segments", "cursors"];

/// An entry whose wait for the standby was cut short is lost with the primary: who only read it goes on without it, who
/// acknowledged it does not.
#[test]
fn what_was_read_and_never_confirmed_may_be_lost() {
    tell_on_a_server(async |mut world, server| {
        assert_eq!(world.ask("alice creates k").await, "Active, 1*: Active");
        world.tell("node 2").await;
        assert_eq!(world.ask("alice shows k").await, "Active, 1*: Active");
        world.tell("node 1").await;
        let keep = REPLICATED.map(|table| format!("CREATE TABLE before.{table} AS TABLE keyward.{table};"));
        server.sql(&format!("CREATE SCHEMA before; {}", keep.concat()));
        assert_eq!(world.ask("alice rotates k").await, "Active, 1: Deactivated, 2*: Active");
        world.tell("store confirms nothing").await;
        let known = world.entries();
        world.tell("node 2").await;
        while world.entries() < known {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let lose = REPLICATED
            .map(|table| format!("DELETE FROM keyward.{table}; INSERT INTO keyward.{table} TABLE before.{table};"));
        let shorter = "UPDATE keyward.head SET size = (SELECT max(first + count) FROM keyward.batches)";
        server.sql(&format!("{} {shorter}", lose.concat()));
        server.throw_out();
        world.tell("store confirms again").await;
        world.tell("store mends").await;
        assert_eq!(world.ask("alice shows k").await, "Active, 1*: Active");
        world.tell("node 1").await;
        assert_eq!(world.ask("alice shows k").await, "unavailable: Store");
        let verified = world.verify_log();
        assert!(verified.starts_with("sound"), "{verified}");
    });
}

/// Those who ask for what can only be said when the log was read up do not keep a broken store from being tried.
#[test]
fn a_node_that_is_asked_all_the_time_comes_back() {
    tell_on_a_server(async |mut world, server| {
        assert_eq!(world.ask("alice creates k").await, "Active, 1*: Active");
        world.tell("house sleeps").await;
        // Whoever reads this row looks for what might have changed it.
        server.sql("UPDATE keyward.rows SET due = 7 WHERE tbl = 3");
        world.ask("alice shows k").await;
        world.tell("store breaks").await;
        assert_eq!(world.ask("alice creates m").await, "unavailable: Store");
        assert!(world.mends_while("alice shows k").await);
    });
}

/// What somebody writes who has the database but not the root key is not read up.
#[test]
fn a_forged_batch_stops_the_node() {
    tell_on_a_server(async |world, server| {
        assert_eq!(world.ask("alice creates k").await, "Active, 1*: Active");
        server.sql(
            "INSERT INTO keyward.batches SELECT (SELECT size FROM keyward.head), count, entries, frontier,
            state, mac, wall FROM keyward.batches ORDER BY first DESC LIMIT 1",
        );
        server.sql("UPDATE keyward.head SET size = size + 1");
        assert_eq!(world.ask("alice shows k").await, "unavailable: Store");
    });
}
