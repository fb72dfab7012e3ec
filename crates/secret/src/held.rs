//! Secret memory: one bounded arena for the whole process.
#![allow(unsafe_code, reason = "lends slices of a mapping that the standard library does not know")]

use crate::map::{Attempt, Mapping, PAGE_BYTES, SecretMemory, map};
use crate::slots::{Class, Slots};
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use zeroize::Zeroize;

/// The most bytes one [`Held`] can keep.
pub const HELD_BYTES_MAX: usize = 128;

/// How much secret memory a process has, in bytes, unless [`reserve_secret_memory`] said otherwise:
/// 131,072 keys of 32 bytes.
pub const SECRET_MEMORY_BYTES: usize = 4 * 1024 * 1024;

/// The arena has no room left, or the bytes are more than [`HELD_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaFull;

/// Root, KEKs, key material and credentials that stay in memory: in the process's secret memory.
/// The bytes are wiped when it is dropped.
pub struct Held {
    arena: &'static Arena,
    at: NonNull<u8>,
    len: u8,
    class: Class,
}

// SAFETY: a slot belongs to one `Held`, is written only before that exists and in its `drop`, and is only
// read between; the arena's books are behind a mutex.
unsafe impl Send for Held {}
// SAFETY: as above: shared references only read.
unsafe impl Sync for Held {}

impl Held {
    /// Copies the bytes into secret memory.
    pub fn keep(bytes: &[u8]) -> Result<Self, ArenaFull> {
        Self::make(bytes.len(), |slot| {
            slot.copy_from_slice(bytes);
            Ok(())
        })
    }

    /// Lets `fill` write `len` bytes, zero at first, where they will stay: they are never anywhere else.
    pub fn make<E: From<ArenaFull>>(len: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let arena = process_arena().ok_or(ArenaFull)?;
        Self::make_in(arena, len, fill)
    }

    fn make_in<E: From<ArenaFull>>(
        arena: &'static Arena,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let class = Class::holding(len).ok_or(ArenaFull)?;
        let at = arena.take(class)?;
        let held = Self { arena, at, len: u8::try_from(len).unwrap_or(0), class };
        // SAFETY: the slot is mapped, is at least `len` bytes, was zeroed at its last return, and nobody else has it.
        // Should `fill` fail or panic, dropping `held` gives it back.
        fill(unsafe { slice::from_raw_parts_mut(at.as_ptr(), len) })?;
        Ok(held)
    }

    /// Lends the bytes to `f`. Every caller is listed in the golden file of exposures.
    pub fn expose<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: the slot is mapped for ever, is ours until drop, and nobody writes to it meanwhile.
        f(unsafe { slice::from_raw_parts(self.at.as_ptr(), usize::from(self.len)) })
    }

    /// The number of bytes, which is no secret.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: the whole slot is mapped and ours, and `&mut self` says that nobody borrows it.
        unsafe { slice::from_raw_parts_mut(self.at.as_ptr(), self.class.bytes()) }.zeroize();
        self.arena.give_back(self.class, self.at);
    }
}

/// Secret memory of a fixed size, for as long as the process lives.
struct Arena {
    base: NonNull<u8>,
    bytes: usize,
    kind: SecretMemory,
    slots: Mutex<Slots>,
    used: AtomicUsize,
}

// SAFETY: the base is the address of a mapping that is never unmapped; whose slot is whose is told behind the mutex.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

static ARENA: OnceLock<Option<Arena>> = OnceLock::new();

fn process_arena() -> Option<&'static Arena> {
    ARENA.get_or_init(|| Arena::new(SECRET_MEMORY_BYTES, Attempt::Secret)).as_ref()
}

impl Arena {
    fn new(bytes: usize, first: Attempt) -> Option<Self> {
        // The kernel's pages may be as large as 64 KiB.
        let bytes = bytes.max(1).checked_next_multiple_of(16 * PAGE_BYTES)?;
        let Mapping { base, kind } = map(bytes, first)?;
        let slots = Mutex::new(Slots::new(bytes / PAGE_BYTES));
        Some(Self { base, bytes, kind, slots, used: AtomicUsize::new(0) })
    }

    fn take(&self, class: Class) -> Result<NonNull<u8>, ArenaFull> {
        let offset = self.slots.lock().unwrap_or_else(PoisonError::into_inner).take(class).ok_or(ArenaFull)?;
        self.used.fetch_add(class.bytes(), Ordering::Relaxed);
        // SAFETY: `Slots` has as many pages as are mapped, so that every slot it gives out lies within.
        Ok(unsafe { self.base.add(offset) })
    }

    fn give_back(&self, class: Class, at: NonNull<u8>) {
        let offset = at.as_ptr().addr().saturating_sub(self.base.as_ptr().addr());
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).give_back(class, offset);
        self.used.fetch_sub(class.bytes(), Ordering::Relaxed);
    }
}

/// How much secret memory is taken, and how much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretMemoryUse {
    pub used_bytes: usize,
    pub capacity_bytes: usize,
}

/// Sets how much secret memory this process has, before its first use. True if it now is so.
pub fn reserve_secret_memory(bytes: usize) -> bool {
    let mut fresh = false;
    let arena = ARENA.get_or_init(|| {
        fresh = true;
        Arena::new(bytes, Attempt::Secret)
    });
    fresh && arena.is_some()
}

/// What kind of memory keeps the secrets of this process.
pub fn secret_memory() -> SecretMemory {
    match process_arena() {
        Some(arena) => arena.kind.clone(),
        None => SecretMemory::Plain { why: "no memory could be mapped; nothing can be held".into() },
    }
}

pub fn secret_memory_use() -> SecretMemoryUse {
    let count =
        |arena: &Arena| SecretMemoryUse { used_bytes: arena.used.load(Ordering::Relaxed), capacity_bytes: arena.bytes };
    process_arena().map_or(SecretMemoryUse { used_bytes: 0, capacity_bytes: 0 }, count)
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
