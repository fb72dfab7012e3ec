//! Read-only connections, as many as can be busy at once. Taking one needs no lock.

use crate::OpenFault;
use crate::convert::fault;
use crossbeam_channel::{Receiver, Sender, bounded};
use ledger::StoreFault;
use rusqlite::{CachedStatement, Connection};

/// Beyond the cores: whoever waits for the disk should not keep others out.
const SPARE: usize = 2;

pub(crate) struct Pool {
    idle: Receiver<Connection>,
    back: Sender<Connection>,
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
    pub(crate) fn open(connect: impl Fn() -> Result<Connection, OpenFault>) -> Result<Self, OpenFault> {
        let size = std::thread::available_parallelism().map_or(SPARE, |cores| cores.get().saturating_add(SPARE));
        let (back, idle) = bounded(size);
        for _ in 0..size {
            let _ = back.try_send(connect()?);
        }
        Ok(Self { idle, back })
    }

    /// Of one connection alone.
    pub(crate) fn of(link: Connection) -> Self {
        let (back, idle) = bounded(1);
        let _ = back.try_send(link);
        Self { idle, back }
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
        let link = self.idle.recv().map_err(|_| StoreFault(format!("{doing}: the store is closed")))?;
        let loan = Loan { link: Some(link), back: &self.back };
        let Some(link) = &loan.link else {
            return Err(StoreFault(format!("{doing}: the store is closed")));
        };
        read(link).map_err(|error| fault(doing, &error))
    }
}
