//! Founding a site, opening its log, and the one way to write.

use crate::anchor::{self, Anchor, AnchorStanding, Anchored, Checked, Keeper, Tombstone};
use crate::cache::Row;
use crate::checkpoint::open_checkpoint;
use crate::committer::{BATCH_ENTRIES_MAX, Committer, Head, Order, Submission};
use crate::entry::{self, Parts};
use crate::keys::{
    Keys, LogSealer, MaterialFacts, SiteFacts, SiteKeks, TenantKeys, associated, draw_held, draw_site_kek,
    former_kek_row, log_key_id,
};
use crate::named::NAMED_ENTRIES_MAX;
use crate::projections::Projector;
use crate::record::Put;
use crate::state::{EMPTY, Nodes, Unproven, tree_key};
use crate::store::{Reader, Store, Writer};
use crate::view::{Basis, Shared, View, entries_of};
use crate::{
    Change, Checkpoint, Frontier, NamedHead, Receipt, Record, RowChange, SignedStatement, Statement, StoredCheckpoint,
    StoredRow, Unrecorded, codec, decode_entry, leaf_hash, row_hash,
};
use clock::{Clock, Steady, Timestamp};
use crossbeam_channel::Sender;
use crypto::{SealKey, Sealer, VerifyingKey};
use domain::{Fault, LogKey, NameKind, Object, ObjectId, RowId, SITE_TENANT, Table, WrappedKek};
use secret::Held;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How many records may wait for the writer.
const WAITING_MAX: usize = 16 * BATCH_ENTRIES_MAX;
/// How often projections look for new entries.
const PROJECTION_PERIOD: Duration = Duration::from_millis(250);

/// The format of facts, rows, entries and batches that this release writes.
pub const STORE_FORMAT: u32 = 1;

/// The fact that a store has from when its site moved to another: where to.
pub const MOVED: &str = "moved";

/// The facts that a store has of its site.
pub const FACTS: &[&str] = &["format", "site", "origin", "verifier"];

/// How a ledger is opened.
pub struct LedgerConfig {
    pub clock: Clock,
    /// Where the head is remembered outside the store. One that can be read and written is enough; without any nothing
    /// is anchored, which is for tests and measurements.
    pub anchors: Vec<Box<dyn Anchor>>,
    /// Believe a store that is older than its anchors, for the holder of the recovery key says so.
    pub statement: Option<SignedStatement>,
}

/// What a new site begins with. The record is made by whoever is given the ids of the site's names.
pub struct Founding<F> {
    pub origin: String,
    pub record: F,
}

/// Why the log is not opened. Each names the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenFault {
    NotFounded,
    AlreadyFounded,
    NewerFormat {
        found: u32,
    },
    /// Its site lives elsewhere now.
    Moved {
        to: String,
    },
    WrongRootKey,
    /// The root key that was given is the one before: the site has a newer one.
    RootRotated {
        version: u32,
    },
    /// Some rows are still under the root key before, which was not given.
    FormerRootMissing {
        version: u32,
    },
    LogShorterThanCheckpoint {
        size: u64,
        signed: u64,
    },
    LogContradictsCheckpoint {
        size: u64,
    },
    ForgedCheckpoint {
        size: u64,
    },
    BatchEdited {
        first: u64,
    },
    /// None of the configured anchors can be read.
    NoAnchor {
        anchors: String,
    },
    AnchorForeign {
        anchor: String,
    },
    AnchorDamaged {
        anchor: String,
        why: String,
    },
    AnchorUnwritable {
        anchor: String,
        why: String,
    },
    StoreBehindAnchor {
        size: u64,
        anchored: u64,
        anchor: String,
    },
    StoreContradictsAnchor {
        anchored: u64,
        anchor: String,
    },
    NothingToRecover,
    NoRecoveryKey,
    StatementOfOtherSite,
    StatementOfOtherHeads,
    StatementForged,
    Row(Fault),
    Store(String),
}

