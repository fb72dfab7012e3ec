//! X-Wing (draft-connolly-cfrg-xwing-kem), which the module lacks: RustCrypto's `x-wing` (docs/decisions/algorithms.md).

use domain::Fault;
use secret::Secret;
use x_wing::{
    CIPHERTEXT_SIZE, Ciphertext, DECAPSULATION_KEY_SIZE, DecapsulationKeyRejectNonContrib, Decapsulator, KeyExport,
    TryDecapsulate,
};
use zeroize::{Zeroize, Zeroizing};

/// A private key, ready to work. What X25519 gives for a point of small order, which everybody knows, it refuses.
pub(crate) struct Opener(DecapsulationKeyRejectNonContrib);

impl Opener {
    /// The key that a seed of 32 bytes gives.
    pub(crate) fn from_seed(seed: &[u8]) -> Option<Self> {
        let seed: Zeroizing<[u8; DECAPSULATION_KEY_SIZE]> = Zeroizing::new(seed.try_into().ok()?);
        Some(Self(DecapsulationKeyRejectNonContrib::from(*seed)))
    }

    /// ML-KEM-768's public key, and then X25519's.
    pub(crate) fn public(&self) -> Vec<u8> {
        self.0.encapsulation_key().to_bytes().to_vec()
    }

    pub(crate) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret, Fault> {
        let unreadable = Fault::CiphertextUnreadable;
        let ciphertext: [u8; CIPHERTEXT_SIZE] = ciphertext.try_into().map_err(|_| unreadable.clone())?;
        let mut secret = self.0.try_decapsulate(&Ciphertext::from(ciphertext)).map_err(|_| unreadable)?;
        let kept = Secret::new(secret.to_vec());
        secret.as_mut_slice().zeroize();
        Ok(kept)
    }
}
