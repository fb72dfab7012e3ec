//! A new root key. The house stays sealed meanwhile: whoever rotates opens the store for that alone.

use crate::house::house_told;
use crate::{Open, Path, ids};
use crypto::SealKey;
use domain::Fault;
use ledger::{Change, Ledger, LedgerConfig, OpenFault, RotationStep, View};

/// How often a step is made again because others got in its way.
const TRIES_MAX: usize = 8;

/// What was done to bring a new root key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The root key's version, counted from 1.
    pub version: u32,
    /// KEKs of tenants that were replaced, and rows that were sealed anew, now: not those of a run that was cut off.
    pub keks: u64,
    pub rows: u64,
}

impl Path {
    /// Begins: the site's KEK is replaced by one under the fresh root key. `open` names the former root key. From here on
    /// both are needed, until [`Path::end_rotation`] has come to its end.
    pub async fn begin_rotation(&self, open: Open<'_>, fresh: &SealKey) -> Result<u32, OpenFault> {
        let former = open.root.newest;
        let ledger = self.opened(open)?;
        let version = ledger.view().root_standing()?.version.saturating_add(1);
        let said = format!("root={version} begun");
        self.step(&ledger, &said, |view| Ok((view.rotation_begun(fresh, former)?, ()))).await?;
        Ok(version)
    }

    /// Goes on to the end, wherever it was cut off: new KEKs for tenants, all rows sealed anew, former KEKs taken away.
    /// `open` names both root keys. `told` hears how many rows were looked at.
    pub async fn end_rotation(&self, open: Open<'_>, told: &mut (dyn FnMut(u64) + Send)) -> Result<Rotated, OpenFault> {
        let ledger = self.opened(open)?;
        let version = ledger.view().root_standing()?.version;
        let mut done = Rotated { version, ..Rotated::default() };
        done.keks = self.steps(&ledger, &format!("root={version} keks"), View::keks_replaced, told).await?;
        let resealed = format!("root={version} rows");
        // The last time round nothing is left, so nothing that was written meanwhile is either.
        let kept = format!("root={version} past");
        loop {
            let rows = self.steps(&ledger, &resealed, View::resealed, told).await?;
            let past = self.steps(&ledger, &kept, View::kept_apart, told).await?;
            done.rows = done.rows.saturating_add(rows).saturating_add(past);
            if rows == 0 && past == 0 {
                break;
            }
        }
        self.steps(&ledger, &format!("root={version} former keks"), View::former_keks_removed, told).await?;
        let said = format!("root={version} ended; version {} opens nothing any more", version.saturating_sub(1));
        self.step(&ledger, &said, |view| Ok((view.rotation_ended()?, ()))).await?;
        ledger.scrub().await.map_err(OpenFault::Store)?;
        Ok(done)
    }

    /// What was kept apart of rows whose history is dropped goes with it.
    pub(crate) async fn drop_past(&self, ledger: &Ledger, before: u64) -> Result<(), OpenFault> {
        let said = format!("before={before} past");
        let drop = |view: &View, after| view.past_dropped(before, after);
        self.steps(ledger, &said, drop, &mut |_| ()).await.map(|_| ())
    }

    fn opened(&self, open: Open<'_>) -> Result<Ledger, OpenFault> {
        let config = LedgerConfig { clock: self.clock.clone(), anchors: open.anchors, statement: None };
        Ledger::open(open.store, open.root, config)
    }

    /// All steps of one kind. How many rows they changed.
    async fn steps<At: Copy>(
        &self,
        ledger: &Ledger,
        said: &str,
        each: impl Fn(&View, Option<At>) -> Result<RotationStep<At>, Fault>,
        told: &mut (dyn FnMut(u64) + Send),
    ) -> Result<u64, OpenFault> {
        let (mut after, mut changed, mut steps) = (None, 0_u64, 0_u64);
        loop {
            let at = after;
            let (rows, next) = self
                .step(ledger, said, |view| {
                    let RotationStep { change, rows, next } = each(view, at)?;
                    Ok((change, (rows, next)))
                })
                .await?;
            changed = changed.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
            steps = steps.saturating_add(1);
            told(steps);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(changed),
            }
        }
    }

    /// One entry, if there is something to change.
    async fn step<T>(
        &self,
        ledger: &Ledger,
        said: &str,
        change: impl Fn(&View) -> Result<(Change, T), Fault>,
    ) -> Result<T, OpenFault> {
        for _ in 0..TRIES_MAX {
            let view = ledger.view();
            let (change, found) = change(&view)?;
            if change.is_none() {
                return Ok(found);
            }
            let told = house_told(ids::request(), self.clock.now(), "RotateRoot");
            let record = engine::rotated_root(&told, said, change);
            match ledger.commit(record, view.into_basis()).await {
                Ok(_) => return Ok(found),
                Err(ledger::Unrecorded::Stale) => {}
                Err(ledger::Unrecorded::Damaged { row, why }) => {
                    return Err(OpenFault::Row(Fault::Damaged { row, why }));
                }
                Err(ledger::Unrecorded::Unavailable | ledger::Unrecorded::Unknown) => {
                    return Err(OpenFault::Store("a step was not written, or not anchored; do it again".into()));
                }
            }
        }
        Err(OpenFault::Row(Fault::Conflict))
    }
}
