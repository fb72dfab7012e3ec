//! One connection.

use crate::target::{CONNECT_MAX, Target, reason};
use crate::tls::Encrypted;
use ledger::StoreFault;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::{AsyncMessage, Client, Connection, Socket};

/// Why the database did not do it. `said` is its own refusal, as opposed to a connection that was lost.
pub(crate) struct Failed {
    pub(crate) reason: String,
    pub(crate) said: bool,
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        // Class 57P: the server ends the connection, whatever was asked.
        let said = error.as_db_error().is_some_and(|database| !database.code().code().starts_with("57P"));
        Self { reason: reason(&error), said }
    }
}

impl From<StoreFault> for Failed {
    fn from(fault: StoreFault) -> Self {
        Self::said(fault.0)
    }
}

impl Failed {
    pub(crate) fn said(reason: String) -> Self {
        Self { reason, said: true }
    }

    pub(crate) fn silent() -> Self {
        Self { reason: "the database does not answer".to_owned(), said: false }
    }
}

pub(crate) struct Link {
    pub(crate) client: Client,
    /// Whether the server warned since this was last asked.
    warned: Arc<AtomicBool>,
}

impl Link {
    /// Connects to the first host that takes writes. The connection is moved by the runtime of the caller.
    pub(crate) async fn open(target: &Target, setup: &str) -> Result<Self, Failed> {
        let mut last = Failed { reason: "no host is named".to_owned(), said: false };
        for host in &target.hosts {
            // Twice the time of a connection: the handshakes come on top.
            let connecting = tokio::time::timeout(CONNECT_MAX * 2, host.connect(target.tls.clone()));
            match connecting.await {
                Ok(Ok((client, connection))) => return Self::set_up(client, connection, setup).await,
                Ok(Err(error)) => last = error.into(),
                Err(_) => last = Failed::silent(),
            }
        }
        Err(last)
    }

    async fn set_up(
        client: Client,
        connection: Connection<Socket, Encrypted<Socket>>,
        setup: &str,
    ) -> Result<Self, Failed> {
        let warned = Arc::new(AtomicBool::new(false));
        tokio::spawn(drive(connection, Arc::clone(&warned)));
        let set = tokio::time::timeout(CONNECT_MAX, client.batch_execute(setup)).await;
        set.map_err(|_| Failed::silent())??;
        Ok(Self { client, warned })
    }

    /// A warning at a commit says that its durability is less than was asked for.
    pub(crate) fn was_warned(&self) -> bool {
        self.warned.swap(false, Ordering::SeqCst)
    }
}

async fn drive(mut connection: Connection<Socket, Encrypted<Socket>>, warned: Arc<AtomicBool>) {
    while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) => {
                let harmless = matches!(notice.severity(), "NOTICE" | "INFO" | "DEBUG" | "LOG");
                warned.fetch_or(!harmless, Ordering::SeqCst);
                tracing::info!(severity = notice.severity(), said = notice.message(), "the database says");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(why = %reason(&error), "a connection to the database ended");
                return;
            }
        }
    }
}
