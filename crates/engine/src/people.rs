//! Principals, their roles and documents, and their access keys.

use crate::find::Here;
use crate::tenants::{name_row, person_spelled};
use crate::tokens::is_public_key;
use crate::{Step, Supplies, find};
use crypto::{Job, Worked};
use domain::{
    ACCESS_KEYS_PER_PRINCIPAL_MAX, AccessKey, Action, Ask, Demand, Fault, Found, Fresh, Half,
    IDENTITY_DOCUMENT_BYTES_MAX, IDENTITY_DOCUMENTS_PER_PRINCIPAL_MAX, NameKind, Object, ObjectId, PAGE_ITEMS_MAX,
    Principal, PrincipalKind, Reply, Request, Role, RoleAssignment, RoleScope, RowId, Standing, Table, Target, Tenant,
    Timestamp,
};
use ledger::{Change, Effects, View};
use secret::{Held, Secret};
use std::sync::Arc;

/// Random bytes of a secret half, written as 40 characters.
pub(crate) const SECRET_BYTES: u32 = 30;

pub(crate) fn found_fresh(
    tenant: Option<&str>,
    name: &str,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let tenant = find::tenant(tenant, here.caller, view)?;
    let known = view.name(NameKind::Principal, tenant.id, None, name)?;
    let removed = match &known {
        Some(row) => view.principal(row.target)?.is_none_or(|former| former.standing == Standing::Removed),
        None => true,
    };
    let taken = (!removed).then(|| name.to_owned());
    view.touch(RowId::new(Table::Principal, here.fresh))?;
    let name_ids = vec![view.name_id(NameKind::Principal, tenant.id, None, name)];
    let target = Target::Tenant(Arc::clone(&tenant));
    let fresh = Fresh { id: here.fresh, tenant, principal: None, name_ids, taken, access_key: None };
    Ok((Found::Fresh(Box::new(fresh)), vec![Demand { action: Action::CreatePrincipal, target }]))
}

pub(crate) fn create<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::CreatePrincipal { name, kind, roles, .. }, Found::Fresh(fresh)) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    person_spelled(name)?;
    if let Some(taken) = &fresh.taken {
        return Err(Fault::AlreadyThere { what: taken.clone() });
    }
    let principal = Arc::new(new_principal(fresh.id, fresh.tenant.id, name, *kind, roles, supplies.now.wall));
    let id = *fresh.name_ids.first().ok_or(Fault::NotFound)?;
    let change = principal_change(&principal, id, supplies.now.wall);
    Ok(Step::Ready(Effects::change(change, Reply::Principal { principal, tenant: Arc::clone(&fresh.tenant) })))
}

pub(crate) fn new_principal(
    id: ObjectId,
    tenant: ObjectId,
    name: &str,
    kind: PrincipalKind,
    roles: &[(Role, RoleScope)],
    now: Timestamp,
) -> Principal {
    let roles = roles.iter().map(|(role, scope)| RoleAssignment { role: *role, scope: scope.clone() }).collect();
    Principal { roles, ..Principal::new(id, tenant, name, kind, now) }
}

pub(crate) fn principal_change(principal: &Arc<Principal>, name_id: ObjectId, now: Timestamp) -> Change {
    let name = name_row(NameKind::Principal, principal.tenant, principal.name.clone(), principal.id, now);
    Change::none().put(name_id, name).put(principal.id, Object::Principal(Arc::clone(principal)))
}

/// A principal of the caller's own tenant, to be shown or changed.
pub(crate) fn found(action: Action, name: &str, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let tenant = Arc::clone(here.caller.tenant());
    let principal = find::principal(name, &tenant, view)?;
    let demands = vec![Demand { action, target: Target::Principal(Arc::clone(&principal)) }];
    if action == Action::RemovePrincipal {
        let access_keys = principal.access_keys.iter().map(|id| view.access_key(id).map(|_| view.access_key_id(id)));
        let access_keys = access_keys.collect::<Result<_, _>>()?;
        return Ok((Found::Leaver { principal, access_keys }, demands));
    }
    Ok((Found::Principal { principal, tenant }, demands))
}

pub(crate) fn found_caller(here: &Here<'_>) -> (Found, Vec<Demand>) {
    let (principal, tenant) = (Arc::clone(here.caller.principal()), Arc::clone(here.caller.tenant()));
    let demands = vec![Demand { action: Action::WhoAmI, target: Target::Principal(Arc::clone(&principal)) }];
    (Found::Principal { principal, tenant }, demands)
}

pub(crate) fn found_list(here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let tenant = Arc::clone(here.caller.tenant());
    let (rows, _) = view.list(Table::Principal, ledger::Scope::Tenant(tenant.id), None, PAGE_ITEMS_MAX)?;
    let there = |object| match object {
        Object::Principal(principal) if principal.standing != Standing::Removed => Some(principal),
        _ => None,
    };
    let principals = rows.into_iter().filter_map(|(_, object)| there(object)).collect();
    let target = Target::Tenant(Arc::clone(&tenant));
    Ok((Found::Principals { principals, tenant }, vec![Demand { action: Action::ListPrincipals, target }]))
}

