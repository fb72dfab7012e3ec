#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::generate::generate;
use domain::{KeyMaterial, ObjectId};
use std::sync::Arc;

const METHODS: [Scheme; 3] = [Scheme::WrapOaepSha1Kwp, Scheme::WrapOaepSha256Kwp, Scheme::WrapOaepSha256];

fn job() -> (WorkKey, Vec<u8>) {
    job_of(Algorithm::Rsa3072)
}

fn job_of(algorithm: Algorithm) -> (WorkKey, Vec<u8>) {
    let Ok(fresh) = generate(algorithm) else { panic!("an import job's key") };
    let (key, tenant, ready) = (ObjectId([1; 16]), ObjectId([0; 16]), Default::default());
    let (purpose, bytes) = (Purpose::Import, fresh.material);
    let material = KeyMaterial { key, tenant, version: 1, algorithm, purpose, bytes, ready };
    (WorkKey { key, version: 1, material: Arc::new(material) }, fresh.public.unwrap())
}

fn bytes(material: &Kept) -> Vec<u8> {
    material.expose(<[u8]>::to_vec)
}

/// The private key as somebody would bring it.
fn pkcs8(algorithm: Algorithm, material: &[u8]) -> Vec<u8> {
    use Algorithm::*;
    let seeded = |form: &Seeds, parameters: u8| [form.before, &[parameters], form.between, material].concat();
    match algorithm {
        EcP256 | EcP384 | EcP521 | EcSecp256k1 => crate::private::ecdsa(algorithm, material)
            .unwrap_or_else(|_| panic!("{algorithm:?}"))
            .to_pkcs8v1()
            .unwrap()
            .as_ref()
            .to_vec(),
        Ed25519 => Ed25519KeyPair::from_seed_unchecked(material).unwrap().to_pkcs8v1().unwrap().as_ref().to_vec(),
        MlDsa44 => seeded(&ML_DSA, 0x11),
        MlDsa65 => seeded(&ML_DSA, 0x12),
        MlDsa87 => seeded(&ML_DSA, 0x13),
        SlhDsaSha2S128 => seeded(&SLH_DSA, 0x14),
        MlKem768 => seeded(&ML_KEM, 0x02),
        MlKem1024 => seeded(&ML_KEM, 0x03),
        XWing => seeded(&X_WING, 0x7a),
        _ => material.to_vec(),
    }
}

#[test]
fn what_is_brought_is_what_was_there_byte_by_byte_with_its_public_half() {
    use Algorithm::*;
    let (with, public) = job();
    let kems = Scheme::WrapHpke.algorithms().iter().map(|kem| job_of(*kem)).collect::<Vec<_>>();
    let all = [
        (Aes128, Purpose::EncryptRaw),
        (Aes256, Purpose::Encrypt),
        (HmacSha256, Purpose::Mac),
        (HmacSha512, Purpose::Mac),
        (Rsa2048, Purpose::Sign),
        (Rsa2048, Purpose::DecryptAsymmetric),
        (EcP256, Purpose::Sign),
        (EcP384, Purpose::Sign),
        (EcP521, Purpose::Sign),
        (EcSecp256k1, Purpose::Sign),
        (Ed25519, Purpose::Sign),
        (MlDsa44, Purpose::Sign),
        (MlDsa65, Purpose::Sign),
        (MlDsa87, Purpose::Sign),
        (SlhDsaSha2S128, Purpose::Sign),
        (MlKem768, Purpose::Encapsulate),
        (MlKem1024, Purpose::Encapsulate),
        (XWing, Purpose::Encapsulate),
    ];
    for (algorithm, purpose) in all {
        let Ok(made) = generate(algorithm) else { panic!("{algorithm:?}") };
        let brought = pkcs8(algorithm, &bytes(&made.material));
        for method in METHODS {
            // RSAES-OAEP alone holds no more than its key leaves room for.
            if method == Scheme::WrapOaepSha256 && brought.len() > 300 {
                continue;
            }
            let wrapped = wrap_for_import(&public, method, &brought).unwrap();
            let Ok(taken) = import(&with, method, &wrapped, algorithm, purpose) else {
                panic!("{algorithm:?} {method:?}")
            };
            assert_eq!(bytes(&taken.material), bytes(&made.material), "{algorithm:?}");
            assert_eq!(taken.public, made.public, "{algorithm:?}");
        }
        for (with, public) in &kems {
            let wrapped = wrap_for_import(public, Scheme::WrapHpke, &brought).unwrap();
            let Ok(taken) = import(with, Scheme::WrapHpke, &wrapped, algorithm, purpose) else {
                panic!("{algorithm:?}")
            };
            assert_eq!(bytes(&taken.material), bytes(&made.material), "{algorithm:?}");
        }
    }
}

