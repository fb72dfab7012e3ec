//! What of the store is believed: a row, or its absence, with its path to the state root of the log's head.

use crate::cache::Row;
use crate::keys::MaterialFacts;
use crate::state::{Unproven, tree_key};
use crate::store::{NodeId, StoredNode};
use crate::view::Shared;
use crate::{StoredRow, codec, row_hash};
use domain::{Fault, Object, RowId};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// How often a row is looked at again because the root has moved, before the root is held still.
const LOOKS_MAX: u32 = 4;

/// How often it is looked at again because others append to the same log.
const SHARED_LOOKS_MAX: u32 = 16;

const EDITED: &str = "it was edited, or an old one was put back";
const MISSING: &str = "it is missing";
const INVENTED: &str = "there should be none";

/// A row and its hash.
type Proven = Option<(StoredRow, [u8; 32])>;

impl Shared {
    /// A row, verified: from memory, or read and checked against the state root.
    pub(crate) fn row(&self, id: RowId, material: Option<&MaterialFacts>) -> Result<Arc<Row>, Fault> {
        if let Some(row) = self.rows.get(&id) {
            return Ok(row);
        }
        self.rows.get_or_read(id, || match self.proven(id)? {
            Some((stored, hash)) => self.opened(&stored, hash, material),
            None => Ok(Row::absent(id)),
        })
    }

    /// Rows of a listing: those in memory as they are there, others verified with nodes that are read at once. What was
    /// changed since the listing was read comes as it is now.
    pub(crate) fn listed(&self, found: &[StoredRow]) -> Result<Vec<Option<Object>>, Fault> {
        let root = self.head.load().state;
        let unknown = found.iter().filter(|stored| self.rows.get(&stored.id).is_none());
        let nodes = self.nodes_above(unknown, root)?;
        found.iter().map(|stored| self.one_listed(stored, root, &nodes)).collect()
    }

    fn one_listed(
        &self,
        stored: &StoredRow,
        root: [u8; 32],
        nodes: &HashMap<NodeId, StoredNode>,
    ) -> Result<Option<Object>, Fault> {
        match self.rows.get(&stored.id) {
            Some(row) if row.revision >= stored.revision => return Ok(row.object.clone()),
            // Somebody else changed it, or the change is not published yet.
            Some(_) => {
                self.catch_up()?;
                return Ok(self.row(stored.id, None)?.object.clone());
            }
            None => (),
        }
        if self.fits(stored, root, nodes) {
            return Ok(self.opened(stored, row_hash(stored), None)?.object.clone());
        }
        Ok(self.row(stored.id, None)?.object.clone())
    }

    /// Whether a stored row is the one that the state tree says, without being opened.
    pub(crate) fn check_stored(&self, stored: &StoredRow) -> Result<(), Fault> {
        match self.proven(stored.id)? {
            Some((found, _)) if found == *stored => Ok(()),
            _ => Err(self.damaged(stored.id, EDITED)),
        }
    }

    /// A row as the store has it, or that there is none, with its path to the state root. The store may be ahead of
    /// memory: what does not fit is looked at again, and at last while no commit is between the two.
    pub(crate) fn proven(&self, id: RowId) -> Result<Proven, Fault> {
        let mut root = self.head.load().state;
        for _ in 0..LOOKS_MAX {
            match self.look(root, id) {
                Ok(found) => return Ok(found),
                Err(Unproven::Store(_)) => return Err(Fault::Unavailable),
                Err(Unproven::Differs(_) | Unproven::Node(..)) => {
                    let before = std::mem::replace(&mut root, self.head.load().state);
                    if root == before {
                        break;
                    }
                }
            }
        }
        for _ in 0..SHARED_LOOKS_MAX {
            if self.reader.is_shared() {
                self.catch_up()?;
            }
            if let Some(found) = self.look_while_still(id)? {
                return Ok(found);
            }
        }
        Err(Fault::Unavailable)
    }

    /// Looks while no commit of this process is between store and memory. None: another's is.
    fn look_while_still(&self, id: RowId) -> Result<Option<Proven>, Fault> {
        let _still = self.moving.read().unwrap_or_else(PoisonError::into_inner);
        let head = self.head.load();
        match self.look(head.state, id) {
            Ok(found) => Ok(Some(found)),
            Err(Unproven::Differs(why) | Unproven::Node(_, why)) if head.writable => {
                let ahead = self.reader.is_shared() && self.is_behind(head.size)?;
                if ahead { Ok(None) } else { Err(self.damaged(id, why)) }
            }
            // What a store that failed has written is not known.
            Err(_) => Err(Fault::Unavailable),
        }
    }

    /// Whether the log has more than so many entries.
    fn is_behind(&self, size: u64) -> Result<bool, Fault> {
        let last = self.reader.last_batch().map_err(|_| Fault::Unavailable)?;
        Ok(last.is_some_and(|last| last.first.saturating_add(u64::from(last.count)) > size))
    }

    fn look(&self, root: [u8; 32], id: RowId) -> Result<Proven, Unproven> {
        let read = |nodes: &[NodeId]| self.reader.row_and_nodes(id, nodes);
        let (stored, path) = self.nodes.follow(root, &tree_key(id), read)?;
        match (stored, path.hash_of(id)) {
            (None, None) => Ok(None),
            (Some(stored), Some(hash)) if row_hash(&stored) == hash => Ok(Some((stored, hash))),
            (Some(_), Some(_)) => Err(Unproven::Differs(EDITED)),
            (None, Some(_)) => Err(Unproven::Differs(MISSING)),
            (Some(_), None) => Err(Unproven::Differs(INVENTED)),
        }
    }

    /// A row that is believed, opened.
    pub(crate) fn opened(
        &self,
        stored: &StoredRow,
        hash: [u8; 32],
        material: Option<&MaterialFacts>,
    ) -> Result<Arc<Row>, Fault> {
        let object = if stored.blob.is_empty() {
            None
        } else {
            let keys = self.tenant_keys(stored.tenant)?;
            let plaintext = self.keys.open(&keys, stored, material)?;
            Some(codec::decode(stored, &plaintext).map_err(|unread| match unread {
                codec::Unread::MemoryFull => Fault::MemoryFull,
                codec::Unread::Malformed => Fault::Damaged { row: stored.id, why: "its content cannot be read" },
            })?)
        };
        Ok(Row::new(stored.id, stored.revision, Some(hash), stored.tenant, object))
    }

    /// The alarm: counted each time, told once of a row.
    pub(crate) fn damaged(&self, row: RowId, why: &'static str) -> Fault {
        self.damages.fetch_add(1, Ordering::Relaxed);
        if self.alarmed.get(&row).is_none() {
            self.alarmed.insert(row, ());
            tracing::error!(table = ?row.table, id = %row.id, why, "a row of the store is damaged and is not used");
        }
        Fault::Damaged { row, why }
    }
}
