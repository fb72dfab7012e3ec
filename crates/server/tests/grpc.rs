//! gRPC as clients see it: frames, trailers, deadlines, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod support;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use keyward_server::{Limits, limits};
use std::time::{Duration, Instant};
use support::{House, http1, http2};

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

fn call(body: Vec<u8>, headers: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut request =
        Request::post("http://localhost/").header("content-type", "application/grpc").header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::from(body))).unwrap()
}

/// Head, body and trailers; without a body there is nothing but a head.
async fn told(
    send: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> (HeaderMap, Bytes, Option<HeaderMap>) {
    let response = send.send_request(request).await.unwrap();
    let (head, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    (head.headers, collected.to_bytes(), trailers)
}

#[tokio::test]
async fn a_message_comes_back_in_its_frame_with_the_status_behind_it() {
    let house = House::open(Limits::default()).await;
    for mut send in [http2(house.plain().await).await, http2(house.tls(&["h2"], "localhost").await).await] {
        let (head, body, trailers) = told(&mut send, call(framed(0, b"echo this"), &[])).await;
        assert_eq!(body, framed(0, b"echo this"));
        assert_eq!(head["content-type"], "application/grpc");
        assert!(head.get("grpc-status").is_none());
        assert_eq!(trailers.unwrap()["grpc-status"], "0");
    }
}

#[tokio::test]
async fn a_message_of_the_greatest_size_is_taken_and_a_greater_one_is_not() {
    let house = House::open(Limits::default()).await;
    let mut send = http2(house.plain().await).await;
    let text = format!("echo{}", "x".repeat(limits::BODY_BYTES_MAX - 4));
    let (_, body, _) = told(&mut send, call(framed(0, text.as_bytes()), &[])).await;
    assert_eq!(body.len(), limits::BODY_BYTES_MAX + 5);
    let (head, body, trailers) = told(&mut send, call(framed(0, format!("{text}x").as_bytes()), &[])).await;
    assert_eq!((&head["grpc-message"], body.len(), trailers), (&"too-large".parse().unwrap(), 0, None));
}

#[tokio::test]
async fn what_is_compressed_or_broken_is_refused_in_the_head_alone() {
    let house = House::open(Limits::default()).await;
    let mut send = http2(house.plain().await).await;
    let message = framed(0, b"echo");
    let cases = [
        (call(framed(1, b"echo"), &[]), "encoded"),
        (call(message.clone(), &[("grpc-encoding", "gzip")]), "encoded"),
        (call(framed(2, b"echo"), &[]), "unreadable"),
        (call(Vec::new(), &[]), "unreadable"),
        (call(message[..7].to_vec(), &[]), "unreadable"),
        (call([message.clone(), message.clone()].concat(), &[]), "unreadable"),
        (call(message.clone(), &[("grpc-timeout", "soon")]), "unreadable"),
    ];
    for (request, word) in cases {
        let (head, body, trailers) = told(&mut send, request).await;
        assert_eq!((&head["grpc-message"], &head["grpc-status"]), (&word.parse().unwrap(), &"12".parse().unwrap()));
        assert!(body.is_empty() && trailers.is_none());
        assert_eq!(head["grpc-accept-encoding"], "identity");
    }
    let (_, body, _) = told(&mut send, call(message.clone(), &[("grpc-encoding", "identity")])).await;
    assert_eq!(body, message);
}

#[tokio::test]
async fn the_deadline_of_the_client_ends_a_call() {
    let house = House::open(Limits::default()).await;
    let mut send = http2(house.plain().await).await;
    let begun = Instant::now();
    let (head, _, _) = told(&mut send, call(framed(0, b"sleep 5000"), &[("grpc-timeout", "100m")])).await;
    assert_eq!(head["grpc-status"], "4");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn there_are_no_calls_over_the_first_version_of_http() {
    let house = House::open(Limits::default()).await;
    let mut send = http1(house.plain().await).await;
    let response = send.send_request(call(framed(0, b"echo"), &[("host", "localhost")])).await.unwrap();
    assert_eq!(response.headers()["grpc-message"], "unreadable");
    assert_eq!(house.counted(), ["unreadable"]);
}
