//! Salts: unlike each other, and no secret.

use crate::NoRandomness;
use aws_lc_rs::rand;
use std::cell::RefCell;

pub(crate) const SALT_BYTES: usize = 16;

/// How many salts a thread draws at once: the module takes as long for one as for these.
const SALTS_DRAWN: usize = 64;

struct Drawn {
    salts: [[u8; SALT_BYTES]; SALTS_DRAWN],
    left: usize,
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { salts: [[0; SALT_BYTES]; SALTS_DRAWN], left: 0 }) };
}

/// 128 random bits that nobody had before.
///
/// Should a copy of this process (a restored snapshot of its machine) give the same salt again, two messages have the
/// same key; their IVs are made by the module at that moment, and still differ.
pub(crate) fn salt() -> Result<[u8; SALT_BYTES], NoRandomness> {
    DRAWN.with_borrow_mut(Drawn::next)
}

impl Drawn {
    fn next(&mut self) -> Result<[u8; SALT_BYTES], NoRandomness> {
        if self.left == 0 {
            rand::fill(self.salts.as_flattened_mut()).map_err(|_| NoRandomness)?;
            self.left = SALTS_DRAWN;
        }
        self.left -= 1;
        self.salts.get(self.left).copied().ok_or(NoRandomness)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::HashSet;
    use std::thread;

    #[test]
    fn no_salt_comes_twice_on_any_thread() {
        let draw = || (0..5 * SALTS_DRAWN).map(|_| salt().unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(draw)).collect();
        let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 4 * 5 * SALTS_DRAWN);
        assert!(!all.contains(&[0; SALT_BYTES]));
    }
}
