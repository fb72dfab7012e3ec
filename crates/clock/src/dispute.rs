//! Whether the wall shows what is expected of it, and who is believed where it does not.

use crate::{DAY, HOUR, MINUTE, Steady, Timestamp};

/// How far the wall may be ahead of what is expected before it is disputed.
pub const AHEAD_MILLIS_MAX: i64 = HOUR;
/// How far it may be behind.
pub const BEHIND_MILLIS_MAX: i64 = 5 * MINUTE;
/// How much time steady time takes at the kernel's word after the service was down: a long weekend. It is less than
/// the shortest waiting period before a destruction, so no single wrong clock can end one that was just ordered.
pub const GAP_MILLIS_MAX: i64 = 4 * DAY;

/// Both times at one instant, and what the wall is expected to show then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By it go what can be taken back: rotation, activation, windows, signatures.
    pub wall: Timestamp,
    /// By it goes what cannot be undone: destruction, pruning.
    pub steady: Steady,
    /// Steady time and the agreed offset.
    pub expected: Timestamp,
}

impl Moment {
    /// A moment at which the wall shows what is expected of it.
    pub const fn undisputed(wall: Timestamp, steady: Steady) -> Self {
        Self { wall, steady, expected: wall }
    }

    /// By it expiry is judged: so what has expired does not revive when the wall is set back.
    pub fn latest(self) -> Timestamp {
        self.wall.max(self.expected)
    }

    /// By it is ended for good what has an end in wall time.
    pub fn earliest(self) -> Timestamp {
        self.wall.min(self.expected)
    }

    /// By how many milliseconds the wall is ahead of what is expected.
    pub fn deviation(self) -> i64 {
        self.wall.millis_since(self.expected)
    }

    pub fn dispute(self) -> Option<Dispute> {
        match self.deviation() {
            ahead if ahead > AHEAD_MILLIS_MAX => Some(Dispute::Ahead),
            behind if behind < -BEHIND_MILLIS_MAX => Some(Dispute::Behind),
            _ => None,
        }
    }

    /// All three times `millis` earlier.
    pub fn earlier(self, millis: i64) -> Self {
        let steady = Steady(self.steady.0.saturating_sub(millis));
        let [wall, expected] = [self.wall, self.expected].map(|time| Timestamp(time.0.saturating_sub(millis)));
        Self { wall, steady, expected }
    }
}

/// The wall shows what is not expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispute {
    Ahead,
    Behind,
}

/// What was agreed on about the clock: data of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// What the wall is expected to show, less steady time, in milliseconds.
    pub offset: i64,
    /// Steady time was at least this when it was agreed.
    pub least: Steady,
}

impl Agreed {
    /// The wall is right.
    pub fn at(wall: Timestamp, steady: Steady) -> Self {
        Self { offset: wall.0.saturating_sub(steady.0), least: steady }
    }

    pub fn expected(self, steady: Steady) -> Timestamp {
        Timestamp(steady.0.saturating_add(self.offset))
    }
}

/// All that is known of the clock at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub now: Moment,
    /// The kernel says that the wall is synchronised with others.
    pub synchronised: bool,
    /// How many milliseconds steady time may lack because the service was down, by the wall.
    pub missing: Option<i64>,
}

impl Reading {
    /// The agreed offset, in milliseconds.
    pub fn offset(self) -> i64 {
        self.now.expected.0.saturating_sub(self.now.steady.0)
    }

    /// One line for people.
    pub fn text(self) -> String {
        let deviation = self.now.deviation();
        let apart = span(deviation.saturating_abs());
        match (self.now.dispute(), self.missing) {
            (None, _) => format!("as agreed, {deviation} ms apart"),
            (Some(Dispute::Ahead), Some(_)) => format!(
                "disputed: the wall clock is {apart} ahead; the service was down, and nobody has said that this time passed"
            ),
            (Some(Dispute::Ahead), None) => format!("disputed: the wall clock is {apart} ahead of what is expected"),
            (Some(Dispute::Behind), _) => format!("disputed: the wall clock is {apart} behind what is expected"),
        }
    }
}

