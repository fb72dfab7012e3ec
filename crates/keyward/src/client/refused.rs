//! Answers that are none, and what the exit code says of them.

use crate::client::Answered;
use crate::failure::{Exit, Failure};
use serde_json::Value;
use std::fmt;

/// What the server said instead of an answer.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) word: String,
    pub(crate) message: String,
    request: String,
}

/// Why a call gave nothing.
#[derive(Debug)]
pub(crate) enum Trouble {
    Refused(Refused),
    Failure(Failure),
}

impl Refused {
    /// The key's own life forbids it, whoever asks.
    pub(crate) fn is_life(&self) -> bool {
        matches!(self.word.as_str(), "not-usable" | "destruction-scheduled" | "material-not-held" | "outside-window")
    }

    fn exit(&self) -> Exit {
        match self.word.as_str() {
            "sealed" => Exit::Sealed,
            "awaiting-approval" => Exit::AwaitingApproval,
            "denied" => Exit::Denied,
            _ if self.is_life() => Exit::Denied,
            _ => Exit::Failure,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, message, request } = self;
        if message.starts_with(word.as_str()) {
            return write!(f, "{message} (request {request})");
        }
        write!(f, "{word}: {message} (request {request})")
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::with(refused.exit(), refused.to_string())
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refused) => refused.into(),
            Trouble::Failure(failure) => failure,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

pub(super) fn read(answered: Answered) -> Result<Value, Trouble> {
    let body: Value = serde_json::from_slice(&answered.body)
        .map_err(|_| Failure::new(format!("the server answered {} and no JSON", answered.status)))?;
    if answered.status == 200 {
        return Ok(body);
    }
    let of = |name: &str| body.pointer(name).and_then(Value::as_str).map(str::to_owned);
    let word = of("/error/word").unwrap_or_else(|| format!("status {}", answered.status));
    let message = of("/error/message").unwrap_or_default();
    Err(Trouble::Refused(Refused { word, message, request: of("/error/request_id").unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn exit_codes_follow_the_word() {
        let exits = [
            ("sealed", Exit::Sealed),
            ("denied", Exit::Denied),
            ("not-usable", Exit::Denied),
            ("awaiting-approval", Exit::AwaitingApproval),
            ("not-found", Exit::Failure),
            ("conflict", Exit::Failure),
        ];
        for (word, exit) in exits {
            let body = format!(r#"{{"error":{{"word":"{word}","message":"m","request_id":"r"}}}}"#);
            let answered = Answered { status: 400, date: None, body: body.into_bytes(), tls: None };
            let Err(Trouble::Refused(refused)) = read(answered) else { panic!("{word} was no refusal") };
            assert_eq!((refused.exit(), refused.to_string()), (exit, format!("{word}: m (request r)")));
        }
    }
}
