//! Rows against the state tree.

use super::Finding;
use super::log::Walk;
use super::rows::{look_again, tell};
use crate::state::{DEPTH_MAX, EMPTY, Leaf, Node, Path, Unproven, nibble, tree_key};
use crate::store::NodeId;
use crate::{StoreFault, StoredRow, row_hash};
use domain::RowId;
use std::collections::HashMap;

/// Nodes that are read at once.
const NODES: usize = 256;

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

/// A node that its parent has named and that was not read yet.
struct Open {
    id: NodeId,
    hash: [u8; 32],
}

/// The whole tree, in the order of its keys and some hundred nodes at a time: what its leaves say of rows. What differs
/// from the log, or is not in the table, is looked at closely.
pub(super) fn check(walk: &mut Walk<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreFault> {
    let mut open: Vec<_> =
        (walk.state != EMPTY).then_some(Open { id: NodeId::ROOT, hash: walk.state }).into_iter().collect();
    let mut done = walk.report.rows;
    while !open.is_empty() {
        // The nearest keys are the last.
        let next = open.split_off(open.len().saturating_sub(NODES));
        let ids: Vec<_> = next.iter().map(|open| open.id).collect();
        let mut read: HashMap<_, _> = walk.reader.nodes(&ids)?.into_iter().map(|node| (node.id, node)).collect();
        let mut below = Vec::new();
        for Open { id, hash } in next.into_iter().rev() {
            let node = match read.remove(&id).and_then(|stored| Node::verified(&stored.bytes, &hash)) {
                Some(node) => Some(node),
                None => by_now(walk, id)?,
            };
            match node {
                Some(Node::Inner(children)) => below.extend(named_by(id, &children)),
                Some(Node::Leaf(rows)) => {
                    done = done.saturating_add(rows.len() as u64);
                    leaf(walk, &rows)?;
                }
                None => (),
            }
        }
        open.extend(below.into_iter().rev());
        tell(walk, done, progress);
    }
    Ok(())
}

fn named_by(id: NodeId, children: &[[u8; 32]; 16]) -> impl Iterator<Item = Open> {
    let there = (0..).zip(children).filter(move |(_, hash)| **hash != EMPTY && id.depth() < DEPTH_MAX);
    there.map(move |(nibble, hash)| Open { id: id.child(nibble), hash: *hash })
}

fn leaf(walk: &mut Walk<'_>, rows: &[Leaf]) -> Result<(), StoreFault> {
    for Leaf { row, hash, .. } in rows {
        if !walk.changes.is_proven_by(*row, hash) {
            look_again(walk, *row)?;
        }
    }
    Ok(())
}

/// A node that is not the one that its parent named: as it is by now, with its way from the root as that is by now, since
/// a running server may have moved on. None: the tree is broken there, which is named once.
fn by_now(walk: &mut Walk<'_>, id: NodeId) -> Result<Option<Node>, StoreFault> {
    loop {
        match way_to(walk, id)? {
            Ok(node) => return Ok(node),
            Err(_) if moved(walk)? => (),
            Err(broken) => {
                if walk.broken.insert(broken) {
                    walk.report.found(Finding::NodeBroken { node: broken });
                }
                return Ok(None);
            }
        }
    }
}

/// Where a node's way from the root leads, or which node of it is not the one that its parent says.
fn way_to(walk: &Walk<'_>, id: NodeId) -> Result<Result<Option<Node>, NodeId>, StoreFault> {
    let mut ids: Vec<_> = std::iter::successors(Some(id), |id| id.parent()).collect();
    ids.reverse();
    let read = walk.reader.nodes(&ids)?;
    let (mut hash, mut last) = (walk.state, None);
    for id in ids {
        if let Some(Node::Inner(children)) = &last {
            hash = children.get(id.nibble()).copied().unwrap_or(EMPTY);
        }
        let stored = read.iter().find(|node| node.id == id);
        match stored.and_then(|stored| Node::verified(&stored.bytes, &hash)) {
            Some(node) => last = Some(node),
            None => return Ok(Err(id)),
        }
    }
    Ok(Ok(last))
}

/// Whether the tree cannot say anything of a row.
pub(super) fn is_below_broken(walk: &Walk<'_>, row: RowId) -> bool {
    let key = tree_key(row);
    let below = |id: &NodeId| Some(id.child(nibble(&key, id.depth()))).filter(|child| child.depth() <= DEPTH_MAX);
    !walk.broken.is_empty() && std::iter::successors(Some(NodeId::ROOT), below).any(|id| walk.broken.contains(&id))
}

/// Reads the log up; whether that led to another root.
fn moved(walk: &mut Walk<'_>) -> Result<bool, StoreFault> {
    let before = walk.state;
    walk.read_up(&mut |_, _| ())?;
    Ok(walk.state != before)
}
