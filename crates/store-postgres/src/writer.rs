//! Whoever appends: the row lock of the head, then one transaction.

use crate::convert::{bound, count, nullable, stored_batch, to_sql};
use crate::driver::Own;
use crate::link::{Failed, Link};
use crate::pool::{BATCHES, limit};
use crate::schema::{self, Unfit};
use crate::scrub;
use crate::target::Target;
use crate::{OpenFault, Purpose};
use domain::Timestamp;
use futures_util::future::{join3, join4, join5};
use ledger::{
    Batch, Done, FormerRow, Locked, Named, Part, StoreFault, StoredBatch, StoredCheckpoint, Writer, keeps_history,
};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

/// How long a step may take; whoever waits longer is told that the database does not answer.
const STEP_MAX: Duration = Duration::from_secs(10);
/// A node that holds the head and falls silent loses it, so that the others go on.
const SETUP: &str = "SET synchronous_commit = on; SET statement_timeout = 0; SET lock_timeout = '8s';
    SET idle_in_transaction_session_timeout = '4s'";
/// Batches that come with the lock; a node that is further behind reads up without holding it.
const NEWS_MAX: u32 = 64;
/// Batches dropped in one transaction, so that nobody who commits waits long.
const PRUNE_STEP: i64 = 64;

const LOCK: &str = "SELECT size FROM keyward.head FOR UPDATE";
const NEWS: &str = "SELECT first, count, entries, frontier, state, mac, wall FROM keyward.batches WHERE first >= $1
    ORDER BY first LIMIT $2";
const INSERT_BATCH: &str = "INSERT INTO keyward.batches (first, count, entries, frontier, state, mac, wall)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const MOVE_HEAD: &str = "UPDATE keyward.head SET size = $1";
const PUT_ROWS: &str = "INSERT INTO keyward.rows (tbl, id, revision, position, tenant, place, owner, due, blob)
    SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[],
    $8::bigint[], $9::bytea[])
    ON CONFLICT (tbl, id) DO UPDATE SET revision = excluded.revision, position = excluded.position,
    tenant = excluded.tenant, place = excluded.place, owner = excluded.owner, due = excluded.due, blob = excluded.blob";
/// Rows as they stand, before they are replaced.
const KEEP_FORMER: &str =
    "INSERT INTO keyward.history (tbl, id, until, revision, position, tenant, place, owner, due, blob)
    SELECT tbl, id, by.until, revision, position, tenant, place, owner, due, blob FROM keyward.rows
    JOIN unnest($1::smallint[], $2::bytea[], $3::bigint[]) AS by (tbl, id, until) USING (tbl, id)";
const PUT_FORMER: &str =
    "INSERT INTO keyward.history (tbl, id, until, revision, position, tenant, place, owner, due, blob)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const PUT_NODES: &str = "INSERT INTO keyward.nodes (id, bytes) SELECT * FROM unnest($1::bigint[], $2::bytea[])
    ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes";
/// Only the entry that replaced a row proves what it was.
const PRUNE_HISTORY: &str = "DELETE FROM keyward.history WHERE until BETWEEN $1 AND $2";
const INSERT_CHECKPOINT: &str = "INSERT INTO keyward.checkpoints (size, note, wall) VALUES ($1, $2, $3)
    ON CONFLICT (size) DO NOTHING";
/// The batches that may be looked at in one step. The last one stays, whatever is asked: the log goes on from it.
const PRUNABLE: &str = "SELECT first, count FROM keyward.batches
    WHERE first >= $1 AND first < $2 AND first + count <= $2 AND first < (SELECT max(first) FROM keyward.batches)
    ORDER BY first LIMIT $3";
const PRUNE: &str = "DELETE FROM keyward.batches WHERE first = ANY ($1)";
const INSERT_FACT: &str = "INSERT INTO keyward.facts (name, value) VALUES ($1, $2)";
/// A commit of ours that changes nothing: when it is confirmed, so is all before it.
const TOUCH: &str = "UPDATE keyward.head SET reopened = reopened + 1";

pub(crate) struct PostgresWriter {
    target: Arc<Target>,
    own: Own,
    /// Why it is closed, between a failure and the reopening.
    open: Result<Open, String>,
    /// The size of the log that this server has shown at least.
    mark: Arc<AtomicU64>,
}

