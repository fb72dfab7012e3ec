//! Projections in tables of their own. One node at a time fills them: it holds a lock for as long as its session lives.

use crate::convert::{Read, bound, count, get, segment, to_sql};
use crate::driver::wait;
use crate::link::{Failed, Link};
use crate::pool::{Pool, limit};
use crate::target::Target;
use ledger::{ProjectionReader, ProjectionWriter, Segment, StoreFault, Tile};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::types::ToSql;

/// How long a step may take.
const STEP_MAX: Duration = Duration::from_secs(30);
/// What is lost with a machine is projected again.
const SETUP: &str = "SET synchronous_commit = off; SET statement_timeout = '30s'";
/// Whoever holds it projects, and does what is due. Any number; it names nothing else in the database.
const LEAD: i64 = 0x4b65_7977_6c65_6164;

const PUT_TILES: &str = "INSERT INTO keyward.tiles (level, place, hashes)
    SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
    ON CONFLICT (level, place) DO UPDATE SET hashes = excluded.hashes";
const PUT_SEGMENTS: &str = "INSERT INTO keyward.segments (first, count, summary)
    SELECT * FROM unnest($1::bigint[], $2::int[], $3::bytea[])
    ON CONFLICT (first) DO UPDATE SET count = excluded.count, summary = excluded.summary";
const PUT_CURSORS: &str = "INSERT INTO keyward.cursors (name, upto) SELECT * FROM unnest($1::text[], $2::bigint[])
    ON CONFLICT (name) DO UPDATE SET upto = excluded.upto";
const FORGET: &str =
    "BEGIN; DELETE FROM keyward.tiles; DELETE FROM keyward.segments; DELETE FROM keyward.cursors; COMMIT";

pub(crate) struct PostgresProjectionWriter {
    target: Arc<Target>,
    pool: Arc<Pool>,
    /// A session that leads; none after a failure.
    leading: Option<Arc<Link>>,
}

impl PostgresProjectionWriter {
    pub(crate) fn new(target: Arc<Target>, pool: Arc<Pool>) -> Self {
        Self { target, pool, leading: None }
    }

    /// Does it on the driver's thread.
    fn run<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl Future<Output = Result<T, Failed>> + Send + 'static,
    ) -> Read<T> {
        match wait(self.pool.driver().handle().spawn(work), STEP_MAX) {
            Some(Ok(done)) => done.map_err(|failed| StoreFault(format!("{doing}: {}", failed.reason))),
            Some(Err(_)) | None => Err(StoreFault(format!("{doing}: the database does not answer"))),
        }
    }

    /// As [`Self::run`], as the one who leads. Whatever fails ends the lead.
    fn lead_run<T: Send + 'static, F: Future<Output = Result<T, Failed>> + Send + 'static>(
        &mut self,
        doing: &str,
        work: impl FnOnce(Arc<Link>) -> F,
    ) -> Read<T> {
        if !self.lead()? {
            return Err(StoreFault(format!("{doing}: another node does")));
        }
        let link = self.leading.clone().ok_or_else(|| StoreFault(format!("{doing}: no connection")))?;
        let done = self.run(doing, work(link));
        if done.is_err() {
            self.leading = None;
        }
        done
    }
}

impl ProjectionWriter for PostgresProjectionWriter {
    fn lead(&mut self) -> Read<bool> {
        if self.leading.as_ref().is_some_and(|link| !link.client.is_closed()) {
            return Ok(true);
        }
        let target = Arc::clone(&self.target);
        self.leading = self.run("lead", async move {
            let link = Link::open(&target, SETUP).await?;
            let taken: bool = link.client.query_one("SELECT pg_try_advisory_lock($1)", &[&LEAD]).await?.try_get(0)?;
            Ok(taken.then(|| Arc::new(link)))
        })?;
        Ok(self.leading.is_some())
    }

    fn project(&mut self, tiles: &[Tile], segments: &[Segment], cursors: &[(&str, u64)]) -> Result<(), StoreFault> {
        let columns = Columns::of(tiles, segments, cursors)?;
        self.lead_run("project", |link| async move { columns.put(&link).await })
    }

    fn forget_all(&mut self) -> Result<(), StoreFault> {
        self.lead_run("forget projections", |link| async move { Ok(link.client.batch_execute(FORGET).await?) })
    }
}

/// What one step puts, column by column.
#[derive(Default)]
struct Columns {
    tiles: (Vec<i16>, Vec<i64>, Vec<Vec<u8>>),
    segments: (Vec<i64>, Vec<i32>, Vec<Vec<u8>>),
    cursors: (Vec<String>, Vec<i64>),
}

impl Columns {
    fn of(tiles: &[Tile], segments: &[Segment], cursors: &[(&str, u64)]) -> Read<Self> {
        let mut columns = Self::default();
        for tile in tiles {
            columns.tiles.0.push(i16::from(tile.level));
            columns.tiles.1.push(to_sql(tile.index)?);
            columns.tiles.2.push(tile.hashes.clone());
        }
        for segment in segments {
            columns.segments.0.push(to_sql(segment.first)?);
            columns.segments.1.push(i32::try_from(segment.count).unwrap_or(i32::MAX));
            columns.segments.2.push(segment.summary.clone());
        }
        for (name, upto) in cursors {
            columns.cursors.0.push((*name).to_owned());
            columns.cursors.1.push(to_sql(*upto)?);
        }
        Ok(columns)
    }

    async fn put(&self, link: &Link) -> Result<(), Failed> {
        let client = &link.client;
        client.batch_execute("BEGIN").await?;
        let (tiles, segments, cursors) = (&self.tiles, &self.segments, &self.cursors);
        let puts: [(&str, &[&(dyn ToSql + Sync)]); 3] = [
            (PUT_TILES, &[&tiles.0, &tiles.1, &tiles.2]),
            (PUT_SEGMENTS, &[&segments.0, &segments.1, &segments.2]),
            (PUT_CURSORS, &[&cursors.0, &cursors.1]),
        ];
        for (sql, params) in puts {
            client.execute(sql, params).await?;
        }
        Ok(client.batch_execute("COMMIT").await?)
    }
}

pub(crate) struct PostgresProjectionReader(pub(crate) Arc<Pool>);

impl ProjectionReader for PostgresProjectionReader {
    fn tile(&self, level: u8, index: u64) -> Result<Option<Tile>, StoreFault> {
        let found = self.0.ask("read a tile", |all| &all.tile, &[&i16::from(level), &bound(index)])?;
        found.first(|row| Ok(Tile { level, index, hashes: get(row, 0)? }))
    }

    fn segments_before(&self, before: u64, most: u32) -> Result<Vec<Segment>, StoreFault> {
        self.0.ask("read segments", |all| &all.segments, &[&bound(before), &limit(most)])?.all(segment)
    }

    fn cursor(&self, projection: &str) -> Result<u64, StoreFault> {
        let found = self.0.ask("read a cursor", |all| &all.cursor, &[&projection])?.first(|row| count(row, 0))?;
        Ok(found.unwrap_or(0))
    }
}
