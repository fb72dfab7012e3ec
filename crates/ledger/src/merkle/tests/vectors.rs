//! The vectors of docs/formats/log.md: the known leaves as entries of a log.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::{KNOWN_LEAVES, consistency_of, frontier, hex, known_leaves, path_of, unhex};
use crate::{Checkpoint, StoredBatch, sign_checkpoint, verifier_line};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::SigningKey;
use domain::Timestamp;
use expect_test::expect_file;
use secret::Held;
use serde_json::{Value, json};

const ORIGIN: &str = "keyward.example/log";
const SEED: [u8; 32] = [1; 32];
const STATE: [u8; 32] = [3; 32];
const MAC_KEY: [u8; 32] = [2; 32];

fn signer() -> SigningKey {
    SigningKey::from_seed(Held::keep(&SEED).unwrap()).unwrap()
}

fn hexes(hashes: &[[u8; 32]]) -> Vec<String> {
    hashes.iter().map(|hash| hex(hash)).collect()
}

fn base64s(hashes: &[[u8; 32]]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

fn note(size: usize) -> String {
    let root = frontier(&known_leaves()[..size]).root();
    sign_checkpoint(ORIGIN, &Checkpoint { size: size as u64, root, state: STATE }, &signer())
}

fn trees() -> Value {
    let leaves = known_leaves();
    let sizes = 1..=leaves.len();
    let roots: Vec<String> = (0..=8).map(|size| hex(&frontier(&leaves[..size]).root())).collect();
    let inclusion = sizes.clone().flat_map(|size| (0..size).map(move |index| (index, size))).map(
        |(index, size)| json!({ "index": index, "size": size, "path": hexes(&path_of(index as u64, &leaves[..size])) }),
    );
    let consistency = sizes.flat_map(|newer| (1..=newer).map(move |older| (older, newer))).map(|(older, newer)| {
        json!({ "older": older, "newer": newer, "path": hexes(&consistency_of(older as u64, &leaves[..newer])) })
    });
    json!({
        "entries": KNOWN_LEAVES, "leaf_hashes": hexes(&leaves), "roots": roots,
        "inclusion": inclusion.collect::<Vec<_>>(), "consistency": consistency.collect::<Vec<_>>(),
        "frontier": { "size": 7, "bytes": hex(&frontier(&leaves[..7]).to_bytes()) },
    })
}

/// The last three entries, written at once.
fn batch() -> Value {
    let entries = KNOWN_LEAVES[5..].iter().flat_map(|entry| {
        let entry = unhex(entry);
        [u32::try_from(entry.len()).unwrap().to_be_bytes().to_vec(), entry].concat()
    });
    let mut batch = StoredBatch {
        first: 5,
        count: 3,
        entries: entries.collect(),
        frontier: frontier(&known_leaves()).to_bytes(),
        state: STATE,
        mac: [0; 32],
        wall: Timestamp(1_795_600_383_250),
    };
    batch.mac = crate::committer::batch_mac(&Held::keep(&MAC_KEY).unwrap(), &batch);
    json!({
        "first": batch.first, "count": batch.count, "wall": batch.wall.0, "entries": hex(&batch.entries),
        "frontier": hex(&batch.frontier), "state": hex(&batch.state), "mac_key": hex(&MAC_KEY), "mac": hex(&batch.mac),
    })
}

/// What an auditor is given.
fn proofs() -> (Value, Value) {
    let (leaves, verifier) = (known_leaves(), verifier_line(ORIGIN, &signer().public()));
    let inclusion = json!({
        "index": 5, "entry": STANDARD.encode(unhex(KNOWN_LEAVES[5])), "leaf_hash": STANDARD.encode(leaves[5]),
        "path": base64s(&path_of(5, &leaves)), "checkpoint": note(8), "verifier": verifier,
    });
    let consistency = json!({
        "older": note(5), "newer": note(8), "path": base64s(&consistency_of(5, &leaves)), "verifier": verifier,
    });
    (inclusion, consistency)
}

#[test]
fn the_documents_vectors_are_what_is_written() {
    let (inclusion, consistency) = proofs();
    let checkpoint = json!({
        "origin": ORIGIN, "size": 8, "state": hex(&STATE), "seed": hex(&SEED), "public": hex(&signer().public().0),
        "verifier": verifier_line(ORIGIN, &signer().public()), "note": note(8),
    });
    let vectors = json!({
        "tree": trees(), "batch": batch(), "checkpoint": checkpoint,
        "inclusion_proof": inclusion, "consistency_proof": consistency,
    });
    let written = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    expect_file!["../../../../../docs/formats/vectors/log.json"].assert_eq(&written);
}
