//! Rows against the state tree.

use super::Finding;
use super::log::Walk;
use super::rows::look_again;
use crate::state::{Path, Unproven, next_key, tree_key};
use crate::{StoreFault, StoredRow, row_hash};
use domain::RowId;

/// What the tree of the newest batch that was read says against a row, or against there being none. A broken node is named
/// once.
pub(super) fn judge(walk: &Walk<'_>, id: RowId, row: Option<&StoredRow>) -> Result<Option<Finding>, StoreFault> {
    match follow(walk, &tree_key(id)) {
        Ok(path) if path.hash_of(id) == row.map(row_hash) => Ok(None),
        Ok(_) => Ok(Some(Finding::RowAgainstState { row: id })),
        Err(Unproven::Node(node, _)) => Ok((!walk.broken.contains(&node)).then_some(Finding::NodeBroken { node })),
        Err(Unproven::Differs(_)) => Ok(None),
        Err(Unproven::Store(fault)) => Err(fault),
    }
}

fn follow(walk: &Walk<'_>, key: &[u8; 32]) -> Result<Path, Unproven> {
    walk.nodes.follow(walk.state, key, |ids| Ok(((), walk.reader.nodes(ids)?))).map(|((), path)| path)
}

/// Rows that the tree has and the table does not. Goes through the leaves by their keys, each time from the root as it
/// is by then.
pub(super) fn missing(walk: &mut Walk<'_>) -> Result<(), StoreFault> {
    let mut key = Some([0; 32]);
    while let Some(at) = key {
        let depth = match follow(walk, &at) {
            Ok(path) => {
                for (row, _) in path.rows() {
                    if !walk.changes.was_seen(row) {
                        look_again(walk, row)?;
                    }
                }
                path.depth()
            }
            Err(Unproven::Store(fault)) => return Err(fault),
            // A running server may have moved on.
            Err(Unproven::Differs(_)) => return Ok(()),
            Err(Unproven::Node(..)) if moved(walk)? => continue,
            Err(Unproven::Node(node, _)) => {
                if walk.broken.insert(node) {
                    walk.report.found(Finding::NodeBroken { node });
                }
                node.depth()
            }
        };
        key = next_key(at, depth);
    }
    Ok(())
}

/// Reads the log up; whether that led to another root.
fn moved(walk: &mut Walk<'_>) -> Result<bool, StoreFault> {
    let before = walk.state;
    walk.read_up(&mut |_, _| ())?;
    Ok(walk.state != before)
}
