//! CRC-32C beside data, in and out.

use crate::input::{Notes, Objection};

/// The checksum of data, as answers carry it.
pub(crate) fn of(data: &[u8]) -> i64 {
    i64::from(crc32c::crc32c(data))
}

/// Data that came with another checksum than its own was changed on the way. Whether there was one is noted as `flag`.
pub(crate) fn check(
    notes: &mut Notes,
    flag: &'static str,
    field: &str,
    data: &[u8],
    told: Option<i64>,
) -> Result<(), Objection> {
    let Some(told) = told else { return Ok(()) };
    if told != of(data) {
        let message = format!("The checksum in field {field}_crc32c did not match the data in field {field}.");
        return Err(Objection::invalid(message));
    }
    notes.keep(flag, "");
    Ok(())
}