pub(crate) fn list<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Principals { principals, tenant } = &request.found else { return Err(Fault::NotFound) };
    let reply = Reply::Principals { principals: principals.clone(), tenant: Arc::clone(tenant) };
    Ok(Step::Ready(Effects::answer(reply)))
}

fn of<'r>(request: &'r Request<'_>) -> Result<(&'r Arc<Principal>, &'r Arc<Tenant>), Fault> {
    match &request.found {
        Found::Principal { principal, tenant } => Ok((principal, tenant)),
        _ => Err(Fault::NotFound),
    }
}

pub(crate) fn show<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (principal, tenant) = of(request)?;
    let (principal, tenant) = (Arc::clone(principal), Arc::clone(tenant));
    Ok(Step::Ready(Effects::answer(match request.ask {
        Ask::WhoAmI => Reply::Caller { principal, tenant },
        _ => Reply::Principal { principal, tenant },
    })))
}

/// Standing, roles and documents.
pub(crate) fn change<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (before, tenant) = of(request)?;
    let mut after = Principal::clone(before);
    match request.ask {
        Ask::SuspendPrincipal { suspended, .. } => after.standing = standing(*suspended),
        Ask::AssignRole { role, scope, .. } => assign(&mut after, *role, scope),
        Ask::WithdrawRole { role, scope, .. } => withdraw(&mut after, *role, scope)?,
        Ask::PutIdentityDocument { name, text, .. } => put_document(&mut after, name, text)?,
        Ask::RemoveIdentityDocument { name, .. } => remove_document(&mut after, name)?,
        _ => return Err(Fault::NotFound),
    }
    let after = Arc::new(after);
    let reply = Reply::Principal { principal: Arc::clone(&after), tenant: Arc::clone(tenant) };
    if after == *before {
        return Ok(Step::Ready(Effects::answer(reply)));
    }
    Ok(Step::Ready(Effects::change(Change::none().put(after.id, Object::Principal(after)), reply)))
}

fn standing(suspended: bool) -> Standing {
    if suspended { Standing::Suspended } else { Standing::Active }
}

fn assign(principal: &mut Principal, role: Role, scope: &RoleScope) {
    let assignment = RoleAssignment { role, scope: scope.clone() };
    if !principal.roles.contains(&assignment) {
        principal.roles.push(assignment);
    }
}

fn withdraw(principal: &mut Principal, role: Role, scope: &RoleScope) -> Result<(), Fault> {
    let before = principal.roles.len();
    principal.roles.retain(|held| held.role != role || held.scope != *scope);
    if principal.roles.len() == before { Err(Fault::NotFound) } else { Ok(()) }
}

fn put_document(principal: &mut Principal, name: &str, text: &str) -> Result<(), Fault> {
    person_spelled(name)?;
    if text.len() > IDENTITY_DOCUMENT_BYTES_MAX {
        return Err(Fault::LimitReached { what: "bytes of an identity policy", max: IDENTITY_DOCUMENT_BYTES_MAX });
    }
    policy::aws::validate_identity_document(text)?;
    principal.documents.retain(|(known, _)| known != name);
    if principal.documents.len() >= IDENTITY_DOCUMENTS_PER_PRINCIPAL_MAX {
        let max = IDENTITY_DOCUMENTS_PER_PRINCIPAL_MAX;
        return Err(Fault::LimitReached { what: "identity policies of a principal", max });
    }
    principal.documents.push((name.to_owned(), text.to_owned()));
    Ok(())
}

fn remove_document(principal: &mut Principal, name: &str) -> Result<(), Fault> {
    let before = principal.documents.len();
    principal.documents.retain(|(known, _)| known != name);
    if principal.documents.len() == before { Err(Fault::DocumentNotFound { name: name.to_owned() }) } else { Ok(()) }
}

/// The principal stays in the log's memory, its access keys do not.
pub(crate) fn remove<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Leaver { principal, access_keys } = &request.found else { return Err(Fault::NotFound) };
    let mut after = Principal::clone(principal);
    after.standing = Standing::Removed;
    (after.roles, after.documents, after.access_keys) = (Vec::new(), Vec::new(), Vec::new());
    let change =
        access_keys.iter().fold(Change::none(), |change, row| change.remove(RowId::new(Table::AccessKey, *row)));
    let change = change.put(after.id, Object::Principal(Arc::new(after)));
    Ok(Step::Ready(Effects::change(change, Reply::Done)))
}

