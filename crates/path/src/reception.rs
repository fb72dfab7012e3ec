//! Keys that come back from a backup of their own, taken in one by one: an entry for each.

use crate::house::house_told;
use crate::{Open, Path, ids};
use clock::Clock;
use crypto::{Software, VerifyingKey};
use domain::{Fault, Fingerprint, RowId, Timestamp};
use engine::{Carried, Returned, Returning};
use ledger::{Ledger, LedgerConfig, OpenFault, Unrecorded, View};
use std::collections::BTreeSet;

/// How often a key is tried again that others got in the way of.
const TRIES_MAX: usize = 8;

/// A site that is open for keys to come back, and for nothing else.
pub struct Reception {
    ledger: Ledger,
    clock: Clock,
    fingerprints: Software,
}

/// What all keys of one backup have in common.
pub struct Incoming {
    /// The site that they left, and when.
    pub site: [u8; 16],
    pub left: Timestamp,
    /// Where they go unless their own tenant is here: by name or account.
    pub tenant: Option<String>,
    /// Rows that are known to be destroyed.
    pub destroyed: BTreeSet<RowId>,
    /// What the entries say beside the key.
    pub said: String,
}

/// A key that is here again, or could be.
pub struct TakenIn {
    pub id: domain::ObjectId,
    /// `NAME` or `RING/NAME`, or nothing.
    pub path: Option<String>,
    pub tenant: String,
    /// The account of the tenant that it left, if that is another than the one that it came to: policies may name it.
    pub former_account: Option<String>,
    /// Aliases that mean something else by now.
    pub left_out: Vec<String>,
}

impl Path {
    /// Opens the store for keys to come back. The house itself stays sealed.
    pub fn receive(&self, open: Open<'_>) -> Result<Reception, OpenFault> {
        let config = LedgerConfig { clock: self.clock.clone(), anchors: open.anchors, statement: None };
        let ledger = Ledger::open(open.store, open.root, config)?;
        let fingerprints = Software::new(ledger.fingerprint_key()?);
        Ok(Reception { ledger, clock: self.clock.clone(), fingerprints })
    }
}

impl Reception {
    pub fn site(&self) -> [u8; 16] {
        self.ledger.facts().site
    }

    /// Who signs this site's backups.
    pub fn verifier(&self) -> VerifyingKey {
        self.ledger.verifier()
    }

    /// Whether the key could be taken in. Nothing is changed.
    pub fn look_at(&self, carried: &Carried, from: &Incoming) -> Result<TakenIn, Fault> {
        Ok(told(carried, self.returned(carried, from, &self.ledger.view())?).1)
    }

    /// Takes a key in. It is here for good once this returns.
    pub async fn take_in(&self, carried: &Carried, from: &Incoming) -> Result<TakenIn, Fault> {
        for _ in 0..TRIES_MAX {
            let view = self.ledger.view();
            let (record, taken) = told(carried, self.returned(carried, from, &view)?);
            match self.ledger.commit(record, view.into_basis()).await {
                Ok(_) => return Ok(taken),
                Err(Unrecorded::Stale) => {}
                Err(Unrecorded::Damaged { row, why }) => return Err(Fault::Damaged { row, why }),
                Err(Unrecorded::Unavailable | Unrecorded::Unknown) => return Err(Fault::Unavailable),
            }
        }
        Err(Fault::Conflict)
    }

    fn returned(&self, carried: &Carried, from: &Incoming, view: &View) -> Result<Returned, Fault> {
        let print = |material: &domain::KeyMaterial| (material.version, self.fingerprints.fingerprint(&material.bytes));
        let fingerprints: Vec<(u32, Fingerprint)> = carried.materials.iter().map(|one| print(one)).collect();
        let given = Returning {
            carried,
            is_own: from.site == self.site(),
            tenant: from.tenant.as_deref(),
            left: from.left,
            fingerprints: &fingerprints,
            destroyed: &from.destroyed,
            said: &from.said,
        };
        engine::returned(house_told(ids::request(), self.clock.now(), "RestoreKey"), view, &given)
    }
}

/// The record, and what is to be told of it.
fn told(carried: &Carried, returned: Returned) -> (ledger::Record, TakenIn) {
    let Returned { record, key, owner, left_out } = returned;
    let former = (carried.owner.account != owner.account).then(|| carried.owner.account.clone());
    let (path, tenant) = (key.path(), owner.name.clone());
    (record, TakenIn { id: key.id, path, tenant, former_account: former, left_out })
}
