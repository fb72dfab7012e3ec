//! The log, read by those who may.

use crate::find::Here;
use crate::{Step, find};
use domain::{
    Action, CheckpointShown, Demand, EntryQuery, EntryShown, Fault, Found, KeyName, NameKind, ObjectId, PAGE_ITEMS_MAX,
    ProofShown, Reply, Request, Status, Target, TenantKind,
};
use ledger::{Clear, Detail, DetailKey, Effects, Filter, RootStanding, Verdict, View};
use std::sync::Arc;

pub(crate) fn found_entries(query: &EntryQuery, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let tenant = here.caller.tenant();
    let site = tenant.kind == TenantKind::Site;
    let filter = Filter {
        from: query.from,
        until: query.until,
        object: object(query, here, view)?,
        principal: principal(query, here, view)?,
        action: action(query)?,
        verdict: query.verdict.clone(),
        request: query.request.as_deref().map(request).transpose()?,
        tenant: (!site).then_some(tenant.id),
        before: query.before,
        limit: query.limit.clamp(1, PAGE_ITEMS_MAX),
    };
    let head = view.head().size;
    let (found, upto) = view.entries(&filter)?;
    let shown = found.into_iter().map(|(index, clear)| shown(index, &clear, tenant.id, view));
    let entries = shown.collect::<Result<_, _>>()?;
    Ok((Found::Entries { entries, upto, head }, vec![demand(Action::ListEntries, here)]))
}

fn demand(action: Action, here: &Here<'_>) -> Demand {
    Demand { action, target: Target::Tenant(Arc::clone(here.caller.tenant())) }
}

fn object(query: &EntryQuery, here: &Here<'_>, view: &View) -> Result<Option<ObjectId>, Fault> {
    match (&query.object, &query.key) {
        (Some(object), _) => Ok(Some(*object)),
        (None, Some(name)) => match ObjectId::parse(name) {
            Some(id) => Ok(Some(id)),
            None => Ok(Some(find::key(&KeyName::path(name), here, view)?.key.id)),
        },
        (None, None) => Ok(None),
    }
}

fn principal(query: &EntryQuery, here: &Here<'_>, view: &View) -> Result<Option<ObjectId>, Fault> {
    let Some(name) = &query.principal else { return Ok(None) };
    if let Some(id) = ObjectId::parse(name) {
        return Ok(Some(id));
    }
    let row = view.name(NameKind::Principal, here.caller.tenant().id, None, name)?;
    row.map(|row| Some(row.target)).ok_or(Fault::PrincipalNotFound { name: name.clone() })
}

fn action(query: &EntryQuery) -> Result<Option<u16>, Fault> {
    let Some(name) = &query.action else { return Ok(None) };
    let unknown = || Fault::Invalid { member: "action".into(), constraint: format!("`{name}` is no action") };
    Ok(Some(Action::from_name(name).ok_or_else(unknown)? as u16))
}

fn request(text: &str) -> Result<ObjectId, Fault> {
    let shape = || Fault::Invalid { member: "request".into(), constraint: "a request id is a UUID".into() };
    ObjectId::parse(text).ok_or_else(shape)
}

/// The site sees the clear parts of all entries, a tenant all of its own.
fn shown(index: u64, clear: &Clear, tenant: ObjectId, view: &View) -> Result<EntryShown, Fault> {
    let detail = if clear.tenant == tenant { view.detail(clear)?.unwrap_or_default() } else { Vec::new() };
    let action = |number: u16| Action::from_number(number).map_or_else(|| number.to_string(), |a| a.name().to_owned());
    let actions: Vec<String> = clear.deeds.iter().map(|(number, ..)| action(*number)).collect();
    Ok(EntryShown {
        index,
        wall: clear.wall,
        request: clear.request.0.to_string(),
        tenant: clear.tenant.to_string(),
        principal: clear.principal.to_string(),
        principal_name: ledger::detail_text(&detail, DetailKey::Principal).map(str::to_owned),
        tongue: clear.tongue.map_or("unknown", domain::Tongue::name),
        action: actions.join("+"),
        objects: clear.deeds.iter().map(|(_, object, version)| (*object, *version)).collect(),
        verdict: verdict(&clear.verdict),
        detail: detail.iter().map(|(key, value)| (detail_name(*key), detail_value(*key, value))).collect(),
        changes: u32::try_from(clear.rows.len()).unwrap_or(u32::MAX),
    })
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Done => "done".to_owned(),
        Verdict::Refused(word) => (*word).to_owned(),
        Verdict::Refusals(sum) => format!("{} x {} from {}", sum.count, sum.reason, sum.prefix),
        Verdict::Other(word) => word.clone(),
    }
}

