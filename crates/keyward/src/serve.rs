//! `keyward serve`: the production server.

use crate::place::{Away, Place, StoreArg};
use crate::wiring::{self, Running};
use crate::witness::submit::{self, Told, WitnessAt};
use crate::{Failure, tls};
use clap::Args;
use ledger::OpenFault;
use path::Open;
use server::{Certificates, Listener};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Serves a site that `keyward init` made.
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Where the site keeps its data; with `--store` only certificates are looked for there.
    #[arg(long, value_name = "DIR", env = "KEYWARD_DATA", required_unless_present_all = ["store", "tls_cert"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArg,
    /// The root key; else `keyward-root-key` in `$CREDENTIALS_DIRECTORY`.
    #[arg(long, value_name = "FILE", env = "KEYWARD_ROOT_KEY")]
    root_key: Option<PathBuf>,
    /// The anchor, which remembers the newest head of the log outside its store; else `ROOT_KEY.anchor`. Several may be
    /// named: one that can be read and written is enough.
    #[arg(long = "anchor", value_name = "FILE", env = "KEYWARD_ANCHOR", value_delimiter = ',')]
    anchors: Vec<PathBuf>,
    /// A witness that is told of each checkpoint and cosigns it: `URL,LINE`, the line as `keyward witness` prints it; may be
    /// repeated.
    #[arg(long = "witness", value_name = "URL,LINE", value_parser = submit::witness_at)]
    witnesses: Vec<WitnessAt>,
    /// The authority that signed the witnesses' certificates, in PEM.
    #[arg(long, value_name = "FILE")]
    witness_ca: Option<PathBuf>,
    /// Addresses to listen on, with TLS; may be repeated.
    #[arg(long, value_name = "ADDRESS", default_values_t = [SocketAddr::from(([127, 0, 0, 1], 8200))])]
    listen: Vec<SocketAddr>,
    /// The certificate chain in PEM; else the one that `init` made.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "KEYWARD_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "KEYWARD_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// From the beginning of one walk over all rows to that of the next: each row is held against the log, so that what
    /// somebody edited, put back or deleted is told of before it is asked for.
    #[arg(long, value_name = "SECONDS", default_value_t = path::WALK_PERIOD.as_secs(), env = "KEYWARD_CHECK_ROWS_SECONDS")]
    check_rows_seconds: u64,
}

/// How often a sealed server looks for its root key, and asks a store that does not answer.
const UNSEAL_PERIOD: Duration = Duration::from_secs(2);

pub(crate) async fn run(args: ServeArgs) -> Result<(), Failure> {
    wiring::logs("info");
    wiring::protect();
    let path = wiring::sealed();
    path.walk_every(Duration::from_secs(args.check_rows_seconds.max(1)));
    let certificates = certificates(&args)?;
    let listeners = args.listen.iter().map(|address| Listener::tls(*address, Arc::clone(&certificates))).collect();
    let place = args.store.place(args.data.clone()).map_err(Failure::new)?;
    let folder = args.data.as_ref().map(|data| data.join("cosigned"));
    let told = Told { place, folder, ca_file: args.witness_ca.clone(), path: Arc::clone(&path) };
    let witnessed = submit::run(told, args.witnesses.clone());
    match unseal(&path, &args) {
        // A database may begin after its nodes do. Whatever else is wrong does not pass by waiting.
        Err(Closed::Store(why)) => {
            tracing::error!(%why, "the store does not answer; it is asked again");
            path.wait_for_store(true);
        }
        Err(Closed::Wrong(why)) => return Err(why),
        Ok(_) => {}
    }
    tokio::spawn(keep_open(Arc::clone(&path), args));
    let running = Running::bind(listeners, path).await.map_err(Failure::new)?;
    for address in running.addresses() {
        eprintln!("Keyward serves https://{address}");
    }
    let witnessed = tokio::spawn(witnessed);
    let served = running.run().await.map_err(Failure::new);
    witnessed.abort();
    served
}

fn certificates(args: &ServeArgs) -> Result<Arc<Certificates>, Failure> {
    let made = args.data.as_ref().map(|data| tls::TlsFiles::in_folder(&data.join("tls")));
    let named = args.tls_cert.clone().zip(args.tls_key.clone());
    let (chain, key) = named
        .or_else(|| made.map(|made| (made.chain, made.key)))
        .ok_or_else(|| Failure::new("name the certificate with --tls-cert and --tls-key"))?;
    Certificates::load(chain, key).map_err(Failure::from_display)
}

/// Why the house could not be opened.
enum Closed {
    /// The store does not answer.
    Store(Failure),
    /// The root key or the site is not as it must be.
    Wrong(Failure),
}

impl From<Failure> for Closed {
    fn from(why: Failure) -> Self {
        Self::Wrong(why)
    }
}

/// True: the house is open. False: the root key is not there, and everybody is answered "sealed".
fn unseal(path: &path::Path, args: &ServeArgs) -> Result<bool, Closed> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let found = match custody::find(args.root_key.as_deref(), credentials.as_deref()) {
        Ok(found) => found,
        Err(why) => {
            tracing::warn!(%why, "sealed");
            return Ok(false);
        }
    };
    if let Some(data) = &args.data {
        inside_is_refused(&found, data)?;
    }
    let root = custody::read(&found).map_err(Failure::from_display)?;
    let anchors = wiring::anchors(&wiring::anchor_files(&args.anchors, &found));
    let place = args.store.place(args.data.clone()).map_err(Failure::new)?;
    let store = match place.open_if_there() {
        Ok(store) => store,
        Err(Away::Silent(why)) => return Err(Closed::Store(Failure::new(why))),
        Err(Away::Refused(why)) => return Err(Closed::Wrong(Failure::new(why))),
    };
    match (path.open(Open { store, root: root.roots(), anchors }), place) {
        (Ok(()), _) => Ok(true),
        (Err(OpenFault::Store(why)), Place::Database(_)) => Err(Closed::Store(Failure::new(why))),
        (Err(why), _) => Err(Closed::Wrong(Failure::from_display(why))),
    }
}

fn inside_is_refused(root_key: &Path, data: &Path) -> Result<(), Failure> {
    custody::outside(root_key, data).map_err(Failure::from_display)
}

/// Opens the house when what it waits for is there; closes it when another process has brought a new root key.
async fn keep_open(path: Arc<path::Path>, args: ServeArgs) {
    loop {
        tokio::time::sleep(UNSEAL_PERIOD).await;
        if path.is_superseded() {
            tracing::error!("sealed: the root key was rotated, and this node waits for the new file");
            path.seal();
        }
        if !path.is_sealed() {
            continue;
        }
        // It may wait for a database: other tasks of this thread are taken over.
        match tokio::task::block_in_place(|| unseal(&path, &args)) {
            Ok(true) => tracing::info!("unsealed"),
            Ok(false) => path.wait_for_store(false),
            Err(Closed::Store(why)) => {
                path.wait_for_store(true);
                tracing::error!(%why, "the store does not answer; it is asked again");
            }
            Err(Closed::Wrong(why)) => {
                path.wait_for_store(false);
                tracing::error!(%why, "the root key does not open the site");
            }
        }
    }
}
