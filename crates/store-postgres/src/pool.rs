//! Connections that read. Each takes many questions at once.

use crate::OpenFault;
use crate::availability::{Watched, watch};
use crate::convert::{Read, bound, count};
use crate::driver::{Driver, wait};
use crate::link::{Failed, Link};
use crate::target::{CONNECT_MAX, Target};
use ledger::StoreFault;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

/// Beyond one: a long listing should not keep others waiting.
const LINKS: usize = 4;
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// After a failure to connect nobody tries again for so long.
const RETRY_MICROS: u64 = 250_000;
const SETUP: &str = "SET default_transaction_read_only = on; SET statement_timeout = '10s'; SET search_path = keyward";

const SNAPSHOT_SETUP: &str = "SET statement_timeout = '60s'; SET search_path = keyward;
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

pub(crate) type Param<'a> = &'a (dyn ToSql + Sync);

macro_rules! questions {
    ($($name:ident: $sql:expr;)+) => {
        /// Everything that is ever asked, prepared.
        pub(crate) struct Questions { $(pub(crate) $name: Statement),+ }

        impl Questions {
            async fn prepare(client: &tokio_postgres::Client) -> Result<Self, tokio_postgres::Error> {
                let ($($name,)+) = tokio::try_join!($(client.prepare($sql)),+)?;
                Ok(Self { $($name),+ })
            }
        }
    };
}

macro_rules! rows {
    ($rest:literal) => {
        concat!("SELECT tbl, id, revision, position, tenant, place, owner, due, blob FROM keyward.rows ", $rest)
    };
}

macro_rules! former {
    ($rest:literal) => {
        concat!(
            "SELECT tbl, id, revision, position, tenant, place, owner, due, blob, until FROM keyward.history ",
            $rest
        )
    };
}

macro_rules! batches {
    ($rest:literal) => {
        concat!("SELECT first, count, entries, frontier, state, mac, wall FROM keyward.batches ", $rest)
    };
}

/// From the one that holds an index on.
pub(crate) const BATCHES: &str = batches!(
    "WHERE first >= coalesce((SELECT first FROM (SELECT first, count FROM keyward.batches WHERE first <= $1
     ORDER BY first DESC LIMIT 1) AS at WHERE first + count > $1), $1) ORDER BY first LIMIT $2"
);

questions! {
    head: "SELECT size FROM keyward.head";
    fact: "SELECT value FROM keyward.facts WHERE name = $1";
    row: rows!("WHERE tbl = $1 AND id = $2");
    row_and_nodes: "SELECT r.tbl, r.id, revision, position, tenant, place, owner, due, blob, n.id, n.bytes FROM (SELECT 1) AS one
        LEFT JOIN keyward.rows r ON r.tbl = $1 AND r.id = $2 LEFT JOIN keyward.nodes n ON n.id = ANY ($3)";
    which_rows: "SELECT tbl, id FROM unnest($1::smallint[], $2::bytea[]) AS by (tbl, id) JOIN keyward.rows USING (tbl, id)";
    nodes: "SELECT id, bytes FROM keyward.nodes WHERE id = ANY ($1)";
    former: former!("WHERE tbl = $1 AND id = $2 AND until >= $3 ORDER BY until LIMIT 1");
    all_former: former!("WHERE (tbl, id, until) > ($1, $2, $3) ORDER BY tbl, id, until LIMIT $4");
    of_tenant: rows!("WHERE tbl = $1 AND id > $2 AND tenant = $4 AND blob IS NOT NULL ORDER BY id LIMIT $3");
    of_place: rows!(
        "WHERE tbl = $1 AND id > $2 AND place = $5 AND tenant = $4 AND blob IS NOT NULL ORDER BY id LIMIT $3"
    );
    of_owner: rows!("WHERE tbl = $1 AND id > $2 AND owner = $4 AND blob IS NOT NULL ORDER BY id LIMIT $3");
    of_all: rows!("WHERE tbl = $1 AND id > $2 AND blob IS NOT NULL ORDER BY id LIMIT $3");
    raw: rows!("WHERE (tbl, id) > ($1, $2) ORDER BY tbl, id LIMIT $3");
    due: "SELECT id FROM keyward.rows WHERE tbl = $1 AND due <= $2 AND due <> 9223372036854775807
        ORDER BY due LIMIT $3";
    named: "SELECT position / 64 * 64, bit_or(1::bigint << (position % 64)::int) FROM keyward.rows
        WHERE position >= $1 AND position < $2 GROUP BY 1";
    last_batch: batches!("ORDER BY first DESC LIMIT 1");
    batch_at_or_before: batches!("WHERE first <= $1 ORDER BY first DESC LIMIT 1");
    batches: BATCHES;
    oldest: "SELECT coalesce(min(first), 0) FROM keyward.batches";
    newest_checkpoint: "SELECT size, note, wall FROM keyward.checkpoints ORDER BY size DESC LIMIT 1";
    checkpoints: "SELECT size, note, wall FROM keyward.checkpoints WHERE size > $1 ORDER BY size LIMIT $2";
    tile: "SELECT hashes FROM keyward.tiles WHERE level = $1 AND place = $2";
    segments: "SELECT first, count, summary FROM keyward.segments WHERE first < $1 ORDER BY first DESC LIMIT $2";
    cursor: "SELECT upto FROM keyward.cursors WHERE name = $1";
}

struct Asked {
    link: Link,
    questions: Questions,
}

#[derive(Default)]
struct Slot {
    asked: Option<Arc<Asked>>,
    used: bool,
    /// When connecting failed last, and why.
    failed: Option<(u64, String)>,
}

