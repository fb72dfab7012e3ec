//! The API over REST: messages as JSON, bound to methods by path, query and body.

use crate::input::Objection;
use crate::json::{self, Unread};
use crate::method::{METHODS, Method};
use crate::route::{Body, Bound, Route, Routes};
use crate::status::{DOMAIN, Problem};
use crate::{answer, blank, hear, plain, status};
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{Ending, Moment, Refusal, RequestId, Tongue, WireStatus};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use percent_encoding::percent_decode_str;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");
const PATHS: [&str; 3] = ["/v1/projects/", "/v1/folders/", "/v1/organizations/"];
/// What the service has, and this release has not yet.
const ABSENT: [&str; 6] =
    ["ekmConnections", "ekmConfig", "keyHandles", "singleTenantHsmInstances", "autokeyConfig", "kajPolicyConfig"];
/// Parameters that are about the answer, or about nothing that is known here.
const SYSTEM: [&str; 12] = [
    "alt",
    "$alt",
    "prettyPrint",
    "$prettyPrint",
    "fields",
    "$fields",
    "key",
    "quotaUser",
    "$.xgafv",
    "$unique",
    "callback",
    "$req",
];

/// All paths of the service.
pub struct Rest {
    routes: Routes,
    /// What each method answers, in the order of the methods.
    answers: Vec<Option<MessageDescriptor>>,
}

impl Rest {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        let routes = Routes::new();
        let mut answers = vec![None; METHODS.len()];
        for route in routes.all() {
            if let Some(answer) = answers.get_mut(route.method.place) {
                *answer = Some(route.descriptor.output());
            }
        }
        Self { routes, answers }
    }

    fn route<'a>(&'a self, head: &'a http::request::Parts) -> Result<(&'a Route, Vec<Bound<'a>>), Refusal> {
        let path = head.uri.path();
        let absent = || path.split(['/', ':']).any(|part| ABSENT.contains(&part));
        let missing = || if absent() { Refusal::UnknownOperation } else { Refusal::NotFound };
        self.routes.find(&head.method, path).ok_or_else(missing)
    }
}

impl Dialect for Rest {
    fn tongue(&self) -> Tongue {
        Tongue::Google
    }

    fn speaks(&self, head: &http::request::Parts) -> bool {
        PATHS.iter().any(|begin| head.uri.path().starts_with(begin))
    }

    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal> {
        let (route, bound) = self.route(&wire.head)?;
        let query = wire.head.uri.query().unwrap_or_default();
        let mut notes = blank();
        notes.keep_if(numbers(query), "numbers");
        let message = message(route, &wire.body, &bound, query)?;
        hear(wire, route.method, message.as_deref().map_err(Objection::clone), notes, now)
    }

    fn status(&self, echo: &Echo, ending: Ending<'_>) -> WireStatus {
        status(echo, ending)
    }

    fn write(&self, _: RequestId, echo: Option<&Echo>, said: Answer) -> http::Response<Vec<u8>> {
        let written = answer(echo, said).and_then(|message| self.written(echo, &message));
        match written {
            Ok(body) => respond(200, body),
            Err(problem) => told(&problem),
        }
    }
}

impl Rest {
    fn written(&self, echo: Option<&Echo>, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let numbers = echo.is_some_and(|echo| echo.more.iter().any(|(what, _)| *what == "numbers"));
        let method = echo.and_then(Method::of);
        let plain = method.and_then(|method| (plain::of(method.name)?.write)(message, numbers));
        let kind = || method.and_then(|method| self.answers.get(method.place)?.as_ref());
        let body = plain.or_else(|| json::written(kind()?, message, numbers));
        body.ok_or_else(|| Problem::new(crate::code::Code::Internal, "The answer cannot be told in this language."))
    }
}

/// Whether enumerations are to be numbers: `$alt=json;enum-encoding=int`.
fn numbers(query: &str) -> bool {
    pairs(query).any(|(name, value)| {
        (name == "$alt" || name == "alt") && value.split(';').any(|part| part.trim() == "enum-encoding=int")
    })
}

fn is_system(parameter: &str) -> bool {
    SYSTEM.contains(&parameter)
}

/// Names and values of a query, decoded. What is no text is left out.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8().ok().map(|text| text.into_owned())
        };
        Some((decoded(name)?, decoded(value)?))
    })
}

