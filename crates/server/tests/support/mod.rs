//! A small house behind the doors, and clients that knock.
#![allow(dead_code, reason = "each test file uses a part")]

use bytes::Bytes;
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{Moment, ObjectId, Refusal, RequestId, Tongue, Unavailable};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use keyward_server::{
    Answered, Certificates, Door, Kind, Limits, Listener, Readiness, Sample, Series, ServeFault, Server, ServerConfig,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Answers with the length of the body; `sleep N` takes N milliseconds, `echo` says it back.
#[derive(Default)]
pub(crate) struct FakeDoor {
    ids: AtomicU64,
    pub(crate) counted: Mutex<Vec<&'static str>>,
    pub(crate) answered: AtomicU64,
}

fn say(status: u16, text: String) -> http::Response<Vec<u8>> {
    http::Response::builder().status(status).body(text.into_bytes()).unwrap()
}

impl Door for FakeDoor {
    fn fresh_id(&self) -> RequestId {
        RequestId(ObjectId(u128::from(self.ids.fetch_add(1, Ordering::Relaxed)).to_be_bytes()))
    }

    async fn answer(self: &Arc<Self>, _dialect: &Arc<dyn Dialect>, wire: &Wire) -> Answered {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(&wire.body).into_owned();
        if let Some(millis) = text.strip_prefix("sleep ") {
            tokio::time::sleep(Duration::from_millis(millis.trim().parse().unwrap())).await;
        }
        let call =
            wire.head.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        let text = if text.starts_with("echo") { text } else { format!("{} secure={}", text.len(), wire.secure) };
        let mut response = say(200, text);
        if call {
            response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
            response.headers_mut().insert("grpc-status", "0".parse().unwrap());
        }
        Answered { response, operation: "Encrypt", outcome: "ok", refused: None }
    }

    fn refuse(
        &self,
        _dialect: &dyn Dialect,
        _id: RequestId,
        _source: IpAddr,
        refusal: Refusal,
    ) -> http::Response<Vec<u8>> {
        self.counted.lock().unwrap().push(refusal.word());
        let mut response = say(400, refusal.word().to_owned());
        response.headers_mut().insert("grpc-status", "12".parse().unwrap());
        response.headers_mut().insert("grpc-message", refusal.word().parse().unwrap());
        response
    }

    fn count(&self, _id: RequestId, _source: IpAddr, refusal: Refusal) {
        self.counted.lock().unwrap().push(refusal.word());
    }

    fn unavailable(&self, _dialect: &dyn Dialect, _id: RequestId, why: Unavailable) -> http::Response<Vec<u8>> {
        let mut response = say(500, format!("{why:?}"));
        response.headers_mut().insert("grpc-status", "4".parse().unwrap());
        response
    }

    fn readiness(&self) -> Readiness {
        Readiness { ready: true, ..Readiness::default() }
    }

    fn metrics(&self) -> Vec<Series> {
        let samples = vec![Sample { labels: vec![("tenant", "t".to_owned())], value: 3.0 }];
        vec![Series { name: "keyward_entries_total", help: "Entries of the log", kind: Kind::Counter, samples }]
    }
}

struct FakeDialect;

impl Dialect for FakeDialect {
    fn tongue(&self) -> Tongue {
        Tongue::Aws
    }

    fn speaks(&self, head: &http::request::Parts) -> bool {
        head.uri.path() == "/"
    }

    fn read(&self, _wire: &Wire, _now: Moment) -> Result<Heard, Refusal> {
        Err(Refusal::UnknownOperation)
    }

    fn status(&self, _echo: &Echo, _ending: domain::Ending<'_>) -> domain::WireStatus {
        domain::WireStatus::OK
    }

    fn write(&self, _id: RequestId, _echo: Option<&Echo>, _answer: Answer) -> http::Response<Vec<u8>> {
        say(500, String::new())
    }
}

pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) door: Arc<FakeDoor>,
    pub(crate) folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), ServeFault>>,
}

