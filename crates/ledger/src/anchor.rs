//! What the log was, kept where its store is not. docs/formats/anchor.md.
//!
//! A change is answered only once an anchor holds a head that has it; a use is answered at once, and anchored within a
//! second. So after any crash the store is at or ahead of its anchor, and a store that is behind was put back.

mod keeper;
mod start;

pub(crate) use keeper::{Due, Keeper};
pub(crate) use start::{Changed, Checked, Found, check, heads};

use domain::{RowId, Table, Timestamp};
use std::sync::atomic::{AtomicBool, AtomicU64};

/// Bytes of an anchored head as it is kept.
pub const ANCHORED_BYTES: usize = 208;
/// Bytes of one tombstone as it is kept.
pub const TOMBSTONE_BYTES: usize = 40;
const MAGIC: &[u8; 8] = b"KWanch\x00\x01";
const SIGNED_BYTES: usize = ANCHORED_BYTES - 64;

/// A head of the log, and how many things were destroyed up to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchored {
    pub site: [u8; 16],
    pub size: u64,
    pub root: [u8; 32],
    /// The root of the state tree.
    pub state: [u8; 32],
    /// How many tombstones there are, and the hash that they chain up to.
    pub destroyed: u64,
    pub destroyed_hash: [u8; 32],
    pub wall: Timestamp,
}

/// Something that was destroyed, so that no older copy brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tombstone {
    /// A key as a whole, or one row of material, a KEK or a log key.
    pub row: RowId,
    /// The entry that destroyed it.
    pub position: u64,
    pub wall: Timestamp,
}

/// An anchor could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorFault(pub String);

/// An anchored head with the site's signature, as bytes.
pub type AnchorBytes = [u8; ANCHORED_BYTES];

/// A place outside the store that remembers the newest head. Each call reaches the place itself.
pub trait Anchor: Send {
    /// What and where it is, for people.
    fn name(&self) -> String;

    /// The newest whole record; none where the place holds nothing at all.
    fn read(&mut self) -> Result<Option<AnchorBytes>, AnchorFault>;

    /// The first `count` tombstones, in the order in which they were written.
    fn tombstones(&mut self, count: u64) -> Result<Vec<Tombstone>, AnchorFault>;

    /// Durably: the tombstones after the first `kept` are these, and then the record is the newest.
    fn write(&mut self, record: &AnchorBytes, kept: u64, fresh: &[Tombstone]) -> Result<(), AnchorFault>;

    /// Durably begins anew, whatever was there: this record, and all tombstones.
    fn begin(&mut self, record: &AnchorBytes, tombstones: &[Tombstone]) -> Result<(), AnchorFault>;
}

impl Anchored {
    /// The record that is kept, signed by the key of the site's checkpoints.
    pub fn signed(&self, key: &crypto::SigningKey) -> AnchorBytes {
        let mut bytes = Vec::with_capacity(ANCHORED_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.site);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend_from_slice(&self.root);
        bytes.extend_from_slice(&self.state);
        bytes.extend_from_slice(&self.destroyed.to_be_bytes());
        bytes.extend_from_slice(&self.destroyed_hash);
        bytes.extend_from_slice(&self.wall.0.to_be_bytes());
        let signature = key.sign(&bytes);
        bytes.extend_from_slice(&signature);
        bytes.try_into().unwrap_or([0; ANCHORED_BYTES])
    }

    /// What a record says, whoever wrote it; none for other bytes.
    pub fn read(bytes: &AnchorBytes) -> Option<Self> {
        let mut at = Cut(bytes.strip_prefix(MAGIC)?);
        Some(Self {
            site: at.take()?,
            size: u64::from_be_bytes(at.take()?),
            root: at.take()?,
            state: at.take()?,
            destroyed: u64::from_be_bytes(at.take()?),
            destroyed_hash: at.take()?,
            wall: Timestamp(i64::from_be_bytes(at.take()?)),
        })
    }

    /// Whether the site signed it.
    pub fn is_genuine(bytes: &AnchorBytes, key: &crypto::VerifyingKey) -> bool {
        let (text, signature) = bytes.split_at(SIGNED_BYTES);
        signature.try_into().is_ok_and(|signature| key.verify(text, signature))
    }
}

/// Fields of fixed length, one after the other.
struct Cut<'a>(&'a [u8]);

impl Cut<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}