struct Open {
    link: Link,
    lock: Statement,
    news: Statement,
    batches: Statement,
    insert_batch: Statement,
    remember: Statement,
    keep_former: Statement,
    put_rows: Statement,
    put_nodes: Statement,
    insert_checkpoint: Statement,
    move_head: Statement,
    /// The size of the log, while its lock is ours.
    locked: Option<u64>,
}

impl PostgresWriter {
    /// Connects, and makes the tables where they are missing and wanted.
    pub(crate) fn open(target: Arc<Target>, purpose: Purpose) -> Result<Self, OpenFault> {
        let failed = |reason: String| OpenFault::Failed { name: target.name.clone(), reason };
        let own = Own::new().map_err(|why| failed(why.to_string()))?;
        let opening = own.run(Open::fit(&target, purpose)).ok_or_else(|| failed("the runtime is gone".to_owned()))?;
        let (open, size) = opening.map_err(|unfit| match unfit {
            Unfit::Missing => OpenFault::Missing(target.name.clone()),
            Unfit::InUse => OpenFault::InUse(target.name.clone()),
            Unfit::Newer(found) => OpenFault::Newer { name: target.name.clone(), found, known: schema::FORMAT },
            Unfit::Failed(why) if !why.said => OpenFault::Silent { name: target.name.clone(), reason: why.reason },
            Unfit::Failed(why) => failed(why.reason),
        })?;
        let mark = Arc::new(AtomicU64::new(size));
        Ok(Self { own, open: Ok(open), mark, target })
    }

    pub(crate) fn target(&self) -> Arc<Target> {
        Arc::clone(&self.target)
    }

    pub(crate) fn mark(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.mark)
    }

    pub(crate) fn is_founded(&self) -> Result<bool, OpenFault> {
        let failed = |reason: String| OpenFault::Failed { name: self.target.name.clone(), reason };
        let open = self.open.as_ref().map_err(|why| failed(why.clone()))?;
        let found = self.own.run(timed(schema::is_founded(&open.link)));
        found.unwrap_or_else(gone).map_err(|why| failed(why.reason))
    }

    pub(crate) fn has_facts(&self) -> Result<bool, OpenFault> {
        let failed = |reason: String| OpenFault::Failed { name: self.target.name.clone(), reason };
        let open = self.open.as_ref().map_err(|why| failed(why.clone()))?;
        self.own.run(timed(schema::has_facts(&open.link))).unwrap_or_else(gone).map_err(|why| failed(why.reason))
    }

    /// What came of a step. A failure stops the store.
    fn end<T>(&mut self, doing: &str, done: Option<Result<T, Failed>>) -> Result<T, StoreFault> {
        done.unwrap_or_else(gone).map_err(|failed| {
            let fault = StoreFault(format!("{doing}: {}", failed.reason));
            self.open = Err(format!("stopped until it is reopened: {}", fault.0));
            fault
        })
    }

    fn saw(&self, size: u64) {
        self.mark.fetch_max(size, Ordering::SeqCst);
    }
}

fn gone<T>() -> Result<T, Failed> {
    Err(Failed { reason: "the runtime is gone".to_owned(), said: false })
}

async fn timed<T>(step: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    tokio::time::timeout(STEP_MAX, step).await.map_err(|_| Failed::silent())?
}

/// Does one step of the open store; a failure stops it.
macro_rules! step {
    ($self:ident, $doing:literal, |$open:ident| $work:expr) => {{
        let $open = $self.open.as_mut().map_err(|why| StoreFault(why.clone()))?;
        let done = $self.own.run(timed($work));
        $self.end($doing, done)
    }};
}

impl Writer for PostgresWriter {
    fn lock(&mut self, size: u64) -> Result<Locked, StoreFault> {
        let locked = step!(self, "take the head", |open| open.take(size))?;
        self.saw(locked.size);
        Ok(locked)
    }

    fn release(&mut self) -> Result<(), StoreFault> {
        step!(self, "let the head go", |open| open.let_go())
    }

