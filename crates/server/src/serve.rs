//! All listeners together, from the first bind to the end of the last request.

use crate::accept;
use crate::config::ServerConfig;
use crate::connection::{self, Spoken};
use crate::door::Door;
use crate::metrics::Metrics;
use crate::{CertificateFault, Certificates, Limits, config::Speech};
use dialect::Dialect;
use domain::Refusal;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Why nothing is served.
#[derive(Debug)]
pub enum ServeFault {
    NothingToListenOn,
    Bind { address: SocketAddr, why: io::Error },
    Certificate(CertificateFault),
    Signal(io::Error),
}

impl std::fmt::Display for ServeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NothingToListenOn => write!(f, "no address to listen on is configured"),
            Self::Bind { address, why } => write!(f, "cannot listen on {address}: {why}"),
            Self::Certificate(why) => write!(f, "{why}"),
            Self::Signal(why) => write!(f, "cannot hear signals: {why}"),
        }
    }
}

impl std::error::Error for ServeFault {}

/// What all connections share.
pub(crate) struct House<D> {
    pub(crate) door: Arc<D>,
    pub(crate) dialects: Vec<Arc<dyn Dialect>>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) connections: AtomicUsize,
    requests: AtomicUsize,
    draining: AtomicBool,
}

/// A place among the requests in flight.
pub(crate) struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<D: Door> House<D> {
    pub(crate) fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// None if too many are in flight.
    pub(crate) fn enter(&self) -> Option<Counted<'_>> {
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(&self.requests);
        (before < self.limits.requests).then_some(counted)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts a refusal that nobody words.
    pub(crate) fn refused(&self, id: domain::RequestId, source: IpAddr, refusal: Refusal) {
        self.metrics.refused(refusal);
        self.door.count(id, source, refusal);
    }

    pub(crate) fn too_slow(&self, source: IpAddr) {
        self.refused(self.door.fresh_id(), source, Refusal::TooSlow);
    }

    pub(crate) fn handshake_failed(&self, source: IpAddr, why: &io::Error) {
        self.metrics.handshakes_failed.inc();
        tracing::debug!(%source, %why, "the handshake failed");
        // A port scan that says nothing is no request; broken TLS is one that nobody can read.
        if why.kind() == io::ErrorKind::InvalidData {
            self.refused(self.door.fresh_id(), source, Refusal::Unreadable { member: "tls" });
        }
    }

    pub(crate) fn closed(&self, source: IpAddr, result: hyper::Result<()>) {
        let Err(why) = result else { return };
        tracing::debug!(%source, %why, "the connection broke");
        if let Some(refusal) = connection::refusal(&why, &self.limits) {
            self.refused(self.door.fresh_id(), source, refusal);
        }
    }
}

/// Bound to its addresses, and not serving yet.
pub struct Server {
    config: ServerConfig,
    listeners: Vec<(TcpListener, SocketAddr, Spoken)>,
}

impl Server {
    /// Binds all addresses, or none.
    pub async fn bind(config: ServerConfig) -> Result<Self, ServeFault> {
        if config.listeners.is_empty() {
            return Err(ServeFault::NothingToListenOn);
        }
        let mut listeners = Vec::new();
        for listener in &config.listeners {
            let address = listener.address;
            let spoken = Spoken::of(&listener.speech).map_err(ServeFault::Certificate)?;
            let bind = |why| ServeFault::Bind { address, why };
            let socket = TcpListener::bind(address).await.map_err(bind)?;
            let bound = socket.local_addr().map_err(bind)?;
            listeners.push((socket, bound, spoken));
        }
        Ok(Self { config, listeners })
    }

    /// Where it listens, in the order of the configuration: with the ports that the system chose.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|(_, address, _)| *address).collect()
    }

    /// Serves until `shutdown` is done, then lets the requests in flight finish within `drain_time`.
    pub async fn run<D: Door>(
        self,
        door: Arc<D>,
        dialects: Vec<Arc<dyn Dialect>>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeFault> {
        let house = Arc::new(House {
            door,
            dialects,
            limits: self.config.limits,
            metrics: Metrics::new(self.config.version),
            connections: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
        });
        // Dropped at the end, and with it all that still runs.
        let mut helpers = JoinSet::new();
        helpers.spawn(keep_fresh(certificates(&self.config), self.config.certificate_poll)?);
        let mut loops = JoinSet::new();
        let (stop, stopped) = tokio::sync::watch::channel(());
        for (socket, address, spoken) in self.listeners {
            tracing::info!(%address, tls = spoken.tls.is_some(), plain = spoken.plain, "listening");
            loops.spawn(accept::run(house.clone(), socket, spoken, stopped.clone()));
        }
        shutdown.await;
        tracing::info!(in_flight = house.in_flight(), "draining");
        house.draining.store(true, Ordering::Relaxed);
        drop(stop);
        while loops.join_next().await.is_some() {}
        Ok(())
    }
}

/// Binds and serves.
pub async fn serve<D: Door>(
    config: ServerConfig,
    door: Arc<D>,
    dialects: Vec<Arc<dyn Dialect>>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeFault> {
    Server::bind(config).await?.run(door, dialects, shutdown).await
}

fn certificates(config: &ServerConfig) -> Vec<Arc<Certificates>> {
    config
        .listeners
        .iter()
        .filter_map(|listener| match &listener.speech {
            Speech::Tls(certificates) | Speech::TlsOrPlain(certificates) => Some(certificates.clone()),
            Speech::Plain => None,
        })
        .collect()
}

/// Reads certificates again on SIGHUP, and when a file changed.
fn keep_fresh(all: Vec<Arc<Certificates>>, every: Duration) -> Result<impl Future<Output = ()>, ServeFault> {
    let mut hangups = signal(SignalKind::hangup()).map_err(ServeFault::Signal)?;
    Ok(async move {
        loop {
            let asked = tokio::select! {
                _ = hangups.recv() => true,
                () = tokio::time::sleep(every) => false,
            };
            for certificates in all.iter().filter(|it| asked || it.changed()) {
                match certificates.reload() {
                    Ok(()) => tracing::info!(?certificates, "the certificate was read again"),
                    Err(why) => tracing::error!(%why, "the certificate was not replaced; the former is served"),
                }
            }
        }
    })
}
