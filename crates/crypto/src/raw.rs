//! AES in the caller's own modes (SP 800-38A, SP 800-38D), and message authentication codes (FIPS 198-1).

use crate::WorkKey;
use aws_lc_rs::aead::{self, UnboundKey};
use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::cipher::{self, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{hmac, rand};
use domain::{Algorithm, Fault, RowId, Scheme, Table};
use secret::Secret;
use zeroize::Zeroize;

const BLOCK_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// A ciphertext, and the IV that it takes to open it.
pub(crate) struct Encrypted {
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) iv: Vec<u8>,
}

fn failed<E>(_: E) -> Fault {
    Fault::Unavailable
}

fn invalid(member: &str, constraint: impl Into<String>) -> Fault {
    Fault::Invalid { member: member.into(), constraint: constraint.into() }
}

/// Encrypts. GCM's IV is made inside; of CBC and CTR it is made here unless it is given.
pub(crate) fn encrypt(
    with: &WorkKey,
    scheme: Scheme,
    plaintext: &Secret,
    associated: &[u8],
    iv: Option<&[u8]>,
) -> Result<Encrypted, Fault> {
    if scheme == Scheme::AesGcm {
        return match iv {
            Some(_) => Err(invalid("iv", "GCM makes its own")),
            None => seal(with, plaintext, associated),
        };
    }
    unassociated(associated)?;
    let iv = match iv {
        Some(iv) => block(iv)?,
        None => fresh()?,
    };
    let mut in_out = plaintext.expose(<[u8]>::to_vec);
    whole_blocks(scheme, in_out.len(), "plaintext")?;
    let key = unbound(with)?;
    let key = match scheme {
        Scheme::AesCbc => EncryptingKey::cbc(key),
        Scheme::AesCtr => EncryptingKey::ctr(key),
        _ => return Err(invalid("scheme", "a mode of AES is needed")),
    };
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.and_then(|key| key.less_safe_encrypt(&mut in_out, context)).map_err(failed)?;
    Ok(Encrypted { ciphertext: in_out, iv: iv.to_vec() })
}

/// Decrypts. Of GCM, all that is wrong looks alike.
pub(crate) fn decrypt(
    with: &WorkKey,
    scheme: Scheme,
    ciphertext: &[u8],
    associated: &[u8],
    iv: &[u8],
) -> Result<Secret, Fault> {
    if scheme == Scheme::AesGcm {
        return open(with, ciphertext, associated, iv);
    }
    unassociated(associated)?;
    let iv = block(iv)?;
    whole_blocks(scheme, ciphertext.len(), "ciphertext")?;
    let (mut in_out, key) = (ciphertext.to_vec(), unbound(with)?);
    let key = match scheme {
        Scheme::AesCbc => DecryptingKey::cbc(key),
        Scheme::AesCtr => DecryptingKey::ctr(key),
        _ => return Err(invalid("scheme", "a mode of AES is needed")),
    };
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let opened = key.and_then(|key| key.decrypt(&mut in_out, context).map(|opened| opened.len())).map_err(failed)?;
    in_out.truncate(opened);
    Ok(Secret::new(in_out))
}

fn unassociated(associated: &[u8]) -> Result<(), Fault> {
    if associated.is_empty() { Ok(()) } else { Err(invalid("associated data", "CBC and CTR authenticate nothing")) }
}

fn block(iv: &[u8]) -> Result<[u8; BLOCK_BYTES], Fault> {
    iv.try_into().map_err(|_| invalid("iv", format!("{BLOCK_BYTES} bytes")))
}

fn fresh() -> Result<[u8; BLOCK_BYTES], Fault> {
    crate::random_bytes().map_err(failed)
}

/// CBC has no padding here: whoever wants one puts it there.
fn whole_blocks(scheme: Scheme, len: usize, member: &str) -> Result<(), Fault> {
    let whole = len > 0 && len.is_multiple_of(BLOCK_BYTES);
    if scheme != Scheme::AesCbc || whole { Ok(()) } else { Err(invalid(member, "CBC takes whole blocks of 16 bytes")) }
}

fn unbound(with: &WorkKey) -> Result<UnboundCipherKey, Fault> {
    let algorithm = match with.material.algorithm {
        Algorithm::Aes128 => &cipher::AES_128,
        Algorithm::Aes192 => &cipher::AES_192,
        Algorithm::Aes256 => &cipher::AES_256,
        other => return Err(Fault::NotImplemented { what: other.name().into() }),
    };
    with.material.bytes.expose(|bytes| UnboundCipherKey::new(algorithm, bytes)).map_err(|_| damaged(with))
}