impl fmt::Display for OpenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFounded => write!(f, "there is no site here; `keyward init` makes one"),
            Self::AlreadyFounded => write!(f, "there is a site here already; name another directory"),
            Self::NewerFormat { found } => {
                write!(f, "the store has format {found}, this release knows {STORE_FORMAT}; use the newer release")
            }
            Self::Moved { to } => write!(f, "its site moved to {to}; serve that, and keep this one as a copy only"),
            Self::WrongRootKey => write!(
                f,
                "this root key is not the one that sealed the site; name the right file (of a site whose root key was \
                 rotated, the newest)"
            ),
            Self::RootRotated { version } => write!(
                f,
                "the site has root key version {version}, and this is the one before; put the new file here, or end what \
                 was begun with `keyward root rotate`"
            ),
            Self::FormerRootMissing { version } => write!(
                f,
                "rows are still under root key version {version}, which this file does not hold; put the file here that \
                 `keyward root rotate` wrote, and let it come to its end"
            ),
            Self::LogShorterThanCheckpoint { size, signed } => write!(
                f,
                "the log has {size} entries and its newest signed checkpoint {signed}: its end was cut off; restore it"
            ),
            Self::LogContradictsCheckpoint { size } => {
                write!(f, "the log of {size} entries has another root than its signed checkpoint; restore it")
            }
            Self::ForgedCheckpoint { size } => write!(f, "the checkpoint of size {size} was not signed by this site"),
            Self::BatchEdited { first } => write!(f, "the batch of entries at {first} was edited; restore it"),
            Self::Row(fault) => write!(f, "{fault}"),
            Self::Store(why) => write!(f, "the store: {why}"),
            anchor => anchor.fmt_anchor(f),
        }
    }
}

impl OpenFault {
    /// What anchors and statements are refused for.
    fn fmt_anchor(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnchor { anchors } => write!(
                f,
                "no anchor can be read ({anchors}); name the right file with --anchor, or let the recovery key's holder \
                 accept the store with `keyward recover`"
            ),
            Self::AnchorForeign { anchor } => write!(f, "{anchor} is another site's anchor; name this site's"),
            Self::AnchorDamaged { anchor, why } => write!(
                f,
                "{anchor}: {why}; put the right file there, or move it away and let the recovery key's holder accept \
                 the store with `keyward recover`"
            ),
            Self::AnchorUnwritable { anchor, why } => write!(f, "{anchor}: {why}; name a place that can be written"),
            Self::StoreBehindAnchor { size, anchored, anchor } => write!(
                f,
                "the log has {size} entries and its anchor {anchor} {anchored}: an old store was put back; restore the \
                 newest, or let the recovery key's holder accept this one with `keyward recover`"
            ),
            Self::StoreContradictsAnchor { anchored, anchor } => write!(
                f,
                "the log does not hold the {anchored} entries that its anchor {anchor} names: another store was put in \
                 its place; restore the right one, or let the recovery key's holder accept this one with `keyward recover`"
            ),
            Self::NothingToRecover => {
                write!(f, "store and anchor agree: there is nothing to recover; start the server")
            }
            Self::NoRecoveryKey => write!(f, "this site was made without a recovery key; restore the newest store"),
            Self::StatementOfOtherSite => write!(f, "the statement is for another site; sign one for this site"),
            Self::StatementOfOtherHeads => {
                write!(f, "the statement names other heads than those found; make and sign a new one")
            }
            Self::StatementForged => {
                write!(f, "the statement was not signed with this site's recovery key; sign it with the right one")
            }
            _ => Ok(()),
        }
    }
}

impl From<Fault> for OpenFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unavailable => Self::Store("it does not answer".into()),
            other => Self::Row(other),
        }
    }
}

/// The log and all that it has made. The path alone holds one.
pub struct Ledger {
    pub(crate) shared: Arc<Shared>,
    clock: Clock,
    orders: Sender<Order>,
    unrecorded: Arc<AtomicU64>,
    committer: Option<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
    /// What older copies must not bring back, where this store was accepted though it is one.
    recovered: Option<Vec<Tombstone>>,
    projector: Option<(JoinHandle<()>, Sender<()>)>,
}

fn store_fault(fault: &crate::StoreFault) -> OpenFault {
    OpenFault::Store(fault.0.clone())
}

