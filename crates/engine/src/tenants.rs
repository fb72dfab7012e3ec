//! Tenants, and the settings of the site.

use crate::find::Here;
use crate::{Step, Supplies, find};
use domain::{
    Action, Ask, Demand, Fault, Found, Fresh, NameKind, NameRow, Object, ObjectId, PAGE_ITEMS_MAX, Profile, Reply,
    Request, RowId, SETTINGS_ID, SITE_TENANT, Settings, Table, Target, Tenant, TenantKind, Timestamp,
};
use ledger::{Change, Effects, TenantGrant, View};
use std::sync::Arc;

/// How far a signature's time may be set to be from ours, in seconds: AWS allows fifteen minutes at most.
const SIGNATURE_WINDOW_SECONDS_MAX: u32 = 900;
const UNIVERSE_CHARS_MAX: usize = 128;
/// A hundred years.
const RETENTION_MONTHS_MAX: u32 = 1_200;

pub(crate) fn found_fresh(
    name: &str,
    account: Option<&str>,
    profile: Profile,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let account = account.map_or_else(|| drawn_account(here.fresh), str::to_owned);
    let kind = TenantKind::Ordinary;
    let (id, created) = (here.fresh, here.now);
    let (name, forbids, documents) = (name.to_owned(), Vec::new(), Vec::new());
    let tenant = Arc::new(Tenant { id, name, account, profile, kind, forbids, documents, created });
    let names = tenant_names(&tenant);
    let mut taken = None;
    for (kind, text) in &names {
        if view.name(*kind, SITE_TENANT, None, text)?.is_some() {
            taken = Some(text.clone());
        }
    }
    for row in TenantGrant::rows(id) {
        view.touch(row)?;
    }
    let name_ids = names.iter().map(|(kind, text)| view.name_id(*kind, SITE_TENANT, None, text)).collect();
    let fresh = Fresh { id, tenant, principal: None, name_ids, taken, access_key: None };
    Ok((Found::Fresh(Box::new(fresh)), vec![Demand { action: Action::CreateTenant, target: Target::Site }]))
}

/// The names under which a tenant is found.
pub(crate) fn tenant_names(tenant: &Tenant) -> [(NameKind, String); 2] {
    [(NameKind::Account, tenant.account.clone()), (NameKind::TenantName, tenant.name.clone())]
}

pub(crate) fn name_row(kind: NameKind, tenant: ObjectId, text: String, target: ObjectId, now: Timestamp) -> Object {
    Object::Name(Arc::new(NameRow { kind, tenant, location: None, text, target, created: now, changed: now }))
}

/// Twelve digits, the first not zero, from a random id.
fn drawn_account(id: ObjectId) -> String {
    let number = id.0.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(257).wrapping_add(u64::from(*byte)));
    format!("{}", 100_000_000_000 + number % 900_000_000_000)
}

pub(crate) fn create<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Found::Fresh(fresh) = &request.found else { return Err(Fault::NotFound) };
    spelled(&fresh.tenant)?;
    if let Some(taken) = &fresh.taken {
        return Err(Fault::AlreadyThere { what: taken.clone() });
    }
    let change = tenant_change(&fresh.tenant, &fresh.name_ids, supplies.now.wall)?;
    Ok(Step::Ready(Effects::change(change, Reply::Tenant(Arc::clone(&fresh.tenant)))))
}

pub(crate) fn tenant_change(tenant: &Arc<Tenant>, name_ids: &[ObjectId], now: Timestamp) -> Result<Change, Fault> {
    let change = TenantGrant::draw(Arc::clone(tenant))?.change();
    let names = tenant_names(tenant).into_iter().zip(name_ids);
    Ok(names
        .fold(change, |change, ((kind, text), id)| change.put(*id, name_row(kind, SITE_TENANT, text, tenant.id, now))))
}

fn spelled(tenant: &Tenant) -> Result<(), Fault> {
    let digits = tenant.account.len() == 12 && tenant.account.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(Fault::Invalid { member: "account".into(), constraint: "twelve digits".into() });
    }
    person_spelled(&tenant.name)
}

/// Names of tenants and principals: 1 to 64 of letters, digits and `+=,.@_-`.
pub(crate) fn person_spelled(name: &str) -> Result<(), Fault> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte));
    if (1..=64).contains(&name.len()) && letters {
        return Ok(());
    }
    Err(Fault::Invalid { member: "name".into(), constraint: "1 to 64 letters, digits and +=,.@_-".into() })
}

pub(crate) fn found_list(view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let (rows, _) = view.list(Table::Tenant, ledger::Scope::All, None, PAGE_ITEMS_MAX)?;
    let tenant = |object| match object {
        Object::Tenant(tenant) => Some(tenant),
        _ => None,
    };
    let tenants = rows.into_iter().filter_map(|(_, object)| tenant(object)).collect();
    Ok((Found::Tenants { tenants }, vec![Demand { action: Action::ListTenants, target: Target::Site }]))
}

pub(crate) fn list<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Tenants { tenants } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Tenants(tenants.clone()))))
}

