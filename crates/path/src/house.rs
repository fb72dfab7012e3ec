//! Founding, opening, and what the house does by itself.

use crate::decide::{Decided, Matter};
use crate::{House, Path, ids};
use dialect::Echo;
use domain::{
    Action, Agreed, Ask, Errand, Fault, Location, Moment, Principal, PrincipalKind, Reply, RequestId, SITE_TENANT,
    Tenant, Tongue,
};
use engine::{Colony, Founded, Newcomer, Supplies, Told};
use identity::Caller;
use ledger::{
    Anchor, Basis, Filter, Founding, Ledger, LedgerConfig, OpenFault, Receipt, Record, Store, Till, Unrecorded, View,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How many keys are looked at in one round of the house's own work.
const DUE_MAX: u32 = 256;
/// How long a node that does not lead leaves what is due to the one that does.
const LEFT_LYING_MILLIS: i64 = 60_000;
/// How many times the house resolves its own request anew.
const TRIES_MAX: usize = 8;

/// What [`Path::pruned`] is before this process has dropped anything.
pub(crate) const UNKNOWN: u64 = u64::MAX;

/// What a new site begins with.
pub struct FoundSite {
    pub origin: String,
    pub administrator: Newcomer,
    pub colonies: Vec<Colony>,
    /// Public halves of the recovery key.
    pub recovery: Option<domain::RecoveryHalves>,
}

/// A store, the key that opens it, and what remembers its head elsewhere.
pub struct Open<'a> {
    pub store: Store,
    pub root: ledger::Roots<'a>,
    pub anchors: Vec<Box<dyn Anchor>>,
}

impl Path {
    /// Makes a site in an empty store, and opens for business. The access keys are shown once.
    pub async fn found(&self, open: Open<'_>, site: FoundSite) -> Result<Vec<Founded>, OpenFault> {
        let config = LedgerConfig { clock: self.clock.clone(), anchors: open.anchors, statement: None };
        let moment = self.clock.now();
        let founders =
            engine::Founders { administrator: site.administrator, colonies: site.colonies, recovery: site.recovery };
        let record = |names: engine::NameIds<'_>| engine::founding_record(moment, founders, names);
        let founding = Founding { origin: site.origin, record };
        let (ledger, founded) = Ledger::found(open.store, open.root.newest, config, founding).await?;
        self.clock.agree(Agreed::at(moment.wall, moment.steady));
        self.unseal(ledger)?;
        Ok(founded)
    }

    /// Opens an existing site for business.
    pub fn open(&self, open: Open<'_>) -> Result<(), OpenFault> {
        let config = LedgerConfig { clock: self.clock.clone(), anchors: open.anchors, statement: None };
        self.unseal(Ledger::open(open.store, open.root, config)?)?;
        self.watch_clock();
        Ok(())
    }

    /// Writes what was refused since the last time: one entry for each source and reason.
    pub async fn record_refusals(&self) {
        let Some(house) = self.house.load_full() else { return };
        for sum in self.refusals.take() {
            let moment = self.clock.now();
            let record = engine::refusals(&house_told(ids::request(), moment, "CountRefusals"), sum.clone());
            if house.ledger.commit(record, Basis::nothing()).await.is_err() {
                self.refusals.give_back(&sum);
            }
        }
    }

    /// What has become due: rotations, destructions, expiries, windows. Each is one request on the same path, and
    /// [`Path::run_errands`] runs what is to follow. Returns how many were done.
    pub async fn do_due(&self) -> Result<usize, Fault> {
        let Some(house) = self.house.load_full() else { return Ok(0) };
        let now = due_before(self.clock.now(), house.ledger.leads());
        let supplies = Supplies { now, principal: SITE_TENANT, purse: &house.purse };
        let due = engine::due(&house.ledger.view(), &supplies, DUE_MAX)?;
        let mut done = 0;
        // Nobody records the end of errands meanwhile: the newest end in the log comes after all that it ends.
        let mut errands = house.errands.lock().await;
        for ask in due.into_iter().filter(|ask| !matches!(ask, Ask::GenerateDue { .. })) {
            match self.act(&house, &ask).await {
                Ok(entry) => {
                    done += 1;
                    if let Ask::DestroyDue { key } | Ask::WipeExpired { key } = ask {
                        errands.push((entry, key));
                    }
                }
                Err(fault) => tracing::warn!(%fault, "what was due could not be done"),
            }
        }
        Ok(done)
    }

