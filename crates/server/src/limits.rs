//! What one request, one connection and all together may take, before anybody is known.

use std::time::Duration;

/// Bytes of request line and headers together.
pub const HEAD_BYTES_MAX: usize = 32_768;
/// Headers of one request: what the HTTP/1.1 parser takes without an allocation.
pub const HEADERS_MAX: usize = 100;
/// Bytes of a body.
pub const BODY_BYTES_MAX: usize = 262_144;
/// Bytes of a longer body that are taken and forgotten, on HTTP/2, before its client is told.
pub const FORGOTTEN_BYTES_MAX: usize = 4_194_304;
/// Arrays and objects inside one another in a JSON body.
pub const JSON_DEPTH_MAX: usize = 32;
/// Time from the connection to its first byte, and from there to the end of the TLS handshake.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// Time from the first byte of a request to the end of its headers; also to the first byte of a new connection.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// Time from the end of the headers to the end of the body.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(20);
/// Time that the house takes to answer.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// Time that a client takes to read an answer.
pub const WRITE_TIME_MAX: Duration = Duration::from_secs(30);
/// Time that a connection stays open without a request.
pub const IDLE_TIME_MAX: Duration = Duration::from_secs(120);
/// Time that an HTTP/2 connection stays open without a request. Its buffers cannot be renewed.
pub const IDLE_TIME_MAX_HTTP2: Duration = Duration::from_secs(1);
/// Time without a request after which a connection's buffers are renewed.
pub const REST: Duration = Duration::from_millis(100);
/// Connections at a time.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Requests at a time.
pub const REQUESTS_MAX: usize = 4_096;
/// Requests at a time on one HTTP/2 connection. HTTP/1.1 has one.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 128;
/// Time that requests in flight have when the service goes down.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(20);

/// The same, to be made smaller in a test or a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub head_bytes: usize,
    pub body_bytes: usize,
    pub json_depth: usize,
    pub handshake_time: Duration,
    pub head_time: Duration,
    pub body_time: Duration,
    pub answer_time: Duration,
    pub write_time: Duration,
    pub idle_time: Duration,
    pub idle_time_http2: Duration,
    pub rest: Duration,
    pub connections: usize,
    pub requests: usize,
    pub streams: u32,
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: HEAD_BYTES_MAX,
            body_bytes: BODY_BYTES_MAX,
            json_depth: JSON_DEPTH_MAX,
            handshake_time: HANDSHAKE_TIME_MAX,
            head_time: HEAD_TIME_MAX,
            body_time: BODY_TIME_MAX,
            answer_time: ANSWER_TIME_MAX,
            write_time: WRITE_TIME_MAX,
            idle_time: IDLE_TIME_MAX,
            idle_time_http2: IDLE_TIME_MAX_HTTP2,
            rest: REST,
            connections: CONNECTIONS_MAX,
            requests: REQUESTS_MAX,
            streams: STREAMS_PER_CONNECTION_MAX,
            drain_time: DRAIN_TIME_MAX,
        }
    }
}
