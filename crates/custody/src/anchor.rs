//! An anchor in a file of its own: two slots, written in turn, then tombstones. docs/formats/anchor.md.
//!
//! A slot that a crash tore is ignored: the other one is whole. Each write reads what is there first, so that nothing
//! here remembers what the file should hold.

use ledger::{ANCHORED_BYTES, Anchor, AnchorBytes, AnchorFault, TOMBSTONE_BYTES, Tombstone};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where a slot begins: each is a page of its own, so that no write touches both.
const SLOT_BYTES: u64 = 4_096;
const TOMBSTONES_AT: u64 = 2 * SLOT_BYTES;
/// A sequence, the record, and their hash.
const FILLED_BYTES: usize = 8 + ANCHORED_BYTES + 32;
/// Tombstones that are read at once.
const TOMBSTONES_READ: u64 = 4_096;

/// The file. Nothing is kept open between two calls: what is at the path now is what counts.
pub struct FileAnchor {
    path: PathBuf,
}

impl FileAnchor {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Whether it lies on the same file system as the data: one disk that goes takes both.
    pub fn shares_file_system(path: &Path, data: &Path) -> Option<bool> {
        use std::os::unix::fs::MetadataExt;
        let device = |path: &Path| std::fs::metadata(path).ok().map(|facts| facts.dev());
        Some(device(path)? == device(data)?)
    }

    fn failed(&self, why: &std::io::Error) -> AnchorFault {
        AnchorFault(format!("{}: {why}", self.path.display()))
    }

    fn open(&self, write: bool) -> Result<File, std::io::Error> {
        OpenOptions::new().read(true).write(write).open(&self.path)
    }

    fn newest(file: &File) -> Result<Option<Slot>, std::io::Error> {
        let both = [Slot::read(file, 0)?, Slot::read(file, 1)?];
        Ok(both.into_iter().flatten().max_by_key(|slot| slot.sequence))
    }

    fn put(file: &File, record: &AnchorBytes, kept: u64, fresh: &[Tombstone]) -> Result<(), std::io::Error> {
        let sequence = Self::newest(file)?.map_or(0, |slot| slot.sequence.wrapping_add(1));
        if !fresh.is_empty() {
            let bytes: Vec<u8> = fresh.iter().flat_map(|one| one.to_bytes()).collect();
            let at = kept.saturating_mul(TOMBSTONE_BYTES as u64).saturating_add(TOMBSTONES_AT);
            file.write_all_at(&bytes, at)?;
            // The slot counts them: they are on disk before it is.
            file.sync_all()?;
        }
        file.write_all_at(&Slot { sequence, record: *record }.bytes(), sequence % 2 * SLOT_BYTES)?;
        file.sync_all()
    }
}

struct Slot {
    sequence: u64,
    record: AnchorBytes,
}

impl Slot {
    /// None where it is torn, or was never written.
    fn read(file: &File, at: u64) -> Result<Option<Self>, std::io::Error> {
        let mut bytes = [0; FILLED_BYTES];
        match file.read_exact_at(&mut bytes, at * SLOT_BYTES) {
            Err(why) if why.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let (text, hash) = bytes.split_at(FILLED_BYTES - 32);
        let Some((sequence, record)) = text.split_first_chunk::<8>() else { return Ok(None) };
        let sequence = u64::from_be_bytes(*sequence);
        let whole = crypto::sha256(text) == *hash && sequence % 2 == at;
        Ok(record.try_into().ok().filter(|_| whole).map(|record| Self { sequence, record }))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.sequence.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.record);
        let hash = crypto::sha256(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }
}

impl Anchor for FileAnchor {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&mut self) -> Result<Option<AnchorBytes>, AnchorFault> {
        let file = match self.open(false) {
            Ok(file) => file,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(self.failed(&why)),
        };
        match Self::newest(&file).map_err(|why| self.failed(&why))? {
            Some(slot) => Ok(Some(slot.record)),
            // A file without a whole slot is no fresh place: something was there.
            None => Err(AnchorFault(format!("{}: neither slot is whole", self.path.display()))),
        }
    }

    fn tombstones(&mut self, count: u64) -> Result<Vec<Tombstone>, AnchorFault> {
        let file = self.open(false).map_err(|why| self.failed(&why))?;
        let mut tombstones = Vec::new();
        let mut read = 0;
        while read < count {
            let wanted = (count - read).min(TOMBSTONES_READ);
            let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(0).saturating_mul(TOMBSTONE_BYTES)];
            let at = read.saturating_mul(TOMBSTONE_BYTES as u64).saturating_add(TOMBSTONES_AT);
            file.read_exact_at(&mut bytes, at).map_err(|why| self.failed(&why))?;
            for one in bytes.as_chunks::<TOMBSTONE_BYTES>().0 {
                let unread = || AnchorFault(format!("{}: a tombstone cannot be read", self.path.display()));
                tombstones.push(Tombstone::from_bytes(one).ok_or_else(unread)?);
            }
            read += wanted;
        }
        Ok(tombstones)
    }

    fn write(&mut self, record: &AnchorBytes, kept: u64, fresh: &[Tombstone]) -> Result<(), AnchorFault> {
        let put = self.open(true).and_then(|file| Self::put(&file, record, kept, fresh));
        put.map_err(|why| self.failed(&why))
    }

    /// A fresh file takes the name of the former in one step.
    fn begin(&mut self, record: &AnchorBytes, tombstones: &[Tombstone]) -> Result<(), AnchorFault> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".new");
        let fresh = PathBuf::from(name);
        let begun = || -> Result<(), std::io::Error> {
            match std::fs::remove_file(&fresh) {
                Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
                _ => {}
            }
            let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.set_len(TOMBSTONES_AT)?;
            Self::put(&file, record, 0, tombstones)?;
            std::fs::rename(&fresh, &self.path)?;
            crate::sync_folder(&self.path)
        };
        begun().map_err(|why| self.failed(&why))
    }
}

#[cfg(test)]
#[path = "anchor_tests.rs"]
mod tests;