impl Ledger {
    /// Makes a site in an empty store: its facts, its KEK under `root`, and what the founding record puts.
    pub async fn found<T>(
        mut store: Store,
        root: &SealKey,
        mut config: LedgerConfig,
        founding: Founding<impl FnOnce(&dyn Fn(NameKind, ObjectId, &str) -> ObjectId) -> Result<(Record, T), Fault>>,
    ) -> Result<(Self, T), OpenFault> {
        if store.reader.fact("site").map_err(|f| store_fault(&f))?.is_some() {
            return Err(OpenFault::AlreadyFounded);
        }
        let site = crypto::random_bytes::<16>().map_err(|_| OpenFault::Store("no randomness".into()))?;
        let facts = SiteFacts { site, origin: founding.origin };
        let newest = WrappedKek { tenant: SITE_TENANT, version: 1, bytes: draw_site_kek()? };
        let keks = SiteKeks { newest, former: None };
        let keys = Keys::new(facts.clone(), &keks)?;
        let written = [
            ("format".to_owned(), STORE_FORMAT.to_be_bytes().to_vec()),
            ("site".to_owned(), facts.site.to_vec()),
            ("origin".to_owned(), facts.origin.clone().into_bytes()),
            ("verifier".to_owned(), keys.signer.public().0.to_vec()),
        ];
        store.writer.found(&written).map_err(|f| store_fault(&f))?;
        let row = RowId::new(Table::Kek, SITE_TENANT);
        let kek = Object::Kek(Arc::new(keks.newest));
        let sealer = Sealer::new(root).map_err(|_| Fault::Unavailable)?;
        let plaintext = codec::encode(&kek);
        let blob = plaintext.expose(|bytes| sealer.seal(&associated(&facts.site, row, SITE_TENANT, None), bytes));
        let blob = blob.map_err(|_| Fault::Unavailable)?;

        begin_anchors(&mut config, &keys)?;
        let tree = Tree { frontier: Frontier::default(), state: EMPTY, steady: Steady(0), signed: 0 };
        let ledger = Self::start(keys, store, config, tree, Checked::default())?;
        let names = |kind, tenant, text: &str| ledger.shared.keys.name_id(kind, tenant, "", text);
        let (mut record, made) = (founding.record)(&names)?;
        record.change.puts.push(Put { row, object: Some(kek), sealed: Some(blob) });
        let view = ledger.view();
        for put in &record.change.puts {
            view.touch(put.row)?;
        }
        match ledger.commit(record, view.into_basis()).await {
            Ok(_) => Ok((ledger, made)),
            Err(_) => Err(OpenFault::Store("the founding entry was not written".into())),
        }
    }

