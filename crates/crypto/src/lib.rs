//! Algorithms, the envelope, and whoever can work with a key.
//!
//! Nearly all of it is AWS-LC's, through `aws-lc-rs`: AES-256-GCM (SP 800-38D) with nonces made inside the module (those of
//! a stream are counted), HMAC-SHA-256 (FIPS 198-1), the counter-mode KDF of SP 800-108, SHA-256 (FIPS 180-4), Ed25519
//! (FIPS 186-5); and for callers' keys what the table of schemes names (docs/decisions/algorithms.md). SLH-DSA, X-Wing and
//! HPKE by post-quantum keys, which it lacks, come from one crate each.

mod apart;
mod digest;
mod envelope;
mod ffi;
mod gcm;
mod generate;
mod holder;
mod import;
mod kdf;
mod kem_wrap;
mod open;
mod private;
mod raw;
mod recovery;
mod rs256;
mod salt;
mod seal;
mod sign;
mod signer;
mod slh;
mod spki;
mod stream;
#[cfg(test)]
mod vectors;
mod xwing;

pub use digest::{NoRandomness, Sha256, fill_random, hmac_sha256, random_bytes, same, sha256};
pub use envelope::{CIPHERTEXT_OVERHEAD_BYTES, Header, header};
pub use holder::{Holder, Job, Software, WorkKey, Worked};
pub use import::wrap_for_import;
pub use recovery::{HpkeSealed, NoRecoveryKey, RECOVERY_TEXT_BYTES_MAX, RecoveryKey, RecoveryPublic, seal_to};
pub use rs256::{BadPublicKey, Rs256Pair, rs256_public_key, rs256_verify};
pub use seal::{SEAL_OVERHEAD_BYTES, SealKey, Sealer, Unopened};
pub use signer::{BadSeed, SigningKey, VerifyingKey};
pub use stream::{BrokenStream, STREAM_PREFIX_BYTES, STREAM_TAG_BYTES, StreamOpener, StreamSealer};