    fn append(&mut self, batch: &Batch) -> Result<(), StoreFault> {
        let columns = Columns::of(batch).or_else(|fault| self.end("append", Some(Err(fault.into()))))?;
        step!(self, "append", |open| open.append(batch, &columns))?;
        self.saw(batch.first.saturating_add(u64::from(batch.count)));
        Ok(())
    }

    fn batches(&mut self, index: u64, most: u32) -> Result<Vec<StoredBatch>, StoreFault> {
        let batches = step!(self, "read batches", |open| open.batches(index, most))?;
        let end = batches.last().map(|last| last.first.saturating_add(u64::from(last.count)));
        self.saw(end.unwrap_or(0));
        Ok(batches)
    }

    fn confirm(&mut self) -> Result<(), StoreFault> {
        step!(self, "confirm", |open| open.touch())
    }

    fn sign(&mut self, signed: &StoredCheckpoint) -> Result<(), StoreFault> {
        let size = to_sql(signed.size)?;
        step!(self, "sign", |open| open.sign(size, signed))
    }

    fn reopen(&mut self) -> Result<(), StoreFault> {
        self.open = Err("stopped until it is reopened".to_owned());
        let done = self.own.run(Open::again(&self.target));
        let (open, size) = self.end("reopen", done)?;
        self.open = Ok(open);
        // What this process only read may be gone with the server before: this one is the measure from here on.
        self.mark.store(size, Ordering::SeqCst);
        Ok(())
    }

    /// Beside the writer: it may take long.
    fn scrub(&mut self, done: Done) {
        let target = Arc::clone(&self.target);
        let scrub = move || {
            let scrubbed = Own::new().ok().and_then(|own| own.run(scrub::scrub(&target)));
            let scrubbed = scrubbed.unwrap_or_else(gone);
            done(scrubbed.map_err(|failed| StoreFault(format!("scrub: {}", failed.reason))));
        };
        // Without a thread `done` is dropped, and whoever waits for it is told so.
        let _ = std::thread::Builder::new().name("scrub".into()).spawn(scrub);
    }

    fn prune(&mut self, from: u64, before: u64, named: &Named) -> Result<Option<u64>, StoreFault> {
        step!(self, "prune", |open| open.prune(bound(from), bound(before.min(named.below())), named))
    }

    fn load(&mut self, part: &Part) -> Result<(), StoreFault> {
        let shell = shell(part);
        let columns = Columns::of(&shell).or_else(|fault| self.end("load", Some(Err(fault.into()))))?;
        let end = step!(self, "load", |open| open.load(part, &columns))?;
        self.saw(end.unwrap_or(0));
        Ok(())
    }

    fn found(&mut self, facts: &[(String, Vec<u8>)]) -> Result<(), StoreFault> {
        step!(self, "found", |open| open.found(facts))
    }
}

/// Nothing but rows, so that they are put as those of a batch are.
fn shell(part: &Part) -> Batch {
    Batch {
        first: 0,
        count: 0,
        entries: Vec::new(),
        frontier: Vec::new(),
        state: [0; 32],
        mac: [0; 32],
        rows: part.rows.clone(),
        nodes: part.nodes.clone(),
        wall: Timestamp(0),
        checkpoint: None,
    }
}

impl Open {
    /// Connects to a database that fits. Also how long its log is.
    async fn fit(target: &Target, purpose: Purpose) -> Result<(Self, u64), Unfit> {
        let link = Link::open(target, SETUP).await.map_err(Unfit::Failed)?;
        schema::enter(&link, matches!(purpose, Purpose::Move | Purpose::Load)).await?;
        match purpose {
            Purpose::Make => schema::make(&link).await?,
            Purpose::Load => schema::make_anew(&link).await?,
            Purpose::Serve | Purpose::Move => schema::check(&link).await?,
        }
        let open = Self::prepare(link).await.map_err(Unfit::Failed)?;
        let row = open.link.client.query_one("SELECT size FROM keyward.head", &[]).await?;
        let size = count(&row, 0).map_err(|fault| Unfit::Failed(fault.into()))?;
        Ok((open, size))
    }

