//! Before the house opens: the store must be at or ahead of every anchor.

use super::{Anchor, Anchored, Tombstone, chained};
use crate::keys::Keys;
use crate::statement::{NamedHead, SignedStatement};
use crate::store::{Reader, StoredBatch};
use crate::view::entries_of;
use crate::{Frontier, OpenFault, decode_entry, leaf_hash};
use domain::{RecoveryHalves, RowId, Timestamp};

/// Batches that are held in memory at once while the store is followed from the anchor on.
const BATCHES: u32 = 64;

/// A row that an entry changed: which, by which entry, when.
pub(crate) type Changed = (RowId, u64, Timestamp);

/// What the anchors say of a store that may be opened.
#[derive(Default)]
pub(crate) struct Checked {
    /// All that was destroyed before the anchored head.
    pub(crate) tombstones: Vec<Tombstone>,
    /// Rows that entries beyond the anchored head have changed: some may be destructions.
    pub(crate) changed: Vec<Changed>,
    /// Anchors that hold nothing, beside others that do.
    pub(crate) missing: Vec<usize>,
    /// The statement was obeyed: the anchors are begun anew once that is recorded.
    pub(crate) recovered: bool,
}

/// A store as far as it is known before it is opened.
pub(crate) struct Found<'a> {
    pub(crate) reader: &'a dyn Reader,
    pub(crate) keys: &'a Keys,
    pub(crate) frontier: &'a Frontier,
}

/// Refuses a store that is older than its anchors or another one, unless the holder of the recovery key has signed for
/// exactly this store and these anchors.
pub(crate) fn check(
    anchors: &mut [Box<dyn Anchor>],
    found: &Found<'_>,
    statement: Option<(&SignedStatement, Option<RecoveryHalves>)>,
) -> Result<Checked, OpenFault> {
    if anchors.is_empty() {
        return Ok(Checked::default());
    }
    let seen = Seen::read(anchors, found)?;
    let verdict = seen.verdict(found);
    let Some((statement, recovery)) = statement else {
        let changed = verdict?;
        return Ok(Checked { changed, ..seen.checked(anchors)? });
    };
    if verdict.is_ok() {
        return Err(OpenFault::NothingToRecover);
    }
    let halves = recovery.ok_or(OpenFault::NoRecoveryKey)?;
    let anchor = seen.newest().map(|(_, anchored)| NamedHead { size: anchored.size, root: anchored.root });
    let store = NamedHead { size: found.frontier.size(), root: found.frontier.root() };
    statement.allows(&found.keys.facts.site, store, anchor, &halves)?;
    Ok(Checked { recovered: true, ..seen.checked(anchors)? })
}

/// Both heads of a site, for a statement about them.
pub(crate) fn heads(
    anchors: &mut [Box<dyn Anchor>],
    found: &Found<'_>,
) -> Result<(Option<NamedHead>, Option<OpenFault>), OpenFault> {
    let seen = Seen::read(anchors, found)?;
    let anchor = seen.newest().map(|(_, anchored)| NamedHead { size: anchored.size, root: anchored.root });
    Ok((anchor, seen.verdict(found).err()))
}

/// What each anchor holds.
struct Seen {
    readable: Vec<(usize, Anchored)>,
    missing: Vec<usize>,
    names: Vec<String>,
}

impl Seen {
    fn read(anchors: &mut [Box<dyn Anchor>], found: &Found<'_>) -> Result<Self, OpenFault> {
        let mut seen = Self { readable: Vec::new(), missing: Vec::new(), names: Vec::new() };
        for (at, anchor) in anchors.iter_mut().enumerate() {
            let name = anchor.name();
            match anchor.read() {
                Ok(Some(bytes)) => seen.readable.push((at, genuine(&bytes, found, &name)?)),
                Ok(None) => seen.missing.push(at),
                Err(fault) => tracing::error!(anchor = %name, fault = %fault.0, "the anchor cannot be read"),
            }
            seen.names.push(name);
        }
        Ok(seen)
    }

    fn newest(&self) -> Option<(usize, Anchored)> {
        self.readable.iter().max_by_key(|(_, anchored)| anchored.size).copied()
    }

    /// The rows that were changed beyond the newest anchor, if the store extends all of them.
    fn verdict(&self, found: &Found<'_>) -> Result<Vec<Changed>, OpenFault> {
        let none = || OpenFault::NoAnchor { anchors: self.names.join(", ") };
        let (newest, _) = self.newest().ok_or_else(none)?;
        let mut beyond = Vec::new();
        for (at, anchored) in &self.readable {
            let name = self.names.get(*at).cloned().unwrap_or_default();
            let changed = follow(found, anchored, &name)?;
            if *at == newest {
                beyond = changed;
            }
        }
        Ok(beyond)
    }

