//! Sealing of rows and of the closed parts of entries: "seal v1", docs/formats/seal.md.

use crate::gcm::{Gcm, IV_BYTES, TAG_BYTES};
use crate::kdf::{derive, derive_block};
use crate::salt::{SALT_BYTES, salt};
use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use secret::{ArenaFull, Held, Secret};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

const VERSION: u8 = 1;

/// What a seal adds to its plaintext, in bytes.
pub const SEAL_OVERHEAD_BYTES: usize = 1 + SALT_BYTES + IV_BYTES + TAG_BYTES;

/// How many seals one working key makes. Two of its random IVs are then equal with a chance below 2^-41.
const SEALS_PER_WORKING_KEY_MAX: u64 = 1 << 28;

/// How many working keys a [`SealKey`] remembers, so that opening many things costs one derivation.
const WORKING_KEYS_MAX: usize = 8;

/// How many labels of [`SealKey::mac`] are remembered.
const MAC_LABELS_MAX: usize = 8;

/// These bytes were not sealed so: wrong key, other associated data, or changed. On sealing: the module or the
/// memory has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unopened;

/// A key that derives: root key, site KEK, tenant KEK or log key; 32 bytes, or nothing is sealed, opened or derived
/// with it. It never works as a raw AES key. A clone is the same key and costs no secret memory.
#[derive(Clone)]
pub struct SealKey(Arc<Inner>);

struct Inner {
    bytes: Held,
    /// The newest last.
    working: RwLock<Vec<Arc<Working>>>,
    macs: RwLock<Vec<(Box<[u8]>, hmac::Key)>>,
}

/// What a [`SealKey`] and a salt become.
struct Working {
    salt: [u8; SALT_BYTES],
    gcm: Gcm,
    seals: AtomicU64,
}

impl SealKey {
    pub fn new(bytes: Held) -> Self {
        Self(Arc::new(Inner { bytes, working: RwLock::default(), macs: RwLock::default() }))
    }

    /// A key for one use of this one. Other labels and contexts give unrelated keys.
    pub fn derive(&self, label: &[u8], context: &[u8]) -> Result<Self, Unopened> {
        let label_len = u32::try_from(label.len()).map_err(|_| Unopened)?.to_be_bytes();
        let derived = derive::<32>(&self.0.bytes, b"KWderive", &[&label_len, label, context]).map_err(|_| Unopened)?;
        Ok(Self::new(Held::keep(&*derived)?))
    }

    /// Opens what a [`Sealer`] of this key has sealed.
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Secret, Unopened> {
        let (salt, body) = sealed.strip_prefix(&[VERSION]).and_then(<[u8]>::split_first_chunk).ok_or(Unopened)?;
        if let Some(working) = self.0.remembered(salt) {
            return working.gcm.open(associated, body).map_err(|_| Unopened);
        }
        let working = self.0.derive_working(*salt)?;
        let opened = working.gcm.open(associated, body).map_err(|_| Unopened)?;
        // Only a salt that has opened something is worth a place.
        self.0.remember(working);
        Ok(opened)
    }

    /// A keyed hash for names and fingerprints: HMAC-SHA-256 under a key derived with `label`.
    pub fn mac(&self, label: &[u8], message: &[u8]) -> [u8; 32] {
        if let Some((_, key)) = read(&self.0.macs).iter().find(|(known, _)| **known == *label) {
            return tag(key, message);
        }
        let derived = derive_block(&self.0.bytes, b"KWmac", &[label]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*derived);
        let tag = tag(&key, message);
        let mut macs = self.0.macs.write().unwrap_or_else(PoisonError::into_inner);
        if macs.len() < MAC_LABELS_MAX && !macs.iter().any(|(known, _)| **known == *label) {
            macs.push((label.into(), key));
        }
        tag
    }
}

impl Inner {
    fn derive_working(&self, salt: [u8; SALT_BYTES]) -> Result<Arc<Working>, Unopened> {
        let key = derive::<32>(&self.bytes, &[b'K', b'W', b's', b'e', b'a', b'l', VERSION], &[&salt]);
        let gcm = Gcm::new(&*key.map_err(|_| Unopened)?).map_err(|_| Unopened)?;
        Ok(Arc::new(Working { salt, gcm, seals: AtomicU64::new(0) }))
    }

    /// A working key for sealing, from a salt that nobody had before.
    fn fresh_working(&self) -> Result<Arc<Working>, Unopened> {
        let working = self.derive_working(salt().map_err(|_| Unopened)?)?;
        self.remember(Arc::clone(&working));
        Ok(working)
    }

    fn remembered(&self, salt: &[u8; SALT_BYTES]) -> Option<Arc<Working>> {
        read(&self.working).iter().rev().find(|working| working.salt == *salt).cloned()
    }

    fn remember(&self, fresh: Arc<Working>) {
        let mut working = self.working.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        working.retain(|known| known.salt != fresh.salt);
        if working.len() >= WORKING_KEYS_MAX {
            working.remove(0);
        }
        working.push(fresh);
    }
}

/// Seals many things under one [`SealKey`]: derives a working key from a random salt, and a new one long
/// before random nonces could meet. Any number of threads may seal at once.
pub struct Sealer {
    key: SealKey,
    working: ArcSwap<Working>,
}

impl Sealer {
    /// Derives the first working key.
    pub fn new(key: &SealKey) -> Result<Self, Unopened> {
        Ok(Self { key: key.clone(), working: ArcSwap::new(key.0.fresh_working()?) })
    }

    /// Seals the plaintext and binds it to the associated data.
    pub fn seal(&self, associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unopened> {
        let working = self.working.load();
        if working.seals.fetch_add(1, Ordering::Relaxed) < SEALS_PER_WORKING_KEY_MAX {
            return working.seal(associated, plaintext);
        }
        // Threads that come here at once each derive one; the last stays. None uses the worn one again.
        let fresh = self.key.0.fresh_working()?;
        self.working.store(Arc::clone(&fresh));
        fresh.seals.fetch_add(1, Ordering::Relaxed);
        fresh.seal(associated, plaintext)
    }
}

impl Working {
    fn seal(&self, associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unopened> {
        let mut prefix = [VERSION; 1 + SALT_BYTES];
        prefix.iter_mut().skip(1).zip(self.salt).for_each(|(to, from)| *to = from);
        self.gcm.seal(&prefix, associated, plaintext).map_err(|_| Unopened)
    }
}

impl From<ArenaFull> for Unopened {
    fn from(_: ArenaFull) -> Self {
        Self
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn tag(key: &hmac::Key, message: &[u8]) -> [u8; 32] {
    crate::digest::array(hmac::sign(key, message).as_ref())
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
