//! The bare server: the least that a durable, encrypted answer to a JSON request takes.

use crate::{Outcome, YardstickArgs};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls_pki_types::PrivateKeyDer;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ask<'a> {
    key_id: &'a str,
    plaintext: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    ciphertext_blob: String,
    key_id: &'a str,
    encryption_algorithm: &'static str,
}

struct Line {
    text: String,
    written: oneshot::Sender<()>,
}

struct Bare {
    key: LessSafeKey,
    log: mpsc::UnboundedSender<Line>,
}

pub(crate) async fn run(args: YardstickArgs) -> Outcome<()> {
    std::fs::create_dir_all(&args.data)?;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    std::fs::write(args.data.join("ca.pem"), made.cert.pem())?;
    let private = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], private)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let mut secret = [0_u8; 32];
    rand::fill(&mut secret)?;
    let (log, lines) = mpsc::unbounded_channel();
    let file = File::options().create(true).append(true).open(args.data.join("log"))?;
    std::thread::spawn(move || keep_log(file, lines));
    let bare = Arc::new(Bare { key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret)?), log });
    let listener = TcpListener::bind(args.listen).await?;
    let url = format!("https://{}", listener.local_addr()?);
    println!("{url}");
    std::fs::write(args.data.join("url"), url)?;
    loop {
        let (socket, _peer) = listener.accept().await?;
        tokio::spawn(serve(bare.clone(), acceptor.clone(), socket));
    }
}

async fn serve(bare: Arc<Bare>, acceptor: TlsAcceptor, socket: TcpStream) {
    let _only_slower = socket.set_nodelay(true);
    let Ok(stream) = acceptor.accept(socket).await else { return };
    let service = service_fn(|request| answer(&bare, request));
    let _client_left = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// One thread writes; all that waited meanwhile is made durable together.
fn keep_log(mut file: File, mut lines: mpsc::UnboundedReceiver<Line>) {
    let mut batch = Vec::new();
    let mut text = String::new();
    while let Some(first) = lines.blocking_recv() {
        batch.push(first);
        while let Ok(next) = lines.try_recv() {
            batch.push(next);
        }
        text.clear();
        text.extend(batch.iter().map(|line| line.text.as_str()));
        if let Err(why) = file.write_all(text.as_bytes()).and_then(|()| file.sync_data()) {
            eprintln!("the log cannot be written: {why}");
            return;
        }
        for line in batch.drain(..) {
            let _client_left = line.written.send(());
        }
    }
}

async fn answer(bare: &Bare, request: Request<Incoming>) -> Outcome<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let Ok(ask) = serde_json::from_slice::<Ask<'_>>(&body) else {
        return Ok(Response::builder().status(StatusCode::BAD_REQUEST).body(Full::default())?);
    };
    let mut sealed = STANDARD.decode(ask.plaintext)?;
    let mut nonce = [0_u8; 12];
    rand::fill(&mut nonce)?;
    bare.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)?;
    sealed.splice(0..0, nonce);
    let signature = head.headers.get("authorization").map_or(&[][..], |value| value.as_bytes());
    let tail = signature.get(signature.len().saturating_sub(64)..).unwrap_or_default();
    let (written, done) = oneshot::channel();
    let text = format!(
        "{{\"at\":\"2026-01-01T00:00:00Z\",\"action\":\"Encrypt\",\"verdict\":\"allow\",\"bytes\":{},\"key\":\"{}\",\"by\":\"{}\"}}\n",
        sealed.len(),
        ask.key_id,
        String::from_utf8_lossy(tail)
    );
    bare.log.send(Line { text, written })?;
    done.await?;
    let answer = Answer {
        ciphertext_blob: STANDARD.encode(&sealed),
        key_id: ask.key_id,
        encryption_algorithm: "SYMMETRIC_DEFAULT",
    };
    let body = Full::new(Bytes::from(serde_json::to_vec(&answer)?));
    Ok(Response::builder().header("content-type", "application/x-amz-json-1.1").body(body)?)
}
