//! What others appended to the same log: read up before anything is judged, so that it is judged on all of it.

use super::Committer;
use crate::anchor::Changed;
use crate::store::{StoreFault, StoredBatch};
use crate::view::entries_of;
use crate::{Frontier, decode_entry, leaf_hash};
use clock::Steady;

/// Batches that are held in memory at once.
const NEWS_BATCHES: u32 = 64;

/// What a batch of somebody else's says, after its code and its tree were checked.
struct News {
    frontier: Frontier,
    steady: Steady,
    changed: Vec<Changed>,
}

impl Committer {
    /// Nobody else appends from here on, and all that others appended is known: the head has not moved, or what moved
    /// it was read up. A store of one process has no others, and this costs nothing there.
    pub(super) fn lock(&mut self) -> Result<(), StoreFault> {
        loop {
            let locked = self.writer.lock(self.frontier.size())?;
            self.read_up(&locked.news)?;
            let known = self.frontier.size();
            if locked.size == known {
                return Ok(());
            }
            if locked.size < known {
                let size = locked.size;
                return Err(StoreFault(format!("the log has {size} entries where {known} were acknowledged")));
            }
            // Too far behind to read it all while others wait.
            self.writer.release()?;
            self.catch_up()?;
        }
    }

    /// Reads up to the end of the log as it is now. Others may append meanwhile.
    pub(super) fn catch_up(&mut self) -> Result<(), StoreFault> {
        loop {
            let size = self.frontier.size();
            let news = self.writer.batches(size, NEWS_BATCHES)?;
            if news.is_empty() {
                return Ok(());
            }
            self.read_up(&news)?;
        }
    }

    /// Batches that follow what is known, in order. Each must have the site's code and go on from the tree as it is.
    fn read_up(&mut self, news: &[StoredBatch]) -> Result<(), StoreFault> {
        for batch in news {
            let News { frontier, steady, changed } = self.check(batch)?;
            self.frontier = frontier;
            self.state = batch.state;
            self.steady = self.steady.max(steady);
            self.publish_head();
            if !changed.is_empty() {
                self.forget(&changed);
                self.confirmed.since.extend(changed);
                self.is_still_ours()?;
            }
        }
        Ok(())
    }

    /// What another process sealed under a new root key this one cannot open, and must not seal beside.
    pub(super) fn is_still_ours(&self) -> Result<(), StoreFault> {
        if self.shared.keys.is_superseded() {
            return Err(StoreFault("the root key was rotated: this process must be given the new file".to_owned()));
        }
        Ok(())
    }

    fn check(&self, batch: &StoredBatch) -> Result<News, StoreFault> {
        let (first, known) = (batch.first, self.frontier.size());
        if first != known {
            return Err(StoreFault(format!("a batch at {first} is said to follow a log of {known} entries")));
        }
        if !batch.is_genuine(&self.shared.keys.batch_mac) {
            return Err(StoreFault(format!("the batch at {first} does not carry the code of this site")));
        }
        let mut news = News { frontier: self.frontier.clone(), steady: self.steady, changed: Vec::new() };
        for (entry, index) in entries_of(&batch.entries).zip(first..) {
            news.frontier.append(leaf_hash(entry));
            let clear = decode_entry(entry);
            let clear = clear.map_err(|_| StoreFault(format!("an entry of the batch at {first} cannot be read")))?;
            news.steady = news.steady.max(clear.steady);
            news.changed.extend(clear.rows.iter().map(|change| (change.row, index, clear.wall)));
        }
        if news.frontier.to_bytes() != batch.frontier {
            return Err(StoreFault(format!("the batch at {first} does not go on from the log before it")));
        }
        Ok(news)
    }
}
