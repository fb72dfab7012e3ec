//! A new root key: a new site KEK under it, a new KEK for each tenant under that, and every row sealed anew. Then the
//! former KEKs go, and with the former root key whatever copies of their rows are left anywhere. docs/formats/seal.md.
//!
//! What was sealed before is still under the former KEKs, which are only ever sealed under the former root key: so no copy
//! of any moment opens with the new root key alone but what lives.

use crate::cache::Row;
use crate::keys::{MaterialFacts, draw_held, former_kek_row, next_site_kek, past_row};
use crate::open::{Ledger, Roots};
use crate::record::Put;
use crate::store::{FormerRow, Scope};
use crate::view::View;
use crate::{Change, StoredRow, codec, row_hash};
use crypto::{SealKey, Sealer};
use domain::{Fault, Object, ObjectId, Past, RowId, SITE_TENANT, Table, WrappedKek};
use secret::Secret;
use std::sync::Arc;

/// Rows that become something else in one entry.
const CHANGED_MAX: usize = 128;
/// Rows that are looked at in one step.
const LOOKED_AT_MAX: u32 = 1_024;

/// Which root key is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootStanding {
    /// Counted from 1.
    pub version: u32,
    /// The entry that brought it.
    pub since: u64,
    /// Whether rows are still under the one before.
    pub former_in_use: bool,
    /// The entry since which nothing is under the one before.
    pub ended: Option<u64>,
}

/// A step through all that may have to be sealed anew.
pub struct Step<At> {
    pub change: Change,
    /// How many rows the change seals anew or takes away.
    pub rows: usize,
    /// Where to go on; none at the end.
    pub next: Option<At>,
}

const UNREADABLE: &str = "its seal does not open";

fn damaged(row: RowId, why: &'static str) -> Fault {
    Fault::Damaged { row, why }
}

fn site_row() -> RowId {
    RowId::new(Table::Kek, SITE_TENANT)
}

fn sealed_put(row: RowId, kek: Arc<WrappedKek>, sealed: Vec<u8>) -> Put {
    Put { row, object: Some(Object::Kek(kek)), sealed: Some(sealed) }
}

fn under(root: &SealKey, associated: &[u8], plaintext: &Secret) -> Result<Vec<u8>, Fault> {
    let sealer = Sealer::new(root).map_err(|_| Fault::Unavailable)?;
    plaintext.expose(|bytes| sealer.seal(associated, bytes)).map_err(|_| Fault::Unavailable)
}

impl Ledger {
    /// Another process has begun with a new root key: this one must be given it, and opened anew.
    pub fn is_superseded(&self) -> bool {
        self.shared.keys.is_superseded()
    }

    /// Rows are being sealed anew under a new root key.
    pub fn is_rotating(&self) -> bool {
        self.shared.keys.is_rotating()
    }
}

impl View {
    pub fn root_standing(&self) -> Result<RootStanding, Fault> {
        let site = self.shared.proven(site_row())?.ok_or(Fault::Unavailable)?.0;
        let former = self.shared.proven(former_kek_row(SITE_TENANT))?.map(|(row, _)| row);
        Ok(RootStanding {
            version: self.shared.keys.root_version(),
            since: site.position,
            former_in_use: former.as_ref().is_some_and(|row| !row.blob.is_empty()),
            ended: former.filter(|row| row.blob.is_empty()).map(|row| row.position),
        })
    }

    /// The beginning: a site KEK under the fresh root key. The one before stays, under the former root key.
    pub fn rotation_begun(&self, fresh: &SealKey, former: &SealKey) -> Result<Change, Fault> {
        let keys = &self.shared.keys;
        if keys.is_rotating() {
            return Err(Fault::Conflict);
        }
        let (site, kept) = (site_row(), former_kek_row(SITE_TENANT));
        let stored = self.stand_on(site)?.ok_or(Fault::Unavailable)?;
        self.stand_on(kept)?;
        let kek = Roots::from(former).open(&keys.facts, &stored).ok_or(damaged(site, UNREADABLE))?;
        let next = Arc::new(next_site_kek(&kek)?);
        let kek = Arc::new(kek);
        let sealed = |row, kek: &Arc<WrappedKek>, root| {
            under(root, &keys.associated(row, SITE_TENANT, None), &codec::encode(&Object::Kek(Arc::clone(kek))))
        };
        let (fresh, former) = (sealed(site, &next, fresh)?, sealed(kept, &kek, former)?);
        Ok(Change { puts: vec![sealed_put(site, next, fresh), sealed_put(kept, kek, former)] })
    }

