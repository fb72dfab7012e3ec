#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::generate::generate;
use crate::vectors::others;
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use domain::{Algorithm, KeyMaterial, ObjectId, Purpose};
use secret::Kept;
use std::sync::Arc;
use x_wing::{EncapsulationKey, TryKeyInit};

fn pair(algorithm: Algorithm, purpose: Purpose) -> (WorkKey, Vec<u8>) {
    let Ok(fresh) = generate(algorithm) else { panic!("{algorithm:?}") };
    let (key, tenant, ready) = (ObjectId([1; 16]), ObjectId([0; 16]), Default::default());
    let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes: fresh.material, ready };
    (WorkKey { key, version: 1, material: Arc::new(material) }, fresh.public.unwrap())
}

#[test]
fn oaep_opens_what_its_public_key_encrypted() {
    let (with, public) = pair(Algorithm::Rsa2048, Purpose::DecryptAsymmetric);
    let public = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&public).unwrap()).unwrap();
    let schemes: [(Scheme, &OaepAlgorithm); 4] = [
        (Scheme::RsaOaepSha1, &OAEP_SHA1_MGF1SHA1),
        (Scheme::RsaOaepSha256, &OAEP_SHA256_MGF1SHA256),
        (Scheme::RsaOaepSha384, &OAEP_SHA384_MGF1SHA384),
        (Scheme::RsaOaepSha512, &OAEP_SHA512_MGF1SHA512),
    ];
    for (scheme, algorithm) in schemes {
        for plaintext in [b"".as_slice(), b"a secret"] {
            let mut place = vec![0; public.ciphertext_size()];
            let ciphertext = public.encrypt(algorithm, plaintext, &mut place, None).unwrap().to_vec();
            assert!(decrypt(&with, scheme, &ciphertext).unwrap().expose(|opened| opened == plaintext));
            for (other, _) in schemes.into_iter().filter(|(other, _)| *other != scheme) {
                assert_eq!(decrypt(&with, other, &ciphertext).err(), Some(Fault::CiphertextUnreadable));
            }
            let mut edited = ciphertext.clone();
            edited[100] ^= 1;
            assert_eq!(decrypt(&with, scheme, &edited).err(), Some(Fault::CiphertextUnreadable));
            assert_eq!(decrypt(&with, scheme, &ciphertext[1..]).err(), Some(Fault::CiphertextUnreadable));
        }
    }
    assert_eq!(decrypt(&with, Scheme::RsaOaepSha1, &[]).err(), Some(Fault::CiphertextUnreadable));
}

#[test]
fn ml_kem_gives_what_was_encapsulated() {
    for (algorithm, module, bytes) in
        [(Algorithm::MlKem768, &kem::ML_KEM_768, 1_088), (Algorithm::MlKem1024, &kem::ML_KEM_1024, 1_568)]
    {
        let (with, public) = pair(algorithm, Purpose::Encapsulate);
        let raw = &public[public.len() - algorithm.raw_public_bytes().unwrap()..];
        let (ciphertext, shared) = kem::EncapsulationKey::new(module, raw).unwrap().encapsulate().unwrap();
        assert_eq!(ciphertext.as_ref().len(), bytes);
        assert!(decapsulate(&with, ciphertext.as_ref()).unwrap().expose(|secret| secret == shared.as_ref()));
        let mut edited = ciphertext.as_ref().to_vec();
        edited[0] ^= 1;
        assert!(decapsulate(&with, &edited).unwrap().expose(|secret| secret != shared.as_ref()));
        assert_eq!(decapsulate(&with, &edited[1..]).err(), Some(Fault::CiphertextUnreadable));
    }
}

#[test]
fn x_wing_gives_what_was_encapsulated() {
    let (with, public) = pair(Algorithm::XWing, Purpose::Encapsulate);
    let raw = &public[public.len() - Algorithm::XWing.raw_public_bytes().unwrap()..];
    let key = EncapsulationKey::new_from_slice(raw).unwrap();
    let (ciphertext, shared) = key.encapsulate_deterministic(&[7_u8; 64].into());
    assert!(decapsulate(&with, &ciphertext).unwrap().expose(|secret| secret == shared.as_slice()));
    assert_eq!(decapsulate(&with, &ciphertext[1..]).err(), Some(Fault::CiphertextUnreadable));
    // Another ciphertext gives another secret.
    let mut edited = ciphertext.to_vec();
    edited[0] ^= 1;
    assert!(decapsulate(&with, &edited).unwrap().expose(|secret| secret != shared.as_slice()));
    // A point of small order: its half of the secret would be known to everybody.
    let mut weak = ciphertext.to_vec();
    weak[1_088..].fill(0);
    assert_eq!(decapsulate(&with, &weak).err(), Some(Fault::CiphertextUnreadable));
}

/// The draft's own answers (tests/vectors/x-wing.json).
#[test]
fn x_wing_gives_what_its_draft_says() {
    let known = others("x-wing.json", "X-Wing");
    assert_eq!(known.len(), 3);
    for case in known {
        let (key, tenant, ready) = (ObjectId([1; 16]), ObjectId([0; 16]), Default::default());
        let (algorithm, purpose) = (Algorithm::XWing, Purpose::Encapsulate);
        let material = Kept::keep(&case.bytes("sk")).unwrap();
        let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes: material, ready };
        let with = WorkKey { key, version: 1, material: Arc::new(material) };
        let Ok(Private::XWing(opener)) = Private::of(&with) else { panic!("a key of X-Wing") };
        assert_eq!(opener.public(), case.bytes("pk"));
        assert!(decapsulate(&with, &case.bytes("ct")).unwrap().expose(|secret| secret == case.bytes("ss")));
    }
}

#[test]
fn a_key_for_something_else_opens_nothing() {
    let (with, _) = pair(Algorithm::EcP256, Purpose::Sign);
    let wrong = Some(Fault::WrongPurpose { purpose: Purpose::Sign });
    assert_eq!(decrypt(&with, Scheme::RsaOaepSha256, &[0; 256]).err(), wrong);
    assert_eq!(decapsulate(&with, &[0; 1_088]).err(), wrong);
}
