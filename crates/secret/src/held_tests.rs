#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::*;
use std::thread;

fn arena(bytes: usize, first: Attempt) -> &'static Arena {
    Box::leak(Box::new(Arena::new(bytes, first).unwrap()))
}

fn keep(arena: &'static Arena, bytes: &[u8]) -> Result<Held, ArenaFull> {
    Held::make_in(arena, bytes.len(), |slot| {
        slot.copy_from_slice(bytes);
        Ok(())
    })
}

fn raw(at: NonNull<u8>, len: usize) -> Vec<u8> {
    // SAFETY: within an arena that is leaked, and no other thread has the slot.
    unsafe { slice::from_raw_parts(at.as_ptr(), len) }.to_vec()
}

#[test]
fn what_is_kept_is_lent_and_wiped() {
    for first in [Attempt::Secret, Attempt::Locked, Attempt::Plain] {
        let arena = arena(1, first);
        for len in [0, 1, 31, 32, 33, 64, 65, HELD_BYTES_MAX] {
            let bytes = vec![0xa5; len];
            let held = keep(arena, &bytes).unwrap();
            assert!(held.expose(|seen| seen == bytes));
            assert_eq!(held.len(), len);
            let (at, whole) = (held.at, held.class.bytes());
            drop(held);
            assert_eq!(raw(at, whole), vec![0; whole], "{first:?} {len}");
        }
        assert_eq!(arena.used.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_slot_is_used_again() {
    let arena = arena(1, Attempt::Secret);
    let first = keep(arena, &[1; 32]).unwrap();
    let at = first.at;
    drop(first);
    assert_eq!(keep(arena, &[2; 32]).unwrap().at, at);
}

#[test]
fn a_full_arena_says_so_and_recovers() {
    let arena = arena(1, Attempt::Secret);
    let mut all: Vec<Held> = std::iter::from_fn(|| keep(arena, &[7; 128]).ok()).collect();
    assert_eq!(all.len() * 128, arena.bytes);
    assert_eq!(keep(arena, &[7; 1]).err(), Some(ArenaFull));
    all.pop();
    assert!(keep(arena, &[7; 128]).is_ok());
}

#[test]
fn too_many_bytes_are_refused() {
    assert_eq!(Held::keep(&[0; HELD_BYTES_MAX + 1]).err(), Some(ArenaFull));
}

#[test]
fn bytes_half_made_are_wiped() {
    let arena = arena(1, Attempt::Secret);
    let failed = Held::make_in(arena, 32, |slot| {
        slot.fill(0x77);
        Err(ArenaFull)
    });
    assert!(failed.is_err());
    assert_eq!(raw(arena.base, 32), [0; 32]);
    assert_eq!(arena.used.load(Ordering::Relaxed), 0);
}

#[test]
fn threads_share_the_arena() {
    let arena = arena(1, Attempt::Secret);
    thread::scope(|scope| {
        for mark in 1..=8_u8 {
            scope.spawn(move || {
                for round in 0..2_000_usize {
                    let bytes = vec![mark; 1 + round % HELD_BYTES_MAX];
                    let some: Vec<_> = (0..4).map(|_| keep(arena, &bytes).unwrap()).collect();
                    assert!(some.iter().all(|held| held.expose(|seen| seen == bytes)));
                }
            });
        }
    });
    assert_eq!(arena.used.load(Ordering::Relaxed), 0);
}

#[test]
fn each_fallback_reports_what_it_is() {
    assert!(matches!(arena(1, Attempt::Plain).kind, SecretMemory::Plain { .. }));
    // Where the limit on locked memory is tiny, plain memory is the honest answer.
    match &arena(1, Attempt::Locked).kind {
        SecretMemory::Locked { why } => assert_eq!(why, ""),
        SecretMemory::Plain { why } => assert!(why.contains("Locked")),
        SecretMemory::Secret => panic!("nobody asked for memfd_secret"),
    }
    assert!(SecretMemory::Plain { why: "because".into() }.text().contains("because"));
}

#[test]
fn an_arena_that_cannot_be_mapped_is_none() {
    assert!(Arena::new(usize::MAX, Attempt::Plain).is_none());
    assert!(Arena::new(usize::MAX / 2, Attempt::Secret).is_none());
}

#[test]
fn the_process_reports_its_memory() {
    let held = Held::keep(&[1; 32]).unwrap();
    let SecretMemoryUse { used_bytes, capacity_bytes } = secret_memory_use();
    assert!(used_bytes >= held.len() && capacity_bytes == SECRET_MEMORY_BYTES);
    assert!(!reserve_secret_memory(SECRET_MEMORY_BYTES));
    assert!(!secret_memory().text().is_empty());
}
