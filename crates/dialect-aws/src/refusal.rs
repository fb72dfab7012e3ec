//! What is told to somebody unknown. Both protocols use the same sentences.

use domain::{Fault, Refusal, Timestamp, Unavailable};
use std::borrow::Cow;

/// Why a signature is not believed, in AWS's words; nothing where it has none.
pub(crate) fn sentence(refusal: Refusal, service: &str) -> String {
    match refusal {
        Refusal::UnknownCredential => "The security token included in the request is invalid.".into(),
        Refusal::BadSignature => BAD_SIGNATURE.into(),
        Refusal::Skewed { signed, now, window_seconds } => skewed(signed, now, window_seconds),
        Refusal::WrongScope { part } => wrong_scope(part, service),
        Refusal::IncompleteCredential { part } => incomplete(part),
        Refusal::TooLarge { bytes_max } => format!("Request size exceeded {bytes_max} bytes"),
        Refusal::TooDeep { depth_max } => format!("The request is nested more than {depth_max} deep"),
        Refusal::TooMany => "Rate exceeded".into(),
        Refusal::TooSlow => "The request was not received in time".into(),
        Refusal::MissingCredential
        | Refusal::UnknownOperation
        | Refusal::NotFound
        | Refusal::Unreadable { .. }
        | Refusal::Encoded => String::new(),
    }
}

const BAD_SIGNATURE: &str = "The request signature we calculated does not match the signature you provided. \
                             Check your AWS Secret Access Key and signing method. \
                             Consult the service documentation for details.";

fn skewed(signed: Timestamp, now: Timestamp, window_seconds: u32) -> String {
    let window = i64::from(window_seconds).saturating_mul(1_000);
    let (signed_text, now_text, minutes) = (signed.to_basic(), now.to_basic(), window_seconds.div_ceil(60));
    if signed < now {
        let bound = now.plus(window.saturating_neg()).to_basic();
        format!("Signature expired: {signed_text} is now earlier than {bound} ({now_text} - {minutes} min.)")
    } else {
        let bound = now.plus(window).to_basic();
        format!("Signature not yet current: {signed_text} is still later than {bound} ({now_text} + {minutes} min.)")
    }
}

fn wrong_scope(part: &str, service: &str) -> String {
    match part {
        "service" => format!("Credential should be scoped to correct service: '{service}'. "),
        "region" | "location" => "Credential should be scoped to a valid region. ".into(),
        "date" => "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP. ".into(),
        _ => "Credential should be scoped with a valid terminator: 'aws4_request'. ".into(),
    }
}

fn incomplete(part: &str) -> String {
    match part {
        "Credential" | "Signature" | "SignedHeaders" => format!("Authorization header requires '{part}' parameter."),
        "X-Amz-Date" => "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".into(),
        "Host" => "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".into(),
        "algorithm" => "Unsupported AWS 'algorithm' (must be 'AWS4-HMAC-SHA256').".into(),
        part => format!("'{part}' is malformed."),
    }
}

pub(crate) fn excuse(unavailable: Unavailable) -> Cow<'static, str> {
    let told = match unavailable {
        Unavailable::Sealed => "The service is sealed: its root key is not there. Nothing was done.",
        Unavailable::Store => "The log cannot be written, so nothing was done. Try again.",
        Unavailable::Draining => "The service is going down, and nothing was done. Try again.",
        Unavailable::Overloaded => "The service is overloaded, and nothing was done. Try again.",
        Unavailable::Late => "The request was not answered in time. It may have happened: look before you try again.",
        Unavailable::Damaged { row, why } => {
            let damaged = Fault::Damaged { row, why };
            return format!("Nothing can be recorded, so nothing was done: {damaged}.").into();
        }
    };
    told.into()
}

pub(crate) const CONFLICT: &str = "Others changed the same things meanwhile, and nothing was done. Try again.";