    /// Opens the log of a site and checks that it is at or ahead of all that it signed and anchored.
    pub fn open<'r>(mut store: Store, root: impl Into<Roots<'r>>, mut config: LedgerConfig) -> Result<Self, OpenFault> {
        check_not_moved(&*store.reader)?;
        let (keys, kek_rows) = open_keys(&*store.reader, root.into())?;
        // In this order, for others may append and sign meanwhile.
        let newest = store.reader.newest_checkpoint().map_err(|f| store_fault(&f))?;
        let (mut tree, wall) = check_head(&*store.reader, &keys)?;
        confirm(&mut *store.writer, &keys, &tree)?;
        tree.signed = check_checkpoint(newest, &keys, &tree)?;
        let steady = tree.steady;
        let found = anchor::Found { reader: &*store.reader, keys: &keys, frontier: &tree.frontier };
        // Only who holds a statement against them asks for them, and then they are those that the state tree says.
        let statement = match config.statement.take() {
            Some(said) => Some((said, recovery_halves(&*store.reader, &keys, tree.state)?)),
            None => None,
        };
        let checked =
            anchor::check(&mut config.anchors, &found, statement.as_ref().map(|(said, halves)| (said, *halves)))?;
        let clock = config.clock.clone();
        let ledger = Self::start(keys, store, config, tree, checked)?;
        // The site's own rows are believed like any other: by their path to the state root.
        kek_rows.iter().try_for_each(|row| ledger.shared.check_stored(row))?;
        let agreed = ledger.view().settings().ok().and_then(|settings| settings.clock);
        clock.resume(wall, steady, agreed);
        Ok(ledger)
    }

    fn start(keys: Keys, store: Store, config: LedgerConfig, tree: Tree, checked: Checked) -> Result<Self, OpenFault> {
        let (head, frontier) = (tree.head(), tree.frontier);
        let shared = Arc::new(Shared::new(
            keys,
            Arc::clone(&store.reader),
            Arc::clone(&store.projection_reader),
            head,
            store.name,
        ));
        let recovered = checked.recovered.then(|| checked.tombstones.clone());
        let (keeper, due) = keep(config.anchors, &shared, &config.clock, checked)?;
        let (orders, taken) = crossbeam_channel::bounded(WAITING_MAX);
        shared.learn_orders(orders.clone());
        let unrecorded = Arc::new(AtomicU64::new(0));
        let committer = Committer::new(
            Arc::clone(&shared),
            store.writer,
            taken,
            config.clock.clone(),
            frontier,
            Arc::clone(&unrecorded),
            due,
        );
        let committer = std::thread::Builder::new().name("committer".into()).spawn(move || committer.run()).ok();
        let projector = Projector::new(store.reader, store.projection_writer, store.projection_reader);
        let projector = follow(projector, Arc::clone(&shared));
        Ok(Self { shared, clock: config.clock, orders, unrecorded, committer, keeper, recovered, projector })
    }

    /// Who signs the site's checkpoints and backups.
    pub fn verifier(&self) -> VerifyingKey {
        self.shared.keys.signer.public()
    }

    /// How the anchors are, and the size that is anchored.
    pub fn anchored(&self) -> (AnchorStanding, u64) {
        let anchors = &self.shared.anchors;
        (anchors.told(), anchors.size.load(Ordering::Relaxed))
    }

    /// Where a statement let this store be believed: all that was destroyed, as far as anchors know.
    pub fn recovered(&self) -> Option<&[Tombstone]> {
        self.recovered.as_deref()
    }

    pub fn view(&self) -> View {
        View::of(Arc::clone(&self.shared))
    }

    pub fn head(&self) -> Head {
        Head::clone(&self.shared.head.load())
    }

    /// How many entries will stay: all, but for those of other processes that no commit of this one has followed yet.
    pub fn confirmed(&self) -> u64 {
        self.shared.confirmed.load().size
    }

    /// How long this process has held the lock of the log's head, in microseconds: of all the time that passes, the share
    /// of all processes together cannot be more than the whole. In a store of one process: how long it wrote.
    pub fn held_micros(&self) -> u64 {
        self.shared.held_micros.load(Ordering::Relaxed)
    }

    pub fn facts(&self) -> &SiteFacts {
        &self.shared.keys.facts
    }

    /// What the store is, for people.
    pub fn store_name(&self) -> &str {
        &self.shared.name
    }

    /// Whether this process is the one of all on the same log that does what is due and what is derived.
    pub fn leads(&self) -> bool {
        self.shared.leads.load(Ordering::Relaxed)
    }

    /// What the loss of a machine costs.
    pub fn availability(&self) -> crate::Availability {
        self.shared.reader.availability()
    }

    pub fn verifying_key(&self) -> VerifyingKey {
        self.shared.keys.signer.public()
    }

    /// A copy of the key for material's fingerprints, for whoever holds keys in software.
    pub fn fingerprint_key(&self) -> Result<Held, Fault> {
        self.shared.keys.fingerprint_key()
    }

    /// How far the projections are.
    pub fn progress(&self) -> Vec<domain::Progress> {
        self.shared.progress()
    }

    /// One durable write: the record becomes an entry, and its change with it, if all that it stood on
    /// still is as it was at its place in the log. It is on its way once this returns; whoever waits holds nothing of it.
    pub fn commit(
        &self,
        record: Record,
        basis: Basis,
    ) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        let submitted = self.submit(record, basis);
        async move { submitted?.await.unwrap_or(Err(Unrecorded::Unknown)) }
    }

    fn submit(
        &self,
        record: Record,
        basis: Basis,
    ) -> Result<oneshot::Receiver<Result<Receipt, Unrecorded>>, Unrecorded> {
        let (answer, told) = oneshot::channel();
        let submission = self.submission(record, basis, answer).map_err(|fault| self.unwritten(&fault))?;
        match self.orders.try_send(Order::Commit(Box::new(submission))) {
            Ok(()) => Ok(told),
            Err(_) => Err(self.unwritten(&Fault::Unavailable)),
        }
    }

    fn unwritten(&self, fault: &Fault) -> Unrecorded {
        self.unrecorded.fetch_add(1, Ordering::Relaxed);
        if *fault != Fault::Unavailable {
            tracing::error!(%fault, "an entry cannot be made");
        }
        match *fault {
            Fault::Damaged { row, why } => Unrecorded::Damaged { row, why },
            _ => Unrecorded::Unavailable,
        }
    }

    /// Overwrites what the store's own files still hold of removed rows.
    pub async fn scrub(&self) -> Result<(), String> {
        self.order(Order::Scrub).await
    }

    /// Drops the batches that end before `before`, as far as no row names them. Commits go on between its steps.
    pub async fn prune(&self, before: u64) -> Result<(), String> {
        let reader = &self.shared.reader;
        let mut from = reader.oldest().map_err(|fault| fault.0)?;
        while from < before {
            // Batches that begin here may end a little further on. What is written meanwhile names nothing this old.
            let end = from.saturating_add(NAMED_ENTRIES_MAX);
            let below = end.saturating_add(BATCH_ENTRIES_MAX as u64).min(before);
            let named = Arc::new(reader.named(from, below).map_err(|fault| fault.0)?);
            let mut next = Some(from);
            while let Some(at) = next {
                next = self.order(|answer| Order::Prune(at, before, Arc::clone(&named), answer)).await?;
            }
            from = end;
        }
        Ok(())
    }

    async fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, crate::StoreFault>>) -> Order,
    ) -> Result<T, String> {
        let (answer, told) = oneshot::channel();
        self.orders.try_send(order(answer)).map_err(|_| "the writer is busy".to_owned())?;
        told.await.map_err(|_| "the writer is gone".to_owned())?.map_err(|fault| fault.0)
    }

    fn submission(
        &self,
        mut record: Record,
        mut basis: Basis,
        answer: oneshot::Sender<Result<Receipt, Unrecorded>>,
    ) -> Result<Submission, Fault> {
        let draft = record.draft;
        let (tenant, request, moment) = (draft.tenant, draft.request, draft.moment);
        let month = moment.wall.year_month();
        let log = self.log_sealer(tenant, month, &mut record.change, &mut basis)?;
        self.stand_on_keks(&record.change, &mut basis)?;
        let rows = self.rows_of(std::mem::take(&mut record.change), &basis)?;
        let changes: Vec<RowChange> = rows.iter().map(|(_, _, change)| *change).collect();
        let site = &self.shared.keys.facts.site;
        let detail = secret::Secret::new(draft.detail.finish());
        let associated = entry::detail_associated(site, tenant, request);
        let sealed = detail.expose(|plain| log.sealer.seal(&associated, plain)).map_err(|_| Fault::Unavailable)?;
        let unrecorded = self.unrecorded.swap(0, Ordering::Relaxed);
        let entry = entry::encode(&Parts {
            wall: moment.wall,
            steady: moment.steady,
            tenant,
            principal: draft.principal,
            request,
            tongue: draft.tongue,
            deeds: &draft.deeds,
            verdict: &record.verdict,
            rows: &changes,
            errands: &record.errands,
            unrecorded,
            log_month: month,
            sealed: &sealed,
        });
        // That of an entry with rows is not known before its place in the log is.
        let leaf = if rows.is_empty() { leaf_hash(&entry) } else { [0; 32] };
        // A use that happens to be the first of a month brings a log key, and is no change for that.
        let is_change = rows.iter().any(|(stored, ..)| stored.id.table != Table::LogKey || stored.blob.is_empty());
        let (wall, steady) = (moment.wall, moment.steady);
        Ok(Submission { request, entry, leaf, wall, steady, basis, unrecorded, is_change, rows, answer })
    }

    /// The tenant's log key of the month. The first entry of a month makes it, as a part of its change.
    fn log_sealer(
        &self,
        tenant: ObjectId,
        month: u32,
        change: &mut Change,
        basis: &mut Basis,
    ) -> Result<Arc<LogSealer>, Fault> {
        if let Some(known) = self.shared.keys.known_log(tenant, month) {
            return Ok(known);
        }
        let row = self.shared.row(RowId::new(Table::LogKey, log_key_id(tenant, month)), None)?;
        if let Some(Object::LogKey(key)) = &row.object {
            return self.shared.keys.learn_log(key);
        }
        let key = LogKey { tenant, month, bytes: draw_held::<32>()? };
        let sealer = Arc::new(LogSealer::new(&key.bytes)?);
        change.puts.push(Put { row: row.id, object: Some(Object::LogKey(Arc::new(key))), sealed: None });
        basis.0.push(row);
        Ok(sealer)
    }

    /// While KEKs are being replaced, what is sealed stands on the KEK that sealed it: should another process replace it
    /// meanwhile, the change is stale and is sealed anew.
    fn stand_on_keks(&self, change: &Change, basis: &mut Basis) -> Result<(), Fault> {
        let keys = &self.shared.keys;
        if !keys.is_rotating() {
            return Ok(());
        }
        for object in change.puts.iter().filter_map(|put| put.object.as_ref()) {
            let tenant = keys.columns(object, domain::Profile::Default).tenant;
            let row = RowId::new(Table::Kek, tenant);
            if tenant != SITE_TENANT && basis.row(&row).is_none() {
                basis.0.push(self.shared.row(row, None)?);
            }
        }
        Ok(())
    }

    fn rows_of(&self, change: Change, basis: &Basis) -> Result<Vec<(StoredRow, Arc<Row>, RowChange)>, Fault> {
        let mut fresh: Vec<(ObjectId, Arc<WrappedKek>)> = Vec::new();
        for put in &change.puts {
            if let Some(Object::Kek(kek)) = &put.object {
                fresh.push((kek.tenant, Arc::clone(kek)));
            }
        }
        change.puts.into_iter().map(|put| self.row_of(put, basis, &fresh)).collect()
    }

    fn row_of(
        &self,
        put: Put,
        basis: &Basis,
        fresh: &[(ObjectId, Arc<WrappedKek>)],
    ) -> Result<(StoredRow, Arc<Row>, RowChange), Fault> {
        let unread = Fault::Damaged { row: put.row, why: "it was to be changed without having been read" };
        let before = basis.row(&put.row).ok_or(unread)?;
        let revision = before.revision.saturating_add(1);
        let mut stored = StoredRow {
            id: put.row,
            revision,
            position: 0,
            tenant: before.tenant,
            place: ObjectId::NIL,
            owner: ObjectId::NIL,
            due: i64::MAX,
            blob: Vec::new(),
        };
        if let Some(object) = &put.object {
            let columns = self.shared.keys.columns(object, self.shared.profile_of(object)?);
            (stored.tenant, stored.place, stored.owner, stored.due) =
                (columns.tenant, columns.place, columns.owner, columns.due);
            stored.blob = match put.sealed {
                Some(sealed) => sealed,
                None => self.seal(put.row, columns.tenant, object, fresh, basis)?,
            };
        }
        let hash = row_hash(&stored);
        let change = RowChange { row: put.row, before: before.hash, after: hash };
        let row = Row::new(put.row, revision, Some(hash), stored.tenant, put.object);
        Ok((stored, row, change))
    }

    fn seal(
        &self,
        row: RowId,
        tenant: ObjectId,
        object: &Object,
        fresh: &[(ObjectId, Arc<WrappedKek>)],
        basis: &Basis,
    ) -> Result<Vec<u8>, Fault> {
        let made = fresh.iter().find(|(made, _)| *made == tenant && tenant != SITE_TENANT);
        let keys = match (made, basis.row(&RowId::new(Table::Kek, tenant))) {
            (Some((_, kek)), _) => Arc::new(TenantKeys::new(&kek.bytes, None)?),
            (None, Some(row)) if tenant != SITE_TENANT && self.shared.keys.is_rotating() => {
                Arc::new(self.shared.rotating_keys(tenant, row)?)
            }
            _ => self.shared.tenant_keys(tenant)?,
        };
        let material = match object {
            Object::Material(material) => Some(MaterialFacts::of_material(material)),
            _ => None,
        };
        self.shared.keys.seal(&keys, row, tenant, material.as_ref(), &codec::encode(object))
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Drop for Ledger {
    /// What waits is written; the head is signed.
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(committer) = self.committer.take() {
            let _ = committer.join();
        }
        // The committer is gone, and with it the last who brings changes: the keeper anchors the last head.
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
        if let Some((projector, stop)) = self.projector.take() {
            drop(stop);
            let _ = projector.join();
        }
    }
}

