//! Read-only connections, as many as can be busy at once. Taking one needs no lock.

use crate::OpenFault;
use crate::convert::fault;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ledger::StoreFault;
use rusqlite::{CachedStatement, Connection};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Beyond the cores: whoever waits for the disk should not keep others out.
const SPARE: usize = 2;
/// Whoever waits for a connection looks this often whether there will be one.
const LOOK: Duration = Duration::from_millis(50);
/// How long closing waits for a statement that still reads.
const CLOSE_MAX: Duration = Duration::from_secs(10);

type Connect = Box<dyn Fn() -> Result<Connection, OpenFault> + Send + Sync>;

pub(crate) struct Pool {
    idle: Receiver<Connection>,
    back: Sender<Connection>,
    connect: Connect,
    /// How many connections there are, idle or on loan. Only the writer changes it after the opening.
    made: AtomicUsize,
    /// False while the writer needs the database for itself.
    lends: AtomicBool,
}

/// A connection on loan; it goes back by itself.
struct Loan<'a> {
    link: Option<Connection>,
    back: &'a Sender<Connection>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            // There is room: only what was taken comes back.
            let _ = self.back.try_send(link);
        }
    }
}

impl Pool {
    pub(crate) fn open(
        connect: impl Fn() -> Result<Connection, OpenFault> + Send + Sync + 'static,
    ) -> Result<Self, OpenFault> {
        let size = std::thread::available_parallelism().map_or(SPARE, |cores| cores.get().saturating_add(SPARE));
        let (back, idle) = bounded(size);
        let (made, lends) = (AtomicUsize::new(0), AtomicBool::new(false));
        let pool = Self { idle, back, connect: Box::new(connect), made, lends };
        pool.refill()?;
        Ok(pool)
    }

    /// Makes the connections that are missing, and lends them again.
    pub(crate) fn refill(&self) -> Result<(), OpenFault> {
        let size = self.back.capacity().unwrap_or(SPARE);
        while self.made.load(Ordering::Relaxed) < size {
            let _ = self.back.try_send((self.connect)()?);
            self.made.fetch_add(1, Ordering::Relaxed);
        }
        self.lends.store(true, Ordering::Release);
        Ok(())
    }

    /// Closes every connection. Until the refill, whoever wants one is told that there is none.
    pub(crate) fn close(&self) -> Result<(), StoreFault> {
        self.lends.store(false, Ordering::Release);
        while self.made.load(Ordering::Relaxed) > 0 {
            let link = self.idle.recv_timeout(CLOSE_MAX);
            drop(link.map_err(|_| StoreFault("a reader does not come to its end".to_owned()))?);
            self.made.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn take(&self, doing: &str) -> Result<Connection, StoreFault> {
        while self.lends.load(Ordering::Acquire) {
            match self.idle.recv_timeout(LOOK) {
                Ok(link) => return Ok(link),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Err(StoreFault(format!("{doing}: the store is stopped until it is reopened")))
    }

    /// Of one connection alone, which is never made again.
    pub(crate) fn of(link: Connection) -> Self {
        let (back, idle) = bounded(1);
        let _ = back.try_send(link);
        let connect = Box::new(|| Err(OpenFault::InUse(std::path::PathBuf::new())));
        Self { idle, back, connect, made: AtomicUsize::new(1), lends: AtomicBool::new(true) }
    }

    /// Lends a prepared statement. Waits while all connections are out; nobody keeps one longer than a statement.
    pub(crate) fn with<T>(
        &self,
        doing: &str,
        sql: &str,
        read: impl FnOnce(&mut CachedStatement<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreFault> {
        self.borrow(doing, |link| link.prepare_cached(sql).and_then(|mut statement| read(&mut statement)))
    }

    /// Lends a connection on which all reads see the same moment.
    pub(crate) fn at_once<T>(
        &self,
        doing: &str,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreFault> {
        self.borrow(doing, |link| {
            // A snapshot's connection is within one moment for as long as it lives.
            if !link.is_autocommit() {
                return read(link);
            }
            link.prepare_cached("BEGIN")?.execute(())?;
            let done = read(link);
            // Nothing was written: it does not matter how it ends, but it must.
            link.prepare_cached("COMMIT")?.execute(())?;
            done
        })
    }

    fn borrow<T>(
        &self,
        doing: &str,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreFault> {
        let loan = Loan { link: Some(self.take(doing)?), back: &self.back };
        let Some(link) = &loan.link else {
            return Err(StoreFault(format!("{doing}: the store is closed")));
        };
        read(link).map_err(|error| fault(doing, &error))
    }
}
