//! The embedded store: SQLite in WAL mode, one writer, readers beside it. docs/formats/store-sqlite.md.
//!
//! `keyward.db` is the truth: every commit is synced before it is acknowledged, deleted content is overwritten.
//! `projections.db` may be lost at any time; whoever fills it starts again from the log.
//! Both are mode 0600 in a directory of mode 0700, and `keyward.lock` keeps a second writer out.

mod checkpointer;
mod convert;
mod files;
mod health;
mod pool;
mod projections;
mod reader;
mod schema;
mod slots;
mod writer;

use ledger::{ProjectionReader, Reader, Store, StoreFault};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why there is no store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenFault {
    /// Nothing was ever founded here.
    Missing(PathBuf),
    /// A site lives here already.
    Exists(PathBuf),
    /// Another process writes here.
    InUse(PathBuf),
    /// A newer release wrote it.
    Newer { path: PathBuf, found: i64, known: i64 },
    /// A database, but none of ours.
    Foreign(PathBuf),
    /// The operating system or SQLite could not.
    Failed { path: PathBuf, reason: String },
}

impl fmt::Display for OpenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "{} holds no site; make one with `keyward init`", path.display()),
            Self::Exists(path) => write!(f, "{} holds a site already; name an empty directory", path.display()),
            Self::InUse(path) => write!(f, "another process has {} open; stop it first", path.display()),
            Self::Newer { path, found, known } => write!(
                f,
                "{} has format {found} and this release knows up to {known}; start a release at least as new as the one that wrote it",
                path.display()
            ),
            Self::Foreign(path) => write!(f, "{} is no Keyward database; name another directory", path.display()),
            Self::Failed { path, reason } => write!(f, "{}: {reason}", path.display()),
        }
    }
}

impl std::error::Error for OpenFault {}

/// Makes an empty store in `dir`, and the directory where it is missing. A half-made one that was never founded is
/// finished.
pub fn create(dir: &Path) -> Result<Store, OpenFault> {
    files::make_directory(dir)?;
    let lock = files::Lock::take(dir)?;
    files::make_database(dir)?;
    let link = schema::open_writer(dir)?;
    if schema::is_founded(&link).map_err(|fault| failed(dir, fault))? {
        return Err(OpenFault::Exists(dir.to_owned()));
    }
    drop(link);
    files::sync_directory(dir)?;
    assemble(dir, lock)
}

/// Opens the store in `dir` to write and read. Only one process can.
pub fn open(dir: &Path) -> Result<Store, OpenFault> {
    files::require_database(dir)?;
    let lock = files::Lock::take(dir)?;
    assemble(dir, lock)
}

/// What can be read beside a running server.
pub struct ReadOnly {
    pub reader: Arc<dyn Reader>,
    pub projection_reader: Arc<dyn ProjectionReader>,
}

/// Opens the store in `dir` to read it, also while a server writes it.
pub fn open_read_only(dir: &Path) -> Result<ReadOnly, OpenFault> {
    files::require_database(dir)?;
    let reader = reader::SqliteReader::open(dir)?;
    Ok(ReadOnly { reader: Arc::new(reader), projection_reader: projections::open_reader(dir) })
}

/// What is committed in `dir` at this moment, also while a server writes on. The WAL grows as long as this lives.
pub fn open_snapshot(dir: &Path) -> Result<Arc<dyn Reader>, OpenFault> {
    files::require_database(dir)?;
    Ok(Arc::new(reader::SqliteReader::snapshot(dir)?))
}

fn assemble(dir: &Path, lock: files::Lock) -> Result<Store, OpenFault> {
    let (open, reader) = (writer::Open::new(dir)?, reader::SqliteReader::open(dir)?);
    let writer = writer::SqliteWriter::new(dir, lock, open, reader.pool());
    let projection_writer = projections::SqliteProjectionWriter::open(dir)?;
    Ok(Store {
        writer: Box::new(writer),
        reader: Arc::new(reader),
        projection_writer: Box::new(projection_writer),
        projection_reader: projections::open_reader(dir),
        name: format!("SQLite in {}", dir.display()),
    })
}

fn failed(path: &Path, fault: StoreFault) -> OpenFault {
    OpenFault::Failed { path: path.to_owned(), reason: fault.0 }
}
