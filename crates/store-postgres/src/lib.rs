//! The store for several nodes: PostgreSQL. docs/formats/store-postgres.md.
//!
//! Whoever appends holds the row lock of the log's head; a batch and the rows that it changes are one transaction.
//! Reads carry the head of their own snapshot, so a server that has fallen behind is never believed.

mod availability;
mod convert;
mod driver;
mod link;
mod pool;
mod projections;
mod reader;
mod schema;
mod scrub;
mod target;
mod tls;
mod writer;

use ledger::{ProjectionReader, Reader, Store};
use pool::Pool;
use reader::PostgresReader;
use std::fmt;
use std::sync::Arc;
use target::Target;

/// Why there is no store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenFault {
    /// The URL cannot be used.
    Url(String),
    /// Nothing was ever founded here.
    Missing(String),
    /// A site lives here already.
    Exists(String),
    /// A server has it open that must not, or it is being moved.
    InUse(String),
    /// A newer release wrote it.
    Newer { name: String, found: i32, known: i32 },
    /// The database does not answer: asked again, it may.
    Silent { name: String, reason: String },
    /// The database could not.
    Failed { name: String, reason: String },
}

impl fmt::Display for OpenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(why) => write!(f, "the store's URL: {why}"),
            Self::Missing(name) => write!(f, "{name} holds no site; make one with `keyward init`"),
            Self::Exists(name) => write!(f, "{name} holds a site already; name another database"),
            Self::InUse(name) => write!(f, "other processes have {name} open, or it is being moved; stop them first"),
            Self::Newer { name, found, known } => write!(
                f,
                "{name} has format {found} and this release knows up to {known}; start a release at least as new as the one that wrote it"
            ),
            Self::Silent { name, reason } | Self::Failed { name, reason } => write!(f, "{name}: {reason}"),
        }
    }
}

impl std::error::Error for OpenFault {}

/// Makes an empty store in the database. A half-made one that was never founded is finished.
pub fn create(url: &str) -> Result<Store, OpenFault> {
    let target = Target::parse(url)?;
    let writer = writer::PostgresWriter::open(target, Purpose::Make)?;
    if writer.is_founded()? {
        return Err(OpenFault::Exists(writer.target().name.clone()));
    }
    assemble(writer)
}

/// Opens the store to write and read, beside other nodes.
pub fn open(url: &str) -> Result<Store, OpenFault> {
    let target = Target::parse(url)?;
    assemble(writer::PostgresWriter::open(target, Purpose::Serve)?)
}

/// Opens the store so that no node can, until it is dropped.
pub fn open_alone(url: &str) -> Result<Store, OpenFault> {
    let target = Target::parse(url)?;
    assemble(writer::PostgresWriter::open(target, Purpose::Move)?)
}

/// Makes an empty store that is to be loaded. A half-loaded one is begun anew; a founded one is left alone.
pub fn create_to_load(url: &str) -> Result<Store, OpenFault> {
    let target = Target::parse(url)?;
    let writer = writer::PostgresWriter::open(target, Purpose::Load)?;
    if writer.has_facts()? {
        return Err(OpenFault::Exists(writer.target().name.clone()));
    }
    assemble(writer)
}

/// What a connection that writes is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Make,
    Serve,
    Move,
    Load,
}

/// What can be read beside running servers.
pub struct ReadOnly {
    pub reader: Arc<dyn Reader>,
    pub projection_reader: Arc<dyn ProjectionReader>,
}

/// Opens the store to read it only.
pub fn open_read_only(url: &str) -> Result<ReadOnly, OpenFault> {
    let target = Target::parse(url)?;
    drop(writer::PostgresWriter::open(Arc::clone(&target), Purpose::Serve)?);
    let pool = Arc::new(Pool::new(target, Arc::default())?);
    let reader = Arc::new(PostgresReader::new(Arc::clone(&pool)));
    Ok(ReadOnly { reader, projection_reader: Arc::new(projections::PostgresProjectionReader(pool)) })
}

/// What is committed at this moment, also while servers write on. The database keeps what they overwrite for as long as
/// this lives.
pub fn open_snapshot(url: &str) -> Result<Arc<dyn Reader>, OpenFault> {
    let target = Target::parse(url)?;
    drop(writer::PostgresWriter::open(Arc::clone(&target), Purpose::Serve)?);
    Ok(Arc::new(PostgresReader::new(Arc::new(Pool::snapshot(target)?))))
}

fn assemble(writer: writer::PostgresWriter) -> Result<Store, OpenFault> {
    let target = writer.target();
    let name = target.name.clone();
    let pool = Arc::new(Pool::new(Arc::clone(&target), writer.mark())?);
    Ok(Store {
        reader: Arc::new(PostgresReader::new(Arc::clone(&pool))),
        projection_writer: Box::new(projections::PostgresProjectionWriter::new(target, Arc::clone(&pool))),
        projection_reader: Arc::new(projections::PostgresProjectionReader(pool)),
        writer: Box::new(writer),
        name,
    })
}
