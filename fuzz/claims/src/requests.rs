//! Whole requests: a head as text, in the spelling of the signature vectors, an empty line, a body.

use crate::answers;
use bytes::Bytes;
use dialect::{Answer, Dialect, Wire};
use dialect_aws::Aws;
use dialect_native::Native;
use domain::{Moment, ObjectId, RequestId, Steady, Timestamp, Unavailable};
use http::{HeaderName, HeaderValue, Request};
use std::net::{IpAddr, Ipv4Addr};

/// 2026-11-25T09:53:03Z.
pub(crate) const NOW: Moment = Moment::undisputed(Timestamp(1_795_600_383_000), Steady(0));
const ID: RequestId = RequestId(ObjectId([0x77; 16]));

/// Lines that are no header are passed over; none where there is no first line of a request.
pub(crate) fn read(data: &[u8]) -> Option<Request<Bytes>> {
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
    request.body(Bytes::copy_from_slice(body.get(2..).unwrap_or_default())).ok()
}

pub(crate) fn wire(request: Request<Bytes>) -> Wire {
    let (head, body) = request.into_parts();
    Wire { id: ID, head, body, source: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: true }
}

/// A request that is well formed and signed, but by nobody.
pub(crate) fn signed(service: &str, path: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Option<Wire> {
    let signature = "ab".repeat(32);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE12345678/20261125/eu-central-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date{}, Signature={signature}",
        if service == "kms" { ";x-amz-target" } else { "" }
    );
    let mut request = Request::post(path).header("host", "127.0.0.1:8200").header("x-amz-date", "20261125T095303Z");
    request = request.header("authorization", authorization);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Some(wire(request.body(Bytes::copy_from_slice(body)).ok()?))
}

/// Whoever speaks the language reads the request or refuses it, and has words for every way in which it may end. What
/// is heard as STS's is STS's only operation.
pub(crate) fn whole(data: &[u8]) {
    let Some(request) = read(data) else { return };
    let wire = wire(request);
    for dialect in [&Aws::new() as &dyn Dialect, &Native::new()] {
        if dialect.speaks(&wire.head) {
            heard(dialect, &wire);
        }
    }
}

pub(crate) fn heard(dialect: &dyn Dialect, wire: &Wire) {
    let write = |echo, answer| answers::well_formed(&dialect.write(ID, echo, answer));
    match dialect.read(wire, NOW) {
        Ok(heard) => {
            assert_eq!(heard.echo.id, ID);
            assert_eq!(heard.place, *heard.credential.location());
            if heard.echo.operation == "GetCallerIdentity" {
                let form = str::from_utf8(&wire.body).expect("a form is text");
                let fields: Vec<&str> = form.split('&').collect();
                assert!(fields.contains(&"Action=GetCallerIdentity") && fields.contains(&"Version=2011-06-15"));
            }
            write(Some(&heard.echo), Answer::Unavailable(Unavailable::Sealed));
            write(Some(&heard.echo), Answer::Conflict);
            if let domain::Ask::Invalid { action, fault } = heard.ask {
                assert_eq!(action, heard.echo.action);
                write(Some(&heard.echo), Answer::Recorded(Err(fault)));
            }
        }
        Err(refusal) => write(None, Answer::Refused(refusal)),
    }
}
