//! What happened. Entry and change are one durable write; no answer leaves without it.
//!
//! The audit log is the commit log: an append-only Merkle log (RFC 6962) of entries in deterministic CBOR,
//! written in batches together with the rows that they change. `docs/formats/` documents every byte.

mod anchor;
mod belief;
mod cache;
mod carried;
mod cbor;
mod certify;
mod checkpoint;
mod codec;
mod committer;
mod entry;
mod history;
mod inspect;
mod keys;
mod merkle;
mod named;
mod open;
mod projections;
mod query;
mod record;
#[doc(hidden)]
pub mod reread;
mod rotate;
mod row;
mod state;
mod statement;
mod store;
mod verify;
mod view;
mod walk;

pub use anchor::{
    ANCHORED_BYTES, Anchor, AnchorBytes, AnchorFault, AnchorStanding, Anchored, TOMBSTONE_BYTES, Tombstone, chained,
};
pub use carried::{read_carried, write_carried};
pub use certify::{Certified, Shown};
pub use checkpoint::{
    Checkpoint, checkpoint_text, cosign, cosigner_line, open_checkpoint, open_cosigned, read_cosigner_line,
    sign_checkpoint, verifier_line,
};
pub use committer::Head;
pub use entry::{
    Clear, Detail, DetailKey, Details, ErrandNote, Malformed, RefusalSum, RowChange, Verdict, decode_entry,
};
pub use inspect::{Inspector, view_snapshot};
pub use keys::{SiteFacts, TenantGrant};
pub use merkle::{
    Frontier, consistency_path, inclusion_path, leaf_hash, node_hash, root_from_path, verify_consistency,
};
pub use named::Named;
pub use open::{FACTS, Founding, Ledger, LedgerConfig, MOVED, OpenFault, Roots, STORE_FORMAT, needed_statement};
pub use query::{Filter, consistency_proof};
pub use record::{Change, Drafted, Effects, Outcome, Receipt, Record, Sealed, Till};
pub use rotate::{RootStanding, Step as RotationStep};
pub use row::{StoredRow, keeps_history, row_hash};
pub use state::{EMPTY as EMPTY_STATE, Hashed, grow_part, grow_state, grow_whole, hash_from_path, tree_key};
pub use statement::{NamedHead, SignedStatement, Statement};
pub use store::{
    Availability, Batch, Done, FormerRow, Locked, NodeId, Part, ProjectionReader, ProjectionWriter, Reader, Scope,
    Segment, Store, StoreFault, StoredBatch, StoredCheckpoint, StoredNode, Tile, Unprojected, Writer,
};
pub use verify::{Finding, Report, Verification, verify_store};
pub use view::{Basis, View, detail_text, entries_of};
pub use walk::RowWalk;

/// Why there is no receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrecorded {
    /// A part of the Basis changed first. Nothing happened.
    Stale,
    /// The log cannot be written. Nothing happened.
    Unavailable,
    /// The entry cannot be made while this row is damaged. Only those who need the row are told so.
    Damaged { row: domain::RowId, why: &'static str },
    /// The store was lost while it wrote, and did not come back in time: it may have happened.
    Unknown,
}
