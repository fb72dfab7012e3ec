//! `keyward witness`: holds the head of logs on another machine, and cosigns what extends it (C2SP tlog-witness,
//! tlog-cosignature with Ed25519).

mod known;
pub(crate) mod submit;

use crate::failure::Failure;
use crate::{key_file, proof, wiring};
use bytes::Bytes;
use clap::Args;
use clock::Clock;
use crypto::SigningKey;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use known::{Known, Refused};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A checkpoint with its proof is far smaller.
const BODY_BYTES_MAX: usize = 65_536;
/// From a connection's beginning to its end.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(30);
const CONNECTIONS_MAX: usize = 256;
const KEY_LABEL: &str = "keyward-witness-v1";

/// Holds the newest head of logs, and cosigns what extends it. Run it on another machine than the log's.
#[derive(Args)]
pub(crate) struct WitnessArgs {
    /// Where it keeps its key and the heads that it has cosigned.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The witness's name in its cosignatures: a host name and path without scheme.
    #[arg(long, default_value = "keyward.example/witness")]
    name: String,
    /// A log's verifier key, as `keyward audit checkpoint` prints it; may be repeated.
    #[arg(long = "log", value_name = "LINE", required = true)]
    logs: Vec<String>,
    /// The address to listen on; without a certificate a loopback address only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8300")]
    listen: SocketAddr,
    /// The certificate chain in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

struct Witness {
    name: String,
    key: SigningKey,
    known: Mutex<Known>,
    clock: Clock,
}

pub(crate) async fn run(args: WitnessArgs) -> Result<(), Failure> {
    wiring::logs("info");
    wiring::protect();
    let tls = acceptor(&args)?;
    std::fs::create_dir_all(&args.state).map_err(Failure::from_io)?;
    let logs = args.logs.iter().map(|line| proof::verifier(line)).collect::<Result<Vec<_>, _>>()?;
    let key = key_file::open_or_make(&args.state.join("witness.key"), KEY_LABEL)?;
    let line = ledger::cosigner_line(&args.name, &key.public());
    let known = Mutex::new(Known::open(&args.state, logs)?);
    let witness = Arc::new(Witness { name: args.name, key, known, clock: Clock::system() });
    let listener = TcpListener::bind(args.listen).await.map_err(Failure::from_io)?;
    let address = listener.local_addr().map_err(Failure::from_io)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    eprintln!("Keyward witnesses at {scheme}://{address}, as");
    println!("{line}");
    tokio::select! {
        () = accept(listener, tls, witness) => Ok(()),
        () = wiring::until_signal() => Ok(()),
    }
}

fn acceptor(args: &WitnessArgs) -> Result<Option<TlsAcceptor>, Failure> {
    let (Some(chain), Some(key)) = (&args.tls_cert, &args.tls_key) else {
        return match args.listen.ip().is_loopback() {
            true => Ok(None),
            false => Err(Failure::new("plaintext is for loopback addresses only; name --tls-cert and --tls-key")),
        };
    };
    let failed = |path: &Path, why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
    let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|why| failed(chain, &why))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|why| failed(key, &why))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Failure::from_display)?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(Failure::from_display)?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, witness: Arc<Witness>) {
    let room = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (tls, witness) = (tls.clone(), Arc::clone(&witness));
        tokio::spawn(async move {
            let served = async {
                match tls {
                    Some(tls) => serve(tls.accept(stream).await.ok()?, witness).await,
                    None => serve(stream, witness).await,
                }
            };
            let _ = tokio::time::timeout(CONNECTION_TIME_MAX, served).await;
            drop(place);
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, witness: Arc<Witness>) -> Option<()> {
    let service = hyper::service::service_fn(move |request| {
        let witness = Arc::clone(&witness);
        async move { Ok::<_, std::convert::Infallible>(answer(&witness, request).await) }
    });
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok()
}

async fn answer(witness: &Witness, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/add-checkpoint" {
        return response(StatusCode::NOT_FOUND, "text/plain", String::new());
    }
    if request.method() != Method::POST {
        return response(StatusCode::METHOD_NOT_ALLOWED, "text/plain", String::new());
    }
    let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await;
    let body = body.ok().and_then(|body| String::from_utf8(body.to_bytes().to_vec()).ok());
    let Some(body) = body else { return response(StatusCode::BAD_REQUEST, "text/plain", String::new()) };
    let mut known = witness.known.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = u64::try_from(witness.clock.now().wall.0 / 1_000).unwrap_or(0);
    match known.add(&body, |text| ledger::cosign(text, &witness.name, seconds, &witness.key)) {
        Ok(line) => response(StatusCode::OK, "text/plain", line),
        Err(refused) => refusal(&refused),
    }
}

fn refusal(refused: &Refused) -> Response<Full<Bytes>> {
    tracing::warn!(?refused, "a checkpoint was not cosigned");
    let plain = |status| response(status, "text/plain", String::new());
    match refused {
        Refused::Malformed => plain(StatusCode::BAD_REQUEST),
        Refused::UnknownLog => plain(StatusCode::NOT_FOUND),
        Refused::NotSigned => plain(StatusCode::FORBIDDEN),
        Refused::OtherSize(size) => response(StatusCode::CONFLICT, "text/x.tlog.size", format!("{size}\n")),
        Refused::OtherRoot => plain(StatusCode::CONFLICT),
        Refused::NotConsistent => plain(StatusCode::UNPROCESSABLE_ENTITY),
        Refused::NotKept(_) => plain(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}
