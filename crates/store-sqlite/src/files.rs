//! Directory, file modes, the lock.

use crate::OpenFault;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const DATABASE: &str = "keyward.db";
const PROJECTIONS: &str = "projections.db";
const LOCK: &str = "keyward.lock";

const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

pub(crate) fn database(dir: &Path) -> PathBuf {
    dir.join(DATABASE)
}

pub(crate) fn projections(dir: &Path) -> PathBuf {
    dir.join(PROJECTIONS)
}

/// Makes the directory if it is missing, and syncs its name into its parent.
pub(crate) fn make_directory(dir: &Path) -> Result<(), OpenFault> {
    if dir.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(dir).map_err(|error| failed(dir, &error))?;
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        _ => sync_directory(Path::new(".")),
    }
}

/// SQLite gives its companions (`-wal`, `-shm`) the mode of the database, so the file is made before SQLite sees it.
pub(crate) fn make_database(dir: &Path) -> Result<(), OpenFault> {
    make_private(&database(dir))
}

pub(crate) fn make_private(path: &Path) -> Result<(), OpenFault> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(path, &error)),
    }
}

pub(crate) fn require_database(dir: &Path) -> Result<(), OpenFault> {
    match std::fs::metadata(database(dir)) {
        Ok(found) if found.len() > 0 => Ok(()),
        Ok(_) => Err(OpenFault::Missing(dir.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(OpenFault::Missing(dir.to_owned())),
        Err(error) => Err(failed(dir, &error)),
    }
}

pub(crate) fn sync_directory(dir: &Path) -> Result<(), OpenFault> {
    File::open(dir).and_then(|file| file.sync_all()).map_err(|error| failed(dir, &error))
}

/// Removes a database and its companions. What is not there is fine.
pub(crate) fn remove_database(path: &Path) -> Result<(), OpenFault> {
    for suffix in ["-wal", "-shm", ""] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        match std::fs::remove_file(&file) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&file, &error)),
        }
    }
    Ok(())
}

/// Held as long as somebody writes here. The kernel lets go of it when the process ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(dir: &Path) -> Result<Self, OpenFault> {
        let path = dir.join(LOCK);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(|error| failed(&path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenFault::InUse(dir.to_owned())),
            Err(error) => Err(failed(&path, &error.into())),
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> OpenFault {
    OpenFault::Failed { path: path.to_owned(), reason: error.to_string() }
}
