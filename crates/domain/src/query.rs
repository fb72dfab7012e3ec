//! Questions to the log.

use crate::{ObjectId, Timestamp};

/// All conditions must hold. Newest entries first, at most `limit` of them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EntryQuery {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// A key by name as the caller calls it.
    pub key: Option<String>,
    pub object: Option<ObjectId>,
    /// By name in the caller's tenant, or by id.
    pub principal: Option<String>,
    pub action: Option<String>,
    pub verdict: Option<String>,
    pub request: Option<String>,
    /// Only entries before this index.
    pub before: Option<u64>,
    pub limit: u32,
}

/// One entry as it is shown. The detail is there for whoever may open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryShown {
    pub index: u64,
    pub wall: Timestamp,
    pub request: String,
    pub tenant: String,
    pub principal: String,
    pub principal_name: Option<String>,
    pub tongue: &'static str,
    pub action: String,
    pub objects: Vec<(ObjectId, Option<u32>)>,
    pub verdict: String,
    /// Name and value, as text.
    pub detail: Vec<(String, String)>,
    pub changes: u32,
}

impl EntryShown {
    /// What the detail has under a name.
    pub fn told(&self, name: &str) -> Option<&str> {
        self.detail.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The keys that it is about: objects that are neither the tenant, nor the caller, nor nothing at all.
    pub fn keys(&self) -> impl Iterator<Item = (ObjectId, Option<u32>)> {
        let is_key = |id: ObjectId| {
            let text = id.to_string();
            id != ObjectId::NIL && text != self.tenant && text != self.principal
        };
        self.objects.iter().copied().filter(move |(id, _)| is_key(*id))
    }
}

/// How far a projection is: all entries below `upto` are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub projection: &'static str,
    pub upto: u64,
}

/// A signed checkpoint (C2SP tlog-checkpoint): origin, size, root, in a signed note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointShown {
    pub size: u64,
    pub root: [u8; 32],
    pub note: String,
    /// The log's verifier key (C2SP signed-note), a line.
    pub verifier: String,
}

/// An inclusion proof (RFC 6962, section 2.1.1) of one entry in the tree of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofShown {
    pub index: u64,
    pub entry: Vec<u8>,
    pub path: Vec<[u8; 32]>,
    pub checkpoint: CheckpointShown,
}

/// What proves that a key's material is gone: docs/formats/certificate.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateShown {
    pub key: ObjectId,
    pub versions: Vec<VersionShown>,
    /// The entries that the rows name.
    pub entries: Vec<ProofShown>,
    pub checkpoint: CheckpointShown,
    /// What may be left elsewhere, for people.
    pub remnants: Option<String>,
}

/// One version's row of material, which holds nothing, and its path in the state tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionShown {
    pub number: u32,
    /// None: there never was one.
    pub row: Option<RowShown>,
    pub path: Vec<Vec<u8>>,
}

/// The columns of a row that says that there is nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowShown {
    pub revision: u64,
    pub tenant: ObjectId,
    pub place: ObjectId,
    pub owner: ObjectId,
    pub due: i64,
    /// The entry that emptied it.
    pub entry: u64,
}