impl Tombstone {
    /// Table 1 byte, 7 zeros, id 16, position 8, wall 8.
    pub fn to_bytes(self) -> [u8; TOMBSTONE_BYTES] {
        let mut bytes = Vec::with_capacity(TOMBSTONE_BYTES);
        bytes.extend_from_slice(&[self.row.table as u8, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&self.row.id.0);
        bytes.extend_from_slice(&self.position.to_be_bytes());
        bytes.extend_from_slice(&self.wall.0.to_be_bytes());
        bytes.try_into().unwrap_or([0; TOMBSTONE_BYTES])
    }

    pub fn from_bytes(bytes: &[u8; TOMBSTONE_BYTES]) -> Option<Self> {
        let mut at = Cut(bytes);
        let [table, zeros @ ..] = at.take::<8>()?;
        if zeros != [0; 7] {
            return None;
        }
        let row = RowId::new(Table::from_number(table)?, domain::ObjectId(at.take()?));
        let position = u64::from_be_bytes(at.take()?);
        Some(Self { row, position, wall: Timestamp(i64::from_be_bytes(at.take()?)) })
    }

    /// The next link of the chain: SHA-256(former hash, tombstone).
    pub fn chain(self, former: &[u8; 32]) -> [u8; 32] {
        crypto::sha256(&[former.as_slice(), &self.to_bytes()].concat())
    }
}

/// What tombstones chain up to, from nothing.
pub fn chained(tombstones: &[Tombstone]) -> [u8; 32] {
    tombstones.iter().fold([0; 32], |hash, tombstone| tombstone.chain(&hash))
}

/// Tables of which the end of a row is kept: what was in them must not come back.
pub(crate) fn leaves_tombstone(table: Table) -> bool {
    matches!(table, Table::Material | Table::Kek | Table::LogKey)
}

/// How the anchors are, for whoever decides on changes and for people.
#[derive(Default)]
pub(crate) struct Standing {
    /// Whether there is any anchor.
    pub(crate) anchored: AtomicBool,
    /// No anchor can be written: changes are refused.
    pub(crate) unwritable: AtomicBool,
    /// Some anchor can't be written or read.
    pub(crate) alarm: AtomicBool,
    /// Store or anchor is not what it was: everything is refused.
    pub(crate) contradicted: AtomicBool,
    /// The size that is anchored.
    pub(crate) size: AtomicU64,
}

/// How the anchors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorStanding {
    /// This ledger has none: tests and measurements.
    None,
    Sound,
    /// One of several cannot be written.
    Alarm,
    /// None can be written: changes are refused, uses go on.
    Unwritable,
    /// Store or anchor were put back while the house was open: everything is refused.
    Contradicted,
}

impl Standing {
    pub(crate) fn told(&self) -> AnchorStanding {
        use std::sync::atomic::Ordering::Relaxed;
        match self {
            all if all.contradicted.load(Relaxed) => AnchorStanding::Contradicted,
            all if all.unwritable.load(Relaxed) => AnchorStanding::Unwritable,
            all if all.alarm.load(Relaxed) => AnchorStanding::Alarm,
            all if all.anchored.load(Relaxed) => AnchorStanding::Sound,
            _ => AnchorStanding::None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::SignedStatement;

    fn hex(value: &serde_json::Value) -> Vec<u8> {
        let digits = value.as_str().unwrap().as_bytes();
        digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    fn vectors() -> serde_json::Value {
        serde_json::from_str(include_str!("../../../docs/formats/vectors/anchor-v1.json")).unwrap()
    }

    #[test]
    fn records_and_tombstones_are_as_the_document_says() {
        let known = vectors();
        let key = crypto::VerifyingKey(hex(&known["verifier"]).try_into().unwrap());
        for file in known["files"].as_array().unwrap() {
            let (bytes, reads) = (hex(&file["file"]), &file["reads"]);
            let at = 4_096 * usize::try_from(reads["sequence"].as_u64().unwrap() % 2).unwrap() + 8;
            let record: AnchorBytes = bytes[at..at + ANCHORED_BYTES].try_into().unwrap();
            assert!(Anchored::is_genuine(&record, &key));
            let anchored = Anchored::read(&record).unwrap();
            assert_eq!((Some(anchored.size), anchored.root.to_vec()), (reads["size"].as_u64(), hex(&reads["root"])));
            assert_eq!(
                (anchored.site.to_vec(), anchored.state.to_vec()),
                (hex(&reads["site"]), hex(&reads["state_root"]))
            );
            assert_eq!(Some(anchored.wall.0), reads["wall"].as_i64());
            let count = usize::try_from(anchored.destroyed).unwrap();
            let raw = bytes[8_192..].as_chunks::<TOMBSTONE_BYTES>().0;
            let tombstones: Vec<_> = raw.iter().take(count).map(|one| Tombstone::from_bytes(one).unwrap()).collect();
            assert_eq!(chained(&tombstones), anchored.destroyed_hash);
            for (one, said) in tombstones.iter().zip(reads["tombstones"].as_array().unwrap()) {
                assert_eq!(one.row.id.0.to_vec(), hex(&said["id"]));
                assert_eq!((Some(one.position), Some(one.wall.0)), (said["entry"].as_u64(), said["wall"].as_i64()));
                assert_eq!(Tombstone::from_bytes(&one.to_bytes()), Some(*one));
            }
            for at in [0, 8, 24, 100, 143, 207] {
                let mut edited = record;
                edited[at] ^= 1;
                assert!(!Anchored::is_genuine(&edited, &key), "byte {at}");
            }
        }
    }

    #[test]
    fn records_are_signed_as_the_document_says() {
        let key = crypto::SigningKey::from_seed(secret::Held::keep(&[3; 32]).ok().unwrap()).ok().unwrap();
        let said = Anchored {
            site: [1; 16],
            size: 7,
            root: [2; 32],
            state: [3; 32],
            destroyed: 0,
            destroyed_hash: [0; 32],
            wall: Timestamp(-1),
        };
        let record = said.signed(&key);
        assert_eq!(Anchored::read(&record), Some(said));
        assert!(Anchored::is_genuine(&record, &key.public()));
    }

    #[test]
    fn the_statement_of_the_document_is_read_as_signed() {
        let known = vectors();
        let text = known["statement"].as_str().unwrap();
        let signed = SignedStatement::parse(text).unwrap();
        assert_eq!(signed.text(), text);
        let key = crypto::VerifyingKey(hex(&known["verify"]).try_into().unwrap());
        assert!(key.verify(signed.statement.text().as_bytes(), &signed.signature));
    }
}
