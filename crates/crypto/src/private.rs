//! Private keys, ready to work: parsed and checked once, when the material first works, and kept beside it.

use crate::ffi::{self, ModuleKey};
use crate::holder::WorkKey;
use crate::kem_wrap::Unwrapper;
use crate::{slh, xwing};
use aws_lc_rs::kem::{self, DecapsulationKey};
use aws_lc_rs::rsa::{self, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::PqdsaSigningAlgorithm;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, PqdsaKeyPair};
use domain::{Algorithm, Fault, Purpose, RowId, Table};
use zeroize::Zeroizing;

/// A private key as its module wants it.
pub(crate) enum Private {
    RsaSign(Box<RsaSigner>),
    RsaDecrypt(OaepPrivateDecryptingKey),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(Box<MlDsaSigner>),
    SlhDsa(Box<slh::Signer>),
    MlKem(DecapsulationKey),
    XWing(Box<xwing::Opener>),
    Unwraps(Unwrapper),
}

/// `raw` shares what the caller encoded; the pair hashes and encodes by itself.
pub(crate) struct RsaSigner {
    pub(crate) pair: rsa::KeyPair,
    pub(crate) raw: ModuleKey,
}

pub(crate) struct MlDsaSigner {
    pub(crate) pair: PqdsaKeyPair,
    pub(crate) over_mu: ModuleKey,
}

/// The material is none of its algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected;

impl Private {
    /// The key of a version: made the first time, and there the next.
    pub(crate) fn of(with: &WorkKey) -> Result<&Self, Fault> {
        let material = &with.material;
        let make = || material.bytes.expose(|bytes| Self::parse(material.algorithm, material.purpose, bytes));
        let damaged =
            || Fault::Damaged { row: RowId::new(Table::Key, with.key), why: "its material is no key of its algorithm" };
        material.ready.get_or_make(make).map_err(|_: Rejected| damaged())?.ok_or_else(damaged)
    }

    /// Reads material as docs/formats/material.md describes it.
    pub(crate) fn parse(algorithm: Algorithm, purpose: Purpose, bytes: &[u8]) -> Result<Self, Rejected> {
        use Algorithm::*;
        match algorithm {
            Rsa2048 | Rsa3072 | Rsa4096 if matches!(purpose, Purpose::DecryptAsymmetric | Purpose::Import) => {
                rsa_decrypt(algorithm, bytes)
            }
            Rsa2048 | Rsa3072 | Rsa4096 => rsa_sign(algorithm, bytes),
            EcP256 | EcP384 | EcP521 | EcSecp256k1 => ecdsa(algorithm, bytes).map(Self::Ecdsa),
            Ed25519 if bytes.len() == 32 => {
                Ed25519KeyPair::from_seed_unchecked(bytes).map(Self::Ed25519).map_err(|_| Rejected)
            }
            MlDsa44 | MlDsa65 | MlDsa87 => ml_dsa(algorithm, bytes),
            SlhDsaSha2S128 => slh::Signer::parse(bytes).map(Box::new).map(Self::SlhDsa).ok_or(Rejected),
            MlKem768 | MlKem1024 | XWing if purpose == Purpose::Import => {
                Unwrapper::from_seed(algorithm, bytes).map(Self::Unwraps).ok_or(Rejected)
            }
            MlKem768 | MlKem1024 => decapsulator(algorithm, bytes),
            XWing => xwing::Opener::from_seed(bytes).map(Box::new).map(Self::XWing).ok_or(Rejected),
            _ => Err(Rejected),
        }
    }
}

pub(crate) fn rsa_bits(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Rsa2048 => 2_048,
        Algorithm::Rsa3072 => 3_072,
        _ => 4_096,
    }
}

