//! The Google Cloud KMS API v1, over gRPC and over REST, with the methods of google.iam.v1, google.cloud.location and
//! google.longrunning that come with it, and the one of google.iam.credentials.v1 by which one acts as another. This crate translates; it decides nothing.
//!
//! Both protocols carry the same messages: gRPC as they are, REST as JSON, bound to methods and paths by the rules that
//! stand beside the methods in the definitions (`google.api.http`). What reads a request and what writes an answer sees
//! messages only. The listener does the framing of gRPC.

mod algorithm;
mod asymmetric;
mod audit;
mod checksum;
mod code;
mod filter;
mod grpc;
mod iam;
mod impersonation;
mod input;
mod jobs;
mod json;
mod keys;
mod listing;
mod locations;
mod method;
mod name;
mod oauth;
mod plain;
mod proto;
mod reasons;
mod rest;
mod retired;
mod rings;
mod route;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod served;
mod shown;
mod status;
mod time;
mod uses;
mod versions;

pub use audit::{Around, log_entry};
pub use grpc::Grpc;
pub use oauth::OAuth;
pub use rest::Rest;

use crate::code::Code;
use crate::input::{Notes, Objection, Trouble};
use crate::method::Method;
use crate::status::{CONFLICT, Noted, Problem};
use dialect::{Answer, Echo, Heard, Wire};
use domain::{Ask, Ending, Fault, Location, Moment, Refusal, Reply, WireStatus};
use identity::{Bearer, Credential};

/// Where a request is that names no location.
const GLOBAL: &str = "global";

/// `message` is what a protocol made of a request, or what is wrong with it. One that can be read is always an ask: what is
/// wrong with it is told once the caller is known.
fn hear(
    wire: &Wire,
    method: &'static Method,
    message: Result<&[u8], Objection>,
    mut notes: Notes,
    now: Moment,
) -> Result<Heard, Refusal> {
    let ask = match message {
        Ok(message) => ask(method, message, &mut notes)?,
        Err(objection) => object(method, objection, &mut notes),
    };
    let place = notes.place;
    let credential = Credential::Bearer(Box::new(Bearer::find(&wire.head.headers, place.clone())?));
    let echo = Echo { place: method.place, more: notes.more, ..Echo::new(wire.id, method.name, method.action, now) };
    Ok(Heard { credential, place, ask, echo })
}

fn ask(method: &'static Method, message: &[u8], notes: &mut Notes) -> Result<Ask, Refusal> {
    match (method.read)(message, notes) {
        Ok(ask) => Ok(ask),
        Err(Trouble::Unreadable) => Err(Refusal::Unreadable { member: "message" }),
        Err(Trouble::Objection(objection)) => Ok(object(method, objection, notes)),
    }
}

fn object(method: &'static Method, objection: Objection, notes: &mut Notes) -> Ask {
    notes.keep("code", objection.code.name());
    Ask::Invalid { action: method.action, fault: objection.into_fault() }
}

/// Notes of a request of which nothing was read yet.
fn blank() -> Notes {
    // The name is spelled well.
    let place = Location(GLOBAL.into());
    Notes { place, more: Vec::with_capacity(6) }
}

fn status(echo: &Echo, ending: Ending<'_>) -> WireStatus {
    let code = match (ending, Method::of(echo)) {
        (Ending::Done | Ending::WouldSucceed, _) => return WireStatus::OK,
        (Ending::Refused(Fault::Conflict), _) => Code::Aborted,
        (Ending::Refused(fault), Some(method)) => status::of_fault(fault, method, &Noted(echo)).code,
        (Ending::Refused(_), None) => Code::Internal,
    };
    WireStatus { number: code.http(), code: Some(code.name()) }
}

/// The message of an answer, or what went wrong.
fn answer(echo: Option<&Echo>, answer: Answer) -> Result<Vec<u8>, Problem> {
    let known = echo.and_then(|echo| Some((echo, Method::of(echo)?)));
    let answered = match (answer, known) {
        (Answer::Recorded(Ok(reply)), Some((echo, method))) => written(method, &Noted(echo), &reply),
        (Answer::Recorded(Err(fault)), Some((echo, method))) => Err(status::of_fault(&fault, method, &Noted(echo))),
        (Answer::Refused(refusal), _) => Err(status::of_refusal(refusal)),
        (Answer::Unavailable(why), _) => Err(status::of_unavailable(why)),
        (Answer::Conflict, _) => Err(Problem::new(Code::Aborted, CONFLICT)),
        // Whatever was recorded had an echo.
        (Answer::Recorded(_), None) => Err(Problem::new(Code::Internal, "")),
    };
    answered.map_err(Problem::bounded)
}

fn written(method: &Method, noted: &Noted<'_>, reply: &Reply) -> Result<Vec<u8>, Problem> {
    // The service has answered what this method has no words for.
    (method.write)(noted, reply)
        .ok_or_else(|| Problem::new(Code::Internal, "The answer cannot be told in this language."))
}

fn header<'h>(head: &'h http::request::Parts, name: &str) -> &'h str {
    head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
