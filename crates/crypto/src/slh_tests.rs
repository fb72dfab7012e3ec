#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
//! NIST's own answers (tests/vectors/acvp.json).
use super::*;
use crate::vectors::others;

#[test]
fn seeds_give_the_keys_that_nist_says() {
    for case in others("acvp.json", "SLH-DSA-SHA2-128s") {
        let signer = Signer::from_seeds(&case.bytes("seeds")).unwrap();
        assert_eq!(signer.private().to_vec(), case.bytes("private"));
        assert_eq!(signer.public().to_vec(), case.bytes("public"));
        assert_eq!(signer.public().as_slice(), &case.bytes("private")[PUBLIC_AT..]);
    }
}

#[test]
fn messages_give_the_signatures_that_nist_says() {
    let mut made = 0;
    for case in others("acvp.json", "signatures") {
        let signer = Signer::parse(&case.bytes("private")).unwrap();
        let (message, signature) = (case.bytes("message"), case.bytes("signature"));
        assert!(verify(&signer.public(), Signed::Message(&message), &signature));
        assert!(!verify(&signer.public(), Signed::Message(&message[1..]), &signature));
        assert!(!verify(&signer.public(), Signed::Sha256(&crate::sha256(&message)), &signature));
        if case.says("deterministic") {
            assert_eq!(signer.signed(Signed::Message(&message), false).unwrap(), signature);
            made += 1;
        }
    }
    assert_eq!(made, 1);
}

#[test]
fn a_root_that_is_not_its_seeds_is_refused() {
    let case = &others("acvp.json", "SLH-DSA-SHA2-128s")[0];
    let good = case.bytes("private");
    assert!(Signer::parse(&good).is_some());
    for at in [0, 40, 63] {
        let mut wrong = good.clone();
        wrong[at] ^= 1;
        assert!(Signer::parse(&wrong).is_none(), "byte {at}");
    }
    assert!(Signer::parse(&good[1..]).is_none());
    assert!(Signer::from_seeds(&good).is_none());
}
