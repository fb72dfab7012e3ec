//! What time it is, and the words for a moment. Nobody else reads the time.

mod dispute;

pub use dispute::{AHEAD_MILLIS_MAX, Agreed, BEHIND_MILLIS_MAX, Dispute, GAP_MILLIS_MAX, Moment, Reading};

use jiff::civil::DateTime;
use jiff::tz::Offset;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};

/// A moment of the wall clock: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// Milliseconds of service since the site began. It never runs backwards and is never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Steady(pub i64);

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 86_400 * SECOND;

impl Timestamp {
    pub const MIN: Self = Self(i64::MIN);
    pub const MAX: Self = Self(i64::MAX);

    /// `millis` later; at the end of time it stays there.
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 with milliseconds, in UTC: `2026-11-25T09:53:03.250Z`.
    pub fn to_rfc3339(self) -> String {
        self.civil().map_or_else(|| self.0.to_string(), |t| t.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
    }

    /// `2026-11-25`.
    pub fn to_date(self) -> String {
        self.civil().map_or_else(|| self.0.to_string(), |t| t.strftime("%Y-%m-%d").to_string())
    }

    /// Year and month as one number, `202611`: the period of a log key.
    pub fn year_month(self) -> u32 {
        self.civil().map_or(0, |t| u32::from(t.year().unsigned_abs()) * 100 + u32::from(t.month().unsigned_abs()))
    }

    /// Reads RFC 3339, or a date alone (midnight UTC), from the years 0000 to 9999 of UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let time = match text.parse::<jiff::Timestamp>() {
            Ok(stamp) => Self(stamp.as_millisecond()),
            Err(_) => Self::from_civil(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0))?,
        };
        (time.civil()?.year() >= 0).then_some(time)
    }

    /// Reads the basic format of ISO 8601 that request signatures use: `20261125T095303Z`.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 16
            && bytes.get(8) == Some(&b'T')
            && bytes.get(15) == Some(&b'Z')
            && bytes.iter().enumerate().all(|(at, byte)| matches!(at, 8 | 15) || byte.is_ascii_digit());
        if !shaped {
            return None;
        }
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
        let small = |from: usize, to: usize| i8::try_from(number(from, to)?).ok();
        let moment =
            DateTime::new(number(0, 4)?, small(4, 6)?, small(6, 8)?, small(9, 11)?, small(11, 13)?, small(13, 15)?, 0);
        Self::from_civil(moment.ok()?)
    }

    /// `20261125T095303Z`, as [`Timestamp::parse_basic`] reads it; milliseconds are cut off.
    pub fn to_basic(self) -> String {
        self.civil().map_or_else(|| self.0.to_string(), |t| t.strftime("%Y%m%dT%H%M%SZ").to_string())
    }

    /// Reads the date of an HTTP header (RFC 9110, section 5.6.7): `Wed, 25 Nov 2026 09:53:03 GMT`. The name of the day
    /// is not looked at.
    pub fn parse_http(text: &str) -> Option<Self> {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (_, date) = text.split_once(' ')?;
        let spaced = [2, 6, 11, 20].iter().all(|at| date.as_bytes().get(*at) == Some(&b' '));
        let colons = [14, 17].iter().all(|at| date.as_bytes().get(*at) == Some(&b':'));
        if !spaced || !colons || date.get(21..) != Some("GMT") {
            return None;
        }
        let month = MONTHS.iter().zip(1..).find(|(name, _)| date.get(3..6) == Some(**name))?.1;
        let (day, year) = (date.get(..2)?, date.get(7..11)?);
        let (hours, minutes, seconds) = (date.get(12..14)?, date.get(15..17)?, date.get(18..20)?);
        Self::parse_basic(&format!("{year}{month:02}{day}T{hours}{minutes}{seconds}Z"))
    }

    fn from_civil(moment: DateTime) -> Option<Self> {
        Some(Self(Offset::UTC.to_timestamp(moment).ok()?.as_millisecond()))
    }

    fn civil(self) -> Option<DateTime> {
        Some(Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(self.0).ok()?))
    }
}

/// Where the time comes from. Cheap to clone; all clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    source: Source,
    /// The agreed offset: what the wall is expected to show, less steady time.
    offset: AtomicI64,
    /// What the kernel said of its clock when it was asked last.
    synchronised: AtomicBool,
    gap: AtomicU8,
}

enum Source {
    /// `base` is what steady time was, less the boot clock, when this process opened the log. `kernel` says whether the
    /// machine's clock is synchronised with others.
    System {
        base: AtomicI64,
        kernel: fn() -> bool,
    },
    Manual {
        wall: AtomicI64,
        steady: AtomicI64,
        synchronised: AtomicBool,
    },
}

