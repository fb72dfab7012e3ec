//! Keyward's own tongue: JSON over HTTP, `POST /v1/OPERATION`, signed like a request to AWS with the service name
//! `keyward`. It says everything that a person or a tool may ask. This crate translates; it decides nothing.
//!
//! The names of the operations are those of [`domain::Action`] in kebab-case. `docs/native-api.md` is made from the
//! same table as the code.

mod answer;
mod fault;
mod input;
mod operations;
mod people;
mod shown;
mod table;
mod words;

use crate::fault::Problem;
use crate::input::Trouble;
use crate::table::Row;
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{Ask, Ending, Moment, Refusal, RequestId, Tongue, WireStatus};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use identity::Credential;
use serde_json::{Value, json};

pub use input::Member;
pub use table::{Documented, documentation};

/// The service name in the scope of a signature.
pub const SERVICE: &str = "keyward";
/// Before the operation's name in a request's path.
pub const PREFIX: &str = "/v1/";

const SCOPE: &str = "/keyward/aws4_request";
const JSON: &str = "application/json";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-keyward-request-id");

/// Keyward's own tongue.
pub struct Native {
    _private: (),
}

impl Native {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { _private: () }
    }
}

impl Dialect for Native {
    fn tongue(&self) -> Tongue {
        Tongue::Native
    }

    /// One word after `/v1/` (other tongues have more), or a signature for this service.
    fn speaks(&self, head: &http::request::Parts) -> bool {
        let word = head.uri.path().strip_prefix(PREFIX);
        let ours = word.is_some_and(|word| !word.is_empty() && !word.contains('/'));
        ours || header(head, "authorization").contains(SCOPE)
    }

    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal> {
        let row = operation(&wire.head)?;
        let signed = identity::sigv4::extract(&wire.head, &wire.body, SERVICE)?;
        let credential = Credential::SigV4(Box::new(signed));
        let ask = match (row.read)(&wire.body) {
            Ok(ask) => ask,
            Err(Trouble::Unreadable) => return Err(Refusal::Unreadable { member: "body" }),
            Err(Trouble::Objection(fault)) => Ask::Invalid { action: row.action, fault },
        };
        let echo = Echo::new(wire.id, row.name, row.action, now);
        Ok(Heard { place: credential.location().clone(), credential, ask, echo })
    }

    fn status(&self, _: &Echo, ending: Ending<'_>) -> WireStatus {
        match ending {
            Ending::Done | Ending::WouldSucceed => WireStatus::OK,
            Ending::Refused(fault) => WireStatus { number: fault::status(fault), code: Some(fault.word()) },
        }
    }

    fn write(&self, id: RequestId, echo: Option<&Echo>, answer: Answer) -> http::Response<Vec<u8>> {
        match answer {
            Answer::Recorded(Ok(reply)) => respond(200, id, &answer::body(&reply, echo)),
            Answer::Recorded(Err(fault)) => fail(id, &Problem::of_fault(&fault)),
            Answer::Refused(refusal) => fail(id, &Problem::of_refusal(refusal)),
            Answer::Unavailable(why) => fail(id, &Problem::of_unavailable(why)),
            Answer::Conflict => fail(id, &Problem::of_fault(&domain::Fault::Conflict)),
        }
    }
}

fn header<'h>(head: &'h http::request::Parts, name: &str) -> &'h str {
    head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Which operation a request wants, by its head.
fn operation(head: &http::request::Parts) -> Result<&'static Row, Refusal> {
    let kind = header(head, "content-type").split(';').next().unwrap_or_default().trim();
    if head.method != http::Method::POST || head.uri.query().is_some() {
        return Err(Refusal::NotFound);
    }
    if !kind.eq_ignore_ascii_case(JSON) {
        return Err(Refusal::Unreadable { member: "content-type" });
    }
    let name = head.uri.path().strip_prefix(PREFIX);
    name.and_then(table::find).ok_or(Refusal::UnknownOperation)
}

fn fail(id: RequestId, problem: &Problem) -> http::Response<Vec<u8>> {
    let error = json!({ "word": problem.word, "message": problem.message, "request_id": id.0.to_string() });
    respond(problem.status, id, &json!({ "error": error }))
}

fn respond(status: u16, id: RequestId, body: &Value) -> http::Response<Vec<u8>> {
    // A value made of strings and numbers is always JSON.
    let mut response = http::Response::new(serde_json::to_vec(body).unwrap_or_default());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    // Answers hold plaintexts.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    response
}
