//! Where the blobs of rows stand, so that what was overwritten is gone.
//!
//! SQLite's secure_delete zeroes what it deletes, but a page that it splits or merges keeps stale copies of the cells
//! that moved away. So blobs never move: each has a slot in a table that only grows at its end and whose records never
//! change their size. A blob that is replaced or removed is overwritten in place, and its slot is used again.

use rusqlite::{Connection, OptionalExtension, Result, Row};

/// Slots come in multiples of this, so that a change of a few bytes stays in its slot.
const STEP_BYTES: usize = 64;
/// The blob's length, big-endian, before the blob; zeros after it.
const PREFIX_BYTES: usize = 4;

const FILL: &str = "UPDATE blobs SET bytes = ?2 WHERE slot = ?1";
const WIPE: &str = "UPDATE blobs SET bytes = zeroblob(length(bytes)) WHERE slot = ?1";
const APPEND: &str = "INSERT INTO blobs (bytes) VALUES (?1)";
const GIVE_BACK: &str = "INSERT OR IGNORE INTO free_slots (size, slot) VALUES (?1, ?2)";
const TAKE: &str = "DELETE FROM free_slots WHERE (size, slot) =
    (SELECT size, slot FROM free_slots WHERE size = ?1 LIMIT 1) RETURNING slot";

/// A slot that is taken, and its size.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    slot: i64,
    size: i64,
}

impl Slot {
    /// From a slot and the length of what stands in it; none where either is missing.
    pub(crate) fn read(row: &Row<'_>) -> Result<Option<Self>> {
        let (slot, size): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok(slot.zip(size).map(|(slot, size)| Self { slot, size }))
    }
}

/// Puts a blob where the former stood if it fits exactly, else elsewhere. Of the former nothing is left. The slot of
/// the new one; none if it is empty.
pub(crate) fn replace(link: &Connection, former: Option<Slot>, blob: &[u8]) -> Result<Option<i64>> {
    let (needed, bytes) = framed(blob)?;
    if let Some(Slot { slot, size }) = former {
        if !blob.is_empty() && size == needed {
            link.prepare_cached(FILL)?.execute((slot, bytes))?;
            return Ok(Some(slot));
        }
        link.prepare_cached(WIPE)?.execute([slot])?;
        link.prepare_cached(GIVE_BACK)?.execute((size, slot))?;
    }
    if blob.is_empty() { Ok(None) } else { place(link, needed, bytes).map(Some) }
}

/// The blob in a slot's bytes. What was edited into something else comes as it is.
pub(crate) fn content(bytes: &[u8]) -> &[u8] {
    let content = bytes.split_first_chunk::<PREFIX_BYTES>().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest.get(..length)
    });
    content.unwrap_or(bytes)
}

fn place(link: &Connection, size: i64, bytes: Vec<u8>) -> Result<i64> {
    let free = link.prepare_cached(TAKE)?.query_row([size], |row| row.get(0)).optional()?;
    match free {
        Some(slot) => link.prepare_cached(FILL)?.execute((slot, bytes)).map(|_| slot),
        None => link.prepare_cached(APPEND)?.insert([bytes]),
    }
}

/// What stands in the slot, and how long that is.
pub(crate) fn framed(blob: &[u8]) -> Result<(i64, Vec<u8>)> {
    let too_long = |_| rusqlite::Error::ToSqlConversionFailure("a blob of 4 GiB or more".into());
    let length = u32::try_from(blob.len()).map_err(too_long)?;
    let size = (PREFIX_BYTES + blob.len()).next_multiple_of(STEP_BYTES);
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(blob);
    bytes.resize(size, 0);
    Ok((i64::try_from(size).unwrap_or(i64::MAX), bytes))
}
