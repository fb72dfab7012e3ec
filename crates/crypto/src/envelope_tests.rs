#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::vectors::{Vector, vectors};
use domain::{Algorithm, KeyMaterial, Purpose};
use proptest::prelude::*;
use secret::Held;
use std::sync::Arc;

fn key(material: &[u8], id: [u8; 16], version: u32) -> WorkKey {
    let (key, tenant, bytes) = (ObjectId(id), ObjectId([0; 16]), Held::keep(material).unwrap());
    let (algorithm, purpose, ready) = (Algorithm::Aes256, Purpose::Encrypt, Default::default());
    let material = KeyMaterial { key, tenant, version, algorithm, purpose, bytes: bytes.into(), ready };
    WorkKey { key, version, material: Arc::new(material) }
}

fn opened(with: &WorkKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Fault> {
    open(with, context, sealed).map(|opened| opened.expose(<[u8]>::to_vec))
}

fn of_vector(vector: &Vector) -> (WorkKey, Vec<u8>, Vec<u8>) {
    let with = key(&vector.bytes("material"), vector.bytes("key_id").try_into().unwrap(), vector.number("version"));
    (with, vector.bytes("context"), vector.bytes("envelope"))
}

#[test]
fn vectors_of_another_language_open() {
    for vector in vectors("envelope-v1.json", "opens") {
        let (with, context, sealed) = of_vector(&vector);
        assert_eq!(header(&sealed), Some(Header { key: with.key, version: with.version }));
        assert_eq!(opened(&with, &context, &sealed).unwrap(), vector.bytes("plaintext"), "{}", vector.name());
        // The same salt gives the same header: message key and commitment are derived alike.
        let again = seal_with_salt(&with, &context, b"", Parts::of(&sealed).unwrap().salt).unwrap();
        assert_eq!(again[..HEADER_BYTES], sealed[..HEADER_BYTES], "{}", vector.name());
    }
}

#[test]
fn vectors_that_must_not_open_do_not() {
    for vector in vectors("envelope-v1.json", "refused") {
        let (with, context, sealed) = of_vector(&vector);
        assert_eq!(opened(&with, &context, &sealed), Err(Fault::CiphertextUnreadable), "{}", vector.name());
    }
}

#[test]
fn every_bit_counts() {
    let with = key(&[3; 32], [4; 16], 5);
    let sealed = seal(&with, b"context", b"plain").unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(opened(&with, b"context", &changed), Err(Fault::CiphertextUnreadable), "bit {bit}");
    }
    for len in 0..sealed.len() {
        assert_eq!(opened(&with, b"context", &sealed[..len]), Err(Fault::CiphertextUnreadable), "cut to {len}");
    }
}

#[test]
fn only_known_formats_and_suites_have_a_header() {
    let sealed = seal(&key(&[3; 32], [4; 16], 5), b"", b"").unwrap();
    assert_eq!(header(&sealed).unwrap().version, 5);
    for at in 0..3 {
        let mut other = sealed.clone();
        other[at] = other[at].wrapping_add(1);
        assert_eq!(header(&other), None);
    }
    assert_eq!(header(&sealed[..CIPHERTEXT_OVERHEAD_BYTES - 1]), None);
}

#[test]
fn no_two_envelopes_are_alike() {
    let with = key(&[3; 32], [4; 16], 5);
    let mut salts: Vec<_> = (0..1_000).map(|_| *Parts::of(&seal(&with, b"", b"same").unwrap()).unwrap().salt).collect();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 1_000);
}

proptest! {
    #[test]
    fn what_is_sealed_opens(
        material: [u8; 32], id: [u8; 16], version: u32,
        context in prop::collection::vec(any::<u8>(), 0..300), plaintext in prop::collection::vec(any::<u8>(), 0..5000),
    ) {
        let with = key(&material, id, version);
        let sealed = seal(&with, &context, &plaintext).unwrap();
        prop_assert_eq!(sealed.len(), plaintext.len() + CIPHERTEXT_OVERHEAD_BYTES);
        prop_assert_eq!(opened(&with, &context, &sealed).unwrap(), plaintext);
        let mut other = context.clone();
        other.push(0);
        prop_assert!(opened(&with, &other, &sealed).is_err());
        prop_assert!(opened(&key(&material, id, version.wrapping_add(1)), &context, &sealed).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let with = key(&[3; 32], [4; 16], 5);
        let mut framed = vec![b'K', 1, 1];
        framed.extend_from_slice(&bytes);
        for bytes in [bytes, framed] {
            let _ = header(&bytes);
            prop_assert!(opened(&with, b"", &bytes).is_err());
        }
    }
}