pub(crate) fn write_certificate(folder: &Path, name: &str) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned(), "localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

impl House {
    /// One port for TLS and plaintext.
    pub(crate) async fn open(limits: Limits) -> Self {
        Self::open_and_look(limits, Duration::from_millis(50)).await
    }

    /// Looks at its certificate files every so often.
    pub(crate) async fn open_and_look(limits: Limits, certificate_poll: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_certificate(folder.path(), "first.test");
        let certificates = Certificates::load(folder.path().join("cert.pem"), folder.path().join("key.pem")).unwrap();
        let listener = Listener::tls_or_plain("127.0.0.1:0".parse().unwrap(), certificates).unwrap();
        let config = ServerConfig { limits, certificate_poll, ..ServerConfig::new(vec![listener], "0.0.0-test") };
        let server = Server::bind(config).await.unwrap();
        let address = server.addresses()[0];
        let door = Arc::new(FakeDoor::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let dialects: Vec<Arc<dyn Dialect>> = vec![Arc::new(FakeDialect)];
        let run = server.run(door.clone(), dialects, async move {
            let _either_way = stopped.await;
        });
        Self { address, door, folder, stop: Some(stop), served: tokio::spawn(run) }
    }

    pub(crate) fn begin_drain(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn drained(self) {
        self.served.await.unwrap().unwrap();
    }

    pub(crate) fn counted(&self) -> Vec<&'static str> {
        self.door.counted.lock().unwrap().clone()
    }

    pub(crate) async fn plain(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(crate) async fn tls(&self, alpn: &[&str], name: &str) -> tokio_rustls::client::TlsStream<TcpStream> {
        self.try_tls(alpn, name).await.unwrap()
    }

    pub(crate) async fn try_tls(
        &self,
        alpn: &[&str],
        name: &str,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let config = client(&self.folder.path().join("cert.pem"), alpn, rustls::ALL_VERSIONS);
        connect(self.address, config, name).await
    }
}

pub(crate) async fn connect(
    address: SocketAddr,
    config: rustls::ClientConfig,
    name: &str,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

pub(crate) fn client(
    trusted: &Path,
    alpn: &[&str],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trusted).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|it| it.as_bytes().to_vec()).collect();
    config
}

pub(crate) trait Wired: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static> Wired for T {}

pub(crate) type Http1 = hyper::client::conn::http1::SendRequest<Full<Bytes>>;
pub(crate) type Http2 = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

pub(crate) async fn http1(io: impl Wired) -> Http1 {
    let (send, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    send
}

pub(crate) async fn http2(io: impl Wired) -> Http2 {
    let executor = TokioExecutor::new();
    let (send, connection) = hyper::client::conn::http2::handshake(executor, TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    send
}

pub(crate) fn post(kind: &str, body: impl Into<Bytes>) -> http::Request<Full<Bytes>> {
    let uri = "https://localhost/";
    http::Request::post(uri)
        .header("host", "localhost")
        .header("content-type", kind)
        .body(Full::new(body.into()))
        .unwrap()
}

pub(crate) fn get(path: &str) -> http::Request<Full<Bytes>> {
    let uri = format!("https://localhost{path}");
    http::Request::get(uri).header("host", "localhost").body(Full::default()).unwrap()
}

pub(crate) async fn told(response: http::Response<hyper::body::Incoming>) -> (u16, String) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Sends one request over HTTP/1.1.
pub(crate) async fn ask1(send: &mut Http1, mut request: http::Request<Full<Bytes>>) -> (u16, String) {
    *request.uri_mut() = request.uri().path().parse().unwrap();
    send.ready().await.unwrap();
    told(send.send_request(request).await.unwrap()).await
}

/// Sends one request over HTTP/2.
pub(crate) async fn ask2(send: &mut Http2, request: http::Request<Full<Bytes>>) -> (u16, String) {
    send.ready().await.unwrap();
    told(send.send_request(request).await.unwrap()).await
}