#[test]
fn whatever_keeps_it_shut_looks_alike() {
    let (with, public) = job();
    let (_, foreign) = job();
    let refused = |method, wrapped: &[u8]| import(&with, method, wrapped, Algorithm::Aes256, Purpose::Encrypt).err();
    for method in METHODS {
        let good = wrap_for_import(&public, method, &[7; 32]).unwrap();
        let mut bad =
            vec![vec![], vec![0; 384], good[1..].to_vec(), wrap_for_import(&foreign, method, &[7; 32]).unwrap()];
        for at in [0, good.len() - 1] {
            let mut edited = good.clone();
            edited[at] ^= 1;
            bad.push(edited);
        }
        bad.extend(
            METHODS
                .into_iter()
                .filter(|other| *other != method)
                .map(|other| wrap_for_import(&public, other, &[7; 32]).unwrap()),
        );
        for wrapped in bad {
            assert_eq!(refused(method, &wrapped), Some(Fault::WrappedUnreadable), "{method:?}");
        }
    }
    // A key between of another length than AES-256 has.
    let short = wrap_for_import(&public, Scheme::WrapOaepSha256, &[1; 16]).unwrap();
    assert_eq!(refused(Scheme::WrapOaepSha256Kwp, &[short, vec![0; 40]].concat()), Some(Fault::WrappedUnreadable));
}

#[test]
fn a_job_unwraps_in_the_way_that_it_says() {
    let ((rsa, _), (kem, public)) = (job(), job_of(Algorithm::XWing));
    let wrapped = wrap_for_import(&public, Scheme::WrapHpke, &[7; 32]).unwrap();
    let got = |with, method| import(with, method, &wrapped, Algorithm::Aes256, Purpose::Encrypt).err();
    assert_eq!(got(&kem, Scheme::WrapHpke), None);
    assert_eq!(got(&kem, Scheme::WrapOaepSha256), Some(Fault::WrongPurpose { purpose: Purpose::Import }));
    assert!(matches!(got(&rsa, Scheme::WrapHpke), Some(Fault::WrappedUnreadable | Fault::NotImplemented { .. })));
}

/// PKCS#8 of a P-256 key up to its scalar, and between that and its point (RFC 5208, RFC 5915).
const P256_HEAD: &[u8] = &[
    0x30, 0x81, 0x87, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 3, 1, 7, 4, 0x6d, 0x30, 0x6b, 2, 1, 1, 4, 0x20,
];
const P256_POINT: &[u8] = &[0xa1, 0x44, 3, 0x42, 0];

#[test]
fn what_is_weak_or_none_of_its_algorithm_is_refused() {
    use Algorithm::*;
    let taken = |algorithm, inside: &[u8]| match read(algorithm, Purpose::Sign, inside) {
        Ok(_) => true,
        Err(Fault::BadMaterial { .. }) => false,
        Err(other) => panic!("{other:?}"),
    };
    let made = |algorithm| generate(algorithm).map(|fresh| bytes(&fresh.material)).unwrap_or_default();
    assert!(
        !taken(Aes256, &[0; 31]) && !taken(Aes256, &[0; 33]) && !taken(HmacSha256, &[]) && taken(HmacSha256, &[1; 32])
    );
    let rsa = made(Rsa2048);
    assert!(taken(Rsa2048, &rsa) && !taken(Rsa3072, &rsa) && !taken(Rsa2048, &rsa[..rsa.len() - 1]));
    assert!(!taken(Rsa2048, &[rsa.as_slice(), &[0]].concat()));
    for at in (60..rsa.len()).step_by(97) {
        let mut edited = rsa.clone();
        edited[at] ^= 1;
        assert!(!taken(Rsa2048, &edited), "{at}");
    }
    let p256 = pkcs8(EcP256, &made(EcP256));
    assert!(taken(EcP256, &p256) && !taken(EcP384, &p256) && !taken(EcSecp256k1, &p256) && !taken(Ed25519, &p256));
    // Another's point behind the scalar, one off the curve, and no scalar at all.
    let (one, other) = (generate(EcP256).unwrap_or_else(|_| panic!()), generate(EcP256).unwrap_or_else(|_| panic!()));
    let with_point = |scalar: &[u8], spki: &[u8]| [P256_HEAD, scalar, P256_POINT, &spki[spki.len() - 65..]].concat();
    let (scalar, mut point) = (bytes(&one.material), one.public.unwrap());
    assert!(taken(EcP256, &with_point(&scalar, &point)));
    assert!(!taken(EcP256, &with_point(&scalar, &other.public.unwrap())), "another's point");
    assert!(!taken(EcP256, &with_point(&[0; 32], &point)) && !taken(EcP256, &with_point(&[0xff; 32], &point)));
    *point.last_mut().unwrap() ^= 1;
    assert!(!taken(EcP256, &with_point(&scalar, &point)), "a point off the curve");
    let seed = pkcs8(MlDsa65, &[3; 32]);
    assert!(taken(MlDsa65, &seed) && !taken(MlDsa44, &seed) && !taken(MlDsa65, &[3; 32]) && !taken(MlKem768, &seed));
    assert!(!taken(Ed25519, &[3; 32]));
    let x_wing = pkcs8(XWing, &[3; 32]);
    assert!(taken(XWing, &x_wing) && !taken(MlKem768, &x_wing) && !taken(XWing, &[3; 32]) && !taken(XWing, &seed));
}

#[test]
fn a_root_that_is_not_its_seeds_is_not_brought() {
    let algorithm = Algorithm::SlhDsaSha2S128;
    let Ok(fresh) = generate(algorithm) else { panic!("a key of SLH-DSA") };
    let mut inside = pkcs8(algorithm, &bytes(&fresh.material));
    assert!(believed(algorithm, Purpose::Sign, &inside).is_ok());
    *inside.last_mut().unwrap() ^= 1;
    assert!(matches!(believed(algorithm, Purpose::Sign, &inside).err(), Some(Fault::BadMaterial { .. })));
}
