//! What the state tree says of rows, for whoever does not believe us: a signed head, and paths to its state root.

use crate::checkpoint::sign_checkpoint;
use crate::state::{Path, Unproven, tree_key};
use crate::view::View;
use crate::{Checkpoint, StoredRow, row_hash};
use domain::{Fault, RowId};
use std::sync::PoisonError;

/// How often it is tried again because the log has moved.
const TRIES_MAX: u32 = 16;

/// A row, or none, and what is hashed of each node on its way from the state root (docs/formats/state.md).
pub struct Shown {
    pub row: Option<StoredRow>,
    pub path: Vec<Vec<u8>>,
}

/// Rows as they are at one head of the log, which was signed for it.
pub struct Certified {
    pub checkpoint: Checkpoint,
    pub note: String,
    pub rows: Vec<Shown>,
}

impl View {
    /// Rows with their paths to the state root of a head that is signed for it. Their blobs are as sealed as they are stored.
    pub fn certified(&self, rows: &[RowId]) -> Result<Certified, Fault> {
        for attempt in 0..TRIES_MAX {
            // At last no commit of this process is between store and memory.
            let _still = (attempt > 0).then(|| self.shared.moving.read().unwrap_or_else(PoisonError::into_inner));
            let head = self.shared.head.load();
            match rows.iter().map(|row| self.shown(*row, head.state)).collect() {
                Ok(rows) => {
                    let checkpoint = Checkpoint { size: head.size, root: head.root, state: head.state };
                    let keys = &self.shared.keys;
                    let note = sign_checkpoint(&keys.facts.origin, &checkpoint, &keys.signer);
                    return Ok(Certified { checkpoint, note, rows });
                }
                Err(Unproven::Store(_)) => return Err(Fault::Unavailable),
                Err(Unproven::Differs(_) | Unproven::Node(..)) => {}
            }
        }
        // One of them is damaged, or others append all the time.
        rows.iter().try_for_each(|row| self.shared.proven(*row).map(|_| ()))?;
        Err(Fault::Unavailable)
    }

    fn shown(&self, id: RowId, root: [u8; 32]) -> Result<Shown, Unproven> {
        let read = |nodes: &[_]| self.shared.reader.row_and_nodes(id, nodes);
        let (row, Path(nodes)) = self.shared.nodes.follow(root, &tree_key(id), read)?;
        let path = Path(nodes);
        if path.hash_of(id) != row.as_ref().map(row_hash) {
            return Err(Unproven::Differs("it is not what the state tree says"));
        }
        Ok(Shown { row, path: path.0.iter().map(|node| node.hashed()).collect() })
    }
}
