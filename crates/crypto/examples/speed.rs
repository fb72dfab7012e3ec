//! Prints what the operations of the hot path cost: nanoseconds each, on one thread, the best of five rounds.
#![allow(clippy::unwrap_used, reason = "a measurement, not a service")]
#![allow(clippy::disallowed_methods, reason = "measures time, and decides nothing by it")]

use domain::{Algorithm, KeyMaterial, ObjectId, Purpose};
use keyward_crypto::{Holder, Job, SealKey, Sealer, SigningKey, Software, WorkKey, Worked, hmac_sha256, random_bytes};
use secret::{Held, Secret};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: secret::WipingAllocator = secret::WipingAllocator;

const ROUND: u32 = 20_000;

fn measure<R>(name: &str, mut work: impl FnMut() -> R) {
    let mut round = || {
        let begin = Instant::now();
        (0..ROUND).for_each(|_| drop(black_box(work())));
        begin.elapsed().as_nanos() / u128::from(ROUND)
    };
    let best = (0..5).map(|_| round()).min().unwrap_or_default();
    println!("{name:<44}{best:>8} ns");
}

fn main() {
    println!("secret memory: {}", secret::secret_memory().text());
    grounds();
    envelopes();
    seals();
    signatures();
}

fn held(mark: u8) -> Held {
    Held::keep(&[mark; 32]).unwrap()
}

fn grounds() {
    measure("16 random bytes", || random_bytes::<16>().unwrap());
    measure("keep and drop 32 bytes of secret memory", || held(1));
    measure("allocate, fill and free 256 bytes", || vec![1_u8; 256]);
    measure("hmac-sha-256 of 64 bytes, key given", || hmac_sha256(&[1; 32], &[2; 64]));
}

fn envelopes() {
    let key = ObjectId([1; 16]);
    let (algorithm, purpose) = (Algorithm::Aes256, Purpose::Encrypt);
    let (bytes, ready) = (held(1).into(), Default::default());
    let material = KeyMaterial { key, tenant: ObjectId::NIL, version: 1, algorithm, purpose, bytes, ready };
    let with = WorkKey { key, version: 1, material: Arc::new(material) };
    let software = Software::new(held(2));
    for (len, context) in [(64, 0), (64, 80), (4_096, 0)] {
        let (plaintext, context_bytes) = (Secret::new(vec![1; len]), vec![2; context]);
        let seal = || Job::Seal { with: with.clone(), context: context_bytes.clone(), plaintext: &plaintext };
        let Worked::Sealed(sealed) = software.run(&seal()).unwrap() else { return };
        let open = Job::Open { with: with.clone(), context: context_bytes.clone(), sealed: &sealed };
        measure(&format!("seal {len} bytes, context of {context}"), || software.run(&seal()).unwrap());
        measure(&format!("open {len} bytes, context of {context}"), || software.run(&open).unwrap());
    }
    measure("data key of 32 bytes", || {
        software.run(&Job::DataKey { with: with.clone(), context: vec![], bytes: 32 }).unwrap()
    });
    measure("generate a key", || software.run(&Job::Generate { algorithm }).unwrap());
}

fn seals() {
    let key = SealKey::new(held(3));
    let sealer = Sealer::new(&key).unwrap();
    let sealed = sealer.seal(&[1; 100], &[2; 200]).unwrap();
    measure("sealer: seal 200 bytes", || sealer.seal(&[1; 100], &[2; 200]).unwrap());
    measure("seal key: open 200 bytes, salt known", || key.open(&[1; 100], &sealed).unwrap());
    let mut others =
        (0..20).map(|_| Sealer::new(&key).unwrap().seal(&[1; 100], &[2; 200]).unwrap()).collect::<Vec<_>>();
    measure("seal key: open 200 bytes, salt unknown", || {
        others.rotate_left(1);
        key.open(&[1; 100], others.first().unwrap()).unwrap()
    });
    measure("seal key: mac of 40 bytes", || key.mac(b"names", &[1; 40]));
    measure("seal key: derive", || key.derive(b"label", b"context").unwrap());
}

fn signatures() {
    let key = SigningKey::from_seed(held(4)).unwrap();
    let signature = key.sign(&[1; 100]);
    measure("sign 100 bytes", || key.sign(&[1; 100]));
    measure("verify 100 bytes", || key.public().verify(&[1; 100], &signature));
}
