//! Moves what the WAL holds into the database, on a thread and a connection of its own.
//!
//! Its checkpoints are PASSIVE: they never keep the writer waiting. Under steady load they never quite catch up, so
//! a WAL that has grown too long is finished by the writer between two commits, which is short because nearly all of
//! it was moved before; the next commit then begins the file anew.

use crate::convert::fault;
use crate::health::Health;
use crate::{OpenFault, schema};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ledger::StoreFault;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A checkpoint at least this often while anything is written.
const PAUSE: Duration = Duration::from_secs(1);
/// And as soon as this much was written.
const WRITTEN_BYTES: u64 = 16 << 20;
/// From this length on the writer is asked to finish the WAL.
const WAL_BYTES_MAX: u64 = 64 << 20;

#[derive(Default)]
struct Shared {
    written: AtomicU64,
    finish: AtomicBool,
}

pub(crate) struct Checkpointer {
    bell: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Checkpointer {
    pub(crate) fn start(dir: &Path, health: Arc<Health>) -> Result<Self, OpenFault> {
        let link = schema::open_writer(dir)?;
        let (bell, rung) = bounded(1);
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || work(&link, &rung, &seen, &health))
            .map_err(|error| OpenFault::Failed { path: dir.to_owned(), reason: error.to_string() })?;
        Ok(Self { bell: Some(bell), thread: Some(thread), shared })
    }

    /// Tells of a commit. True: the WAL has grown too long, and the writer should finish it now.
    pub(crate) fn wrote(&self, bytes: u64) -> bool {
        let before = self.shared.written.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) >= WRITTEN_BYTES
            && let Some(bell) = &self.bell
        {
            // A bell that rings already is enough.
            let _ = bell.try_send(());
        }
        self.shared.finish.load(Ordering::Relaxed) && self.shared.finish.swap(false, Ordering::Relaxed)
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.bell = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(link: &Connection, rung: &Receiver<()>, shared: &Shared, health: &Health) {
    while rung.recv_timeout(PAUSE) != Err(RecvTimeoutError::Disconnected) {
        if shared.written.swap(0, Ordering::Relaxed) == 0 {
            continue;
        }
        match checkpoint(link, Mode::Passive) {
            Ok(done) if done.wal_bytes > WAL_BYTES_MAX => shared.finish.store(true, Ordering::Relaxed),
            Ok(_) => {}
            // An error here may be a failed sync: nobody may believe the disk any more.
            Err(found) => {
                tracing::error!(fault = found.0, "a checkpoint failed; the store stops until it is reopened");
                health.poison(&found);
            }
        }
    }
    if health.is_poisoned() {
        let _ = schema::close_as_it_is(link);
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// As much as is possible without waiting for anybody.
    Passive,
    /// Everything; the WAL is empty afterwards.
    Truncate,
}

pub(crate) struct Done {
    /// Whether somebody stood in the way.
    pub(crate) hindered: bool,
    pub(crate) wal_bytes: u64,
}

pub(crate) fn checkpoint(link: &Connection, mode: Mode) -> Result<Done, StoreFault> {
    let sql = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?));
    let (hindered, frames) = link.query_row(sql, [], read).map_err(|error| fault("checkpoint", &error))?;
    let frames = u64::try_from(frames).unwrap_or(0);
    Ok(Done { hindered, wal_bytes: frames.saturating_mul(FRAME_BYTES) })
}

/// A page and its header in the WAL.
const FRAME_BYTES: u64 = 4_096 + 24;
