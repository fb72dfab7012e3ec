//! Times and durations, there and back.

use crate::input::Objection;
use domain::Timestamp;
use prost_types::{Duration, Timestamp as Wire};

const MILLIS: i64 = 1_000;
const NANOS_PER_MILLI: i32 = 1_000_000;

pub(crate) fn written(time: Timestamp) -> Wire {
    let nanos = i32::try_from(time.0.rem_euclid(MILLIS)).unwrap_or(0).saturating_mul(NANOS_PER_MILLI);
    Wire { seconds: time.0.div_euclid(MILLIS), nanos }
}

/// To the millisecond.
pub(crate) fn read(field: &str, time: &Wire) -> Result<Timestamp, Objection> {
    let fits = (0..1_000_000_000).contains(&time.nanos);
    let millis =
        time.seconds.checked_mul(MILLIS).and_then(|it| it.checked_add(i64::from(time.nanos / NANOS_PER_MILLI)));
    match millis {
        Some(millis) if fits => Ok(Timestamp(millis)),
        _ => Err(Objection::invalid(format!("{field} is no time."))),
    }
}

pub(crate) fn seconds(seconds: u32) -> Duration {
    Duration { seconds: i64::from(seconds), nanos: 0 }
}

/// Whole seconds, no fewer than none.
pub(crate) fn read_seconds(field: &str, duration: &Duration) -> Result<u32, Objection> {
    match u32::try_from(duration.seconds) {
        Ok(seconds) if duration.nanos == 0 => Ok(seconds),
        _ => Err(Objection::invalid(format!("{field} must be a whole number of seconds, and is out of range."))),
    }
}
