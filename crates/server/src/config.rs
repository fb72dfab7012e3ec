//! Where to listen, and how.

use crate::{Certificates, Limits};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// An address and what is spoken there. Plaintext beyond loopback cannot be said.
pub struct Listener {
    pub(crate) address: SocketAddr,
    pub(crate) speech: Speech,
}

#[derive(Clone)]
pub(crate) enum Speech {
    Tls(Arc<Certificates>),
    /// Told by the first byte.
    TlsOrPlain(Arc<Certificates>),
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerFault {
    /// Plaintext is served on a loopback address only.
    NotLoopback(SocketAddr),
}

impl std::fmt::Display for ListenerFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::NotLoopback(address) = self;
        write!(f, "plaintext is served on loopback only, and {address} is not; use TLS there")
    }
}

impl std::error::Error for ListenerFault {}

impl Listener {
    pub fn tls(address: SocketAddr, certificates: Arc<Certificates>) -> Self {
        Self { address, speech: Speech::Tls(certificates) }
    }

    /// One port for both, as `keyward dev` has it.
    pub fn tls_or_plain(address: SocketAddr, certificates: Arc<Certificates>) -> Result<Self, ListenerFault> {
        Ok(Self { address: loopback(address)?, speech: Speech::TlsOrPlain(certificates) })
    }

    pub fn plain(address: SocketAddr) -> Result<Self, ListenerFault> {
        Ok(Self { address: loopback(address)?, speech: Speech::Plain })
    }
}

fn loopback(address: SocketAddr) -> Result<SocketAddr, ListenerFault> {
    if address.ip().is_loopback() { Ok(address) } else { Err(ListenerFault::NotLoopback(address)) }
}

pub struct ServerConfig {
    pub listeners: Vec<Listener>,
    pub limits: Limits,
    /// How often the certificate files are looked at. A SIGHUP has them read at once.
    pub certificate_poll: Duration,
    /// The version shown in the metric `keyward_build_info`.
    pub version: &'static str,
}

impl ServerConfig {
    pub fn new(listeners: Vec<Listener>, version: &'static str) -> Self {
        Self { listeners, limits: Limits::default(), certificate_poll: Duration::from_secs(5), version }
    }
}
