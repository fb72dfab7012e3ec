//! Bytes that must never be seen.
//!
//! [`Secret`], [`Held`] and [`Kept`] have no `Debug`, `Display`, `Clone`, `PartialEq`, `Deref` or serde. A struct
//! that holds one cannot derive `Debug` either, so key material cannot reach a log line by accident.
//! They only lend their bytes, and every place that borrows is in a golden file.
//!
//! What stays ([`Held`]) is in memory that the kernel itself cannot see, or as near to that as this kernel gives
//! ([`secret_memory`] tells). What passes by ([`Secret`] and every buffer) is on the heap, which
//! [`WipingAllocator`] wipes. [`protect_process`] keeps the rest of the machine out.

mod allocator;
mod held;
mod map;
mod process;
mod slots;

pub use allocator::WipingAllocator;
pub use held::{
    ArenaFull, HELD_BYTES_MAX, Held, SECRET_MEMORY_BYTES, SecretMemoryUse, reserve_secret_memory, secret_memory,
    secret_memory_use,
};
pub use map::SecretMemory;
pub use process::{ProcessProtection, clock_is_synchronised, protect_process};

use zeroize::Zeroize;

/// What stays, of any length: in secret memory where it fits, else on the heap, which is locked, undumpable and wiped.
pub enum Kept {
    Held(Held),
    Long(Secret),
}

impl Kept {
    /// Copies the bytes to where they stay.
    pub fn keep(bytes: &[u8]) -> Result<Self, ArenaFull> {
        if bytes.len() > HELD_BYTES_MAX {
            return Ok(Self::Long(Secret::new(bytes.to_vec())));
        }
        Held::keep(bytes).map(Self::Held)
    }

    /// What is in secret memory; none where it is too long for that.
    pub fn held(&self) -> Option<&Held> {
        match self {
            Self::Held(held) => Some(held),
            Self::Long(_) => None,
        }
    }

    /// Lends the bytes to `f`. Every caller is listed in the golden file of exposures.
    pub fn expose<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Self::Held(held) => held.expose(f),
            Self::Long(secret) => secret.expose(f),
        }
    }

    /// The number of bytes, which is no secret.
    pub fn len(&self) -> usize {
        match self {
            Self::Held(held) => held.len(),
            Self::Long(secret) => secret.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Held> for Kept {
    fn from(held: Held) -> Self {
        Self::Held(held)
    }
}

/// Plaintext, a credential or fresh material on its way. On the heap, erased on drop.
pub struct Secret(Vec<u8>);

impl Secret {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Lends the bytes to `f`. Every caller is listed in the golden file of exposures.
    pub fn expose<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(&self.0)
    }

    /// The number of bytes, which is no secret.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both hold the same bytes, in time that depends on the lengths alone.
    pub fn same_as(&self, other: &Secret) -> bool {
        use subtle::ConstantTimeEq;
        self.0.ct_eq(&other.0).into()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
