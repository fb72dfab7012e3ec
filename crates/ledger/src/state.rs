//! The state tree: a Merkle map from each row to its hash. A row, or its absence, is believed only with its path to
//! the root that the log's head names. docs/formats/state.md.
//!
//! Rows never leave the tree (what is removed stays as a row that says so), so nodes only grow and split, and the
//! shape follows from the set of rows alone.

mod node;
mod update;
mod whole;

use node::Shown;
pub(crate) use node::{Leaf, Node};
pub(crate) use update::{HashedNodes, Update};
pub use whole::{Hashed, grow_whole};

use crate::store::{NodeId, Part, Reader, StoredNode};
use crate::{RowChange, StoreFault, StoredRow, row_hash};
use domain::RowId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The root of a tree without rows, and a child that is not there.
pub const EMPTY: [u8; 32] = [0; 32];
/// A leaf of more rows becomes an inner node.
pub(crate) const LEAF_ROWS_MAX: usize = 32;
/// Leaves this deep never split; ids of nodes have room for no more.
pub(crate) const DEPTH_MAX: u32 = 15;
/// How much of the tree is kept in memory, in bytes.
const NODES_CACHED_BYTES: u64 = 8 << 20;

const KEY_LABEL: &[u8; 16] = b"keyward place v1";

/// Where a row is in the tree: its nibbles, highest first, are the way from the root.
pub fn tree_key(row: RowId) -> [u8; 32] {
    let mut hash = crypto::Sha256::new();
    hash.update(KEY_LABEL);
    hash.update(&[row.table as u8]);
    hash.update(&row.id.0);
    hash.finish()
}

