//! Google's tongue: over REST, at the token endpoints, and over gRPC.

use crate::{answers, requests};
use dialect::{Answer, Dialect};
use dialect_google::{Grpc, OAuth, Rest};
use http::Request;
use std::sync::LazyLock;

/// Percent-encoded, with what is around it.
const TOLD_BYTES_MAX: usize = 3 * 4_096 + 1_024;

/// A request as text, as those of the other tongues are. Reading takes no longer than it is long, and what is wrong with it
/// is told in JSON.
pub(crate) fn whole(data: &[u8]) {
    static REST: LazyLock<Rest> = LazyLock::new(Rest::new);
    let Some(request) = requests::read(data) else { return };
    let wire = requests::wire(request);
    for dialect in [&*REST as &dyn Dialect, &OAuth::new()] {
        if dialect.speaks(&wire.head) {
            requests::heard(dialect, &wire);
        }
    }
}

/// The path of a call, a line end, a message. What is heard is of the method that was called; whatever is wrong with it fits
/// into a header.
pub(crate) fn message(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (path, message) = data.split_at(end);
    let message = message.get(1..).unwrap_or_default();
    let head = Request::post(path).header("content-type", "application/grpc").header("authorization", "Bearer a.b.c");
    let Ok(request) = head.body(bytes::Bytes::copy_from_slice(message)) else { return };
    let (dialect, wire) = (Grpc::new(), requests::wire(request));
    assert!(dialect.speaks(&wire.head));
    requests::heard(&dialect, &wire);
    if let Ok(heard) = dialect.read(&wire, requests::NOW) {
        assert!(wire.head.uri.path().ends_with(&format!("/{}", heard.echo.operation)));
        if let domain::Ask::Invalid { fault, .. } = heard.ask {
            let told = dialect.write(wire.id, Some(&heard.echo), Answer::Recorded(Err(fault)));
            let bytes: usize = told.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
            assert!(bytes <= TOLD_BYTES_MAX && told.body().is_empty(), "{bytes}");
            answers::bounded(&told, message.len());
        }
    }
}
