//! HTTP/1.1 over TLS, or in plaintext to a loopback address. One connection for each request.

use crate::client::sign::Headers;
use crate::client::{Answered, Facts};
use crate::failure::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An answer of more bytes is not read.
const ANSWER_BYTES_MAX: usize = 64 * 1_024 * 1_024;
/// From the connection to the end of the answer.
const TIME_MAX: Duration = Duration::from_secs(60);

pub(super) struct Transport {
    /// Host and port, as the URL has them.
    authority: String,
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
}

impl Transport {
    pub(super) fn to(facts: &Facts) -> Result<Self, Failure> {
        let wrong = || Failure::new(format!("{} is no address of a server", facts.endpoint));
        let uri: http::Uri = facts.endpoint.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let (tls, port) = match uri.scheme_str() {
            Some("https") => (Some(connector(facts.ca_file.as_deref())?), 443),
            Some("http") if is_loopback(&host) => (None, 80),
            Some("http") => return Err(Failure::new("plaintext is for loopback addresses only")),
            _ => return Err(wrong()),
        };
        let port = authority.port_u16().unwrap_or(port);
        Ok(Self { authority: authority.as_str().to_owned(), host, port, tls })
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) async fn post(&self, path: &str, headers: Headers, body: Vec<u8>) -> Result<Answered, Failure> {
        let builder = http::Request::post(path).header("user-agent", concat!("keyward/", env!("CARGO_PKG_VERSION")));
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
        self.send(builder.body(Full::new(Bytes::from(body))).map_err(Failure::from_display)?).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answered, Failure> {
        let builder = http::Request::get(path).header("host", &self.authority);
        self.send(builder.body(Full::default()).map_err(Failure::from_display)?).await
    }

    async fn send(&self, request: http::Request<Full<Bytes>>) -> Result<Answered, Failure> {
        let answered = tokio::time::timeout(TIME_MAX, self.connect_and_send(request)).await;
        answered.unwrap_or_else(|_| Err(Failure::new(format!("{} does not answer in time", self.authority))))
    }

    async fn connect_and_send(&self, request: http::Request<Full<Bytes>>) -> Result<Answered, Failure> {
        let unreachable = |why: std::io::Error| Failure::new(format!("{} cannot be reached: {why}", self.authority));
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(unreachable)?;
        let Some(tls) = &self.tls else { return exchange(stream, request, None).await };
        let name = ServerName::try_from(self.host.clone()).map_err(Failure::from_display)?;
        let stream = tls.connect(name, stream).await.map_err(unreachable)?;
        let version = stream.get_ref().1.protocol_version().map(|version| format!("{version:?}"));
        exchange(stream, request, version).await
    }
}

async fn exchange<S>(stream: S, request: http::Request<Full<Bytes>>, tls: Option<String>) -> Result<Answered, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |why: hyper::Error| Failure::new(format!("the connection broke: {why}"));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let driving = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(broken)?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|why| Failure::new(format!("the answer broke off: {why}")))?.to_bytes().to_vec();
    driving.abort();
    let date = head.headers.get(http::header::DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    Ok(Answered { status: head.status.as_u16(), date, body, tls })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Believes only what the file's authorities have signed.
fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, Failure> {
    let path = ca_file.ok_or_else(|| Failure::new("https needs a CA file: set KEYWARD_CA_FILE"))?;
    let unreadable = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|why| unreadable(&why))? {
        roots.add(certificate.map_err(|why| unreadable(&why))?).map_err(|why| unreadable(&why))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Failure::from_display)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
