//! All rows of a store that is served, looked at in small steps: what nobody asks for is checked too.

use crate::state::{Unproven, next_key, tree_key};
use crate::store::{NodeId, StoredNode};
use crate::view::Shared;
use crate::{Ledger, StoredRow, row_hash};
use domain::{Fault, RowId};
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Where a walk is. A walk that is over begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RowWalk {
    #[default]
    Begin,
    /// Behind this row of the table: none may be there that the tree does not have.
    Rows(RowId),
    /// From this key of the tree on: each row that it has must be there.
    Leaves([u8; 32]),
    Over,
}

impl Ledger {
    /// Looks at about `limit` rows further on. A row that is damaged is told of, and counted; the walk goes on.
    pub fn walk(&self, walk: RowWalk, limit: u32) -> Result<RowWalk, Fault> {
        match walk {
            RowWalk::Begin | RowWalk::Over => self.shared.walk_rows(None, limit),
            RowWalk::Rows(after) => self.shared.walk_rows(Some(after), limit),
            RowWalk::Leaves(from) => self.shared.walk_leaves(from, limit),
        }
    }

    /// How often a row was found damaged, by whoever read it, since this process began.
    pub fn damages(&self) -> u64 {
        self.shared.damages.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn walk_rows(&self, after: Option<RowId>, limit: u32) -> Result<RowWalk, Fault> {
        let rows = self.reader.all_rows(after, limit).map_err(|_| Fault::Unavailable)?;
        let Some(last) = rows.last() else { return Ok(RowWalk::Leaves([0; 32])) };
        let root = self.head.load().state;
        let nodes = self.nodes_above(rows.iter(), root)?;
        for row in &rows {
            if !self.fits(row, root, &nodes) {
                self.look_closely(row.id)?;
            }
        }
        Ok(RowWalk::Rows(last.id))
    }

    fn walk_leaves(&self, from: [u8; 32], limit: u32) -> Result<RowWalk, Fault> {
        let (mut key, mut seen) = (from, 0);
        while seen < limit {
            let root = self.head.load().state;
            let found = self.nodes.follow(root, &key, |ids| Ok(((), self.reader.nodes(ids)?)));
            let depth = match found {
                Ok(((), path)) => {
                    let rows: Vec<_> = path.rows().map(|(row, _)| row).collect();
                    // One that is there was looked at already.
                    let there = self.reader.which_rows(&rows).map_err(|_| Fault::Unavailable)?;
                    rows.iter().filter(|row| !there.contains(row)).try_for_each(|row| self.look_closely(*row))?;
                    seen = seen.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
                    path.depth()
                }
                // The tree has moved, or is damaged there: whoever reads a row below is told.
                Err(Unproven::Node(node, _)) => node.depth(),
                Err(Unproven::Differs(_) | Unproven::Store(_)) => return Err(Fault::Unavailable),
            };
            seen = seen.saturating_add(1);
            match next_key(key, depth) {
                Some(next) => key = next,
                None => return Ok(RowWalk::Over),
            }
        }
        Ok(RowWalk::Leaves(key))
    }

    /// Reads a row as anybody would, and goes on if it is damaged: that was told.
    fn look_closely(&self, row: RowId) -> Result<(), Fault> {
        match self.proven(row) {
            Ok(_) | Err(Fault::Damaged { .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Whether a row is the one that the tree has, as far as these nodes say.
    pub(crate) fn fits(&self, row: &StoredRow, root: [u8; 32], nodes: &HashMap<NodeId, StoredNode>) -> bool {
        let path = self.nodes.follow(root, &tree_key(row.id), |ids| {
            let read: Vec<_> = ids.iter().filter_map(|id| nodes.get(id).cloned()).collect();
            // The deepest are rarely there, and rarely needed.
            Ok(((), if read.is_empty() { self.reader.nodes(ids)? } else { read }))
        });
        path.is_ok_and(|((), path)| path.hash_of(row.id) == Some(row_hash(row)))
    }

    /// The nodes above rows that memory does not hold, read at once.
    pub(crate) fn nodes_above<'a>(
        &self,
        rows: impl Iterator<Item = &'a StoredRow>,
        root: [u8; 32],
    ) -> Result<HashMap<NodeId, StoredNode>, Fault> {
        let mut wanted: Vec<_> = rows.flat_map(|row| self.nodes.wanted(root, &tree_key(row.id))).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let nodes = self.reader.nodes(&wanted).map_err(|_| Fault::Unavailable)?;
        Ok(nodes.into_iter().map(|node| (node.id, node)).collect())
    }
}