/// Which child of a node at `depth` a key goes to.
pub(crate) fn nibble(key: &[u8; 32], depth: u32) -> u8 {
    let byte = usize::try_from(depth / 2).ok().and_then(|at| key.get(at)).copied().unwrap_or(0);
    if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

/// The first key behind those that share `depth` nibbles with this one.
pub(crate) fn next_key(key: [u8; 32], depth: u32) -> Option<[u8; 32]> {
    let mut next = [0; 32];
    let mut carry = true;
    for place in (0..depth).rev() {
        let nibble = nibble(&key, place) + u8::from(carry);
        carry = nibble > 15;
        let shift = if place.is_multiple_of(2) { 4 } else { 0 };
        if let Some(byte) = usize::try_from(place / 2).ok().and_then(|at| next.get_mut(at)) {
            *byte |= (nibble & 15) << shift;
        }
    }
    (!carry).then_some(next)
}

/// Why a path does not lead from the root to the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unproven {
    Store(StoreFault),
    /// The store holds another row than the tree says. It may be newer, or damaged.
    Differs(&'static str),
    /// A node is not the one that its parent says. It may be newer, or damaged.
    Node(NodeId, &'static str),
}

impl From<StoreFault> for Unproven {
    fn from(fault: StoreFault) -> Self {
        Self::Store(fault)
    }
}

const NODE_MISSING: &str = "a node of the state tree above it is missing";
const NODE_EDITED: &str = "a node of the state tree above it was edited, or an old one put back";

/// One node of a way.
#[derive(Clone, Copy)]
struct Step {
    id: NodeId,
    depth: u32,
    hash: [u8; 32],
}

impl Step {
    fn root(hash: [u8; 32]) -> Self {
        Self { id: NodeId::ROOT, depth: 0, hash }
    }

    /// The child that the key goes to.
    fn down(&self, children: &[[u8; 32]; 16], key: &[u8; 32]) -> Self {
        let nibble = nibble(key, self.depth);
        let hash = children.get(usize::from(nibble)).copied().unwrap_or(EMPTY);
        Self { id: self.id.child(nibble), depth: self.depth + 1, hash }
    }
}

/// Nodes on a key's way, the root first: as far as there are any.
pub(crate) struct Path(pub(crate) Vec<Arc<Node>>);

impl Path {
    /// The row's hash as the tree has it; none where there never was a row.
    pub(crate) fn hash_of(&self, row: RowId) -> Option<[u8; 32]> {
        self.0.last().and_then(|node| node.find(row))
    }

    /// The rows of the leaf where it ends, and their hashes.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (RowId, [u8; 32])> {
        self.0.last().into_iter().flat_map(|node| node.rows())
    }

    /// How many nibbles of the key led to where it ends.
    pub(crate) fn depth(&self) -> u32 {
        let inner = self.0.iter().filter(|node| matches!(***node, Node::Inner(_))).count();
        u32::try_from(inner).unwrap_or(DEPTH_MAX)
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 32], Arc<Node>> for ByBytes {
    fn weight(&self, _: &[u8; 32], node: &Arc<Node>) -> u64 {
        node.weight()
    }
}

/// Nodes that were verified, by their hashes: what one says can never change.
pub(crate) struct Nodes {
    cache: Cache<[u8; 32], Arc<Node>, ByBytes>,
    /// The deepest leaf that was seen.
    deepest: AtomicU32,
}

impl Nodes {
    pub(crate) fn new() -> Self {
        let cache = Cache::with_weighter(4_096, NODES_CACHED_BYTES, ByBytes);
        Self { cache, deepest: AtomicU32::new(0) }
    }

    pub(crate) fn keep(&self, hash: [u8; 32], node: Arc<Node>) {
        self.cache.insert(hash, node);
    }

    /// Follows a key's way from the root. `read` is asked for the nodes that memory does not hold, and for whatever
    /// else must be of the same moment. It is called also where memory holds all, and again where it gave too little.
    pub(crate) fn follow<T>(
        &self,
        root: [u8; 32],
        key: &[u8; 32],
        read: impl FnMut(&[NodeId]) -> Result<(T, Vec<StoredNode>), StoreFault>,
    ) -> Result<(T, Path), Unproven> {
        self.follow_from(Step::root(root), key, read)
    }

    fn follow_from<T>(
        &self,
        from: Step,
        key: &[u8; 32],
        mut read: impl FnMut(&[NodeId]) -> Result<(T, Vec<StoredNode>), StoreFault>,
    ) -> Result<(T, Path), Unproven> {
        loop {
            let mut walk = Walk::from(from);
            self.recall(&mut walk, key);
            let ids = if walk.ended() { Vec::new() } else { self.below(&walk.step, key) };
            let (also, found) = read(&ids)?;
            while !walk.ended() {
                match found.iter().find(|node| node.id == walk.step.id) {
                    Some(stored) => walk.take(self.verified(stored, walk.step.hash)?, key),
                    None if ids.contains(&walk.step.id) => return Err(Unproven::Node(walk.step.id, NODE_MISSING)),
                    None => break,
                }
            }
            if walk.ended() {
                return Ok((also, Path(walk.path)));
            }
            self.deepest.fetch_max(walk.step.depth, Ordering::Relaxed);
        }
    }

    /// The nodes on a key's way that are not in memory, as far down as leaves are known to be.
    pub(crate) fn wanted(&self, root: [u8; 32], key: &[u8; 32]) -> Vec<NodeId> {
        let mut walk = Walk::from(Step::root(root));
        self.recall(&mut walk, key);
        if walk.ended() { Vec::new() } else { self.below(&walk.step, key) }
    }

    /// Goes on as far as memory leads.
    fn recall(&self, walk: &mut Walk, key: &[u8; 32]) {
        while !walk.ended() {
            let Some(node) = self.cache.get(&walk.step.hash) else { break };
            walk.take(node, key);
        }
    }

    /// From here to somewhat below the deepest leaf that was seen.
    fn below(&self, step: &Step, key: &[u8; 32]) -> Vec<NodeId> {
        let deepest = self.deepest.load(Ordering::Relaxed).max(step.depth).saturating_add(1).min(DEPTH_MAX);
        let mut ids = vec![step.id];
        for depth in step.depth..deepest {
            ids.extend(ids.last().map(|id| id.child(nibble(key, depth))));
        }
        ids
    }

    fn verified(&self, stored: &StoredNode, hash: [u8; 32]) -> Result<Arc<Node>, Unproven> {
        let node = Node::verified(&stored.bytes, &hash);
        let node = Arc::new(node.ok_or(Unproven::Node(stored.id, NODE_EDITED))?);
        self.keep(hash, Arc::clone(&node));
        Ok(node)
    }
}

/// A way as far as it was followed.
struct Walk {
    step: Step,
    path: Vec<Arc<Node>>,
    /// Whether a leaf was reached.
    ended: bool,
}

impl Walk {
    fn from(step: Step) -> Self {
        Self { step, path: Vec::with_capacity(6), ended: false }
    }

    fn ended(&self) -> bool {
        self.ended || self.step.hash == EMPTY
    }

    fn take(&mut self, node: Arc<Node>, key: &[u8; 32]) {
        match &*node {
            Node::Leaf(_) => self.ended = true,
            Node::Inner(children) => self.step = self.step.down(children, key),
        }
        self.path.push(node);
    }
}

/// Adds to a part of another store the nodes that its rows need, in a store that has those of the parts before, and whose
/// root is `root`. The root that follows.
pub fn grow_part(reader: &dyn Reader, root: [u8; 32], part: &mut Part) -> Result<[u8; 32], StoreFault> {
    let made = |row: &StoredRow| RowChange { row: row.id, before: None, after: row_hash(row) };
    let changes: Vec<_> = part.rows.iter().map(made).collect();
    let (root, nodes) = grow_state(reader, root, &changes)?;
    part.nodes = nodes;
    Ok(root)
}

/// What a proof says of a row: its hash, or that there never was one. `path`: what is hashed of each node on its way, the
/// root's first. None: it does not lead from the root to where the row would be.
pub fn hash_from_path(root: &[u8; 32], path: &[Vec<u8>], row: RowId) -> Option<Option<[u8; 32]>> {
    let key = tree_key(row);
    let mut step = Step::root(*root);
    for bytes in path {
        if step.hash == EMPTY || crypto::sha256(bytes) != step.hash {
            return None;
        }
        match node::shown(bytes)? {
            Shown::Leaf(rows) => {
                let last = path.len() == usize::try_from(step.depth).ok()?.saturating_add(1);
                return last.then(|| rows.iter().find(|(known, _)| *known == key).map(|(_, hash)| *hash));
            }
            Shown::Inner(children) => step = step.down(children, &key),
        }
    }
    (step.hash == EMPTY).then_some(None)
}

/// What a store must be given for changes of its rows: the root that follows on `root`, and the nodes. Fails where the tree
/// of the store has another root, or a row was something else before.
pub fn grow_state(
    reader: &dyn Reader,
    root: [u8; 32],
    changes: &[RowChange],
) -> Result<([u8; 32], Vec<StoredNode>), StoreFault> {
    let nodes = Nodes::new();
    let read = |ids: &[NodeId]| reader.nodes(ids);
    let mut update = Update::new(&nodes, &read, root);
    update.put(changes).map_err(|unproven| match unproven {
        Unproven::Store(fault) => fault,
        Unproven::Differs(why) | Unproven::Node(_, why) => StoreFault(why.to_owned()),
    })?;
    Ok((update.root(), update.finish().0))
}

#[cfg(test)]
mod tests;
