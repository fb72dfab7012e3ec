//! The AWS KMS API in its JSON protocol (`POST /`, `X-Amz-Target: TrentService.X`, AWS-JSON 1.1, SigV4), and the one
//! operation of STS that its clients call. This crate translates; it decides nothing.
//!
//! The surface is the service's model of 2014-11-01. Members that the model does not have are ignored, as the service
//! ignores them. Constraints of the model are told in the service's own sentences.

mod aliases;
mod check;
mod code;
mod creation;
mod fault;
mod input;
mod keys;
mod metadata;
mod name;
mod operation;
mod output;
mod page;
mod policies;
mod refusal;
mod rotation;
mod sts;
mod tags;
mod trail;
mod uses;

use crate::code::Code;
use crate::fault::{Noted, Problem, problem};
use crate::input::{Notes, Trouble};
use crate::operation::{Operation, Service};
use crate::output::Json;
use crate::refusal::{CONFLICT, excuse, sentence};
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{Ask, Ending, Fault, Moment, Refusal, Reply, RequestId, Tongue, Unavailable, WireStatus};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use identity::Credential;

pub use sts::Sts;
pub use trail::trail;

const TARGET_PREFIX: &str = "TrentService.";
const SCOPE: &str = "/kms/aws4_request";
const JSON: &str = "application/x-amz-json-1.1";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// AWS KMS, and STS GetCallerIdentity for whoever asks for that.
pub struct Aws {
    sts: Sts,
}

impl Aws {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { sts: Sts::new() }
    }
}

impl Dialect for Aws {
    fn tongue(&self) -> Tongue {
        Tongue::Aws
    }

    fn speaks(&self, head: &http::request::Parts) -> bool {
        speaks_kms(head) || self.sts.speaks(head)
    }

    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal> {
        if !speaks_kms(&wire.head) && self.sts.speaks(&wire.head) {
            return self.sts.read(wire, now);
        }
        let operation = operation(&wire.head)?;
        let signed = identity::sigv4::extract(&wire.head, &wire.body, "kms")?;
        let credential = Credential::SigV4(Box::new(signed));
        let mut notes = Notes { place: credential.location().clone(), more: Vec::with_capacity(4) };
        notes.more.push(("region", notes.place.0.as_ref().to_owned()));
        let ask = read_body(operation, &wire.body, &mut notes)?;
        let echo = Echo { more: notes.more, ..Echo::new(wire.id, operation.name(), operation.action(), now) };
        Ok(Heard { credential, place: notes.place, ask, echo })
    }

    fn status(&self, echo: &Echo, ending: Ending<'_>) -> WireStatus {
        if echo.operation == sts::OPERATION {
            return self.sts.status(echo, ending);
        }
        let code = match ending {
            Ending::Done => return WireStatus::OK,
            Ending::WouldSucceed => Code::DryRunOperation,
            Ending::Refused(Fault::Conflict) => Code::KmsInternal,
            Ending::Refused(fault) => Operation::from_name(echo.operation)
                .map_or(Code::KmsInternal, |operation| problem(fault, operation, &Noted(echo)).code),
        };
        WireStatus { number: code.status(), code: Some(code.name()) }
    }

    fn write(&self, id: RequestId, echo: Option<&Echo>, answer: Answer) -> http::Response<Vec<u8>> {
        if echo.is_some_and(|echo| echo.operation == sts::OPERATION) {
            return self.sts.write(id, echo, answer);
        }
        let known = echo.and_then(|echo| Some((echo, Operation::from_name(echo.operation)?)));
        match (answer, known) {
            (Answer::Recorded(Ok(reply)), Some((echo, operation))) => written(id, echo, operation, &reply),
            (Answer::Recorded(Err(fault)), Some((echo, operation))) => {
                fail(id, &problem(&fault, operation, &Noted(echo)))
            }
            (Answer::Refused(refusal), _) => refused(id, refusal),
            (Answer::Unavailable(unavailable), _) => fail(id, &unserved(unavailable, known.map(|known| known.1))),
            (Answer::Conflict, _) => fail(id, &Problem::new(Code::KmsInternal, CONFLICT)),
            // Whatever was recorded had an echo.
            (Answer::Recorded(_), None) => fail(id, &Problem::new(Code::KmsInternal, "")),
        }
    }
}

