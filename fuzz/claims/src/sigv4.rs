//! Signed requests, taken apart.

use crate::requests::read;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Uri};
use identity::sigv4::{ACCESS_KEY_CHARS_MAX, extract};

/// Each byte of a path or query may become three, and each of those three more.
const GROWTH_MAX: usize = 9;
/// Line ends, and the `=` of a parameter without one.
const EXTRA_BYTES_MAX: usize = 64;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The canonical head is canonical, not much longer than the head, and the same for another order of parameters and
/// headers; a date is one that the standard spells so.
pub(crate) fn extracted(data: &[u8]) {
    let Some(request) = read(data) else { return };
    let (parts, body) = request.into_parts();
    let Ok(signed) = extract(&parts, &body, "kms") else { return };
    assert!(signed.canonical_head.len() <= GROWTH_MAX * data.len() + EXTRA_BYTES_MAX);
    assert!(signed.access_key.len() <= ACCESS_KEY_CHARS_MAX);
    assert_eq!(signed.service, "kms");
    if !parts.headers.contains_key("x-amz-date") {
        dated(parts.headers["date"].to_str().unwrap(), &signed.signed_at.to_rfc3339());
    }
    let text = &signed.canonical_head;
    let mut lines = text.split(|byte| *byte == b'\n');
    assert_eq!(lines.next(), Some(parts.method.as_str().as_bytes()));
    path(str::from_utf8(lines.next().unwrap()).unwrap());
    query(str::from_utf8(lines.next().unwrap()).unwrap());
    if let Some(other) = in_another_order(&parts) {
        assert_eq!(&extract(&other, &body, "kms").ok().unwrap().canonical_head, text);
    }
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Unreserved characters, and `%` with two upper-case digits.
fn encoded(text: &str) -> bool {
    let upper = |byte: &u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(byte);
    let mut parts = text.split('%');
    parts.next().is_some_and(|first| first.bytes().all(unreserved))
        && parts.all(|part| {
            let (digits, rest) = part.as_bytes().split_at_checked(2).unwrap_or_default();
            digits.len() == 2 && digits.iter().all(upper) && rest.iter().copied().all(unreserved)
        })
}

fn path(path: &str) {
    assert!(path.starts_with('/') && !path.contains("//"), "{path}");
    assert!(path.split('/').all(|segment| encoded(segment) && segment != "." && segment != ".."), "{path}");
}

fn query(query: &str) {
    if query.is_empty() {
        return;
    }
    let pairs: Vec<(&str, &str)> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
    assert!(pairs.is_sorted(), "{query}");
    assert!(pairs.iter().all(|(name, value)| encoded(name) && encoded(value)), "{query}");
}

/// `20150830T123600Z`, or `Sun, 30 Aug 2015 12:36:00 GMT` with whatever name of the day.
fn dated(text: &str, rfc3339: &str) {
    let digits: String = rfc3339[..19].chars().filter(|char| !matches!(char, '-' | ':')).collect();
    if text == format!("{digits}Z") {
        return;
    }
    let (year, month, day, time) = (&rfc3339[..4], &rfc3339[5..7], &rfc3339[8..10], &rfc3339[11..19]);
    let month = MONTHS[month.parse::<usize>().unwrap() - 1];
    let rest = text.split_once(' ').unwrap().1;
    assert_eq!(rest, format!("{day} {month} {year} {time} GMT"));
}

/// The parameters the other way round, and the headers where none stands twice.
fn in_another_order(parts: &Parts) -> Option<Parts> {
    let mut request = Request::new(Bytes::new());
    let query: Vec<&str> = parts.uri.query().unwrap_or_default().split('&').rev().collect();
    let mut uri = parts.uri.clone().into_parts();
    if parts.uri.query().is_some() {
        uri.path_and_query = Some(format!("{}?{}", parts.uri.path(), query.join("&")).parse().ok()?);
    }
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = Uri::from_parts(uri).ok()?;
    let headers: Vec<_> = parts.headers.iter().collect();
    let reversed: HeaderMap = headers.iter().rev().map(|(name, value)| ((*name).clone(), (*value).clone())).collect();
    let once = parts.headers.keys_len() == headers.len();
    *request.headers_mut() = if once { reversed } else { parts.headers.clone() };
    Some(request.into_parts().0)
}