    fn checked(self, anchors: &mut [Box<dyn Anchor>]) -> Result<Checked, OpenFault> {
        let mut checked = Checked::default();
        if let Some((at, anchored)) = self.newest()
            && let Some(anchor) = anchors.get_mut(at)
        {
            let failed = |why: String| OpenFault::AnchorDamaged { anchor: self.names.join(", "), why };
            checked.tombstones = anchor.tombstones(anchored.destroyed).map_err(|fault| failed(fault.0))?;
            if chained(&checked.tombstones) != anchored.destroyed_hash {
                return Err(failed("its tombstones are not those that it counts".into()));
            }
        }
        checked.missing = self.missing;
        Ok(checked)
    }
}

fn genuine(bytes: &super::AnchorBytes, found: &Found<'_>, name: &str) -> Result<Anchored, OpenFault> {
    let damaged = |why: &str| OpenFault::AnchorDamaged { anchor: name.to_owned(), why: why.to_owned() };
    let anchored = Anchored::read(bytes).ok_or_else(|| damaged("it is of a format that this release does not know"))?;
    if anchored.site != found.keys.facts.site {
        return Err(OpenFault::AnchorForeign { anchor: name.to_owned() });
    }
    match Anchored::is_genuine(bytes, &found.keys.signer.public()) {
        true => Ok(anchored),
        false => Err(damaged("it was not signed by this site")),
    }
}

/// Walks from the anchored head to the store's. Each batch on the way must be genuine and lead to the next.
fn follow(found: &Found<'_>, anchored: &Anchored, name: &str) -> Result<Vec<Changed>, OpenFault> {
    let (size, anchor) = (found.frontier.size(), name.to_owned());
    if size < anchored.size {
        return Err(OpenFault::StoreBehindAnchor { size, anchored: anchored.size, anchor });
    }
    let differs = || OpenFault::StoreContradictsAnchor { anchored: anchored.size, anchor: name.to_owned() };
    let mut tree = anchored_tree(found, anchored)?.ok_or_else(differs)?;
    let mut changed = Vec::new();
    while tree.size() < size {
        let batches = read(found.reader.batches(tree.size(), BATCHES))?;
        if batches.is_empty() {
            return Err(differs());
        }
        for batch in batches {
            let next = extended(&tree, &batch, found.keys).ok_or_else(differs)?;
            changed.extend(changes_of(&batch));
            tree = next;
        }
    }
    if tree == *found.frontier { Ok(changed) } else { Err(differs()) }
}

/// The tree that was anchored, from the batch that ends there: heads are anchored where batches end.
fn anchored_tree(found: &Found<'_>, anchored: &Anchored) -> Result<Option<Frontier>, OpenFault> {
    if anchored.size == 0 {
        return Ok(Some(Frontier::default()));
    }
    let Some(batch) = read(found.reader.batch_with(anchored.size - 1))? else { return Ok(None) };
    let genuine = batch.is_genuine(&found.keys.batch_mac);
    let tree = Frontier::from_bytes(&batch.frontier).filter(|tree| genuine && tree.size() == anchored.size);
    let tree = tree.filter(|_| batch.state == anchored.state);
    Ok(tree.filter(|tree| tree.root() == anchored.root))
}

/// The tree after the batch, if it is genuine and follows.
fn extended(tree: &Frontier, batch: &StoredBatch, keys: &Keys) -> Option<Frontier> {
    if !batch.is_genuine(&keys.batch_mac) || batch.first != tree.size() {
        return None;
    }
    let mut tree = tree.clone();
    entries_of(&batch.entries).for_each(|entry| tree.append(leaf_hash(entry)));
    Frontier::from_bytes(&batch.frontier).filter(|says| *says == tree)
}

fn changes_of(batch: &StoredBatch) -> Vec<Changed> {
    let mut changed = Vec::new();
    for (entry, position) in entries_of(&batch.entries).zip(batch.first..) {
        let Ok(clear) = decode_entry(entry) else { continue };
        changed.extend(clear.rows.iter().map(|change| (change.row, position, clear.wall)));
    }
    changed
}

fn read<T>(result: Result<T, crate::StoreFault>) -> Result<T, OpenFault> {
    result.map_err(|fault| OpenFault::Store(fault.0))
}
