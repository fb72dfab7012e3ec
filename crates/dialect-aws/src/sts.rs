//! The one operation of the Security Token Service that clients of the key service call: GetCallerIdentity
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>), in the query protocol.

use crate::refusal::{CONFLICT, excuse, sentence};
use crate::respond;
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{
    Action, Ask, Ending, Fault, Moment, ObjectId, Principal, PrincipalKind, Refusal, Reply, RequestId, Tenant, Tongue,
    WireStatus,
};
use identity::Credential;

pub(crate) const OPERATION: &str = "GetCallerIdentity";
const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const SCOPE: &str = "/sts/aws4_request";

/// STS as far as a key service needs it.
pub struct Sts {
    _private: (),
}

impl Sts {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { _private: () }
    }
}

impl Dialect for Sts {
    fn tongue(&self) -> Tongue {
        Tongue::Aws
    }

    /// A signature for `sts`, or a form: no other operation of AWS's comes in one here.
    fn speaks(&self, head: &http::request::Parts) -> bool {
        let signed = crate::header(head, "authorization").contains(SCOPE);
        let form = crate::header(head, "content-type").starts_with("application/x-www-form-urlencoded");
        signed || (form && crate::header(head, "x-amz-target").is_empty() && head.uri.path() == "/")
    }

    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal> {
        if wire.head.method != http::Method::POST {
            return Err(Refusal::NotFound);
        }
        let form = std::str::from_utf8(&wire.body).map_err(|_| Refusal::Unreadable { member: "body" })?;
        if field(form, "Action") != Some(OPERATION) || field(form, "Version") != Some(VERSION) {
            return Err(Refusal::UnknownOperation);
        }
        let signed = identity::sigv4::extract(&wire.head, &wire.body, "sts")?;
        let credential = Credential::SigV4(Box::new(signed));
        let place = credential.location().clone();
        let echo = Echo::new(wire.id, OPERATION, Action::WhoAmI, now);
        Ok(Heard { credential, place, ask: Ask::WhoAmI, echo })
    }

    fn status(&self, _: &Echo, ending: Ending<'_>) -> WireStatus {
        let (number, code) = match ending {
            Ending::Done => return WireStatus::OK,
            Ending::WouldSucceed => FAILURE,
            Ending::Refused(fault) => blamed(fault),
        };
        WireStatus { number, code: Some(code) }
    }

    fn write(&self, id: RequestId, _echo: Option<&Echo>, answer: Answer) -> http::Response<Vec<u8>> {
        match answer {
            Answer::Recorded(Ok(Reply::Caller { principal, tenant })) => {
                respond(200, id, "text/xml", identity_document(id, &principal, &tenant))
            }
            Answer::Recorded(Ok(_)) => error(id, FAILURE, ""),
            Answer::Recorded(Err(fault)) => {
                let message = match &fault {
                    Fault::Denied { reason } => reason.clone(),
                    other => other.to_string(),
                };
                error(id, blamed(&fault), &message)
            }
            Answer::Refused(refusal) => refused(id, refusal),
            Answer::Unavailable(unavailable) => error(id, UNAVAILABLE, &excuse(unavailable)),
            Answer::Conflict => error(id, UNAVAILABLE, CONFLICT),
        }
    }
}

/// HTTP status and error code.
type Told = (u16, &'static str);

const FAILURE: Told = (500, "InternalFailure");
const UNAVAILABLE: Told = (503, "ServiceUnavailable");

fn blamed(fault: &Fault) -> Told {
    match fault {
        Fault::Denied { .. } => (403, "AccessDenied"),
        Fault::Conflict => UNAVAILABLE,
        _ => FAILURE,
    }
}

/// The value of a field in a form. What this service needs has no escapes in it.
fn field<'a>(form: &'a str, name: &str) -> Option<&'a str> {
    form.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn identity_document(id: RequestId, principal: &Principal, tenant: &Tenant) -> Vec<u8> {
    let account = &tenant.account;
    let (arn, user) = match principal.kind {
        PrincipalKind::Root => (format!("arn:aws:iam::{account}:root"), account.clone()),
        PrincipalKind::Person | PrincipalKind::Service => {
            (format!("arn:aws:iam::{account}:user/{}", principal.name), unique_id(principal))
        }
    };
    let arn = escape(&arn);
    let id = id.0;
    format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    <Arn>{arn}</Arn>\n    \
         <UserId>{user}</UserId>\n    <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  \
         <ResponseMetadata>\n    <RequestId>{id}</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n"
    )
    .into_bytes()
}

/// `AIDA` and seventeen letters and digits that are always the same for the principal.
pub(crate) fn unique_id(principal: &Principal) -> String {
    unique_id_of(principal.id)
}

pub(crate) fn unique_id_of(principal: ObjectId) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let number = u128::from_be_bytes(principal.0);
    let letter = |place: u32| usize::try_from((number >> (place * 5)) & 31).ok();
    let letters = (0..17).map(|place| letter(place).and_then(|at| ALPHABET.get(at)).copied().unwrap_or(b'A'));
    "AIDA".chars().chain(letters.map(char::from)).collect()
}

fn refused(id: RequestId, refusal: Refusal) -> http::Response<Vec<u8>> {
    let told = match refusal {
        Refusal::UnknownOperation | Refusal::NotFound => (400, "InvalidAction"),
        Refusal::MissingCredential => (403, "MissingAuthenticationToken"),
        Refusal::IncompleteCredential { .. } => (400, "IncompleteSignature"),
        Refusal::UnknownCredential => (403, "InvalidClientTokenId"),
        Refusal::BadSignature | Refusal::Skewed { .. } | Refusal::WrongScope { .. } => (403, "SignatureDoesNotMatch"),
        Refusal::Unreadable { .. } | Refusal::TooDeep { .. } => (400, "MalformedQueryString"),
        Refusal::TooLarge { .. } => (413, "RequestEntityTooLarge"),
        Refusal::TooSlow => (408, "RequestTimeout"),
        Refusal::TooMany => (400, "Throttling"),
        Refusal::Encoded => (400, "MalformedInput"),
    };
    let message = match refusal {
        Refusal::UnknownOperation | Refusal::NotFound => {
            format!("Could not find that operation for version {VERSION}")
        }
        Refusal::MissingCredential => "Request is missing Authentication Token".into(),
        other => sentence(other, "sts"),
    };
    error(id, told, &message)
}

fn error(id: RequestId, (status, code): Told, message: &str) -> http::Response<Vec<u8>> {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let (message, request) = (escape(message), id.0);
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{code}</Code>\n    \
         <Message>{message}</Message>\n  </Error>\n  <RequestId>{request}</RequestId>\n</ErrorResponse>\n"
    );
    respond(status, id, "text/xml", body.into_bytes())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
