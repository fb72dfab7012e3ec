//! AWS Signature Version 4, header form, written from its documentation for this tool.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

const SIGNED_HEADERS: &str = "content-type;host;x-amz-date;x-amz-target";
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

pub(crate) struct Signer {
    access_key: String,
    secret: String,
    region: String,
    /// The signing key of a day.
    day: String,
    key: Key,
    canonical: String,
}

impl Signer {
    pub(crate) fn new(access_key: &str, secret: &str, region: &str) -> Self {
        let (access_key, secret, region) = (access_key.to_owned(), secret.to_owned(), region.to_owned());
        let key = Key::new(HMAC_SHA256, &[]);
        Self { access_key, secret, region, day: String::new(), key, canonical: String::new() }
    }

    /// Replaces `request` by a whole HTTP/1.1 request, signed for now.
    pub(crate) fn request(&mut self, request: &mut Vec<u8>, host: &str, target: &str, body: &str) {
        self.request_at(&basic(SystemTime::now()), request, host, target, body);
    }

    fn request_at(&mut self, date: &str, request: &mut Vec<u8>, host: &str, target: &str, body: &str) {
        self.renew(date);
        let payload = hex(digest(&SHA256, body.as_bytes()).as_ref());
        self.canonical.clear();
        // Writing to a string cannot fail.
        let _infallible = write!(
            self.canonical,
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:{date}\nx-amz-target:{target}\n\n{SIGNED_HEADERS}\n{payload}"
        );
        let hash = hex(digest(&SHA256, self.canonical.as_bytes()).as_ref());
        let scope = format!("{}/{}/kms/aws4_request", self.day, self.region);
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
        let signature = hex(sign(&self.key, text.as_bytes()).as_ref());
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: {CONTENT_TYPE}\r\nx-amz-date: {date}\r\nx-amz-target: {target}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}\r\n\
             content-length: {}\r\n\r\n",
            self.access_key,
            body.len()
        );
        request.clear();
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(body.as_bytes());
    }

    fn renew(&mut self, date: &str) {
        let day = date.get(..8).unwrap_or_default();
        if self.day == day {
            return;
        }
        day.clone_into(&mut self.day);
        let mut key = sign(&Key::new(HMAC_SHA256, format!("AWS4{}", self.secret).as_bytes()), day.as_bytes());
        for part in [self.region.as_str(), "kms", "aws4_request"] {
            key = sign(&Key::new(HMAC_SHA256, key.as_ref()), part.as_bytes());
        }
        self.key = Key::new(HMAC_SHA256, key.as_ref());
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(*DIGITS.get(usize::from(nibble)).unwrap_or(&b'0'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// `20261125T095303Z`.
fn basic(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// Days since 1970-01-01 as a date of the Gregorian calendar. Years begin in March here, so that leap days come last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{Signer, basic, hex};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn dates_are_those_of_the_calendar() {
        let cases = [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (1_795_600_383, "20261125T095303Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(basic(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
        assert_eq!(hex(&[0, 0xAB, 0xFF]), "00abff");
    }

    /// The signature was made by botocore 1.43.11 from the same request.
    #[test]
    fn signatures_are_those_of_an_independent_signer() {
        let mut signer = Signer::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1");
        let mut request = Vec::new();
        signer.request_at(
            "20261125T095303Z",
            &mut request,
            "localhost:8443",
            "TrentService.Encrypt",
            "{\"KeyId\":\"k\"}",
        );
        let text = String::from_utf8(request).unwrap_or_default();
        assert!(
            text.contains("Signature=dd786d36417ceafc4467f71824ab832c45b96fc4fa305e71f3a43ee14d5467ab\r\n"),
            "{text}"
        );
    }
}
