//! Google Cloud KMS, over REST and over gRPC: requests and answers are written and read here by hand, so that the
//! clients cost little on the machine that they share with the server.

use crate::client::{Client, Target};
use crate::load::{Caller, drive_all};
use crate::measure::Measured;
use crate::product::Product;
use crate::{LoadArgs, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes that are sealed in each request, as with the other tongues.
const PLAINTEXT_BYTES: usize = 64;
/// How long a key may take to be made.
const GENERATION_TIME_MAX: Duration = Duration::from_secs(60);
const RING: &str = "bench";

/// Where a project is, and who calls.
#[derive(Clone)]
pub(crate) struct Site {
    args: LoadArgs,
    parent: String,
    token: String,
}

/// What a caller asks for, again and again.
#[derive(Clone, Debug)]
pub(crate) enum Use {
    /// Seals 64 bytes, each time others.
    Encrypt,
    /// Opens what was sealed at the start.
    Decrypt,
    /// Signs a SHA-256 digest, each time another.
    SignDigest,
    /// Signs 32 bytes as they are.
    SignData,
    /// Opens an encapsulation of so many bytes. One that nobody made costs as much (FIPS 203, implicit rejection).
    Decapsulate(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    Rest,
    Grpc,
}

impl Site {
    /// Asks the product's own command line for a token, and makes a ring.
    pub(crate) async fn prepare(binary: &Path, data: &Path, product: &Product) -> Outcome<Self> {
        let project = said(binary, data, &["google", "env"])?
            .lines()
            .find_map(|line| line.strip_prefix("export GOOGLE_CLOUD_PROJECT="))
            .map(|name| name.trim_matches(['"', '\'', ';']).to_owned())
            .ok_or("no project")?;
        let token = said(binary, data, &["google", "token"])?.trim().to_owned();
        let args = product.args.clone();
        let parent = format!("projects/{project}/locations/global");
        let this = Self { args, parent, token };
        this.must(&format!("{}/keyRings?keyRingId={RING}", this.parent), &json!({})).await?;
        Ok(this)
    }

    async fn must(&self, path: &str, body: &Value) -> Outcome<Value> {
        let mut client = Client::connect(&Target::new(&self.args)?).await?;
        let (status, answer) = client.post(&format!("/v1/{path}"), &self.token, &body.to_string()).await?;
        if status != 200 {
            return Err(format!("{path}: {status} {}", String::from_utf8_lossy(answer)).into());
        }
        Ok(serde_json::from_slice(answer)?)
    }

    /// Makes a key and returns its name.
    pub(crate) async fn create_key(&self, id: &str, purpose: &str, algorithm: &str) -> Outcome<String> {
        let path = format!("{}/keyRings/{RING}/cryptoKeys?cryptoKeyId={id}", self.parent);
        let body = json!({"purpose": purpose, "versionTemplate": {"algorithm": algorithm}});
        let made = self.must(&path, &body).await?;
        Ok(made.get("name").and_then(Value::as_str).ok_or("no name")?.to_owned())
    }

    /// Waits until the first version of a key can be used, and says how long it took.
    pub(crate) async fn wait_for(&self, key: &str, wanted: &Use) -> Outcome<Duration> {
        let begun = Instant::now();
        let mut caller = self.rest(&self.name_of(key, wanted), wanted.clone()).await?;
        loop {
            let (status, answer) = caller.once().await?;
            if status == 200 {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > GENERATION_TIME_MAX {
                return Err(format!("{key}: {}", String::from_utf8_lossy(answer)).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A closed loop of so many callers, over as many connections (REST) or streams of one connection (gRPC).
    pub(crate) async fn drive(&self, wire: Wire, key: &str, wanted: &Use, seconds: f64) -> Outcome<Measured> {
        let (count, server) = (self.args.connections, self.args.server_pid);
        let name = self.name_of(key, wanted);
        match wire {
            Wire::Rest => {
                let mut callers = Vec::new();
                for _ in 0..count {
                    callers.push(self.rest(&name, wanted.clone()).await?);
                }
                drive_all(callers, seconds, server).await
            }
            Wire::Grpc => {
                let target = Target::with_protocols(&self.args, &[b"h2"])?;
                let io = TokioIo::new(target.open().await?);
                let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
                let connection = tokio::spawn(connection);
                let mut callers = Vec::new();
                for _ in 0..count {
                    let uri =
                        format!("https://{}/google.cloud.kms.v1.KeyManagementService/{}", target.host, wanted.method());
                    let turns = self.turns(&name, wanted.clone()).await?;
                    callers.push(Grpc {
                        sender: sender.clone(),
                        uri,
                        token: self.token.clone(),
                        turns,
                        answer: Vec::new(),
                    });
                }
                drop(sender);
                let measured = drive_all(callers, seconds, server).await;
                connection.abort();
                measured
            }
        }
    }

    fn name_of(&self, key: &str, wanted: &Use) -> String {
        match wanted {
            Use::Encrypt | Use::Decrypt => key.to_owned(),
            _ => format!("{key}/cryptoKeyVersions/1"),
        }
    }

    async fn rest(&self, name: &str, wanted: Use) -> Outcome<Rest> {
        let client = Client::connect(&Target::new(&self.args)?).await?;
        let turns = self.turns(name, wanted).await?;
        Ok(Rest { client, token: self.token.clone(), turns })
    }

    async fn turns(&self, name: &str, wanted: Use) -> Outcome<Turns> {
        let mut turns = Turns { name: name.to_owned(), wanted, sealed: Vec::new(), turn: rand_u64()? };
        if matches!(turns.wanted, Use::Decrypt) {
            let body = json!({"plaintext": STANDARD.encode([b'p'; PLAINTEXT_BYTES])});
            let answer = self.must(&format!("{name}:encrypt"), &body).await?;
            let sealed = answer.get("ciphertext").and_then(Value::as_str).ok_or("no ciphertext")?;
            turns.sealed = STANDARD.decode(sealed)?;
        }
        Ok(turns)
    }
}

impl Use {
    /// The method of KeyManagementService; REST begins it with a small letter.
    fn method(&self) -> &'static str {
        match self {
            Self::Encrypt => "Encrypt",
            Self::Decrypt => "Decrypt",
            Self::SignDigest | Self::SignData => "AsymmetricSign",
            Self::Decapsulate(_) => "Decapsulate",
        }
    }
}

/// What is sent next.
struct Turns {
    name: String,
    wanted: Use,
    sealed: Vec<u8>,
    turn: u64,
}

impl Turns {
    fn bytes(&mut self) -> Vec<u8> {
        self.turn = self.turn.wrapping_add(1);
        let len = match &self.wanted {
            Use::Encrypt => PLAINTEXT_BYTES,
            Use::Decrypt => return self.sealed.clone(),
            Use::SignDigest | Use::SignData => 32,
            Use::Decapsulate(len) => *len,
        };
        let mut bytes = vec![b'p'; len];
        if let Some(front) = bytes.first_chunk_mut::<8>() {
            *front = self.turn.to_be_bytes();
        }
        bytes
    }

    fn json(&mut self) -> String {
        let bytes = STANDARD.encode(self.bytes());
        match self.wanted {
            Use::Encrypt => format!("{{\"plaintext\":\"{bytes}\"}}"),
            Use::Decrypt | Use::Decapsulate(_) => format!("{{\"ciphertext\":\"{bytes}\"}}"),
            Use::SignDigest => format!("{{\"digest\":{{\"sha256\":\"{bytes}\"}}}}"),
            Use::SignData => format!("{{\"data\":\"{bytes}\"}}"),
        }
    }

    /// The message with gRPC's five bytes before it.
    fn message(&mut self) -> Bytes {
        let bytes = self.bytes();
        let mut message = vec![0; 5];
        field(&mut message, 1, self.name.as_bytes());
        match self.wanted {
            Use::Encrypt | Use::Decrypt | Use::Decapsulate(_) => field(&mut message, 2, &bytes),
            Use::SignDigest => {
                let mut digest = Vec::new();
                field(&mut digest, 1, &bytes);
                field(&mut message, 3, &digest);
            }
            Use::SignData => field(&mut message, 6, &bytes),
        }
        let len = u32::try_from(message.len() - 5).unwrap_or(u32::MAX);
        if let Some((_, rest)) = message.split_first_mut()
            && let Some(place) = rest.first_chunk_mut::<4>()
        {
            *place = len.to_be_bytes();
        }
        message.into()
    }
}

/// A field of the wire type "length-delimited" of protocol buffers.
fn field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | 2);
    let mut len = bytes.len();
    while len > 0x7F {
        message.push(len.to_le_bytes()[0] | 0x80);
        len >>= 7;
    }
    message.push(len.to_le_bytes()[0]);
    message.extend_from_slice(bytes);
}

struct Rest {
    client: Client,
    token: String,
    turns: Turns,
}

impl Caller for Rest {
    async fn once(&mut self) -> Outcome<(u16, &[u8])> {
        let body = self.turns.json();
        let method = self.turns.wanted.method();
        let (first, rest) = method.split_at(1);
        let path = format!("/v1/{}:{}{rest}", self.turns.name, first.to_ascii_lowercase());
        self.client.post(&path, &self.token, &body).await
    }
}

struct Grpc {
    sender: SendRequest<Full<Bytes>>,
    uri: String,
    token: String,
    turns: Turns,
    answer: Vec<u8>,
}

impl Caller for Grpc {
    async fn once(&mut self) -> Outcome<(u16, &[u8])> {
        let request = Request::post(&self.uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", format!("Bearer {}", self.token))
            .body(Full::new(self.turns.message()))?;
        let answer = self.sender.send_request(request).await?;
        let head = answer.headers().clone();
        let body = answer.into_body().collect().await?;
        let status = grpc_status(&head).or_else(|| grpc_status(body.trailers()?));
        if let Some((code, text)) = status.filter(|(code, _)| code != "0") {
            self.answer = format!("{code} {text}").into_bytes();
            return Ok((500, &self.answer));
        }
        self.answer = body.to_bytes().to_vec();
        // A call without a message has failed too.
        Ok((if self.answer.len() > 5 { 200 } else { 500 }, &self.answer))
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<(String, String)> {
    let get = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Some((get("grpc-status")?, get("grpc-message").unwrap_or_default()))
}

fn said(binary: &Path, data: &Path, words: &[&str]) -> Outcome<String> {
    let mut command = Command::new(binary);
    let output = command.args(words).arg("--data").arg(PathBuf::from(data)).stderr(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(format!("keyward {} failed", words.join(" ")).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn rand_u64() -> Outcome<u64> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_unspecified| "no randomness")?;
    Ok(u64::from_be_bytes(bytes))
}
