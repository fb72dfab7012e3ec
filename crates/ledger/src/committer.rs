//! The one writer. Whoever waits together is judged in order, written in one batch, and answered.

mod company;
mod confirmed;
mod fate;
mod news;

use crate::anchor::{Due, Tombstone, leaves_tombstone};
use crate::cache::Row;
use crate::checkpoint::sign_checkpoint;
use crate::state::{HashedNodes, Unproven, Update};
use crate::store::{Batch, NodeId, StoreFault, StoredBatch, StoredCheckpoint, Writer};
use crate::view::{Basis, Shared};
use crate::{Checkpoint, Frontier, Named, Receipt, RowChange, StoredRow, Unrecorded, leaf_hash};
use clock::{Clock, Steady, Timestamp};
use company::Company;
use confirmed::Confirmed;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use domain::RequestId;
use secret::Held;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The most entries that become durable in one write.
pub(crate) const BATCH_ENTRIES_MAX: usize = 256;
/// The most bytes of entries in one write, beyond its first entry.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// How often the head of a moving log is signed.
const CHECKPOINT_MILLIS: i64 = 1_000;
/// How often a store that failed is opened anew.
const REOPEN_MILLIS: u64 = 500;

/// Where the log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub root: [u8; 32],
    /// The root of the state tree.
    pub state: [u8; 32],
    /// Steady time of the newest entry.
    pub steady: Steady,
    /// The size of the newest signed checkpoint.
    pub signed: u64,
    /// Whether the store takes writes.
    pub writable: bool,
}

/// One record, encoded by whoever commits it.
pub(crate) struct Submission {
    pub(crate) request: RequestId,
    pub(crate) entry: Vec<u8>,
    pub(crate) leaf: [u8; 32],
    pub(crate) wall: Timestamp,
    pub(crate) steady: Steady,
    pub(crate) basis: Basis,
    /// How many were turned away before, as its entry says.
    pub(crate) unrecorded: u64,
    /// Whether it is answered only once it is anchored.
    pub(crate) is_change: bool,
    /// Each row as it will be stored, as it will be read from memory, and what the entry says of it.
    pub(crate) rows: Vec<(StoredRow, Arc<Row>, RowChange)>,
    pub(crate) answer: oneshot::Sender<Result<Receipt, Unrecorded>>,
}

pub(crate) enum Order {
    Commit(Box<Submission>),
    /// Overwrite what the store's files still hold of removed rows.
    Scrub(oneshot::Sender<Result<(), StoreFault>>),
    /// Drop what may go of the batches from one index to before another: one step of it.
    Prune(u64, u64, Arc<Named>, oneshot::Sender<Result<Option<u64>, StoreFault>>),
    /// Read up what others appended.
    CatchUp(crossbeam_channel::Sender<Result<(), StoreFault>>),
    Stop,
}

pub(crate) struct Committer {
    shared: Arc<Shared>,
    writer: Box<dyn Writer>,
    orders: Receiver<Order>,
    clock: Clock,
    frontier: Frontier,
    /// The root of the state tree.
    state: [u8; 32],
    steady: Steady,
    signed: (u64, Timestamp),
    confirmed: Confirmed,
    /// How many were answered "unavailable" since the last entry.
    unrecorded: Arc<AtomicU64>,
    deliverer: Deliverer,
    /// To whoever anchors; none where nothing is anchored.
    keeper: Option<Sender<Due>>,
    broken: bool,
    company: Company,
    /// When the store was opened anew last, in milliseconds of the stopwatch.
    reopened: u64,
    unsettled: Option<fate::Unsettled>,
}

/// The code of a batch: HMAC-SHA-256 over label, first, count, wall, state root, frontier and entries.
pub(crate) fn batch_mac(key: &Held, batch: &StoredBatch) -> [u8; 32] {
    mac_of(key, batch.first, batch.count, batch.wall, &batch.state, &batch.frontier, &batch.entries)
}