fn detail_name(key: u16) -> String {
    DetailKey::from_number(key).map_or_else(|| key.to_string(), |key| format!("{key:?}").to_lowercase())
}

fn detail_value(key: u16, value: &Detail) -> String {
    match value {
        Detail::Text(text) => text.clone(),
        Detail::Number(number) => number.to_string(),
        Detail::Bytes(bytes) if key == DetailKey::Context as u16 => context_text(bytes),
        Detail::Bytes(bytes) => hex(bytes),
    }
}

fn context_text(bytes: &[u8]) -> String {
    match domain::Context::from_bytes(bytes.to_vec()) {
        Ok(domain::Context::Pairs(pairs)) => {
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
        }
        _ => hex(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn entries<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Entries { entries, upto, head } = &request.found else { return Err(Fault::NotFound) };
    let reply = Reply::Entries { entries: entries.clone(), upto: *upto, head: *head };
    Ok(Step::Ready(Effects::answer(reply)))
}

/// An entry and its path in the tree of the newest signed checkpoint.
pub(crate) fn found_proof(index: u64, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let checkpoint = checkpoint(view)?;
    let absent = || Fault::EntryNotFound { index, size: checkpoint.size };
    if index >= checkpoint.size {
        return Err(absent());
    }
    let entry = view.entry(index)?.ok_or_else(absent)?;
    let clear = ledger::decode_entry(&entry).map_err(|_| absent())?;
    let tenant = here.caller.tenant();
    if tenant.kind != TenantKind::Site && clear.tenant != tenant.id {
        return Err(absent());
    }
    let path = view.proof(index, checkpoint.size)?;
    let proof = Box::new(ProofShown { index, entry, path, checkpoint });
    Ok((Found::Proof { proof }, vec![demand(Action::ProveEntry, here)]))
}

pub(crate) fn proof<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Proof { proof } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Proof(proof.clone()))))
}

fn checkpoint(view: &View) -> Result<CheckpointShown, Fault> {
    let stored = view.newest_checkpoint()?.ok_or(Fault::EntryNotFound { index: 0, size: 0 })?;
    let ledger::Checkpoint { size, root, .. } = view.open_checkpoint(&stored)?;
    let verifier = view.verifier_line();
    Ok(CheckpointShown { size, root, note: stored.note, verifier })
}

pub(crate) fn found_checkpoint(here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let checkpoint = Box::new(checkpoint(view)?);
    Ok((Found::Checkpoint { checkpoint }, vec![demand(Action::GetCheckpoint, here)]))
}

pub(crate) fn checkpoint_reply<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Checkpoint { checkpoint } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Checkpoint(checkpoint.clone()))))
}

pub(crate) fn found_status(here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let head = view.head();
    let status = Box::new(Status {
        site: view.origin(),
        version: env!("CARGO_PKG_VERSION"),
        entries: head.size,
        root: head.root,
        checkpoint_size: head.signed,
        projections: view.progress(),
        secret_memory: secret::secret_memory().text(),
        store: view.store_name(),
        availability: view.availability().to_string(),
        clock: here.clock.text(),
        root_key: root_key(view)?,
    });
    Ok((Found::Status { status }, vec![demand(Action::GetStatus, here)]))
}

/// Which root key is in use, and what else is under which.
fn root_key(view: &View) -> Result<String, Fault> {
    let RootStanding { version, former_in_use, .. } = view.root_standing()?;
    let former = version.saturating_sub(1);
    let mut told = format!("version {version}");
    if former_in_use {
        told += &format!("; rows are still under version {former}: let `keyward root rotate` come to its end");
    }
    if view.leaves_remnants() {
        told +=
            &format!("; what is destroyed leaves sealed remnants under root version {version} in the database's files");
    }
    Ok(told)
}

pub(crate) fn status<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Status { status } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Status(status.clone()))))
}
