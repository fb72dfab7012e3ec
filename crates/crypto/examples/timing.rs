//! Whether the time that a refusal takes says why something was refused: `cargo xtask timing`.
//!
//! The method is dudect's (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?"): two classes of inputs
//! in random turns, and Welch's t-test over what each took, also with the slow tail cut off at several places. |t| above
//! 4.5 is a leak. Exit 1: there is one. A leak that was built in is measured too, and has to be found.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a measurement, not a service")]
#![allow(clippy::disallowed_methods, reason = "measures time, and decides nothing by it")]

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use domain::{Algorithm, KeyMaterial, ObjectId, Purpose, Scheme};
use keyward_crypto::{Holder, Job, Software, WorkKey, Worked, random_bytes};
use secret::{Held, Secret};
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: secret::WipingAllocator = secret::WipingAllocator;

const T_MAX: f64 = 4.5;
/// Inputs of each class, used in turns, so that no single one's place in memory counts.
const POOL: usize = 64;
/// What is kept of the fastest, per mille.
const KEPT: [usize; 5] = [1_000, 990, 950, 900, 750];
const MESSAGE: [u8; 64] = [7; 64];

type Pools = [Vec<Vec<u8>>; 2];

fn main() -> ExitCode {
    let found = !alike("a comparison that stops early (to be found)", 400_000, &unlike_texts(), |it| it == MESSAGE);
    let sound = [envelopes(), codes(), oaep(), encapsulations()];
    if found && sound == [true; 4] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures both classes, prints the greatest |t|, and says whether they cannot be told apart.
fn alike<R>(name: &str, rounds: usize, pools: &Pools, work: impl Fn(&[u8]) -> R) -> bool {
    let mut turns = vec![0; rounds];
    turns.chunks_mut(16).for_each(|part| {
        let random = random_bytes::<16>().unwrap();
        part.copy_from_slice(random.get(..part.len()).unwrap());
    });
    let mut took: [Vec<u64>; 2] = Default::default();
    for turn in turns {
        let class = usize::from(turn & 1);
        let input = pools.get(class).and_then(|pool| pool.get(usize::from(turn >> 1) % POOL)).unwrap();
        let begun = Instant::now();
        black_box(work(black_box(input)));
        took.get_mut(class).unwrap().push(begun.elapsed().as_nanos() as u64);
    }
    let mut all: Vec<u64> = took.iter().flatten().copied().collect();
    all.sort_unstable();
    let cut = |kept: usize| all.get((all.len() * kept / 1_000).saturating_sub(1)).copied().unwrap_or(u64::MAX);
    let greatest = KEPT.iter().map(|kept| welch(&took, cut(*kept)).abs()).fold(0.0, f64::max);
    println!("{name:<72} {rounds:>8} rounds   |t| {greatest:>7.2}");
    greatest < T_MAX
}

/// Welch's t of what took no longer than `most`.
fn welch(took: &[Vec<u64>; 2], most: u64) -> f64 {
    let [first, second] = took.each_ref().map(|times| {
        let kept: Vec<f64> = times.iter().filter(|time| **time <= most).map(|time| *time as f64).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (first.0 - second.0) / (first.1 + second.1).sqrt()
}

/// A fresh key, and its public half if it has one.
fn key(algorithm: Algorithm, purpose: Purpose) -> (WorkKey, Vec<u8>) {
    let Worked::Generated { material, public, .. } = run(&Job::Generate { algorithm }).unwrap() else {
        panic!("no key")
    };
    let (key, tenant, ready) = (ObjectId([1; 16]), ObjectId::NIL, Default::default());
    let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes: material, ready };
    (WorkKey { key, version: 1, material: Arc::new(material) }, public.unwrap_or_default().to_vec())
}

fn run(job: &Job<'_>) -> Option<Worked> {
    Software::new(Held::keep(&[2; 32]).unwrap()).run(job).ok()
}

/// Each class is made from a sound input, which is edited at one place or at another.
fn edited(sound: impl Fn() -> Vec<u8>, at: [fn(usize) -> usize; 2]) -> Pools {
    at.map(|at| {
        let one = |_| {
            let mut bytes = sound();
            let place = at(bytes.len());
            *bytes.get_mut(place).unwrap() ^= 1;
            bytes
        };
        (0..POOL).map(one).collect()
    })
}

fn unlike_texts() -> Pools {
    edited(|| MESSAGE.to_vec(), [|_| 0, |len| len - 1])
}

/// The tag is wrong in its first byte, or in its last.
fn envelopes() -> bool {
    let (with, _) = key(Algorithm::Aes256, Purpose::Encrypt);
    let plaintext = Secret::new(MESSAGE.to_vec());
    let seal = || match run(&Job::Seal { with: with.clone(), context: vec![], plaintext: &plaintext }) {
        Some(Worked::Sealed(sealed)) => sealed,
        _ => panic!("not sealed"),
    };
    let pools = edited(seal, [|len| len - 16, |len| len - 1]);
    alike("AES-256-GCM, a tag wrong at its start or at its end", 400_000, &pools, |sealed| {
        run(&Job::Open { with: with.clone(), context: vec![], sealed }).is_some()
    })
}

/// A code is wrong in its first byte, or in its last.
fn codes() -> bool {
    let (with, _) = key(Algorithm::HmacSha256, Purpose::Mac);
    let data = Secret::new(MESSAGE.to_vec());
    let code = || match run(&Job::Mac { with: with.clone(), data: &data }) {
        Some(Worked::Maced(code)) => code,
        _ => panic!("no code"),
    };
    let pools = edited(code, [|_| 0, |len| len - 1]);
    alike("HMAC-SHA-256, a code wrong at its start or at its end", 400_000, &pools, |mac| {
        run(&Job::VerifyMac { with: with.clone(), data: &data, mac }).is_some()
    })
}

/// What opens to a block that does not begin with zero, and what does but holds another label: Manger's oracle.
fn oaep() -> bool {
    let (with, public) = key(Algorithm::Rsa2048, Purpose::DecryptAsymmetric);
    let public = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&public).unwrap()).unwrap();
    let sealed = |label: Option<&[u8]>| {
        let mut place = vec![0; public.ciphertext_size()];
        public.encrypt(&OAEP_SHA256_MGF1SHA256, &MESSAGE, &mut place, label).unwrap().to_vec()
    };
    let labelled = (0..POOL).map(|_| sealed(Some(b"another label"))).collect();
    let broken = edited(|| sealed(None), [|len| len / 2, |len| len - 1]).into_iter().next().unwrap();
    alike("RSA-OAEP, a block that is none, or one with another label", 20_000, &[labelled, broken], |ciphertext| {
        let scheme = Scheme::RsaOaepSha256;
        run(&Job::DecryptAsymmetric { with: with.clone(), scheme, ciphertext }).is_some()
    })
}

/// What was encapsulated, and what was edited since: both give a secret (FIPS 203, implicit rejection).
fn encapsulations() -> bool {
    use aws_lc_rs::kem::{EncapsulationKey, ML_KEM_768};
    let (with, public) = key(Algorithm::MlKem768, Purpose::Encapsulate);
    let raw = public.get(public.len() - Algorithm::MlKem768.raw_public_bytes().unwrap()..).unwrap();
    let made = || EncapsulationKey::new(&ML_KEM_768, raw).unwrap().encapsulate().unwrap().0.as_ref().to_vec();
    let sound = (0..POOL).map(|_| made()).collect();
    let broken = edited(made, [|_| 0, |len| len - 1]).into_iter().next().unwrap();
    alike("ML-KEM-768, an encapsulation, or an edited one", 100_000, &[sound, broken], |ciphertext| {
        run(&Job::Decapsulate { with: with.clone(), ciphertext }).is_some()
    })
}
