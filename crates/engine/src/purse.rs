//! What this process may still do of the limits of keys: taken from the site's budget as a change, spent in memory.
//!
//! What is in the purse is lost when the process dies, and given back when it ends; so a limit is never passed, by
//! however many processes.

use crate::{Effects, Supplies};
use domain::{Allowance, Amount, Budget, Fault, Limits, Object, ObjectId, Working};
use ledger::{Change, View};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One for each process.
#[derive(Default)]
pub struct Purse(Mutex<HashMap<(ObjectId, u32), Amount>>);

impl Purse {
    fn lock(&self) -> MutexGuard<'_, HashMap<(ObjectId, u32), Amount>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True: it was there, and is spent.
    fn spend(&self, what: Allowance) -> bool {
        let mut purse = self.lock();
        let held = purse.get(&(what.key, what.version)).copied().unwrap_or_default();
        let Some(left) = held.minus(what.amount) else { return false };
        if left.is_nothing() {
            purse.remove(&(what.key, what.version));
        } else {
            purse.insert((what.key, what.version), left);
        }
        true
    }

    pub fn put(&self, what: Allowance) {
        if what.amount.is_nothing() {
            return;
        }
        let mut purse = self.lock();
        let held = purse.entry((what.key, what.version)).or_default();
        *held = held.plus(what.amount);
    }

    /// All of it. Nothing is spent from here on that is not taken anew.
    pub fn empty(&self) -> Vec<Allowance> {
        let held = std::mem::take(&mut *self.lock());
        held.into_iter().map(|((key, version), amount)| Allowance { key, version, amount }).collect()
    }
}

/// The effects, and what the use costs of the version's limits: out of the purse, or out of the budget with a share for
/// the purse.
pub(crate) fn charge(
    effects: Effects,
    work: &Working,
    bytes: usize,
    supplies: &Supplies<'_>,
) -> Result<Effects, Fault> {
    if work.key.limits == Limits::NONE {
        return Ok(effects);
    }
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let needed = work.key.limits.counted(Amount { uses: 1, bytes });
    let spent = Allowance { key: work.key.id, version: work.version, amount: needed };
    if supplies.purse.spend(spent) {
        let mut effects = effects;
        effects.till.spent = Some(spent);
        return Ok(effects);
    }
    take(effects, work, needed)
}

fn take(mut effects: Effects, work: &Working, needed: Amount) -> Result<Effects, Fault> {
    let (key, version) = (work.key.id, work.version);
    let given = work.budget.as_ref().map_or(Amount::default(), |budget| budget.given);
    let share = work.key.limits.share(given, needed).map_err(|limit| Fault::UsedUp { version, limit })?;
    let rest = share.minus(needed).unwrap_or_default();
    effects.change = effects.change.and(budget_change(key, work.key.tenant, version, given.plus(share)));
    effects.till.given = Some(Allowance { key, version, amount: rest });
    Ok(effects)
}

pub(crate) fn budget_change(key: ObjectId, tenant: ObjectId, version: u32, given: Amount) -> Change {
    let budget = Budget { key, tenant, version, given };
    Change::none().put(View::budget_id(key, version), Object::Budget(Arc::new(budget)))
}
