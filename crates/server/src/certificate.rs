//! Certificate and key, read from files and read again when they change.

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Why a certificate is not served. Names the file, never its content.
#[derive(Debug)]
pub enum CertificateFault {
    Unreadable {
        file: PathBuf,
        why: String,
    },
    /// The key is not the certificate's.
    Mismatch {
        certificate: PathBuf,
        key: PathBuf,
        why: String,
    },
    Tls(rustls::Error),
}

impl std::fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable { file, why } => write!(f, "{} cannot be read: {why}", file.display()),
            Self::Mismatch { certificate, key, why } => {
                write!(f, "{} and {} do not belong together: {why}", certificate.display(), key.display())
            }
            Self::Tls(why) => write!(f, "TLS cannot be set up: {why}"),
        }
    }
}

impl std::error::Error for CertificateFault {}

/// What tells one content of a file from another without reading it.
type Mark = Option<(SystemTime, u64)>;

/// A certificate chain and its key, in PEM files. What was read last and was sound is what is served.
pub struct Certificates {
    chain: PathBuf,
    key: PathBuf,
    current: ArcSwap<CertifiedKey>,
    seen: Mutex<[Mark; 2]>,
    provider: Arc<CryptoProvider>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl Certificates {
    /// Reads both files. The chain begins with the server's own certificate.
    pub fn load(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Arc<Self>, CertificateFault> {
        let (chain, key) = (chain.into(), key.into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let marks = [mark(&chain), mark(&key)];
        let current = ArcSwap::from_pointee(read(&chain, &key, &provider)?);
        Ok(Arc::new(Self { chain, key, current, seen: Mutex::new(marks), provider }))
    }

    /// Reads both files again. On a fault the former certificate stays.
    pub fn reload(&self) -> Result<(), CertificateFault> {
        let marks = [mark(&self.chain), mark(&self.key)];
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = marks;
        self.current.store(Arc::new(read(&self.chain, &self.key, &self.provider)?));
        Ok(())
    }

    /// Whether a file changed since it was read last.
    pub(crate) fn changed(&self) -> bool {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != [mark(&self.chain), mark(&self.key)]
    }

    /// TLS 1.2 (RFC 5246) and 1.3 (RFC 8446), with HTTP/2 and HTTP/1.1 offered by ALPN (RFC 7301).
    pub(crate) fn tls(self: &Arc<Self>) -> Result<Arc<rustls::ServerConfig>, CertificateFault> {
        let resolver: Arc<dyn ResolvesServerCert> = self.clone();
        let mut config = rustls::ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(CertificateFault::Tls)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(CertificateFault::Tls)?;
        config.send_tls13_tickets = 1;
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn mark(file: &Path) -> Mark {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn read(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateFault> {
    let unreadable = |file: &Path, why: String| CertificateFault::Unreadable { file: file.to_owned(), why };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| unreadable(chain, why.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|why| unreadable(key, why.to_string()))?;
    CertifiedKey::from_der(certificates, private, provider).map_err(|why| CertificateFault::Mismatch {
        certificate: chain.to_owned(),
        key: key.to_owned(),
        why: why.to_string(),
    })
}