fn header<'h>(head: &'h http::request::Parts, name: &str) -> &'h str {
    head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn speaks_kms(head: &http::request::Parts) -> bool {
    let amazon = || header(head, "content-type").starts_with("application/x-amz-json-");
    header(head, "x-amz-target").starts_with(TARGET_PREFIX)
        || header(head, "authorization").contains(SCOPE)
        || (amazon() && header(head, "x-amz-target").is_empty())
}

/// Which operation a request wants, by its head.
fn operation(head: &http::request::Parts) -> Result<Operation, Refusal> {
    let kind = header(head, "content-type").split(';').next().unwrap_or_default().trim();
    let json = matches!(kind, "application/x-amz-json-1.1" | "application/x-amz-json-1.0" | "application/json");
    if head.method != http::Method::POST || !json {
        return Err(Refusal::NotFound);
    }
    let name = header(head, "x-amz-target").strip_prefix(TARGET_PREFIX);
    name.and_then(Operation::from_name).ok_or(Refusal::UnknownOperation)
}

/// A body that parses is always an ask: what is wrong with it is told once the caller is known.
fn read_body(operation: Operation, body: &[u8], notes: &mut Notes) -> Result<Ask, Refusal> {
    let read = match operation.service() {
        Service::Serves(reader, _) => reader(body, notes),
        Service::Refuses(_) => input::parse(body).map(|serde::de::IgnoredAny| {
            let fault = Fault::NotImplemented { what: operation.name().into() };
            Ask::Invalid { action: operation.action(), fault }
        }),
    };
    match read {
        Ok(ask) => Ok(ask),
        Err(Trouble::Unreadable) => Err(Refusal::Unreadable { member: "body" }),
        Err(Trouble::Objection(objection)) => {
            notes.keep("code", objection.code.name());
            Ok(Ask::Invalid { action: operation.action(), fault: objection.into_fault() })
        }
    }
}

fn written(id: RequestId, echo: &Echo, operation: Operation, reply: &Reply) -> http::Response<Vec<u8>> {
    let noted = Noted(echo);
    if matches!(reply, Reply::WouldSucceed) {
        let text = "The request would have succeeded, but the DryRun option is set.";
        return fail(id, &Problem::new(Code::DryRunOperation, text));
    }
    match body(operation, &noted, reply) {
        Some(body) => respond(200, id, JSON, body),
        // The service has answered what this operation has no words for.
        None => fail(id, &Problem::new(Code::KmsInternal, "The answer cannot be told in this language")),
    }
}

