//! Reading. A view keeps what it read, so nothing can be read that the outcome does not stand on.

use crate::cache::{Row, Rows};
use crate::committer::Order;
use crate::keys::{Keys, MaterialFacts, TenantKeys, budget_id, former_kek_row, log_key_id, material_id};
use crate::query::{self, Filter};
use crate::state::Nodes;
use crate::store::{ProjectionReader, Reader, Scope, StoredBatch};
use crate::{Clear, DetailKey, Head, decode_entry};
use arc_swap::ArcSwap;
use crossbeam_channel::Sender;
use domain::{
    AccessKey, Action, Budget, Fault, Key, KeyMaterial, Keyring, Location, Moment, NameKind, NameRow, Object, ObjectId,
    Principal, RowId, SETTINGS_ID, Settings, Table, Tenant, Timestamp, TokenRow,
};
use quick_cache::sync::Cache;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Batches whose code was checked lately: their entries are believed.
const BATCHES_CHECKED_MAX: usize = 64;

/// How long whoever reads waits for what others appended.
const CATCH_UP_MAX: Duration = Duration::from_secs(15);

/// Batches that are held in memory at once to see how old they are.
const PRUNABLE_BATCHES: u32 = 32;

/// Damaged rows that are told of once; of others it is told again.
const ALARMED_MAX: usize = 1_024;

/// What all views and the committer share.
pub(crate) struct Shared {
    pub(crate) rows: Rows,
    pub(crate) keys: Keys,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) projections: Arc<dyn ProjectionReader>,
    pub(crate) head: ArcSwap<Head>,
    /// The newest head of which it is known that it will stay. Only where others append to the same log is it ever behind.
    pub(crate) confirmed: ArcSwap<Head>,
    pub(crate) name: String,
    /// Whether this process, of all on the same log, does what is due and what is derived.
    pub(crate) leads: AtomicBool,
    /// How long this process has held the lock of the log's head, in microseconds; of a store of its own, how long it wrote.
    pub(crate) held_micros: AtomicU64,
    /// Whom to ask for what others appended.
    orders: OnceLock<Sender<Order>>,
    pub(crate) anchors: crate::anchor::Standing,
    /// Nodes of the state tree.
    pub(crate) nodes: Nodes,
    /// Held to write while the store may be ahead of the head in memory.
    pub(crate) moving: RwLock<()>,
    /// How often a row was found damaged.
    pub(crate) damages: AtomicU64,
    /// Damaged rows that were told of.
    pub(crate) alarmed: Cache<RowId, ()>,
    checked: Cache<u64, Arc<StoredBatch>>,
}

/// What an outcome stands on: the rows that were read for it, absent ones too.
#[derive(Default)]
pub struct Basis(pub(crate) Vec<Arc<Row>>);

impl Basis {
    /// For records that stand on no object: a conflict, a sum of refusals. A golden list holds who says so.
    pub fn nothing() -> Self {
        Self::default()
    }

    pub(crate) fn still_holds(&self) -> bool {
        self.0.iter().all(|row| row.is_current())
    }

    pub(crate) fn row(&self, id: &RowId) -> Option<&Arc<Row>> {
        self.0.iter().find(|row| row.id == *id)
    }
}

/// Read-only. There is no way from here to the ledger that writes.
pub struct View {
    pub(crate) shared: Arc<Shared>,
    pub(crate) basis: RefCell<Vec<Arc<Row>>>,
}

macro_rules! typed {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $kind:ty) => {
        $(#[$doc])*
        pub fn $name(&self, id: ObjectId) -> Result<Option<Arc<$kind>>, Fault> {
            match self.object(RowId::new(Table::$variant, id), None)? {
                Some(Object::$variant(object)) => Ok(Some(object)),
                _ => Ok(None),
            }
        }
    };
}

