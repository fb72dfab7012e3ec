#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::generate::generate;
use crate::vectors::hex;
use domain::{KeyMaterial, ObjectId, Purpose};
use secret::Kept;
use std::sync::Arc;

fn key(algorithm: Algorithm, bytes: Kept) -> WorkKey {
    let (key, tenant, purpose, ready) = (ObjectId([1; 16]), ObjectId([0; 16]), Purpose::Sign, Default::default());
    let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes, ready };
    WorkKey { key, version: 1, material: Arc::new(material) }
}

fn of_bytes(algorithm: Algorithm, bytes: &[u8]) -> WorkKey {
    key(algorithm, Kept::keep(bytes).unwrap())
}

/// A fresh key and its public half.
fn pair(algorithm: Algorithm) -> (WorkKey, Vec<u8>) {
    let Ok(fresh) = generate(algorithm) else { panic!("{algorithm:?}") };
    (key(algorithm, fresh.material), fresh.public.unwrap())
}

fn message(text: &[u8]) -> Signable {
    Signable::Message(Secret::new(text.to_vec()))
}

/// What a scheme signs of a message: itself, its digest where it has one, or 64 bytes that stand for mu.
fn forms(scheme: Scheme, text: &[u8]) -> Vec<Signable> {
    if scheme == Scheme::MlDsaExternalMu {
        return vec![Signable::Mu(vec![text[0]; MU_BYTES])];
    }
    let digest = |hash| Signable::Digest(hash, digest::digest(hash_algorithm(hash), text).as_ref().to_vec());
    std::iter::once(message(text)).chain(scheme.hash().map(digest)).collect()
}

fn signs_and_verifies(algorithm: Algorithm) {
    let (with, public) = pair(algorithm);
    let schemes = Scheme::ALL.iter().copied().filter(|scheme| scheme.fits(algorithm, Purpose::Sign));
    for scheme in schemes {
        for what in forms(scheme, b"a message") {
            let signature = sign(&with, scheme, &what).unwrap();
            // However it was given, it is the signature of the same message.
            for same in forms(scheme, b"a message") {
                assert_eq!(verify((algorithm, &public), scheme, &same, &signature), Ok(true), "{scheme:?}");
            }
            for other in forms(scheme, b"b message") {
                assert_eq!(verify((algorithm, &public), scheme, &other, &signature), Ok(false), "{scheme:?}");
            }
            let mut flipped = signature.clone();
            flipped[7] ^= 1;
            assert_eq!(verify((algorithm, &public), scheme, &what, &flipped), Ok(false), "{scheme:?}");
            assert_eq!(verify((algorithm, &public), scheme, &what, &signature[1..]), Ok(false), "{scheme:?}");
            assert_eq!(verify((algorithm, &public), scheme, &what, &[]), Ok(false), "{scheme:?}");
        }
    }
}

#[test]
fn rsa_signs_and_verifies() {
    signs_and_verifies(Algorithm::Rsa2048);
}

#[test]
fn curves_sign_and_verify() {
    for curve in [Algorithm::EcP256, Algorithm::EcP384, Algorithm::EcP521, Algorithm::EcSecp256k1, Algorithm::Ed25519] {
        signs_and_verifies(curve);
    }
}

#[test]
fn ml_dsa_signs_and_verifies() {
    [Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87].into_iter().for_each(signs_and_verifies);
}

/// One of each form: a signature takes half a second.
#[test]
fn slh_dsa_signs_and_verifies() {
    let (algorithm, text) = (Algorithm::SlhDsaSha2S128, b"a message".as_slice());
    let (with, public) = pair(algorithm);
    let verified = |scheme, what: &Signable, signature: &[u8]| verify((algorithm, &public), scheme, what, signature);
    let pure = sign(&with, Scheme::SlhDsa, &message(text)).unwrap();
    assert_eq!(pure.len(), 7_856);
    assert_eq!(verified(Scheme::SlhDsa, &message(text), &pure), Ok(true));
    assert_eq!(verified(Scheme::SlhDsa, &message(b"another"), &pure), Ok(false));
    assert_eq!(verified(Scheme::SlhDsa, &message(text), &pure[1..]), Ok(false));
    assert_eq!(verified(Scheme::HashSlhDsaSha256, &message(text), &pure), Ok(false));
    let digest = Signable::Digest(Hash::Sha256, crate::sha256(text).to_vec());
    let hashed = sign(&with, Scheme::HashSlhDsaSha256, &digest).unwrap();
    assert_eq!(verified(Scheme::HashSlhDsaSha256, &message(text), &hashed), Ok(true));
    assert_eq!(verified(Scheme::HashSlhDsaSha256, &digest, &hashed), Ok(true));
    assert_eq!(verified(Scheme::SlhDsa, &message(text), &hashed), Ok(false));
    assert!(sign(&with, Scheme::SlhDsa, &digest).is_err());
    assert!(sign(&with, Scheme::EcdsaSha256, &message(text)).is_err());
}