/// A log as it is before it is opened.
pub(crate) struct Tree {
    frontier: Frontier,
    /// The root of the state tree.
    pub(crate) state: [u8; 32],
    steady: Steady,
    /// The size of its newest checkpoint.
    signed: u64,
}

impl Tree {
    pub(crate) fn head(&self) -> Head {
        let Self { frontier, state, steady, signed } = self;
        let (state, steady, signed) = (*state, *steady, *signed);
        Head { size: frontier.size(), root: frontier.root(), state, steady, signed, writable: true }
    }
}

/// The anchors of a site that is being made: nothing is in its log yet.
fn begin_anchors(config: &mut LedgerConfig, keys: &Keys) -> Result<(), OpenFault> {
    let empty = Anchored {
        site: keys.facts.site,
        size: 0,
        root: Frontier::default().root(),
        state: [0; 32],
        destroyed: 0,
        destroyed_hash: anchor::chained(&[]),
        wall: config.clock.now().wall,
    };
    let record = empty.signed(&keys.signer);
    config.anchors.iter_mut().try_for_each(|anchor| {
        let begun = anchor.begin(&record, &[]);
        begun.map_err(|why| OpenFault::AnchorUnwritable { anchor: anchor.name(), why: why.0 })
    })
}

/// The statement that would let this store be believed, and why it is not without; none where it is.
pub fn needed_statement<'r>(
    reader: &dyn Reader,
    root: impl Into<Roots<'r>>,
    anchors: &mut [Box<dyn Anchor>],
) -> Result<Option<(Statement, OpenFault)>, OpenFault> {
    let (keys, _) = open_keys(reader, root.into())?;
    let (Tree { frontier, .. }, _) = check_head(reader, &keys)?;
    let found = anchor::Found { reader, keys: &keys, frontier: &frontier };
    let (anchor, refused) = anchor::heads(anchors, &found)?;
    let store = NamedHead { size: frontier.size(), root: frontier.root() };
    Ok(refused.map(|why| (Statement { site: keys.facts.site, store, anchor }, why)))
}

