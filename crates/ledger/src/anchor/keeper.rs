//! Moves the anchors after the log, on a thread of its own, and answers changes once they are anchored.

use super::start::Changed;
use super::{Anchor, AnchorFault, Anchored, Checked, Tombstone, chained};
use crate::committer::{Deliverer, Delivery};
use crate::view::Shared;
use crate::{Frontier, Head, Unrecorded};
use clock::Clock;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How often a head that moved without changes is anchored, and what cannot be written is tried again. Twice this is
/// what of uses an attacker can roll back unseen, who puts an old store back.
const PERIOD: Duration = Duration::from_millis(400);
/// How often a change waits for an anchor that cannot be written before its caller is told.
const TRIES_MAX: u32 = 5;

/// Changes that are durable in the store and wait for the anchor.
pub(crate) struct Due {
    /// A confirmed head that has them.
    pub(crate) head: Arc<Head>,
    pub(crate) answers: Vec<Delivery>,
    pub(crate) tombstones: Vec<Tombstone>,
    /// Rows that another node's entries changed, once they are confirmed: which of them were destructions is looked up here.
    pub(crate) news: Vec<Changed>,
}

pub(crate) struct Keeper {
    anchors: Vec<Box<dyn Anchor>>,
    shared: Arc<Shared>,
    due: Receiver<Due>,
    clock: Clock,
    deliverer: Deliverer,
    waiting: Vec<Delivery>,
    tries: u32,
    /// Tombstones that are anchored, how many and their hash; then those that are not yet.
    destroyed: (u64, [u8; 32]),
    fresh: Vec<Tombstone>,
    /// The newest head that came with a change.
    changed: Arc<Head>,
    /// What others changed and was not looked at yet.
    news: Vec<Changed>,
    /// The anchors know a log that was given up: they are begun anew with the first change, which records that.
    begins: Option<Vec<Tombstone>>,
    /// The size that was anchored last by this process.
    size: u64,
}

impl Due {
    pub(crate) fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.tombstones.is_empty() && self.news.is_empty()
    }
}

impl Keeper {
    pub(crate) fn new(
        anchors: Vec<Box<dyn Anchor>>,
        shared: Arc<Shared>,
        due: Receiver<Due>,
        clock: Clock,
        checked: Checked,
    ) -> Self {
        let Checked { tombstones, changed: _, missing: _, recovered } = checked;
        let destroyed = (tombstones.len() as u64, chained(&tombstones));
        shared.anchors.anchored.store(!anchors.is_empty(), Relaxed);
        let deliverer = Deliverer::start();
        let begins = recovered.then_some(tombstones);
        let (waiting, fresh, news) = (Vec::new(), Vec::new(), Vec::new());
        let changed = shared.confirmed.load_full();
        Self {
            anchors,
            shared,
            due,
            clock,
            deliverer,
            waiting,
            tries: 0,
            destroyed,
            fresh,
            changed,
            news,
            begins,
            size: 0,
        }
    }

