#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::vectors::hex;
use domain::{KeyMaterial, ObjectId, Purpose};
use secret::Kept;
use std::sync::Arc;

fn key(algorithm: Algorithm, bytes: &[u8]) -> WorkKey {
    let (key, tenant, purpose) = (ObjectId([1; 16]), ObjectId([0; 16]), Purpose::EncryptRaw);
    let (bytes, ready) = (Kept::keep(bytes).unwrap(), Default::default());
    let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes, ready };
    WorkKey { key, version: 1, material: Arc::new(material) }
}

fn secret(bytes: &[u8]) -> Secret {
    Secret::new(bytes.to_vec())
}

fn opened(with: &WorkKey, scheme: Scheme, ciphertext: &[u8], aad: &[u8], iv: &[u8]) -> Result<Vec<u8>, Fault> {
    decrypt(with, scheme, ciphertext, aad, iv).map(|plaintext| plaintext.expose(<[u8]>::to_vec))
}

fn member(fault: Option<Fault>) -> String {
    match fault {
        Some(Fault::Invalid { member, .. }) => member,
        other => panic!("{other:?}"),
    }
}

const SIZES: [(Algorithm, usize); 3] = [(Algorithm::Aes128, 16), (Algorithm::Aes192, 24), (Algorithm::Aes256, 32)];