/// RFC 8032, section 7.1, test 2.
#[test]
fn ed25519_signs_as_its_vector() {
    let with = of_bytes(Algorithm::Ed25519, &hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(sign(&with, Scheme::EdDsa, &message(&[0x72])).unwrap(), hex(expected));
}

/// The scalars of RFC 6979, sections A.2.5 to A.2.7, and their public points, which the module makes anew.
#[test]
fn scalars_have_the_public_keys_of_their_vectors() {
    use aws_lc_rs::signature::KeyPair;
    let cases = [
        (
            Algorithm::EcP256,
            "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
            "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
             7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        ),
        (
            Algorithm::EcP384,
            "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8\
             96D5724E4C70A825F872C9EA60D2EDF5",
            "04EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64\
             DEF8F0EA9055866064A254515480BC13\
             8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1\
             288B231C3AE0D4FE7344FD2533264720",
        ),
    ];
    for (algorithm, scalar, point) in cases {
        let with = of_bytes(algorithm, &hex(scalar));
        let Private::Ecdsa(pair) = Private::of(&with).unwrap() else { panic!("{algorithm:?}") };
        assert_eq!(pair.public_key().as_ref(), hex(point), "{algorithm:?}");
    }
}

/// What is no key of its algorithm never works: bad scalars, another curve's, another size, cut and foreign bytes.
#[test]
fn material_that_is_none_is_refused() {
    let (_, order) = (0, hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"));
    let rsa = generate(Algorithm::Rsa2048).ok().unwrap();
    let pkcs8 = rsa.material.expose(<[u8]>::to_vec);
    let cases: [(Algorithm, &[u8]); 9] = [
        (Algorithm::EcP256, &[0; 32]),
        (Algorithm::EcP256, &order),
        (Algorithm::EcP256, &[1; 31]),
        (Algorithm::EcP384, &[1; 32]),
        (Algorithm::Ed25519, &[1; 31]),
        (Algorithm::MlDsa65, &[1; 33]),
        (Algorithm::Rsa3072, &pkcs8),
        (Algorithm::Rsa2048, &pkcs8[..pkcs8.len() - 1]),
        (Algorithm::Rsa2048, &[1; 32]),
    ];
    for (algorithm, bytes) in cases {
        let refused = Private::of(&of_bytes(algorithm, bytes)).err();
        assert!(matches!(refused, Some(Fault::Damaged { .. })), "{algorithm:?} of {} bytes", bytes.len());
    }
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    let (with, public) = pair(Algorithm::EcP256);
    let member = |fault: Option<Fault>| match fault {
        Some(Fault::Invalid { member, .. }) => member,
        other => panic!("{other:?}"),
    };
    let short = Signable::Digest(Hash::Sha256, vec![0; 31]);
    assert_eq!(member(sign(&with, Scheme::EcdsaSha256, &short).err()), "digest");
    assert_eq!(member(verify((Algorithm::EcP256, &public), Scheme::EcdsaSha256, &short, &[]).err()), "digest");
    let other = Signable::Digest(Hash::Sha384, vec![0; 48]);
    assert_eq!(member(sign(&with, Scheme::EcdsaSha256, &other).err()), "scheme");
    assert_eq!(member(sign(&with, Scheme::RsaPssSha256, &message(b"m")).err()), "scheme");
    assert_eq!(member(sign(&with, Scheme::EdDsa, &message(b"m")).err()), "scheme");
    let (rsa, _) = pair(Algorithm::Rsa2048);
    assert_eq!(member(sign(&rsa, Scheme::RsaPkcs1Raw, &message(&[1; 246])).err()), "message");
    assert_eq!(sign(&rsa, Scheme::RsaPkcs1Raw, &message(&[1; 245])).unwrap().len(), 256);
    let (ml, _) = pair(Algorithm::MlDsa44);
    assert_eq!(member(sign(&ml, Scheme::MlDsaExternalMu, &Signable::Mu(vec![0; 63])).err()), "digest");
}

/// Raw PKCS#1 over the DigestInfo of SHA-256 is PKCS#1 with SHA-256.
#[test]
fn raw_pkcs1_is_what_the_hashed_one_is_made_of() {
    let (with, public) = pair(Algorithm::Rsa2048);
    let prefix = hex("3031300d060960864801650304020105000420");
    let info = [prefix, crate::sha256(b"a message").to_vec()].concat();
    let raw = sign(&with, Scheme::RsaPkcs1Raw, &message(&info)).unwrap();
    assert_eq!(raw, sign(&with, Scheme::RsaPkcs1Sha256, &message(b"a message")).unwrap());
    assert_eq!(verify((Algorithm::Rsa2048, &public), Scheme::RsaPkcs1Raw, &message(&info), &raw), Ok(true));
}

#[test]
fn a_private_key_is_parsed_once() {
    let (with, _) = pair(Algorithm::EcP256);
    let first: *const Private = Private::of(&with).unwrap();
    assert!(std::ptr::eq(first, Private::of(&with.clone()).unwrap()));
}
