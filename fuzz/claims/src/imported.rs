//! Material that is brought: what was wrapped for an import job, by whoever holds its public key.

use crypto::{Holder, Job, Software, WorkKey, Worked, wrap_for_import};
use domain::{Algorithm, Fault, KeyMaterial, ObjectId, Purpose, Ready, Scheme};
use secret::Held;
use std::sync::{Arc, LazyLock};

const METHOD: Scheme = Scheme::WrapOaepSha256Kwp;

/// An import job: whoever works with it, its key, and its public half.
struct Bench {
    software: Software,
    with: WorkKey,
    public: Arc<[u8]>,
}

impl Bench {
    fn new() -> Self {
        let software = Software::new(Held::keep(&[7; 32]).ok().unwrap());
        let made = software.run(&Job::Generate { algorithm: Algorithm::Rsa3072 }).unwrap();
        let Worked::Generated { material: bytes, public, .. } = made else { panic!("a key was to be made") };
        let (key, tenant) = (ObjectId([1; 16]), ObjectId([2; 16]));
        let (algorithm, purpose, ready) = (Algorithm::Rsa3072, Purpose::Import, Ready::default());
        let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes, ready };
        Self { software, with: WorkKey { key, version: 1, material: Arc::new(material) }, public: public.unwrap() }
    }

    fn import(&self, wrapped: &[u8], algorithm: Algorithm, purpose: Purpose) -> Result<domain::Fingerprint, Fault> {
        let job = Job::Import { with: self.with.clone(), method: METHOD, wrapped, algorithm, purpose };
        match self.software.run(&job)? {
            Worked::Generated { fingerprint, .. } => Ok(fingerprint),
            _ => panic!("an import makes material"),
        }
    }
}

/// An algorithm's name, a line end, material. Nothing is taken that was not wrapped; what is taken is the same when it is
/// brought again, and of the length that its algorithm says where it is symmetric.
pub(crate) fn material(data: &[u8]) {
    static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (name, material) = data.split_at(end);
    let material = material.get(1..).unwrap_or_default();
    let Some(algorithm) = str::from_utf8(name).ok().and_then(Algorithm::from_name) else { return };
    let Some(purpose) = Purpose::ALL.into_iter().find(|purpose| algorithm.is_implemented_for(*purpose)) else { return };
    assert!(BENCH.import(material, algorithm, purpose).is_err());
    let wrap = || wrap_for_import(&BENCH.public, METHOD, material);
    let Ok(wrapped) = wrap() else { return };
    if let Ok(once) = BENCH.import(&wrapped, algorithm, purpose) {
        let again = BENCH.import(&wrap().unwrap(), algorithm, purpose).expect("what was taken before");
        assert_eq!(once, again);
        assert!(!algorithm.is_symmetric() || (16..=64).contains(&material.len()));
    }
}
