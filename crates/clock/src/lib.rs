//! What time it is, and the words for a moment. Nobody else reads the time.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A moment of the wall clock: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// Milliseconds of service since the site began. It never runs backwards and is never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Steady(pub i64);

/// Both times at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub wall: Timestamp,
    pub steady: Steady,
}

pub const SECOND: i64 = 1_000;
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
pub struct Clock(Arc<Source>);

enum Source {
    /// `base` is what steady time was, less the boot clock, when this process opened the log.
    System {
        base: AtomicI64,
    },
    Manual {
        wall: AtomicI64,
        steady: AtomicI64,
    },
}

impl Clock {
    /// The machine's clocks. Steady time starts at zero until [`Clock::resume`] says where it was.
    pub fn system() -> Self {
        Self(Arc::new(Source::System { base: AtomicI64::new(boot_millis().saturating_neg()) }))
    }

    /// A clock that only tests move.
    pub fn manual(wall: Timestamp) -> Self {
        Self(Arc::new(Source::Manual { wall: AtomicI64::new(wall.0), steady: AtomicI64::new(0) }))
    }

    pub fn now(&self) -> Moment {
        match &*self.0 {
            Source::System { base } => Moment {
                wall: Timestamp(wall_millis()),
                steady: Steady(base.load(Ordering::Relaxed).saturating_add(boot_millis())),
            },
            Source::Manual { wall, steady } => {
                Moment { wall: Timestamp(wall.load(Ordering::SeqCst)), steady: Steady(steady.load(Ordering::SeqCst)) }
            }
        }
    }

    /// Steady time goes on from `last`, the newest one in the log.
    pub fn resume(&self, last: Steady) {
        match &*self.0 {
            Source::System { base } => base.store(last.0.saturating_sub(boot_millis()), Ordering::Relaxed),
            Source::Manual { steady, .. } => {
                steady.fetch_max(last.0, Ordering::SeqCst);
            }
        }
    }

    /// Moves a manual clock forward, both times alike. A system clock is not moved.
    pub fn advance(&self, millis: i64) {
        if let Source::Manual { wall, steady } = &*self.0 {
            wall.fetch_add(millis, Ordering::SeqCst);
            steady.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// Sets the wall of a manual clock ahead, as an administrator may. Steady time goes on as it did.
    pub fn set_ahead(&self, millis: i64) {
        if let Source::Manual { wall, .. } = &*self.0 {
            wall.fetch_add(millis, Ordering::SeqCst);
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
        clock.resume(Steady(5_000_000));
        assert!(clock.now().steady >= Steady(5_000_000));
    }
}
