//! How much a version may protect: the hard end of its crypto period (SP 800-57 part 1, section 5.3).

use crate::ObjectId;
use std::fmt;

/// The most that one version of a key protects; none is without limit. What it still processes is not limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// Uses: each sealing, each data key, each signature.
    pub uses: Option<u64>,
    /// Bytes of plaintext.
    pub bytes: Option<u64>,
}

/// What has been given away of the limits of one version. No row: nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub key: ObjectId,
    pub tenant: ObjectId,
    pub version: u32,
    pub given: Amount,
}

/// Uses, and bytes of plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Amount {
    pub uses: u64,
    pub bytes: u64,
}

/// A part of a version's limits, given to one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub key: ObjectId,
    pub version: u32,
    pub amount: Amount,
}

/// Which of the limits is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Uses,
    Bytes,
}

/// A process takes this part of what is left, so that its death costs no more.
const SHARE: u64 = 256;

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uses => "often",
            Self::Bytes => "many bytes",
        })
    }
}

impl Limits {
    pub const NONE: Self = Self { uses: None, bytes: None };

    /// What is given next, to a use that needs `needed`: a share of what is left, and never less than the use needs.
    pub fn share(self, given: Amount, needed: Amount) -> Result<Amount, Limit> {
        let share = |max: Option<u64>, given: u64, needed: u64| match max {
            None => Some(0),
            Some(max) => {
                let left = max.saturating_sub(given);
                (needed <= left).then(|| needed.max(left.div_ceil(SHARE)))
            }
        };
        let uses = share(self.uses, given.uses, needed.uses).ok_or(Limit::Uses)?;
        let bytes = share(self.bytes, given.bytes, needed.bytes).ok_or(Limit::Bytes)?;
        Ok(Amount { uses, bytes })
    }

    /// What counts of an amount: nothing where there is no limit.
    pub fn counted(self, amount: Amount) -> Amount {
        Amount { uses: self.uses.map_or(0, |_| amount.uses), bytes: self.bytes.map_or(0, |_| amount.bytes) }
    }
}

impl Amount {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { uses: self.uses.saturating_add(other.uses), bytes: self.bytes.saturating_add(other.bytes) }
    }

    /// None where there is less.
    pub fn minus(self, other: Self) -> Option<Self> {
        Some(Self { uses: self.uses.checked_sub(other.uses)?, bytes: self.bytes.checked_sub(other.bytes)? })
    }

    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn amount(uses: u64, bytes: u64) -> Amount {
        Amount { uses, bytes }
    }

    #[test]
    fn a_share_is_a_part_of_what_is_left_and_enough_for_the_use() {
        let limits = |uses, bytes| Limits { uses, bytes };
        let cases = [
            (limits(None, None), amount(9, 9), amount(1, 64), Ok(amount(0, 0))),
            (limits(Some(1_000_000), None), amount(0, 0), amount(1, 64), Ok(amount(3_907, 0))),
            (limits(Some(1_000_000), None), amount(999_744, 0), amount(1, 64), Ok(amount(1, 0))),
            (limits(Some(3), None), amount(2, 0), amount(1, 64), Ok(amount(1, 0))),
            (limits(Some(3), None), amount(3, 0), amount(1, 64), Err(Limit::Uses)),
            (limits(Some(0), None), amount(0, 0), amount(1, 0), Err(Limit::Uses)),
            (limits(None, Some(1_000)), amount(0, 900), amount(1, 100), Ok(amount(0, 100))),
            (limits(None, Some(1_000)), amount(0, 901), amount(1, 100), Err(Limit::Bytes)),
            (limits(None, Some(1_000)), amount(0, 1_000), amount(1, 0), Ok(amount(0, 0))),
            (limits(Some(3), Some(1_000)), amount(9, 0), amount(1, 1), Err(Limit::Uses)),
        ];
        for (limits, given, needed, share) in cases {
            assert_eq!(limits.share(given, needed), share, "{limits:?} {given:?} {needed:?}");
        }
    }

    #[test]
    fn however_it_is_taken_no_more_is_given_than_the_limit() {
        let limits = Limits { uses: Some(5_000), bytes: Some(70_000) };
        let (mut given, mut taken) = (Amount::default(), 0);
        while let Ok(share) = limits.share(given, amount(1, 64)) {
            given = given.plus(share);
            taken += 1;
        }
        assert!(given.uses <= 5_000 && given.bytes <= 70_000, "{given:?}");
        assert!(limits.share(given, amount(1, 64)).is_err());
        assert!((256..2_000).contains(&taken), "{taken} takings");
    }
}