/// SP 800-38A, sections F.2.1, F.2.3, F.2.5 (CBC) and F.5.1, F.5.3, F.5.5 (CTR): the first block of each.
#[test]
fn cbc_and_ctr_encrypt_as_their_vectors() {
    let keys = [
        "2b7e151628aed2a6abf7158809cf4f3c",
        "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    ];
    let cbc =
        ["7649abac8119b246cee98e9b12e9197d", "4f021db243bc633d7178183a9fa071e8", "f58c4c04d6e5f1ba779eabfb5f7bfbd6"];
    let ctr =
        ["874d6191b620e3261bef6864990db6ce", "1abc932417521ca24f2b0459fe7e6e0b", "601ec313775789a5b7a7f504bbf3d228"];
    let plaintext = hex("6bc1bee22e409f96e93d7e117393172a");
    let (iv, counter) = (hex("000102030405060708090a0b0c0d0e0f"), hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
    for (place, (algorithm, _)) in SIZES.into_iter().enumerate() {
        let with = key(algorithm, &hex(keys[place]));
        for (scheme, iv, expected) in [(Scheme::AesCbc, &iv, cbc[place]), (Scheme::AesCtr, &counter, ctr[place])] {
            let made = encrypt(&with, scheme, &secret(&plaintext), &[], Some(iv)).unwrap();
            assert_eq!(
                (made.ciphertext.clone(), made.iv.clone()),
                (hex(expected), iv.clone()),
                "{algorithm:?} {scheme:?}"
            );
            assert_eq!(opened(&with, scheme, &made.ciphertext, &[], iv).unwrap(), plaintext);
        }
    }
}

/// The GCM specification's test case 4 (and 10, 16), opened: key, IV, associated data, ciphertext and tag.
#[test]
fn gcm_opens_its_vectors() {
    let key_bytes = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let cases = [
        (
            Algorithm::Aes128,
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            "5bc94fbc3221a5db94fae95ae7121a47",
        ),
        (
            Algorithm::Aes192,
            "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
            "2519498e80f1478f37ba55bd6d27618c",
        ),
        (
            Algorithm::Aes256,
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ];
    for ((algorithm, ciphertext, tag), (_, size)) in cases.into_iter().zip(SIZES) {
        let with = key(algorithm, &hex(key_bytes)[..size]);
        let sealed = [hex(ciphertext), hex(tag)].concat();
        let iv = hex("cafebabefacedbaddecaf888");
        assert_eq!(opened(&with, Scheme::AesGcm, &sealed, &aad, &iv).unwrap(), plaintext, "{algorithm:?}");
    }
}

#[test]
fn gcm_opens_what_it_sealed_and_nothing_else() {
    for (algorithm, size) in SIZES {
        let with = key(algorithm, &vec![7; size]);
        let one = encrypt(&with, Scheme::AesGcm, &secret(b"plaintext"), b"aad", None).unwrap();
        let two = encrypt(&with, Scheme::AesGcm, &secret(b"plaintext"), b"aad", None).unwrap();
        assert_ne!(one.iv, two.iv);
        assert_eq!(one.ciphertext.len(), 9 + 16);
        assert_eq!(opened(&with, Scheme::AesGcm, &one.ciphertext, b"aad", &one.iv).unwrap(), b"plaintext");
        let unreadable = Err(Fault::CiphertextUnreadable);
        assert_eq!(opened(&with, Scheme::AesGcm, &one.ciphertext, b"other", &one.iv), unreadable);
        assert_eq!(opened(&with, Scheme::AesGcm, &one.ciphertext, b"aad", &two.iv), unreadable);
        assert_eq!(opened(&with, Scheme::AesGcm, &one.ciphertext[..15], b"aad", &one.iv), unreadable);
        for at in 0..one.ciphertext.len() {
            let mut edited = one.ciphertext.clone();
            edited[at] ^= 1;
            assert_eq!(opened(&with, Scheme::AesGcm, &edited, b"aad", &one.iv), unreadable, "{at}");
        }
    }
}

#[test]
fn what_a_mode_does_not_take_is_refused_and_named() {
    let with = key(Algorithm::Aes256, &[7; 32]);
    let iv = [1; 16];
    let refused = |scheme, plaintext: &[u8], aad: &[u8], iv: Option<&[u8]>| {
        member(encrypt(&with, scheme, &secret(plaintext), aad, iv).err())
    };
    assert_eq!(refused(Scheme::AesGcm, b"p", b"", Some(&[1; 12])), "iv");
    assert_eq!(refused(Scheme::AesCbc, &[0; 16], b"aad", None), "associated data");
    assert_eq!(refused(Scheme::AesCtr, &[0; 16], b"aad", None), "associated data");
    assert_eq!(refused(Scheme::AesCbc, &[0; 16], b"", Some(&[1; 15])), "iv");
    assert_eq!(refused(Scheme::AesCbc, &[0; 17], b"", Some(&iv)), "plaintext");
    assert_eq!(refused(Scheme::AesCbc, b"", b"", Some(&iv)), "plaintext");
    assert_eq!(member(decrypt(&with, Scheme::AesCbc, &[0; 15], b"", &iv).err()), "ciphertext");
    assert_eq!(member(decrypt(&with, Scheme::AesGcm, &[0; 32], b"", &iv).err()), "iv");
    assert_eq!(encrypt(&with, Scheme::AesCtr, &secret(&[0; 17]), b"", None).unwrap().ciphertext.len(), 17);
}

/// RFC 4231, test case 2, and RFC 2202, test case 2.
#[test]
fn codes_are_those_of_their_vectors() {
    let cases = [
        (Algorithm::HmacSha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (Algorithm::HmacSha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
        (Algorithm::HmacSha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            Algorithm::HmacSha384,
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            Algorithm::HmacSha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ];
    for (algorithm, expected) in cases {
        let (with, data) = (key(algorithm, b"Jefe"), secret(b"what do ya want for nothing?"));
        let code = mac(&with, &data).unwrap();
        assert_eq!(code, hex(expected), "{algorithm:?}");
        assert_eq!(verify_mac(&with, &data, &code), Ok(true));
        assert_eq!(verify_mac(&with, &data, &code[..code.len() - 1]), Ok(false));
        assert_eq!(verify_mac(&with, &secret(b"something else"), &code), Ok(false));
        assert_eq!(verify_mac(&with, &data, &[]), Ok(false));
    }
}
