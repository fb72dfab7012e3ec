//! Names become objects.

use clock::Timestamp;
use domain::{
    AccessKey, Fault, Key, KeyBy, KeyName, Keyring, Location, NameKind, ObjectId, Principal, PrincipalKind, Reading,
    RequestId, RingName, SITE_TENANT, Tenant, Tongue,
};
use identity::Caller;
use ledger::View;
use std::borrow::Cow;
use std::sync::Arc;

/// Where a request stands.
pub struct Here<'a> {
    pub id: RequestId,
    pub tongue: Tongue,
    pub place: Location,
    pub caller: &'a Caller,
    /// An id that nothing has yet.
    pub fresh: ObjectId,
    pub now: Timestamp,
    /// How the clock is.
    pub clock: Reading,
}

/// A key and who owns it.
pub(crate) struct Owned {
    pub(crate) key: Arc<Key>,
    pub(crate) owner: Arc<Tenant>,
}

/// The key of this name that the tongue can spell.
pub(crate) fn key(name: &KeyName, here: &Here<'_>, view: &View) -> Result<Owned, Fault> {
    let absent = || Fault::KeyNotFound { asked: asked(name) };
    let owner = owner(name, here, view)?.ok_or_else(absent)?;
    let location = name.location.as_ref().unwrap_or(&here.place);
    let id = key_id(name, &owner, location, view)?.ok_or_else(absent)?;
    let key = view.key(id)?.ok_or_else(absent)?;
    let meant = key.tenant == owner.id && key.location == *location && here.tongue.spells(&key).is_ok();
    if meant { Ok(Owned { key, owner }) } else { Err(absent()) }
}

/// What a caller called a key.
pub(crate) fn asked(name: &KeyName) -> String {
    match &name.by {
        KeyBy::Id(id) => id.to_string(),
        KeyBy::Alias(text) | KeyBy::Path(text) | KeyBy::Nothing(text) => text.clone(),
        KeyBy::InRing { ring, name } => format!("{ring}/{name}"),
    }
}

fn owner(name: &KeyName, here: &Here<'_>, view: &View) -> Result<Option<Arc<Tenant>>, Fault> {
    match &name.account {
        None => Ok(Some(Arc::clone(here.caller.tenant()))),
        Some(account) if *account == here.caller.tenant().account => Ok(Some(Arc::clone(here.caller.tenant()))),
        Some(account) => tenant_of_project(account, here, view),
    }
}