impl StoredBatch {
    /// Whether whoever wrote it has the key.
    pub(crate) fn is_genuine(&self, key: &Held) -> bool {
        crypto::same(&batch_mac(key, self), &self.mac)
    }

    /// Whether the log, of entries and of rows, was this tree when this batch was its end.
    pub(crate) fn ends_at(&self, key: &Held, frontier: &Frontier, state: &[u8; 32]) -> bool {
        self.is_genuine(key) && self.frontier == frontier.to_bytes() && self.state == *state
    }
}

fn mac_of(
    key: &Held,
    first: u64,
    count: u32,
    wall: Timestamp,
    state: &[u8; 32],
    frontier: &[u8],
    entries: &[u8],
) -> [u8; 32] {
    let mut message = Vec::with_capacity(96 + frontier.len() + entries.len());
    message.extend_from_slice(b"keyward batch v1");
    message.extend_from_slice(&first.to_be_bytes());
    message.extend_from_slice(&count.to_be_bytes());
    message.extend_from_slice(&wall.0.to_be_bytes());
    message.extend_from_slice(state);
    message.extend_from_slice(&u32::try_from(frontier.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend_from_slice(frontier);
    message.extend_from_slice(entries);
    key.expose(|key| crypto::hmac_sha256(key, &message))
}

/// Whether nothing may bring back what the row held.
fn destroys(stored: &StoredRow, row: &Row) -> bool {
    match &row.object {
        None => leaves_tombstone(stored.id.table),
        Some(domain::Object::Key(key)) => key.life.state == domain::KeyState::Destroyed,
        Some(_) => false,
    }
}

/// An answer and who waits for it.
pub(crate) type Delivery = (oneshot::Sender<Result<Receipt, Unrecorded>>, Result<Receipt, Unrecorded>);

/// Hands answers to those who wait. A whole batch goes over in one step, and a task of the runtime wakes the
/// waiting from within: a thread outside would pay a system call for nearly each of them.
pub(crate) struct Deliverer(Option<mpsc::UnboundedSender<Vec<Delivery>>>);

impl Deliverer {
    /// Within a runtime its own task delivers; elsewhere the committer does.
    pub(crate) fn start() -> Self {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return Self(None) };
        let (batches, mut delivered) = mpsc::unbounded_channel::<Vec<Delivery>>();
        runtime.spawn(async move {
            while let Some(batch) = delivered.recv().await {
                deliver(batch);
            }
        });
        Self(Some(batches))
    }

    pub(crate) fn hand_over(&self, batch: Vec<Delivery>) {
        if batch.is_empty() {
            return;
        }
        match &self.0 {
            Some(batches) => {
                // A runtime that is gone has nobody left who waits.
                if let Err(mpsc::error::SendError(batch)) = batches.send(batch) {
                    deliver(batch);
                }
            }
            None => deliver(batch),
        }
    }
}

fn deliver(batch: Vec<Delivery>) {
    for (waiting, answer) in batch {
        let _ = waiting.send(answer);
    }
}

/// What the judging of a batch leaves to be written and answered.
#[expect(clippy::vec_box, reason = "submissions are large and move from list to list")]
struct Judged {
    batch: Batch,
    frontier: Frontier,
    /// Nodes of the state tree that the batch makes, by their hashes.
    nodes: HashedNodes,
    steady: Steady,
    accepted: Vec<Box<Submission>>,
    rows: Vec<Arc<Row>>,
    /// What it destroys.
    tombstones: Vec<Tombstone>,
}

#[expect(clippy::vec_box, reason = "submissions are large and move from list to list")]
impl Committer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        writer: Box<dyn Writer>,
        orders: Receiver<Order>,
        clock: Clock,
        frontier: Frontier,
        unrecorded: Arc<AtomicU64>,
        keeper: Option<Sender<Due>>,
    ) -> Self {
        let head = shared.head.load_full();
        let signed = (head.signed, Timestamp::MIN);
        let deliverer = Deliverer::start();
        let confirmed = Confirmed::at(&frontier, head.state, head.steady);
        Self {
            shared,
            writer,
            orders,
            clock,
            frontier,
            confirmed,
            state: head.state,
            steady: head.steady,
            signed,
            unrecorded,
            deliverer,
            keeper,
            broken: false,
            company: Company::here(),
            reopened: 0,
            unsettled: None,
        }
    }

    /// Until it is told to stop, or nobody can give orders any more.
    pub(crate) fn run(mut self) {
        let idle = Duration::from_millis(CHECKPOINT_MILLIS.unsigned_abs());
        loop {
            match self.orders.recv_timeout(if self.broken { Duration::from_millis(REOPEN_MILLIS) } else { idle }) {
                Ok(Order::Commit(first)) => {
                    if self.take(first) {
                        break;
                    }
                }
                Ok(order) => {
                    if self.other(order) {
                        break;
                    }
                    // Those who ask all the time, and can only be told no, must not keep it from trying.
                    if self.broken {
                        self.recover();
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.rest(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.sign_head();
        self.give_up();
    }

    /// Commits one batch of those who wait. True: somebody said stop.
    fn take(&mut self, first: Box<Submission>) -> bool {
        if !self.broken {
            self.company.wait(|| self.orders.len() + 1);
        }
        let ready = self.is_ready();
        let locked = clock::stopwatch_micros();
        let (mut waiting, mut bytes) = (vec![first], 0_usize);
        let mut after = None;
        while waiting.len() < BATCH_ENTRIES_MAX && bytes < BATCH_BYTES_MAX {
            match self.orders.try_recv() {
                Ok(Order::Commit(next)) => {
                    bytes += next.entry.len();
                    waiting.push(next);
                }
                Ok(other) => {
                    after = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        let taken = waiting.len();
        if ready {
            self.commit(waiting);
            let held = clock::stopwatch_micros().saturating_sub(locked);
            self.shared.held_micros.fetch_add(held, Ordering::Relaxed);
        } else {
            self.turn_away(waiting);
        }
        self.company.was(taken + self.orders.len());
        after.is_some_and(|order| self.other(order))
    }

    fn other(&mut self, order: Order) -> bool {
        match order {
            Order::Commit(one) => return self.take(one),
            Order::Scrub(answer) => {
                self.writer.scrub(Box::new(|scrubbed| drop(answer.send(scrubbed))));
            }
            Order::Prune(from, before, named, answer) => {
                let _ = answer.send(self.writer.prune(from, before, &named));
            }
            Order::CatchUp(answer) => {
                let _ = answer.send(self.follow());
            }
            Order::Stop => return true,
        }
        false
    }

    /// Nobody waits: reads up, signs and confirms what is new, or tries the broken store.
    fn rest(&mut self) {
        if !self.shared.reader.is_shared() || self.follow().is_ok() {
            self.sign_head();
            self.confirm_read();
        }
        if self.broken {
            self.recover();
        }
    }

    /// Reads up what others appended, while no lock is held.
    fn follow(&mut self) -> Result<(), StoreFault> {
        if self.broken {
            return Err(StoreFault("the store does not answer".to_owned()));
        }
        self.catch_up().inspect_err(|fault| self.stop(fault))
    }

    /// One batch of those who wait, under the lock.
    fn commit(&mut self, waiting: Vec<Box<Submission>>) {
        let judged = self.judge(self.turn_away_unanchored(waiting));
        if judged.accepted.is_empty() {
            if let Err(fault) = self.writer.release() {
                self.stop(&fault);
            }
            return;
        }
        // Whoever finds the store ahead of memory waits here.
        let shared = Arc::clone(&self.shared);
        let _moving = (!judged.rows.is_empty()).then(|| shared.moving.write().unwrap_or_else(PoisonError::into_inner));
        match self.writer.append(&judged.batch) {
            Ok(()) => self.settle(judged),
            Err(fault) => self.fail(judged, &fault),
        }
    }

    /// Each is judged at its own place in the log, after those before it in the batch. One that is stale
    /// costs its batch mates nothing.
    fn judge(&self, waiting: Vec<Box<Submission>>) -> Judged {
        let first = self.frontier.size();
        let mut judged = Judged {
            batch: Batch {
                first,
                count: 0,
                entries: Vec::with_capacity(waiting.len() * 512),
                frontier: Vec::new(),
                state: self.state,
                mac: [0; 32],
                rows: Vec::new(),
                nodes: Vec::new(),
                wall: Timestamp::MIN,
                checkpoint: None,
            },
            frontier: self.frontier.clone(),
            nodes: Vec::new(),
            steady: self.steady,
            accepted: Vec::with_capacity(waiting.len()),
            rows: Vec::new(),
            tombstones: Vec::new(),
        };
        let shared = Arc::clone(&self.shared);
        let read = |ids: &[NodeId]| shared.reader.nodes(ids);
        let mut state = Update::new(&shared.nodes, &read, self.state);
        for submission in waiting {
            if submission.basis.still_holds() {
                self.accept(submission, &mut judged, &mut state);
            } else {
                self.unrecorded.fetch_add(submission.unrecorded, Ordering::Relaxed);
                let _ = submission.answer.send(Err(Unrecorded::Stale));
            }
        }
        judged.batch.state = state.root();
        (judged.batch.nodes, judged.nodes) = state.finish();
        self.close(&mut judged);
        judged
    }

    /// The state root after the entry's change, which it names. An error leaves the tree as it was.
    fn place(&self, submission: &mut Submission, state: &mut Update<'_>) -> Result<(), Unproven> {
        if submission.rows.is_empty() {
            return Ok(());
        }
        let changes: Vec<_> = submission.rows.iter().map(|(_, _, change)| *change).collect();
        state.put(&changes)?;
        crate::entry::set_state(&mut submission.entry, &state.root());
        submission.leaf = leaf_hash(&submission.entry);
        Ok(())
    }

    fn accept(&self, mut submission: Box<Submission>, judged: &mut Judged, state: &mut Update<'_>) {
        if let Err(why) = self.place(&mut submission, state) {
            return self.misplaced(*submission, &why);
        }
        let index = judged.frontier.size();
        judged.frontier.append(submission.leaf);
        let batch = &mut judged.batch;
        batch.count += 1;
        batch.entries.extend_from_slice(&u32::try_from(submission.entry.len()).unwrap_or(u32::MAX).to_be_bytes());
        batch.entries.extend_from_slice(&submission.entry);
        batch.wall = batch.wall.max(submission.wall);
        judged.steady = judged.steady.max(submission.steady);
        for (mut stored, row, _) in submission.rows.drain(..) {
            // From here on whoever read the row before stands on nothing.
            self.shared.rows.supersede(&stored.id);
            if let Some(read) = submission.basis.row(&stored.id) {
                read.supersede();
            }
            stored.position = index;
            if destroys(&stored, &row) {
                judged.tombstones.push(Tombstone { row: stored.id, position: index, wall: submission.wall });
            }
            batch.rows.push(stored);
            judged.rows.push(row);
        }
        judged.accepted.push(submission);
    }

    fn close(&self, judged: &mut Judged) {
        let batch = &mut judged.batch;
        batch.frontier = judged.frontier.to_bytes();
        let key = &self.shared.keys.batch_mac;
        batch.mac = mac_of(key, batch.first, batch.count, batch.wall, &batch.state, &batch.frontier, &batch.entries);
        if self.signing_due() {
            batch.checkpoint = Some(self.signed_note(&judged.frontier, batch.state));
        }
    }

    /// A wall clock that was set back is as good a reason as time that has passed.
    fn signing_due(&self) -> bool {
        self.clock.now().wall.millis_since(self.signed.1).saturating_abs() >= CHECKPOINT_MILLIS
    }

    fn signed_note(&self, frontier: &Frontier, state: [u8; 32]) -> StoredCheckpoint {
        let keys = &self.shared.keys;
        let checkpoint = Checkpoint { size: frontier.size(), root: frontier.root(), state };
        let note = sign_checkpoint(&keys.facts.origin, &checkpoint, &keys.signer);
        StoredCheckpoint { size: frontier.size(), note, wall: self.clock.now().wall }
    }

    /// The batch is durable: memory follows, then the answers.
    fn settle(&mut self, judged: Judged) {
        if let Some(checkpoint) = &judged.batch.checkpoint {
            self.signed = (checkpoint.size, checkpoint.wall);
        }
        self.frontier = judged.frontier;
        self.state = judged.batch.state;
        judged.nodes.into_iter().for_each(|(hash, node)| self.shared.nodes.keep(hash, node));
        self.steady = judged.steady;
        self.publish_head();
        if !judged.rows.is_empty() {
            self.shared.rows.publish(judged.rows);
        }
        let (mut answers, mut changes) = (Vec::with_capacity(judged.accepted.len()), Vec::new());
        for (index, submission) in (judged.batch.first..).zip(judged.accepted) {
            let Submission { request, answer, is_change, .. } = *submission;
            let waits = is_change && self.keeper.is_some();
            let list = if waits { &mut changes } else { &mut answers };
            list.push((answer, Ok(Receipt { request, index })));
        }
        self.deliverer.hand_over(answers);
        self.confirm(changes, judged.tombstones);
    }

    /// Changes are answered by whoever anchors them.
    fn anchor(&self, due: Due) {
        let Some(keeper) = &self.keeper else { return };
        if due.is_empty() {
            return;
        }
        if let Err(unsent) = keeper.send(due) {
            tracing::error!("nobody anchors any more");
            let told = unsent.0.answers.into_iter().map(|(answer, _)| (answer, Err(Unrecorded::Unavailable)));
            self.deliverer.hand_over(told.collect());
        }
    }

    /// Without an anchor that can be written, changes are turned away; with a store that was put back, everybody.
    fn turn_away_unanchored(&self, waiting: Vec<Box<Submission>>) -> Vec<Box<Submission>> {
        let anchors = &self.shared.anchors;
        let (all, changes) = (anchors.contradicted.load(Ordering::Relaxed), anchors.unwritable.load(Ordering::Relaxed));
        if !all && !changes {
            return waiting;
        }
        let (away, served) = waiting.into_iter().partition(|one| all || one.is_change);
        self.turn_away(away);
        served
    }

    fn publish_head(&self) {
        self.shared.head.store(Arc::new(Head {
            size: self.frontier.size(),
            root: self.frontier.root(),
            state: self.state,
            steady: self.steady,
            signed: self.signed.0,
            writable: !self.broken,
        }));
    }

    /// Signs the head if it moved, without an entry of its own.
    fn sign_head(&mut self) {
        if self.broken || self.frontier.size() == self.signed.0 || self.is_signed_by_another() {
            return;
        }
        let checkpoint = self.signed_note(&self.frontier, self.state);
        match self.writer.sign(&checkpoint) {
            Ok(()) => {
                self.signed = (checkpoint.size, checkpoint.wall);
                self.publish_head();
            }
            Err(fault) => self.stop(&fault),
        }
    }

    /// Of several processes one signs a head; the others take note.
    fn is_signed_by_another(&mut self) -> bool {
        if !self.shared.reader.is_shared() {
            return false;
        }
        let Ok(Some(newest)) = self.shared.reader.newest_checkpoint() else { return false };
        let signed = newest.size >= self.frontier.size();
        if signed {
            self.signed = (newest.size, newest.wall);
            self.publish_head();
        }
        signed
    }
}
