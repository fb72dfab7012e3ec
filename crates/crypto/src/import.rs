//! Material that is brought: unwrapped by an import job (RSAES-OAEP of RFC 8017, AES-KWP of RFC 5649; HPKE of RFC 9180), and
//! looked at before it is believed. It becomes what docs/formats/material.md says, however it came.

use crate::WorkKey;
use crate::apart::{Queue, apart};
use crate::ffi::ModuleKey;
use crate::generate::{
    Fresh, Short, der, ed25519_public, ml_dsa_public, ml_kem_public, symmetric_bytes, x_wing_public,
};
use crate::private::{Private, ecdsa, ecdsa_algorithm, rsa_bits};
use crate::spki::{self, spki};
use crate::{kem_wrap, slh};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use domain::{Algorithm, Fault, Purpose, Scheme};
use secret::Kept;
use zeroize::Zeroizing;

/// The only public exponent that is taken.
const EXPONENT: u64 = 65_537;
/// Bytes of the AES key between.
const AES_256_BYTES: usize = 32;
/// How much longer AES-KWP makes what it wraps, at most.
const KWP_OVERHEAD_BYTES_MAX: usize = 15;

fn oaep(method: Scheme) -> Result<&'static OaepAlgorithm, Fault> {
    match method {
        Scheme::WrapOaepSha1Kwp => Ok(&OAEP_SHA1_MGF1SHA1),
        Scheme::WrapOaepSha256Kwp | Scheme::WrapOaepSha256 => Ok(&OAEP_SHA256_MGF1SHA256),
        other => Err(Fault::NotImplemented { what: other.name().into() }),
    }
}

/// Unwraps, and makes material of what was inside.
pub(crate) fn import(
    with: &WorkKey,
    method: Scheme,
    wrapped: &[u8],
    algorithm: Algorithm,
    purpose: Purpose,
) -> Result<Fresh, Fault> {
    let inside = unwrapped(with, method, wrapped)?;
    let believed = move || believed(algorithm, purpose, &inside);
    if algorithm == Algorithm::SlhDsaSha2S128 {
        return apart(Queue::Keys, believed).map_err(|_| Fault::Unavailable)?;
    }
    believed()
}

/// What was read must do what it is for.
fn believed(algorithm: Algorithm, purpose: Purpose, inside: &[u8]) -> Result<Fresh, Fault> {
    let fresh = read(algorithm, purpose, inside)?;
    if !algorithm.is_symmetric() {
        let parsed = fresh.material.expose(|bytes| Private::parse(algorithm, purpose, bytes).map(|_| ()));
        parsed.map_err(|_| bad(algorithm, "it does not work, or its parts do not belong together"))?;
    }
    Ok(fresh)
}

/// All that is wrong with it looks alike.
fn unwrapped(with: &WorkKey, method: Scheme, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let key = match Private::of(with)? {
        Private::Unwraps(key) if method == Scheme::WrapHpke => return key.opened(wrapped),
        Private::RsaDecrypt(key) => key,
        _ => return Err(Fault::WrongPurpose { purpose: with.material.purpose }),
    };
    let open = |sealed: &[u8]| -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut opened = Zeroizing::new(vec![0; key.min_output_size()]);
        let length = key.decrypt(oaep(method)?, sealed, &mut opened, None).map(|opened| opened.len());
        let length = length.map_err(|_| Fault::WrappedUnreadable)?;
        opened.truncate(length);
        Ok(opened)
    };
    if method == Scheme::WrapOaepSha256 {
        return open(wrapped);
    }
    let halves = wrapped.split_at_checked(key.key_size_bytes());
    let (sealed, behind) = halves.ok_or(Fault::WrappedUnreadable)?;
    let between = open(sealed)?;
    if between.len() != AES_256_BYTES {
        return Err(Fault::WrappedUnreadable);
    }
    let kek = AesKek::new(&AES_256, &between).map_err(|_| Fault::WrappedUnreadable)?;
    let mut inside = Zeroizing::new(vec![0; behind.len()]);
    let length = kek.unwrap_with_padding(behind, &mut inside).map(|inside| inside.len());
    let length = length.map_err(|_| Fault::WrappedUnreadable)?;
    inside.truncate(length);
    Ok(inside)
}

