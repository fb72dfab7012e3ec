use domain::{Algorithm, Fault, Fingerprint, KeyMaterial, ObjectId};
use secret::{Held, Secret};
use std::sync::Arc;

/// A version that may work, and its material.
#[derive(Clone)]
pub struct WorkKey {
    pub key: ObjectId,
    pub version: u32,
    pub material: Arc<KeyMaterial>,
}

/// Work for the holder of a key. Contexts are canonical bytes.
pub enum Job<'a> {
    Seal { with: WorkKey, context: Vec<u8>, plaintext: &'a Secret },
    Open { with: WorkKey, context: Vec<u8>, sealed: &'a [u8] },
    /// Opens under one key and seals under another. Nobody sees what is between.
    Reseal { from: WorkKey, from_context: Vec<u8>, sealed: &'a [u8], to: WorkKey, to_context: Vec<u8> },
    /// A fresh data key of `bytes`, sealed.
    DataKey { with: WorkKey, context: Vec<u8>, bytes: u32 },
    /// Material for a new version.
    Generate { algorithm: Algorithm },
    Random { bytes: u32 },
}

/// What came of a job.
pub enum Worked {
    Sealed(Vec<u8>),
    Opened(Secret),
    DataKey { plaintext: Secret, sealed: Vec<u8> },
    Generated { material: Held, fingerprint: Fingerprint },
    Random(Secret),
}

/// Whoever can work with a key: this process, an HSM, an external key store.
pub trait Holder: Send + Sync {
    fn run(&self, job: &Job<'_>) -> Result<Worked, Fault>;
}

/// This process.
pub struct Software {
    /// Keys the fingerprints of material.
    fingerprints: Held,
}

impl Software {
    pub fn new(fingerprints: Held) -> Self {
        Self { fingerprints }
    }
}

impl Holder for Software {
    fn run(&self, job: &Job<'_>) -> Result<Worked, Fault> {
        let _ = (job, &self.fingerprints);
        Err(Fault::Unavailable)
    }
}
