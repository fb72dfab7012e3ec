//! Somebody who can write the database, and has all the time in the world.

use crate::server;
use domain::Table;
use rusqlite::Connection;
use std::path::Path;

/// What the copy is called.
const COPY: &str = "copy.db";

/// Rows of a table, with their blobs, as they are in the copy; what was not there then is left alone.
const PUT_BACK: &str = "
    UPDATE blobs SET bytes = (SELECT old.bytes FROM copy.blobs old WHERE old.slot = blobs.slot)
        WHERE slot IN (SELECT slot FROM copy.rows WHERE tbl = ?1);
    INSERT OR IGNORE INTO blobs SELECT * FROM copy.blobs WHERE slot IN (SELECT slot FROM copy.rows WHERE tbl = ?1);
    INSERT OR REPLACE INTO rows SELECT * FROM copy.rows WHERE tbl = ?1";
const NODES: &str = "DELETE FROM nodes; INSERT INTO nodes SELECT * FROM copy.nodes";
const EVERYTHING_BUT_THE_LOG: &str = "
    DELETE FROM rows; INSERT INTO rows SELECT * FROM copy.rows;
    DELETE FROM blobs; INSERT INTO blobs SELECT * FROM copy.blobs";
/// The two newest rows of a table change places.
const SWAP: &str = "
    CREATE TEMP TABLE two AS SELECT id, slot, revision, position FROM rows WHERE tbl = ?1 ORDER BY position DESC LIMIT 2;
    UPDATE rows SET slot = (SELECT slot FROM two WHERE two.id <> rows.id) WHERE tbl = ?1 AND id IN (SELECT id FROM two)";
/// The newest row of a table.
const NEWEST: &str = "tbl = ?1 AND position = (SELECT max(position) FROM rows WHERE tbl = ?1)";

/// Does it beside whoever runs. What went wrong, if something did.
pub(crate) fn act(folder: &Path, deed: &[&str]) -> String {
    steal(folder, deed).map_or_else(|error| error.to_string(), |()| String::new())
}

/// The number of the table that a deed names.
fn numbered(sql: &str, deed: &[&str]) -> String {
    let table = deed.last().and_then(|word| Table::ALL.into_iter().find(|table| format!("{table:?}") == *word));
    sql.replace("?1", &table.map_or(0, |table| table as u8).to_string())
}

/// The same deeds in a database of the server.
pub(crate) fn act_on_server(database: &str, deed: &[&str]) -> String {
    const TABLES: [&str; 3] = ["rows", "nodes", "history"];
    let sql = match deed {
        ["copies"] => {
            let copies = TABLES.map(|table| format!("CREATE TABLE copy.{table} AS TABLE keyward.{table};")).concat();
            format!("DROP SCHEMA IF EXISTS copy CASCADE; CREATE SCHEMA copy; {copies}")
        }
        ["puts", "back", "everything"] => {
            format!("DELETE FROM keyward.rows; INSERT INTO keyward.rows SELECT * FROM copy.rows; {SERVER_NODES}")
        }
        ["puts", "back", "nodes"] => SERVER_NODES.to_owned(),
        ["puts", "back", _] => "DELETE FROM keyward.rows r USING copy.rows c WHERE r.tbl = c.tbl AND r.id = c.id AND r.tbl = ?1;
            INSERT INTO keyward.rows SELECT * FROM copy.rows WHERE tbl = ?1"
            .to_owned(),
        ["swaps", _] => "WITH two AS (SELECT id, blob FROM keyward.rows WHERE tbl = ?1 ORDER BY position DESC LIMIT 2)
            UPDATE keyward.rows r SET blob = two.blob FROM two
            WHERE r.tbl = ?1 AND r.id IN (SELECT id FROM two) AND two.id <> r.id"
            .to_owned(),
        ["deletes", _] => format!("DELETE FROM keyward.rows WHERE {SERVER_NEWEST}"),
        ["forgets", _] => {
            "DELETE FROM keyward.history WHERE tbl = ?1 AND until = (SELECT max(until) FROM keyward.history)".to_owned()
        }
        ["rewrites", _] => "UPDATE keyward.history SET due = due - 1 WHERE tbl = ?1".to_owned(),
        ["invents", _] => format!(
            "INSERT INTO keyward.rows SELECT tbl, decode(repeat('00', 16), 'hex'), revision, position, tenant, place, owner,
            due, blob FROM keyward.rows WHERE {SERVER_NEWEST} LIMIT 1"
        ),
        ["edits", _] => format!("UPDATE keyward.rows SET due = due - 1 WHERE {SERVER_NEWEST}"),
        _ => panic!("no thief does {deed:?}"),
    };
    server::shared().unwrap().sql(database, &numbered(&sql, deed))
}

const SERVER_NODES: &str = "DELETE FROM keyward.nodes; INSERT INTO keyward.nodes SELECT * FROM copy.nodes";
const SERVER_NEWEST: &str = "tbl = ?1 AND position = (SELECT max(position) FROM keyward.rows WHERE tbl = ?1)";

fn steal(folder: &Path, deed: &[&str]) -> rusqlite::Result<()> {
    let copy = folder.join(COPY);
    let link = Connection::open(folder.join("keyward.db"))?;
    link.busy_timeout(std::time::Duration::from_secs(10))?;
    if let ["copies"] = deed {
        let _ = std::fs::remove_file(&copy);
        return link.execute("VACUUM INTO ?1", [copy.display().to_string()]).map(|_| ());
    }
    if copy.exists() {
        link.execute("ATTACH ?1 AS copy", [copy.display().to_string()])?;
    }
    let sql = match deed {
        ["puts", "back", "everything"] => format!("{EVERYTHING_BUT_THE_LOG}; {NODES}"),
        ["puts", "back", "nodes"] => NODES.to_owned(),
        ["puts", "back", _] => PUT_BACK.to_owned(),
        ["swaps", _] => SWAP.to_owned(),
        ["deletes", _] => format!("DELETE FROM rows WHERE {NEWEST}"),
        ["forgets", _] => "DELETE FROM history WHERE tbl = ?1 AND until = (SELECT max(until) FROM history)".to_owned(),
        ["rewrites", _] => "UPDATE history SET due = due - 1 WHERE tbl = ?1".to_owned(),
        ["invents", _] => format!(
            "INSERT INTO rows SELECT tbl, zeroblob(16), revision, position, tenant, place, owner, due, slot FROM rows WHERE {NEWEST}"
        ),
        ["edits", _] => format!("UPDATE rows SET due = due - 1 WHERE {NEWEST}"),
        _ => panic!("no thief does {deed:?}"),
    };
    link.execute_batch(&format!("BEGIN; {}; COMMIT", numbered(&sql, deed)))
}
