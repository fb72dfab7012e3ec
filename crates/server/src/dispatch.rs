//! From a head to an answer: bounds first, then the dialect that speaks, then the door.

use crate::depth;
use crate::door::{Answered, Door};
use crate::grpc;
use crate::limits::FORGOTTEN_BYTES_MAX;
use crate::paper::Paper;
use crate::public::{self, Page};
use crate::serve::{Counted, House};
use crate::watch::{Open, Watch};
use bytes::Bytes;
use dialect::{Dialect, Wire};
use domain::{Refusal, RequestId, Unavailable};
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// What the metrics call the operation of a request that nobody read.
const NO_OPERATION: &str = "none";

/// A client's connection, as its requests see it.
pub(crate) struct Visit<D> {
    pub(crate) house: Arc<House<D>>,
    pub(crate) watch: Arc<Watch>,
    /// The socket's peer. Headers that claim another are not believed.
    pub(crate) source: IpAddr,
    pub(crate) secure: bool,
    /// Requests run in tasks of their own, which the connection's clockwork does not wake.
    pub(crate) http2: bool,
}

/// Why a request goes no further.
enum Stop {
    Refused(Refusal),
    Unavailable(Unavailable),
}

impl<D: Door> Visit<D> {
    /// The future holds the request once: it is moved into a task of its own, and many wait at a time.
    pub(crate) fn serve(
        self: Arc<Self>,
        request: http::Request<Incoming>,
    ) -> impl Future<Output = Result<Page, Infallible>> {
        let (head, body) = request.into_parts();
        let (id, source, secure) = (self.house.door.fresh_id(), self.source, self.secure);
        let mut wire = Wire { id, head, body: Bytes::new(), source, secure };
        async move { Ok(self.visit(&mut wire, body).await) }
    }

    async fn visit(&self, wire: &mut Wire, body: Incoming) -> Page {
        let open = self.watch.begin();
        let begun = Instant::now();
        if let Some(page) = public::page(&self.house, &wire.head) {
            return page;
        }
        let id = wire.id;
        let Some(dialect) = self.house.dialects.iter().find(|dialect| dialect.speaks(&wire.head)) else {
            self.house.refused(id, self.source, Refusal::NotFound);
            return public::not_found(id);
        };
        let call = grpc::is_call(&wire.head);
        let answered = match self.within_bounds(&open, wire, body).await {
            Ok((limit, _counted)) => self.answer(dialect, wire, limit).await,
            Err(stop) => self.stop(dialect.as_ref(), id, stop),
        };
        if let Some(refusal) = answered.refused {
            self.house.metrics.refused(refusal);
        }
        let (tongue, lasted) = (dialect.tongue(), begun.elapsed());
        let Answered { operation, outcome, .. } = answered;
        self.house.metrics.served(tongue, operation, outcome, lasted);
        tracing::debug!(id = %id.0, source = %self.source, tongue = tongue.name(), operation, outcome, ?lasted, "answered");
        let response = answered.response;
        if call { grpc::page(response) } else { response.map(Paper::of) }
    }

    /// Reads the body. How long the house may take to answer, and a place among the requests in flight.
    async fn within_bounds(
        &self,
        open: &Open<'_>,
        wire: &mut Wire,
        body: Incoming,
    ) -> Result<(Duration, Counted<'_>), Stop> {
        if self.house.draining() {
            return Err(Stop::Unavailable(Unavailable::Draining));
        }
        let counted = self.house.enter().ok_or(Stop::Unavailable(Unavailable::Overloaded))?;
        let limits = &self.house.limits;
        let call = grpc::is_call(&wire.head);
        let asked = if call { self.call(&wire.head).map_err(Stop::Refused)? } else { None };
        let bytes_max = limits.body_bytes + if call { grpc::PREFIX_BYTES } else { 0 };
        let body = {
            let _reading = open.read_body();
            let read = pin!(self.read(body, bytes_max));
            self.in_time(limits.body_time, read).await.unwrap_or(Err(Refusal::TooSlow)).map_err(Stop::Refused)?
        };
        wire.body = if call { grpc::message(body).map_err(Stop::Refused)? } else { body };
        if is_json(&wire.head) && !depth::within(&wire.body, limits.json_depth) {
            return Err(Stop::Refused(Refusal::TooDeep { depth_max: limits.json_depth }));
        }
        let limit = asked.map_or(limits.answer_time, |asked| asked.min(limits.answer_time));
        Ok((limit, counted))
    }

