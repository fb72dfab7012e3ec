//! Material that is brought: what was wrapped for an import job, by whoever holds its public key.

use crypto::{Holder, Job, Software, WorkKey, Worked, wrap_for_import};
use domain::{Algorithm, Fault, KeyMaterial, ObjectId, Purpose, Ready, Scheme};
use secret::Held;
use std::sync::{Arc, LazyLock};

/// The keys of import jobs, and how each wraps.
const METHODS: [(Algorithm, Scheme); 2] =
    [(Algorithm::Rsa3072, Scheme::WrapOaepSha256Kwp), (Algorithm::XWing, Scheme::WrapHpke)];

/// An import job: whoever works with it, its key, and its public half.
struct Bench {
    software: Software,
    with: WorkKey,
    public: Arc<[u8]>,
    method: Scheme,
}

impl Bench {
    fn new((algorithm, method): (Algorithm, Scheme)) -> Self {
        let software = Software::new(Held::keep(&[7; 32]).ok().unwrap());
        let made = software.run(&Job::Generate { algorithm }).unwrap();
        let Worked::Generated { material: bytes, public, .. } = made else { panic!("a key was to be made") };
        let (key, tenant) = (ObjectId([1; 16]), ObjectId([2; 16]));
        let (purpose, ready) = (Purpose::Import, Ready::default());
        let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes, ready };
        let with = WorkKey { key, version: 1, material: Arc::new(material) };
        Self { software, with, public: public.unwrap(), method }
    }

    fn import(&self, wrapped: &[u8], algorithm: Algorithm, purpose: Purpose) -> Result<domain::Fingerprint, Fault> {
        let job = Job::Import { with: self.with.clone(), method: self.method, wrapped, algorithm, purpose };
        match self.software.run(&job)? {
            Worked::Generated { fingerprint, .. } => Ok(fingerprint),
            _ => panic!("an import makes material"),
        }
    }
}

/// An algorithm's name, a line end, material. Nothing is taken that was not wrapped; what is taken is the same when it is
/// brought again, and of the length that its algorithm says where it is symmetric.
pub(crate) fn material(data: &[u8]) {
    static BENCHES: LazyLock<[Bench; 2]> = LazyLock::new(|| METHODS.map(Bench::new));
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (name, material) = data.split_at(end);
    let material = material.get(1..).unwrap_or_default();
    let Some(algorithm) = str::from_utf8(name).ok().and_then(Algorithm::from_name) else { return };
    let Some(purpose) = Purpose::ALL.into_iter().find(|purpose| algorithm.is_implemented_for(*purpose)) else { return };
    for bench in &*BENCHES {
        assert!(bench.import(material, algorithm, purpose).is_err());
        let wrap = || wrap_for_import(&bench.public, bench.method, material);
        let Ok(wrapped) = wrap() else { continue };
        if let Ok(once) = bench.import(&wrapped, algorithm, purpose) {
            let again = bench.import(&wrap().unwrap(), algorithm, purpose).expect("what was taken before");
            assert_eq!(once, again);
            assert!(!algorithm.is_symmetric() || (16..=64).contains(&material.len()));
        }
    }
}
