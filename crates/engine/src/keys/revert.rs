//! The change of one entry, undone by a new one.

use super::becomes;
use crate::find::{Here, Owned};
use crate::working::{demand, shown};
use crate::{Step, Supplies};
use domain::{
    Action, Demand, Destruction, Fault, Found, Key, KeyState, Reply, Request, RowId, Table, TenantKind, Use, permitted,
};
use ledger::{RowChange, View};
use std::sync::Arc;

fn cannot(why: &str) -> Fault {
    Fault::Invalid { member: "entry".into(), constraint: why.into() }
}

/// The key that the entry changed, as it is and as it was before.
pub(crate) fn found_revert(index: u64, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let absent = || Fault::EntryNotFound { index, size: view.head().size };
    let entry = view.entry(index)?.ok_or_else(absent)?;
    let clear = ledger::decode_entry(&entry).map_err(|_| absent())?;
    let tenant = here.caller.tenant();
    if tenant.kind == TenantKind::Site || clear.tenant != tenant.id {
        return Err(absent());
    }
    let change = only_key(&clear.rows)?;
    let id = change.row.id;
    let key = view.key(id)?.filter(|key| key.tenant == tenant.id).ok_or_else(absent)?;
    if !view.stands_as(change.row, &change.after) {
        return Err(cannot("the key was changed again since, and only its last change can be undone"));
    }
    let former = view.key_before(id, index)?.ok_or_else(absent)?;
    let owned = Owned { key, owner: Arc::clone(tenant) };
    let mut demands = vec![demand(Action::RevertEntry, &owned)];
    if owned.key.documents != former.documents {
        demands.push(demand(Action::PutDocument, &owned));
    }
    if owned.key.access_reasons != former.access_reasons {
        demands.push(demand(Action::SetAccessReasons, &owned));
    }
    Ok((Found::Reverted { key: owned.key, owner: owned.owner, former }, demands))
}

/// The one key that a change was about, and that was there before it.
fn only_key(rows: &[RowChange]) -> Result<&RowChange, Fault> {
    // A month's log key is made by whoever comes first in it.
    let mut changed = rows.iter().filter(|change| change.row.table != Table::LogKey);
    let (first, more) = (changed.next(), changed.next());
    match (first, more) {
        (None, _) => Err(cannot("it changed nothing")),
        (Some(RowChange { row: RowId { table: Table::Key, .. }, before: Some(_), .. }), None) => {
            first.ok_or_else(|| cannot("it changed nothing"))
        }
        _ => Err(cannot(
            "only a change of one key that was there, and that made or destroyed no material, can be undone",
        )),
    }
}

pub(crate) fn revert<'r>(request: &'r Request<'r>, supplies: &Supplies) -> Result<Step<'r>, Fault> {
    let Found::Reverted { key, owner, former } = &request.found else { return Err(Fault::NotFound) };
    returns(key, former)?;
    if key.primary != former.primary {
        permitted(former, former.version(former.primary)?, Use::Protect, supplies.now)?;
    }
    let after = Key::clone(former);
    let reply = Reply::Key(shown(after.clone(), owner, supplies.now));
    Ok(Step::Ready(becomes(key, after, reply)))
}

/// Whether each life may go back to what it was. Material does not come back, and nothing is ordered to end by an undoing.
fn returns(key: &Key, former: &Key) -> Result<(), Fault> {
    let material = |key: &Key| -> Vec<_> {
        key.versions.iter().map(|version| (version.number, version.material, version.fingerprint)).collect()
    };
    if material(key) != material(former) {
        return Err(cannot("it made or removed key material"));
    }
    let own = std::iter::once((key.life, former.life));
    let versions = key.versions.iter().zip(&former.versions).map(|(now, before)| (now.life, before.life));
    for (now, before) in own.chain(versions) {
        if before.destruction != Destruction::None && before.destruction != now.destruction {
            return Err(cannot("a destruction is ordered anew, not by undoing"));
        }
        if now.state != before.state {
            may_become(now.state, before.state)?;
        }
    }
    Ok(())
}

fn may_become(now: KeyState, before: KeyState) -> Result<(), Fault> {
    now.becomes(before).map(|_| ())
}