    async fn read(&self, mut body: Incoming, bytes_max: usize) -> Result<Bytes, Refusal> {
        let read = read(&mut body, bytes_max).await;
        if self.http2 && matches!(read, Err(Refusal::TooLarge { .. })) {
            forget(&mut body).await;
        }
        read
    }

    /// How long the client of a call waits, if it says so and the call can be answered at all.
    fn call(&self, head: &http::request::Parts) -> Result<Option<Duration>, Refusal> {
        grpc::admitted(head, self.http2)?;
        grpc::timeout(head)
    }

    /// Past its time a request is told that it may have happened: its entry may exist, as for a client that lost its
    /// connection.
    async fn answer(&self, dialect: &Arc<dyn Dialect>, wire: &Wire, limit: Duration) -> Answered {
        let answer = pin!(self.house.door.answer(dialect, wire));
        match self.in_time(limit, answer).await {
            Some(answered) => answered,
            None => self.stop(dialect.as_ref(), wire.id, Stop::Unavailable(Unavailable::Late)),
        }
    }

    fn stop(&self, dialect: &dyn Dialect, id: RequestId, stop: Stop) -> Answered {
        let door = &self.house.door;
        match stop {
            Stop::Refused(refusal) => Answered {
                response: door.refuse(dialect, id, self.source, refusal),
                operation: NO_OPERATION,
                outcome: refusal.word(),
                refused: Some(refusal),
            },
            Stop::Unavailable(why) => Answered {
                response: door.unavailable(dialect, id, why),
                operation: NO_OPERATION,
                outcome: why.word(),
                refused: None,
            },
        }
    }

    /// None once the time is over. On HTTP/1.1 the connection's clockwork says so and no timer is set.
    async fn in_time<F: Future>(&self, limit: Duration, mut work: Pin<&mut F>) -> Option<F::Output> {
        if self.http2 {
            return tokio::time::timeout(limit, work).await.ok();
        }
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.watch.is_late() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

fn is_json(head: &http::request::Parts) -> bool {
    let kind = head.headers.get(CONTENT_TYPE).map_or(&[][..], |value| value.as_bytes());
    kind.windows(4).any(|part| part.eq_ignore_ascii_case(b"json"))
}

/// The whole body, if it is no longer than that.
async fn read(body: &mut Incoming, bytes_max: usize) -> Result<Bytes, Refusal> {
    let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if told > bytes_max {
        return Err(Refusal::TooLarge { bytes_max });
    }
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_broken| Refusal::Unreadable { member: "body" })?.into_data() else { continue };
        if first.len() + all.len() + data.len() > bytes_max {
            return Err(Refusal::TooLarge { bytes_max });
        }
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.reserve(told.max(first.len() + data.len()));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { Bytes::from(all) })
}

/// Takes what is left of a body that was refused, as long as it is not too much: many a client of HTTP/2 that is still sending
/// takes an early answer for a broken stream.
async fn forget(body: &mut Incoming) {
    let mut left = FORGOTTEN_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
        left = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::Visit;

    /// Whatever it holds is moved into a task of its own, lies about while the entry becomes durable, and is wiped.
    #[test]
    fn a_request_that_waits_holds_little() {
        fn size_of_returned<A, B, R>(_: fn(A, B) -> R) -> usize {
            size_of::<R>()
        }
        let bytes = size_of_returned(Visit::<path::Path>::serve);
        assert!(bytes <= 2_048, "{bytes}");
    }
}
