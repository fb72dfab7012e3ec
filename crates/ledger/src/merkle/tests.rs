#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod vectors;

use super::*;
use proptest::prelude::*;
use std::convert::Infallible;

type Hash = [u8; 32];

/// RFC 6962, section 2.1, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => crypto::sha256(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// RFC 6962, section 2.1.1.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, other) = match index.checked_sub(left.len()) {
        None => (naive_path(index, left), right),
        Some(index) => (naive_path(index, right), left),
    };
    path.push(naive_root(other));
    path
}

/// RFC 6962, section 2.1.2: SUBPROOF.
fn naive_consistency(older: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if older == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, other) = match older.checked_sub(left.len()) {
        None | Some(0) => (naive_consistency(older, left, whole), right),
        Some(older) => (naive_consistency(older, right, false), left),
    };
    path.push(naive_root(other));
    path
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.append(*leaf));
    frontier
}

/// Perfect subtrees of these leaves. One that is not whole would be a mistake of the caller's.
fn subtree(leaves: &[Hash], level: u8, place: u64) -> Hash {
    let (width, place) = (1_usize << level, usize::try_from(place).unwrap());
    naive_root(&leaves[place * width..(place + 1) * width])
}

fn path_of(index: u64, leaves: &[Hash]) -> Vec<Hash> {
    let mut hash_at = |level, place| Ok::<_, Infallible>(subtree(leaves, level, place));
    inclusion_path(index, leaves.len() as u64, &mut hash_at).unwrap()
}

