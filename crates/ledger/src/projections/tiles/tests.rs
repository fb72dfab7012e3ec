#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::Frontier;
use std::collections::HashMap;

fn leaf(index: u64) -> Hash {
    crypto::sha256(&index.to_be_bytes())
}

/// The root of a perfect subtree, from its leaves.
fn root_of(level: u32, place: u64) -> Hash {
    let mut tree = Frontier::default();
    (place << level..(place + 1) << level).for_each(|index| tree.append(leaf(index)));
    tree.root()
}

type Kept = HashMap<(u8, u64), Tile>;

fn keep(kept: &mut Kept, tiles: Vec<Tile>) {
    kept.extend(tiles.into_iter().map(|tile| ((tile.level, tile.index), tile)));
}

/// Appends `leaves` leaves and stops and resumes at each of `stops`.
fn grown(leaves: u64, stops: &[u64]) -> Kept {
    let (mut tiles, mut kept) = (Tiles::default(), Kept::new());
    for index in 0..leaves {
        if stops.contains(&index) {
            keep(&mut kept, tiles.changed());
            tiles = Tiles::resume(index, &mut |level, place| Ok(kept.get(&(level, place)).cloned())).unwrap().unwrap();
        }
        tiles.append(leaf(index));
    }
    keep(&mut kept, tiles.changed());
    kept
}

#[test]
fn each_hash_is_the_root_of_its_subtree() {
    let kept = grown(66_000, &[]);
    let counts: Vec<_> =
        [(0, 0), (0, 257), (1, 0), (1, 1), (2, 0)].into_iter().map(|at| kept[&at].hashes.len() / 32).collect();
    assert_eq!(counts, [256, 208, 256, 1, 1]);
    for (level, place) in [(0, 0), (0, 65_999), (3, 77), (7, 500), (8, 0), (8, 256), (10, 3), (15, 1), (16, 0)] {
        let (tile_level, tile, hashes) = position(level, place);
        let found = root_in(&kept[&(tile_level, tile)], hashes);
        assert_eq!(found, Some(root_of(level.into(), place)), "level {level}, place {place}");
    }
}

#[test]
fn what_has_not_grown_is_not_there() {
    let kept = grown(300, &[]);
    for (level, place) in [(0, 300), (3, 37), (8, 1)] {
        let (tile_level, tile, hashes) = position(level, place);
        assert_eq!(kept.get(&(tile_level, tile)).and_then(|tile| root_in(tile, hashes)), None);
    }
}

#[test]
fn stopping_and_resuming_changes_nothing() {
    let stops = [0, 1, 255, 256, 257, 511, 512, 60_000, 65_535, 65_536, 65_537];
    assert_eq!(grown(66_000, &stops), grown(66_000, &[]));
}

#[test]
fn tiles_of_another_size_are_not_gone_on_with() {
    let kept = grown(600, &[]);
    let resumed = |leaves| Tiles::resume(leaves, &mut |level, place| Ok(kept.get(&(level, place)).cloned())).unwrap();
    assert!(resumed(600).is_some());
    assert!([599, 601, 700, 1_000].into_iter().all(|leaves| resumed(leaves).is_none()));
}
