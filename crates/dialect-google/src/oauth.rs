//! Access tokens, for what somebody else signed. `POST /token`: the assertion of a service account (RFC 7523), as gcloud and
//! explicit refreshes bring it. `POST /v1/token`: what an issuer elsewhere says of somebody (RFC 8693), as clients do that
//! have no key of the house. Errors are those of OAuth 2.0 (RFC 6749, section 5.2).

use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{
    Action, Ask, Ending, Fault, Location, Moment, Refusal, Reply, RequestId, TOKEN_SECONDS_MAX, Tongue, WireStatus,
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use identity::{Bearer, Credential};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

const ASSERTIONS: &str = "/token";
const EXCHANGES: &str = "/v1/token";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// What can be exchanged: one kind under two names.
const SUBJECT_TOKENS: [&str; 2] = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
/// What the operations are called in the log.
const TOKEN: &str = "Token";
const EXCHANGE_TOKEN: &str = "ExchangeToken";
/// Tokens hold everywhere.
const GLOBAL: &str = "global";

/// The token endpoints.
pub struct OAuth {
    _private: (),
}

impl OAuth {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { _private: () }
    }
}

impl Dialect for OAuth {
    fn tongue(&self) -> Tongue {
        Tongue::Google
    }

    fn speaks(&self, head: &http::request::Parts) -> bool {
        matches!(head.uri.path(), ASSERTIONS | EXCHANGES)
    }

    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal> {
        let kind = wire.head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if wire.head.method != http::Method::POST {
            return Err(Refusal::NotFound);
        }
        if !kind.eq_ignore_ascii_case(FORM) {
            return Err(Refusal::Unreadable { member: "content-type" });
        }
        let body = str::from_utf8(&wire.body).map_err(|_| Refusal::Unreadable { member: "body" })?;
        let place = Location(GLOBAL.into());
        let (bearer, operation) = match wire.head.uri.path() {
            EXCHANGES => (exchange(body, place.clone())?, EXCHANGE_TOKEN),
            _ => (assertion(body, place.clone())?, TOKEN),
        };
        let credential = Credential::Bearer(Box::new(bearer));
        let echo = Echo::new(wire.id, operation, Action::IssueToken, now);
        Ok(Heard { credential, place, ask: Ask::IssueToken { seconds: TOKEN_SECONDS_MAX }, echo })
    }

    fn status(&self, _: &Echo, ending: Ending<'_>) -> WireStatus {
        match ending {
            Ending::Done | Ending::WouldSucceed => WireStatus::OK,
            Ending::Refused(fault) => {
                let (number, code) = of_fault(fault);
                WireStatus { number, code: Some(code) }
            }
        }
    }

    fn write(&self, _: RequestId, echo: Option<&Echo>, answer: Answer) -> http::Response<Vec<u8>> {
        match answer {
            Answer::Recorded(Ok(Reply::Token { token, seconds, .. })) => {
                let token = token.expose(|bytes| String::from_utf8_lossy(bytes).into_owned());
                let mut body = json!({ "access_token": token, "expires_in": seconds, "token_type": "Bearer" });
                if let (Some(EXCHANGE_TOKEN), Some(body)) = (echo.map(|echo| echo.operation), body.as_object_mut()) {
                    body.insert("issued_token_type".into(), json!(ACCESS_TOKEN));
                }
                respond(200, &body)
            }
            Answer::Recorded(Ok(_)) => fail(500, "server_error", ""),
            Answer::Recorded(Err(fault)) => {
                let (status, code) = of_fault(&fault);
                fail(status, code, &fault.to_string())
            }
            Answer::Refused(refusal) => {
                let (status, code, why) = of_refusal(refusal);
                fail(status, code, why)
            }
            Answer::Unavailable(_) | Answer::Conflict => fail(503, "temporarily_unavailable", "Try again."),
        }
    }
}

fn assertion(body: &str, place: Location) -> Result<Bearer, Refusal> {
    is(body, "grant_type", &[JWT_BEARER])?;
    let assertion = field(body, "assertion")?.ok_or(Refusal::MissingCredential)?;
    Bearer::assertion(&assertion, place)
}

/// For whom the token is to be (`audience`) decides nothing: what the issuer's token says of it does.
fn exchange(body: &str, place: Location) -> Result<Bearer, Refusal> {
    is(body, "grant_type", &[EXCHANGE])?;
    is(body, "subject_token_type", &SUBJECT_TOKENS)?;
    is(body, "requested_token_type", &[ACCESS_TOKEN])?;
    let token = field(body, "subject_token")?.ok_or(Refusal::MissingCredential)?;
    Bearer::exchange(&token, place)
}

/// A field that has to be there and to be one of these.
fn is(body: &str, name: &'static str, known: &[&str]) -> Result<(), Refusal> {
    let told = field(body, name)?.ok_or(Refusal::Unreadable { member: name })?;
    if known.contains(&told.as_str()) { Ok(()) } else { Err(Refusal::UnknownOperation) }
}

/// A field of a form, decoded; nothing where it is not there. Twice is once too often.
fn field(body: &str, name: &'static str) -> Result<Option<String>, Refusal> {
    let mut values = body.split('&').filter_map(|pair| pair.split_once('=')).filter(|(known, _)| *known == name);
    let value = values.next().map(|(_, value)| value.replace('+', " "));
    if values.next().is_some() {
        return Err(Refusal::Unreadable { member: name });
    }
    let decoded = |value: String| percent_decode_str(&value).decode_utf8().ok().map(|text| text.into_owned());
    value.map(|value| decoded(value).ok_or(Refusal::Unreadable { member: name })).transpose()
}