/// Where an access key of a principal is to be made or registered, under this id.
pub(crate) fn found_fresh_key(
    action: Action,
    id: String,
    tenant: Option<&str>,
    principal: &str,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let tenant = find::tenant(tenant, here.caller, view)?;
    let principal = find::principal(principal, &tenant, view)?;
    let taken = view.access_key(&id)?.map(|_| id.clone());
    let name_ids = vec![view.access_key_id(&id)];
    let target = Target::Tenant(Arc::clone(&tenant));
    let fresh = Fresh { id: here.fresh, tenant, principal: Some(principal), name_ids, taken, access_key: Some(id) };
    Ok((Found::Fresh(Box::new(fresh)), vec![Demand { action, target }]))
}

/// Twenty letters and digits.
pub(crate) fn public_half(id: ObjectId) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = |byte: &u8| char::from(*LETTERS.get(usize::from(byte & 31)).unwrap_or(&b'A'));
    std::iter::once("AKKW".to_owned()).chain([id.0.iter().map(letter).collect()]).collect()
}

pub(crate) fn create_key<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Fresh(fresh) = &request.found else { return Err(Fault::NotFound) };
    let principal = fresh.principal.as_ref().ok_or(Fault::NotFound)?;
    if let Some(taken) = &fresh.taken {
        return Err(Fault::AlreadyThere { what: taken.clone() });
    }
    if principal.access_keys.iter().filter(|id| !is_public_key(id)).count() >= ACCESS_KEYS_PER_PRINCIPAL_MAX {
        let max = ACCESS_KEYS_PER_PRINCIPAL_MAX;
        return Err(Fault::LimitReached { what: "access keys of a principal", max });
    }
    Ok(Step::Work(Job::Random { bytes: SECRET_BYTES }, |request, worked, supplies| {
        let (Found::Fresh(fresh), Worked::Random(random)) = (&request.found, worked) else {
            return Err(Fault::Unavailable);
        };
        let missing = || Fault::NotFound;
        let principal = fresh.principal.as_ref().ok_or_else(missing)?;
        let public = fresh.access_key.clone().ok_or_else(missing)?;
        let secret = secret_half(&random);
        let row = *fresh.name_ids.first().ok_or_else(missing)?;
        let (change, principal) = key_change(principal, &public, &secret, row, supplies.now.wall)?;
        let tenant = Arc::clone(&fresh.tenant);
        Ok(Effects::change(change, Reply::AccessKey { id: public, secret, principal, tenant }))
    }))
}

/// The random bytes in the 64 letters of base64, six bits each.
pub(crate) fn secret_half(random: &Secret) -> Secret {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| *LETTERS.get(usize::try_from(bits & 63).unwrap_or(0)).unwrap_or(&b'A');
    Secret::new(random.expose(|bytes| {
        bytes
            .chunks(3)
            .flat_map(|three| {
                let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
                [18, 12, 6, 0].map(|shift| letter(bits >> shift))
            })
            .collect()
    }))
}

pub(crate) fn key_change(
    principal: &Arc<Principal>,
    public: &str,
    secret: &Secret,
    row: ObjectId,
    now: Timestamp,
) -> Result<(Change, Arc<Principal>), Fault> {
    let held = secret.expose(Held::keep).map_err(|_| Fault::MemoryFull)?;
    let key = AccessKey {
        id: public.to_owned(),
        principal: principal.id,
        tenant: principal.tenant,
        standing: Standing::Active,
        half: Half::Secret(held),
        created: now,
    };
    let mut after = Principal::clone(principal);
    after.access_keys.push(public.to_owned());
    let after = Arc::new(after);
    let change =
        Change::none().put(row, Object::AccessKey(Arc::new(key))).put(after.id, Object::Principal(Arc::clone(&after)));
    Ok((change, after))
}

pub(crate) fn found_key(action: Action, id: &str, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let (access_key, principal) = find::access_key(id, view)?;
    if access_key.tenant != here.caller.tenant().id {
        return Err(Fault::NotFound);
    }
    let row = view.access_key_id(id);
    let demands = vec![Demand { action, target: Target::Principal(Arc::clone(&principal)) }];
    Ok((Found::AccessKey { row, access_key, principal }, demands))
}

pub(crate) fn change_key<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::AccessKey { row, access_key, principal } = &request.found else { return Err(Fault::NotFound) };
    let change = match request.ask {
        Ask::RemoveAccessKey { .. } => {
            let mut after = Principal::clone(principal);
            after.access_keys.retain(|id| *id != access_key.id);
            let gone = Change::none().remove(RowId::new(Table::AccessKey, *row));
            gone.put(after.id, Object::Principal(Arc::new(after)))
        }
        Ask::SuspendAccessKey { suspended, .. } => {
            let after = AccessKey {
                id: access_key.id.clone(),
                principal: access_key.principal,
                tenant: access_key.tenant,
                standing: standing(*suspended),
                half: access_key.half.copied()?,
                created: access_key.created,
            };
            Change::none().put(*row, Object::AccessKey(Arc::new(after)))
        }
        _ => return Err(Fault::NotFound),
    };
    Ok(Step::Ready(Effects::change(change, Reply::Done)))
}
