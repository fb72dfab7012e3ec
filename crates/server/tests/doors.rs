//! The doors as clients see them: both protocols on one port, both versions of HTTP, public documents, reload, drain.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod support;

use keyward_server::{Limits, Listener, ListenerFault};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{House, ask1, ask2, client, connect, get, http1, http2, post};

const JSON: &str = "application/x-amz-json-1.1";

fn ok(text: &str) -> (u16, String) {
    (200, text.to_owned())
}

#[tokio::test]
async fn one_port_speaks_tls_and_plaintext_in_both_versions_of_http() {
    let house = House::open(Limits::default()).await;
    let mut secure = http1(house.tls(&["http/1.1"], "localhost").await).await;
    let mut bare = http1(house.plain().await).await;
    let mut secure2 = http2(house.tls(&["h2"], "localhost").await).await;
    let mut bare2 = http2(house.plain().await).await;
    for _ in 0..3 {
        assert_eq!(ask1(&mut secure, post(JSON, "12345")).await, ok("5 secure=true"));
        assert_eq!(ask1(&mut bare, post(JSON, "12345")).await, ok("5 secure=false"));
        assert_eq!(ask2(&mut secure2, post(JSON, "12345")).await, ok("5 secure=true"));
        assert_eq!(ask2(&mut bare2, post(JSON, "12345")).await, ok("5 secure=false"));
    }
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken() {
    let house = House::open(Limits::default()).await;
    for version in rustls::ALL_VERSIONS {
        let config = client(&house.folder.path().join("cert.pem"), &["h2", "http/1.1"], &[version]);
        let stream = connect(house.address, config, "localhost").await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        let mut send = http2(stream).await;
        assert_eq!(ask2(&mut send, post(JSON, "1")).await, ok("1 secure=true"));
    }
}

#[tokio::test]
async fn bodies_of_any_size_come_through_whole() {
    let house = House::open(Limits::default()).await;
    let mut one = http1(house.tls(&["http/1.1"], "localhost").await).await;
    let mut two = http2(house.tls(&["h2"], "localhost").await).await;
    for length in [0, 1, 100, 4_000, 16_384, 16_385, 40_000, 100_000, keyward_server::limits::BODY_BYTES_MAX] {
        let text = format!("echo{}", "x".repeat(length.saturating_sub(4)));
        assert_eq!(ask1(&mut one, post("text/plain", text.clone())).await, ok(&text));
        assert_eq!(ask2(&mut two, post("text/plain", text.clone())).await, ok(&text));
    }
}

#[tokio::test]
async fn requests_that_follow_on_each_others_heels_are_all_answered() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let house = House::open(Limits { rest: Duration::from_millis(50), ..Limits::default() }).await;
    let mut stream = house.tls(&["http/1.1"], "localhost").await;
    let one = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nabc";
    // Two and a half at once, then a pause in which buffers are renewed, then the other half.
    let (early, late) = one.split_at(40);
    stream.write_all(format!("{one}{one}{early}").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    stream.write_all(late.as_bytes()).await.unwrap();
    let mut answers = String::new();
    let mut buffer = [0; 4_096];
    while answers.matches("3 secure=true").count() < 3 {
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "closed after {answers}");
        answers.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    assert!(!answers.contains("connection: close"), "{answers}");
}

#[tokio::test]
async fn a_connection_outlives_the_renewal_of_its_buffers() {
    let house = House::open(Limits { rest: Duration::from_millis(50), ..Limits::default() }).await;
    let mut send = http1(house.tls(&["http/1.1"], "localhost").await).await;
    for _ in 0..4 {
        assert_eq!(ask1(&mut send, post(JSON, "12345")).await, ok("5 secure=true"));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test]
async fn health_metrics_and_nothing_else_are_public() {
    let house = House::open(Limits::default()).await;
    let mut send = http1(house.plain().await).await;
    assert_eq!(ask1(&mut send, get("/livez")).await, ok("ok\n"));
    assert_eq!(ask1(&mut send, get("/readyz")).await, ok("ready\n"));
    assert_eq!(ask1(&mut send, get("/metrics")).await.0, 200);
    for path in ["/metrics/", "/livez/..", "/admin"] {
        let (status, body) = ask1(&mut send, get(path)).await;
        assert_eq!((status, body.contains("\"error\":\"not-found\"")), (404, true), "{path}: {body}");
    }
    assert_eq!(house.counted(), ["not-found"; 3]);
}

#[tokio::test]
async fn metrics_are_clean_under_promtool() {
    let house = House::open(Limits::default()).await;
    let mut send = http1(house.plain().await).await;
    ask1(&mut send, post(JSON, "x")).await;
    ask1(&mut send, post(JSON, "[".repeat(40))).await;
    let (_, text) = ask1(&mut send, get("/metrics")).await;
    for line in [
        r#"keyward_requests_total{tongue="aws",operation="Encrypt",outcome="ok"} 1"#,
        r#"keyward_refusals_total{reason="too-deep"} 1"#,
        r#"keyward_entries_total{tenant="t"} 3"#,
        "keyward_connections 1",
    ] {
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    }
    let Ok(mut promtool) =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()
    else {
        println!("promtool is not installed: its verdict is missing");
        return;
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let verdict = promtool.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&verdict.stderr).into_owned();
    assert!(verdict.status.success() && complaints.is_empty(), "{complaints}\n{text}");
}

#[tokio::test]
async fn a_new_certificate_is_served_without_a_restart() {
    let house = House::open(Limits::default()).await;
    assert!(house.try_tls(&[], "first.test").await.is_ok());
    assert!(house.try_tls(&[], "second.test").await.is_err());
    support::write_certificate(house.folder.path(), "second.test");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(house.try_tls(&[], "second.test").await.is_ok());
    std::fs::write(house.folder.path().join("key.pem"), "no key").unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(house.try_tls(&[], "second.test").await.is_ok(), "the former certificate stays");
}

#[tokio::test]
async fn a_hangup_signal_has_the_certificate_read_at_once() {
    let house = House::open_and_look(Limits::default(), Duration::from_secs(3_600)).await;
    support::write_certificate(house.folder.path(), "second.test");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(house.try_tls(&[], "second.test").await.is_err(), "nobody looked yet");
    let pid = std::process::id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(house.try_tls(&[], "second.test").await.is_ok());
}

/// What a request hears that comes on a resting connection just after the drain began; none if it was closed before.
async fn heard_while_draining() -> Option<(u16, String)> {
    let mut house = House::open(Limits::default()).await;
    let mut send = http1(house.tls(&["http/1.1"], "localhost").await).await;
    assert_eq!(ask1(&mut send, post(JSON, "x")).await.0, 200);
    tokio::time::sleep(Duration::from_millis(300)).await;
    house.begin_drain();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut request = post(JSON, "x");
    *request.uri_mut() = "/".parse().unwrap();
    Some(support::told(send.send_request(request).await.ok()?).await)
}

#[tokio::test]
async fn requests_on_kept_connections_are_told_of_the_drain() {
    for _ in 0..5 {
        if let Some(heard) = heard_while_draining().await {
            assert_eq!(heard, (500, "Draining".to_owned()));
            return;
        }
    }
    panic!("every connection was closed before it could ask");
}

#[tokio::test]
async fn plaintext_beyond_loopback_cannot_be_configured() {
    let address = "192.0.2.1:80".parse().unwrap();
    assert_eq!(Listener::plain(address).err(), Some(ListenerFault::NotLoopback(address)));
}

#[tokio::test]
async fn a_drain_lets_requests_finish_and_takes_no_more() {
    let mut house = House::open(Limits::default()).await;
    let address = house.address;
    let mut busy = http1(house.tls(&["http/1.1"], "localhost").await).await;
    let mut busy2 = http2(house.tls(&["h2"], "localhost").await).await;
    let mut idle = http1(house.plain().await).await;
    ask1(&mut idle, post(JSON, "x")).await;
    let long = tokio::spawn(async move { ask1(&mut busy, post("text/plain", "sleep 700")).await });
    let long2 = tokio::spawn(async move { ask2(&mut busy2, post("text/plain", "sleep 700")).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    house.begin_drain();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "still accepts");
    assert_eq!(long.await.unwrap(), ok("9 secure=true"));
    assert_eq!(long2.await.unwrap(), ok("9 secure=true"));
    tokio::time::timeout(Duration::from_secs(3), house.drained()).await.expect("an idle connection holds it");
}

#[tokio::test]
async fn a_drain_ends_in_time() {
    let mut house = House::open(Limits { drain_time: Duration::from_millis(300), ..Limits::default() }).await;
    let mut busy = http1(house.plain().await).await;
    let long = tokio::spawn(async move { busy.send_request(post("text/plain", "sleep 20000")).await.is_err() });
    tokio::time::sleep(Duration::from_millis(100)).await;
    house.begin_drain();
    let begun = Instant::now();
    house.drained().await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(long.await.unwrap(), "the connection was closed");
}
