//! Overwriting what destroyed rows left in the table's own pages.
//!
//! PostgreSQL leaves the bytes of a dead row where they stand until others are written there; vacuum only frees their
//! room. So the writer remembers on which pages rows with secrets stood that are nothing any more. Those pages are
//! vacuumed and their free room is filled: a row that lives there becomes zeros, as many as fit, in a transaction that is
//! rolled back. Readers see nothing of it, and the page keeps the zeros.
//!
//! Vacuum passes over dead rows that somebody may still see, and over pages that somebody has in hand. So a page counts as
//! done only when its rows and the zeros account for all of it; else everything is done once more, after a while.

use crate::link::{Failed, Link};
use crate::target::Target;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

const SETUP: &str = "SET statement_timeout = 0; SET lock_timeout = '8s'";
/// How long whoever may still see what was destroyed is waited for.
const WAIT_MAX: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A page, without its own header.
const PAGE_BYTES: i64 = 8_192 - 24;
/// What points to a row in its page.
const POINTER_BYTES: i64 = 4;
/// A row of zeros without the zeros, if there are more than [`SHORT_MAX`]; one byte less of each four if not.
const ROW_BYTES: i64 = 76;
const SHORT_MAX: i64 = 126;
/// The smallest row of zeros.
const ROW_BYTES_MIN: i64 = 80;
/// The largest.
const ROW_BYTES_MAX: i64 = 8_160;
/// What pointers to rows that are gone may take of a page: less than the smallest row with a secret.
const LOST_BYTES_MAX: i64 = 160;
/// What is put on an empty page first, so that there is a row.
const FIRST_BYTES: i64 = 7_600;
/// Rows that are put where there is room, beyond one for each empty page that is meant.
const INSERTS_SPARE: usize = 64;

/// Before the rows are replaced: the pages where those stand that will be nothing.
pub(crate) const REMEMBER: &str =
    "INSERT INTO keyward.stale SELECT DISTINCT (kept.ctid::text::point)[0]::bigint FROM keyward.rows AS kept
    JOIN unnest($1::smallint[], $2::bytea[]) AS gone (tbl, id) USING (tbl, id) ON CONFLICT DO NOTHING";

const VACUUM: &str = "VACUUM keyward.rows";
const PAGES: &str = "SELECT page FROM keyward.stale ORDER BY page";
const LENGTH: &str = "SELECT pg_relation_size('keyward.rows') / current_setting('block_size')::bigint";
const DONE: &str = "DELETE FROM keyward.stale WHERE page = ANY ($1)";
/// A row becomes the smallest that it can be, and zeros: it is not seen by anybody.
const FILL: &str =
    "UPDATE keyward.rows SET id = '', revision = 0, position = 0, tenant = '', place = NULL, owner = NULL,
    due = 0, blob = $3 WHERE tbl = $1 AND id = $2 RETURNING (ctid::text::point)[0]::bigint";
const INSERT: &str = "INSERT INTO keyward.rows (tbl, id, revision, position, tenant, due, blob)
    VALUES (0, $1, 0, 0, '', 0, $2) RETURNING (ctid::text::point)[0]::bigint";

