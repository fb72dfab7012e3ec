use crate::{envelope, generate, import, open, raw, sign};
use aws_lc_rs::rand;
use domain::{
    Algorithm, Fault, Fingerprint, KeyMaterial, ObjectId, Purpose, RANDOM_BYTES_MAX, RowId, Scheme, Signable, Table,
};
use secret::{Held, Kept, Secret};
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
    /// Material that is brought. Afterwards it is as if it had been generated.
    Import {
        with: WorkKey,
        method: Scheme,
        wrapped: &'a [u8],
        algorithm: Algorithm,
        purpose: Purpose,
    },
    Random {
        bytes: u32,
    },
    Sign {
        with: WorkKey,
        scheme: Scheme,
        what: &'a Signable,
    },
    /// `public` is SubjectPublicKeyInfo.
    Verify {
        algorithm: Algorithm,
        public: Arc<[u8]>,
        scheme: Scheme,
        what: &'a Signable,
        signature: &'a [u8],
    },
    Mac {
        with: WorkKey,
        data: &'a Secret,
    },
    VerifyMac {
        with: WorkKey,
        data: &'a Secret,
        mac: &'a [u8],
    },
    /// Opens with a private key what was encrypted with its public half.
    DecryptAsymmetric {
        with: WorkKey,
        scheme: Scheme,
        ciphertext: &'a [u8],
    },
    Decapsulate {
        with: WorkKey,
        ciphertext: &'a [u8],
    },
    /// In a mode of the caller's own.
    EncryptRaw {
        with: WorkKey,
        scheme: Scheme,
        plaintext: &'a Secret,
        associated: &'a [u8],
        iv: Option<&'a [u8]>,
    },
    DecryptRaw {
        with: WorkKey,
        scheme: Scheme,
        ciphertext: &'a [u8],
        associated: &'a [u8],
        iv: &'a [u8],
    },
}

impl Job<'_> {
    /// Whether it takes milliseconds, so that whoever serves many does it apart from them.
    pub fn takes_long(&self) -> bool {
        use Algorithm::*;
        match self {
            Self::Generate { algorithm } => matches!(algorithm, Rsa2048 | Rsa3072 | Rsa4096 | SlhDsaSha2S128),
            Self::Import { algorithm, .. } => *algorithm == SlhDsaSha2S128,
            Self::Sign { with, .. } => with.material.algorithm == SlhDsaSha2S128,
            _ => false,
        }
    }
}

/// What came of a job.
pub enum Worked {
    Sealed(Vec<u8>),
    Opened(Secret),
    DataKey {
        plaintext: Secret,
        sealed: Vec<u8>,
    },
    Generated {
        material: Kept,
        fingerprint: Fingerprint,
        /// SubjectPublicKeyInfo, where the material has a public half.
        public: Option<Arc<[u8]>>,
    },
    Random(Secret),
    Signed(Vec<u8>),
    Maced(Vec<u8>),
    Verified(bool),
    EncryptedRaw {
        ciphertext: Vec<u8>,
        iv: Vec<u8>,
    },
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
    pub fn fingerprint(&self, material: &Kept) -> Fingerprint {
        Fingerprint(self.fingerprints.expose(|key| material.expose(|bytes| crate::hmac_sha256(key, bytes))))
    }

    fn generated(&self, fresh: generate::Fresh) -> Worked {
        let generate::Fresh { material, public } = fresh;
        let fingerprint = self.fingerprint(&material);
        Worked::Generated { material, fingerprint, public: public.map(Into::into) }
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
            Job::Generate { algorithm } => generate::generate(*algorithm).map(|fresh| self.generated(fresh)),
            Job::Import { with, method, wrapped, algorithm, purpose } => {
                import::import(with, *method, wrapped, *algorithm, *purpose).map(|fresh| self.generated(fresh))
            }
            Job::Random { bytes } => random(*bytes).map(Worked::Random),
            other => run_more(other),
        }
    }
}

/// Work of keys that are no envelope keys.
fn run_more(job: &Job<'_>) -> Result<Worked, Fault> {
    match job {
        Job::Sign { with, scheme, what } => sign::sign(with, *scheme, what).map(Worked::Signed),
        Job::Verify { algorithm, public, scheme, what, signature } => {
            sign::verify((*algorithm, public), *scheme, what, signature).map(Worked::Verified)
        }
        Job::Mac { with, data } => raw::mac(with, data).map(Worked::Maced),
        Job::VerifyMac { with, data, mac } => raw::verify_mac(with, data, mac).map(Worked::Verified),
        Job::DecryptAsymmetric { with, scheme, ciphertext } => {
            open::decrypt(with, *scheme, ciphertext).map(Worked::Opened)
        }
        Job::Decapsulate { with, ciphertext } => open::decapsulate(with, ciphertext).map(Worked::Opened),
        Job::EncryptRaw { with, scheme, plaintext, associated, iv } => {
            let raw::Encrypted { ciphertext, iv } = raw::encrypt(with, *scheme, plaintext, associated, *iv)?;
            Ok(Worked::EncryptedRaw { ciphertext, iv })
        }
        Job::DecryptRaw { with, scheme, ciphertext, associated, iv } => {
            raw::decrypt(with, *scheme, ciphertext, associated, iv).map(Worked::Opened)
        }
        // All others were done by the caller.
        _ => Err(Fault::Unavailable),
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
