//! The tables and their version. docs/formats/store-postgres.md.

use crate::link::{Failed, Link};
use std::time::Duration;

/// In `keyward.format`. A release that changes a table raises it and migrates what is older.
pub(crate) const FORMAT: i32 = 1;
/// Two who make the tables at once wait for each other. Any number; it names nothing else in the database.
const MAKING: i64 = 0x4b65_7977_6d61_6b65;
/// Whoever serves shares it.
const SERVING: i64 = 0x4b65_7977_7365_7276;
/// How often it is asked for, a tenth of a second apart.
const ENTER_TRIES: usize = 15;

const TABLES: &str = "
CREATE SCHEMA keyward;
CREATE TABLE keyward.format (version int NOT NULL);
CREATE TABLE keyward.facts (name text PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE keyward.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL,
    reopened bigint NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE keyward.batches (
    first bigint PRIMARY KEY,
    count int NOT NULL,
    entries bytea NOT NULL,
    frontier bytea NOT NULL,
    state bytea NOT NULL,
    mac bytea NOT NULL,
    wall bigint NOT NULL
);
ALTER TABLE keyward.batches ALTER COLUMN entries SET STORAGE EXTERNAL;
CREATE TABLE keyward.checkpoints (size bigint PRIMARY KEY, note text NOT NULL, wall bigint NOT NULL);
CREATE TABLE keyward.rows (
    tbl smallint NOT NULL,
    id bytea NOT NULL,
    revision bigint NOT NULL,
    position bigint NOT NULL,
    tenant bytea NOT NULL,
    place bytea,
    owner bytea,
    due bigint NOT NULL,
    blob bytea,
    PRIMARY KEY (tbl, id)
);
ALTER TABLE keyward.rows ALTER COLUMN blob SET STORAGE EXTERNAL;
ALTER TABLE keyward.rows SET (toast_tuple_target = 8160);
CREATE TABLE keyward.stale (page bigint PRIMARY KEY);
CREATE TABLE keyward.nodes (id bigint PRIMARY KEY, bytes bytea NOT NULL) WITH (fillfactor = 70);
ALTER TABLE keyward.nodes ALTER COLUMN bytes SET STORAGE PLAIN;
CREATE TABLE keyward.history (
    tbl smallint NOT NULL,
    id bytea NOT NULL,
    until bigint NOT NULL,
    revision bigint NOT NULL,
    position bigint NOT NULL,
    tenant bytea NOT NULL,
    place bytea,
    owner bytea,
    due bigint NOT NULL,
    blob bytea,
    PRIMARY KEY (tbl, id, until)
);
CREATE INDEX history_by_until ON keyward.history (until);
CREATE INDEX rows_by_tenant ON keyward.rows (tbl, tenant, id) WHERE blob IS NOT NULL;
CREATE INDEX rows_by_place ON keyward.rows (tbl, place, id) WHERE place IS NOT NULL AND blob IS NOT NULL;
CREATE INDEX rows_by_owner ON keyward.rows (tbl, owner, id) WHERE owner IS NOT NULL AND blob IS NOT NULL;
CREATE INDEX rows_by_due ON keyward.rows (tbl, due) WHERE due <> 9223372036854775807;
CREATE TABLE keyward.tiles (level smallint, place bigint, hashes bytea NOT NULL, PRIMARY KEY (level, place));
CREATE TABLE keyward.segments (first bigint PRIMARY KEY, count int NOT NULL, summary bytea NOT NULL);
CREATE TABLE keyward.cursors (name text PRIMARY KEY, upto bigint NOT NULL);
INSERT INTO keyward.format VALUES (1);
INSERT INTO keyward.head (size, reopened) VALUES (0, 0);
";

/// What stands between a connection and its store.
pub(crate) enum Unfit {
    Missing,
    InUse,
    Newer(i32),
    Failed(Failed),
}

impl From<tokio_postgres::Error> for Unfit {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Whether the tables are there, and of a format that is known.
pub(crate) async fn check(link: &Link) -> Result<(), Unfit> {
    if !is_there(link).await? {
        return Err(Unfit::Missing);
    }
    let found: i32 = link.client.query_one("SELECT version FROM keyward.format", &[]).await?.try_get(0)?;
    if found > FORMAT {
        return Err(Unfit::Newer(found));
    }
    mend(link).await
}

/// What databases lack that the first releases made, and what they have that nobody needs. Those releases go on with it as
/// it is.
async fn mend(link: &Link) -> Result<(), Unfit> {
    let sql = "SELECT to_regclass('keyward.stale') IS NULL OR to_regclass('keyward.rows_by_position') IS NOT NULL";
    if link.client.query_one(sql, &[]).await?.try_get(0)? {
        let make = format!(
            "BEGIN; SELECT pg_advisory_xact_lock({MAKING}); CREATE TABLE IF NOT EXISTS keyward.stale (page bigint PRIMARY KEY);
            ALTER TABLE keyward.rows SET (toast_tuple_target = 8160); DROP INDEX IF EXISTS keyward.rows_by_position; COMMIT"
        );
        link.client.batch_execute(&make).await?;
    }
    Ok(())
}

/// Makes the tables where there are none.
pub(crate) async fn make(link: &Link) -> Result<(), Unfit> {
    link.client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({MAKING})")).await?;
    if !is_there(link).await? {
        link.client.batch_execute(TABLES).await?;
    }
    link.client.batch_execute("COMMIT").await?;
    check(link).await
}

/// Servers share a lock for as long as their sessions live; whoever moves the store wants it alone.
pub(crate) async fn enter(link: &Link, alone: bool) -> Result<(), Unfit> {
    let lock = if alone { "pg_try_advisory_lock" } else { "pg_try_advisory_lock_shared" };
    // A session that has just ended may take a moment to let go.
    for _ in 0..ENTER_TRIES {
        let taken: bool = link.client.query_one(&format!("SELECT {lock}({SERVING})"), &[]).await?.try_get(0)?;
        if taken {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Unfit::InUse)
}

async fn is_there(link: &Link) -> Result<bool, Unfit> {
    let sql = "SELECT to_regclass('keyward.format') IS NOT NULL";
    Ok(link.client.query_one(sql, &[]).await?.try_get(0)?)
}

/// Whether the store is a site's: whoever loads one puts the facts last.
pub(crate) async fn has_facts(link: &Link) -> Result<bool, Failed> {
    Ok(link.client.query_one("SELECT EXISTS (SELECT 1 FROM keyward.facts)", &[]).await?.try_get(0)?)
}

/// As [`make`], but what somebody has half loaded is dropped first.
pub(crate) async fn make_anew(link: &Link) -> Result<(), Unfit> {
    make(link).await?;
    if !has_facts(link).await.map_err(Unfit::Failed)? {
        link.client.batch_execute(&format!("BEGIN; DROP SCHEMA keyward CASCADE; {TABLES} COMMIT")).await?;
    }
    Ok(())
}

/// Whether a site was founded here.
pub(crate) async fn is_founded(link: &Link) -> Result<bool, Failed> {
    let sql = "SELECT EXISTS (SELECT 1 FROM keyward.facts) OR EXISTS (SELECT 1 FROM keyward.batches)";
    Ok(link.client.query_one(sql, &[]).await?.try_get(0)?)
}
