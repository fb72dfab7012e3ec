//! Ed25519 (FIPS 186-5, RFC 8032) for checkpoints.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use secret::Held;

/// The seed is not 32 bytes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSeed;

/// The private half, made from a 32-byte seed and kept by the module.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

/// The public half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey(pub [u8; 32]);

impl SigningKey {
    pub fn from_seed(seed: Held) -> Result<Self, BadSeed> {
        let parse = |seed: &[u8]| match seed.len() {
            32 => Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| BadSeed),
            _ => Err(BadSeed),
        };
        let pair = seed.expose(parse)?;
        let public = VerifyingKey(crate::digest::array(pair.public_key().as_ref()));
        Ok(Self { pair, public })
    }

    pub fn public(&self) -> VerifyingKey {
        self.public
    }

    /// The signature is the same for the same message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        crate::digest::array(self.pair.sign(message).as_ref())
    }
}

impl VerifyingKey {
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
#[path = "signer_tests.rs"]
mod tests;
