#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::generate::{ml_kem_public, x_wing_public};
use crate::vectors::{Vector, others};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha384;

const FILE: &str = "hpke.json";

fn opened<K: Kem, D: Kdf, A: Aead>(case: &Vector) -> Option<Zeroizing<Vec<u8>>> {
    let key = K::PrivateKey::from_bytes(&case.bytes("skRm")).unwrap();
    let wrapped = [case.bytes("enc"), case.bytes("ct")].concat();
    let (info, associated) = (case.bytes("info"), case.bytes("aad"));
    assert!(open::<K, D, A>(&key, &wrapped, INFO, &associated).is_none());
    assert!(open::<K, D, A>(&key, &wrapped, &info, ASSOCIATED).is_none());
    open::<K, D, A>(&key, &wrapped, &info, &associated)
}

/// The draft's own answers, which are of other KDFs and AEADs (tests/vectors/hpke.json).
#[test]
fn kems_give_what_their_draft_says() {
    let known = others(FILE, "draft-ietf-hpke-pq");
    assert_eq!(known.len(), 2);
    for case in known {
        let found = match (case.number("kem_id"), case.number("kdf_id"), case.number("aead_id")) {
            (0x41, 1, 1) => opened::<MlKem768, HkdfSha256, AesGcm128>(&case),
            (0x42, 2, 2) => opened::<MlKem1024, HkdfSha384, AesGcm256>(&case),
            other => panic!("{other:?}"),
        };
        assert_eq!(*found.unwrap(), case.bytes("pt"));
    }
}

fn algorithm(case: &Vector) -> Algorithm {
    match case.number("kem_id") {
        0x41 => Algorithm::MlKem768,
        0x42 => Algorithm::MlKem1024,
        0x647a => Algorithm::XWing,
        other => panic!("{other:#x}"),
    }
}

fn public(algorithm: Algorithm, seed: &[u8]) -> Vec<u8> {
    if algorithm == Algorithm::XWing { x_wing_public(seed).unwrap() } else { ml_kem_public(algorithm, seed).unwrap() }
}

/// What another library wrapped (tests/vectors/README.md), and the module's public half of the same seed.
#[test]
fn what_another_library_wrapped_is_unwrapped() {
    let known = others(FILE, "wrapped");
    assert_eq!(known.len(), 3);
    for case in known {
        let (algorithm, seed) = (algorithm(&case), case.bytes("skRm"));
        let key = Unwrapper::from_seed(algorithm, &seed).unwrap();
        assert_eq!(*key.opened(&case.bytes("wrapped")).unwrap(), case.bytes("pt"));
        assert_eq!(algorithm.raw_public(&public(algorithm, &seed)).unwrap(), case.bytes("pkRm"));
    }
}

#[test]
fn what_was_wrapped_here_is_unwrapped_and_nothing_else() {
    for case in others(FILE, "wrapped") {
        let (algorithm, seed) = (algorithm(&case), case.bytes("skRm"));
        let (key, public) = (Unwrapper::from_seed(algorithm, &seed).unwrap(), public(algorithm, &seed));
        for material in [b"".as_slice(), &[7; 32], &[8; 2_400]] {
            assert_eq!(*key.opened(&wrap(&public, material).unwrap()).unwrap(), material);
        }
        let good = wrap(&public, &[7; 32]).unwrap();
        assert_ne!(good, wrap(&public, &[7; 32]).unwrap());
        let encapsulated = good.len() - 32 - 16;
        for at in [0, encapsulated - 1, encapsulated, good.len() - 1] {
            let mut edited = good.clone();
            edited[at] ^= 1;
            assert_eq!(key.opened(&edited).err(), Some(Fault::WrappedUnreadable), "{algorithm:?} {at}");
        }
        for cut in [0, 1, encapsulated - 1, encapsulated, encapsulated + 15, good.len() - 1] {
            assert_eq!(key.opened(&good[..cut]).err(), Some(Fault::WrappedUnreadable), "{algorithm:?} {cut}");
        }
        assert!(key.opened(&[good.as_slice(), &[0]].concat()).is_err());
        assert!(Unwrapper::from_seed(algorithm, &seed[1..]).is_none());
        assert!(Unwrapper::from_seed(Algorithm::Ed25519, &seed).is_none());
        assert!(wrap(&public[1..], &[7; 32]).is_err() && wrap(&[], &[]).is_err());
        // Numbers that are none of the field (FIPS 203, section 7.2).
        let mut bad = public.clone();
        let at = bad.len() - algorithm.raw_public_bytes().unwrap();
        bad[at..at + 3].fill(0xff);
        assert_eq!(wrap(&bad, &[7; 32]).err(), Some(Fault::WrappedUnreadable));
    }
}

#[test]
fn randomness_is_drawn_and_its_end_remembered() {
    let mut random = Random::of(fill_random);
    let (one, other) = (random.try_next_u64().unwrap(), random.try_next_u64().unwrap());
    assert!(one != other && !random.short && random.try_next_u32() != random.try_next_u32());
    let public = public(Algorithm::XWing, &[1; 32]);
    let key = Algorithm::XWing.raw_public(&public).unwrap();
    let ended = seal::<XWing>(key, &[7; 32], Random::of(|_| Err(NoRandomness)));
    assert_eq!(ended.err(), Some(Fault::Unavailable));
}
