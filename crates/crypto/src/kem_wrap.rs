//! HPKE (RFC 9180, mode base, single shot) with the KEMs of draft-ietf-hpke-pq, HKDF-SHA-256 and AES-256-GCM: how material is
//! wrapped for an import job whose key is of ML-KEM or X-Wing. The crate `hpke`'s (docs/decisions/algorithms.md).
//!
//! What is wrapped is the encapsulated key and the ciphertext behind it. Info and associated data are empty.

use crate::spki::{self, spki};
use crate::{NoRandomness, fill_random};
use domain::{Algorithm, Fault};
use hpke::aead::{Aead, AesGcm256};
use hpke::kdf::{HkdfSha256, Kdf};
use hpke::kem::{MlKem768, MlKem1024, XWing};
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use std::convert::Infallible;
use zeroize::Zeroizing;

const INFO: &[u8] = &[];
const ASSOCIATED: &[u8] = &[];

/// The private key of an import job, ready to work.
pub(crate) enum Unwrapper {
    MlKem768(Box<<MlKem768 as Kem>::PrivateKey>),
    MlKem1024(Box<<MlKem1024 as Kem>::PrivateKey>),
    XWing(Box<<XWing as Kem>::PrivateKey>),
}

impl Unwrapper {
    /// The key that the material of the algorithm gives: a seed, of 64 bytes or, of X-Wing, 32.
    pub(crate) fn from_seed(algorithm: Algorithm, seed: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::MlKem768 => Deserializable::from_bytes(seed).map(Box::new).map(Self::MlKem768).ok(),
            Algorithm::MlKem1024 => Deserializable::from_bytes(seed).map(Box::new).map(Self::MlKem1024).ok(),
            Algorithm::XWing => Deserializable::from_bytes(seed).map(Box::new).map(Self::XWing).ok(),
            _ => None,
        }
    }

    /// All that is wrong with it looks alike.
    pub(crate) fn opened(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let opened = match self {
            Self::MlKem768(key) => open::<MlKem768, HkdfSha256, AesGcm256>(key, wrapped, INFO, ASSOCIATED),
            Self::MlKem1024(key) => open::<MlKem1024, HkdfSha256, AesGcm256>(key, wrapped, INFO, ASSOCIATED),
            Self::XWing(key) => open::<XWing, HkdfSha256, AesGcm256>(key, wrapped, INFO, ASSOCIATED),
        };
        opened.ok_or(Fault::WrappedUnreadable)
    }
}

fn open<K: Kem, D: Kdf, A: Aead>(
    key: &K::PrivateKey,
    wrapped: &[u8],
    info: &[u8],
    associated: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (encapsulated, ciphertext) = wrapped.split_at_checked(K::EncappedKey::size())?;
    let encapsulated = K::EncappedKey::from_bytes(encapsulated).ok()?;
    let opened = single_shot_open::<A, D, K>(&OpModeR::Base, key, &encapsulated, info, ciphertext, associated);
    opened.map(Zeroizing::new).ok()
}

/// Wraps for the job whose public key this is, SubjectPublicKeyInfo in DER.
pub(crate) fn wrap(job: &[u8], material: &[u8]) -> Result<Vec<u8>, Fault> {
    let raw = |oid, algorithm: Algorithm| algorithm.raw_public(job).filter(|raw| spki(oid, raw) == job);
    if let Some(key) = raw(spki::ML_KEM_768, Algorithm::MlKem768) {
        return seal::<MlKem768>(key, material, Random::of(fill_random));
    }
    if let Some(key) = raw(spki::ML_KEM_1024, Algorithm::MlKem1024) {
        return seal::<MlKem1024>(key, material, Random::of(fill_random));
    }
    let key = raw(spki::X_WING, Algorithm::XWing).ok_or(Fault::WrappedUnreadable)?;
    seal::<XWing>(key, material, Random::of(fill_random))
}

fn seal<K: Kem>(key: &[u8], material: &[u8], mut random: Random) -> Result<Vec<u8>, Fault> {
    let key = K::PublicKey::from_bytes(key).map_err(|_| Fault::WrappedUnreadable)?;
    let seal = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, K>;
    let sealed = seal(&OpModeS::Base, &key, INFO, material, ASSOCIATED, &mut random);
    let (encapsulated, ciphertext) = sealed.map_err(|_| Fault::WrappedUnreadable)?;
    // What was made of anything but randomness does not leave.
    if random.short {
        return Err(Fault::Unavailable);
    }
    Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

/// The module's randomness for a library that takes no failure: it is remembered instead.
struct Random {
    fill: Fill,
    short: bool,
}

type Fill = fn(&mut [u8]) -> Result<(), NoRandomness>;

impl Random {
    fn of(fill: Fill) -> Self {
        Self { fill, short: false }
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.short |= (self.fill)(bytes).is_err();
        Ok(())
    }
}

impl TryCryptoRng for Random {}

#[cfg(test)]
#[path = "kem_wrap_tests.rs"]
mod tests;