/// Whether steady time may lack what passed while the service was down, and who may say that it did pass.
const GAP_CLOSED: u8 = 0;
const GAP_FOR_THE_KERNEL: u8 = 1;
const GAP_FOR_AN_OFFICER: u8 = 2;

impl Clock {
    /// The machine's clocks, of which nobody says that they are synchronised. Steady time starts at zero until
    /// [`Clock::resume`] says where it was.
    pub fn system() -> Self {
        Self::system_by(|| false)
    }

    /// The machine's clocks; `kernel` says whether the wall clock is synchronised with others.
    pub fn system_by(kernel: fn() -> bool) -> Self {
        Self::of(Source::System { base: AtomicI64::new(boot_millis().saturating_neg()), kernel })
    }

    /// A clock that only tests move.
    pub fn manual(wall: Timestamp) -> Self {
        let (wall, steady, synchronised) = (AtomicI64::new(wall.0), AtomicI64::new(0), AtomicBool::new(false));
        Self::of(Source::Manual { wall, steady, synchronised })
    }

    /// What the wall shows now is agreed until somebody says otherwise.
    fn of(source: Source) -> Self {
        let (synchronised, gap) = (AtomicBool::new(false), AtomicU8::new(GAP_CLOSED));
        let clock = Self(Arc::new(Inner { source, offset: AtomicI64::new(0), synchronised, gap }));
        let Moment { wall, steady, .. } = clock.now();
        clock.0.offset.store(Agreed::at(wall, steady).offset, Ordering::Relaxed);
        clock
    }

    pub fn now(&self) -> Moment {
        let (wall, steady) = match &self.0.source {
            Source::System { base, .. } => (wall_millis(), base.load(Ordering::Relaxed).saturating_add(boot_millis())),
            Source::Manual { wall, steady, .. } => (wall.load(Ordering::SeqCst), steady.load(Ordering::SeqCst)),
        };
        let expected = Timestamp(steady.saturating_add(self.0.offset.load(Ordering::Relaxed)));
        Moment { wall: Timestamp(wall), steady: Steady(steady), expected }
    }

    /// All that is known of the clock at a moment of its own. It asks the kernel nothing.
    pub fn reading(&self, now: Moment) -> Reading {
        let open = self.0.gap.load(Ordering::Relaxed) != GAP_CLOSED;
        let missing = Some(now.deviation()).filter(|millis| open && *millis > 0);
        Reading { now, synchronised: self.0.synchronised.load(Ordering::Relaxed), missing }
    }

    /// Steady time goes on from that of the log's newest entry, which was written when the wall showed `wall`. What passed
    /// since then is missing, until the kernel or an officer says that it did pass. If the wall was disputed already,
    /// the kernel's word is not enough. Without an agreement the newest entry stands for one.
    pub fn resume(&self, wall: Timestamp, steady: Steady, agreed: Option<Agreed>) {
        let agreed = agreed.unwrap_or(Agreed::at(wall, steady));
        let steady = steady.max(agreed.least);
        match &self.0.source {
            Source::System { base, .. } => base.store(steady.0.saturating_sub(boot_millis()), Ordering::Relaxed),
            Source::Manual { steady: manual, .. } => {
                manual.fetch_max(steady.0, Ordering::SeqCst);
            }
        }
        self.0.offset.store(agreed.offset, Ordering::Relaxed);
        let left = Moment { wall, steady, expected: agreed.expected(steady) };
        let gap = if left.dispute().is_none() { GAP_FOR_THE_KERNEL } else { GAP_FOR_AN_OFFICER };
        self.0.gap.store(gap, Ordering::Relaxed);
    }

    /// Asks the kernel. If it says that the wall is synchronised, steady time takes what passed while the service was
    /// down: once, at most [`GAP_MILLIS_MAX`], and never from a wall that was disputed before. Returns what it took.
    pub fn take_gap(&self) -> Option<i64> {
        let synchronised = self.kernel_says();
        self.0.synchronised.store(synchronised, Ordering::Relaxed);
        if !synchronised || self.0.gap.load(Ordering::Relaxed) != GAP_FOR_THE_KERNEL {
            return None;
        }
        let missing = self.now().deviation();
        // Longer than a long weekend may be a clock that is wrong: an officer decides.
        if missing > GAP_MILLIS_MAX {
            return None;
        }
        self.0.gap.store(GAP_CLOSED, Ordering::Relaxed);
        let taken = Some(missing).filter(|millis| *millis > 0)?;
        self.add_steady(taken);
        Some(taken)
    }

