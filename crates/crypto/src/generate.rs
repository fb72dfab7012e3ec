//! Material for new versions, as docs/formats/material.md describes it.

use crate::apart::{Queue, apart};
use crate::private::{ecdsa_algorithm, ml_dsa_algorithm, ml_kem_algorithm};
use crate::spki::{self, spki};
use crate::{ffi, slh, xwing};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair};
use domain::{Algorithm, Fault};
use secret::{ArenaFull, Held, Kept};

/// Fresh material, and its public half in SubjectPublicKeyInfo where it has one.
pub(crate) struct Fresh {
    pub(crate) material: Kept,
    pub(crate) public: Option<Vec<u8>>,
}

/// Why there is none.
pub(crate) enum Short {
    OfMemory,
    OfRandomness,
}

impl From<ArenaFull> for Short {
    fn from(_: ArenaFull) -> Self {
        Self::OfMemory
    }
}

impl From<Short> for Fault {
    fn from(short: Short) -> Self {
        match short {
            Short::OfMemory => Self::MemoryFull,
            Short::OfRandomness => Self::Unavailable,
        }
    }
}

/// Made where it will stay, or kept there at once.
pub(crate) fn generate(algorithm: Algorithm) -> Result<Fresh, Fault> {
    use Algorithm::*;
    if let Some(length) = symmetric_bytes(algorithm) {
        return Ok(symmetric(length)?);
    }
    let fresh = match algorithm {
        Rsa2048 => made_apart(|| rsa(KeySize::Rsa2048)),
        Rsa3072 => made_apart(|| rsa(KeySize::Rsa3072)),
        Rsa4096 => made_apart(|| rsa(KeySize::Rsa4096)),
        EcP256 | EcP384 | EcP521 | EcSecp256k1 => elliptic(algorithm),
        Ed25519 => seeded(32, ed25519_public),
        MlDsa44 | MlDsa65 | MlDsa87 => seeded(32, |seed| ml_dsa_public(algorithm, seed)),
        SlhDsaSha2S128 => made_apart(slh_dsa),
        MlKem768 | MlKem1024 => seeded(64, |seed| ml_kem_public(algorithm, seed)),
        XWing => seeded(32, x_wing_public),
        _ => return Err(Fault::NotImplemented { what: algorithm.name().into() }),
    };
    Ok(fresh?)
}

/// Bytes of a key that is one secret for both halves of the work.
pub(crate) fn symmetric_bytes(algorithm: Algorithm) -> Option<usize> {
    use Algorithm::*;
    match algorithm {
        Aes128 => Some(16),
        Aes192 => Some(24),
        Aes256 => Some(32),
        HmacSha1 => Some(20),
        HmacSha224 => Some(28),
        HmacSha256 => Some(32),
        HmacSha384 => Some(48),
        HmacSha512 => Some(64),
        _ => None,
    }
}

fn made_apart(make: fn() -> Result<Fresh, Short>) -> Result<Fresh, Short> {
    apart(Queue::Keys, make).map_err(|_| Short::OfMemory)?
}

fn drawn(len: usize) -> Result<Held, Short> {
    Held::make(len, |bytes| rand::fill(bytes).map_err(|_| Short::OfRandomness))
}

fn symmetric(len: usize) -> Result<Fresh, Short> {
    Ok(Fresh { material: drawn(len)?.into(), public: None })
}

fn seeded(len: usize, public: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Result<Fresh, Short> {
    let seed = drawn(len)?;
    let public = seed.expose(public).ok_or(Short::OfRandomness)?;
    Ok(Fresh { material: seed.into(), public: Some(public) })
}

pub(crate) fn der<K: AsDer<PublicKeyX509Der<'static>>>(key: &K) -> Option<Vec<u8>> {
    key.as_der().ok().map(|der| der.as_ref().to_vec())
}

fn rsa(size: KeySize) -> Result<Fresh, Short> {
    let pair = rsa::KeyPair::generate(size).map_err(|_| Short::OfRandomness)?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Short::OfRandomness)?;
    let public = der(pair.public_key()).ok_or(Short::OfRandomness)?;
    Ok(Fresh { material: Kept::keep(private.as_ref())?, public: Some(public) })
}

fn elliptic(algorithm: Algorithm) -> Result<Fresh, Short> {
    let module = ecdsa_algorithm(algorithm).ok_or(Short::OfRandomness)?;
    let pair = EcdsaKeyPair::generate(module).map_err(|_| Short::OfRandomness)?;
    let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(|_| Short::OfRandomness)?;
    let public = der(pair.public_key()).ok_or(Short::OfRandomness)?;
    Ok(Fresh { material: Kept::keep(scalar.as_ref())?, public: Some(public) })
}

fn slh_dsa() -> Result<Fresh, Short> {
    let seeds = drawn(slh::SEEDS_BYTES)?;
    let signer = seeds.expose(slh::Signer::from_seeds).ok_or(Short::OfRandomness)?;
    let public = spki(spki::SLH_DSA_SHA2_128S, &signer.public());
    Ok(Fresh { material: Kept::keep(&*signer.private())?, public: Some(public) })
}

pub(crate) fn x_wing_public(seed: &[u8]) -> Option<Vec<u8>> {
    Some(spki(spki::X_WING, &xwing::Opener::from_seed(seed)?.public()))
}

pub(crate) fn ed25519_public(seed: &[u8]) -> Option<Vec<u8>> {
    der(Ed25519KeyPair::from_seed_unchecked(seed).ok()?.public_key())
}

pub(crate) fn ml_dsa_public(algorithm: Algorithm, seed: &[u8]) -> Option<Vec<u8>> {
    let (module, _) = ml_dsa_algorithm(algorithm)?;
    der(PqdsaKeyPair::from_seed(module, seed).ok()?.public_key())
}

pub(crate) fn ml_kem_public(algorithm: Algorithm, seed: &[u8]) -> Option<Vec<u8>> {
    let (_, parameters) = ml_kem_algorithm(algorithm)?;
    let oid = if algorithm == Algorithm::MlKem768 { spki::ML_KEM_768 } else { spki::ML_KEM_1024 };
    Some(spki(oid, &ffi::ml_kem_from_seed(parameters, seed).ok()?.public))
}
