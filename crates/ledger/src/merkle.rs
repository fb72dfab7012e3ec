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
    let mut joined = [1; 65];
    let children = left.iter().chain(right);
    joined.iter_mut().skip(1).zip(children).for_each(|(to, from)| *to = *from);
    crypto::sha256(&joined)
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

    /// One node hash in the mean: the leaf closes one subtree for each trailing one bit of the size.
    pub fn append(&mut self, leaf: [u8; 32]) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.edge.push(node);
        // No log becomes that long, but what was edited may say that it is.
        self.size = self.size.saturating_add(1);
    }

    /// The root of a tree of this size (of an empty one: SHA-256 of nothing).
    pub fn root(&self) -> [u8; 32] {
        self.edge.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// The size in 8 bytes, big-endian, then the hashes, largest subtree first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.edge.len());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        self.edge.iter().for_each(|hash| bytes.extend_from_slice(hash));
        bytes
    }

    /// None if there are not as many hashes as a tree of that size has perfect subtrees.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, hashes) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (edge, rest) = hashes.as_chunks::<32>();
        let fits = rest.is_empty() && u32::try_from(edge.len()).ok()? == size.count_ones();
        fits.then(|| Self { size, edge: edge.to_vec() })
    }
}

fn empty_root() -> [u8; 32] {
    crypto::sha256(&[])
}

/// The root of the perfect subtree of 2^level leaves at a place, counted in subtrees of that level.
type HashAt<'a, E> = &'a mut dyn FnMut(u8, u64) -> Result<[u8; 32], E>;

/// The path from leaf `index` to the root of a tree of `size` (RFC 6962, section 2.1.1). `hash_at(level, place)`
/// gives the root of the perfect subtree of 2^level leaves at `place`. A leaf that is not in the tree has no path.
pub fn inclusion_path<E>(
    index: u64,
    size: u64,
    hash_at: &mut dyn FnMut(u8, u64) -> Result<[u8; 32], E>,
) -> Result<Vec<[u8; 32]>, E> {
    let mut path = Vec::new();
    let (mut first, mut end) = (0, size);
    while index < size && end - first > 1 {
        let middle = first + left_leaves(end - first);
        if index < middle {
            path.push(range_root(middle, end, hash_at)?);
            end = middle;
        } else {
            path.push(range_root(first, middle, hash_at)?);
            first = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that a tree of `older` leaves is the beginning of one of `newer` (RFC 6962, section 2.1.2). Nothing
/// needs to be shown of an empty tree or of the same one.
pub fn consistency_path<E>(older: u64, newer: u64, hash_at: HashAt<'_, E>) -> Result<Vec<[u8; 32]>, E> {
    let mut path = Vec::new();
    if older == 0 || older >= newer {
        return Ok(path);
    }
    let (mut first, mut end) = (0, newer);
    while end != older {
        let middle = first + left_leaves(end - first);
        if older <= middle {
            path.push(range_root(middle, end, hash_at)?);
            end = middle;
        } else {
            path.push(range_root(first, middle, hash_at)?);
            first = middle;
        }
    }
    // Where the older tree is a subtree of its own, the verifier knows its root already.
    if first > 0 {
        path.push(range_root(first, end, hash_at)?);
    }
    path.reverse();
    Ok(path)
}

/// The greatest power of two that is less than `leaves`, which are at least two.
fn left_leaves(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The root of the leaves from `first` to before `end`, where `first` divides by any subtree's size in it.
fn range_root<E>(mut first: u64, end: u64, hash_at: HashAt<'_, E>) -> Result<[u8; 32], E> {
    let mut subtrees = Vec::new();
    while let Some(level) = (end - first).checked_ilog2() {
        subtrees.push(hash_at(u8::try_from(level).unwrap_or(u8::MAX), first >> level)?);
        first += 1 << level;
    }
    Ok(subtrees.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root))
}

/// The root that a path leads to; none if the path has the wrong length (RFC 9162, section 2.1.3.2).
pub fn root_from_path(index: u64, size: u64, leaf: [u8; 32], path: &[[u8; 32]]) -> Option<[u8; 32]> {
    if index >= size {
        return None;
    }
    let (mut place, mut last, mut node) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(sibling, &node);
            // A node without a sibling rises as it is, until it is somebody's right one.
            let rises = if place == 0 { 0 } else { place.trailing_zeros() };
            (place, last) = (place >> rises, last >> rises);
        } else {
            node = node_hash(&node, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(node)
}

/// Whether the path proves that the tree of `newer` begins with the tree of `older` (RFC 9162, section 2.1.4.2).
pub fn verify_consistency(
    older: u64,
    newer: u64,
    older_root: &[u8; 32],
    newer_root: &[u8; 32],
    path: &[[u8; 32]],
) -> bool {
    match older {
        0 => path.is_empty() && *older_root == empty_root(),
        _ if older == newer => path.is_empty() && older_root == newer_root,
        _ if older > newer => false,
        _ => roots_from_path(older, newer, older_root, path) == Some((*older_root, *newer_root)),
    }
}

/// The roots of both trees as the path says, where the older tree has leaves and the newer one has more.
fn roots_from_path(older: u64, newer: u64, older_root: &[u8; 32], path: &[[u8; 32]]) -> Option<([u8; 32], [u8; 32])> {
    let (seed, path) = if older.is_power_of_two() { (older_root, path) } else { path.split_first()? };
    let shared = (older - 1).trailing_ones();
    let (mut place, mut last) = ((older - 1) >> shared, (newer - 1) >> shared);
    let (mut old, mut new) = (*seed, *seed);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            let rises = if place == 0 { 0 } else { place.trailing_zeros() };
            (place, last) = (place >> rises, last >> rises);
        } else {
            new = node_hash(&new, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some((old, new))
}

#[cfg(test)]
mod tests;