/// `3 d 4 h`, `2 h 5 min`, `7 min`, in its two largest units.
fn span(millis: i64) -> String {
    let (days, hours, minutes) = (millis / DAY, millis % DAY / HOUR, millis % HOUR / MINUTE);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    const BEGIN: Timestamp = Timestamp(1_795_600_383_250);
    const YEAR: i64 = 365 * DAY;

    fn said(clock: &Clock) -> String {
        clock.reading(clock.now()).text()
    }

    #[test]
    fn an_hour_ahead_and_five_minutes_behind_are_borne() {
        let cases = [
            (0, None),
            (HOUR, None),
            (HOUR + 1, Some(Dispute::Ahead)),
            (10 * YEAR, Some(Dispute::Ahead)),
            (-5 * MINUTE, None),
            (-5 * MINUTE - 1, Some(Dispute::Behind)),
            (i64::MIN / 2, Some(Dispute::Behind)),
        ];
        for (millis, dispute) in cases {
            let clock = Clock::manual(BEGIN);
            clock.advance(DAY);
            clock.set_ahead(millis);
            assert_eq!(clock.now().dispute(), dispute, "{millis}");
            assert_eq!(clock.now().steady, Steady(DAY));
            assert_eq!(clock.now().latest(), BEGIN.plus(DAY + millis.max(0)));
            assert_eq!(clock.now().earliest(), BEGIN.plus(DAY + millis.min(0)));
        }
    }

    /// A clock whose newest entry is of day 1, opened again when the wall has moved on by `away`.
    fn reopened(before: i64, away: i64, synchronised: bool) -> Clock {
        let clock = Clock::manual(BEGIN.plus(DAY + before + away));
        clock.set_synchronised(synchronised);
        clock.resume(BEGIN.plus(DAY + before), Steady(DAY), Some(Agreed::at(BEGIN, Steady(0))));
        clock
    }

    #[test]
    fn what_passed_while_the_service_was_down_is_taken_at_the_kernel_s_word_alone() {
        // How far ahead the wall was before, how long it was away, whether the kernel vouches: what steady time took.
        let cases = [
            (0, 3 * HOUR, true, Some(3 * HOUR)),
            (0, 3 * HOUR, false, None),
            (0, GAP_MILLIS_MAX, true, Some(GAP_MILLIS_MAX)),
            (0, GAP_MILLIS_MAX + 1, true, None),
            (0, 10 * YEAR, true, None),
            (0, 0, true, None),
            (0, -YEAR, true, None),
            // Disputed already when the service went down.
            (2 * HOUR, HOUR, true, None),
            (-HOUR, 3 * HOUR, true, None),
        ];
        for (before, away, synchronised, took) in cases {
            let clock = reopened(before, away, synchronised);
            assert_eq!(clock.take_gap(), took, "{before} {away} {synchronised}");
            assert_eq!(clock.now().steady, Steady(DAY + took.unwrap_or(0)));
            assert_eq!(clock.take_gap(), None, "only once");
        }
    }

    #[test]
    fn the_kernel_s_word_may_come_later_and_counts_once() {
        let clock = reopened(0, -10 * YEAR, false);
        assert_eq!((clock.take_gap(), clock.now().dispute()), (None, Some(Dispute::Behind)));
        clock.advance(MINUTE);
        // The machine had no clock of its own; now it has the right time.
        clock.set_ahead(10 * YEAR + 3 * HOUR);
        clock.set_synchronised(true);
        assert_eq!(clock.take_gap(), Some(3 * HOUR));
        assert_eq!(
            clock.now(),
            Moment::undisputed(BEGIN.plus(DAY + MINUTE + 3 * HOUR), Steady(DAY + MINUTE + 3 * HOUR))
        );
        clock.set_ahead(3 * HOUR);
        assert_eq!((clock.take_gap(), clock.now().dispute()), (None, Some(Dispute::Ahead)));
    }

    #[test]
    fn an_agreement_moves_the_offset_or_steady_time_and_never_back() {
        let clock = reopened(0, YEAR, false);
        assert_eq!(clock.reading(clock.now()).missing, Some(YEAR));
        let now = clock.now();
        clock.agree(Agreed::at(now.wall, now.steady));
        assert_eq!((clock.now().dispute(), clock.now().steady), (None, Steady(DAY)));
        assert_eq!(clock.reading(clock.now()).missing, None);

        let clock = reopened(0, YEAR, false);
        let passed = Agreed { least: Steady(DAY + YEAR), ..Agreed::at(BEGIN, Steady(0)) };
        clock.agree(passed);
        clock.advance(HOUR);
        clock.agree(passed);
        assert_eq!(clock.now(), Moment::undisputed(BEGIN.plus(DAY + YEAR + HOUR), Steady(DAY + YEAR + HOUR)));
        clock.resume(BEGIN.plus(DAY), Steady(DAY), Some(passed));
        assert!(clock.now().steady >= Steady(DAY + YEAR));
    }

    #[test]
    fn people_are_told_in_their_units() {
        let clock = reopened(0, 0, true);
        assert_eq!(said(&clock), "as agreed, 0 ms apart");
        clock.set_ahead(-7 * MINUTE);
        assert_eq!(said(&clock), "disputed: the wall clock is 7 min behind what is expected");
        clock.set_ahead(DAY);
        assert!(said(&clock).starts_with("disputed: the wall clock is 23 h 53 min ahead; the service was down"));
        clock.agree(Agreed::at(BEGIN.plus(DAY - YEAR), Steady(DAY)));
        assert_eq!(said(&clock), "disputed: the wall clock is 365 d 23 h ahead of what is expected");
    }

    #[test]
    fn without_an_agreement_the_newest_entry_stands_for_one() {
        let clock = Clock::manual(BEGIN.plus(HOUR));
        clock.resume(BEGIN, Steady(DAY), None);
        assert_eq!((clock.now().deviation(), clock.now().steady), (HOUR, Steady(DAY)));
        assert_eq!(clock.now().earlier(HOUR).steady, Steady(DAY - HOUR));
    }
}