    /// Until nobody can bring changes any more. The last head is anchored.
    pub(crate) fn run(mut self) {
        loop {
            match self.due.recv_timeout(PERIOD) {
                Ok(due) => {
                    self.take(due);
                    self.anchor();
                }
                Err(RecvTimeoutError::Timeout) => self.rest(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.rest();
        self.turn_away();
    }

    fn take(&mut self, due: Due) {
        self.changed = due.head;
        self.waiting.extend(due.answers);
        self.news.extend(due.news);
        self.fresh.extend(due.tombstones);
    }

    /// The newest confirmed head. All that was destroyed up to there has been taken: a head is told of after what comes
    /// with it.
    fn newest(&mut self) -> Arc<Head> {
        let confirmed = self.shared.confirmed.load_full();
        while let Ok(more) = self.due.try_recv() {
            self.take(more);
        }
        if self.changed.size > confirmed.size { Arc::clone(&self.changed) } else { confirmed }
    }

    /// Whether it is known what others destroyed. A head is anchored with all that was destroyed up to there, or not.
    fn look_at_news(&mut self) -> bool {
        match self.shared.destroyed_among(&self.news) {
            Ok(destroyed) => {
                self.news.clear();
                self.fresh.extend(destroyed);
                true
            }
            Err(why) => {
                tracing::error!(%why, "what another node destroyed is not known yet, and nothing is anchored until it is");
                false
            }
        }
    }

    /// Nobody waits for an answer, or nothing could be written the last time.
    fn rest(&mut self) {
        self.look_at_store();
        let moved = self.shared.confirmed.load().size != self.size;
        if moved
            || !self.waiting.is_empty()
            || !self.news.is_empty()
            || !self.fresh.is_empty()
            || self.shared.anchors.alarm.load(Relaxed)
        {
            self.anchor();
        }
    }

    /// The store must hold the highest head that is confirmed.
    fn look_at_store(&self) {
        let (head, writable) = (self.shared.confirmed.load_full(), self.shared.head.load().writable);
        let Ok(last) = self.shared.reader.last_batch() else { return };
        let tree = last.and_then(|last| Frontier::from_bytes(&last.frontier)).unwrap_or_default();
        let same = tree.size() > head.size || (tree.size() == head.size && tree.root() == head.root);
        if writable && !same && !self.shared.anchors.contradicted.swap(true, Relaxed) {
            tracing::error!(
                published = head.size,
                found = tree.size(),
                "the store no longer holds the head that was acknowledged: everything is refused; restore it and start again"
            );
        }
    }

    fn anchor(&mut self) {
        // With the old log's anchors, nothing is moved before the change that gives that log up.
        if self.anchors.is_empty() || (self.begins.is_some() && self.waiting.is_empty()) {
            return;
        }
        let head = self.newest();
        if !self.look_at_news() {
            return self.try_again();
        }
        let fresh = std::mem::take(&mut self.fresh);
        let hash = fresh.iter().fold(self.destroyed.1, |hash, one| one.chain(&hash));
        let destroyed = (self.destroyed.0.saturating_add(fresh.len() as u64), hash);
        let record = self.record(&head, destroyed);
        let mut written = 0;
        let mut broken = 0;
        for at in 0..self.anchors.len() {
            match self.write(at, &record, &head, &fresh) {
                Ok(()) => written += 1,
                Err(fault) => {
                    broken += 1;
                    self.complain(at, &fault);
                }
            }
        }
        let standing = &self.shared.anchors;
        standing.alarm.store(broken > 0, Relaxed);
        if written == 0 {
            self.fresh = fresh;
            standing.unwritable.store(true, Relaxed);
            return self.try_again();
        }
        if standing.unwritable.swap(false, Relaxed) {
            tracing::info!(size = head.size, "the anchor is written again: changes are served");
        }
        standing.size.store(head.size, Relaxed);
        (self.destroyed, self.size, self.tries, self.begins) = (destroyed, head.size, 0, None);
        self.deliverer.hand_over(std::mem::take(&mut self.waiting));
    }

    /// Whoever waits does not wait for ever.
    fn try_again(&mut self) {
        self.tries += 1;
        if self.tries > TRIES_MAX {
            self.turn_away();
        }
    }

    fn record(&self, head: &Head, destroyed: (u64, [u8; 32])) -> super::AnchorBytes {
        let keys = &self.shared.keys;
        let anchored = Anchored {
            site: keys.facts.site,
            size: head.size,
            root: head.root,
            state: head.state,
            destroyed: destroyed.0,
            destroyed_hash: destroyed.1,
            wall: self.clock.now().wall,
        };
        anchored.signed(&keys.signer)
    }

    fn write(
        &mut self,
        at: usize,
        record: &super::AnchorBytes,
        head: &Head,
        fresh: &[Tombstone],
    ) -> Result<(), AnchorFault> {
        let Some(anchor) = self.anchors.get_mut(at) else { return Ok(()) };
        if let Some(former) = &self.begins {
            let all: Vec<Tombstone> = former.iter().chain(fresh).copied().collect();
            return anchor.begin(record, &all);
        }
        let gone = || AnchorFault("it is gone, or was never begun".into());
        let bytes = anchor.read()?.ok_or_else(gone)?;
        let known = Anchored::read(&bytes).ok_or_else(|| AnchorFault("it is of a format that is not known".into()))?;
        if known.site != self.shared.keys.facts.site {
            return Err(AnchorFault("it is another site's".into()));
        }
        if known.size > head.size || (known.size == head.size && known.root != head.root) {
            self.shared.anchors.contradicted.store(true, Relaxed);
            return Err(AnchorFault(format!("it holds a head of {} entries that this log does not have", known.size)));
        }
        match known.destroyed.cmp(&self.destroyed.0) {
            std::cmp::Ordering::Equal => anchor.write(record, known.destroyed, fresh),
            // It fell behind, or was put back: the tombstones that it lacks are taken from those that are here.
            _ => self.catch_up(at, record, fresh),
        }
    }

    /// Begins an anchor anew with the tombstones of another that has them all.
    fn catch_up(&mut self, at: usize, record: &super::AnchorBytes, fresh: &[Tombstone]) -> Result<(), AnchorFault> {
        let (count, hash) = self.destroyed;
        for other in (0..self.anchors.len()).filter(|other| *other != at) {
            let Some(Ok(all)) = self.anchors.get_mut(other).map(|anchor| anchor.tombstones(count)) else { continue };
            if chained(&all) == hash {
                let all: Vec<Tombstone> = all.into_iter().chain(fresh.iter().copied()).collect();
                return self.anchors.get_mut(at).map_or(Ok(()), |anchor| anchor.begin(record, &all));
            }
        }
        Err(AnchorFault("its tombstones are not those that were written: it was put back".into()))
    }

    fn complain(&self, at: usize, fault: &AnchorFault) {
        let name = self.anchors.get(at).map(|anchor| anchor.name()).unwrap_or_default();
        tracing::error!(anchor = %name, fault = %fault.0, "the anchor was not written; changes need one that can be");
    }

    /// The change is in the store, but no anchor has it: its caller is told that it may have happened.
    fn turn_away(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let told = waiting.into_iter().map(|(answer, _)| (answer, Err(Unrecorded::Unknown)));
        self.deliverer.hand_over(told.collect());
    }
}

/// For the start: what must be anchored before anybody is served.
impl Keeper {
    /// Tombstones of what the store has beyond the anchor, and anchors that are missing beside others.
    pub(crate) fn catch_up_at_start(&mut self, lost: Vec<Tombstone>, missing: &[usize]) {
        let all =
            self.anchors.iter_mut().enumerate().filter(|(at, _)| !missing.contains(at)).find_map(|(_, anchor)| {
                let all = anchor.tombstones(self.destroyed.0).ok()?;
                (chained(&all) == self.destroyed.1).then_some(all)
            });
        if self.begins.is_none() {
            let head = self.shared.head.load_full();
            let record = self.record(&head, self.destroyed);
            for at in missing {
                let begun =
                    self.anchors.get_mut(*at).map(|anchor| anchor.begin(&record, all.as_deref().unwrap_or(&[])));
                if let Some(Err(fault)) = begun {
                    self.complain(*at, &fault);
                }
            }
        }
        self.fresh = lost;
        self.anchor();
    }
}
