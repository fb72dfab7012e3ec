//! The tree in tiles (C2SP tlog-tiles, height 8): a tile of level L holds the roots of 256 subtrees of 256^L leaves.

use crate::{StoreFault, Tile, node_hash};

/// A tile is this many levels of the tree high.
pub(crate) const HEIGHT: u8 = 8;
/// Hashes of a full tile.
pub(crate) const WIDTH: u64 = 1 << HEIGHT;

type Hash = [u8; 32];

/// The right edge of the tree in tiles, and the tiles that changed since they were last asked for.
#[derive(Default)]
pub(crate) struct Tiles {
    edge: Vec<Growing>,
    full: Vec<Tile>,
}

/// The newest tile of one level.
#[derive(Default)]
struct Growing {
    index: u64,
    hashes: Vec<Hash>,
    changed: bool,
}

impl Tiles {
    /// Goes on at `leaves` with the tiles that were kept; none if they are not what a tree of that size has.
    pub(crate) fn resume(
        leaves: u64,
        kept: &mut dyn FnMut(u8, u64) -> Result<Option<Tile>, StoreFault>,
    ) -> Result<Option<Self>, StoreFault> {
        let mut edge = Vec::new();
        let mut nodes = leaves;
        for level in 0.. {
            if nodes == 0 {
                break;
            }
            let index = nodes / WIDTH;
            let hashes = match nodes % WIDTH {
                0 => Vec::new(),
                count => match kept(level, index)?.and_then(|tile| exactly(&tile, count)) {
                    Some(hashes) => hashes,
                    None => return Ok(None),
                },
            };
            edge.push(Growing { index, hashes, changed: false });
            nodes /= WIDTH;
        }
        Ok(Some(Self { edge, full: Vec::new() }))
    }

    pub(crate) fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            match self.push(level, node) {
                Some(parent) => node = parent,
                None => return,
            }
        }
    }

    /// The root of the level's tile if this hash has filled it.
    fn push(&mut self, level: u8, node: Hash) -> Option<Hash> {
        if self.edge.len() == usize::from(level) {
            self.edge.push(Growing::default());
        }
        let growing = self.edge.get_mut(usize::from(level))?;
        growing.hashes.push(node);
        growing.changed = true;
        if (growing.hashes.len() as u64) < WIDTH {
            return None;
        }
        let root = fold(&growing.hashes);
        self.full.push(growing.tile(level));
        *growing = Growing { index: growing.index + 1, ..Growing::default() };
        root
    }

    /// The tiles that are new or have grown since this was last called.
    pub(crate) fn changed(&mut self) -> Vec<Tile> {
        let mut tiles = std::mem::take(&mut self.full);
        for (level, growing) in (0..).zip(&mut self.edge) {
            if std::mem::take(&mut growing.changed) && !growing.hashes.is_empty() {
                tiles.push(growing.tile(level));
            }
        }
        tiles
    }

    /// The tiles that became full since this was last called.
    pub(crate) fn filled(&mut self) -> Vec<Tile> {
        std::mem::take(&mut self.full)
    }
}

impl Growing {
    fn tile(&self, level: u8) -> Tile {
        Tile { level, index: self.index, hashes: self.hashes.as_flattened().to_vec() }
    }
}

fn exactly(tile: &Tile, count: u64) -> Option<Vec<Hash>> {
    let (hashes, rest) = tile.hashes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() as u64 == count).then(|| hashes.to_vec())
}

/// The root of a perfect subtree; none of nothing.
fn fold(hashes: &[Hash]) -> Option<Hash> {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    level.pop()
}

/// Which tile holds the root of the subtree of 2^level leaves at `place`, and which of its hashes lead to it.
pub(crate) fn position(level: u8, place: u64) -> (u8, u64, std::ops::Range<usize>) {
    let within = level % HEIGHT;
    let first = place.checked_shl(within.into()).unwrap_or(u64::MAX);
    let offset = usize::try_from(first % WIDTH).unwrap_or(usize::MAX);
    (level / HEIGHT, first / WIDTH, offset..offset.saturating_add(1 << within))
}

/// The root of a range of a tile's hashes; none if the tile has not grown so far.
pub(crate) fn root_in(tile: &Tile, range: std::ops::Range<usize>) -> Option<Hash> {
    fold(tile.hashes.as_chunks::<32>().0.get(range)?)
}

#[cfg(test)]
mod tests;