impl View {
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared, basis: RefCell::new(Vec::with_capacity(8)) }
    }

    /// The same site, nothing of it read yet.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self::of(Arc::clone(&self.shared))
    }

    pub fn into_basis(self) -> Basis {
        Basis(self.basis.into_inner())
    }

    typed!(
        /// A tenant.
        tenant, Tenant, Tenant
    );
    typed!(
        /// A keyring.
        keyring, Keyring, Keyring
    );
    typed!(
        /// A key without its material.
        key, Key, Key
    );
    typed!(
        /// A person or a service.
        principal, Principal, Principal
    );

    /// What a name means in a tenant and place; `text` as it is spelled, case and all.
    pub fn name(
        &self,
        kind: NameKind,
        tenant: ObjectId,
        location: Option<&Location>,
        text: &str,
    ) -> Result<Option<Arc<NameRow>>, Fault> {
        match self.object(RowId::new(Table::Name, self.name_id(kind, tenant, location, text)), None)? {
            Some(Object::Name(name)) => Ok(Some(name)),
            _ => Ok(None),
        }
    }

    /// The id of a name's row, for changes to it.
    pub fn name_id(&self, kind: NameKind, tenant: ObjectId, location: Option<&Location>, text: &str) -> ObjectId {
        let location = location.map_or("", |location| &location.0);
        self.shared.keys.name_id(kind, tenant, location, text)
    }

    /// The access key with this public half, wherever in the site.
    pub fn access_key(&self, text: &str) -> Result<Option<Arc<AccessKey>>, Fault> {
        let id = self.access_key_id(text);
        match self.object(RowId::new(Table::AccessKey, id), None)? {
            Some(Object::AccessKey(key)) => {
                self.shared.keys.learn_access_key(text, id);
                Ok(Some(key))
            }
            _ => Ok(None),
        }
    }

    pub fn access_key_id(&self, text: &str) -> ObjectId {
        self.shared.keys.access_key_id(text)
    }

    /// The code of an access token's words, under a key of the site.
    pub fn token_code(&self, words: &[u8]) -> [u8; 32] {
        self.shared.keys.token_code(words)
    }

    /// What the same principal made with this token before.
    pub fn token(&self, principal: ObjectId, token: &str) -> Result<Option<Arc<TokenRow>>, Fault> {
        match self.object(RowId::new(Table::Token, self.token_id(principal, token)), None)? {
            Some(Object::Token(row)) => Ok(Some(row)),
            _ => Ok(None),
        }
    }

    pub fn token_id(&self, principal: ObjectId, token: &str) -> ObjectId {
        self.shared.keys.token_id(principal, token)
    }

    pub fn settings(&self) -> Result<Arc<Settings>, Fault> {
        match self.object(RowId::new(Table::Settings, SETTINGS_ID), None)? {
            Some(Object::Settings(settings)) => Ok(settings),
            _ => Err(Fault::Unavailable),
        }
    }

    /// What was given away of a version's limits; none: nothing yet.
    pub fn budget(&self, key: ObjectId, version: u32) -> Result<Option<Arc<Budget>>, Fault> {
        match self.object(RowId::new(Table::Budget, budget_id(key, version)), None)? {
            Some(Object::Budget(budget)) => Ok(Some(budget)),
            _ => Ok(None),
        }
    }

    /// The id of that row, for changes to it.
    pub fn budget_id(key: ObjectId, version: u32) -> ObjectId {
        budget_id(key, version)
    }

    /// The material of one version, opened into secret memory.
    pub fn material(&self, key: &Key, version: u32) -> Result<Option<Arc<KeyMaterial>>, Fault> {
        let facts = MaterialFacts::of(key, version);
        match self.object(RowId::new(Table::Material, material_id(key.id, version)), Some(&facts))? {
            Some(Object::Material(material)) => Ok(Some(material)),
            _ => Ok(None),
        }
    }

    pub fn material_id(key: ObjectId, version: u32) -> ObjectId {
        material_id(key, version)
    }

    /// The object that a stored row belongs to; none where there is no such row any more.
    pub fn owner_of(&self, row: RowId) -> Result<Option<ObjectId>, Fault> {
        let stored = self.shared.proven(row)?;
        Ok(stored.filter(|(stored, _)| !stored.blob.is_empty()).map(|(stored, _)| stored.owner))
    }

    /// Reads a row only so that the outcome may change it, there or not.
    pub fn touch(&self, row: RowId) -> Result<(), Fault> {
        self.row(row, None).map(|_| ())
    }

    /// The hash of a row that was read; none if it was not read or never was.
    pub(crate) fn read_as(&self, row: RowId) -> Option<[u8; 32]> {
        self.basis.borrow().iter().find(|read| read.id == row)?.hash
    }

    /// The revision at which the row was read; zero if it was not read or never was.
    pub fn revision(&self, row: RowId) -> u64 {
        self.basis.borrow().iter().find(|read| read.id == row).map_or(0, |read| read.revision)
    }

    /// Objects of a table in the order of their ids: at most `limit` after `after`, and whether there are more.
    pub fn list(
        &self,
        table: Table,
        scope: Scope,
        after: Option<ObjectId>,
        limit: u32,
    ) -> Result<(Vec<(ObjectId, Object)>, bool), Fault> {
        let found =
            self.shared.reader.rows(table, scope, after, limit.saturating_add(1)).map_err(|_| Fault::Unavailable)?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > wanted;
        let mut objects = Vec::with_capacity(found.len().min(wanted));
        let page = found.get(..wanted.min(found.len())).unwrap_or_default();
        let listed = page.iter().zip(self.shared.listed(page)?);
        objects.extend(listed.filter_map(|(stored, object)| Some((stored.id.id, object?))));
        Ok((objects, more))
    }

    /// The column that listings of a tenant's place go by.
    pub fn place(&self, tenant: ObjectId, location: &Location) -> Scope {
        Scope::Place(tenant, self.shared.keys.place_id(tenant, &location.0))
    }

    /// Keys that the scheduler must look at.
    pub fn due_keys(&self, until: Timestamp, limit: u32) -> Result<Vec<ObjectId>, Fault> {
        self.refresh()?;
        let due = self.shared.reader.due(Table::Key, until, limit).map_err(|_| Fault::Unavailable)?;
        Ok(due.into_iter().map(|row| row.id).collect())
    }

    /// Where others append to the same log, what they appended is read up first.
    fn refresh(&self) -> Result<(), Fault> {
        if self.shared.reader.is_shared() { self.shared.catch_up() } else { Ok(()) }
    }

    /// Whose log this is, and where it stands.
    pub fn head(&self) -> Head {
        Head::clone(&self.shared.head.load())
    }

    /// Entries that fit, newest first, and how far the projections were that answered.
    pub fn entries(&self, filter: &Filter) -> Result<(Vec<(u64, Clear)>, u64), Fault> {
        self.refresh()?;
        let head = self.head().size;
        let upto = self.shared.projections.cursor("segments").map_err(|_| Fault::Unavailable)?;
        let found = query::list(&*self.shared.reader, &*self.shared.projections, head, filter);
        Ok((found.map_err(|_| Fault::Unavailable)?, upto))
    }

    /// The bytes of one entry.
    pub fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, Fault> {
        let batch = self.shared.checked_batch(index).map_err(|_| Fault::Unavailable)?;
        Ok(batch.and_then(|batch| entry_in(&batch, index).map(<[u8]>::to_vec)))
    }

    /// The sealed part of an entry, opened; none where its log key is gone.
    pub fn detail(&self, clear: &Clear) -> Result<Option<Vec<(u16, crate::Detail)>>, Fault> {
        let Some(log) = self.log_sealer(clear.tenant, clear.log_month)? else { return Ok(None) };
        let associated = crate::entry::detail_associated(&self.shared.keys.facts.site, clear.tenant, clear.request);
        let Ok(plain) = log.key.open(&associated, &clear.sealed) else { return Ok(None) };
        Ok(plain.expose(crate::entry::decode_detail).ok())
    }

    /// The path of one entry in the tree of `size`.
    pub fn proof(&self, index: u64, size: u64) -> Result<Vec<[u8; 32]>, Fault> {
        query::proof(&*self.shared.reader, &*self.shared.projections, index, size).map_err(|_| Fault::Unavailable)
    }

    pub fn newest_checkpoint(&self) -> Result<Option<crate::StoredCheckpoint>, Fault> {
        self.shared.reader.newest_checkpoint().map_err(|_| Fault::Unavailable)
    }

    /// What a stored checkpoint says, its signature checked.
    pub fn open_checkpoint(&self, stored: &crate::StoredCheckpoint) -> Result<crate::Checkpoint, Fault> {
        let keys = &self.shared.keys;
        let opened = crate::checkpoint::open_checkpoint(&stored.note, &keys.facts.origin, &keys.signer.public());
        opened.ok_or(Fault::EntryNotFound { index: 0, size: stored.size })
    }

    /// The log's verifier key (C2SP signed-note).
    pub fn verifier_line(&self) -> String {
        let keys = &self.shared.keys;
        crate::checkpoint::verifier_line(&keys.facts.origin, &keys.signer.public())
    }

    /// Below which index, from `from` on, the log is older than `months` whole months, and before which month that is;
    /// none where nothing is. Age is steady time: whoever sets the wall clock makes no month older.
    pub fn prunable(&self, from: u64, now: Moment, months: u32) -> Result<Option<(u64, u32)>, Fault> {
        let (mut at, mut found, mut limit) = (from, None, 1);
        loop {
            let batches = self.shared.reader.batches(at, limit).map_err(|_| Fault::Unavailable)?;
            for batch in &batches {
                let Some(month) = self.outlived(batch, now, months)? else { return Ok(found) };
                at = batch.first.saturating_add(u64::from(batch.count));
                found = Some((at, month));
            }
            if batches.is_empty() {
                return Ok(found);
            }
            limit = PRUNABLE_BATCHES;
        }
    }

    /// The first month that is kept, if the batch is older and its entries are in the tiles, where proofs of later
    /// ones need them.
    fn outlived(&self, batch: &StoredBatch, now: Moment, months: u32) -> Result<Option<u32>, Fault> {
        let last = batch.first.saturating_add(u64::from(batch.count)).saturating_sub(1);
        // What was edited is evidence, and stays.
        let Ok(Some(batch)) = self.shared.checked_batch(last) else { return Err(Fault::Unavailable) };
        let entry = entry_in(&batch, last).and_then(|entry| decode_entry(entry).ok()).ok_or(Fault::Unavailable)?;
        let today = entry.wall.plus(now.steady.0.saturating_sub(entry.steady.0));
        let month = months_before(today.year_month(), months);
        let tiled = self.shared.projections.cursor("tiles").map_err(|_| Fault::Unavailable)? > last;
        Ok((tiled && batch.wall.year_month() < month).then_some(month))
    }

    /// Below which index the log was to be pruned, as the newest entry about it says.
    pub fn pruned_below(&self) -> Result<u64, Fault> {
        let filter = Filter { action: Some(Action::Prune as u16), limit: 1, ..Filter::default() };
        let newest = self.entries(&filter)?.0.pop();
        Ok(newest.and_then(|(_, entry)| entry.prunes()).unwrap_or(0))
    }

    /// What names the log in its checkpoints.
    pub fn origin(&self) -> String {
        self.shared.keys.facts.origin.clone()
    }

    /// What the store is, for people.
    pub fn store_name(&self) -> String {
        self.shared.name.clone()
    }

    /// What the loss of a machine costs.
    pub fn availability(&self) -> crate::Availability {
        self.shared.reader.availability()
    }

    /// How far the projections are.
    pub fn progress(&self) -> Vec<domain::Progress> {
        self.shared.progress()
    }

    pub(crate) fn log_sealer(
        &self,
        tenant: ObjectId,
        month: u32,
    ) -> Result<Option<Arc<crate::keys::LogSealer>>, Fault> {
        if let Some(known) = self.shared.keys.known_log(tenant, month) {
            return Ok(Some(known));
        }
        match self.object(RowId::new(Table::LogKey, log_key_id(tenant, month)), None)? {
            Some(Object::LogKey(key)) => Ok(Some(self.shared.keys.learn_log(&key)?)),
            _ => Ok(None),
        }
    }

    pub(crate) fn object(&self, id: RowId, material: Option<&MaterialFacts>) -> Result<Option<Object>, Fault> {
        Ok(self.row(id, material)?.object.clone())
    }

    fn row(&self, id: RowId, material: Option<&MaterialFacts>) -> Result<Arc<Row>, Fault> {
        let row = self.shared.row(id, material)?;
        let mut basis = self.basis.borrow_mut();
        if !basis.iter().any(|read| Arc::ptr_eq(read, &row)) {
            basis.push(Arc::clone(&row));
        }
        Ok(row)
    }
}

