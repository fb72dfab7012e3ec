//! Moves what the WAL holds into the database, on a thread and a connection of its own.
//!
//! Its checkpoints are PASSIVE: they never keep the writer waiting. Under steady load they never quite catch up, so
//! a WAL that has grown too long is finished by the writer between two commits, which is short because nearly all of
//! it was moved before; the next commit then begins the file anew.
//!
//! It also cuts the WAL for those who want what was destroyed out of it. Whoever reads meanwhile is waited for, and hinders
//! nobody else.

use crate::convert::fault;
use crate::health::Health;
use crate::{OpenFault, schema};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ledger::{Done, StoreFault};
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A checkpoint at least this often while anything is written.
const PAUSE: Duration = Duration::from_secs(1);
/// And as soon as this much was written.
const WRITTEN_BYTES: u64 = 16 << 20;
/// From this length on the writer is asked to finish the WAL.
const WAL_BYTES_MAX: u64 = 64 << 20;

/// Whoever reads is waited for, first shortly, then longer, and then no more.
const CUT_PAUSE: Duration = Duration::from_millis(5);
const CUT_PAUSE_MAX: Duration = Duration::from_secs(1);
const CUT_WAIT_MAX: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Shared {
    written: AtomicU64,
    finish: AtomicBool,
    /// Who has asked for the WAL to be cut.
    cuts: Mutex<Vec<Done>>,
}

pub(crate) struct Checkpointer {
    bell: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Checkpointer {
    pub(crate) fn start(dir: &Path, health: Arc<Health>) -> Result<Self, OpenFault> {
        let link = schema::open_checkpointer(dir)?;
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
            ring(bell);
        }
        self.shared.finish.load(Ordering::Relaxed) && self.shared.finish.swap(false, Ordering::Relaxed)
    }
}

impl Checkpointer {
    /// Empties the WAL once nobody reads from it. Where the store is closed before that, `done` is dropped.
    pub(crate) fn cut(&self, done: Done) {
        self.shared.cuts.lock().unwrap_or_else(PoisonError::into_inner).push(done);
        if let Some(bell) = &self.bell {
            ring(bell);
        }
    }
}

/// A bell that rings already is enough.
fn ring(bell: &Sender<()>) {
    let _ = bell.try_send(());
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
    let mut cut = Cut::default();
    while rung.recv_timeout(cut.pause()) != Err(RecvTimeoutError::Disconnected) {
        cut.take(&mut shared.cuts.lock().unwrap_or_else(PoisonError::into_inner));
        // Before a cut too: the less that leaves to it, the shorter nobody can write.
        if shared.written.swap(0, Ordering::Relaxed) > 0 || !cut.wanted.is_empty() {
            match checkpoint(link, Mode::Passive) {
                Ok(done) if done.wal_bytes > WAL_BYTES_MAX => shared.finish.store(true, Ordering::Relaxed),
                Ok(_) => {}
                Err(found) => stop(health, &found),
            }
        }
        cut.step(link, health);
    }
    if health.is_poisoned() {
        let _ = schema::close_as_it_is(link);
    }
}

/// An error here may be a failed sync: nobody may believe the disk any more.
fn stop(health: &Health, found: &StoreFault) {
    tracing::error!(fault = found.0, "a checkpoint failed; the store stops until it is reopened");
    health.poison(found);
}

/// A cut of the WAL that is wanted.
#[derive(Default)]
struct Cut {
    wanted: Vec<Done>,
    tried: u32,
    waited: Duration,
}

impl Cut {
    fn pause(&self) -> Duration {
        if self.wanted.is_empty() {
            return PAUSE;
        }
        CUT_PAUSE.saturating_mul(1_u32.checked_shl(self.tried).unwrap_or(u32::MAX)).min(CUT_PAUSE_MAX)
    }

    /// Whoever comes anew is waited for as long as anybody.
    fn take(&mut self, wanted: &mut Vec<Done>) {
        if !wanted.is_empty() {
            self.wanted.append(wanted);
            (self.tried, self.waited) = (0, Duration::ZERO);
        }
    }

    /// One attempt, if one is wanted. A reader in the way is no fault of the store's.
    fn step(&mut self, link: &Connection, health: &Health) {
        if self.wanted.is_empty() {
            return;
        }
        let cut = match health.check() {
            Ok(()) => checkpoint(link, Mode::Truncate).inspect_err(|found| stop(health, found)),
            Err(stopped) => Err(stopped),
        };
        let done = match cut {
            Ok(done) if done.hindered && self.waited < CUT_WAIT_MAX => {
                self.waited = self.waited.saturating_add(self.pause());
                self.tried = self.tried.saturating_add(1);
                return;
            }
            Ok(done) if done.hindered => Err(StoreFault("checkpoint: a reader stands in the way".to_owned())),
            done => done.map(|_| ()),
        };
        self.wanted.drain(..).for_each(|wanted| wanted(done.clone()));
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// As much as is possible without waiting for anybody.
    Passive,
    /// Everything; the WAL is empty afterwards.
    Truncate,
}

pub(crate) struct Moved {
    /// Whether somebody stood in the way.
    pub(crate) hindered: bool,
    pub(crate) wal_bytes: u64,
}

pub(crate) fn checkpoint(link: &Connection, mode: Mode) -> Result<Moved, StoreFault> {
    let sql = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?));
    let (hindered, frames) = link.query_row(sql, [], read).map_err(|error| fault("checkpoint", &error))?;
    let frames = u64::try_from(frames).unwrap_or(0);
    Ok(Moved { hindered, wal_bytes: frames.saturating_mul(FRAME_BYTES) })
}

/// A page and its header in the WAL.
const FRAME_BYTES: u64 = 4_096 + 24;
