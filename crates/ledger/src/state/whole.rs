//! The whole tree at once, from all rows in the order of their keys: each node is made and written once.

use super::{DEPTH_MAX, EMPTY, LEAF_ROWS_MAX, Leaf, Node, nibble, tree_key};
use crate::StoreFault;
use crate::store::{NodeId, StoredNode};
use domain::RowId;
use std::collections::VecDeque;

/// A row and its hash.
pub type Hashed = (RowId, [u8; 32]);

/// Gives each node of the tree over these rows, and returns its root. The rows ascend by [`tree_key`], none stands twice.
/// Only as many are held at once as a leaf has.
pub fn grow_whole(
    rows: &mut dyn Iterator<Item = Result<Hashed, StoreFault>>,
    each: &mut dyn FnMut(StoredNode) -> Result<(), StoreFault>,
) -> Result<[u8; 32], StoreFault> {
    let mut whole = Whole { rows, each, ahead: VecDeque::new() };
    whole.node(NodeId::ROOT, 0, &[0; 32])
}

struct Whole<'a> {
    rows: &'a mut dyn Iterator<Item = Result<Hashed, StoreFault>>,
    each: &'a mut dyn FnMut(StoredNode) -> Result<(), StoreFault>,
    /// The next rows: one more than a leaf has, if there are so many.
    ahead: VecDeque<Leaf>,
}

impl Whole<'_> {
    fn look(&mut self) -> Result<(), StoreFault> {
        while self.ahead.len() <= LEAF_ROWS_MAX {
            let Some(next) = self.rows.next() else { break };
            let (row, hash) = next?;
            let leaf = Leaf { key: tree_key(row), row, hash };
            if self.ahead.back().is_some_and(|last| (last.key, last.row) >= (leaf.key, leaf.row)) {
                return Err(StoreFault("rows do not come in the order of their keys, or one comes twice".to_owned()));
            }
            self.ahead.push_back(leaf);
        }
        Ok(())
    }

    /// The hash of the node over all rows whose keys share `depth` nibbles with `prefix`.
    fn node(&mut self, id: NodeId, depth: u32, prefix: &[u8; 32]) -> Result<[u8; 32], StoreFault> {
        self.look()?;
        let shares = |leaf: &Leaf| (0..depth).all(|place| nibble(&leaf.key, place) == nibble(prefix, place));
        let node = match self.ahead.iter().take_while(|leaf| shares(leaf)).count() {
            0 => return Ok(EMPTY),
            count if count > LEAF_ROWS_MAX && depth < DEPTH_MAX => Node::Inner(self.children(id, depth, prefix)?),
            _ => {
                let mut rows = Vec::new();
                while let Some(leaf) = self.ahead.pop_front_if(|leaf| shares(leaf)) {
                    rows.push(leaf);
                    self.look()?;
                }
                Node::Leaf(rows)
            }
        };
        (self.each)(StoredNode { id, bytes: node.encode() })?;
        Ok(node.hash())
    }

    fn children(&mut self, id: NodeId, depth: u32, prefix: &[u8; 32]) -> Result<Box<[[u8; 32]; 16]>, StoreFault> {
        let mut children = Box::new([EMPTY; 16]);
        let at = usize::try_from(depth / 2).unwrap_or(usize::MAX);
        for (number, child) in (0_u8..).zip(children.iter_mut()) {
            let mut prefix = *prefix;
            if let Some(byte) = prefix.get_mut(at) {
                *byte |= if depth.is_multiple_of(2) { number << 4 } else { number };
            }
            *child = self.node(id.child(number), depth + 1, &prefix)?;
        }
        Ok(children)
    }
}