impl Shared {
    pub(crate) fn new(
        keys: Keys,
        reader: Arc<dyn Reader>,
        projections: Arc<dyn ProjectionReader>,
        head: Head,
        name: String,
    ) -> Self {
        let checked = Cache::new(BATCHES_CHECKED_MAX);
        let (leads, orders) = (AtomicBool::new(!reader.is_shared()), OnceLock::new());
        let head = Arc::new(head);
        let anchors = crate::anchor::Standing::default();
        Self {
            rows: Rows::new(),
            keys,
            reader,
            projections,
            confirmed: ArcSwap::new(Arc::clone(&head)),
            head: ArcSwap::new(head),
            name,
            leads,
            held_micros: AtomicU64::new(0),
            orders,
            anchors,
            nodes: Nodes::new(),
            moving: RwLock::new(()),
            damages: AtomicU64::new(0),
            alarmed: Cache::new(ALARMED_MAX),
            checked,
        }
    }

    /// Whoever reads may ask the committer to read up.
    pub(crate) fn learn_orders(&self, orders: Sender<Order>) {
        let _ = self.orders.set(orders);
    }

    /// Waits until memory has all that the log had when it was asked.
    pub(crate) fn catch_up(&self) -> Result<(), Fault> {
        let orders = self.orders.get().ok_or(Fault::Unavailable)?;
        let (answer, told) = crossbeam_channel::bounded(1);
        orders.try_send(Order::CatchUp(answer)).map_err(|_| Fault::Unavailable)?;
        let wait = || told.recv_timeout(CATCH_UP_MAX);
        let caught_up = match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            // Whoever else runs on this thread is taken over by another.
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
            _ => wait(),
        };
        caught_up.map_err(|_| Fault::Unavailable)?.map_err(|_| Fault::Unavailable)
    }

    pub(crate) fn progress(&self) -> Vec<domain::Progress> {
        let upto = |projection| self.projections.cursor(projection).unwrap_or(0);
        ["tiles", "segments"].map(|projection| domain::Progress { projection, upto: upto(projection) }).to_vec()
    }

    /// Which of these changes were destructions. A row that was changed again since is judged by its last change.
    pub(crate) fn destroyed_among(
        &self,
        changed: &[crate::anchor::Changed],
    ) -> Result<Vec<crate::Tombstone>, crate::OpenFault> {
        let mut found = Vec::new();
        for (row, position, wall) in changed {
            let gone = match row.table {
                Table::Key => match self.row(*row, None) {
                    Ok(row) => is_destroyed(&row),
                    Err(Fault::Unavailable) => return Err(Fault::Unavailable.into()),
                    // Whoever reads it is told.
                    Err(_) => false,
                },
                table if crate::anchor::leaves_tombstone(table) => {
                    let stored = self.reader.row(*row).map_err(|fault| crate::OpenFault::Store(fault.0))?;
                    stored.is_some_and(|stored| stored.blob.is_empty())
                }
                _ => false,
            };
            if gone {
                found.push(crate::Tombstone { row: *row, position: *position, wall: *wall });
            }
        }
        Ok(found)
    }

    /// The batch that holds an entry, its code checked. None where it was pruned.
    pub(crate) fn checked_batch(&self, index: u64) -> Result<Option<Arc<StoredBatch>>, Unchecked> {
        let found = self.reader.batch_with(index).map_err(|_| Unchecked::Store)?;
        let Some(batch) = found else { return Ok(None) };
        if let Some(known) = self.checked.get(&batch.first).filter(|known| **known == batch) {
            return Ok(Some(known));
        }
        if !batch.is_genuine(&self.keys.batch_mac) {
            tracing::error!(first = batch.first, "a batch of the log was edited");
            return Err(Unchecked::Edited);
        }
        let batch = Arc::new(batch);
        self.checked.insert(batch.first, Arc::clone(&batch));
        Ok(Some(batch))
    }

    pub(crate) fn tenant_keys(&self, tenant: ObjectId) -> Result<Arc<TenantKeys>, Fault> {
        if let Some(known) = self.keys.known_tenant(tenant) {
            return Ok(known);
        }
        let row = self.row(RowId::new(Table::Kek, tenant), None)?;
        if self.keys.is_rotating() {
            return self.rotating_keys(tenant, &row).map(Arc::new);
        }
        self.keys.learn_tenant(kek_in(&row)?)
    }

    /// The keys of a tenant of which some rows may be under its former KEK: made each time from its row, so that what is
    /// sealed stands on that row.
    pub(crate) fn rotating_keys(&self, tenant: ObjectId, row: &Row) -> Result<TenantKeys, Fault> {
        let former = self.row(former_kek_row(tenant), None)?;
        let former = match &former.object {
            Some(Object::Kek(kek)) => Some(&kek.bytes),
            _ => None,
        };
        TenantKeys::new(&kek_in(row)?.bytes, former)
    }

    pub(crate) fn profile_of(&self, object: &Object) -> Result<domain::Profile, Fault> {
        let Object::Key(key) = object else { return Ok(domain::Profile::Default) };
        match &self.row(RowId::new(Table::Tenant, key.tenant), None)?.object {
            Some(Object::Tenant(tenant)) => Ok(tenant.profile),
            _ => Ok(domain::Profile::Default),
        }
    }
}

