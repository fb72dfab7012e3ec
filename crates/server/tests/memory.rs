//! Of answered requests nothing is left in the process while their connections are open.
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
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{House, Http1, ask1, ask2, client, connect, http1, http2, post};
use tokio::net::TcpStream;

#[global_allocator]
static ALLOCATOR: secret::WipingAllocator = secret::WipingAllocator;

const CHILD: &str = "KEYWARD_TEST_HOUSE";
const CONNECTIONS: usize = 16;

/// Not a test by itself: the process that is looked into. It serves until its input ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn house_of_its_own() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let house = House::open(Limits::default()).await;
    println!("\nhouse {} {}", house.address, house.folder.path().display());
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
}

struct Looked(Child);

impl Drop for Looked {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn start() -> (Looked, String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "house_of_its_own", "--nocapture"]).env(CHILD, "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines.map(Result::unwrap).find(|line| line.starts_with("house ")).unwrap();
    let words: Vec<&str> = told.split(' ').collect();
    (Looked(child), words[1].to_owned(), words[2].to_owned())
}

/// A word that stands nowhere in this program.
fn canary(kind: char) -> String {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let mut word = String::new();
    let mut state = nanos as u64;
    while word.len() < 24 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        word.push(char::from(b'a' + (state >> 59) as u8 % 26));
    }
    format!("{kind}{word}")
}

/// How often a word stands in the memory of a process. None where no core can be taken.
fn found(pid: u32, words: &[&String], folder: &Path) -> Option<Vec<usize>> {
    let core = folder.join("core");
    let mut command = Command::new("gcore");
    let taken = command.arg("-o").arg(&core).arg(pid.to_string()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !taken.is_ok_and(|status| status.success()) {
        return None;
    }
    let core = folder.join(format!("core.{pid}"));
    let count = |word: &&String| {
        let hits = Command::new("grep").args(["-a", "-o", "-F", word]).arg(&core).output().unwrap();
        hits.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count()
    };
    Some(words.iter().map(count).collect())
}

async fn load(connections: &mut [Http1], word: &str) {
    for length in [100, 3_000, 20_000] {
        for send in connections.iter_mut() {
            let text = format!("echo {word} {}", "-".repeat(length));
            assert_eq!(ask1(send, post("text/plain", text.clone())).await, (200, text));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_an_answered_request_stays() {
    let (house, address, folder) = start();
    let certificate = Path::new(&folder).join("cert.pem");
    let tls = |alpn: &'static str| {
        connect(address.parse().unwrap(), client(&certificate, &[alpn], rustls::ALL_VERSIONS), "localhost")
    };
    let (mut secure, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..CONNECTIONS {
        secure.push(http1(tls("http/1.1").await.unwrap()).await);
        bare.push(http1(TcpStream::connect(&address).await.unwrap()).await);
    }
    let (over_tls, in_plain, over_http2, held) = (canary('t'), canary('p'), canary('h'), canary('x'));
    load(&mut secure, &over_tls).await;
    load(&mut bare, &in_plain).await;
    let mut two = http2(tls("h2").await.unwrap()).await;
    for _ in 0..20 {
        ask2(&mut two, post("text/plain", format!("echo {over_http2}"))).await;
    }
    tokio::time::sleep(limits::IDLE_TIME_MAX_HTTP2 + limits::REST * 5).await;
    // The search itself must be able to find something: half a request waits in the buffers.
    let mut open = std::net::TcpStream::connect(&address).unwrap();
    write!(open, "POST / HTTP/1.1\r\ncontent-length: 1000\r\n\r\n{held}").unwrap();
    tokio::time::sleep(limits::REST).await;
    let scratch = tempfile::tempdir().unwrap();
    let words = [&over_tls, &in_plain, &over_http2, &held];
    let Some(counts) = found(house.0.id(), &words, scratch.path()) else {
        println!("no core can be taken here (gdb's gcore, and leave to use it): the memory was not searched");
        return;
    };
    println!("found {counts:?}");
    assert!(counts[3] > 0, "the search finds nothing at all");
    assert_eq!(counts[..3], [0, 0, 0], "over TLS, in plaintext, over HTTP/2");
    for send in secure.iter_mut().chain(&mut bare) {
        let still = tokio::time::timeout(Duration::from_secs(5), ask1(send, post("text/plain", "x"))).await;
        assert_eq!(still.unwrap().0, 200, "the connections are still open");
    }
}