fn rsa_sign(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Private, Rejected> {
    let pair = rsa::KeyPair::from_pkcs8(pkcs8).map_err(|_| Rejected)?;
    let raw = ModuleKey::from_pkcs8(pkcs8).map_err(|_| Rejected)?;
    let fits = pair.public_modulus_len() * 8 == rsa_bits(algorithm);
    if fits { Ok(Private::RsaSign(Box::new(RsaSigner { pair, raw }))) } else { Err(Rejected) }
}

fn rsa_decrypt(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Private, Rejected> {
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| Rejected)?;
    if key.key_size_bits() != rsa_bits(algorithm) {
        return Err(Rejected);
    }
    OaepPrivateDecryptingKey::new(key).map(Private::RsaDecrypt).map_err(|_| Rejected)
}

/// The module's name for a curve with its hash.
pub(crate) fn ecdsa_algorithm(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        Algorithm::EcP256 => Some(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::EcP384 => Some(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::EcP521 => Some(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
        Algorithm::EcSecp256k1 => Some(&signature::ECDSA_P256K1_SHA256_ASN1_SIGNING),
        _ => None,
    }
}

/// Bytes of a scalar of the curve.
fn scalar_bytes(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::EcP384 => 48,
        Algorithm::EcP521 => 66,
        _ => 32,
    }
}

/// A scalar, wrapped as RFC 5915 has it: SEQUENCE { 1, OCTET STRING }. The module makes the public key from it.
pub(crate) fn ecdsa(algorithm: Algorithm, scalar: &[u8]) -> Result<EcdsaKeyPair, Rejected> {
    let (length, module) = (scalar_bytes(algorithm), ecdsa_algorithm(algorithm).ok_or(Rejected)?);
    if scalar.len() != usize::from(length) {
        return Err(Rejected);
    }
    let der = Zeroizing::new([&[0x30, length + 5, 0x02, 1, 1, 0x04, length], scalar].concat());
    EcdsaKeyPair::from_private_key_der(module, &der).map_err(|_| Rejected)
}

pub(crate) fn ml_dsa_algorithm(algorithm: Algorithm) -> Option<(&'static PqdsaSigningAlgorithm, ffi::MlDsa)> {
    match algorithm {
        Algorithm::MlDsa44 => Some((&signature::ML_DSA_44_SIGNING, ffi::MlDsa::Of44)),
        Algorithm::MlDsa65 => Some((&signature::ML_DSA_65_SIGNING, ffi::MlDsa::Of65)),
        Algorithm::MlDsa87 => Some((&signature::ML_DSA_87_SIGNING, ffi::MlDsa::Of87)),
        _ => None,
    }
}

fn ml_dsa(algorithm: Algorithm, seed: &[u8]) -> Result<Private, Rejected> {
    let (module, parameters) = ml_dsa_algorithm(algorithm).ok_or(Rejected)?;
    let pair = PqdsaKeyPair::from_seed(module, seed).map_err(|_| Rejected)?;
    let over_mu = ModuleKey::ml_dsa_from_seed(parameters, seed).map_err(|_| Rejected)?;
    Ok(Private::MlDsa(Box::new(MlDsaSigner { pair, over_mu })))
}

pub(crate) fn ml_kem_algorithm(algorithm: Algorithm) -> Option<(&'static kem::Algorithm, ffi::MlKem)> {
    match algorithm {
        Algorithm::MlKem768 => Some((&kem::ML_KEM_768, ffi::MlKem::Of768)),
        Algorithm::MlKem1024 => Some((&kem::ML_KEM_1024, ffi::MlKem::Of1024)),
        _ => None,
    }
}

fn decapsulator(algorithm: Algorithm, seed: &[u8]) -> Result<Private, Rejected> {
    let (module, parameters) = ml_kem_algorithm(algorithm).ok_or(Rejected)?;
    let pair = ffi::ml_kem_from_seed(parameters, seed).map_err(|_| Rejected)?;
    DecapsulationKey::new(module, &pair.private).map(Private::MlKem).map_err(|_| Rejected)
}

#[cfg(test)]
#[path = "private_tests.rs"]
mod tests;