fn of_fault(fault: &Fault) -> (u16, &'static str) {
    match fault {
        Fault::Denied { .. } => (403, "access_denied"),
        Fault::Conflict | Fault::Unavailable | Fault::MemoryFull => (503, "temporarily_unavailable"),
        _ => (400, "invalid_request"),
    }
}

fn of_refusal(refusal: Refusal) -> (u16, &'static str, &'static str) {
    let invalid = |why| (400, "invalid_grant", why);
    match refusal {
        Refusal::BadSignature => invalid("Invalid JWT Signature."),
        Refusal::UnknownCredential => invalid("Invalid grant: account not found"),
        Refusal::Skewed { .. } => invalid(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
        ),
        Refusal::WrongScope { .. } => invalid("Invalid JWT: issuer, subject or audience is not acceptable here."),
        Refusal::IncompleteCredential { .. } => invalid("Invalid JWT: it cannot be read."),
        Refusal::UnknownOperation => (
            400,
            "unsupported_grant_type",
            "Only JSON Web Tokens become access tokens here: assertions (RFC 7523), and those of issuers elsewhere (RFC 8693).",
        ),
        Refusal::TooLarge { .. } => (413, "invalid_request", "The request is too large."),
        Refusal::TooSlow => (408, "invalid_request", "The request came too slowly."),
        Refusal::TooMany => (429, "temporarily_unavailable", "Too many requests."),
        _ => (400, "invalid_request", "A form with grant_type and a token is needed."),
    }
}

fn fail(status: u16, code: &str, why: &str) -> http::Response<Vec<u8>> {
    respond(status, &json!({ "error": code, "error_description": why }))
}

fn respond(status: u16, body: &Value) -> http::Response<Vec<u8>> {
    // A value made of strings and numbers is always JSON.
    let mut response = http::Response::new(serde_json::to_vec(body).unwrap_or_default());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &str) -> Result<Heard, Refusal> {
        read_at("/token", content_type, body)
    }

    fn read_at(path: &str, content_type: &str, body: &str) -> Result<Heard, Refusal> {
        let request = http::Request::post(path).header("content-type", content_type).body(()).unwrap();
        let wire = Wire {
            id: RequestId(domain::ObjectId([1; 16])),
            head: request.into_parts().0,
            body: bytes::Bytes::copy_from_slice(body.as_bytes()),
            source: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            secure: true,
        };
        OAuth::new().read(&wire, Moment::undisputed(domain::Timestamp(0), domain::Steady(0)))
    }

    #[test]
    fn a_form_is_read() {
        let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let heard = read(FORM, &format!("assertion=a.b.c&{grant}")).ok().unwrap();
        assert!(matches!(heard.ask, Ask::IssueToken { seconds: 3_600 }));
        let word = |body: &str| read("application/x-www-form-urlencoded; charset=utf-8", body).err().map(Refusal::word);
        assert_eq!(word(&format!("{grant}&assertion=a.b.c")), None);
        assert_eq!(word(grant), Some("missing-credential"));
        assert_eq!(word(&format!("{grant}&assertion=")), Some("incomplete-credential"));
        assert_eq!(word(&format!("{grant}&assertion=a&assertion=b")), Some("unreadable"));
        assert_eq!(word("grant_type=password&assertion=a.b.c"), Some("unknown-operation"));
        assert_eq!(word("assertion=a.b.c"), Some("unreadable"));
        assert_eq!(word("%ff"), Some("unreadable"));
        assert_eq!(read("application/json", grant).err().map(Refusal::word), Some("unreadable"));
    }

    #[test]
    fn what_an_issuer_elsewhere_says_is_read() {
        let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=a.b.c";
        let asked = "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";
        let jwt = "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
        let word = |body: String| read_at("/v1/token", FORM, &body).err().map(Refusal::word);
        assert_eq!(word(format!("{grant}{asked}{jwt}&audience=%2F%2Fx&scope=y")), None);
        assert_eq!(word(format!("{grant}{asked}{}", jwt.replace("jwt", "id_token"))), None);
        assert_eq!(word(format!("{grant}{asked}{}", jwt.replace("jwt", "saml2"))), Some("unknown-operation"));
        assert_eq!(word(format!("{grant}{jwt}")), Some("unreadable"));
        assert_eq!(word(format!("{asked}{jwt}&{}", grant.replace("a.b.c", ""))), Some("incomplete-credential"));
        assert_eq!(word("grant_type=password".into()), Some("unknown-operation"));
        let operation =
            read_at("/v1/token", FORM, &format!("{grant}{asked}{jwt}")).ok().map(|heard| heard.echo.operation);
        assert_eq!(operation, Some(EXCHANGE_TOKEN));
    }

    #[test]
    fn errors_are_those_of_oauth() {
        let answer =
            OAuth::new().write(RequestId(domain::ObjectId([1; 16])), None, Answer::Refused(Refusal::BadSignature));
        assert_eq!(answer.status(), 400);
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body, json!({ "error": "invalid_grant", "error_description": "Invalid JWT Signature." }));
    }
}
