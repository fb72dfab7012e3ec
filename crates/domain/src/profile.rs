//! Profiles are dated data: what may come into being and be used, by date.

use crate::{Algorithm, Fault, Origin, Purpose, Timestamp, Use};

/// A tenant's set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Profile {
    Default = 1,
    Hipaa = 2,
}

/// Where a rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    Creation(Origin),
    Import,
    Use(Use),
}

/// One row: an algorithm of at least and at most these strengths is refused from a date on.
struct Row {
    profile: Profile,
    algorithm: fn(Algorithm) -> bool,
    occasion: fn(Occasion) -> bool,
    from: Timestamp,
    why: &'static str,
}

const ALWAYS: Timestamp = Timestamp::MIN;
/// 2031-01-01T00:00:00Z (SP 800-131A, transition to 128 bits of strength).
const YEAR_2031: Timestamp = Timestamp(1_924_992_000_000);

fn brings_in(occasion: Occasion) -> bool {
    matches!(occasion, Occasion::Creation(_) | Occasion::Import)
}

fn protects(occasion: Occasion) -> bool {
    brings_in(occasion) || matches!(occasion, Occasion::Use(Use::Protect))
}

const ROWS: &[Row] = &[
    Row {
        profile: Profile::Default,
        algorithm: |a| matches!(a, Algorithm::Sm2 | Algorithm::Sm4),
        occasion: protects,
        from: ALWAYS,
        why: "SM2 and SM4 are not approved algorithms",
    },
    Row {
        profile: Profile::Hipaa,
        algorithm: |a| matches!(a, Algorithm::Sm2 | Algorithm::Sm4),
        occasion: protects,
        from: ALWAYS,
        why: "SM2 and SM4 are not approved algorithms",
    },
    Row {
        profile: Profile::Default,
        algorithm: |a| a.strength_bits() < 128,
        occasion: protects,
        from: YEAR_2031,
        why: "strengths under 128 bits end with 2030 (SP 800-131A)",
    },
    Row {
        profile: Profile::Hipaa,
        algorithm: |a| matches!(a, Algorithm::Rsa2048),
        occasion: brings_in,
        from: ALWAYS,
        why: "the profile hipaa asks for RSA-3072, P-256 or stronger",
    },
    Row {
        profile: Profile::Hipaa,
        algorithm: |a| matches!(a, Algorithm::Aes128 | Algorithm::Aes192),
        occasion: brings_in,
        from: ALWAYS,
        why: "the profile hipaa asks for AES-256",
    },
    Row {
        profile: Profile::Hipaa,
        algorithm: |a| matches!(a, Algorithm::HmacSha1),
        occasion: protects,
        from: ALWAYS,
        why: "the profile hipaa asks for SHA-256 or stronger",
    },
    Row {
        profile: Profile::Hipaa,
        algorithm: |a| a.strength_bits() < 128,
        occasion: protects,
        from: YEAR_2031,
        why: "strengths under 128 bits end with 2030 (SP 800-131A)",
    },
];

impl Profile {
    pub const ALL: [Self; 2] = [Self::Default, Self::Hipaa];

    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Hipaa => "hipaa",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| *profile as u8 == number)
    }

    /// Whether the tenant's profile lets the algorithm be brought in or used at this date.
    pub fn admits(self, algorithm: Algorithm, occasion: Occasion, now: Timestamp) -> Result<(), Fault> {
        let refusing = ROWS.iter().find(|row| {
            row.profile == self && now >= row.from && (row.algorithm)(algorithm) && (row.occasion)(occasion)
        });
        match refusing {
            Some(row) => Err(Fault::ProfileRefuses { profile: self, algorithm, why: row.why }),
            None => Ok(()),
        }
    }

    /// Whether a version becomes Deactivated when its window ends.
    pub fn deactivates_at_window_end(self) -> bool {
        self == Self::Hipaa
    }

    /// The shortest time, in days, between ordering a destruction and its deadline.
    pub fn destruction_days_min(self) -> u32 {
        crate::DESTRUCTION_WINDOW_DAYS_MIN
    }

    /// The shortest time that a version waits for its destruction: where a profile says more than nothing, as long as a key.
    pub fn version_window_seconds_min(self) -> u32 {
        match self {
            Self::Default => crate::VERSION_WINDOW_SECONDS_MIN,
            Self::Hipaa => self.destruction_days_min() * crate::SECONDS_PER_DAY,
        }
    }

    /// The rotation period, in days, that a new key gets when nobody names one; none leaves it to people.
    pub fn rotation_days_default(self, purpose: Purpose) -> Option<u32> {
        match (self, purpose) {
            (Self::Hipaa, Purpose::Encrypt) => Some(365),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_are_judged_by_date() {
        let (before, after) = (Timestamp(1_900_000_000_000), Timestamp(1_930_000_000_000));
        let made = Occasion::Creation(Origin::Generated);
        assert!(Profile::Default.admits(Algorithm::Rsa2048, made, before).is_ok());
        assert!(Profile::Default.admits(Algorithm::Rsa2048, made, after).is_err());
        assert!(Profile::Hipaa.admits(Algorithm::Rsa2048, made, before).is_err());
        assert!(Profile::Hipaa.admits(Algorithm::Rsa2048, Occasion::Use(Use::Protect), before).is_ok());
        assert!(Profile::Default.admits(Algorithm::Rsa2048, Occasion::Use(Use::Process), after).is_ok());
        assert!(Profile::Hipaa.admits(Algorithm::Aes256, made, after).is_ok());
    }
}
