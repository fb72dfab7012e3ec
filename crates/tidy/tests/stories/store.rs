//! Where a story's house keeps its log, with switches that break it.

use crate::{server, thief};
use ledger::{Batch, Done, Locked, Named, ProjectionReader, Reader, Store, StoreFault, StoredCheckpoint, Writer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What of a store is broken.
#[derive(Default)]
pub(crate) struct Switches {
    pub(crate) all: AtomicBool,
    pub(crate) pruning: AtomicBool,
    /// The next append is done, and nobody is told.
    pub(crate) answer: AtomicBool,
    /// Where that answer is lost, whoever writes goes on with another server, which never had the batch.
    pub(crate) elsewhere: AtomicBool,
}

/// A folder of the embedded store, or a database of a real PostgreSQL.
pub(crate) enum Place {
    Folder(tempfile::TempDir),
    Database(String),
}

/// What somebody sees who only reads.
pub(crate) struct Seen {
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) projections: Arc<dyn ProjectionReader>,
}

impl Place {
    pub(crate) fn folder() -> Option<Self> {
        tempfile::tempdir().ok().map(Self::Folder)
    }

    /// None: there is no PostgreSQL here, which was said.
    pub(crate) fn database() -> Option<Self> {
        server::fresh().map(|(_, _, url)| Self::Database(url))
    }

    pub(crate) fn at(url: String) -> Self {
        Self::Database(url)
    }

    pub(crate) fn create(&self) -> Store {
        match self {
            Self::Folder(folder) => store_sqlite::create(folder.path()).unwrap(),
            Self::Database(url) => store_postgres::create(url).unwrap(),
        }
    }

    /// Opens it again; whoever has it open may need a moment to let it go.
    pub(crate) fn open(&self) -> Store {
        let open = || match self {
            Self::Folder(folder) => store_sqlite::open(folder.path()).map_err(|fault| fault.to_string()),
            Self::Database(url) => store_postgres::open(url).map_err(|fault| fault.to_string()),
        };
        let opened = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            open().ok()
        });
        opened.unwrap()
    }

    /// What somebody does who writes the database.
    pub(crate) fn steal(&self, deed: &[&str]) -> String {
        match self {
            Self::Folder(folder) => thief::act(folder.path(), deed),
            Self::Database(url) => thief::act_on_server(url.rsplit('/').next().unwrap(), deed),
        }
    }

    pub(crate) fn read(&self) -> Seen {
        match self {
            Self::Folder(folder) => {
                let seen = store_sqlite::open_read_only(folder.path()).unwrap();
                Seen { reader: seen.reader, projections: seen.projection_reader }
            }
            Self::Database(url) => {
                let seen = store_postgres::open_read_only(url).unwrap();
                Seen { reader: seen.reader, projections: seen.projection_reader }
            }
        }
    }
}

/// A writer that fails while a switch is on.
struct Breakable {
    writer: Box<dyn Writer>,
    broken: Arc<Switches>,
    /// Whether the next look at the log is at that other server.
    is_elsewhere: bool,
}

impl Breakable {
    fn whole(&mut self) -> Result<&mut dyn Writer, StoreFault> {
        if self.broken.all.load(Ordering::SeqCst) { Err(StoreFault("broken".into())) } else { Ok(&mut *self.writer) }
    }
}

impl Writer for Breakable {
    fn lock(&mut self, size: u64) -> Result<Locked, StoreFault> {
        let locked = self.whole()?.lock(size)?;
        match std::mem::take(&mut self.is_elsewhere) {
            true => Ok(Locked { size, news: Vec::new() }),
            false => Ok(locked),
        }
    }

    fn release(&mut self) -> Result<(), StoreFault> {
        self.whole()?.release()
    }

    fn append(&mut self, batch: &Batch) -> Result<(), StoreFault> {
        self.whole()?.append(batch)?;
        match self.broken.answer.swap(false, Ordering::SeqCst) {
            true => {
                self.is_elsewhere = self.broken.elsewhere.swap(false, Ordering::SeqCst);
                Err(StoreFault("the connection was lost at the commit".into()))
            }
            false => Ok(()),
        }
    }

    fn sign(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StoreFault> {
        self.whole()?.sign(checkpoint)
    }

    fn reopen(&mut self) -> Result<(), StoreFault> {
        self.whole()?.reopen()
    }

    fn scrub(&mut self, done: Done) {
        match self.whole() {
            Ok(writer) => writer.scrub(done),
            Err(fault) => done(Err(fault)),
        }
    }

    fn prune(&mut self, from: u64, before: u64, named: &Named) -> Result<Option<u64>, StoreFault> {
        if self.broken.pruning.load(Ordering::SeqCst) {
            return Err(StoreFault("broken".into()));
        }
        self.whole()?.prune(from, before, named)
    }

    fn found(&mut self, facts: &[(String, Vec<u8>)]) -> Result<(), StoreFault> {
        self.whole()?.found(facts)
    }
}

pub(crate) fn breakable(store: Store, broken: &Arc<Switches>) -> Store {
    let writer = Breakable { writer: store.writer, broken: Arc::clone(broken), is_elsewhere: false };
    Store { writer: Box::new(writer), ..store }
}
