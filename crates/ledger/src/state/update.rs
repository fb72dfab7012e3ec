//! Changes of the tree: those of a batch become one set of nodes.

use super::{DEPTH_MAX, EMPTY, LEAF_ROWS_MAX, Leaf, Node, Nodes, Step, Unproven, nibble, tree_key};
use crate::store::{NodeId, StoredNode};
use crate::{RowChange, StoreFault};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const OTHER_BEFORE: &str = "the state tree says that it was something else before";

/// Reads nodes of the store; those that are not there are left out.
pub(crate) type ReadNodes<'a> = dyn Fn(&[NodeId]) -> Result<Vec<StoredNode>, StoreFault> + 'a;

/// Nodes by their hashes.
pub(crate) type HashedNodes = Vec<([u8; 32], Arc<Node>)>;

/// The tree as a batch will leave it.
pub(crate) struct Update<'a> {
    nodes: &'a Nodes,
    read: &'a ReadNodes<'a>,
    root: [u8; 32],
    /// Nodes that the batch has changed so far.
    fresh: BTreeMap<NodeId, Node>,
    /// Those of them whose hash their parent does not have yet.
    stale: BTreeSet<NodeId>,
    hashes: BTreeMap<NodeId, [u8; 32]>,
}

impl<'a> Update<'a> {
    pub(crate) fn new(nodes: &'a Nodes, read: &'a ReadNodes<'a>, root: [u8; 32]) -> Self {
        Self { nodes, read, root, fresh: BTreeMap::new(), stale: BTreeSet::new(), hashes: BTreeMap::new() }
    }

    /// Rows become what the changes say, if all were before what the changes say; else the tree stays as it is. No row
    /// stands twice.
    pub(crate) fn put(&mut self, changes: &[RowChange]) -> Result<(), Unproven> {
        for change in changes {
            let place = self.fetch(&tree_key(change.row))?;
            let before = self.fresh.get(&place.id).and_then(|node| node.find(change.row));
            if before != change.before {
                return Err(Unproven::Differs(OTHER_BEFORE));
            }
        }
        changes.iter().for_each(|change| self.write(change));
        Ok(())
    }

    fn write(&mut self, change: &RowChange) {
        let leaf = Leaf { key: tree_key(change.row), row: change.row, hash: change.after };
        let mut step = self.descend(&leaf.key);
        let node = self.fresh.entry(step.id).or_insert_with(|| Node::Leaf(Vec::new()));
        if let Node::Leaf(rows) = node {
            match rows.binary_search_by(|known| (known.key, known.row).cmp(&(leaf.key, leaf.row))) {
                Ok(at) => rows.get_mut(at).into_iter().for_each(|known| known.hash = leaf.hash),
                Err(at) => rows.insert(at, leaf),
            }
        }
        self.stale.insert(step.id);
        self.split(step.id, step.depth);
        while let Some(parent) = step.id.parent() {
            step.id = parent;
            self.stale.insert(parent);
        }
    }

    /// Takes over the nodes on a key's way, and gives the place where it ends.
    fn fetch(&mut self, key: &[u8; 32]) -> Result<Step, Unproven> {
        let step = self.descend(key);
        if step.hash == EMPTY || matches!(self.fresh.get(&step.id), Some(Node::Leaf(_))) {
            return Ok(step);
        }
        let (_, path) = self.nodes.follow_from(step, key, |ids| Ok(((), (self.read)(ids)?)))?;
        let mut id = step.id;
        for (node, depth) in path.0.into_iter().zip(step.depth..) {
            self.fresh.insert(id, Node::clone(&node));
            id = id.child(nibble(key, depth));
        }
        Ok(self.descend(key))
    }

    /// As far as the batch's own nodes lead: to a leaf, or to a node that is not among them.
    fn descend(&self, key: &[u8; 32]) -> Step {
        let mut step = Step::root(self.root);
        while let Some(Node::Inner(children)) = self.fresh.get(&step.id) {
            step = step.down(children, key);
        }
        step
    }

    /// A leaf of too many rows becomes an inner node over leaves.
    fn split(&mut self, id: NodeId, depth: u32) {
        let Some(Node::Leaf(rows)) = self.fresh.get_mut(&id) else { return };
        if rows.len() <= LEAF_ROWS_MAX || depth >= DEPTH_MAX {
            return;
        }
        let rows = std::mem::take(rows);
        self.fresh.insert(id, Node::Inner(Box::new([EMPTY; 16])));
        for part in rows.chunk_by(|one, other| nibble(&one.key, depth) == nibble(&other.key, depth)) {
            let Some(child) = part.first().map(|leaf| id.child(nibble(&leaf.key, depth))) else { continue };
            self.fresh.insert(child, Node::Leaf(part.to_vec()));
            self.stale.insert(child);
            self.split(child, depth + 1);
        }
    }

    /// The root after the changes so far. Children have greater ids than their parents, so one way up is enough.
    pub(crate) fn root(&mut self) -> [u8; 32] {
        while let Some(id) = self.stale.pop_last() {
            let Some(hash) = self.fresh.get(&id).map(Node::hash) else { continue };
            self.hashes.insert(id, hash);
            match id.parent().and_then(|parent| self.fresh.get_mut(&parent)) {
                Some(Node::Inner(children)) => {
                    children.get_mut(id.nibble()).into_iter().for_each(|child| *child = hash);
                }
                _ => self.root = hash,
            }
        }
        self.root
    }

    /// The nodes to be stored, and the same by their hashes.
    pub(crate) fn finish(mut self) -> (Vec<StoredNode>, HashedNodes) {
        self.root();
        let Self { fresh, hashes, .. } = self;
        // What was only looked at has no new hash.
        let changed = fresh.into_iter().filter_map(|(id, node)| Some((id, *hashes.get(&id)?, Arc::new(node))));
        let changed: Vec<_> = changed.collect();
        let stored = changed.iter().map(|(id, _, node)| StoredNode { id: *id, bytes: node.encode() }).collect();
        (stored, changed.into_iter().map(|(_, hash, node)| (hash, node)).collect())
    }
}
