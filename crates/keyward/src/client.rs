//! Talks to a running server in the native tongue.

mod facts;
mod refused;
mod sign;
mod transport;

pub(crate) use facts::{At, Facts};
pub(crate) use refused::Trouble;

use crate::Failure;
use clock::Clock;
use serde_json::Value;
use sign::Signing;
use transport::Transport;

/// Where the server is, and as whom we ask.
pub(crate) struct Client {
    facts: Facts,
    transport: Transport,
    clock: Clock,
}

/// What came back, before anybody looks at its meaning.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) date: Option<String>,
    pub(crate) body: Vec<u8>,
    /// The version of TLS; none over plaintext.
    pub(crate) tls: Option<String>,
}

impl Client {
    pub(crate) fn new(facts: Facts) -> Result<Self, Failure> {
        let transport = Transport::to(&facts)?;
        Ok(Self { facts, transport, clock: Clock::system() })
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn now(&self) -> clock::Timestamp {
        self.clock.now().wall
    }

    /// Asks for one operation.
    pub(crate) async fn call(&self, operation: &str, body: &Value) -> Result<Value, Trouble> {
        let path = format!("/v1/{operation}");
        let body = serde_json::to_vec(body).map_err(Failure::from_display)?;
        let authority = self.transport.authority();
        let signing = Signing {
            access_key: self.facts.access_key_id()?,
            secret: self.facts.secret_access_key()?,
            region: &self.facts.region,
            service: "keyward",
            at: self.now(),
        };
        let headers = [("content-type", "application/json"), ("host", authority)];
        let signed = signing.sign("POST", &path, &headers, &body);
        let answered = self.transport.post(&path, signed, body).await?;
        refused::read(answered)
    }

    /// Posts something to a path, without a credential.
    pub(crate) async fn post(&self, path: &str, body: Vec<u8>) -> Result<Answered, Failure> {
        let host = ("host", self.transport.authority().to_owned());
        self.transport.post(path, vec![host], body).await
    }

    /// A public document: needs no credential.
    pub(crate) async fn get(&self, path: &str) -> Result<Answered, Failure> {
        self.transport.get(path).await
    }
}
