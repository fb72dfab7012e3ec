//! What verifying an ordinary request costs: `cargo run --release -p keyward-identity --example cost`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "prints figures for people")]

#[path = "../tests/sigv4/common.rs"]
mod common;

use common::{book, request, signed_at, vectors, verify};
use keyward_identity::{Verifier, sigv4};

const ROUNDS: u32 = 200_000;

/// The mean of many rounds, in nanoseconds.
fn nanos(mut work: impl FnMut() -> bool) -> u64 {
    let begun = clock::stopwatch_micros();
    for _ in 0..ROUNDS {
        assert!(work());
    }
    (clock::stopwatch_micros() - begun) * 1_000 / u64::from(ROUNDS)
}

fn main() {
    println!("{:40} {:>12} {:>12}", "", "extract", "and verify");
    for vector in vectors(include_str!("../../../tests/sigv4/clients.txt")) {
        let (verifier, directory, request) = (Verifier::new(), book(), request(&vector.text));
        let now = signed_at(&request.0);
        let extract = nanos(|| sigv4::extract(&request.0, &request.1, vector.service).is_ok());
        let both = nanos(|| verify(&verifier, &directory, &request, vector.service, now).is_ok());
        println!("{:40} {extract:>9} ns {both:>9} ns", vector.name);
    }
}