    /// The next tenants whose KEK is still under the former site KEK: each gets another one. The one before stays, under the
    /// former site KEK.
    pub fn keks_replaced(&self, after: Option<ObjectId>) -> Result<Step<ObjectId>, Fault> {
        let (mut change, mut rows, mut next) = (Change::none(), 0, None);
        for stored in self.keks(after)? {
            next = Some(stored.id.id);
            let Some(former) = self.former_kek(&stored)?.filter(|kek| kek.tenant == stored.id.id) else { continue };
            let kept = former_kek_row(former.tenant);
            self.touch(stored.id)?;
            self.touch(kept)?;
            let fresh = WrappedKek {
                tenant: former.tenant,
                version: former.version.saturating_add(1),
                bytes: draw_held::<32>()?,
            };
            let former = Arc::new(former);
            let associated = self.shared.keys.associated(kept, SITE_TENANT, None);
            let sealed =
                self.shared.keys.site().seal_former(&associated, &codec::encode(&Object::Kek(Arc::clone(&former))));
            change = change.put(fresh.tenant, Object::Kek(Arc::new(fresh)));
            change.puts.push(sealed_put(kept, former, sealed.ok_or(Fault::Unavailable)?));
            rows += 1;
        }
        Ok(Step { change, rows, next })
    }

    /// The next rows that are still under a former KEK, to be sealed anew as they are.
    pub fn resealed(&self, after: Option<RowId>) -> Result<Step<RowId>, Fault> {
        let found = self.shared.reader.all_rows(after, LOOKED_AT_MAX).map_err(|_| Fault::Unavailable)?;
        let (mut change, mut rows, mut next) = (Change::none(), 0, None);
        for stored in found {
            next = Some(stored.id);
            if stored.blob.is_empty() || stored.id.table == Table::Kek {
                continue;
            }
            let material = self.facts_of(&stored)?;
            if self.is_newest(&stored, material.as_ref())? {
                continue;
            }
            if let Some(object) = self.object(stored.id, material.as_ref())? {
                change = change.put(stored.id.id, object);
                rows += 1;
            }
            if rows >= CHANGED_MAX {
                break;
            }
        }
        Ok(Step { change, rows, next })
    }

    /// The next replaced rows that are still under a former KEK. They stay as they are, for entries name their hashes; what
    /// they say is kept apart.
    pub fn kept_apart(&self, after: Option<(RowId, u64)>) -> Result<Step<(RowId, u64)>, Fault> {
        let found = self.shared.reader.all_former(after, LOOKED_AT_MAX).map_err(|_| Fault::Unavailable)?;
        let (mut change, mut rows, mut next) = (Change::none(), 0, None);
        for FormerRow { row, until } in found {
            next = Some((row.id, until));
            if row.blob.is_empty() || self.is_newest(&row, None)? || self.shared.was_resealed(until)? {
                continue;
            }
            let past = past_row(&row_hash(&row));
            if self.shared.row(past, None)?.object.is_some() {
                continue;
            }
            let keys = self.shared.tenant_keys(row.tenant)?;
            let associated = self.shared.keys.associated(row.id, row.tenant, None);
            let Some(plaintext) = keys.open_former(&associated, &row.blob) else {
                tracing::warn!(table = ?row.id.table, id = %row.id.id, until, "a replaced row does not open, and is not kept");
                continue;
            };
            self.touch(past)?;
            let content = plaintext.expose(<[u8]>::to_vec);
            change = change.put(past.id, Object::Past(Arc::new(Past { tenant: row.tenant, until, content })));
            rows += 1;
            if rows >= CHANGED_MAX {
                break;
            }
        }
        Ok(Step { change, rows, next })
    }

