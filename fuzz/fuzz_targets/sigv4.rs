//! A request head as text, in the spelling of the vectors, and its body. Nothing panics, and the canonical
//! head is never much longer than the head.
#![no_main]

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

/// Each byte of a path or query may become three, and each of those three more.
const GROWTH_MAX: usize = 9;
/// Line ends, and the `=` of a parameter without one.
const EXTRA_BYTES_MAX: usize = 64;

fuzz_target!(|data: &[u8]| {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (head, body) = data.split_at(end);
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = lines.next().unwrap_or_default().split(|byte| *byte == b' ');
    let mut request = Request::builder().method(first.next().unwrap_or_default()).uri(first.next().unwrap_or_default());
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value.get(1..).unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            request = request.header(name, value);
        }
    }
    let Ok(request) = request.body(()) else { return };
    let (parts, ()) = request.into_parts();
    if let Ok(signed) = identity::sigv4::extract(&parts, &Bytes::copy_from_slice(body), "kms") {
        assert!(signed.canonical_head.len() <= GROWTH_MAX * head.len() + EXTRA_BYTES_MAX);
        assert!(signed.access_key.len() <= identity::sigv4::ACCESS_KEY_CHARS_MAX);
        assert_eq!(signed.service, "kms");
    }
});