    async fn prepare(link: Link) -> Result<Self, Failed> {
        let prepare = |sql| link.client.prepare(sql);
        let (lock, news, insert_batch) = tokio::try_join!(prepare(LOCK), prepare(NEWS), prepare(INSERT_BATCH))?;
        let (keep_former, put_rows, put_nodes) =
            tokio::try_join!(prepare(KEEP_FORMER), prepare(PUT_ROWS), prepare(PUT_NODES))?;
        let (insert_checkpoint, move_head, remember, batches) = tokio::try_join!(
            prepare(INSERT_CHECKPOINT),
            prepare(MOVE_HEAD),
            prepare(scrub::REMEMBER),
            prepare(BATCHES)
        )?;
        let locked = None;
        Ok(Self {
            lock,
            news,
            batches,
            insert_batch,
            remember,
            keep_former,
            put_rows,
            put_nodes,
            insert_checkpoint,
            move_head,
            locked,
            link,
        })
    }

    /// Connects anew and waits until nothing that was under way can still happen: whoever had the head's lock has
    /// ended. Then commits something: once that is confirmed, by a standby too where there must be one, all that can
    /// be read is as durable, since the WAL keeps their order.
    async fn again(target: &Target) -> Result<(Self, u64), Failed> {
        let link = Link::open(target, SETUP).await?;
        timed(async {
            let entered = schema::enter(&link, false).await;
            entered.map_err(|_| Failed::said("it is being moved to another store".to_owned()))?;
            let open = Self::prepare(link).await?;
            open.link.client.batch_execute("BEGIN").await?;
            let size = count(&open.link.client.query_one(&open.lock, &[]).await?, 0)?;
            open.link.client.batch_execute(TOUCH).await?;
            open.committed().await?;
            Ok((open, size))
        })
        .await
    }

    /// Takes the head's row and reads what is new, in one round trip.
    async fn take(&mut self, size: u64) -> Result<Locked, Failed> {
        let (client, size) = (&self.link.client, bound(size));
        let most = limit(NEWS_MAX);
        let news: [&(dyn ToSql + Sync); 2] = [&size, &most];
        let taking =
            join3(client.batch_execute("BEGIN"), client.query_one(&self.lock, &[]), client.query(&self.news, &news));
        let (begun, head, news) = taking.await;
        begun?;
        let size = count(&head?, 0)?;
        self.locked = Some(size);
        let news = news?.iter().map(stored_batch).collect::<Result<Vec<_>, _>>()?;
        Ok(Locked { size, news })
    }

    async fn let_go(&mut self) -> Result<(), Failed> {
        match self.locked.take() {
            Some(_) => Ok(self.link.client.batch_execute("ROLLBACK").await?),
            None => Ok(()),
        }
    }

    async fn append(&mut self, batch: &Batch, columns: &Columns<'_>) -> Result<(), Failed> {
        if self.locked.is_none() {
            self.take(batch.first).await?;
        }
        let head = self.locked.take().unwrap_or(0);
        if batch.first != head || batch.count == 0 {
            self.link.client.batch_execute("ROLLBACK").await?;
            let (first, count) = (batch.first, batch.count);
            return Err(Failed::said(format!("{count} entries at {first} do not follow a log of {head}")));
        }
        self.write(batch, columns).await
    }

    /// All of it in one round trip. Where a part fails the commit that follows it undoes the others.
    async fn write(&self, batch: &Batch, columns: &Columns<'_>) -> Result<(), Failed> {
        let client = &self.link.client;
        let Batch { entries, frontier, state, mac, wall, .. } = batch;
        let (state, mac) = (state.as_slice(), mac.as_slice());
        let params: [&(dyn ToSql + Sync); 7] =
            [&columns.first, &columns.count, entries, frontier, &state, &mac, &wall.0];
        let checkpoint = async {
            match &batch.checkpoint {
                Some(signed) => {
                    let params: [&(dyn ToSql + Sync); 3] = [&columns.signed, &signed.note, &signed.wall.0];
                    client.execute(&self.insert_checkpoint, &params).await
                }
                None => Ok(0),
            }
        };
        let moved: [&(dyn ToSql + Sync); 1] = [&columns.end];
        let (inserted, put, signed, moved, committed) = join5(
            client.execute(&self.insert_batch, &params),
            self.put(columns),
            checkpoint,
            client.execute(&self.move_head, &moved),
            self.committed(),
        )
        .await;
        // What failed first says why; what came after it only says that something had.
        for done in [inserted, put, signed, moved] {
            done?;
        }
        committed
    }