pub(crate) async fn scrub(target: &Target) -> Result<(), Failed> {
    let link = Link::open(target, SETUP).await?;
    let client = &link.client;
    let (mut pause, mut waited) = (PAUSE, Duration::ZERO);
    loop {
        client.batch_execute(VACUUM).await?;
        let pages = client.query(PAGES, &[]).await?;
        let mut pages = pages.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
        if pages.is_empty() {
            return Ok(());
        }
        let done = fill_all(client, &pages).await?;
        client.execute(DONE, &[&done]).await?;
        pages.retain(|page| !done.contains(page));
        if pages.is_empty() {
            // The room of the zeros is free again.
            return Ok(client.batch_execute(VACUUM).await?);
        }
        if waited >= WAIT_MAX {
            let why = "a transaction that began before the destruction still runs; what it sees is overwritten after the \
                       next destruction";
            return Err(Failed::said(why.to_owned()));
        }
        tokio::time::sleep(pause).await;
        waited = waited.saturating_add(pause);
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
}

/// The pages of which everything is accounted for.
async fn fill_all(client: &Client, pages: &[i64]) -> Result<Vec<i64>, Failed> {
    let length: i64 = client.query_one(LENGTH, &[]).await?.try_get(0)?;
    let (mut done, mut empty) = (Vec::new(), Vec::new());
    for page in pages {
        // Vacuum cuts empty pages off the end of the table.
        if *page >= length {
            done.push(*page);
            continue;
        }
        client.batch_execute("BEGIN").await?;
        let filled = match living(client, *page).await {
            Ok(rows) if rows.is_empty() => Ok(None),
            Ok(rows) => fill(client, *page, &rows).await.map(Some),
            Err(failed) => Err(failed),
        };
        client.batch_execute("ROLLBACK").await?;
        match filled? {
            Some(true) => done.push(*page),
            Some(false) => {}
            None => empty.push(*page),
        }
    }
    if !empty.is_empty() {
        client.batch_execute("BEGIN").await?;
        let filled = fill_empty(client, &empty).await;
        client.batch_execute("ROLLBACK").await?;
        done.extend(filled?);
    }
    Ok(done)
}

/// A row that stands on a page.
struct Living {
    table: i16,
    id: Vec<u8>,
    /// Which of the page's pointers is its.
    pointer: i64,
    bytes: i64,
}

/// The rows of a page as this transaction sees them.
async fn living(client: &Client, page: i64) -> Result<Vec<Living>, Failed> {
    let sql = format!(
        "SELECT tbl, id, (ctid::text::point)[1]::bigint, pg_column_size(rows.*)::bigint FROM keyward.rows AS rows
        WHERE ctid >= '({page},0)'::tid AND ctid < '({},0)'::tid",
        page.saturating_add(1)
    );
    let mut found = Vec::new();
    for row in client.query(&sql, &[]).await? {
        let (table, id) = (row.try_get(0)?, row.try_get(1)?);
        found.push(Living { table, id, pointer: row.try_get(2)?, bytes: row.try_get(3)? });
    }
    Ok(found)
}

fn aligned(bytes: i64) -> i64 {
    bytes.saturating_add(7) / 8 * 8
}

/// Whether the page is rows and zeros by now, and nothing else.
async fn fill(client: &Client, page: i64, rows: &[Living]) -> Result<bool, Failed> {
    let Some(row) = rows.first() else { return Ok(false) };
    let pointers = rows.iter().map(|row| row.pointer).max().unwrap_or(0).saturating_add(1);
    let taken: i64 = rows.iter().map(|row| aligned(row.bytes)).fold(pointers * POINTER_BYTES, i64::saturating_add);
    // All that can be free, where there are no pointers but those that are known.
    let free = (PAGE_BYTES.saturating_sub(taken) / 8 * 8).min(ROW_BYTES_MAX);
    let mut filler = Filler { client, page, table: row.table, id: row.id.clone() };
    let mut size = free;
    while size >= ROW_BYTES_MIN && !filler.put(size).await? {
        if free - size >= LOST_BYTES_MAX {
            return Ok(false);
        }
        size -= 8;
    }
    // Where a blob stands elsewhere there was more room than was counted.
    let mut size = ROW_BYTES_MAX / 2;
    while size >= ROW_BYTES_MIN {
        if !filler.put(size).await? {
            size = if size > ROW_BYTES_MIN { (size / 16 * 8).max(ROW_BYTES_MIN) } else { 0 };
        }
    }
    Ok(true)
}

struct Filler<'a> {
    client: &'a Client,
    page: i64,
    table: i16,
    id: Vec<u8>,
}

impl Filler<'_> {
    /// One more row of so many bytes, if it fits into the page.
    async fn put(&mut self, bytes: i64) -> Result<bool, Failed> {
        let zeros = zeros(bytes);
        self.client.batch_execute("SAVEPOINT fits").await?;
        let params: [&(dyn ToSql + Sync); 3] = [&self.table, &self.id, &zeros];
        let at: Option<i64> = self.client.query_opt(FILL, &params).await?.map(|row| row.try_get(0)).transpose()?;
        // What did not fit went to another page: the next one is to begin from here again.
        let fits = at == Some(self.page);
        self.client.batch_execute(if fits { "RELEASE fits" } else { "ROLLBACK TO fits; RELEASE fits" }).await?;
        if fits {
            self.id = Vec::new();
        }
        Ok(fits)
    }
}

/// What makes a row of so many bytes.
fn zeros(bytes: i64) -> Vec<u8> {
    let long = bytes.saturating_sub(ROW_BYTES);
    let short = bytes.saturating_sub(ROW_BYTES - 3).min(SHORT_MAX);
    vec![0; usize::try_from(if long > SHORT_MAX { long } else { short }).unwrap_or(0)]
}

/// Nobody lives on these pages: whatever needs nearly a whole page is put on each of them sooner or later.
async fn fill_empty(client: &Client, pages: &[i64]) -> Result<Vec<i64>, Failed> {
    let (mut done, mut number) = (Vec::new(), 0_usize);
    while done.len() < pages.len() && number < pages.len().saturating_mul(2).saturating_add(INSERTS_SPARE) {
        number += 1;
        let (id, zeros) = (number.to_be_bytes().to_vec(), zeros(FIRST_BYTES));
        let params: [&(dyn ToSql + Sync); 2] = [&id, &zeros];
        let page: i64 = client.query_one(INSERT, &params).await?.try_get(0)?;
        if pages.contains(&page) && fill(client, page, &living(client, page).await?).await? {
            done.push(page);
        }
    }
    Ok(done)
}