/// The body of an answer; nothing where the operation does not have such an answer.
fn body(operation: Operation, noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    use Operation::*;
    let window = || noted.get("window").unwrap_or_default();
    Some(match (operation, reply) {
        (_, Reply::Ciphertext { by, ciphertext }) => uses::write_ciphertext(by, ciphertext),
        (_, Reply::Plaintext { by, plaintext }) => uses::write_plaintext(by, plaintext),
        (_, Reply::Resealed { from, to, ciphertext }) => uses::write_resealed(from, to, ciphertext),
        (_, Reply::DataKey { by, plaintext, ciphertext }) => uses::write_data_key(by, plaintext.as_ref(), ciphertext),
        (_, Reply::Random(random)) => uses::write_random(random),
        (EnableKey | DisableKey | UpdateKeyDescription | EnableKeyRotation | DisableKeyRotation, _)
        | (CreateAlias | UpdateAlias | DeleteAlias | TagResource | UntagResource | PutKeyPolicy, _) => Vec::new(),
        (CreateKey | DescribeKey, Reply::Key(key)) => metadata::write(key),
        (RotateKeyOnDemand, Reply::Key(key)) => rotation::write_rotated(&key.key.id.to_string()),
        (RotateKeyOnDemand, Reply::Rotation { key, .. } | Reply::Versions { key, .. }) => {
            rotation::write_rotated(&key.key.id.to_string())
        }
        (RotateKeyOnDemand, Reply::Done) => rotation::write_rotated(noted.get("key").unwrap_or_default()),
        (ScheduleKeyDeletion | CancelKeyDeletion, Reply::Destruction { key, deadline, days }) => {
            keys::write_destruction(operation, key, *deadline, *days)
        }
        (CancelKeyDeletion, Reply::Key(key)) => keys::write_destruction(operation, key, None, None),
        (ListKeys, Reply::Keys { keys, owner, more }) => keys::write_keys(keys, owner, *more),
        (ListAliases, Reply::Aliases { aliases, owner, more }) => {
            aliases::write_aliases(noted.region(), aliases, owner, *more)
        }
        (ListResourceTags, Reply::Tags(tags)) => tags::write_tags(tags, window()),
        (GetKeyPolicy, Reply::Document { name, text }) => policies::write_policy(name, text),
        (ListKeyPolicies, Reply::Documents(names)) => policies::write_policies(names, window()),
        (GetKeyRotationStatus, Reply::Rotation { key, schedule }) => rotation::write_status(key, schedule.as_ref()),
        (ListKeyRotations, Reply::Versions { key, versions }) => {
            let include = noted.get("include").unwrap_or_default();
            rotation::write_rotations(key, versions, include, window())
        }
        _ => return None,
    })
}

fn unserved(unavailable: Unavailable, operation: Option<Operation>) -> Problem {
    let timeout = operation.is_none_or(|operation| operation.models(Code::DependencyTimeout));
    let code = match unavailable {
        Unavailable::Sealed | Unavailable::Late if timeout => Code::DependencyTimeout,
        _ => Code::KmsInternal,
    };
    Problem::new(code, excuse(unavailable))
}

fn refused(id: RequestId, refusal: Refusal) -> http::Response<Vec<u8>> {
    let code = match refusal {
        // This one comes before there is a protocol.
        Refusal::NotFound => return respond(404, id, JSON, b"<UnknownOperationException/>\n".to_vec()),
        Refusal::UnknownOperation => Code::UnknownOperation,
        Refusal::Unreadable { .. } | Refusal::TooDeep { .. } | Refusal::Encoded => Code::Serialization,
        Refusal::MissingCredential => {
            return fail(id, &Problem::new(Code::MissingAuthenticationToken, "Missing Authentication Token"));
        }
        Refusal::IncompleteCredential { .. } => Code::IncompleteSignature,
        Refusal::UnknownCredential => Code::UnrecognizedClient,
        Refusal::BadSignature | Refusal::Skewed { .. } | Refusal::WrongScope { .. } => Code::InvalidSignature,
        Refusal::TooLarge { .. } => Code::RequestEntityTooLarge,
        Refusal::TooSlow => Code::RequestTimeout,
        Refusal::TooMany => Code::Throttling,
    };
    fail(id, &Problem::new(code, sentence(refusal, "kms")))
}

fn fail(id: RequestId, problem: &Problem) -> http::Response<Vec<u8>> {
    let mut json = Json::object(96 + problem.message.len());
    json.text("__type", problem.code.name());
    if !problem.message.is_empty() {
        json.text("message", &problem.message);
    }
    respond(problem.code.status(), id, JSON, json.done())
}

fn respond(status: u16, id: RequestId, kind: &'static str, body: Vec<u8>) -> http::Response<Vec<u8>> {
    let mut response = http::Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Answers hold plaintexts.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_bytes(&output::uuid(id.0)) {
        headers.insert(REQUEST_ID, value);
    }
    response
}
