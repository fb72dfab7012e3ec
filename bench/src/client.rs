//! The lightest keep-alive HTTP/1.1 client that checks its answers: it shares the machine with the server.

use crate::sign::Signer;
use crate::{LoadArgs, Outcome};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::io::Write;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// An answer beyond this is a mistake.
const ANSWER_BYTES_MAX: usize = 4 * 1_024 * 1_024;

/// Where to connect and who to be.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: String,
    address: String,
    name: ServerName<'static>,
    tls: Arc<rustls::ClientConfig>,
    access_key: String,
    secret: String,
    region: String,
}

impl Target {
    pub(crate) fn new(args: &LoadArgs) -> Outcome<Self> {
        Self::with_protocols(args, &[])
    }

    /// One that asks for these protocols (ALPN, RFC 7301).
    pub(crate) fn with_protocols(args: &LoadArgs, protocols: &[&[u8]]) -> Outcome<Self> {
        let host = args.url.trim_start_matches("https://").trim_end_matches('/').to_owned();
        let (bare, _port) = host.rsplit_once(':').ok_or("the URL has no port")?;
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(&args.ca)? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Self {
            name: ServerName::try_from(bare.to_owned())?,
            address: host.clone(),
            host,
            tls: Arc::new(tls),
            access_key: args.access_key.clone(),
            secret: args.secret.clone(),
            region: args.region.clone(),
        })
    }
}

pub(crate) struct Client {
    stream: TlsStream<TcpStream>,
    signer: Signer,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
    filled: usize,
}

impl Target {
    pub(crate) async fn open(&self) -> Outcome<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(&self.address).await?;
        socket.set_nodelay(true)?;
        Ok(TlsConnector::from(self.tls.clone()).connect(self.name.clone(), socket).await?)
    }
}

impl Client {
    pub(crate) async fn connect(target: &Target) -> Outcome<Self> {
        let stream = target.open().await?;
        let signer = Signer::new(&target.access_key, &target.secret, &target.region);
        let host = target.host.clone();
        Ok(Self { stream, signer, host, request: Vec::new(), answer: vec![0; 8_192], filled: 0 })
    }

    /// Signs, sends, and returns status and body.
    pub(crate) async fn call(&mut self, operation: &str, body: &str) -> Outcome<(u16, &[u8])> {
        let target = format!("TrentService.{operation}");
        self.signer.request(&mut self.request, &self.host, &target, body);
        self.stream.write_all(&self.request).await?;
        self.stream.flush().await?;
        self.receive().await
    }

    /// Sends a body of JSON to a path with a bearer token, and returns status and body.
    pub(crate) async fn post(&mut self, path: &str, token: &str, body: &str) -> Outcome<(u16, &[u8])> {
        let (host, length) = (&self.host, body.len());
        self.request.clear();
        write!(
            self.request,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             authorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        self.stream.write_all(&self.request).await?;
        self.stream.flush().await?;
        self.receive().await
    }

    /// The body of an answer with status 200.
    pub(crate) async fn must(&mut self, operation: &str, body: &str) -> Outcome<serde_json::Value> {
        let (status, answer) = self.call(operation, body).await?;
        if status != 200 {
            return Err(format!("{operation}: {status} {}", String::from_utf8_lossy(answer)).into());
        }
        if answer.is_empty() { Ok(serde_json::Value::Null) } else { Ok(serde_json::from_slice(answer)?) }
    }

    async fn receive(&mut self) -> Outcome<(u16, &[u8])> {
        self.filled = 0;
        let mut whole = None;
        loop {
            let came = self.answer.get(..self.filled).unwrap_or_default();
            if whole.is_none() {
                whole = head(came)?;
            }
            if let Some((status, from, length)) = whole
                && self.filled >= from + length
            {
                return Ok((status, self.answer.get(from..from + length).unwrap_or_default()));
            }
            if self.filled == self.answer.len() {
                if self.filled > ANSWER_BYTES_MAX {
                    return Err("the answer is too long".into());
                }
                self.answer.resize(self.filled * 2, 0);
            }
            let count = self.stream.read(self.answer.get_mut(self.filled..).unwrap_or_default()).await?;
            if count == 0 {
                return Err("the connection was closed".into());
            }
            self.filled += count;
        }
    }
}

/// Status, where the body begins, and its length; none while the head is incomplete.
fn head(bytes: &[u8]) -> Outcome<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
    let status = text.get(9..12).ok_or("no status")?.parse()?;
    let length = text
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, value)| value.trim().parse())?;
    Ok(Some((status, end + 4, length)))
}