    /// Makes the material that versions await. It may take long, so that nothing else waits for it. What was not made when
    /// a process died is still awaited, and made by the next. Returns how much was made.
    pub async fn generate_due(&self) -> Result<usize, Fault> {
        let Some(house) = self.house.load_full() else { return Ok(0) };
        let now = due_before(self.clock.now(), house.ledger.leads());
        let supplies = Supplies { now, principal: SITE_TENANT, purse: &house.purse };
        let due = engine::due(&house.ledger.view(), &supplies, DUE_MAX)?;
        let mut made = 0;
        for ask in due.into_iter().filter(|ask| matches!(ask, Ask::GenerateDue { .. })) {
            match self.act(&house, &ask).await {
                Ok(_) => made += 1,
                Err(fault) => tracing::warn!(%fault, "a key could not be generated"),
            }
        }
        Ok(made)
    }

    /// Overwrites what was destroyed, and records each end. It may take long: whoever still reads what was is waited for.
    /// Returns how many errands were run.
    pub async fn run_errands(&self) -> usize {
        let Some(house) = self.house.load_full() else { return 0 };
        let mut seen = house.errands.lock().await.len();
        while seen > 0 {
            // Once is enough for all that was destroyed before.
            let outcome = house.ledger.scrub().await;
            let mut errands = house.errands.lock().await;
            if errands.len() > seen {
                seen = errands.len();
                continue;
            }
            for (entry, key) in errands.drain(..) {
                let done = Ask::ErrandDone { entry, errand: Errand::Scrub { key }, outcome: outcome.clone() };
                if let Err(fault) = self.act(&house, &done).await {
                    tracing::warn!(%fault, "the end of an errand was not recorded; it is run again at the next start");
                }
            }
            return seen;
        }
        0
    }

    /// An errand whose end was not recorded is to be run again.
    pub async fn resume_errands(&self) -> Result<(), Fault> {
        let Some(house) = self.house.load_full() else { return Ok(()) };
        let newest = |action: Action| newest(&house.ledger.view(), action);
        let left = newest(Action::DestroyDue)?.max(newest(Action::WipeExpired)?);
        if let Some(entry) = left.filter(|entry| newest(Action::ErrandDone).is_ok_and(|done| done < Some(*entry))) {
            house.errands.lock().await.push((entry, SITE_TENANT));
        }
        Ok(())
    }

    /// What this process was allowed and has not used is there for others again. For the end of a process.
    pub async fn give_back(&self) {
        let Some(house) = self.house.load_full() else { return };
        for back in house.purse.empty() {
            if let Err(fault) = self.act(&house, &Ask::GiveBack(back)).await {
                tracing::warn!(%fault, key = %back.key, "what was left of a key's limits is lost");
            }
        }
    }

    /// Drops what the site's retention no longer keeps: whole months, below an entry that says so.
    pub async fn keep_retention(&self) -> Result<(), Fault> {
        let Some(house) = self.house.load_full() else { return Ok(()) };
        if !house.ledger.leads() {
            return Ok(());
        }
        let view = house.ledger.view();
        let Some(months) = view.settings()?.retention_months else { return Ok(()) };
        let below = match self.pruned.load(Ordering::Relaxed) {
            UNKNOWN => self.drop_below(&house, view.pruned_below()?).await?,
            known => known,
        };
        let Some((before, before_month)) = view.prunable(below, self.clock.now(), months)? else { return Ok(()) };
        // Until it is dropped the log says what is to be, so that no second entry says the same.
        self.pruned.store(UNKNOWN, Ordering::Relaxed);
        self.act(&house, &Ask::Prune { before, before_month }).await?;
        self.drop_below(&house, before).await?;
        self.drop_past(&house.ledger, before).await.map_err(|why| {
            tracing::warn!(%why, "what was kept of dropped history stays until the next month is dropped");
            Fault::Unavailable
        })
    }

