//! Rows and their hashes in the order in which the state tree is built: in a file of their own, so that the memory does
//! not grow with them. Ids and hashes are no secrets.

use domain::{ObjectId, RowId, Table};
use ledger::{StoreFault, StoredRow, row_hash, tree_key};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// One for each first byte of a key.
const BUCKETS: usize = 256;
/// Table, id, hash.
const RECORD_BYTES: usize = 49;
/// What a bucket holds in memory before it goes into the file.
const BUFFER_BYTES: usize = RECORD_BYTES * 640;

pub(super) struct Sorter {
    /// It has no name: it goes with its owner.
    file: File,
    written: u64,
    buckets: Vec<Bucket>,
}

#[derive(Default)]
struct Bucket {
    held: Vec<u8>,
    /// Where in the file the rest is; each piece is as long as a buffer.
    pieces: Vec<u64>,
}

fn failed(why: std::io::Error) -> StoreFault {
    StoreFault(format!("sorting rows: {why}"))
}

impl Sorter {
    pub(super) fn new(folder: &Path) -> std::io::Result<Self> {
        let buckets = std::iter::repeat_with(Bucket::default).take(BUCKETS).collect();
        Ok(Self { file: tempfile::tempfile_in(folder)?, written: 0, buckets })
    }

    pub(super) fn add(&mut self, row: &StoredRow) -> Result<(), StoreFault> {
        let [first, ..] = tree_key(row.id);
        let Some(bucket) = self.buckets.get_mut(usize::from(first)) else { return Ok(()) };
        bucket.held.push(row.id.table as u8);
        bucket.held.extend_from_slice(&row.id.id.0);
        bucket.held.extend_from_slice(&row_hash(row));
        if bucket.held.len() >= BUFFER_BYTES {
            self.file.write_all_at(&bucket.held, self.written).map_err(failed)?;
            bucket.pieces.push(self.written);
            self.written = self.written.saturating_add(BUFFER_BYTES as u64);
            bucket.held.clear();
        }
        Ok(())
    }

    /// All of them by their keys.
    pub(super) fn sorted(self) -> impl Iterator<Item = Result<(RowId, [u8; 32]), StoreFault>> {
        let file = self.file;
        self.buckets.into_iter().flat_map(move |bucket| match bucket.sorted(&file) {
            Ok(rows) => rows.into_iter().map(Ok).collect(),
            Err(fault) => vec![Err(fault)],
        })
    }
}

impl Bucket {
    fn sorted(mut self, file: &File) -> Result<Vec<(RowId, [u8; 32])>, StoreFault> {
        let mut piece = vec![0; BUFFER_BYTES];
        for at in self.pieces {
            file.read_exact_at(&mut piece, at).map_err(failed)?;
            self.held.extend_from_slice(&piece);
        }
        let (records, _) = self.held.as_chunks::<RECORD_BYTES>();
        let rows = records.iter().map(read).collect::<Option<Vec<_>>>();
        let mut rows = rows.ok_or_else(|| StoreFault("sorting rows: the file was changed".to_owned()))?;
        rows.sort_by_cached_key(|(row, _)| (tree_key(*row), *row));
        Ok(rows)
    }
}

fn read(record: &[u8; RECORD_BYTES]) -> Option<(RowId, [u8; 32])> {
    let (table, rest) = record.split_first()?;
    let (id, hash) = rest.split_first_chunk::<16>()?;
    Some((RowId::new(Table::from_number(*table)?, ObjectId(*id)), hash.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn row(number: u64) -> StoredRow {
        let mut id = [7; 16];
        id.get_mut(..8).unwrap().copy_from_slice(&number.to_be_bytes());
        let nil = ObjectId::NIL;
        let id = RowId::new(Table::Key, ObjectId(id));
        StoredRow { id, revision: 1, position: 0, tenant: nil, place: nil, owner: nil, due: 0, blob: Vec::new() }
    }

    #[test]
    fn rows_come_back_whole_and_in_order() {
        for count in [0, 1, 1_000, 300_000] {
            let mut sorter = Sorter::new(&std::env::temp_dir()).unwrap();
            (0..count).try_for_each(|number| sorter.add(&row(number))).unwrap();
            let rows = sorter.sorted().collect::<Result<Vec<_>, _>>().unwrap();
            let mut wanted: Vec<_> = (0..count).map(|number| (row(number).id, row_hash(&row(number)))).collect();
            wanted.sort_by_cached_key(|(row, _)| tree_key(*row));
            assert_eq!(rows.len(), wanted.len());
            assert!(rows == wanted, "{count}");
        }
    }
}
