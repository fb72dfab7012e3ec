#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use domain::{ObjectId, Table};
use expect_test::expect_file;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Nodes as a store keeps them.
#[derive(Clone, Default)]
struct Kept {
    nodes: BTreeMap<NodeId, Vec<u8>>,
    root: [u8; 32],
    rows: BTreeMap<RowId, [u8; 32]>,
}

fn row(number: u64) -> RowId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    RowId::new(Table::Key, ObjectId(id))
}

fn hash(number: u64) -> [u8; 32] {
    crypto::sha256(&number.to_be_bytes())
}

impl Kept {
    /// Rows one to `count`, each with the hash of its own number, as batches of some size.
    fn of(count: u64, batch: usize) -> Self {
        let mut kept = Self::default();
        for numbers in (1..=count).collect::<Vec<_>>().chunks(batch) {
            kept.put(&numbers.iter().map(|number| (*number, *number)).collect::<Vec<_>>()).unwrap();
        }
        kept
    }

    fn read(&self, ids: &[NodeId]) -> Vec<StoredNode> {
        let found = ids.iter().filter_map(|id| Some(StoredNode { id: *id, bytes: self.nodes.get(id)?.clone() }));
        found.collect()
    }

    /// Rows become the hashes of numbers.
    fn put(&mut self, rows: &[(u64, u64)]) -> Result<[u8; 32], Unproven> {
        let changes: Vec<_> = rows
            .iter()
            .map(|(number, of)| {
                let (row, after) = (row(*number), hash(*of));
                RowChange { row, before: self.rows.get(&row).copied(), after }
            })
            .collect();
        let (nodes, read) = (Nodes::new(), |ids: &[NodeId]| Ok(self.read(ids)));
        let mut update = Update::new(&nodes, &read, self.root);
        update.put(&changes)?;
        let root = update.root();
        let stored = update.finish().0;
        self.rows.extend(changes.iter().map(|change| (change.row, change.after)));
        self.nodes.extend(stored.into_iter().map(|node| (node.id, node.bytes)));
        self.root = root;
        Ok(root)
    }

    /// Root and nodes, made at once from all rows.
    fn whole(&self) -> ([u8; 32], BTreeMap<NodeId, Vec<u8>>) {
        let mut rows: Vec<_> = self.rows.iter().map(|(row, hash)| (*row, *hash)).collect();
        rows.sort_by_key(|(row, _)| tree_key(*row));
        let mut nodes = BTreeMap::new();
        let mut each = |node: StoredNode| {
            assert!(nodes.insert(node.id, node.bytes).is_none(), "written twice");
            Ok(())
        };
        let root = grow_whole(&mut rows.into_iter().map(Ok), &mut each).unwrap();
        (root, nodes)
    }

    fn look(&self, nodes: &Nodes, row: RowId) -> Result<Option<[u8; 32]>, Unproven> {
        Ok(self.path(nodes, row)?.hash_of(row))
    }

    fn path(&self, nodes: &Nodes, row: RowId) -> Result<Path, Unproven> {
        nodes.follow(self.root, &tree_key(row), |ids| Ok(((), self.read(ids)))).map(|((), path)| path)
    }

    fn shown(&self, row: RowId) -> Vec<Vec<u8>> {
        self.path(&Nodes::new(), row).ok().unwrap().0.iter().map(|node| node.hashed()).collect()
    }
}

#[test]
fn every_row_is_found_and_no_other() {
    for count in [0, 1, 32, 33, 500] {
        let (kept, warm) = (Kept::of(count, 7), Nodes::new());
        for number in 1..=count + 50 {
            let expected = (number <= count).then(|| hash(number));
            assert_eq!(kept.look(&warm, row(number)), Ok(expected), "{number} of {count}");
            assert_eq!(kept.look(&Nodes::new(), row(number)), Ok(expected), "{number} of {count}");
            assert_eq!(hash_from_path(&kept.root, &kept.shown(row(number)), row(number)), Some(expected));
        }
        let other = RowId { table: Table::Name, ..row(1) };
        assert_eq!(kept.look(&warm, other), Ok(None));
    }
}

#[test]
fn the_root_says_what_the_rows_are_and_nothing_of_how_they_came() {
    let whole = Kept::of(300, 300);
    assert_eq!((whole.root, &whole.nodes), (Kept::of(300, 1).root, &Kept::of(300, 7).nodes));
    let mut changed = whole.clone();
    changed.put(&[(17, 99)]).unwrap();
    assert_ne!(changed.root, whole.root);
    changed.put(&[(17, 17)]).unwrap();
    assert_eq!((changed.root, changed.nodes), (whole.root, whole.nodes));
}

#[test]
fn a_change_writes_its_way_and_no_more() {
    let mut kept = Kept::of(5_000, 500);
    let before = kept.nodes.clone();
    kept.put(&[(17, 99)]).unwrap();
    let written = kept.nodes.iter().filter(|(id, bytes)| before.get(id) != Some(*bytes)).count();
    assert_eq!((written, kept.nodes.len()), (kept.shown(row(17)).len(), before.len()));
    assert!(written <= 4, "{written}");
}