/// Starts whoever moves the anchors, and catches up what the store has beyond them.
#[expect(clippy::type_complexity, reason = "a thread and the way to it, taken apart at once")]
fn keep(
    anchors: Vec<Box<dyn Anchor>>,
    shared: &Arc<Shared>,
    clock: &Clock,
    checked: Checked,
) -> Result<(Option<JoinHandle<()>>, Option<Sender<anchor::Due>>), OpenFault> {
    if anchors.is_empty() {
        return Ok((None, None));
    }
    let lost = shared.destroyed_among(&checked.changed)?;
    let missing = checked.missing.clone();
    let (due, taken) = crossbeam_channel::unbounded();
    let mut keeper = Keeper::new(anchors, Arc::clone(shared), taken, clock.clone(), checked);
    keeper.catch_up_at_start(lost, &missing);
    let failed = |why: std::io::Error| OpenFault::Store(why.to_string());
    let thread = std::thread::Builder::new().name("anchor".into()).spawn(move || keeper.run()).map_err(failed)?;
    Ok((Some(thread), Some(due)))
}

/// The root keys at hand: the newest, and the one before while a rotation is under way.
#[derive(Clone, Copy)]
pub struct Roots<'a> {
    pub newest: &'a SealKey,
    pub former: Option<&'a SealKey>,
}

