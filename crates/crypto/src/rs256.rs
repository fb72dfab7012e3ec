//! RS256 (RFC 7518, section 3.3): RSASSA-PKCS1-v1_5 (RFC 8017) with SHA-256 (FIPS 180-4), which signs tokens.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PublicEncryptingKey};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use secret::Secret;

const BITS_MIN: usize = 2_048;
const BITS_MAX: usize = 4_096;

/// The bytes are no RSA public key of 2048 to 4096 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPublicKey;

/// An RSA public key of 2048 to 4096 bits, given as SubjectPublicKeyInfo (RFC 5280) in DER and nothing behind it.
pub fn rs256_public_key(der: &[u8]) -> Result<Vec<u8>, BadPublicKey> {
    let key = PublicEncryptingKey::from_der(der).map_err(|_| BadPublicKey)?;
    if !(BITS_MIN..=BITS_MAX).contains(&key.key_size_bits()) {
        return Err(BadPublicKey);
    }
    let spelled: PublicKeyX509Der<'_> = key.as_der().map_err(|_| BadPublicKey)?;
    if spelled.as_ref() == der { Ok(der.to_vec()) } else { Err(BadPublicKey) }
}

/// Whether the private half of `key`, a SubjectPublicKeyInfo in DER, signed the message.
pub fn rs256_verify(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature).is_ok()
}

/// A fresh pair of 2048 bits, for whoever writes down the private half at once.
pub struct Rs256Pair {
    /// PKCS#8 (RFC 5208) in DER.
    pub private: Secret,
    /// SubjectPublicKeyInfo (RFC 5280) in DER.
    pub public: Vec<u8>,
}

impl Rs256Pair {
    /// Takes a few tenths of a second.
    pub fn generate() -> Result<Self, crate::NoRandomness> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| crate::NoRandomness)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| crate::NoRandomness)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| crate::NoRandomness)?;
        Ok(Self { private: Secret::new(private.as_ref().to_vec()), public: public.as_ref().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::RSA_PKCS1_SHA256;

    #[test]
    fn a_pair_signs_and_is_verified() {
        let pair = Rs256Pair::generate().unwrap();
        assert_eq!(rs256_public_key(&pair.public), Ok(pair.public.clone()));
        let signer = pair.private.expose(RsaKeyPair::from_pkcs8).unwrap();
        let mut signature = vec![0; signer.public_modulus_len()];
        signer.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"words", &mut signature).unwrap();
        assert!(rs256_verify(&pair.public, b"words", &signature));
        assert!(!rs256_verify(&pair.public, b"other words", &signature));
        signature[7] ^= 1;
        assert!(!rs256_verify(&pair.public, b"words", &signature));
        assert!(!rs256_verify(&pair.public, b"words", &[]));
        assert!(!rs256_verify(b"no key", b"words", &signature));
    }

    #[test]
    fn what_is_no_such_key_is_refused() {
        let pair = Rs256Pair::generate().unwrap();
        assert_eq!(rs256_public_key(b""), Err(BadPublicKey));
        assert_eq!(rs256_public_key(&[0x30; 294]), Err(BadPublicKey));
        let trailing = [pair.public.as_slice(), &[0]].concat();
        assert_eq!(rs256_public_key(&trailing), Err(BadPublicKey));
        assert_eq!(pair.private.expose(rs256_public_key), Err(BadPublicKey));
    }
}