#[test]
fn a_change_of_what_was_not_so_changes_nothing() {
    let mut kept = Kept::of(100, 10);
    let (nodes, root) = (kept.nodes.clone(), kept.root);
    for wrong in [Some(hash(5)), None] {
        kept.rows.remove(&row(4));
        kept.rows.extend(wrong.map(|wrong| (row(4), wrong)));
        assert!(matches!(kept.put(&[(3, 33), (4, 44)]), Err(Unproven::Differs(_))));
    }
    assert_eq!((kept.nodes, kept.root), (nodes, root));
}

#[test]
fn nodes_that_were_edited_swapped_or_removed_are_not_believed() {
    let kept = Kept::of(2_000, 200);
    let way: Vec<NodeId> = Nodes::new().wanted([1; 32], &tree_key(row(9)));
    let ids: Vec<NodeId> = kept.nodes.keys().copied().filter(|id| way.contains(id) || *id == NodeId::ROOT).collect();
    assert!(!ids.is_empty());
    for id in ids {
        let mut removed = kept.clone();
        removed.nodes.remove(&id);
        assert_eq!(removed.look(&Nodes::new(), row(9)), Err(Unproven::Node(id, NODE_MISSING)));
        for at in 0..kept.nodes[&id].len() {
            let mut edited = kept.clone();
            edited.nodes.get_mut(&id).unwrap()[at] ^= 1;
            assert_eq!(edited.look(&Nodes::new(), row(9)), Err(Unproven::Node(id, NODE_EDITED)), "{id:?} at {at}");
        }
        let mut old = kept.clone();
        old.put(&[(9, 1_000)]).unwrap();
        old.nodes.insert(id, kept.nodes[&id].clone());
        assert_eq!(old.look(&Nodes::new(), row(9)), Err(Unproven::Node(id, NODE_EDITED)));
    }
}

#[test]
fn a_proof_of_something_else_proves_nothing() {
    let kept = Kept::of(300, 50);
    let (path, other) = (kept.shown(row(5)), kept.shown(row(6)));
    assert!(path.len() >= 2 && path.last() != other.last());
    let none = |path: &[Vec<u8>]| assert_eq!(hash_from_path(&kept.root, path, row(5)), None);
    none(&other);
    none(&path[..path.len() - 1]);
    none(&path[1..]);
    none(&[]);
    none(&[path.as_slice(), &path[path.len() - 1..]].concat());
    assert_eq!(hash_from_path(&[1; 32], &path, row(5)), None);
    for (at, node) in path.iter().enumerate() {
        for byte in [0, 16, node.len() - 1] {
            let mut edited = path.clone();
            edited[at][byte] ^= 1;
            none(&edited);
        }
    }
}

#[test]
fn the_whole_tree_at_once_is_the_same() {
    for count in [0, 1, 32, 33, 600, 20_000] {
        let kept = Kept::of(count, 4_096);
        assert!(kept.whole() == (kept.root, kept.nodes.clone()), "{count}");
    }
    let rows = [2, 1].map(row);
    let mut twice = rows.iter().chain(&rows).map(|row| Ok((*row, hash(1))));
    assert!(grow_whole(&mut twice, &mut |_| Ok(())).is_err(), "rows that come twice");
}

proptest! {
    #[test]
    fn rows_in_any_order_and_batches_lead_to_one_tree(
        mut numbers in prop::collection::hash_set(1_u64..2_000, 1..200).prop_map(|set| set.into_iter().collect::<Vec<_>>()),
        size in 1_usize..40,
    ) {
        let mut kept = Kept::default();
        for batch in numbers.chunks(size) {
            kept.put(&batch.iter().map(|number| (*number, *number)).collect::<Vec<_>>()).unwrap();
        }
        numbers.sort_unstable();
        let mut sorted = Kept::default();
        sorted.put(&numbers.iter().map(|number| (*number, *number)).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(kept.root, sorted.root);
        prop_assert_eq!(&kept.nodes, &sorted.nodes);
        prop_assert_eq!(kept.whole(), (kept.root, kept.nodes.clone()));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in any::<Vec<u8>>(), path in any::<Vec<Vec<u8>>>()) {
        let _ = Node::decode(&bytes);
        let _ = hash_from_path(&[0; 32], &path, row(1));
        let root = crypto::sha256(&bytes);
        let _ = hash_from_path(&root, &[bytes], row(1));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tree(count: u64) -> Value {
    let kept = Kept::of(count, 10);
    let rows = (1..=count).map(|number| {
        let (row, hash) = (row(number), hash(number));
        json!({ "table": row.table as u8, "id": hex(&row.id.0), "key": hex(&tree_key(row)), "hash": hex(&hash) })
    });
    let nodes = kept.nodes.iter().map(|(id, bytes)| json!({ "id": id.0, "bytes": hex(bytes) }));
    let proofs = [1, count, count + 1].map(|number| {
        let row = row(number);
        json!({
            "table": row.table as u8, "id": hex(&row.id.0), "hash": kept.rows.get(&row).map(|hash| hex(hash)),
            "path": kept.shown(row).iter().map(|node| hex(node)).collect::<Vec<_>>(),
        })
    });
    json!({
        "rows": rows.collect::<Vec<_>>(), "root": hex(&kept.root), "nodes": nodes.collect::<Vec<_>>(), "proofs": proofs,
    })
}

#[test]
fn the_documents_vectors_are_what_is_written() {
    let trees = [0, 1, 32, 33, 100].map(tree);
    let vectors = json!({ "trees": trees });
    let written = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    expect_file!["../../../../docs/formats/vectors/state.json"].assert_eq(&written);
}