    /// The rows and their nodes, all on the way before anything is waited for.
    async fn put(&self, columns: &Columns<'_>) -> Result<u64, tokio_postgres::Error> {
        if columns.table.is_empty() && columns.node.is_empty() {
            return Ok(0);
        }
        let (client, former, rows, nodes) = (&self.link.client, columns.former(), columns.params(), columns.nodes());
        let gone = columns.gone();
        let remember =
            async { if columns.gone.0.is_empty() { Ok(0) } else { client.execute(&self.remember, &gone).await } };
        let putting = join4(
            remember,
            client.execute(&self.keep_former, &former),
            client.execute(&self.put_rows, &rows),
            client.execute(&self.put_nodes, &nodes),
        );
        let (remembered, kept, put, nodes) = putting.await;
        remembered.and(kept).and(put).and(nodes)
    }

    async fn committed(&self) -> Result<(), Failed> {
        self.link.client.batch_execute("COMMIT").await?;
        self.unwarned()
    }

    async fn touch(&self) -> Result<(), Failed> {
        self.link.client.batch_execute(TOUCH).await?;
        self.unwarned()
    }

    fn unwarned(&self) -> Result<(), Failed> {
        if self.link.was_warned() {
            return Err(Failed::said(
                "the database warned that a commit is less durable than was asked for".to_owned(),
            ));
        }
        Ok(())
    }

    /// Where the log ends that was loaded, if any of it was.
    async fn load(&self, part: &Part, columns: &Columns<'_>) -> Result<Option<u64>, Failed> {
        let client = &self.link.client;
        client.batch_execute("BEGIN").await?;
        for batch in &part.batches {
            let StoredBatch { entries, frontier, state, mac, wall, .. } = batch;
            let (first, count) = (to_sql(batch.first)?, i32::try_from(batch.count).unwrap_or(-1));
            let (state, mac) = (state.as_slice(), mac.as_slice());
            let params: [&(dyn ToSql + Sync); 7] = [&first, &count, entries, frontier, &state, &mac, &wall.0];
            client.execute(&self.insert_batch, &params).await?;
        }
        self.put(columns).await?;
        for FormerRow { row, until } in &part.former {
            let (table, id) = (i16::from(row.id.table as u8), row.id.id.0.as_slice());
            let numbers = (to_sql(*until)?, to_sql(row.revision)?, to_sql(row.position)?);
            let (tenant, blob) = (row.tenant.0.as_slice(), (!row.blob.is_empty()).then_some(&row.blob));
            let (place, owner) = (nullable(&row.place), nullable(&row.owner));
            let params: [&(dyn ToSql + Sync); 10] =
                [&table, &id, &numbers.0, &numbers.1, &numbers.2, &tenant, &place, &owner, &row.due, &blob];
            client.execute(PUT_FORMER, &params).await?;
        }
        for signed in &part.checkpoints {
            self.sign(to_sql(signed.size)?, signed).await?;
        }
        let end = part.batches.last().map(|last| last.first.saturating_add(u64::from(last.count)));
        if let Some(end) = end {
            client.execute(&self.move_head, &[&to_sql(end)?]).await?;
        }
        self.committed().await?;
        Ok(end)
    }

    async fn sign(&self, size: i64, signed: &StoredCheckpoint) -> Result<(), Failed> {
        let params: [&(dyn ToSql + Sync); 3] = [&size, &signed.note, &signed.wall.0];
        self.link.client.execute(&self.insert_checkpoint, &params).await?;
        self.unwarned()
    }

    async fn batches(&self, index: u64, most: u32) -> Result<Vec<StoredBatch>, Failed> {
        let found = self.link.client.query(&self.batches, &[&bound(index), &limit(most)]).await?;
        Ok(found.iter().map(stored_batch).collect::<Result<_, _>>()?)
    }

