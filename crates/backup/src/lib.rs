//! A site, or some of its keys, in one file, sealed to its recovery key. docs/formats/backup.md.
//!
//! Written and read from front to back in bounded memory. A reader believes nothing before it has seen the whole: whoever
//! restores reads a file twice.

mod fault;
mod frame;
mod header;
mod read;
#[cfg(test)]
mod vectors;
mod write;

pub use fault::BackupFault;
pub use frame::{Counts, Item};
pub use header::{Header, KIND_KEYS, KIND_SITE};
pub use read::{check_sum, open, read_header};
pub use write::{KeyRows, Source, Whose, write, write_keys};

/// Begins every backup.
const MAGIC: &[u8; 8] = b"KWback\x00\x01";
/// Plaintext bytes of every chunk but the last.
const CHUNK_BYTES: usize = 65_536;
/// At the end: SHA-256 of everything before, and the site's signature of it.
const TRAILER_BYTES: usize = 96;
/// What the data key is bound to when it is sealed to the recovery key.
const INFO: &[u8] = b"keyward backup v1";
/// Begins what the site signs.
const SIGNED: &[u8] = b"keyward backup v1\n";
