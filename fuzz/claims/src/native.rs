//! Bodies in the native tongue: an operation, a space, a body.

use crate::answers::{bounded, well_formed};
use crate::aws::describe;
use crate::depth::within;
use crate::requests::{NOW, signed};
use dialect::{Answer, Dialect, Heard};
use dialect_native::Native;
use domain::{Ask, Refusal};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const JSON_DEPTH_MAX: usize = 32;

/// JSON is heard and nothing else; what is taken is taken in any order of its members, and not with one more.
pub(crate) fn json(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b' ').unwrap_or(data.len());
    let (operation, body) = data.split_at(at);
    let body = body.get(1..).unwrap_or_default();
    let Ok(operation) = str::from_utf8(operation) else { return };
    if !within(body, JSON_DEPTH_MAX) {
        return;
    }
    let is_json = body.is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    match read(operation, body) {
        None | Some(Err(Refusal::UnknownOperation | Refusal::NotFound)) => {}
        Some(Err(refusal)) => {
            assert_eq!(refusal, Refusal::Unreadable { member: "body" });
            assert!(!is_json || str::from_utf8(body).is_err(), "JSON is heard");
        }
        Some(Ok(heard)) => {
            assert!(is_json, "only JSON is heard");
            match heard.ask {
                Ask::Invalid { action, fault } => {
                    assert_eq!(action, heard.echo.action);
                    let response = Native::new().write(heard.echo.id, Some(&heard.echo), Answer::Recorded(Err(fault)));
                    well_formed(&response);
                    bounded(&response, data.len());
                }
                ask => taken(operation, body, &describe::ask(&ask)),
            }
        }
    }
}

fn read(operation: &str, body: &[u8]) -> Option<Result<Heard, Refusal>> {
    let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
    Some(Native::new().read(&signed("keyward", &format!("/v1/{operation}"), &headers, body)?, NOW))
}

fn taken(operation: &str, body: &[u8], told: &str) {
    let text = if body.is_empty() { b"{}" } else { body };
    // What was taken has each member once.
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(text).expect("an object");
    let spelled = |(name, value): (&String, &&RawValue)| format!("{}:{value}", serde_json::to_string(name).unwrap());
    let mut parts: Vec<String> = members.iter().rev().map(spelled).collect();
    let again = read(operation, format!("{{{}}}", parts.join(",")).as_bytes()).and_then(Result::ok).expect("heard");
    assert_eq!(describe::ask(&again.ask), told, "the order says nothing");
    parts.push(r#""nobody_knows_this":null"#.to_owned());
    let more = read(operation, format!("{{{}}}", parts.join(",")).as_bytes()).and_then(Result::ok).expect("heard");
    assert!(matches!(more.ask, Ask::Invalid { .. }), "nobody knows the member");
}