pub(crate) struct Pool {
    target: Arc<Target>,
    driver: Driver,
    slots: [Mutex<Slot>; LINKS],
    next: AtomicUsize,
    /// The size of the log as the server that takes the writes has shown it: whoever shows less has fallen behind.
    mark: Arc<AtomicU64>,
    watched: Watched,
    setup: &'static str,
    /// One connection within one transaction: whoever loses it has lost the moment.
    is_snapshot: bool,
}

/// Waits for one question, on the calling thread.
pub(crate) struct Answer(pub(crate) Vec<Row>);

impl Pool {
    pub(crate) fn new(target: Arc<Target>, mark: Arc<AtomicU64>) -> Result<Self, OpenFault> {
        let failed = |why: std::io::Error| OpenFault::Failed { name: target.name.clone(), reason: why.to_string() };
        let driver = Driver::start().map_err(failed)?;
        let watched = Watched::default();
        driver.handle().spawn(watch(Arc::clone(&target), watched.clone()));
        let (slots, next) = (Default::default(), AtomicUsize::new(0));
        Ok(Self { driver, slots, next, mark, watched, target, setup: SETUP, is_snapshot: false })
    }

    /// Shows one moment for as long as it lives.
    pub(crate) fn snapshot(target: Arc<Target>) -> Result<Self, OpenFault> {
        let pool = Self::new(target, Arc::default())?;
        Ok(Self { setup: SNAPSHOT_SETUP, is_snapshot: true, ..pool })
    }

    pub(crate) fn is_snapshot(&self) -> bool {
        self.is_snapshot
    }

    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }

    pub(crate) fn driver(&self) -> &Driver {
        &self.driver
    }

    /// Asks one question. A connection that turns out to be gone is replaced once.
    pub(crate) fn ask(
        &self,
        doing: &str,
        question: impl Fn(&Questions) -> &Statement,
        params: &[Param<'_>],
    ) -> Read<Answer> {
        let named = |reason: String| StoreFault(format!("{doing}: {reason}"));
        let next = if self.is_snapshot { 0 } else { self.next.fetch_add(1, Ordering::Relaxed) % LINKS };
        let slot = self.slots.get(next);
        let slot = slot.ok_or_else(|| named("no connection".to_owned()))?;
        let mark = self.mark.load(Ordering::SeqCst);
        for fresh in [false, true] {
            let asked = self.link(slot).map_err(named)?;
            let answer = wait(ask(&asked, question(&asked.questions), params), ANSWER_MAX);
            match answer {
                Some(Ok((size, rows))) if size >= mark => return Ok(Answer(rows)),
                Some(Ok(_)) => {
                    forget(slot, &asked);
                    return Err(named("the server that answered has fallen behind the log".to_owned()));
                }
                Some(Err(failed)) if failed.said || fresh => return Err(named(failed.reason)),
                Some(Err(_)) => forget(slot, &asked),
                None => {
                    forget(slot, &asked);
                    return Err(named("the database does not answer".to_owned()));
                }
            }
        }
        Err(named("the connection was lost".to_owned()))
    }

    fn link(&self, slot: &Mutex<Slot>) -> Result<Arc<Asked>, String> {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = slot.asked.as_ref().filter(|asked| !asked.link.client.is_closed()) {
            return Ok(Arc::clone(asked));
        }
        if let Some((at, why)) = &slot.failed
            && clock::stopwatch_micros().saturating_sub(*at) < RETRY_MICROS
        {
            return Err(why.clone());
        }
        if self.is_snapshot && slot.used {
            return Err("the connection was lost, and with it the moment that was read".to_owned());
        }
        (slot.asked, slot.used) = (None, true);
        match self.connect() {
            Ok(asked) => {
                slot.failed = None;
                Ok(Arc::clone(slot.asked.insert(Arc::new(asked))))
            }
            Err(why) => {
                slot.failed = Some((clock::stopwatch_micros(), why.clone()));
                Err(why)
            }
        }
    }

    fn connect(&self) -> Result<Asked, String> {
        let (target, setup) = (Arc::clone(&self.target), self.setup);
        let connecting = self.driver.handle().spawn(async move {
            let link = Link::open(&target, setup).await?;
            let questions = Questions::prepare(&link.client).await?;
            Ok::<_, Failed>(Asked { link, questions })
        });
        let hosts = u32::try_from(self.target.hosts.len()).unwrap_or(1);
        match wait(connecting, CONNECT_MAX * 3 * hosts) {
            Some(Ok(connected)) => connected.map_err(|failed| failed.reason),
            Some(Err(_)) | None => Err("the database does not answer".to_owned()),
        }
    }
}

fn forget(slot: &Mutex<Slot>, gone: &Arc<Asked>) {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.asked.as_ref().is_some_and(|asked| Arc::ptr_eq(asked, gone)) {
        slot.asked = None;
    }
}

/// The answer, and the size of the log that its server had before it answered.
async fn ask(asked: &Asked, question: &Statement, params: &[Param<'_>]) -> Result<(u64, Vec<Row>), Failed> {
    let client = &asked.link.client;
    // Both go out before either is waited for, in this order.
    let (head, rows) =
        futures_util::future::join(client.query_one(&asked.questions.head, &[]), client.query(question, params)).await;
    let unread = |fault: StoreFault| Failed { reason: fault.0, said: true };
    Ok((count(&head?, 0).map_err(unread)?, rows?))
}

impl Answer {
    pub(crate) fn all<T>(&self, read: impl FnMut(&Row) -> Read<T>) -> Read<Vec<T>> {
        self.0.iter().map(read).collect()
    }

    pub(crate) fn first<T>(&self, read: impl FnOnce(&Row) -> Read<T>) -> Read<Option<T>> {
        self.0.first().map(read).transpose()
    }
}

/// A limit as PostgreSQL takes it.
pub(crate) fn limit(limit: u32) -> i64 {
    bound(u64::from(limit))
}
