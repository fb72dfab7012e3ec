//! Where a story's house keeps its log, with switches that break it.

use crate::{server, thief};
use ledger::{
    Batch, Done, Locked, Named, ProjectionReader, Reader, Store, StoreFault, StoredBatch, StoredCheckpoint, Writer,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What of a store is broken.
#[derive(Default)]
pub(crate) struct Switches {
    pub(crate) all: AtomicBool,
    pub(crate) pruning: AtomicBool,
    /// It can be read, but no commit is confirmed.
    pub(crate) commits: AtomicBool,
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
    /// The first entry that the other server never had, until somebody looks for it there.
    elsewhere: Option<u64>,
}

impl Breakable {
    fn whole(&mut self) -> Result<&mut dyn Writer, StoreFault> {
        if self.broken.all.load(Ordering::SeqCst) { Err(StoreFault("broken".into())) } else { Ok(&mut *self.writer) }
    }

    /// For what ends in a commit.
    fn able(&mut self) -> Result<&mut dyn Writer, StoreFault> {
        match self.broken.commits.load(Ordering::SeqCst) {
            true => Err(StoreFault("no standby confirms".into())),
            false => self.whole(),
        }
    }
}

impl Writer for Breakable {
    fn lock(&mut self, size: u64) -> Result<Locked, StoreFault> {
        self.whole()?.lock(size)
    }

    fn release(&mut self) -> Result<(), StoreFault> {
        self.whole()?.release()
    }

    fn append(&mut self, batch: &Batch) -> Result<(), StoreFault> {
        self.able()?.append(batch)?;
        match self.broken.answer.swap(false, Ordering::SeqCst) {
            true => {
                self.elsewhere = self.broken.elsewhere.swap(false, Ordering::SeqCst).then_some(batch.first);
                Err(StoreFault("the connection was lost at the commit".into()))
            }
            false => Ok(()),
        }
    }

    fn batches(&mut self, index: u64, limit: u32) -> Result<Vec<StoredBatch>, StoreFault> {
        match self.elsewhere.take_if(|first| index >= *first) {
            Some(_) => Ok(Vec::new()),
            None => self.whole()?.batches(index, limit),
        }
    }

    fn confirm(&mut self) -> Result<(), StoreFault> {
        self.able()?.confirm()
    }

    fn sign(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StoreFault> {
        self.able()?.sign(checkpoint)
    }

    fn reopen(&mut self) -> Result<(), StoreFault> {
        self.able()?.reopen()
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
    let writer = Breakable { writer: store.writer, broken: Arc::clone(broken), elsewhere: None };
    Store { writer: Box::new(writer), ..store }
}