impl<'a> From<&'a SealKey> for Roots<'a> {
    fn from(newest: &'a SealKey) -> Self {
        Self { newest, former: None }
    }
}

impl Roots<'_> {
    /// The site's KEK, under whichever of them sealed it.
    pub(crate) fn open(&self, facts: &SiteFacts, stored: &StoredRow) -> Option<WrappedKek> {
        let associated = associated(&facts.site, stored.id, SITE_TENANT, None);
        let opened = |root: &SealKey| root.open(&associated, &stored.blob).ok();
        let plaintext = opened(self.newest).or_else(|| opened(self.former?))?;
        match codec::decode(stored, &plaintext) {
            Ok(Object::Kek(kek)) => Arc::into_inner(kek),
            _ => None,
        }
    }
}

/// What the root keys open: the site's keys, and the rows that they come from.
pub(crate) fn open_keys(reader: &dyn Reader, roots: Roots<'_>) -> Result<(Keys, Vec<StoredRow>), OpenFault> {
    let facts = site_facts(reader)?.ok_or(OpenFault::NotFounded)?;
    let read = |row| reader.row(row).map_err(|f| store_fault(&f));
    let stored = read(RowId::new(Table::Kek, SITE_TENANT))?.ok_or(OpenFault::NotFounded)?;
    let before = read(former_kek_row(SITE_TENANT))?.filter(|row| !row.blob.is_empty());
    let Some(newest) = roots.open(&facts, &stored) else {
        let former = before.as_ref().and_then(|row| roots.open(&facts, row));
        let rotated = |former: WrappedKek| OpenFault::RootRotated { version: former.version.saturating_add(1) };
        return Err(former.map_or(OpenFault::WrongRootKey, rotated));
    };
    let missing = OpenFault::FormerRootMissing { version: newest.version.saturating_sub(1) };
    let former = match &before {
        Some(row) => Some(roots.open(&facts, row).ok_or(missing)?),
        None => None,
    };
    let keys = Keys::new(facts, &SiteKeks { newest, former })?;
    Ok((keys, std::iter::once(stored).chain(before).collect()))
}

/// Whose statements the site obeys, as its settings say: those that the state tree has under this root.
pub(crate) fn recovery_halves(
    reader: &dyn Reader,
    keys: &Keys,
    state: [u8; 32],
) -> Result<Option<domain::RecoveryHalves>, OpenFault> {
    let row = RowId::new(Table::Settings, domain::SETTINGS_ID);
    let damaged = |why| OpenFault::Row(Fault::Damaged { row, why });
    let read = |nodes: &[crate::store::NodeId]| reader.row_and_nodes(row, nodes);
    let (stored, path) = Nodes::new().follow(state, &tree_key(row), read).map_err(|unproven| match unproven {
        Unproven::Store(fault) => store_fault(&fault),
        Unproven::Differs(why) | Unproven::Node(_, why) => damaged(why),
    })?;
    let stored = stored.ok_or(OpenFault::NotFounded)?;
    if path.hash_of(row) != Some(row_hash(&stored)) {
        return Err(damaged("it was edited, or an old one was put back"));
    }
    let Some(site) = keys.known_tenant(SITE_TENANT) else { return Ok(None) };
    let plaintext = keys.open(&site, &stored, None)?;
    match codec::decode(&stored, &plaintext) {
        Ok(Object::Settings(settings)) => Ok(settings.recovery),
        _ => Err(damaged("its content cannot be read")),
    }
}

