//! Every bound is reached.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod support;

use keyward_server::{Limits, limits};
use std::time::{Duration, Instant};
use support::{House, ask1, ask2, http1, http2, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SHORT: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(5);

/// All that comes until the connection ends. A reset ends it, too.
async fn hear(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut heard = Vec::new();
    let _or_reset = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("held open too long");
    String::from_utf8_lossy(&heard).into_owned()
}

async fn raw(house: &House, text: &str) -> (TcpStream, String) {
    let mut stream = house.plain().await;
    let _or_reset = stream.write_all(text.as_bytes()).await;
    let heard = hear(&mut stream).await;
    (stream, heard)
}

fn with_headers(count: usize, value_bytes: usize) -> String {
    let headers: String = (0..count).map(|at| format!("h{at}: {}\r\n", "v".repeat(value_bytes))).collect();
    format!("POST / HTTP/1.1\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn heads_are_bounded_in_bytes_and_count() {
    let house = House::open(Limits::default()).await;
    let cases = [
        (with_headers(limits::HEADERS_MAX - 2, 10), "200"),
        (with_headers(limits::HEADERS_MAX - 1, 10), "431"),
        (with_headers(20, limits::HEAD_BYTES_MAX / 20 - 30), "200"),
        (with_headers(20, limits::HEAD_BYTES_MAX / 20 + 1), "431"),
    ];
    for (text, status) in cases {
        let (_, heard) = raw(&house, &text).await;
        assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{} bytes: {heard}", text.len());
    }
    assert_eq!(house.counted(), ["too-large"; 2]);
}

#[tokio::test]
async fn heads_that_are_none_are_counted() {
    let house = House::open(Limits::default()).await;
    let (_, heard) = raw(&house, "what is this?\r\n\r\n").await;
    assert!(heard.starts_with("HTTP/1.1 400"), "{heard}");
    let (_, heard) = raw(&house, "\x16\x03\x01no tls either, but long enough for a header").await;
    assert!(!heard.contains("HTTP"), "{heard}");
    assert_eq!(house.counted(), ["unreadable"; 2]);
}

#[tokio::test]
async fn bodies_are_bounded_in_bytes_told_or_not() {
    let house = House::open(Limits::default()).await;
    let large = || "x".repeat(limits::BODY_BYTES_MAX + 1);
    let (_, heard) =
        raw(&house, &format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", limits::BODY_BYTES_MAX + 1)).await;
    assert!(heard.contains("too-large"), "{heard}");
    let chunked =
        format!("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n", large().len(), large());
    let (_, heard) = raw(&house, &chunked).await;
    assert!(heard.contains("too-large") || heard.is_empty(), "{heard}");
    let mut send = http2(house.tls(&["h2"], "localhost").await).await;
    assert_eq!(ask2(&mut send, post("text/plain", large())).await, (400, "too-large".to_owned()));
    assert_eq!(house.counted(), ["too-large"; 3]);
}

#[tokio::test]
async fn json_is_bounded_in_depth() {
    let house = House::open(Limits::default()).await;
    let mut send = http1(house.plain().await).await;
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let cases = [
        ("application/json", limits::JSON_DEPTH_MAX, 200),
        ("application/json", limits::JSON_DEPTH_MAX + 1, 400),
        ("application/x-amz-JSON-1.1; charset=utf-8", limits::JSON_DEPTH_MAX + 1, 400),
        ("text/plain", limits::JSON_DEPTH_MAX + 1, 200),
    ];
    for (kind, depth, status) in cases {
        assert_eq!(ask1(&mut send, post(kind, deep(depth))).await.0, status, "{kind} {depth}");
    }
    assert_eq!(house.counted(), ["too-deep"; 2]);
}

/// Who is still sending when it is refused has a second to read why.
const LAST_WORD: Duration = Duration::from_secs(1);

/// One byte at a time keeps no connection beyond the bound.
async fn drip(mut stream: TcpStream, beginning: &str) -> Duration {
    let begun = Instant::now();
    stream.write_all(beginning.as_bytes()).await.unwrap();
    while begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if stream.write_all(b"x").await.is_err() {
            break;
        }
    }
    begun.elapsed()
}

#[tokio::test]
async fn slow_heads_bodies_and_handshakes_are_cut_off() {
    let house =
        House::open(Limits { handshake_time: SHORT, head_time: SHORT, body_time: SHORT, ..Limits::default() }).await;
    let cases =
        ["", "POST / HTTP/1.1\r\nx: ", "POST / HTTP/1.1\r\ncontent-length: 5000\r\n\r\n", "\x16\x03\x01\x10\x00"];
    for beginning in cases {
        let lasted = drip(house.plain().await, beginning).await;
        assert!(lasted < SHORT * 4 + LAST_WORD, "{beginning:?} lasted {lasted:?}");
    }
    let counted = house.counted();
    assert_eq!(counted.iter().filter(|it| **it == "too-slow").count(), 4, "{counted:?}");
}

#[tokio::test]
async fn a_slow_body_is_told_so() {
    let house = House::open(Limits { body_time: SHORT, ..Limits::default() }).await;
    let (_, heard) = raw(&house, "POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc").await;
    assert!(heard.contains("too-slow"), "{heard}");
}

#[tokio::test]
async fn silence_is_bounded() {
    let limits = Limits {
        handshake_time: SHORT,
        head_time: SHORT,
        idle_time: SHORT,
        idle_time_http2: SHORT,
        ..Limits::default()
    };
    let house = House::open(limits).await;
    let begun = Instant::now();
    let (_, heard) = raw(&house, "").await;
    assert_eq!(heard, "");
    let (_, heard) = raw(&house, "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n").await;
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    let mut send = http2(house.tls(&["h2"], "localhost").await).await;
    ask2(&mut send, post("text/plain", "x")).await;
    tokio::time::sleep(SHORT * 4).await;
    assert!(send.is_closed());
    assert!(begun.elapsed() < SHORT * 12, "{:?}", begun.elapsed());
    assert_eq!(house.counted(), [""; 0], "a client that says nothing made no request");
}

#[tokio::test]
async fn an_answer_is_bounded_in_time() {
    let house = House::open(Limits { answer_time: SHORT, ..Limits::default() }).await;
    let mut one = http1(house.plain().await).await;
    let mut two = http2(house.plain().await).await;
    let late = (500, "Late".to_owned());
    assert_eq!(ask1(&mut one, post("text/plain", "sleep 9000")).await, late);
    assert_eq!(ask2(&mut two, post("text/plain", "sleep 9000")).await, late);
    assert_eq!(ask1(&mut one, post("text/plain", "x")).await.0, 200, "the next has its own time");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let house = House::open(Limits { write_time: SHORT, ..Limits::default() }).await;
    let mut stream = house.plain().await;
    let echo = format!("POST / HTTP/1.1\r\ncontent-length: 200000\r\n\r\necho{}", "x".repeat(199_996));
    let begun = Instant::now();
    while stream.write_all(echo.as_bytes()).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE * 3, "never dropped");
    }
}

