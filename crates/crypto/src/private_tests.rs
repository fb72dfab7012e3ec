#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
//! The vectors of docs/formats/material.md, which another language made.
use super::*;
use crate::spki::{self, spki};
use crate::vectors::vectors;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::KeyPair;

fn der<K: AsDer<PublicKeyX509Der<'static>>>(key: &K) -> Vec<u8> {
    key.as_der().unwrap().as_ref().to_vec()
}

/// The public half of what was parsed; of ML-KEM, which forgets it, of the seed.
fn public(algorithm: Algorithm, material: &[u8]) -> Vec<u8> {
    match Private::parse(algorithm, Purpose::Sign, material).unwrap_or_else(|_| panic!("{algorithm:?} is refused")) {
        Private::RsaSign(signer) => der(signer.pair.public_key()),
        Private::RsaDecrypt(_) | Private::Unwraps(_) => panic!("it was to sign"),
        Private::Ecdsa(pair) => der(pair.public_key()),
        Private::Ed25519(pair) => der(pair.public_key()),
        Private::MlDsa(signer) => der(signer.pair.public_key()),
        Private::SlhDsa(signer) => spki(spki::SLH_DSA_SHA2_128S, &signer.public()),
        Private::XWing(opener) => spki(spki::X_WING, &opener.public()),
        Private::MlKem(_) => {
            let (_, parameters) = ml_kem_algorithm(algorithm).unwrap();
            let oid = if algorithm == Algorithm::MlKem768 { spki::ML_KEM_768 } else { spki::ML_KEM_1024 };
            spki(oid, &ffi::ml_kem_from_seed(parameters, material).unwrap().public)
        }
    }
}

#[test]
fn what_another_language_made_has_the_public_half_that_it_says() {
    let paired = vectors("material-v1.json", "opens");
    let paired = paired.iter().filter(|one| !Algorithm::from_name(one.name()).unwrap().is_symmetric());
    let mut count = 0;
    for vector in paired {
        let algorithm = Algorithm::from_name(vector.name()).unwrap();
        assert_eq!(public(algorithm, &vector.bytes("material")), vector.bytes("public"), "{}", vector.name());
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn what_another_language_refuses_is_refused() {
    for vector in vectors("material-v1.json", "refused") {
        let algorithm = Algorithm::from_name(vector.name()).unwrap();
        let parsed = Private::parse(algorithm, Purpose::Sign, &vector.bytes("material"));
        assert!(parsed.is_err(), "{}", vector.name());
    }
}
