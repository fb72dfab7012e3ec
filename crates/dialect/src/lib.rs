//! What every wire language must be able to do. It never sees the engine, the ledger or a key.

use bytes::Bytes;
use domain::{
    Action, Ask, Ending, Fault, Location, Moment, ObjectId, Refusal, Reply, RequestId, Tongue, Unavailable, WireStatus,
};
use identity::Credential;
use std::net::IpAddr;

/// What a listener received, within its bounds.
pub struct Wire {
    pub id: RequestId,
    pub head: http::request::Parts,
    pub body: Bytes,
    pub source: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// What a dialect understood.
pub struct Heard {
    pub credential: Credential,
    /// Where the request means to be: names are looked up there.
    pub place: Location,
    /// A body that parses but makes no sense is [`Ask::Invalid`]: its caller is verified before being told.
    pub ask: Ask,
    pub echo: Echo,
}

/// What the dialect wants back when it writes the answer.
#[derive(Clone)]
pub struct Echo {
    pub id: RequestId,
    /// The operation in the dialect's own spelling.
    pub operation: &'static str,
    pub action: Action,
    /// Where the dialect finds the operation in a table of its own.
    pub place: usize,
    /// Whatever else the answer repeats; only the dialect knows.
    pub more: Vec<(&'static str, String)>,
    /// The moment that the request came in.
    pub at: Moment,
    /// The caller's account, once the caller is known. Whoever verifies fills it in.
    pub account: Option<String>,
    /// What the request's names became, once they are resolved: errors name it. Whoever resolves fills it in.
    pub object: Option<ObjectId>,
}

impl Echo {
    /// An echo of a request whose caller nobody knows yet.
    pub fn new(id: RequestId, operation: &'static str, action: Action, at: Moment) -> Self {
        Self { id, operation, action, place: 0, more: Vec::new(), at, account: None, object: None }
    }
}

pub enum Answer {
    /// To a verified caller; its entry is durable.
    Recorded(Result<Reply, Fault>),
    /// To somebody unknown.
    Refused(Refusal),
    /// Nothing was recorded.
    Unavailable(Unavailable),
    /// Others changed the same things; nothing was done. It is recorded.
    Conflict,
}

/// A wire language.
pub trait Dialect: Send + Sync {
    fn tongue(&self) -> Tongue;

    /// Whether a request is in this language, by its head alone.
    fn speaks(&self, head: &http::request::Parts) -> bool;

    /// Bounds were checked before; nothing here may take longer than its input is long.
    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal>;

    /// With which status [`Dialect::write`] will answer a verified caller: the log is told before the answer is
    /// written.
    fn status(&self, echo: &Echo, ending: Ending<'_>) -> WireStatus;

    /// `echo` is missing where nothing was understood.
    fn write(&self, id: RequestId, echo: Option<&Echo>, answer: Answer) -> http::Response<Vec<u8>>;
}
