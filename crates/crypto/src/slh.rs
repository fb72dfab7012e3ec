//! SLH-DSA-SHA2-128s (FIPS 205), which the module lacks: the crate `fips205` (docs/decisions/algorithms.md). The context is
//! empty, and randomness is the module's.

use domain::Scheme;
use fips205::pre_hash::SHA2_256;
use fips205::slh_dsa_sha2_128s::{KG, N, PK_LEN, PrivateKey, PublicKey, SIG_LEN, SK_LEN};
use fips205::traits::{KeyGen, SerDes, Signer as _, Verifier};
use fips205::{CryptoRng, RngCore, RngError};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// Bytes of the three seeds that make a key: SK.seed, SK.prf and PK.seed.
pub(crate) const SEEDS_BYTES: usize = 3 * N;
/// Bytes of a private key: the seeds, and PK.root, which follows from them.
pub(crate) const PRIVATE_BYTES: usize = SK_LEN;
/// Where its public half begins: PK.seed and PK.root.
pub(crate) const PUBLIC_AT: usize = SK_LEN - PK_LEN;
const CONTEXT: &[u8] = &[];

/// What is signed: a message, or its SHA-256.
#[derive(Clone, Copy)]
pub(crate) enum Signed<'a> {
    Message(&'a [u8]),
    Sha256(&'a [u8]),
}

impl<'a> Signed<'a> {
    /// What these bytes are to the scheme: the message in pure mode, else its digest.
    pub(crate) fn of(scheme: Scheme, bytes: &'a [u8]) -> Self {
        if scheme == Scheme::SlhDsa { Self::Message(bytes) } else { Self::Sha256(bytes) }
    }
}

/// The module has no randomness, or it did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotSigned;

/// A private key, ready to work.
pub(crate) struct Signer(PrivateKey);

impl Signer {
    /// The key that three seeds give (algorithm 18). It takes a tenth of a second.
    pub(crate) fn from_seeds(seeds: &[u8]) -> Option<Self> {
        let (private, rest) = seeds.split_first_chunk::<N>()?;
        let (prf, rest) = rest.split_first_chunk::<N>()?;
        let public = <&[u8; N]>::try_from(rest).ok()?;
        Some(Self(KG::keygen_from_seed(private, prf, public).1))
    }

    /// A private key whose root is that of its seeds. It takes a tenth of a second to see that.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: Zeroizing<[u8; SK_LEN]> = Zeroizing::new(bytes.try_into().ok()?);
        PrivateKey::try_from_bytes(*bytes).ok().map(Self)
    }

    pub(crate) fn private(&self) -> Zeroizing<[u8; SK_LEN]> {
        Zeroizing::new(self.0.clone().into_bytes())
    }

    pub(crate) fn public(&self) -> [u8; PK_LEN] {
        self.0.get_public_key().into_bytes()
    }

    /// Hedged (algorithms 22 and 23): the randomiser is fresh. It takes half a second.
    pub(crate) fn sign(&self, signed: Signed<'_>) -> Result<Vec<u8>, NotSigned> {
        self.signed(signed, true)
    }

    fn signed(&self, signed: Signed<'_>, hedged: bool) -> Result<Vec<u8>, NotSigned> {
        let signature = match signed {
            Signed::Message(message) => self.0.try_sign_with_rng(&mut ModuleRandom, message, CONTEXT, hedged),
            Signed::Sha256(digest) => {
                self.0.try_hash_sign_with_rng(&mut ModuleRandom, digest, CONTEXT, &SHA2_256, hedged)
            }
        };
        signature.map(|signature| signature.to_vec()).map_err(|_| NotSigned)
    }
}

/// Whether it is a signature by this raw public key. What is malformed is none.
pub(crate) fn verify(public: &[u8], signed: Signed<'_>, signature: &[u8]) -> bool {
    let signature = <&[u8; SIG_LEN]>::try_from(signature);
    let public = public.try_into().ok().and_then(|public| PublicKey::try_from_bytes(public).ok());
    let (Some(key), Ok(signature)) = (public, signature) else { return false };
    match signed {
        Signed::Message(message) => key.verify(message, signature, CONTEXT),
        Signed::Sha256(digest) => key.hash_verify(digest, signature, CONTEXT, &SHA2_256),
    }
}

/// The module's DRBG (SP 800-90A), as `fips205` asks for it.
struct ModuleRandom;

impl CryptoRng for ModuleRandom {}

impl RngCore for ModuleRandom {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Nobody calls it.
    #[expect(
        clippy::disallowed_methods,
        reason = "it cannot say that there is no randomness, and nothing may go on without"
    )]
    fn fill_bytes(&mut self, place: &mut [u8]) {
        if crate::fill_random(place).is_err() {
            std::process::abort();
        }
    }

    fn try_fill_bytes(&mut self, place: &mut [u8]) -> Result<(), RngError> {
        crate::fill_random(place).map_err(|_| RngError::from(NonZeroU32::MAX))
    }
}

#[cfg(test)]
#[path = "slh_tests.rs"]
mod tests;
