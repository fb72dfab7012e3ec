//! gRPC over HTTP/2: what is around a message on the wire, and nothing of what is in it. One message in, one message out.
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>)
//!
//! A dialect that speaks it is given the message without its prefix, and answers with the message and with `grpc-status`,
//! `grpc-message` and `grpc-status-details-bin` among the headers: here they become trailers.

use crate::paper::Paper;
use crate::public::Page;
use bytes::{Buf, Bytes};
use domain::Refusal;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use std::time::Duration;

/// A flag that says whether the message is compressed, and its length in four bytes.
pub(crate) const PREFIX_BYTES: usize = 5;

const TYPE: &str = "application/grpc";
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
/// What an answer says behind its message.
const TRAILERS: [HeaderName; 3] =
    [STATUS, HeaderName::from_static("grpc-message"), HeaderName::from_static("grpc-status-details-bin")];

/// Whether a request is a call, by its head.
pub(crate) fn is_call(head: &Parts) -> bool {
    let kind = head.headers.get(CONTENT_TYPE).map_or(&[][..], |value| value.as_bytes());
    let rest = kind.get(..TYPE.len()).filter(|begin| begin.eq_ignore_ascii_case(TYPE.as_bytes()));
    rest.is_some() && matches!(kind.get(TYPE.len()), None | Some(b'+' | b';' | b' '))
}

/// Whether the head of a call is one that can be answered: HTTP/2, protocol buffers, no compression.
pub(crate) fn admitted(head: &Parts, http2: bool) -> Result<(), Refusal> {
    if !http2 || head.method != Method::POST {
        return Err(Refusal::Unreadable { member: "head" });
    }
    let kind = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format =
        kind.split(';').next().and_then(|kind| kind.trim().split_once('+')).map_or("proto", |(_, format)| format);
    let plain = head.headers.get(ENCODING).is_none_or(|encoding| encoding == IDENTITY);
    if plain && format.eq_ignore_ascii_case("proto") { Ok(()) } else { Err(Refusal::Encoded) }
}

/// How long the client waits: a number of at most eight digits and its unit.
pub(crate) fn timeout(head: &Parts) -> Result<Option<Duration>, Refusal> {
    let Some(value) = head.headers.get(TIMEOUT) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    duration(text).map(Some).ok_or(Refusal::Unreadable { member: "grpc-timeout" })
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number.saturating_mul(3_600)),
        "M" => Duration::from_secs(number.saturating_mul(60)),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// The one message of a body.
pub(crate) fn message(mut body: Bytes) -> Result<Bytes, Refusal> {
    let unreadable = Refusal::Unreadable { member: "frame" };
    let (prefix, rest) = body.split_first_chunk::<PREFIX_BYTES>().ok_or(unreadable)?;
    let [flag, length @ ..] = *prefix;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| unreadable)?;
    match flag {
        0 if rest.len() == length => {
            body.advance(PREFIX_BYTES);
            Ok(body)
        }
        1 => Err(Refusal::Encoded),
        _ => Err(unreadable),
    }
}

/// What a dialect answered, as it goes over the wire. A failure has no message, and is said in the head alone.
pub(crate) fn page(response: Response<Vec<u8>>) -> Page {
    let (mut head, message) = response.into_parts();
    head.headers.insert(ACCEPT_ENCODING, IDENTITY);
    if head.headers.get(STATUS).is_some_and(|status| status != "0") {
        return Response::from_parts(head, Paper::of(Bytes::new()));
    }
    let mut trailers = HeaderMap::with_capacity(TRAILERS.len());
    for name in TRAILERS {
        if let Some(value) = head.headers.remove(&name) {
            trailers.insert(name, value);
        }
    }
    Response::from_parts(head, Paper::with_trailers(framed(&message), trailers))
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(PREFIX_BYTES + message.len());
    frame.push(0);
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_in_its_unit() {
        let told = |text: &str| duration(text).map(|it| it.as_nanos());
        assert_eq!(told("5S"), Some(5_000_000_000));
        assert_eq!(told("99999999n"), Some(99_999_999));
        assert_eq!(told("2M"), Some(120_000_000_000));
        for bad in ["", "S", "5", "5s", "-5S", "123456789S", "5 S", "5\u{e9}"] {
            assert_eq!(told(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_body_holds_one_message_that_is_not_compressed() {
        let body = |bytes: &[u8]| message(Bytes::copy_from_slice(bytes));
        assert_eq!(body(&[0, 0, 0, 0, 0]), Ok(Bytes::new()));
        assert_eq!(body(&[0, 0, 0, 0, 2, 8, 9]), Ok(Bytes::from_static(&[8, 9])));
        assert_eq!(body(&[1, 0, 0, 0, 0]), Err(Refusal::Encoded));
        for bad in [
            &[][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 0, 1],
            &[0, 0, 0, 0, 0, 1],
            &[2, 0, 0, 0, 0],
            &[0, 255, 255, 255, 255, 1],
        ] {
            assert_eq!(body(bad), Err(Refusal::Unreadable { member: "frame" }), "{bad:?}");
        }
    }

    #[test]
    fn only_the_type_itself_is_a_call() {
        let is = |kind: &str| {
            is_call(&http::Request::post("/").header("content-type", kind).body(()).unwrap().into_parts().0)
        };
        assert!(is("application/grpc") && is("application/grpc+proto") && is("Application/GRPC;x=y"));
        assert!(!is("application/grpc-web") && !is("application/grpcx") && !is("application/json"));
    }
}
