#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::vectors::hex;

/// RFC 8032, section 7.1: seed, public key, message, signature.
const RFC_8032: [[&str; 4]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
];

#[test]
fn rfc_8032_is_reproduced() {
    for [seed, public, message, signature] in RFC_8032.map(|row| row.map(hex)) {
        let key = SigningKey::from_seed(Held::keep(&seed).unwrap()).unwrap();
        assert_eq!(key.public().0.to_vec(), public);
        assert_eq!(key.sign(&message).to_vec(), signature);
        assert!(key.public().verify(&message, &signature.try_into().unwrap()));
    }
}

#[test]
fn changed_messages_signatures_and_keys_do_not_verify() {
    let key = SigningKey::from_seed(Held::keep(&[1; 32]).unwrap()).unwrap();
    let signature = key.sign(b"message");
    let mut changed = signature;
    changed[0] ^= 1;
    assert!(key.public().verify(b"message", &signature));
    assert!(!key.public().verify(b"messagf", &signature));
    assert!(!key.public().verify(b"message", &changed));
    assert!(!VerifyingKey([0; 32]).verify(b"message", &signature));
}

#[test]
fn seeds_of_another_length_are_refused() {
    for len in [0, 31, 33, 64] {
        assert_eq!(SigningKey::from_seed(Held::keep(&vec![1; len]).unwrap()).err(), Some(BadSeed), "{len}");
    }
}