fn consistency_of(older: u64, leaves: &[Hash]) -> Vec<Hash> {
    let mut hash_at = |level, place| Ok::<_, Infallible>(subtree(leaves, level, place));
    consistency_path(older, leaves.len() as u64, &mut hash_at).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The leaves of the known tests of the Certificate Transparency project.
const KNOWN_LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The roots of the trees of its first leaves.
const KNOWN_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn known_leaves() -> Vec<Hash> {
    KNOWN_LEAVES.iter().map(|leaf| leaf_hash(&unhex(leaf))).collect()
}

#[test]
fn the_known_roots_come_out() {
    for (size, root) in KNOWN_ROOTS.iter().enumerate() {
        assert_eq!(hex(&frontier(&known_leaves()[..size]).root()), *root, "{size}");
    }
}

#[test]
fn the_known_inclusion_paths_come_out() {
    const PATHS: &[(u64, usize, &[&str])] = &[
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (index, size, path) in PATHS {
        let found: Vec<String> = path_of(*index, &known_leaves()[..*size]).iter().map(|hash| hex(hash)).collect();
        assert_eq!(found, *path, "{index} in {size}");
    }
}

#[test]
fn the_known_consistency_paths_come_out() {
    const PATHS: &[(u64, usize, &[&str])] = &[
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (older, newer, path) in PATHS {
        let found: Vec<String> =
            consistency_of(*older, &known_leaves()[..*newer]).iter().map(|hash| hex(hash)).collect();
        assert_eq!(found, *path, "{older} in {newer}");
    }
}

#[test]
fn a_frontier_is_the_naive_tree_and_is_read_back() {
    let leaves = leaves(300);
    let mut grown = Frontier::default();
    for size in 0..=leaves.len() {
        assert_eq!(grown.root(), naive_root(&leaves[..size]), "{size}");
        assert_eq!(grown.size(), size as u64);
        assert_eq!(Frontier::from_bytes(&grown.to_bytes()), Some(grown.clone()), "{size}");
        if let Some(leaf) = leaves.get(size) {
            grown.append(*leaf);
        }
    }
}

#[test]
fn a_frontier_of_the_wrong_length_is_none() {
    let bytes = frontier(&leaves(11)).to_bytes();
    assert_eq!(bytes.len(), 8 + 3 * 32);
    assert_eq!(hex(&bytes[..8]), "000000000000000b");
    for wrong in [&bytes[..bytes.len() - 1], &bytes[..bytes.len() - 32], &[bytes.as_slice(), &[0; 32]].concat(), b""] {
        assert_eq!(Frontier::from_bytes(wrong), None);
    }
    let full = [u64::MAX.to_be_bytes().as_slice(), &[7; 64 * 32]].concat();
    assert_eq!(Frontier::from_bytes(&full).map(|frontier| frontier.size()), Some(u64::MAX));
}

#[test]
fn every_path_of_small_trees_is_the_naive_one_and_proves() {
    let all = leaves(70);
    for size in 1..=all.len() {
        let (leaves, root) = (&all[..size], naive_root(&all[..size]));
        for index in 0..size {
            let path = path_of(index as u64, leaves);
            assert_eq!(path, naive_path(index, leaves), "{index} in {size}");
            assert_eq!(
                root_from_path(index as u64, size as u64, leaves[index], &path),
                Some(root),
                "{index} in {size}"
            );
        }
        for older in 1..=size {
            let path = consistency_of(older as u64, leaves);
            let older_root = naive_root(&all[..older]);
            assert_eq!(path, naive_consistency(older, leaves, true), "{older} in {size}");
            assert!(verify_consistency(older as u64, size as u64, &older_root, &root, &path), "{older} in {size}");
        }
    }
}

#[test]
fn what_is_not_in_the_tree_has_no_path_and_no_root() {
    let all = leaves(5);
    assert_eq!(path_of(5, &all), Vec::<Hash>::new());
    assert_eq!(root_from_path(5, 5, all[0], &[]), None);
    assert_eq!(root_from_path(0, 0, all[0], &[]), None);
}

#[test]
fn an_empty_tree_is_the_beginning_of_every_one() {
    let (empty, root) = (naive_root(&[]), naive_root(&leaves(5)));
    assert_eq!(consistency_of(0, &leaves(5)), Vec::<Hash>::new());
    assert!(verify_consistency(0, 5, &empty, &root, &[]));
    assert!(!verify_consistency(0, 5, &root, &root, &[]));
    assert!(!verify_consistency(0, 5, &empty, &root, &[root]));
    assert!(verify_consistency(5, 5, &root, &root, &[]));
    assert!(!verify_consistency(5, 5, &empty, &root, &[]));
    assert!(!verify_consistency(6, 5, &root, &root, &[]));
}

/// A path with one thing wrong about it.
fn spoilt(path: &[Hash], at: usize, bit: usize) -> Vec<Vec<Hash>> {
    let mut longer = path.to_vec();
    longer.push([bit as u8; 32]);
    let mut spoilt = vec![longer];
    if !path.is_empty() {
        let mut edited = path.to_vec();
        let at = at % path.len();
        edited[at][bit / 8] ^= 1 << (bit % 8);
        spoilt.extend([edited, path[1..].to_vec(), path[..path.len() - 1].to_vec()]);
    }
    spoilt
}

proptest! {
    #[test]
    fn only_the_right_path_proves(size in 1_u64..600, index: prop::sample::Index, at: usize, bit in 0_usize..256) {
        let (leaves, index) = (leaves(size), index.index(size as usize));
        let (root, path) = (frontier(&leaves).root(), path_of(index as u64, &leaves));
        let proves = |index: usize, leaf, path: &[Hash]| root_from_path(index as u64, size, leaf, path) == Some(root);
        prop_assert!(proves(index, leaves[index], &path));
        for wrong in spoilt(&path, at, bit) {
            prop_assert!(!proves(index, leaves[index], &wrong));
        }
        prop_assert!(size == 1 || !proves((index + 1) % size as usize, leaves[index], &path));
        prop_assert!(!proves(index, leaf_hash(b"another"), &path));
    }

    #[test]
    fn only_the_right_beginning_is_consistent(newer in 2_u64..600, older: prop::sample::Index, at: usize, bit in 0_usize..256) {
        let (leaves, older) = (leaves(newer), 1 + older.index(newer as usize - 1));
        let (new_root, old_root) = (frontier(&leaves).root(), frontier(&leaves[..older]).root());
        let older = older as u64;
        let path = consistency_of(older, &leaves);
        prop_assert!(verify_consistency(older, newer, &old_root, &new_root, &path));
        for wrong in spoilt(&path, at, bit) {
            prop_assert!(!verify_consistency(older, newer, &old_root, &new_root, &wrong));
        }
        prop_assert!(!verify_consistency(older, newer, &leaf_hash(b"another"), &new_root, &path));
        prop_assert!(!verify_consistency(older, newer, &old_root, &leaf_hash(b"another"), &path));
    }

    #[test]
    fn no_numbers_make_a_verifier_panic(index: u64, size: u64, other: u64, path in prop::collection::vec(any::<Hash>(), 0..70)) {
        let _ = root_from_path(index, size, [0; 32], &path);
        let _ = root_from_path(index, u64::MAX, [0; 32], &path);
        let _ = verify_consistency(index, other, &[0; 32], &[0; 32], &path);
        let _ = verify_consistency(index, u64::MAX, &[0; 32], &[0; 32], &path);
    }
}

#[test]
fn the_largest_tree_that_anybody_can_name_grows_no_more() {
    let bytes = [u64::MAX.to_be_bytes().as_slice(), &[7; 64 * 32]].concat();
    let mut tree = Frontier::from_bytes(&bytes).unwrap();
    tree.append([0; 32]);
    assert_eq!(tree.size(), u64::MAX);
}
