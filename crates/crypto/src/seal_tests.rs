#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::vectors::vectors;
use proptest::prelude::*;
use std::thread;

fn key(mark: u8) -> SealKey {
    SealKey::new(Held::keep(&[mark; 32]).unwrap())
}

fn opened(key: &SealKey, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
    key.open(associated, sealed).map(|opened| opened.expose(<[u8]>::to_vec))
}

fn bytes(key: &SealKey) -> Vec<u8> {
    key.0.bytes.expose(<[u8]>::to_vec)
}

#[test]
fn vectors_of_another_language_open() {
    for vector in vectors("seal-v1.json", "opens") {
        let key = SealKey::new(Held::keep(&vector.bytes("key")).unwrap());
        let sealed = vector.bytes("sealed");
        let plaintext = opened(&key, &vector.bytes("associated"), &sealed).unwrap();
        assert_eq!(plaintext, vector.bytes("plaintext"), "{}", vector.name());
    }
}

#[test]
fn vectors_that_must_not_open_do_not() {
    for vector in vectors("seal-v1.json", "refused") {
        let key = SealKey::new(Held::keep(&vector.bytes("key")).unwrap());
        assert_eq!(opened(&key, &vector.bytes("associated"), &vector.bytes("sealed")), Err(Unopened));
    }
}

#[test]
fn another_language_derives_the_same() {
    for vector in vectors("seal-v1.json", "derives") {
        let key = SealKey::new(Held::keep(&vector.bytes("key")).unwrap());
        let derived = key.derive(&vector.bytes("label"), &vector.bytes("context")).unwrap();
        assert_eq!(bytes(&derived), vector.bytes("derived"), "{}", vector.name());
    }
    for vector in vectors("seal-v1.json", "macs") {
        let key = SealKey::new(Held::keep(&vector.bytes("key")).unwrap());
        for _ in 0..2 {
            let mac = key.mac(&vector.bytes("label"), &vector.bytes("message"));
            assert_eq!(mac.to_vec(), vector.bytes("mac"), "{}", vector.name());
        }
    }
}

#[test]
fn every_bit_counts() {
    let key = key(1);
    let sealed = Sealer::new(&key).unwrap().seal(b"row", b"plain").unwrap();
    assert_eq!(sealed.len(), 5 + SEAL_OVERHEAD_BYTES);
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(opened(&key, b"row", &changed), Err(Unopened), "bit {bit}");
    }
    for len in 0..sealed.len() {
        assert_eq!(opened(&key, b"row", &sealed[..len]), Err(Unopened), "cut to {len}");
    }
    assert_eq!(opened(&key, b"row", &sealed).unwrap(), b"plain");
}

#[test]
fn a_worn_working_key_is_replaced() {
    let key = key(1);
    let sealer = Sealer::new(&key).unwrap();
    let salt = |sealed: &[u8]| sealed[1..17].to_vec();
    let before = sealer.seal(b"", b"before").unwrap();
    sealer.working.load().seals.store(SEALS_PER_WORKING_KEY_MAX - 1, Ordering::Relaxed);
    let last = sealer.seal(b"", b"last").unwrap();
    let after = sealer.seal(b"", b"after").unwrap();
    let more = sealer.seal(b"", b"more").unwrap();
    assert_eq!(salt(&before), salt(&last));
    assert_ne!(salt(&last), salt(&after));
    assert_eq!(salt(&after), salt(&more));
    for (sealed, plaintext) in [(&before, "before"), (&last, "last"), (&after, "after"), (&more, "more")] {
        assert_eq!(opened(&key, b"", sealed).unwrap(), plaintext.as_bytes());
    }
}

#[test]
fn old_seals_open_when_their_working_key_is_forgotten() {
    let key = key(1);
    let all: Vec<_> =
        (0..3 * WORKING_KEYS_MAX).map(|_| Sealer::new(&key).unwrap().seal(b"a", b"plain").unwrap()).collect();
    for sealed in all.iter().chain(all.iter().rev()) {
        assert_eq!(opened(&key, b"a", sealed).unwrap(), b"plain");
    }
    assert!(read(&key.0.working).len() <= WORKING_KEYS_MAX);
    // Rubbish takes nobody's place.
    let known: Vec<_> = read(&key.0.working).iter().map(|working| working.salt).collect();
    assert!(key.open(b"a", &[1; 100]).is_err());
    assert_eq!(read(&key.0.working).iter().map(|working| working.salt).collect::<Vec<_>>(), known);
}

#[test]
fn many_threads_seal_and_open() {
    let key = key(1);
    let sealer = Sealer::new(&key).unwrap();
    sealer.working.load().seals.store(SEALS_PER_WORKING_KEY_MAX - 500, Ordering::Relaxed);
    thread::scope(|scope| {
        for mark in 0..4_u8 {
            let (key, sealer) = (&key, &sealer);
            scope.spawn(move || {
                for _ in 0..500 {
                    let sealed = sealer.seal(&[mark], &[mark; 50]).unwrap();
                    assert_eq!(opened(key, &[mark], &sealed).unwrap(), [mark; 50]);
                }
            });
        }
    });
    assert!(sealer.working.load().seals.load(Ordering::Relaxed) < SEALS_PER_WORKING_KEY_MAX);
}

#[test]
fn labels_and_contexts_part_keys() {
    let key = key(1);
    let derived = |label: &[u8], context: &[u8]| bytes(&key.derive(label, context).unwrap());
    assert_ne!(derived(b"ab", b"c"), derived(b"a", b"bc"));
    assert_ne!(derived(b"a", b""), derived(b"", b"a"));
    assert_ne!(key.mac(b"one", b"message"), key.mac(b"two", b"message"));
    assert_ne!(key.mac(b"onem", b"essage"), key.mac(b"one", b"message"));
    assert_ne!(key.mac(b"one", b"message"), super::super::hmac_sha256(&[1; 32], b"message"));
}

#[test]
fn more_labels_than_are_remembered_still_give_their_own() {
    let (one, other) = (key(1), key(1));
    for round in 0..2 {
        for label in 0..2 * u8::try_from(MAC_LABELS_MAX).unwrap() {
            assert_eq!(one.mac(&[label], b"m"), other.mac(&[label], b"m"), "{round} {label}");
        }
    }
    assert_eq!(read(&one.0.macs).len(), MAC_LABELS_MAX);
}

#[test]
fn a_key_of_another_length_does_nothing() {
    for len in [0, 16, 33] {
        let key = SealKey::new(Held::keep(&vec![1; len]).unwrap());
        assert!(Sealer::new(&key).is_err() && key.derive(b"l", b"c").is_err());
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens_under_its_key_and_data_only(
        mark in 0..255_u8,
        associated in prop::collection::vec(any::<u8>(), 0..200), plaintext in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let key = key(mark);
        let sealed = Sealer::new(&key).unwrap().seal(&associated, &plaintext).unwrap();
        prop_assert_eq!(opened(&key, &associated, &sealed).unwrap(), plaintext);
        prop_assert!(opened(&super::tests::key(mark + 1), &associated, &sealed).is_err());
        let mut other = associated.clone();
        other.push(0);
        prop_assert!(opened(&key, &other, &sealed).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = key(1);
        prop_assert!(key.open(b"", &bytes).is_err());
        bytes.insert(0, VERSION);
        prop_assert!(key.open(b"", &bytes).is_err());
    }
}