/// Wraps as an import job of this method expects it. `job` is its public key, SubjectPublicKeyInfo in DER.
pub fn wrap_for_import(job: &[u8], method: Scheme, material: &[u8]) -> Result<Vec<u8>, Fault> {
    if method == Scheme::WrapHpke {
        return kem_wrap::wrap(job, material);
    }
    let refused = |_| Fault::WrappedUnreadable;
    let key = PublicEncryptingKey::from_der(job).map_err(refused)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| Fault::WrappedUnreadable)?;
    let seal = |inside: &[u8]| -> Result<Vec<u8>, Fault> {
        let mut sealed = vec![0; key.ciphertext_size()];
        let length = key.encrypt(oaep(method)?, inside, &mut sealed, None).map(|sealed| sealed.len());
        sealed.truncate(length.map_err(|_| Fault::WrappedUnreadable)?);
        Ok(sealed)
    };
    if method == Scheme::WrapOaepSha256 {
        return seal(material);
    }
    let mut between = Zeroizing::new([0; AES_256_BYTES]);
    rand::fill(&mut *between).map_err(|_| Fault::Unavailable)?;
    let kek = AesKek::new(&AES_256, &*between).map_err(|_| Fault::WrappedUnreadable)?;
    let mut behind = vec![0; material.len().saturating_add(KWP_OVERHEAD_BYTES_MAX)];
    let length = kek.wrap_with_padding(material, &mut behind).map(|behind| behind.len());
    behind.truncate(length.map_err(|_| Fault::WrappedUnreadable)?);
    Ok([seal(&*between)?, behind].concat())
}

fn bad(algorithm: Algorithm, why: &'static str) -> Fault {
    Fault::BadMaterial { algorithm, why }
}

/// A symmetric key is its bytes; a private key comes as PKCS#8 (RFC 5958) in DER.
fn read(algorithm: Algorithm, purpose: Purpose, inside: &[u8]) -> Result<Fresh, Fault> {
    use Algorithm::*;
    if let Some(length) = symmetric_bytes(algorithm) {
        return symmetric(algorithm, length, inside);
    }
    match algorithm {
        Rsa2048 | Rsa3072 | Rsa4096 => rsa(algorithm, inside),
        EcP256 | EcP384 | EcP521 | EcSecp256k1 => elliptic(algorithm, inside),
        Ed25519 => ed25519(inside),
        MlDsa44 => seeded(algorithm, inside, &ML_DSA, 0x11, |seed| ml_dsa_public(algorithm, seed)),
        MlDsa65 => seeded(algorithm, inside, &ML_DSA, 0x12, |seed| ml_dsa_public(algorithm, seed)),
        MlDsa87 => seeded(algorithm, inside, &ML_DSA, 0x13, |seed| ml_dsa_public(algorithm, seed)),
        SlhDsaSha2S128 => seeded(algorithm, inside, &SLH_DSA, 0x14, |private| {
            private.get(slh::PUBLIC_AT..).map(|public| spki(spki::SLH_DSA_SHA2_128S, public))
        }),
        MlKem768 => seeded(algorithm, inside, &ML_KEM, 0x02, |seed| ml_kem_public(algorithm, seed)),
        MlKem1024 => seeded(algorithm, inside, &ML_KEM, 0x03, |seed| ml_kem_public(algorithm, seed)),
        XWing => seeded(algorithm, inside, &X_WING, 0x7a, x_wing_public),
        other => Err(Fault::NotImplemented { what: format!("{} for {purpose:?}", other.name()) }),
    }
}

fn kept(bytes: &[u8], public: Option<Vec<u8>>) -> Result<Fresh, Fault> {
    let material = Kept::keep(bytes).map_err(Short::from)?;
    Ok(Fresh { material, public })
}

fn symmetric(algorithm: Algorithm, length: usize, inside: &[u8]) -> Result<Fresh, Fault> {
    if inside.len() != length {
        return Err(bad(algorithm, "it has another length"));
    }
    kept(inside, None)
}

