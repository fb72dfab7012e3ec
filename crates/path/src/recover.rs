//! Believing a store that its anchors do not, because the holder of the recovery key has signed that.

use crate::house::house_told;
use crate::{Open, Path, ids};
use domain::{Fault, ObjectId};
use ledger::{Ledger, LedgerConfig, OpenFault, Record, SignedStatement, Tombstone};

/// Tombstones in one entry.
const TOMBSTONES_MAX: usize = 64;
/// How often the house tries again what others got in the way of; here nobody does.
const TRIES_MAX: usize = 3;

/// What is to be believed.
pub struct Recovery {
    pub statement: SignedStatement,
    /// What is known to be destroyed from elsewhere: newer backups.
    pub tombstones: Vec<Tombstone>,
    /// Where nobody knows what was destroyed since: the date, with which all keys are marked.
    pub unknown_since: Option<String>,
    /// What the entry says beside the heads.
    pub said: String,
}

/// What was done.
pub struct Recovered {
    /// Entries of the store, and those that its anchor had.
    pub size: u64,
    pub anchored: Option<u64>,
    pub tombstones: usize,
    pub marked: u64,
}

impl Path {
    /// Opens the store once, records what is given up, ends again what was destroyed, and moves the anchors. The house
    /// itself stays sealed.
    pub async fn recover(&self, open: Open<'_>, recovery: Recovery) -> Result<Recovered, OpenFault> {
        let said = recovery.statement.statement.clone();
        let config =
            LedgerConfig { clock: self.clock.clone(), anchors: open.anchors, statement: Some(recovery.statement) };
        let ledger = Ledger::open(open.store, open.root, config)?;
        let mut lost: Vec<Tombstone> = ledger.recovered().unwrap_or_default().to_vec();
        lost.extend(recovery.tombstones);
        // What was destroyed before the store's head is destroyed in the store.
        lost.retain(|tombstone| tombstone.position >= said.store.size);
        lost.sort_unstable();
        lost.dedup_by_key(|tombstone| tombstone.row);
        let (size, anchored) = (said.store.size, said.anchor.map(|head| head.size));
        let gap = anchored.map_or_else(
            || format!("store={size} anchor=none {}", recovery.said),
            |anchored| format!("store={size} anchor={anchored} {}", recovery.said),
        );
        let mut chunks = lost.chunks(TOMBSTONES_MAX);
        let first = chunks.next().unwrap_or(&[]);
        for lost in std::iter::once(first).chain(chunks) {
            self.record(&ledger, &engine::Given { said: gap.clone(), lost, marked: None }).await?;
        }
        let marked = match &recovery.unknown_since {
            Some(since) => self.mark_all(&ledger, since).await?,
            None => 0,
        };
        ledger.scrub().await.map_err(OpenFault::Store)?;
        Ok(Recovered { size, anchored, tombstones: lost.len(), marked })
    }

    async fn mark_all(&self, ledger: &Ledger, since: &str) -> Result<u64, OpenFault> {
        let (mut after, mut marked): (Option<ObjectId>, u64) = (None, 0);
        loop {
            let (keys, next) = engine::living_keys(&ledger.view(), after)?;
            let said = format!("destructions_unknown_since={since}");
            self.record(ledger, &engine::Given { said, lost: &[], marked: Some((&keys, since)) }).await?;
            marked = marked.saturating_add(keys.len() as u64);
            after = next;
            if after.is_none() {
                return Ok(marked);
            }
        }
    }

    async fn record(&self, ledger: &Ledger, given: &engine::Given<'_>) -> Result<(), OpenFault> {
        for _ in 0..TRIES_MAX {
            let view = ledger.view();
            let told = house_told(ids::request(), self.clock.now(), "Recover");
            let record: Record = engine::recovered(told, &view, given)?;
            match ledger.commit(record, view.into_basis()).await {
                Ok(_) => return Ok(()),
                Err(ledger::Unrecorded::Stale) => {}
                Err(ledger::Unrecorded::Damaged { row, why }) => {
                    return Err(OpenFault::Row(Fault::Damaged { row, why }));
                }
                Err(ledger::Unrecorded::Unavailable | ledger::Unrecorded::Unknown) => {
                    return Err(OpenFault::Store("the recovery was not written, or not anchored".into()));
                }
            }
        }
        Err(OpenFault::Row(Fault::Conflict))
    }
}
