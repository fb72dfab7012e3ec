//! The body of an answer: all of it at once, and trailers where the protocol has them.

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The longest frame of HTTP/2 that is copied behind those before it, so that all leave in one send; a longer one is sent at
/// once, and what follows it by itself (`h2` 0.4, without vectored writes).
const SMALL_FRAME_BYTES: usize = 1_023;
/// What is longer is worth a send of its own.
const IN_SMALL_FRAMES_BYTES_MAX: usize = 4 * SMALL_FRAME_BYTES;

pub(crate) struct Paper {
    data: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Paper {
    pub(crate) fn of(data: impl Into<Bytes>) -> Self {
        Self { data: Some(data.into()).filter(|data| !data.is_empty()), trailers: None }
    }

    pub(crate) fn with_trailers(data: impl Into<Bytes>, trailers: HeaderMap) -> Self {
        Self { trailers: Some(trailers), ..Self::of(data) }
    }

    fn next_data(&mut self) -> Option<Bytes> {
        let data = self.data.as_mut()?;
        let small = SMALL_FRAME_BYTES + 1..=IN_SMALL_FRAMES_BYTES_MAX;
        if self.trailers.is_some() && small.contains(&data.len()) {
            return Some(data.split_to(SMALL_FRAME_BYTES));
        }
        self.data.take()
    }
}

impl Body for Paper {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match self.next_data() {
            Some(data) => Some(Frame::data(data)),
            None => self.trailers.take().map(Frame::trailers),
        };
        Poll::Ready(next.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.trailers.is_none()
    }

    /// What has trailers is not told by its length.
    fn size_hint(&self) -> SizeHint {
        if self.trailers.is_some() {
            return SizeHint::default();
        }
        let bytes = self.data.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{IN_SMALL_FRAMES_BYTES_MAX, Paper, SMALL_FRAME_BYTES};
    use bytes::Bytes;
    use http::HeaderMap;
    use http_body_util::BodyExt;

    /// The lengths of the frames, and whether all of it arrives.
    async fn frames(mut paper: Paper, whole: &[u8]) -> Vec<usize> {
        let (mut lengths, mut all) = (Vec::new(), Vec::new());
        while let Some(frame) = paper.frame().await {
            let Ok(data) = frame.unwrap().into_data() else { continue };
            lengths.push(data.len());
            all.extend_from_slice(&data);
        }
        assert_eq!(all, whole);
        lengths
    }

    #[tokio::test]
    async fn a_call_is_answered_in_frames_that_leave_together() {
        let bytes = |count: usize| (0..count).map(|at| (at % 251) as u8).collect::<Vec<u8>>();
        let signature = bytes(3_314);
        let call = |whole: &[u8]| Paper::with_trailers(Bytes::copy_from_slice(whole), HeaderMap::new());
        assert_eq!(frames(call(&signature), &signature).await, [1_023, 1_023, 1_023, 245]);
        assert_eq!(frames(Paper::of(signature.clone()), &signature).await, [3_314]);
        for (count, expected) in [
            (SMALL_FRAME_BYTES, vec![SMALL_FRAME_BYTES]),
            (SMALL_FRAME_BYTES + 1, vec![SMALL_FRAME_BYTES, 1]),
            (IN_SMALL_FRAMES_BYTES_MAX, vec![SMALL_FRAME_BYTES; 4]),
            (IN_SMALL_FRAMES_BYTES_MAX + 1, vec![IN_SMALL_FRAMES_BYTES_MAX + 1]),
        ] {
            assert_eq!(frames(call(&bytes(count)), &bytes(count)).await, expected);
        }
    }
}
