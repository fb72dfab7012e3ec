#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::*;
use crate::{CIPHERTEXT_OVERHEAD_BYTES, Header, header};

fn software() -> Software {
    Software::new(Held::keep(&[9; 32]).unwrap())
}

fn key(mark: u8) -> WorkKey {
    with(mark, Algorithm::Aes256, Purpose::Encrypt, 32)
}

fn with(mark: u8, algorithm: Algorithm, purpose: Purpose, bytes: usize) -> WorkKey {
    let (key, tenant) = (ObjectId([mark; 16]), ObjectId([0; 16]));
    let (bytes, ready) = (Kept::keep(&vec![mark; bytes]).unwrap(), Default::default());
    let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes, ready };
    WorkKey { key, version: 1, material: Arc::new(material) }
}

fn sealed(with: WorkKey, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Fault> {
    let plaintext = Secret::new(plaintext.to_vec());
    match software().run(&Job::Seal { with, context: context.to_vec(), plaintext: &plaintext })? {
        Worked::Sealed(sealed) => Ok(sealed),
        _ => panic!("a seal gives what is sealed"),
    }
}

fn opened(with: WorkKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Fault> {
    match software().run(&Job::Open { with, context: context.to_vec(), sealed })? {
        Worked::Opened(opened) => Ok(opened.expose(<[u8]>::to_vec)),
        _ => panic!("an opening gives what is opened"),
    }
}

#[test]
fn what_is_sealed_opens_and_names_its_key() {
    let envelope = sealed(key(1), b"context", b"plaintext").unwrap();
    assert_eq!(envelope.len(), 9 + CIPHERTEXT_OVERHEAD_BYTES);
    assert_eq!(header(&envelope), Some(Header { key: ObjectId([1; 16]), version: 1 }));
    assert_eq!(opened(key(1), b"context", &envelope).unwrap(), b"plaintext");
}

#[test]
fn resealing_moves_to_another_key_and_context() {
    let envelope = sealed(key(1), b"old", b"plaintext").unwrap();
    let (from_context, to_context) = (b"old".to_vec(), b"new".to_vec());
    let job = Job::Reseal { from: key(1), from_context, sealed: &envelope, to: key(2), to_context };
    let Worked::Sealed(moved) = software().run(&job).unwrap() else { panic!("a reseal gives what is sealed") };
    assert_eq!(opened(key(2), b"new", &moved).unwrap(), b"plaintext");
    assert_eq!(opened(key(1), b"old", &moved), Err(Fault::CiphertextUnreadable));
}

#[test]
fn a_data_key_comes_in_clear_and_sealed() {
    let job = Job::DataKey { with: key(1), context: vec![], bytes: 32 };
    let Worked::DataKey { plaintext, sealed } = software().run(&job).unwrap() else { panic!("a data key") };
    assert_eq!(sealed.len(), 32 + CIPHERTEXT_OVERHEAD_BYTES);
    let inside = opened(key(1), b"", &sealed).unwrap();
    assert!(plaintext.expose(|bytes| bytes == inside && bytes != [0; 32]));
}

#[test]
fn equal_material_has_equal_fingerprints() {
    let job = Job::Generate { algorithm: Algorithm::Aes256 };
    let Worked::Generated { material, fingerprint, public: None } = software().run(&job).unwrap() else {
        panic!("material")
    };
    let Worked::Generated { fingerprint: other, .. } = software().run(&job).unwrap() else { panic!("material") };
    assert_eq!(material.len(), 32);
    assert_eq!(software().fingerprint(&material), fingerprint);
    assert_ne!(fingerprint, other);
    assert_ne!(Software::new(Held::keep(&[8; 32]).unwrap()).fingerprint(&material), fingerprint);
}

#[test]
fn random_is_as_long_as_asked_and_no_longer_than_the_limit() {
    let run = |bytes| software().run(&Job::Random { bytes });
    for bytes in [1, 32, RANDOM_BYTES_MAX] {
        let Worked::Random(random) = run(bytes).unwrap() else { panic!("random bytes") };
        assert_eq!(random.len(), bytes as usize);
    }
    assert_eq!(run(RANDOM_BYTES_MAX + 1).err(), Some(Fault::LimitReached { what: "random bytes", max: 1024 }));
}

#[test]
fn what_is_not_served_is_refused_by_name() {
    let not_implemented = |what: &str| Some(Fault::NotImplemented { what: what.into() });
    assert_eq!(sealed(with(1, Algorithm::Sm4, Purpose::Encrypt, 16), b"", b"").err(), not_implemented("SM4"));
    let raw = sealed(with(1, Algorithm::Aes256, Purpose::EncryptRaw, 32), b"", b"").err();
    assert_eq!(raw, Some(Fault::WrongPurpose { purpose: Purpose::EncryptRaw }));
    let short = sealed(with(1, Algorithm::Aes256, Purpose::Encrypt, 16), b"", b"").err();
    assert!(matches!(short, Some(Fault::Damaged { .. })));
    for algorithm in UNMADE {
        assert_eq!(software().run(&Job::Generate { algorithm }).err(), not_implemented(algorithm.name()));
    }
}

const UNMADE: [Algorithm; 4] = [Algorithm::X25519, Algorithm::MlKem512, Algorithm::Sm2, Algorithm::Sm4];

#[test]
fn whatever_can_be_made_has_a_public_half_where_it_has_two() {
    for algorithm in Algorithm::ALL.iter().copied().filter(|algorithm| !UNMADE.contains(algorithm)) {
        let Ok(Worked::Generated { public, material, .. }) = software().run(&Job::Generate { algorithm }) else {
            panic!("{algorithm:?}")
        };
        assert_eq!(public.is_some(), !algorithm.is_symmetric(), "{algorithm:?}");
        let raw = algorithm.raw_public_bytes().unwrap_or(0);
        assert!(public.is_none_or(|public| public.len() > raw), "{algorithm:?}");
        assert_eq!(material.held().is_none(), algorithm.name().starts_with("RSA"), "{algorithm:?}");
    }
}