fn damaged(with: &WorkKey) -> Fault {
    Fault::Damaged { row: RowId::new(Table::Key, with.key), why: "its material has another length" }
}

/// Where the module makes IVs by itself, its own are used (SP 800-38D, section 8.2.2).
enum Gcm {
    OwnIvs(RandomizedNonceKey),
    DrawnIvs(LessSafeKey),
}

impl Gcm {
    fn of(with: &WorkKey) -> Result<Self, Fault> {
        let own = |algorithm: &'static aead::Algorithm, bytes: &[u8]| {
            RandomizedNonceKey::new(algorithm, bytes).map(Self::OwnIvs).map_err(|_| damaged(with))
        };
        with.material.bytes.expose(|bytes| match with.material.algorithm {
            Algorithm::Aes128 => own(&AES_128_GCM, bytes),
            Algorithm::Aes192 => UnboundKey::new(&AES_192_GCM, bytes)
                .map(|key| Self::DrawnIvs(LessSafeKey::new(key)))
                .map_err(|_| damaged(with)),
            Algorithm::Aes256 => own(&AES_256_GCM, bytes),
            other => Err(Fault::NotImplemented { what: other.name().into() }),
        })
    }
}

fn seal(with: &WorkKey, plaintext: &Secret, associated: &[u8]) -> Result<Encrypted, Fault> {
    let mut ciphertext = Vec::with_capacity(plaintext.len() + TAG_BYTES);
    plaintext.expose(|bytes| ciphertext.extend_from_slice(bytes));
    let iv = match Gcm::of(with)? {
        Gcm::OwnIvs(key) => {
            let nonce = key.seal_in_place_append_tag(Aad::from(associated), &mut ciphertext).map_err(failed)?;
            nonce.as_ref().to_vec()
        }
        Gcm::DrawnIvs(key) => {
            let mut iv = [0; NONCE_LEN];
            rand::fill(&mut iv).map_err(failed)?;
            let nonce = Nonce::assume_unique_for_key(iv);
            key.seal_in_place_append_tag(nonce, Aad::from(associated), &mut ciphertext).map_err(failed)?;
            iv.to_vec()
        }
    };
    Ok(Encrypted { ciphertext, iv })
}

fn open(with: &WorkKey, ciphertext: &[u8], associated: &[u8], iv: &[u8]) -> Result<Secret, Fault> {
    let nonce = Nonce::try_assume_unique_for_key(iv).map_err(|_| invalid("iv", format!("{NONCE_LEN} bytes")))?;
    let mut in_out = ciphertext.to_vec();
    let opened = match Gcm::of(with)? {
        Gcm::OwnIvs(key) => key.open_in_place(nonce, Aad::from(associated), &mut in_out).map(|opened| opened.len()),
        Gcm::DrawnIvs(key) => key.open_in_place(nonce, Aad::from(associated), &mut in_out).map(|opened| opened.len()),
    };
    let Ok(opened) = opened else {
        in_out.zeroize();
        return Err(Fault::CiphertextUnreadable);
    };
    in_out.truncate(opened);
    Ok(Secret::new(in_out))
}

/// A message authentication code of full length.
pub(crate) fn mac(with: &WorkKey, data: &Secret) -> Result<Vec<u8>, Fault> {
    let key = mac_key(with)?;
    Ok(data.expose(|data| hmac::sign(&key, data)).as_ref().to_vec())
}

/// Compared in time that depends on the lengths alone.
pub(crate) fn verify_mac(with: &WorkKey, data: &Secret, mac: &[u8]) -> Result<bool, Fault> {
    let key = mac_key(with)?;
    Ok(data.expose(|data| hmac::verify(&key, data, mac)).is_ok())
}

fn mac_key(with: &WorkKey) -> Result<hmac::Key, Fault> {
    let algorithm = match with.material.algorithm {
        Algorithm::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::HmacSha224 => hmac::HMAC_SHA224,
        Algorithm::HmacSha256 => hmac::HMAC_SHA256,
        Algorithm::HmacSha384 => hmac::HMAC_SHA384,
        Algorithm::HmacSha512 => hmac::HMAC_SHA512,
        other => return Err(Fault::NotImplemented { what: other.name().into() }),
    };
    Ok(with.material.bytes.expose(|bytes| hmac::Key::new(algorithm, bytes)))
}

#[cfg(test)]
#[path = "raw_tests.rs"]
mod tests;
