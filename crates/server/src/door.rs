//! What stands behind the doors.

use dialect::{Dialect, Wire};
use domain::{Refusal, RequestId, Unavailable};
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

/// An answer, and what the metrics call it.
pub struct Answered {
    pub response: http::Response<Vec<u8>>,
    /// The operation, from a closed list: it becomes a label.
    pub operation: &'static str,
    /// `ok`, or the word of the fault, refusal or unavailability.
    pub outcome: &'static str,
    /// The refusal, if it is one. It was counted by the house.
    pub refused: Option<Refusal>,
}

/// Whether requests can be served now, and if not, why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    pub ready: bool,
    /// Why not; of a house that serves, what is wrong all the same. Short words without names or secrets: anybody may read them.
    pub reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
}

/// A metric that the house keeps itself.
#[derive(Clone, Debug)]
pub struct Series {
    /// As it is printed: a counter's name ends in `_total`.
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Debug)]
pub struct Sample {
    pub labels: Vec<(&'static str, String)>,
    pub value: f64,
}

/// The only way in, as the listeners see it.
pub trait Door: Send + Sync + 'static {
    /// A name for the request about to be read: 128 random bits.
    fn fresh_id(&self) -> RequestId;

    /// Answers a request that is within its bounds.
    fn answer(self: &Arc<Self>, dialect: &Arc<dyn Dialect>, wire: &Wire) -> impl Future<Output = Answered> + Send;

    /// Counts a refusal, and words it.
    fn refuse(&self, dialect: &dyn Dialect, id: RequestId, source: IpAddr, refusal: Refusal)
    -> http::Response<Vec<u8>>;

    /// Counts a refusal that no dialect words: an unknown path, a broken handshake, a client that was too slow.
    fn count(&self, id: RequestId, source: IpAddr, refusal: Refusal);

    /// Words an unavailability. Nothing is recorded.
    fn unavailable(&self, dialect: &dyn Dialect, id: RequestId, why: Unavailable) -> http::Response<Vec<u8>>;

    fn readiness(&self) -> Readiness;

    fn metrics(&self) -> Vec<Series>;
}
