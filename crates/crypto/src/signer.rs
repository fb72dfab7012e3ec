//! Ed25519 (FIPS 186-5, RFC 8032) for checkpoints.

use secret::Held;

/// The private half, made from a 32-byte seed.
pub struct SigningKey {
    _seed: Held,
}

/// The public half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey(pub [u8; 32]);

impl SigningKey {
    pub fn from_seed(seed: Held) -> Self {
        Self { _seed: seed }
    }

    pub fn public(&self) -> VerifyingKey {
        VerifyingKey([0; 32])
    }

    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let _ = message;
        [0; 64]
    }
}

impl VerifyingKey {
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let _ = (message, signature);
        false
    }
}
