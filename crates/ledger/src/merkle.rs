//! The Merkle tree of the log: RFC 6962, section 2.1, with SHA-256.

/// The hash of one entry: SHA-256(0x00, entry).
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    let mut hash = crypto::Sha256::new();
    hash.update(&[0]);
    hash.update(entry);
    hash.finish()
}

/// The hash of an inner node: SHA-256(0x01, left, right).
pub fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut hash = crypto::Sha256::new();
    hash.update(&[1]);
    hash.update(left);
    hash.update(right);
    hash.finish()
}

/// The right edge of the tree: the roots of its perfect subtrees, largest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    edge: Vec<[u8; 32]>,
}

impl Frontier {
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn append(&mut self, leaf: [u8; 32]) {
        let _ = (leaf, &self.edge);
        self.size += 1;
    }

    /// The root of a tree of this size (of an empty one: SHA-256 of nothing).
    pub fn root(&self) -> [u8; 32] {
        [0; 32]
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let _ = bytes;
        None
    }
}

/// The path from leaf `index` to the root of a tree of `size` (RFC 6962, section 2.1.1). `hash_at(level, place)`
/// gives the root of the perfect subtree of 2^level leaves at `place`.
pub fn inclusion_path<E>(
    index: u64,
    size: u64,
    hash_at: &mut dyn FnMut(u8, u64) -> Result<[u8; 32], E>,
) -> Result<Vec<[u8; 32]>, E> {
    let _ = (index, size, hash_at);
    Ok(Vec::new())
}

/// The root that a path leads to; none if the path has the wrong length.
pub fn root_from_path(index: u64, size: u64, leaf: [u8; 32], path: &[[u8; 32]]) -> Option<[u8; 32]> {
    let _ = (index, size, leaf, path);
    None
}

/// The text of a checkpoint (C2SP tlog-checkpoint), to be signed: origin, size, root in base64, a line each.
pub fn checkpoint_text(origin: &str, size: u64, root: &[u8; 32]) -> String {
    let _ = (origin, size, root);
    String::new()
}