/// The numbers must belong together, be of the size that was said, and no weak ones as far as the module can tell
/// (SP 800-89, section 5.3.3; a signature that is verified).
fn rsa(algorithm: Algorithm, inside: &[u8]) -> Result<Fresh, Fault> {
    let unread = |_| bad(algorithm, "it is no RSA key in PKCS#8, or its numbers do not belong together");
    let pair = KeyPair::from_pkcs8(inside).map_err(unread)?;
    if pair.public_modulus_len() * 8 != rsa_bits(algorithm) {
        return Err(bad(algorithm, "its modulus has another size"));
    }
    let weak = |_| bad(algorithm, "it is weak, or no RSA key");
    let key = ModuleKey::from_pkcs8(inside).map_err(weak)?;
    if key.rsa_exponent() != Ok(EXPONENT) {
        return Err(bad(algorithm, "its public exponent is not 65537"));
    }
    key.rsa_is_sound().map_err(weak)?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| bad(algorithm, "it cannot be written again"))?;
    kept(private.as_ref(), der(pair.public_key()))
}

/// A point that comes with the scalar must be the scalar's own, which the module computes.
fn elliptic(algorithm: Algorithm, inside: &[u8]) -> Result<Fresh, Fault> {
    let unread = "it is no key of the curve in PKCS#8, or its point is not its scalar's";
    let module = ecdsa_algorithm(algorithm).ok_or_else(|| bad(algorithm, unread))?;
    let pair = EcdsaKeyPair::from_pkcs8(module, inside).map_err(|_| bad(algorithm, unread))?;
    let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(|_| bad(algorithm, unread))?;
    let own = ecdsa(algorithm, scalar.as_ref()).map_err(|_| bad(algorithm, unread))?;
    if own.public_key().as_ref() != pair.public_key().as_ref() {
        return Err(bad(algorithm, unread));
    }
    kept(scalar.as_ref(), der(own.public_key()))
}

fn ed25519(inside: &[u8]) -> Result<Fresh, Fault> {
    let unread = |_| bad(Algorithm::Ed25519, "it is no Ed25519 key in PKCS#8, or its halves do not belong together");
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(inside).map_err(unread)?;
    let seed = pair.seed().map_err(|_| bad(Algorithm::Ed25519, "it has no seed"))?;
    let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| bad(Algorithm::Ed25519, "it has no seed"))?;
    let public = ed25519_public(seed.as_ref());
    kept(seed.as_ref(), public)
}

/// What is before the last byte of a key's identifier and its seed, in PKCS#8 (RFC 9881, RFC 9935; of X-Wing its draft). SLH-DSA
/// has no other form than its four parts (RFC 9909).
struct Seeds {
    before: &'static [u8],
    between: &'static [u8],
    bytes: usize,
}

const ML_DSA: Seeds = Seeds {
    before: &[0x30, 52, 2, 1, 0, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3],
    between: &[4, 34, 0x80, 32],
    bytes: 32,
};
const ML_KEM: Seeds = Seeds {
    before: &[0x30, 84, 2, 1, 0, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 4],
    between: &[4, 66, 0x80, 64],
    bytes: 64,
};

const SLH_DSA: Seeds = Seeds {
    before: &[0x30, 82, 2, 1, 0, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3],
    between: &[4, 64],
    bytes: slh::PRIVATE_BYTES,
};
const X_WING: Seeds = Seeds {
    before: &[0x30, 52, 2, 1, 0, 0x30, 13, 6, 11, 0x2b, 6, 1, 4, 1, 0x83, 0xe6, 0x2d, 0x81, 0xc8],
    between: &[4, 32],
    bytes: 32,
};

/// Of the forms that a post-quantum private key has, only the seed is taken: all else follows from it.
fn seeded(
    algorithm: Algorithm,
    inside: &[u8],
    form: &Seeds,
    parameters: u8,
    public: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<Fresh, Fault> {
    let seed = inside.strip_prefix(form.before).and_then(|rest| rest.strip_prefix(&[parameters]));
    let seed = seed.and_then(|rest| rest.strip_prefix(form.between)).filter(|seed| seed.len() == form.bytes);
    let seed = seed.ok_or_else(|| bad(algorithm, "it is no seed of the algorithm in PKCS#8"))?;
    let public = public(seed).ok_or_else(|| bad(algorithm, "its seed gives no key"))?;
    kept(seed, Some(public))
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