    /// Under the lock: a change that names a batch does not slip in between.
    /// A batch that a row names stays: it tells when the row became what it is.
    async fn prune(&self, from: i64, before: i64, named: &Named) -> Result<Option<u64>, Failed> {
        let client = &self.link.client;
        let found = client.query(PRUNABLE, &[&from, &before, &PRUNE_STEP]).await?;
        let read = |row: &Row| Ok::<(i64, i32), Failed>((row.try_get(0)?, row.try_get(1)?));
        let found = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let Some((last, _)) = found.last().copied() else { return Ok(None) };
        let is_named = |first: i64, count: i32| match (u64::try_from(first), u32::try_from(count)) {
            (Ok(first), Ok(count)) => named.any(first, count),
            _ => true,
        };
        let dropped: Vec<i64> =
            found.iter().filter(|(first, count)| !is_named(*first, *count)).map(|(first, _)| *first).collect();
        client.batch_execute("BEGIN").await?;
        client.query_one(&self.lock, &[]).await?;
        client.execute(PRUNE, &[&dropped]).await?;
        client.execute(PRUNE_HISTORY, &[&from, &last]).await?;
        self.committed().await?;
        let next = u64::try_from(last).ok().map(|last| last.saturating_add(1));
        Ok(next.filter(|_| i64::try_from(found.len()) == Ok(PRUNE_STEP)))
    }

    async fn found(&self, facts: &[(String, Vec<u8>)]) -> Result<(), Failed> {
        self.link.client.batch_execute("BEGIN").await?;
        for (name, value) in facts {
            self.link.client.execute(INSERT_FACT, &[name, value]).await?;
        }
        self.committed().await
    }
}

/// A batch's numbers and rows as PostgreSQL takes them, column by column. Nothing is written before all are known to
/// fit.
#[derive(Default)]
struct Columns<'a> {
    first: i64,
    end: i64,
    count: i32,
    signed: i64,
    table: Vec<i16>,
    id: Vec<&'a [u8]>,
    revision: Vec<i64>,
    position: Vec<i64>,
    tenant: Vec<&'a [u8]>,
    place: Vec<Option<&'a [u8]>>,
    owner: Vec<Option<&'a [u8]>>,
    due: Vec<i64>,
    blob: Vec<Option<&'a [u8]>>,
    /// Of rows whose former is kept: table, id, position.
    former: (Vec<i16>, Vec<&'a [u8]>, Vec<i64>),
    /// Of rows with secrets that are nothing any more: table, id.
    gone: (Vec<i16>, Vec<&'a [u8]>),
    node: Vec<i64>,
    bytes: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a Batch) -> Result<Self, StoreFault> {
        let mut columns = Self {
            first: to_sql(batch.first)?,
            end: to_sql(batch.first.saturating_add(u64::from(batch.count)))?,
            count: i32::try_from(batch.count).map_err(|_| StoreFault("too many entries in a batch".to_owned()))?,
            signed: batch.checkpoint.as_ref().map_or(Ok(0), |signed| to_sql(signed.size))?,
            ..Self::default()
        };
        for row in &batch.rows {
            columns.table.push(i16::from(row.id.table as u8));
            columns.id.push(&row.id.id.0);
            columns.revision.push(to_sql(row.revision)?);
            columns.position.push(to_sql(row.position)?);
            columns.tenant.push(&row.tenant.0);
            columns.place.push(nullable(&row.place));
            columns.owner.push(nullable(&row.owner));
            columns.due.push(row.due);
            columns.blob.push((!row.blob.is_empty()).then_some(&row.blob));
            if keeps_history(row.id.table) {
                columns.former.0.push(i16::from(row.id.table as u8));
                columns.former.1.push(&row.id.id.0);
                columns.former.2.push(to_sql(row.position)?);
            } else if row.blob.is_empty() {
                columns.gone.0.push(i16::from(row.id.table as u8));
                columns.gone.1.push(&row.id.id.0);
            }
        }
        for node in &batch.nodes {
            columns.node.push(to_sql(node.id.0)?);
            columns.bytes.push(&node.bytes);
        }
        Ok(columns)
    }

    fn former(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.former.0, &self.former.1, &self.former.2]
    }

    fn gone(&self) -> [&(dyn ToSql + Sync); 2] {
        [&self.gone.0, &self.gone.1]
    }

    fn nodes(&self) -> [&(dyn ToSql + Sync); 2] {
        [&self.node, &self.bytes]
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 9] {
        let Self { table, id, revision, position, tenant, place, owner, due, blob, .. } = self;
        [table, id, revision, position, tenant, place, owner, due, blob]
    }
}
