//! Somebody who can write the database, and has all the time in the world.

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
    let table = deed.last().and_then(|word| Table::ALL.into_iter().find(|table| format!("{table:?}") == *word));
    let number = table.map_or(0, |table| table as u8).to_string();
    link.execute_batch(&format!("BEGIN; {}; COMMIT", sql.replace("?1", &number)))
}