#[tokio::test]
async fn connections_are_bounded_in_number() {
    let house = House::open(Limits { connections: 2, ..Limits::default() }).await;
    let mut held = [http1(house.plain().await).await, http1(house.plain().await).await];
    for send in &mut held {
        assert_eq!(ask1(send, post("text/plain", "x")).await.0, 200);
    }
    let (_, heard) = raw(&house, "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(heard, "");
    assert_eq!(house.counted(), ["too-many"]);
    drop(held);
    tokio::time::sleep(SHORT).await;
    let mut send = http1(house.plain().await).await;
    assert_eq!(ask1(&mut send, post("text/plain", "x")).await.0, 200, "places are given back");
}

#[tokio::test]
async fn requests_in_flight_are_bounded_in_number() {
    let house = House::open(Limits { requests: 1, ..Limits::default() }).await;
    let mut first = http1(house.plain().await).await;
    let mut second = http1(house.plain().await).await;
    let long = tokio::spawn(async move { ask1(&mut first, post("text/plain", "sleep 500")).await.0 });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ask1(&mut second, post("text/plain", "x")).await, (500, "Overloaded".to_owned()));
    assert_eq!(long.await.unwrap(), 200);
    assert_eq!(ask1(&mut second, post("text/plain", "x")).await.0, 200);
}

#[tokio::test]
async fn http2_streams_are_bounded_in_number_and_head_size() {
    let house = House::open(Limits { streams: 2, ..Limits::default() }).await;
    let send = http2(house.plain().await).await;
    ask2(&mut send.clone(), post("text/plain", "x")).await;
    let begun = Instant::now();
    let all: Vec<_> = (0..6)
        .map(|_| {
            let mut send = send.clone();
            tokio::spawn(async move { ask2(&mut send, post("text/plain", "sleep 200")).await.0 })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert!(begun.elapsed() >= Duration::from_millis(600), "two at a time: {:?}", begun.elapsed());
    let mut request = post("text/plain", "x");
    request.headers_mut().insert("x", "v".repeat(limits::HEAD_BYTES_MAX).parse().unwrap());
    let mut send = send;
    let refused = send.send_request(request).await.map_or(true, |response| response.status() == 431);
    assert!(refused);
}