    /// What an entry says is dropped, perhaps once more: a process may have died in the middle of it.
    async fn drop_below(&self, house: &House, before: u64) -> Result<u64, Fault> {
        if before > 0 {
            house.ledger.prune(before).await.map_err(|_| Fault::Unavailable)?;
        }
        self.pruned.store(before, Ordering::Relaxed);
        Ok(before)
    }

    /// The house's own request, down the same path. Returns where its entry is.
    async fn act(&self, house: &House, ask: &Ask) -> Result<u64, Fault> {
        for round in 0..=TRIES_MAX {
            let view = house.ledger.view();
            let caller = house_caller(ask, &view)?;
            let settings = view.settings()?;
            let place = Location(Arc::from("house"));
            let action = engine::action_of(ask);
            let matter = Matter {
                id: ids::request(),
                tongue: Tongue::House,
                place: &place,
                ask,
                operation: action.name(),
                started: clock::stopwatch_micros(),
                moment: self.clock.now(),
                settings: &settings,
                conflicted: round == TRIES_MAX,
            };
            let mut echo = Echo::new(matter.id, matter.operation, action, matter.moment);
            let Decided::Outcome(outcome, basis) = self.decide(house, view, &caller, &matter, &mut echo) else {
                return Err(Fault::Unavailable);
            };
            match house.commit(outcome.record, outcome.till, basis).await {
                Ok(receipt) => {
                    let index = receipt.index();
                    return outcome.reply.unseal(receipt).map(|_: Reply| index);
                }
                Err(Unrecorded::Unavailable | Unrecorded::Unknown) => return Err(Fault::Unavailable),
                Err(Unrecorded::Damaged { row, why }) => return Err(Fault::Damaged { row, why }),
                Err(Unrecorded::Stale) => {}
            }
        }
        Err(Fault::Conflict)
    }
}

impl House {
    /// Commits, and settles with the purse. Whether an unknown commit gave or took is unknown, so nothing is put back.
    pub(crate) fn commit(
        &self,
        record: Record,
        till: Till,
        basis: Basis,
    ) -> impl Future<Output = Result<Receipt, Unrecorded>> + use<'_> {
        let committed = self.ledger.commit(record, basis);
        async move {
            let committed = committed.await;
            let back = match &committed {
                Ok(_) => till.given,
                Err(Unrecorded::Unknown) => None,
                Err(_) => till.spent,
            };
            back.into_iter().for_each(|back| self.purse.put(back));
            committed
        }
    }
}

/// One node of all does what is due. The others only do what that one left lying: it may hang. Should two ever do the
/// same, one is stale and finds it done.
fn due_before(now: Moment, leads: bool) -> Moment {
    match leads {
        true => now,
        false => now.earlier(LEFT_LYING_MILLIS),
    }
}

/// The house acts in the tenant whose object it is, so that the tenant finds it in its log.
fn house_caller(ask: &Ask, view: &View) -> Result<Caller, Fault> {
    let key = match ask {
        Ask::RotateDue { key }
        | Ask::DestroyDue { key }
        | Ask::WipeExpired { key }
        | Ask::CloseWindows { key }
        | Ask::GenerateDue { key } => view.key(*key)?,
        Ask::GiveBack(back) => view.key(back.key)?,
        _ => None,
    };
    let tenant = view.tenant(key.map_or(SITE_TENANT, |key| key.tenant))?.ok_or(Fault::Unavailable)?;
    Ok(Caller::house(Arc::new(house_principal(&tenant)), tenant))
}

fn house_principal(tenant: &Tenant) -> Principal {
    Principal::new(SITE_TENANT, tenant.id, "keyward", PrincipalKind::Service, tenant.created)
}

pub(crate) fn house_told(id: RequestId, moment: Moment, operation: &'static str) -> Told {
    Told { id, tongue: Tongue::House, moment, operation, location: Location("".into()), micros: 0 }
}

fn newest(view: &View, action: Action) -> Result<Option<u64>, Fault> {
    let filter = Filter { action: Some(action as u16), limit: 1, ..Filter::default() };
    Ok(view.entries(&filter)?.0.first().map(|(index, _)| *index))
}