    /// What was kept apart of rows that were replaced before this entry, to be dropped with the log that speaks of them.
    pub fn past_dropped(&self, before: u64, after: Option<ObjectId>) -> Result<Step<ObjectId>, Fault> {
        let limit = u32::try_from(CHANGED_MAX).unwrap_or(1);
        let (mut change, mut rows, mut next) = (Change::none(), 0, None);
        for (id, object) in self.list(Table::Past, Scope::All, after, limit)?.0 {
            next = Some(id);
            if matches!(&object, Object::Past(past) if past.until < before) {
                let row = RowId::new(Table::Past, id);
                self.touch(row)?;
                change = change.remove(row);
                rows += 1;
            }
        }
        Ok(Step { change, rows, next })
    }

    /// The next former KEKs of tenants, to be taken away: nothing is under them any more.
    pub fn former_keks_removed(&self, after: Option<ObjectId>) -> Result<Step<ObjectId>, Fault> {
        let (mut change, mut rows, mut next) = (Change::none(), 0, None);
        for stored in self.keks(after)? {
            next = Some(stored.id.id);
            if self.former_kek(&stored)?.is_some_and(|kek| former_kek_row(kek.tenant) == stored.id) {
                self.touch(stored.id)?;
                change = change.remove(stored.id);
                rows += 1;
            }
        }
        Ok(Step { change, rows, next })
    }

    /// The end: the former site KEK is taken away, and with it the last thing that the former root key opens.
    pub fn rotation_ended(&self) -> Result<Change, Fault> {
        let kept = former_kek_row(SITE_TENANT);
        self.stand_on(kept)?.filter(|row| !row.blob.is_empty()).ok_or(Fault::Conflict)?;
        Ok(Change::none().remove(kept))
    }

    /// KEKs of tenants as they are stored, in the order of their ids.
    fn keks(&self, after: Option<ObjectId>) -> Result<Vec<StoredRow>, Fault> {
        let limit = u32::try_from(CHANGED_MAX / 2).unwrap_or(1);
        let found = self.shared.reader.rows(Table::Kek, Scope::All, after, limit);
        found.map_err(|_| Fault::Unavailable)
    }

    /// What is in the row, if the former site KEK has sealed it. The site's own rows are under root keys.
    fn former_kek(&self, stored: &StoredRow) -> Result<Option<WrappedKek>, Fault> {
        if stored.id == site_row() || stored.id == former_kek_row(SITE_TENANT) {
            return Ok(None);
        }
        let keys = &self.shared.keys;
        let associated = keys.associated(stored.id, SITE_TENANT, None);
        if keys.site().is_newest(&associated, &stored.blob) {
            return Ok(None);
        }
        let unread = || damaged(stored.id, UNREADABLE);
        let plaintext = keys.site().open_former(&associated, &stored.blob).ok_or_else(unread)?;
        match codec::decode(stored, &plaintext) {
            Ok(Object::Kek(kek)) => Ok(Arc::into_inner(kek)),
            _ => Err(unread()),
        }
    }

    fn is_newest(&self, stored: &StoredRow, material: Option<&MaterialFacts>) -> Result<bool, Fault> {
        let keys = self.shared.tenant_keys(stored.tenant)?;
        Ok(keys.is_newest(&self.shared.keys.associated(stored.id, stored.tenant, material), &stored.blob))
    }

    /// What a row of material is bound to stands in its key.
    fn facts_of(&self, stored: &StoredRow) -> Result<Option<MaterialFacts>, Fault> {
        if stored.id.table != Table::Material {
            return Ok(None);
        }
        let row = self.shared.row(RowId::new(Table::Key, stored.owner), None)?;
        let Some(Object::Key(key)) = &row.object else { return Err(damaged(stored.id, "its key is missing")) };
        let mut versions = key.versions.iter().map(|version| version.number);
        let version = versions.find(|version| Self::material_id(key.id, *version) == stored.id.id);
        let facts = version.map(|version| MaterialFacts::of(key, version));
        facts.map(Some).ok_or(damaged(stored.id, "its key does not have it"))
    }

    /// Stands on a row that no KEK opens.
    fn stand_on(&self, id: RowId) -> Result<Option<StoredRow>, Fault> {
        let found = self.shared.proven(id)?;
        let row = match &found {
            Some((stored, hash)) => Row::new(id, stored.revision, Some(*hash), stored.tenant, None),
            None => Row::absent(id),
        };
        self.basis.borrow_mut().push(row);
        Ok(found.map(|(stored, _)| stored))
    }
}
