//! What can be found, in words for people.

use super::Verification;
use crate::NodeId;
use domain::RowId;
use std::fmt;

/// A report names so many findings and counts the rest.
const FINDINGS_MAX: usize = 1_000;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The store could not be read on.
    Unreadable { fault: String },
    /// Entries from `first` to before `end` are not there, and no entry says that they were pruned.
    BatchMissing { first: u64, end: u64 },
    /// A batch says that it begins inside the one before.
    BatchOverlaps { first: u64, expected: u64 },
    /// A batch holds another number of entries than it says.
    BatchCut { first: u64, says: u32, holds: u64 },
    /// A batch does not carry the site's code for what is in it.
    BatchEdited { first: u64 },
    /// The entries of a batch do not lead to the tree that it says they lead to.
    TreeDiffers { first: u64, end: u64 },
    /// The leaves that tiles keep of pruned entries do not lead to the tree of the batch behind them.
    GapDiffers { first: u64, end: u64 },
    /// The bytes of one entry are not those that were hashed when it was written.
    EntryEdited { index: u64 },
    /// One entry is none.
    EntryUnreadable { index: u64 },
    /// An entry says that a row was something else before than the last entry that changed it says.
    ChainBroken { row: RowId, index: u64, before: Option<u64> },
    /// A checkpoint was not signed by this site, or says another size than it is kept under.
    CheckpointForged { size: u64 },
    /// A checkpoint is of another tree.
    CheckpointDiffers { size: u64 },
    /// A checkpoint was signed for more than there is.
    LogShorterThanCheckpoint { size: u64, checkpoint: u64 },
    /// A row names an entry that is not there yet.
    LogShorterThanRow { size: u64, row: RowId, position: u64 },
    /// A row is not what the entry that changed it last says.
    RowEdited { row: RowId, position: u64 },
    /// A row names an entry that is not the last that changed it: an old one was put back.
    RowOld { row: RowId, position: u64, newest: u64 },
    /// A row names an entry that did not change it, or that is not there.
    RowUnknown { row: RowId, position: u64 },
    /// A row is not what the state tree says, or is there or missing against it.
    RowAgainstState { row: RowId },
    /// A node of the state tree is missing, or is not the one that its parent, or the newest batch, says.
    NodeBroken { node: NodeId },
    /// A batch was stored with another state root than its entries name.
    StateDiffers { first: u64 },
    /// An entry made a row that is not there.
    RowMissing { row: RowId, position: u64 },
    /// A tile of hashes is not that of the log.
    TileDiffers { level: u8, index: u64 },
}

/// `Key/0b5c…`, as rows are named in findings.
struct Named<'a>(&'a RowId);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.0.table, self.0.id)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { fault } => write!(f, "the store cannot be read on: {fault}"),
            Self::CheckpointForged { size } => write!(f, "the checkpoint at {size} was not signed by this site"),
            Self::CheckpointDiffers { size } => write!(f, "the checkpoint at {size} was signed for another log"),
            Self::TileDiffers { level, index } => {
                write!(f, "tile {index} of level {level} is not that of the log; remove projections to make it anew")
            }
            Self::LogShorterThanCheckpoint { size, checkpoint } => {
                write!(f, "the log has {size} entries, its newest signed checkpoint {checkpoint}")
            }
            Self::LogShorterThanRow { size, row, position } => {
                write!(f, "the log has {size} entries, row {} was changed by entry {position}", Named(row))
            }
            Self::RowAgainstState { .. }
            | Self::RowEdited { .. }
            | Self::RowOld { .. }
            | Self::RowUnknown { .. }
            | Self::RowMissing { .. } => self.write_row(f),
            _ => self.write_log(f),
        }
    }
}

impl Finding {
    fn write_log(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BatchMissing { first, end } => write!(f, "batch at {first} is missing; entries go on at {end}"),
            Self::BatchOverlaps { first, expected } => write!(f, "batch at {first} begins before entry {expected}"),
            Self::BatchCut { first, says, holds } => {
                write!(f, "batch at {first} says {says} entries and holds {holds}")
            }
            Self::BatchEdited { first } => write!(f, "batch at {first} was edited: its code is not the site's"),
            Self::TreeDiffers { first, end } => {
                write!(
                    f,
                    "entries {first} to {} do not lead to the tree that was stored with them",
                    end.saturating_sub(1)
                )
            }
            Self::GapDiffers { first, end } => {
                let last = end.saturating_sub(1);
                write!(f, "the hashes kept of entries {first} to {last} do not lead to the tree that follows them")
            }
            Self::NodeBroken { node } => {
                write!(f, "node {:x} of the state tree is not the one that was written", node.0)
            }
            Self::StateDiffers { first } => {
                write!(f, "batch at {first} was stored with another state root than its entries name")
            }
            Self::EntryEdited { index } => write!(f, "entry {index} was edited: its hash is not the one in the tree"),
            Self::EntryUnreadable { index } => write!(f, "entry {index} was edited: it cannot be read"),
            Self::ChainBroken { row, index, before: Some(before) } => {
                write!(f, "entry {index} changed another row {} than entry {before} left", Named(row))
            }
            Self::ChainBroken { row, index, before: None } => {
                write!(f, "entry {index} changed row {}, which no entry made", Named(row))
            }
            _ => Ok(()),
        }
    }

    fn write_row(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowEdited { row, position } => write!(f, "row {} is not what entry {position} says", Named(row)),
            Self::RowOld { row, position, newest } => {
                write!(f, "row {} is that of entry {position}, but entry {newest} changed it since", Named(row))
            }
            Self::RowUnknown { row, position } => {
                write!(f, "row {} names entry {position}, and no such entry changed it", Named(row))
            }
            Self::RowAgainstState { row } => write!(f, "row {} is not what the state tree says", Named(row)),
            Self::RowMissing { row, position } => {
                write!(f, "row {} is missing; entry {position} says what it was", Named(row))
            }
            _ => Ok(()),
        }
    }
}

/// What was checked, what was found, and what nobody could have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many entries the log has, and how many of them were pruned.
    pub size: u64,
    pub pruned: u64,
    pub batches: u64,
    pub checkpoints: u64,
    pub rows: u64,
    pub findings: Vec<Finding>,
    /// Findings beyond those that are named.
    pub more_findings: u64,
    /// Sentences for people: what this check cannot see.
    pub unseen: Vec<&'static str>,
}

const UNSEEN: [&str; 2] = [
    "a whole tail of the log that was cut together with its checkpoints and the rows that it changed",
    "a row that was put back together with the log and the checkpoints that it belongs to",
];
const NO_VERIFIER: &str = "checkpoints, since the key that signs them is not at hand";
const NO_CODE: &str = "the codes of batches, since the site's key is not at hand";

impl Report {
    pub(super) fn new(how: &Verification<'_>) -> Self {
        let mut unseen = UNSEEN.to_vec();
        unseen.extend(how.verifier.is_none().then_some(NO_VERIFIER));
        unseen.extend(how.mac.is_none().then_some(NO_CODE));
        Self { size: 0, pruned: 0, batches: 0, checkpoints: 0, rows: 0, findings: Vec::new(), more_findings: 0, unseen }
    }

    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn found(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more_findings = self.more_findings.saturating_add(1);
        }
    }
}
