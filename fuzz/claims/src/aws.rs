//! Bodies in AWS's JSON protocol: an operation, a space, a body.

use crate::answers::{bounded, well_formed};
use crate::depth::within;
use crate::requests::{NOW, signed};
use dialect::{Answer, Dialect, Heard};
use dialect_aws::Aws;
use domain::{Ask, Refusal};
use serde::de::IgnoredAny;
use serde_json::Value;

#[path = "../../../crates/dialect-native/tests/native/describe.rs"]
pub(crate) mod describe;

/// How deep a body may be, for whoever listens.
const JSON_DEPTH_MAX: usize = 32;

/// An object is always heard and only JSON is; a member that the operation does not have changes nothing; whoever
/// makes no sense is told so in a way that clients read.
pub(crate) fn json(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b' ').unwrap_or(data.len());
    let (operation, body) = data.split_at(at);
    let body = body.get(1..).unwrap_or_default();
    if !within(body, JSON_DEPTH_MAX) {
        return;
    }
    match read(operation, body) {
        None | Some(Err(Refusal::UnknownOperation)) => {}
        Some(Err(refusal)) => {
            assert_eq!(refusal, Refusal::Unreadable { member: "body" });
            let value = serde_json::from_slice::<Value>(body);
            assert!(!body.is_empty() && !value.is_ok_and(|value| value.is_object()), "an object is heard");
        }
        Some(Ok(heard)) => {
            let text = if body.is_empty() { b"{}" } else { body };
            assert!(serde_json::from_slice::<IgnoredAny>(text).is_ok(), "only JSON is heard");
            let with_more = read(operation, &with_member(text)).and_then(Result::ok).expect("it is an object still");
            assert_eq!(told(&heard), told(&with_more), "nobody knows the member");
            answered(heard, data.len());
        }
    }
}

fn read(operation: &[u8], body: &[u8]) -> Option<Result<Heard, Refusal>> {
    let target = [b"TrentService.", operation].concat();
    let headers: [(&str, &[u8]); 2] = [("content-type", b"application/x-amz-json-1.1"), ("x-amz-target", &target)];
    Some(Aws::new().read(&signed("kms", "/", &headers, body)?, NOW))
}

/// The object with one more member at its end.
fn with_member(object: &[u8]) -> Vec<u8> {
    let inside = object.trim_ascii_end().strip_suffix(b"}").expect("an object ends so");
    let comma: &[u8] = if inside.trim_ascii() == b"{" { b"" } else { b"," };
    [inside, comma, br#""Nobody Knows":[{"Plaintext":null},-0.5e3,"\u00fc"]}"#].concat()
}

fn told(heard: &Heard) -> (String, Vec<(&'static str, String)>) {
    let ask = match &heard.ask {
        Ask::Invalid { action, fault } => format!("{action:?} {fault:?}"),
        ask => describe::ask(ask),
    };
    (ask, heard.echo.more.clone())
}

fn answered(heard: Heard, asked: usize) {
    let Ask::Invalid { action, fault } = heard.ask else { return };
    assert_eq!(action, heard.echo.action);
    let response = Aws::new().write(heard.echo.id, Some(&heard.echo), Answer::Recorded(Err(fault)));
    well_formed(&response);
    bounded(&response, asked);
    let told: Value = serde_json::from_slice(response.body()).unwrap();
    assert!(told["__type"].as_str().unwrap().ends_with("Exception"));
    assert_eq!(response.status(), 400);
}
