//! What the safe binding lacks: RSA signatures over what the caller encoded, ML-DSA over a message representative, and
//! ML-KEM keys from their seed.
#![allow(unsafe_code, reason = "calls the module's C functions that no safe binding has")]

use aws_lc_sys as lc;
use std::ptr::{NonNull, null_mut};
use zeroize::Zeroizing;

unsafe extern "C" {
    /// In the module, but not in the bindings that are built here. The name carries the library's version, to which
    /// Cargo.toml pins it.
    #[link_name = "aws_lc_0_47_0_EVP_PKEY_keygen_deterministic"]
    fn keygen_deterministic(
        context: *mut lc::EVP_PKEY_CTX,
        made: *mut *mut lc::EVP_PKEY,
        seed: *const u8,
        seed_bytes: *mut usize,
    ) -> i32;
}

/// The module would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// A key of the module's own, private or public, freed when it is dropped.
pub(crate) struct ModuleKey(NonNull<lc::EVP_PKEY>);

// SAFETY: a key is only read after it was made, and the module counts its users and locks what it computes once (blinding).
unsafe impl Send for ModuleKey {}
// SAFETY: as above.
unsafe impl Sync for ModuleKey {}

impl Drop for ModuleKey {
    fn drop(&mut self) {
        // SAFETY: the key is ours, and nobody uses it after its drop.
        unsafe { lc::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

/// A context of one computation.
struct Context(NonNull<lc::EVP_PKEY_CTX>);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is ours.
        unsafe { lc::EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

impl Context {
    fn of(key: &ModuleKey) -> Result<Self, Failed> {
        // SAFETY: the key lives, and the context holds a reference of its own to it.
        NonNull::new(unsafe { lc::EVP_PKEY_CTX_new(key.0.as_ptr(), null_mut()) }).map(Self).ok_or(Failed)
    }
}

impl Context {
    fn of_kem(parameters: MlKem) -> Result<Self, Failed> {
        // SAFETY: no pointer is passed but null for the default engine.
        let made = unsafe { lc::EVP_PKEY_CTX_new_id(lc::EVP_PKEY_KEM, null_mut()) };
        let context = NonNull::new(made).map(Self).ok_or(Failed)?;
        // SAFETY: the context is ours and fresh.
        done(unsafe { lc::EVP_PKEY_keygen_init(context.0.as_ptr()) })?;
        // SAFETY: as above.
        done(unsafe { lc::EVP_PKEY_CTX_kem_set_params(context.0.as_ptr(), parameters.nid()) })?;
        Ok(context)
    }
}

fn done(answer: i32) -> Result<(), Failed> {
    if answer == 1 { Ok(()) } else { Err(Failed) }
}

/// Parameters of ML-KEM (FIPS 203).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MlKem {
    Of768,
    Of1024,
}

impl MlKem {
    fn nid(self) -> i32 {
        match self {
            Self::Of768 => lc::NID_MLKEM768,
            Self::Of1024 => lc::NID_MLKEM1024,
        }
    }
}

/// Parameters of ML-DSA (FIPS 204).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MlDsa {
    Of44,
    Of65,
    Of87,
}

impl MlDsa {
    fn nid(self) -> i32 {
        match self {
            Self::Of44 => lc::NID_MLDSA44,
            Self::Of65 => lc::NID_MLDSA65,
            Self::Of87 => lc::NID_MLDSA87,
        }
    }
}

/// Both halves of an ML-KEM key, raw.
pub(crate) struct MlKemPair {
    pub(crate) public: Vec<u8>,
    pub(crate) private: Zeroizing<Vec<u8>>,
}

/// The key that the 64 bytes `d || z` give (FIPS 203, algorithm 16).
pub(crate) fn ml_kem_from_seed(parameters: MlKem, seed: &[u8]) -> Result<MlKemPair, Failed> {
    let context = Context::of_kem(parameters)?;
    let (mut made, mut length) = (null_mut(), seed.len());
    // SAFETY: the seed is `length` bytes, and the module writes a key of its own making into `made`.
    let answer = unsafe { keygen_deterministic(context.0.as_ptr(), &raw mut made, seed.as_ptr(), &raw mut length) };
    let key = NonNull::new(made).map(ModuleKey);
    done(answer)?;
    let key = key.ok_or(Failed)?;
    let private = raw(&key, lc::EVP_PKEY_get_raw_private_key)?;
    Ok(MlKemPair { public: raw(&key, lc::EVP_PKEY_get_raw_public_key)?, private: Zeroizing::new(private) })
}

type RawOf = unsafe extern "C" fn(*const lc::EVP_PKEY, *mut u8, *mut usize) -> i32;

fn raw(key: &ModuleKey, of: RawOf) -> Result<Vec<u8>, Failed> {
    let mut length = 0;
    // SAFETY: without a place to write to, the module tells the length.
    done(unsafe { of(key.0.as_ptr(), null_mut(), &raw mut length) })?;
    let mut bytes = vec![0; length];
    // SAFETY: there is room for `length` bytes.
    done(unsafe { of(key.0.as_ptr(), bytes.as_mut_ptr(), &raw mut length) })?;
    bytes.truncate(length);
    Ok(bytes)
}

impl ModuleKey {
    /// PKCS#8 in DER, and nothing behind it.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, Failed> {
        Self::parsed(der, lc::EVP_parse_private_key)
    }

    /// SubjectPublicKeyInfo in DER, and nothing behind it.
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, Failed> {
        Self::parsed(der, lc::EVP_parse_public_key)
    }

    fn parsed(der: &[u8], parse: unsafe extern "C" fn(*mut lc::CBS) -> *mut lc::EVP_PKEY) -> Result<Self, Failed> {
        let mut rest = lc::CBS { data: der.as_ptr(), len: der.len() };
        // SAFETY: `rest` names bytes that outlive the call, and the module reads no others.
        let key = NonNull::new(unsafe { parse(&raw mut rest) }).map(Self).ok_or(Failed)?;
        if rest.len == 0 { Ok(key) } else { Err(Failed) }
    }

    /// The ML-DSA key of a seed of 32 bytes (FIPS 204, algorithm 6).
    pub(crate) fn ml_dsa_from_seed(parameters: MlDsa, seed: &[u8]) -> Result<Self, Failed> {
        // SAFETY: the module reads as many bytes as it is told.
        let key = unsafe { lc::EVP_PKEY_pqdsa_new_raw_private_key(parameters.nid(), seed.as_ptr(), seed.len()) };
        NonNull::new(key).map(Self).ok_or(Failed)
    }

    fn rsa(&self) -> Result<NonNull<lc::RSA>, Failed> {
        // SAFETY: the key lives, and keeps what is borrowed of it.
        NonNull::new(unsafe { lc::EVP_PKEY_get0_RSA(self.0.as_ptr()) }).ok_or(Failed)
    }

    /// Whether the numbers of a private key belong together, its modulus is none of those that are easily seen to be weak,
    /// and what it signs can be verified (SP 800-89, section 5.3.3; FIPS 140-3 IG, section 10.3.A).
    pub(crate) fn rsa_is_sound(&self) -> Result<(), Failed> {
        let rsa = self.rsa()?;
        // SAFETY: the key lives, and the module only reads it.
        done(unsafe { lc::RSA_check_fips(rsa.as_ptr()) })
    }

    /// The public exponent, where it is no longer than eight bytes.
    pub(crate) fn rsa_exponent(&self) -> Result<u64, Failed> {
        let (rsa, mut exponent) = (self.rsa()?, 0);
        // SAFETY: the key lives, and lends its exponent.
        let number = unsafe { lc::RSA_get0_e(rsa.as_ptr()) };
        // SAFETY: the module reads the number, where there is one, and writes eight bytes.
        done(if number.is_null() { 0 } else { unsafe { lc::BN_get_u64(number, &raw mut exponent) } })?;
        Ok(exponent)
    }

    fn rsa_bytes(&self) -> Result<usize, Failed> {
        let rsa = self.rsa()?;
        // SAFETY: as above.
        usize::try_from(unsafe { lc::RSA_size(rsa.as_ptr()) }).map_err(|_| Failed)
    }

    /// RSASSA-PKCS1-v1_5 without its hash and DigestInfo: what is given stands behind the padding (RFC 8017, 9.2).
    pub(crate) fn sign_pkcs1_raw(&self, data: &[u8]) -> Result<Vec<u8>, Failed> {
        let (rsa, mut length) = (self.rsa()?, 0);
        let mut signature = vec![0; self.rsa_bytes()?];
        // SAFETY: input and output are slices of the lengths that are told.
        done(unsafe {
            lc::RSA_sign_raw(
                rsa.as_ptr(),
                &raw mut length,
                signature.as_mut_ptr(),
                signature.len(),
                data.as_ptr(),
                data.len(),
                lc::RSA_PKCS1_PADDING,
            )
        })?;
        signature.truncate(length);
        Ok(signature)
    }

    /// What stands behind the padding of such a signature.
    pub(crate) fn recover_pkcs1_raw(&self, signature: &[u8]) -> Result<Vec<u8>, Failed> {
        let (rsa, mut length) = (self.rsa()?, 0);
        let mut data = vec![0; self.rsa_bytes()?];
        // SAFETY: input and output are slices of the lengths that are told.
        done(unsafe {
            lc::RSA_verify_raw(
                rsa.as_ptr(),
                &raw mut length,
                data.as_mut_ptr(),
                data.len(),
                signature.as_ptr(),
                signature.len(),
                lc::RSA_PKCS1_PADDING,
            )
        })?;
        data.truncate(length);
        Ok(data)
    }

    /// ML-DSA over a message representative (FIPS 204, algorithm 7 from step 7 on).
    pub(crate) fn sign_mu(&self, mu: &[u8]) -> Result<Vec<u8>, Failed> {
        let (context, mut length) = (Context::of(self)?, 0);
        let at = context.0.as_ptr();
        // SAFETY: the context is ours.
        done(unsafe { lc::EVP_PKEY_sign_init(at) })?;
        // SAFETY: without a place to write to, the module tells the length.
        done(unsafe { lc::EVP_PKEY_sign(at, null_mut(), &raw mut length, mu.as_ptr(), mu.len()) })?;
        let mut signature = vec![0; length];
        // SAFETY: there is room for `length` bytes.
        done(unsafe { lc::EVP_PKEY_sign(at, signature.as_mut_ptr(), &raw mut length, mu.as_ptr(), mu.len()) })?;
        signature.truncate(length);
        Ok(signature)
    }

    /// Whether it is a signature over this message representative.
    pub(crate) fn verify_mu(&self, mu: &[u8], signature: &[u8]) -> Result<(), Failed> {
        let context = Context::of(self)?;
        let at = context.0.as_ptr();
        // SAFETY: the context is ours.
        done(unsafe { lc::EVP_PKEY_verify_init(at) })?;
        // SAFETY: the module reads slices of the lengths that are told.
        done(unsafe { lc::EVP_PKEY_verify(at, signature.as_ptr(), signature.len(), mu.as_ptr(), mu.len()) })
    }
}