fn follow(mut projector: Projector, shared: Arc<Shared>) -> Option<(JoinHandle<()>, Sender<()>)> {
    let (stop, stopped) = crossbeam_channel::bounded::<()>(1);
    let follow = move || {
        while let Err(crossbeam_channel::RecvTimeoutError::Timeout) = stopped.recv_timeout(PROJECTION_PERIOD) {
            let size = shared.head.load().size;
            let led = projector.lead().and_then(|leads| {
                shared.leads.store(leads, Ordering::Relaxed);
                if leads { projector.step(size).map(|_| ()) } else { Ok(()) }
            });
            if let Err(fault) = led {
                tracing::warn!(fault = %fault.0, "the projections wait");
            }
        }
    };
    let thread = std::thread::Builder::new().name("projector".into()).spawn(follow).ok()?;
    Some((thread, stop))
}

/// What the store says of its site; none if nobody founded one here.
pub(crate) fn site_facts(reader: &dyn Reader) -> Result<Option<SiteFacts>, OpenFault> {
    let fact = |name| reader.fact(name).map_err(|f| store_fault(&f));
    let Some(site) = fact("site")? else { return Ok(None) };
    let format = fact("format")?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    if format > STORE_FORMAT {
        return Err(OpenFault::NewerFormat { found: format });
    }
    let site = site.try_into().map_err(|_| OpenFault::Store("the site's id has another length".into()))?;
    let origin = String::from_utf8(fact("origin")?.unwrap_or_default()).unwrap_or_default();
    Ok(Some(SiteFacts { site, origin }))
}

/// A store that was moved elsewhere has a twin that goes on; two may not.
fn check_not_moved(reader: &dyn Reader) -> Result<(), OpenFault> {
    match reader.fact(MOVED).map_err(|f| store_fault(&f))? {
        Some(place) => Err(OpenFault::Moved { to: String::from_utf8_lossy(&place).into_owned() }),
        None => Ok(()),
    }
}

/// Where the log stands, and what the wall clock showed at its newest entry.
pub(crate) fn check_head(reader: &dyn Reader, keys: &Keys) -> Result<(Tree, Timestamp), OpenFault> {
    let Some(last) = reader.last_batch().map_err(|f| store_fault(&f))? else { return Err(OpenFault::NotFounded) };
    let edited = OpenFault::BatchEdited { first: last.first };
    let frontier = Frontier::from_bytes(&last.frontier).ok_or(edited.clone())?;
    if !last.is_genuine(&keys.batch_mac) || frontier.size() != last.first.saturating_add(u64::from(last.count)) {
        return Err(edited);
    }
    let entries = entries_of(&last.entries).filter_map(|entry| decode_entry(entry).ok());
    let (steady, wall) = entries.map(|clear| (clear.steady, clear.wall)).max().unwrap_or((Steady(0), last.wall));
    Ok((Tree { frontier, state: last.state, steady, signed: 0 }, wall))
}

/// What is anchored and built on will stay, and is what the server has that takes the writes.
fn confirm(writer: &mut dyn Writer, keys: &Keys, tree: &Tree) -> Result<(), OpenFault> {
    let newest = tree.frontier.size().saturating_sub(1);
    let held = writer.confirm().and_then(|()| writer.batches(newest, 1)).map_err(|f| store_fault(&f))?;
    match held.first().is_some_and(|batch| batch.ends_at(&keys.batch_mac, &tree.frontier, &tree.state)) {
        true => Ok(()),
        false => Err(OpenFault::Store("the servers that it reads from and writes to differ; try again".into())),
    }
}

/// The size of the newest checkpoint, which the log must not be shorter than.
fn check_checkpoint(newest: Option<StoredCheckpoint>, keys: &Keys, tree: &Tree) -> Result<u64, OpenFault> {
    let Some(newest) = newest else { return Ok(0) };
    let forged = OpenFault::ForgedCheckpoint { size: newest.size };
    let opened = open_checkpoint(&newest.note, &keys.facts.origin, &keys.signer.public());
    let Checkpoint { size: signed, root, state } = opened.ok_or(forged.clone())?;
    let frontier = &tree.frontier;
    match signed {
        signed if signed != newest.size => Err(forged),
        signed if signed > frontier.size() => {
            Err(OpenFault::LogShorterThanCheckpoint { size: frontier.size(), signed })
        }
        signed if signed == frontier.size() && (root, state) != (frontier.root(), tree.state) => {
            Err(OpenFault::LogContradictsCheckpoint { size: signed })
        }
        signed => Ok(signed),
    }
}
