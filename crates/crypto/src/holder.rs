use crate::envelope;
use aws_lc_rs::rand;
use domain::{Algorithm, Fault, Fingerprint, KeyMaterial, ObjectId, Purpose, RANDOM_BYTES_MAX, RowId, Table};
use secret::{ArenaFull, Held, Secret};
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
    Seal {
        with: WorkKey,
        context: Vec<u8>,
        plaintext: &'a Secret,
    },
    Open {
        with: WorkKey,
        context: Vec<u8>,
        sealed: &'a [u8],
    },
    /// Opens under one key and seals under another. Nobody sees what is between.
    Reseal {
        from: WorkKey,
        from_context: Vec<u8>,
        sealed: &'a [u8],
        to: WorkKey,
        to_context: Vec<u8>,
    },
    /// A fresh data key of `bytes`, sealed.
    DataKey {
        with: WorkKey,
        context: Vec<u8>,
        bytes: u32,
    },
    /// Material for a new version.
    Generate {
        algorithm: Algorithm,
    },
    Random {
        bytes: u32,
    },
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

    /// HMAC-SHA-256 (FIPS 198-1) of the material under the site's key: equal material, equal fingerprints.
    pub fn fingerprint(&self, material: &Held) -> Fingerprint {
        Fingerprint(self.fingerprints.expose(|key| material.expose(|bytes| crate::hmac_sha256(key, bytes))))
    }
}

impl Holder for Software {
    fn run(&self, job: &Job<'_>) -> Result<Worked, Fault> {
        match job {
            Job::Seal { with, context, plaintext } => seal(with, context, plaintext).map(Worked::Sealed),
            Job::Open { with, context, sealed } => open(with, context, sealed).map(Worked::Opened),
            Job::Reseal { from, from_context, sealed, to, to_context } => {
                let plaintext = open(from, from_context, sealed)?;
                seal(to, to_context, &plaintext).map(Worked::Sealed)
            }
            Job::DataKey { with, context, bytes } => {
                let plaintext = random(*bytes)?;
                let sealed = seal(with, context, &plaintext)?;
                Ok(Worked::DataKey { plaintext, sealed })
            }
            Job::Generate { algorithm } => {
                let material = generate(*algorithm)?;
                let fingerprint = self.fingerprint(&material);
                Ok(Worked::Generated { material, fingerprint })
            }
            Job::Random { bytes } => random(*bytes).map(Worked::Random),
        }
    }
}

fn seal(with: &WorkKey, context: &[u8], plaintext: &Secret) -> Result<Vec<u8>, Fault> {
    served(with)?;
    plaintext.expose(|plaintext| envelope::seal(with, context, plaintext))
}

fn open(with: &WorkKey, context: &[u8], sealed: &[u8]) -> Result<Secret, Fault> {
    served(with)?;
    envelope::open(with, context, sealed)
}

/// Envelopes are AES-256's, made with keys for them.
fn served(with: &WorkKey) -> Result<(), Fault> {
    let KeyMaterial { algorithm, purpose, bytes, .. } = &*with.material;
    match (algorithm, purpose) {
        (Algorithm::Aes256, Purpose::Encrypt) if bytes.len() == AES_256_BYTES => Ok(()),
        (Algorithm::Aes256, Purpose::Encrypt) => {
            Err(Fault::Damaged { row: RowId::new(Table::Key, with.key), why: "its material is not 32 bytes long" })
        }
        (Algorithm::Aes256, purpose) => Err(Fault::WrongPurpose { purpose: *purpose }),
        (algorithm, _) => Err(not_implemented(*algorithm)),
    }
}

const AES_256_BYTES: usize = 32;

/// Made where it will stay: fresh material is in secret memory and nowhere else.
fn generate(algorithm: Algorithm) -> Result<Held, Fault> {
    if algorithm != Algorithm::Aes256 {
        return Err(not_implemented(algorithm));
    }
    let material = Held::make(AES_256_BYTES, |bytes| rand::fill(bytes).map_err(|_| Short::OfRandomness));
    material.map_err(|short| match short {
        Short::OfMemory => Fault::MemoryFull,
        Short::OfRandomness => Fault::Unavailable,
    })
}

enum Short {
    OfMemory,
    OfRandomness,
}

impl From<ArenaFull> for Short {
    fn from(_: ArenaFull) -> Self {
        Self::OfMemory
    }
}

fn random(bytes: u32) -> Result<Secret, Fault> {
    let len = usize::try_from(bytes.min(RANDOM_BYTES_MAX)).unwrap_or(usize::MAX);
    if bytes > RANDOM_BYTES_MAX {
        return Err(Fault::LimitReached { what: "random bytes", max: len });
    }
    let mut random = vec![0; len];
    rand::fill(&mut random).map_err(|_| Fault::Unavailable)?;
    Ok(Secret::new(random))
}

fn not_implemented(algorithm: Algorithm) -> Fault {
    Fault::NotImplemented { what: algorithm.name().into() }
}

#[cfg(test)]
#[path = "holder_tests.rs"]
mod tests;