pub(crate) fn found(name: &str, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let tenant = find::tenant(Some(name), here.caller, view)?;
    let target = Target::Tenant(Arc::clone(&tenant));
    Ok((Found::Tenant { tenant }, vec![Demand { action: Action::DescribeTenant, target }]))
}

pub(crate) fn show<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Tenant { tenant } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Tenant(Arc::clone(tenant)))))
}

/// A tenant's forbids are its own; those of the site tenant hold everywhere.
pub(crate) fn found_own(action: Action, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let tenant = Arc::clone(here.caller.tenant());
    view.touch(RowId::new(Table::Tenant, tenant.id))?;
    let demands = vec![Demand { action, target: Target::Tenant(Arc::clone(&tenant)) }];
    if tenant.kind == TenantKind::Site {
        return Ok((Found::Settings { settings: view.settings()? }, demands));
    }
    Ok((Found::Tenant { tenant }, demands))
}

pub(crate) fn forbids<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let forbids = match &request.found {
        Found::Settings { settings } => settings.forbids.clone(),
        Found::Tenant { tenant } => tenant.forbids.clone(),
        _ => return Err(Fault::NotFound),
    };
    Ok(Step::Ready(Effects::answer(Reply::Forbids(forbids))))
}

pub(crate) fn change_forbids<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let changed = |forbids: &[(String, String)]| match request.ask {
        Ask::PutForbid { name, text } => put_forbid(forbids, name, text),
        Ask::RemoveForbid { name } => without_forbid(forbids, name),
        _ => Err(Fault::NotFound),
    };
    let change = match &request.found {
        Found::Settings { settings } => {
            let after = Settings { forbids: changed(&settings.forbids)?, ..Settings::clone(settings) };
            Change::none().put(SETTINGS_ID, Object::Settings(Arc::new(after)))
        }
        Found::Tenant { tenant } => {
            let after = Tenant { forbids: changed(&tenant.forbids)?, ..Tenant::clone(tenant) };
            Change::none().put(tenant.id, Object::Tenant(Arc::new(after)))
        }
        _ => return Err(Fault::NotFound),
    };
    Ok(Step::Ready(Effects::change(change, Reply::Done)))
}

fn put_forbid(forbids: &[(String, String)], name: &str, text: &str) -> Result<Vec<(String, String)>, Fault> {
    policy::native::validate_forbid(text)?;
    person_spelled(name)?;
    let mut after: Vec<_> = forbids.iter().filter(|(known, _)| known != name).cloned().collect();
    after.push((name.to_owned(), text.to_owned()));
    Ok(after)
}

fn without_forbid(forbids: &[(String, String)], name: &str) -> Result<Vec<(String, String)>, Fault> {
    let after: Vec<_> = forbids.iter().filter(|(known, _)| known != name).cloned().collect();
    if after.len() == forbids.len() { Err(Fault::DocumentNotFound { name: name.to_owned() }) } else { Ok(after) }
}

pub(crate) fn found_settings(action: Action, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let settings = view.settings()?;
    Ok((Found::Settings { settings }, vec![Demand { action, target: Target::Site }]))
}

/// A name of at least two labels (RFC 1123), in lower case.
fn domain_spelled(name: &str) -> Result<(), Fault> {
    let letters =
        |label: &str| label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let ends = |label: &str| label.starts_with('-') || label.ends_with('-');
    let label = |label: &str| (1..=63).contains(&label.len()) && letters(label) && !ends(label);
    if name.len() <= UNIVERSE_CHARS_MAX && name.contains('.') && name.split('.').all(label) {
        return Ok(());
    }
    Err(Fault::Invalid {
        member: "universe".into(),
        constraint: "a domain of at least two labels, in lower case".into(),
    })
}

pub(crate) fn settings<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Settings { settings } = &request.found else { return Err(Fault::NotFound) };
    let Ask::SetSettings { retention_months, signature_window_seconds, universe } = request.ask else {
        return Ok(Step::Ready(Effects::answer(Reply::Settings(Arc::clone(settings)))));
    };
    let mut after = Settings::clone(settings);
    if let Some(months) = retention_months {
        if months.is_some_and(|months| !(1..=RETENTION_MONTHS_MAX).contains(&months)) {
            let constraint = format!("1 to {RETENTION_MONTHS_MAX} months, or for ever");
            return Err(Fault::Invalid { member: "retention".into(), constraint });
        }
        after.retention_months = *months;
    }
    if let Some(seconds) = signature_window_seconds {
        if *seconds == 0 || *seconds > SIGNATURE_WINDOW_SECONDS_MAX {
            let constraint = format!("1 to {SIGNATURE_WINDOW_SECONDS_MAX} seconds");
            return Err(Fault::Invalid { member: "signature window".into(), constraint });
        }
        after.signature_window_seconds = *seconds;
    }
    if let Some(universe) = universe {
        universe.as_deref().map_or(Ok(()), domain_spelled)?;
        after.universe.clone_from(universe);
    }
    let after = Arc::new(after);
    let change = Change::none().put(SETTINGS_ID, Object::Settings(Arc::clone(&after)));
    Ok(Step::Ready(Effects::change(change, Reply::Settings(after))))
}