    /// What was agreed on holds from here on. To agree on it again changes nothing.
    pub fn agree(&self, agreed: Agreed) {
        let former = self.0.offset.swap(agreed.offset, Ordering::Relaxed);
        let short = agreed.least.0.saturating_sub(self.now().steady.0);
        if short > 0 {
            self.add_steady(short);
        }
        if short > 0 || former != agreed.offset {
            self.0.gap.store(GAP_CLOSED, Ordering::Relaxed);
        }
    }

    fn kernel_says(&self) -> bool {
        match &self.0.source {
            Source::System { kernel, .. } => kernel(),
            Source::Manual { synchronised, .. } => synchronised.load(Ordering::SeqCst),
        }
    }

    fn add_steady(&self, millis: i64) {
        match &self.0.source {
            Source::System { base, .. } => base.fetch_add(millis, Ordering::Relaxed),
            Source::Manual { steady, .. } => steady.fetch_add(millis, Ordering::SeqCst),
        };
    }

    /// Moves a manual clock forward, both times alike. A system clock is not moved.
    pub fn advance(&self, millis: i64) {
        self.set_ahead(millis);
        if let Source::Manual { steady, .. } = &self.0.source {
            steady.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// Sets the wall of a manual clock ahead, or back, as an administrator may. Steady time goes on as it did.
    pub fn set_ahead(&self, millis: i64) {
        if let Source::Manual { wall, .. } = &self.0.source {
            wall.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// What the kernel says from here on of a manual clock.
    pub fn set_synchronised(&self, says: bool) {
        if let Source::Manual { synchronised, .. } = &self.0.source {
            synchronised.store(says, Ordering::SeqCst);
        }
    }
}

/// Microseconds of a clock that only measures how long things take.
pub fn stopwatch_micros() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000
}

fn wall_millis() -> i64 {
    millis(rustix::time::clock_gettime(rustix::time::ClockId::Realtime))
}

fn boot_millis() -> i64 {
    millis(rustix::time::clock_gettime(rustix::time::ClockId::Boottime))
}

fn millis(time: rustix::time::Timespec) -> i64 {
    time.tv_sec.saturating_mul(1_000).saturating_add(time.tv_nsec / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_formats_of_iso_8601() {
        let moment = Timestamp(1_795_600_383_250);
        assert_eq!(Timestamp::parse(&moment.to_rfc3339()), Some(moment));
        assert_eq!(Timestamp::parse_basic("19700102T000001Z"), Some(Timestamp(DAY + SECOND)));
        assert_eq!(Timestamp::parse_basic("19700230T000001Z"), None);
        assert_eq!(Timestamp::parse_basic("1970010200000012"), None);
        assert_eq!(Timestamp::parse("1970-01-02"), Some(Timestamp(DAY)));
        assert!(Timestamp::parse("0000-01-01").is_some() && Timestamp::parse("9999-12-30T22:00:00Z").is_some());
        for text in ["-000001-12-31", "-009999-01-04T00:00:00Z", "0000-01-01T00:00:00+00:01", "+010000-01-01"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert_eq!(Timestamp(0).year_month(), 197_001);
        assert_eq!(moment.to_basic(), "20261125T095303Z");
        assert_eq!(Timestamp::parse_basic(&moment.to_basic()), Some(Timestamp(1_795_600_383_000)));
    }

    #[test]
    fn the_date_of_a_header_has_one_spelling() {
        let moment = Some(Timestamp(1_795_600_383_000));
        assert_eq!(Timestamp::parse_http("Wed, 25 Nov 2026 09:53:03 GMT"), moment);
        let misspelt = [
            "",
            "Wed,",
            "Wed, 25 Nov 2026 09:53:03",
            "Wed, 25 Nov 2026 09:53:03 CET",
            "Wed, 25 Nov 2026 09:53:03 GMT ",
            "Wed, 5 Nov 2026 09:53:03 GMT",
            "Wed, 3 Feb 20151 09:53:03 GMT",
            "Wed, 25 Nov 2026 9:53:03 GMT",
            "Wed, 25 Nov 2026 9:53:030 GMT",
            "Wed, 25 nov 2026 09:53:03 GMT",
            "Wed, 25 Nov 2026 09 53 03 GMT",
            "Wednesday, 25-Nov-26 09:53:03 GMT",
        ];
        for text in misspelt {
            assert_eq!(Timestamp::parse_http(text), None, "{text}");
        }
    }

    #[test]
    fn steady_time_goes_on_where_it_was() {
        let clock = Clock::system();
        let wall = clock.now().wall;
        clock.resume(wall, Steady(5_000_000), None);
        assert!(clock.now().steady >= Steady(5_000_000));
        assert_eq!(clock.now().dispute(), None);
        assert_eq!(Clock::system_by(|| true).take_gap(), None);
    }
}
