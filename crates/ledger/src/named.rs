//! Which entries rows name. A batch that a row names is kept when older ones are dropped.

/// Entries of one look at the rows: what bounds its memory.
pub(crate) const NAMED_ENTRIES_MAX: u64 = 1 << 22;

/// The entries of one stretch of the log that rows name, a bit for each.
pub struct Named {
    from: u64,
    words: Vec<u64>,
}

impl Named {
    /// None so far, of the entries from `from` on, below `below`.
    pub fn none(from: u64, below: u64) -> Self {
        let words = below.saturating_sub(from).div_ceil(64);
        Self { from, words: vec![0; usize::try_from(words).unwrap_or(0)] }
    }

    /// The first entry of the stretch.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// Behind its last one.
    pub fn below(&self) -> u64 {
        let words = u64::try_from(self.words.len()).unwrap_or(u64::MAX);
        self.from.saturating_add(words.saturating_mul(64))
    }

    fn place(&self, entry: u64) -> Option<(usize, u64)> {
        let at = entry.checked_sub(self.from)?;
        Some((usize::try_from(at / 64).ok()?, 1 << (at % 64)))
    }

    /// A row names this entry; of another stretch it is passed over.
    pub fn add(&mut self, entry: u64) {
        if let Some((word, bit)) = self.place(entry)
            && let Some(word) = self.words.get_mut(word)
        {
            *word |= bit;
        }
    }

    /// Whether a row names any of `count` entries from `first` on. Of those that are beyond the stretch one may.
    pub fn any(&self, first: u64, count: u32) -> bool {
        (0..u64::from(count)).any(|at| match self.place(first.saturating_add(at)) {
            Some((word, bit)) => self.words.get(word).is_none_or(|word| word & bit != 0),
            None => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_named_and_what_is_beyond_may_be() {
        let mut named = Named::none(1_000, 1_130);
        [999, 1_000, 1_063, 1_064, 1_129, 5_000].into_iter().for_each(|entry| named.add(entry));
        assert_eq!((named.from(), named.below()), (1_000, 1_192));
        assert!([1_000, 1_063, 1_064, 1_129].iter().all(|entry| named.any(*entry, 1)));
        assert!(!named.any(1_001, 62) && named.any(1_001, 63) && !named.any(1_065, 64));
        assert!(named.any(999, 1) && named.any(1_191, 2) && !named.any(1_191, 1));
    }
}
