//! The API over gRPC. The listener takes the message out of its frame, and turns the status into trailers.

use crate::method::Method;
use crate::proto::rpc;
use crate::status::{DOMAIN, Problem};
use crate::{answer, blank, header, hear, status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{Ending, Moment, Refusal, RequestId, Tongue, WireStatus};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use prost::Message;

const TYPE: &str = "application/grpc";
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// All but these are written as they are, in a header that holds text.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Any method of any service whose calls come here.
pub struct Grpc(());

impl Grpc {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self(())
    }
}

impl Dialect for Grpc {
    fn tongue(&self) -> Tongue {
        Tongue::Google
    }

    fn speaks(&self, head: &http::request::Parts) -> bool {
        let rest = header(head, "content-type").strip_prefix(TYPE);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';', ' ']))
    }

    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal> {
        let method = Method::at(wire.head.uri.path()).ok_or(Refusal::UnknownOperation)?;
        hear(wire, method, Ok(&wire.body), blank(), now)
    }

    fn status(&self, echo: &Echo, ending: Ending<'_>) -> WireStatus {
        status(echo, ending)
    }

    fn write(&self, _: RequestId, echo: Option<&Echo>, said: Answer) -> http::Response<Vec<u8>> {
        let (message, problem) = match answer(echo, said) {
            Ok(message) => (message, None),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        let mut response = http::Response::new(message);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
        match problem {
            None => drop(headers.insert(STATUS, HeaderValue::from_static("0"))),
            Some(problem) => told(headers, &problem),
        }
        response
    }
}

fn told(headers: &mut http::HeaderMap, problem: &Problem) {
    headers.insert(STATUS, HeaderValue::from(problem.code.number()));
    let message = utf8_percent_encode(&problem.message, ESCAPED).to_string();
    if let Ok(message) = HeaderValue::from_str(&message) {
        headers.insert(MESSAGE, message);
    }
    if let Some(details) = details(problem)
        && let Ok(details) = HeaderValue::from_str(&details)
    {
        headers.insert(DETAILS, details);
    }
}

/// The whole status as a message, where there is more to tell than code and text.
fn details(problem: &Problem) -> Option<String> {
    let info = problem.info.as_ref()?;
    let metadata = info.metadata.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
    let info = rpc::ErrorInfo { reason: info.reason.into(), domain: DOMAIN.into(), metadata };
    let info =
        prost_types::Any { type_url: "type.googleapis.com/google.rpc.ErrorInfo".into(), value: info.encode_to_vec() };
    let message = problem.message.clone().into_owned();
    let status = rpc::Status { code: problem.code.number(), message, details: vec![info] };
    Some(STANDARD_NO_PAD.encode(status.encode_to_vec()))
}