/// The message that path, query and body make together.
fn message(
    route: &Route,
    body: &[u8],
    bound: &[Bound<'_>],
    query: &str,
) -> Result<Result<Vec<u8>, Objection>, Refusal> {
    if let Some(message) = plainly(route, body, bound, query) {
        return Ok(Ok(message));
    }
    let kind = route.descriptor.input();
    let whole = match &route.body {
        Body::None => Ok(DynamicMessage::new(kind)),
        Body::All => read_body(kind, body)?,
        Body::Field(field) => field_of(&kind, field, body)?,
    };
    let filled = whole.and_then(|mut message| {
        for (name, value) in pairs(query).filter(|(name, _)| !is_system(name)) {
            set(&mut message, &name, &value, &name)?;
        }
        for (field, value) in bound {
            set(&mut message, field, value, field)?;
        }
        Ok(message.encode_to_vec())
    });
    Ok(filled)
}

/// Where nothing but a resource and a body is given, and both are spelled as nearly all clients spell them.
fn plainly(route: &Route, body: &[u8], bound: &[Bound<'_>], query: &str) -> Option<Vec<u8>> {
    let plain = plain::of(route.method.name)?;
    match bound {
        [("name", name)] if pairs(query).all(|(name, _)| is_system(&name)) => (plain.read)(body, name),
        _ => None,
    }
}

type Whole = Result<DynamicMessage, Objection>;

/// Nothing, or an empty text, which the client for Node sends for a message in which nothing is set, is such a message.
fn read_body(kind: MessageDescriptor, body: &[u8]) -> Result<Whole, Refusal> {
    if matches!(body.trim_ascii(), b"" | b"\"\"") {
        return Ok(Ok(DynamicMessage::new(kind)));
    }
    match json::read(kind, body) {
        Ok(message) => Ok(Ok(message)),
        Err(Unread::Unreadable) => Err(Refusal::Unreadable { member: "body" }),
        Err(Unread::Objection(objection)) => Ok(Err(objection)),
    }
}

fn field_of(kind: &MessageDescriptor, field: &str, body: &[u8]) -> Result<Whole, Refusal> {
    let mut message = DynamicMessage::new(kind.clone());
    let Some(field) = kind.get_field_by_name(field) else { return Err(Refusal::UnknownOperation) };
    let Kind::Message(inner) = field.kind() else { return Err(Refusal::UnknownOperation) };
    Ok(read_body(inner, body)?.map(|inner| {
        message.set_field(&field, Value::Message(inner));
        message
    }))
}

/// Sets a field by its path, from text.
fn set(message: &mut DynamicMessage, path: &str, text: &str, whole: &str) -> Result<(), Objection> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let kind = message.descriptor();
    let field = kind.get_field_by_name(first).or_else(|| kind.get_field_by_json_name(first));
    let field = field.ok_or_else(|| json::unknown_field(whole))?;
    match (rest, field.kind()) {
        (Some(rest), Kind::Message(_)) if !field.is_list() && !field.is_map() => {
            let inner = message.get_field_mut(&field).as_message_mut();
            set(inner.ok_or_else(|| json::unknown_field(whole))?, rest, text, whole)
        }
        (Some(_), _) => Err(json::unknown_field(whole)),
        (None, _) => {
            let value = value(&field, text).ok_or_else(|| unfit(whole, text))?;
            if field.is_list() {
                if let Some(list) = message.get_field_mut(&field).as_list_mut() {
                    list.push(value);
                }
            } else {
                message.set_field(&field, value);
            }
            Ok(())
        }
    }
}

fn unfit(name: &str, text: &str) -> Objection {
    Objection::invalid(format!("Invalid value at '{name}': {text}"))
}

fn value(field: &FieldDescriptor, text: &str) -> Option<Value> {
    Some(match field.kind() {
        Kind::String => Value::String(text.to_owned()),
        // gcloud writes `True`.
        Kind::Bool => Value::Bool(text.to_ascii_lowercase().parse().ok()?),
        Kind::Int32 => Value::I32(text.parse().ok()?),
        Kind::Int64 => Value::I64(text.parse().ok()?),
        Kind::Enum(kind) => match text.parse() {
            Ok(number) => Value::EnumNumber(number),
            Err(_) => Value::EnumNumber(kind.get_value_by_name(text)?.number()),
        },
        Kind::Message(kind) if kind.full_name() == "google.protobuf.FieldMask" => Value::Message(mask(kind, text)),
        // Whatever else a path or a query can say is said as JSON says it.
        Kind::Message(kind) => {
            let json = serde_json::to_vec(text).ok()?;
            Value::Message(json::read(kind, &json).ok()?)
        }
        _ => return None,
    })
}

/// Paths parted by commas, in either spelling.
fn mask(kind: MessageDescriptor, text: &str) -> DynamicMessage {
    let paths = text.split(',').filter(|path| !path.is_empty()).map(|path| Value::String(snake(path.trim()))).collect();
    let mut mask = DynamicMessage::new(kind);
    mask.set_field_by_name("paths", Value::List(paths));
    mask
}

fn snake(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 4);
    for letter in path.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn told(problem: &Problem) -> http::Response<Vec<u8>> {
    let mut error = json!({
        "code": problem.code.http(),
        "message": problem.message,
        "status": problem.code.name(),
    });
    if let (Some(info), Some(error)) = (&problem.info, error.as_object_mut()) {
        let metadata: serde_json::Map<String, serde_json::Value> =
            info.metadata.iter().map(|(name, text)| ((*name).to_owned(), text.as_str().into())).collect();
        let info = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": info.reason,
            "domain": DOMAIN,
            "metadata": metadata,
        });
        error.insert("details".to_owned(), json!([info]));
    }
    let mut response = respond(problem.code.http(), json!({ "error": error }).to_string().into_bytes());
    if problem.code == crate::code::Code::Unauthenticated {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn respond(status: u16, body: Vec<u8>) -> http::Response<Vec<u8>> {
    let mut response = http::Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    // Answers hold plaintexts.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
