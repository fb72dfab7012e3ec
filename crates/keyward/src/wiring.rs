//! How the parts of a running house are put together. Nothing is decided here.

use crate::place::Place;
use clock::Clock;
use dialect::Dialect;
use path::{Open, Path};
use server::{Listener, Server, ServerConfig};
use std::net::SocketAddr;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

/// The tongues of the house. A new one is one line.
pub(crate) fn dialects() -> Vec<Arc<dyn Dialect>> {
    vec![
        // Its paths would be the native tongue's otherwise.
        Arc::new(dialect_google::OAuth::new()),
        Arc::new(dialect_native::Native::new()),
        Arc::new(dialect_aws::Sts::new()),
        Arc::new(dialect_aws::Aws::new()),
        Arc::new(dialect_google::Grpc::new()),
        Arc::new(dialect_google::Rest::new()),
    ]
}

/// A house that serves until it is told to stop.
pub(crate) struct Running {
    pub server: Server,
    pub path: Arc<Path>,
}

impl Running {
    pub(crate) async fn bind(listeners: Vec<Listener>, path: Arc<Path>) -> Result<Self, String> {
        let config = ServerConfig::new(listeners, env!("CARGO_PKG_VERSION"));
        let server = Server::bind(config).await.map_err(|why| why.to_string())?;
        Ok(Self { server, path })
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.server.addresses()
    }

    /// Until SIGINT or SIGTERM. What is in flight is finished, what waits is written.
    pub(crate) async fn run(self) -> Result<(), String> {
        let Self { server, path } = self;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let told = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let scheduler = tokio::spawn(scheduler::run(Arc::clone(&path), told(stopped.clone())));
        let served = server.run(path, dialects(), until_signal()).await.map_err(|why| why.to_string());
        let _ = stop.send(true);
        let _ = scheduler.await;
        served
    }
}

pub(crate) async fn until_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Opens the site in a store into a sealed path.
pub(crate) fn open_site(
    path: &Path,
    place: &Place,
    root: ledger::Roots<'_>,
    anchor_files: &[PathBuf],
) -> Result<(), String> {
    let store = place.open()?;
    path.open(Open { store, root, anchors: anchors(anchor_files) }).map_err(|why| why.to_string())
}

pub(crate) fn anchors(files: &[PathBuf]) -> Vec<Box<dyn ledger::Anchor>> {
    files.iter().map(|file| Box::new(custody::FileAnchor::new(file)) as Box<dyn ledger::Anchor>).collect()
}

/// The anchors that are named, else the file beside the root key.
pub(crate) fn anchor_files(named: &[PathBuf], root_key: &FilePath) -> Vec<PathBuf> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let mut beside = root_key.as_os_str().to_owned();
    beside.push(".anchor");
    vec![PathBuf::from(beside)]
}

/// A path with nothing behind it yet.
pub(crate) fn sealed() -> Arc<Path> {
    Arc::new(Path::sealed(Clock::system_by(secret::clock_is_synchronised)))
}

/// Core files off, other processes' eyes off; what could not be had is said.
pub(crate) fn protect() {
    let protection = secret::protect_process();
    tracing::debug!(?protection, "the process is protected");
}

/// Structured logs to standard error, by `KEYWARD_LOG` (default `info`; `KEYWARD_LOG_FORMAT=json`).
pub(crate) fn logs(default: &str) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("KEYWARD_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("KEYWARD_LOG_FORMAT").as_deref() == Ok("json") {
        let _ = logs.json().try_init();
    } else {
        let _ = logs.with_ansi(false).try_init();
    }
}
