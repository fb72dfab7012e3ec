//! What the cryptographic library takes for one operation, with nothing around it.

use crate::Outcome;
use crate::measure::Measured;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, ML_KEM_768};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ML_DSA_65_SIGNING, PqdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

const LASTS: Duration = Duration::from_millis(500);

/// One operation, again and again.
pub(crate) type Primitive = Arc<dyn Fn() + Send + Sync>;

/// Processor time for each call, while every processor does the same.
pub(crate) fn measure(work: &Primitive) -> Measured {
    let threads = available_parallelism().map_or(1, usize::from);
    let count = || {
        let (begun, before, mut calls) = (Instant::now(), processor_seconds(), 0_u32);
        while begun.elapsed() < LASTS {
            work();
            calls += 1;
        }
        (calls, processor_seconds() - before)
    };
    let each: Vec<(u32, f64)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        running.into_iter().filter_map(|one| one.join().ok()).collect()
    });
    let (calls, seconds) = each.iter().fold((0, 0.0), |(calls, seconds), one| (calls + one.0, seconds + one.1));
    let calls = f64::from(calls).max(1.0);
    Measured {
        requests: calls as u64,
        per_second: calls / LASTS.as_secs_f64(),
        processor_us: seconds * 1e6 / calls,
        ..Measured::default()
    }
}

/// Of this thread.
fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A signature by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017).
pub(crate) fn rsa_sign(size: KeySize) -> Outcome<Primitive> {
    let made = aws_lc_rs::rsa::KeyPair::generate(size).map_err(|_unspecified| "no RSA key")?;
    let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&made).map_err(|_unspecified| "no PKCS #8")?;
    let pair = RsaKeyPair::from_pkcs8(der.as_ref())?;
    let random = SystemRandom::new();
    let modulus = pair.public_modulus_len();
    Ok(Arc::new(move || {
        let mut signature = vec![0; modulus];
        let _measured = std::hint::black_box(pair.sign(&RSA_PKCS1_SHA256, &random, b"what is signed", &mut signature));
    }))
}

/// A signature by ML-DSA-65 (FIPS 204).
pub(crate) fn ml_dsa_65_sign() -> Outcome<Primitive> {
    let pair = PqdsaKeyPair::generate(&ML_DSA_65_SIGNING).map_err(|_unspecified| "no ML-DSA key")?;
    let len = pair.algorithm().signature_len();
    Ok(Arc::new(move || {
        let mut signature = vec![0; len];
        let _measured = std::hint::black_box(pair.sign(b"what is signed", &mut signature));
    }))
}

/// A decapsulation by ML-KEM-768 (FIPS 203).
pub(crate) fn ml_kem_768_decapsulate() -> Outcome<Primitive> {
    let key = DecapsulationKey::generate(&ML_KEM_768).map_err(|_unspecified| "no ML-KEM key")?;
    let public = key.encapsulation_key().map_err(|_unspecified| "no public key")?;
    let (sealed, _secret) = public.encapsulate().map_err(|_unspecified| "no encapsulation")?;
    let sealed = sealed.as_ref().to_vec();
    Ok(Arc::new(move || {
        let _measured = std::hint::black_box(key.decapsulate(Ciphertext::from(sealed.as_slice())).is_ok());
    }))
}
