//! Where a site keeps its log: a directory of the embedded store, or a PostgreSQL database.

use clap::Args;
use ledger::{ProjectionReader, Reader, Store};
use std::path::PathBuf;
use std::sync::Arc;

/// Which store is meant. A URL may hold a password, so it is better given in the environment.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArg {
    /// Keep the log in PostgreSQL: `postgres://USER@HOST[,HOST…]/DATABASE?sslrootcert=FILE`; else in the data directory.
    #[arg(long, value_name = "URL", env = "KEYWARD_STORE", hide_env_values = true)]
    pub store: Option<String>,
}

pub(crate) enum Place {
    Folder(PathBuf),
    Database(String),
}

/// What is read beside running servers.
pub(crate) struct Seen {
    pub reader: Arc<dyn Reader>,
    pub projections: Arc<dyn ProjectionReader>,
}

/// Why there is no store.
pub(crate) enum Away {
    /// Nobody answers: asked again, it may.
    Silent(String),
    Refused(String),
}

impl StoreArg {
    /// The database that is named, else the directory.
    pub(crate) fn place(&self, data: Option<PathBuf>) -> Result<Place, String> {
        match (&self.store, data) {
            (Some(url), _) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Place::Database(url.clone()))
            }
            (Some(_), _) => {
                Err("the store's URL begins with postgres://; without --store the data directory is it".into())
            }
            (None, Some(data)) => Ok(Place::Folder(data)),
            (None, None) => Err("name the data directory with --data, or the database with --store".into()),
        }
    }
}

impl Place {
    /// A URL, or else a directory.
    pub(crate) fn named(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Database(text.to_owned())
        } else {
            Self::Folder(PathBuf::from(text))
        }
    }

    /// A store that nobody serves meanwhile.
    pub(crate) fn open_alone(&self) -> Result<Store, String> {
        match self {
            Self::Folder(data) => store_sqlite::open(data).map_err(|why| why.to_string()),
            Self::Database(url) => store_postgres::open_alone(url).map_err(|why| why.to_string()),
        }
    }

    /// An empty store that another is loaded into.
    pub(crate) fn create_to_load(&self) -> Result<Store, String> {
        match self {
            Self::Folder(data) => store_sqlite::create(data).map_err(|why| why.to_string()),
            Self::Database(url) => store_postgres::create_to_load(url).map_err(|why| why.to_string()),
        }
    }

    /// An empty store.
    pub(crate) fn create(&self) -> Result<Store, String> {
        match self {
            Self::Folder(data) => store_sqlite::create(data).map_err(|why| why.to_string()),
            Self::Database(url) => store_postgres::create(url).map_err(|why| why.to_string()),
        }
    }

    pub(crate) fn open(&self) -> Result<Store, String> {
        match self {
            Self::Folder(data) => store_sqlite::open(data).map_err(|why| why.to_string()),
            Self::Database(url) => store_postgres::open(url).map_err(|why| why.to_string()),
        }
    }

    /// The store, if it is there: a database may be away for a while.
    pub(crate) fn open_if_there(&self) -> Result<Store, Away> {
        match self {
            Self::Folder(_) => self.open().map_err(Away::Refused),
            Self::Database(url) => store_postgres::open(url).map_err(|why| match why {
                store_postgres::OpenFault::Silent { .. } => Away::Silent(why.to_string()),
                _ => Away::Refused(why.to_string()),
            }),
        }
    }

    /// One moment of a store that is written on.
    pub(crate) fn snapshot(&self) -> Result<Arc<dyn Reader>, String> {
        match self {
            Self::Folder(data) => store_sqlite::open_snapshot(data).map_err(|why| why.to_string()),
            Self::Database(url) => store_postgres::open_snapshot(url).map_err(|why| why.to_string()),
        }
    }

    pub(crate) fn read(&self) -> Result<Seen, String> {
        match self {
            Self::Folder(data) => {
                let store = store_sqlite::open_read_only(data).map_err(|why| why.to_string())?;
                Ok(Seen { reader: store.reader, projections: store.projection_reader })
            }
            Self::Database(url) => {
                let store = store_postgres::open_read_only(url).map_err(|why| why.to_string())?;
                Ok(Seen { reader: store.reader, projections: store.projection_reader })
            }
        }
    }
}
