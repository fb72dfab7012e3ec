//! Nodes: their bytes, and their hashes.

use super::tree_key;
use domain::{ObjectId, RowId, Table};

const LEAF_LABEL: &[u8; 16] = b"keyward leaf v1\0";
const INNER_LABEL: &[u8; 16] = b"keyward node v1\0";
const LEAF: u8 = 0;
const INNER: u8 = 1;
/// A row in a stored leaf: table, id, hash.
const ROW_BYTES: usize = 1 + 16 + 32;

/// One row in a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) key: [u8; 32],
    pub(crate) row: RowId,
    pub(crate) hash: [u8; 32],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// Rows by key.
    Leaf(Vec<Leaf>),
    /// The hashes of the children, [`super::EMPTY`] where there is none.
    Inner(Box<[[u8; 32]; 16]>),
}

impl Node {
    /// The hash that the parent holds. That of a leaf says nothing of whose rows they are.
    pub(crate) fn hash(&self) -> [u8; 32] {
        crypto::sha256(&self.hashed())
    }

    /// What is hashed; also what a proof shows.
    pub(crate) fn hashed(&self) -> Vec<u8> {
        match self {
            Self::Leaf(rows) => {
                let mut bytes = Vec::with_capacity(16 + 64 * rows.len());
                bytes.extend_from_slice(LEAF_LABEL);
                for row in rows {
                    bytes.extend_from_slice(&row.key);
                    bytes.extend_from_slice(&row.hash);
                }
                bytes
            }
            Self::Inner(children) => [INNER_LABEL.as_slice(), children.as_flattened()].concat(),
        }
    }

    /// As it is stored.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Leaf(rows) => {
                let mut bytes = Vec::with_capacity(1 + ROW_BYTES * rows.len());
                bytes.push(LEAF);
                for leaf in rows {
                    bytes.push(leaf.row.table as u8);
                    bytes.extend_from_slice(&leaf.row.id.0);
                    bytes.extend_from_slice(&leaf.hash);
                }
                bytes
            }
            Self::Inner(children) => [&[INNER], children.as_flattened()].concat(),
        }
    }

    /// None for bytes that are no node of this release.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&LEAF, rows) => {
                let (rows, rest) = rows.as_chunks::<ROW_BYTES>();
                let rows = rows.iter().map(decode_row).collect::<Option<Vec<_>>>()?;
                rest.is_empty().then_some(Self::Leaf(rows))
            }
            (&INNER, children) => {
                let (children, rest) = children.as_chunks::<32>();
                let children: [[u8; 32]; 16] = children.try_into().ok()?;
                rest.is_empty().then(|| Self::Inner(Box::new(children)))
            }
            _ => None,
        }
    }

    /// None for bytes that do not have the hash that the parent holds.
    pub(crate) fn verified(bytes: &[u8], hash: &[u8; 32]) -> Option<Self> {
        Self::decode(bytes).filter(|node| node.hash() == *hash)
    }

    /// The hash of a row in a leaf.
    pub(crate) fn find(&self, row: RowId) -> Option<[u8; 32]> {
        match self {
            Self::Leaf(rows) => rows.iter().find(|leaf| leaf.row == row).map(|leaf| leaf.hash),
            Self::Inner(_) => None,
        }
    }

    /// The rows of a leaf, and their hashes.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (RowId, [u8; 32])> {
        let rows = match self {
            Self::Leaf(rows) => rows.as_slice(),
            Self::Inner(_) => &[],
        };
        rows.iter().map(|leaf| (leaf.row, leaf.hash))
    }

    /// Bytes in memory, roughly.
    pub(super) fn weight(&self) -> u64 {
        let bytes = match self {
            Self::Leaf(rows) => 128 + size_of::<Leaf>() * rows.len(),
            Self::Inner(_) => 128 + 512,
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

fn decode_row(bytes: &[u8; ROW_BYTES]) -> Option<Leaf> {
    let (table, rest) = bytes.split_first()?;
    let (id, hash) = rest.split_first_chunk::<16>()?;
    let row = RowId::new(Table::from_number(*table)?, ObjectId(*id));
    Some(Leaf { key: tree_key(row), row, hash: hash.try_into().ok()? })
}

/// A node as a proof shows it.
pub(super) enum Shown<'a> {
    /// Keys and hashes of rows.
    Leaf(Vec<([u8; 32], [u8; 32])>),
    Inner(&'a [[u8; 32]; 16]),
}

/// None for bytes that are no node.
pub(super) fn shown(bytes: &[u8]) -> Option<Shown<'_>> {
    let (label, rest) = bytes.split_first_chunk::<16>()?;
    let (hashes, more) = rest.as_chunks::<32>();
    if !more.is_empty() {
        return None;
    }
    match label {
        LEAF_LABEL => {
            let (rows, odd) = hashes.as_chunks::<2>();
            odd.is_empty().then(|| Shown::Leaf(rows.iter().map(|[key, hash]| (*key, *hash)).collect()))
        }
        INNER_LABEL => Some(Shown::Inner(hashes.try_into().ok()?)),
        _ => None,
    }
}