fn kek_in(row: &Row) -> Result<&Arc<domain::WrappedKek>, Fault> {
    match &row.object {
        Some(Object::Kek(kek)) => Ok(kek),
        _ => Err(Fault::Damaged { row: row.id, why: "the tenant's key is missing" }),
    }
}

fn is_destroyed(row: &Row) -> bool {
    matches!(&row.object, Some(Object::Key(key)) if key.life.state == domain::KeyState::Destroyed)
}

/// `202611` less two months is `202609`.
fn months_before(month: u32, months: u32) -> u32 {
    let count = (month / 100 * 12 + month % 100).saturating_sub(1).saturating_sub(months);
    count / 12 * 100 + count % 12 + 1
}

/// Why a batch is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unchecked {
    Store,
    Edited,
}

/// One entry's bytes within its batch.
pub(crate) fn entry_in(batch: &StoredBatch, index: u64) -> Option<&[u8]> {
    let skip = usize::try_from(index.checked_sub(batch.first)?).ok()?;
    entries_of(&batch.entries).nth(skip)
}

/// The entries of a batch, in order. A cut tail is left out.
pub fn entries_of(mut framed: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = framed.split_first_chunk::<4>()?;
        let (entry, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        framed = rest;
        Some(entry)
    })
}

/// The detail that tells how an entry's action was called.
pub fn detail_text(detail: &[(u16, crate::Detail)], key: DetailKey) -> Option<&str> {
    detail.iter().find(|(number, _)| *number == key as u16).and_then(|(_, value)| match value {
        crate::Detail::Text(text) => Some(text.as_str()),
        _ => None,
    })
}