/// A tenant by its account, or by its name, which is never twelve digits.
fn tenant_of_project(project: &str, here: &Here<'_>, view: &View) -> Result<Option<Arc<Tenant>>, Fault> {
    if is_account(project) {
        return tenant_of_account(project, view);
    }
    if project == here.caller.tenant().name {
        return Ok(Some(Arc::clone(here.caller.tenant())));
    }
    match view.name(NameKind::TenantName, SITE_TENANT, None, project)? {
        Some(row) => view.tenant(row.target),
        None => Ok(None),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The caller's own tenant, if that is what is named. Places of other tenants are nobody's to list or to make things in,
/// whether there are such tenants or not.
pub(crate) fn home(project: Option<&str>, here: &Here<'_>) -> Result<Arc<Tenant>, Fault> {
    let tenant = here.caller.tenant();
    match project {
        Some(project) if project != tenant.account && project != tenant.name => {
            Err(Fault::TenantNotFound { name: project.to_owned() })
        }
        _ => Ok(Arc::clone(tenant)),
    }
}

/// A ring of the caller's tenant.
pub(crate) fn ring(name: &RingName, here: &Here<'_>, view: &View) -> Result<(Arc<Keyring>, Arc<Tenant>), Fault> {
    let absent = || Fault::RingNotFound { ring: name.ring.clone() };
    let owner = home(name.project.as_deref(), here)?;
    let row = view.name(NameKind::Keyring, owner.id, Some(&here.place), &name.ring)?.ok_or_else(absent)?;
    let ring = view.keyring(row.target)?.ok_or_else(absent)?;
    Ok((ring, owner))
}

pub(crate) fn tenant_of_account(account: &str, view: &View) -> Result<Option<Arc<Tenant>>, Fault> {
    match view.name(NameKind::Account, SITE_TENANT, None, account)? {
        Some(row) => view.tenant(row.target),
        None => Ok(None),
    }
}

fn key_id(name: &KeyName, owner: &Tenant, place: &Location, view: &View) -> Result<Option<ObjectId>, Fault> {
    match &name.by {
        KeyBy::Nothing(_) => Ok(None),
        KeyBy::Id(id) => Ok(Some(*id)),
        KeyBy::InRing { ring, name } => match by_path(&format!("{ring}/{name}"), owner, place, view)? {
            Some(id) => Ok(Some(id)),
            None => unnamed(ring, name, view),
        },
        KeyBy::Alias(alias) => match view.name(NameKind::Alias, owner.id, Some(place), alias)? {
            Some(row) => Ok(Some(row.target)),
            None => by_path(alias, owner, place, view),
        },
        KeyBy::Path(path) => match by_path(path, owner, place, view)? {
            Some(id) => Ok(Some(id)),
            None => match view.name(NameKind::Alias, owner.id, Some(place), path)? {
                Some(row) => Ok(Some(row.target)),
                None => Ok(ObjectId::parse(path)),
            },
        },
    }
}

/// A key without a name answers to its id, in its own ring.
fn unnamed(ring: &str, name: &str, view: &View) -> Result<Option<ObjectId>, Fault> {
    let Some(id) = ObjectId::parse(name).filter(|id| id.to_string() == name) else { return Ok(None) };
    let key = view.key(id)?.filter(|key| key.name.is_none() && key.ring == ring);
    Ok(key.map(|key| key.id))
}

/// `NAME` in ring `default`, or `RING/NAME`.
fn by_path(path: &str, owner: &Tenant, place: &Location, view: &View) -> Result<Option<ObjectId>, Fault> {
    let full = full_path(path);
    Ok(view.name(NameKind::Key, owner.id, Some(place), &full)?.map(|row| row.target))
}

/// The path with its ring.
pub(crate) fn full_path(path: &str) -> Cow<'_, str> {
    if path.contains('/') { path.into() } else { format!("{}/{path}", domain::DEFAULT_RING).into() }
}

/// A principal of a tenant, by name.
pub(crate) fn principal(name: &str, tenant: &Tenant, view: &View) -> Result<Arc<Principal>, Fault> {
    let absent = || Fault::PrincipalNotFound { name: name.to_owned() };
    let row = view.name(NameKind::Principal, tenant.id, None, name)?.ok_or_else(absent)?;
    let found = view.principal(row.target)?.ok_or_else(absent)?;
    if found.standing == domain::Standing::Removed { Err(absent()) } else { Ok(found) }
}

/// A service by its address, or by its name in the caller's own tenant.
pub(crate) fn service(account: &str, here: &Here<'_>, view: &View) -> Result<Option<domain::Settled>, Fault> {
    let (name, owner) = if account.contains('@') {
        let universe = view.settings()?.universe.clone();
        match identity::google::parted_email(account, universe.as_deref()) {
            Some((name, project)) => (name, tenant_of_project(project, here, view)?),
            None => return Ok(None),
        }
    } else {
        (account, Some(Arc::clone(here.caller.tenant())))
    };
    let Some(owner) = owner else { return Ok(None) };
    match principal(name, &owner, view) {
        Ok(found) => Ok((found.kind == PrincipalKind::Service).then_some((found, owner))),
        Err(Fault::PrincipalNotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// A tenant by its name or account; without one, the caller's own.
pub(crate) fn tenant(name: Option<&str>, caller: &Caller, view: &View) -> Result<Arc<Tenant>, Fault> {
    let Some(name) = name else { return Ok(Arc::clone(caller.tenant())) };
    if name == caller.tenant().name || name == caller.tenant().account {
        return Ok(Arc::clone(caller.tenant()));
    }
    tenant_named(name, view)
}

/// Any tenant of the site, by its name or account.
pub(crate) fn tenant_named(name: &str, view: &View) -> Result<Arc<Tenant>, Fault> {
    if let Some(found) = tenant_of_account(name, view)? {
        return Ok(found);
    }
    let absent = || Fault::TenantNotFound { name: name.to_owned() };
    let row = view.name(NameKind::TenantName, SITE_TENANT, None, name)?.ok_or_else(absent)?;
    view.tenant(row.target)?.ok_or_else(absent)
}

/// An access key and whose it is.
pub(crate) fn access_key(id: &str, view: &View) -> Result<(Arc<AccessKey>, Arc<Principal>), Fault> {
    let key = view.access_key(id)?.ok_or(Fault::NotFound)?;
    let principal = view.principal(key.principal)?.ok_or(Fault::NotFound)?;
    Ok((key, principal))
}

/// One page of what `wanted` makes of a table's rows. What it passes over costs the page nothing: rows are
/// read on until the page is full or the table ends.
pub(crate) fn page<T>(
    (table, scope): (domain::Table, ledger::Scope),
    page: domain::Page,
    view: &View,
    mut wanted: impl FnMut(ObjectId, domain::Object) -> Result<Option<T>, Fault>,
) -> Result<(Vec<T>, bool), Fault> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let (mut items, mut after) = (Vec::new(), page.after);
    loop {
        let (rows, more) = view.list(table, scope, after, page.limit.saturating_add(1))?;
        after = rows.last().map(|(id, _)| *id).or(after);
        for (id, object) in rows {
            let Some(item) = wanted(id, object)? else { continue };
            if items.len() == limit {
                return Ok((items, true));
            }
            items.push(item);
        }
        if !more {
            return Ok((items, false));
        }
    }
}
