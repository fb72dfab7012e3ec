use crate::Secret;

/// The most bytes one [`Held`] can keep.
pub const HELD_BYTES_MAX: usize = 128;

/// The arena has no room left, or the bytes are more than [`HELD_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaFull;

/// Root, KEKs, key material and credentials that stay in memory: in the process's secret memory.
pub struct Held(Secret);

impl Held {
    /// Copies the bytes into secret memory.
    pub fn keep(bytes: &[u8]) -> Result<Self, ArenaFull> {
        if bytes.len() > HELD_BYTES_MAX {
            return Err(ArenaFull);
        }
        Ok(Self(Secret::new(bytes.to_vec())))
    }

    /// Lends the bytes to `f`. Every caller is listed in the golden file of exposures.
    pub fn expose<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        self.0.expose(f)
    }
}
