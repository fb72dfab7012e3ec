//! Opens a ciphertext with the version that its header names.

use crate::encrypt::with_bytes;
use crate::find::{Here, Owned};
use crate::working::{demand, usable, worker, working};
use crate::{Step, Supplies, find};
use crypto::{Header, Job, Worked};
use domain::{Action, Ask, Demand, Dry, Fault, Found, KeyName, Reply, Request, Use, Working};
use ledger::{Effects, View};
use std::sync::Arc;

/// The key that the caller names, or else the one that the header names. What a header names is told to
/// nobody who could not use it: not there and not theirs look the same.
pub(crate) fn sealed_under(
    named: Option<&KeyName>,
    ciphertext: &[u8],
    ignoring: bool,
    here: &Here<'_>,
    view: &View,
) -> Result<Working, Fault> {
    let header = crypto::header(ciphertext);
    if let Some(name) = named {
        let owned = find::key(name, here, view)?;
        let version = version_meant(&owned, header, ignoring);
        return working(owned, version, view);
    }
    let header = header.ok_or(Fault::CiphertextUnreadable)?;
    let owned = owner_of(header, here, view)?;
    working(owned, header.version, view)
}

fn owner_of(header: Header, here: &Here<'_>, view: &View) -> Result<Owned, Fault> {
    let key = view.key(header.key)?.ok_or(Fault::CiphertextOfUnknownKey)?;
    if key.location != here.place || here.tongue.spells(&key).is_err() {
        return Err(Fault::CiphertextOfUnknownKey);
    }
    let owner = view.tenant(key.tenant)?.ok_or(Fault::CiphertextOfUnknownKey)?;
    Ok(Owned { key, owner })
}

/// A version that the ciphertext does not name is told apart in [`checked`], after policy has spoken.
fn version_meant(owned: &Owned, header: Option<Header>, ignoring: bool) -> u32 {
    match header {
        Some(header) if header.key == owned.key.id && !ignoring => header.version,
        _ => owned.key.primary,
    }
}

pub(crate) fn found(ask: &Ask, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let Ask::Decrypt { key, ciphertext, dry, .. } = ask else { return Err(Fault::NotFound) };
    let ignoring = *dry == Dry::RunIgnoringCiphertext;
    let work = sealed_under(key.as_ref(), ciphertext, ignoring, here, view)?;
    let owned = Owned { key: Arc::clone(&work.key), owner: Arc::clone(&work.account) };
    Ok((Found::Work(work), vec![demand(Action::Decrypt, &owned)]))
}

/// Whether the ciphertext is under the key that was found for it.
pub(crate) fn checked(work: &Working, ciphertext: &[u8]) -> Result<(), Fault> {
    let header = crypto::header(ciphertext).ok_or(Fault::CiphertextUnreadable)?;
    if header.key != work.key.id {
        return Err(Fault::WrongKey);
    }
    if work.key.version(header.version).is_err() { Err(Fault::CiphertextUnreadable) } else { Ok(()) }
}

pub(crate) fn decrypt<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::Decrypt { ciphertext, context, dry, .. }, Found::Work(work)) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    if *dry == Dry::RunIgnoringCiphertext {
        usable(work, Use::Process, supplies.now)?;
        return Ok(Step::Ready(Effects::answer(Reply::WouldSucceed)));
    }
    checked(work, ciphertext)?;
    let with = usable(work, Use::Process, supplies.now)?;
    Ok(Step::Work(Job::Open { with, context: context.canonical(), sealed: ciphertext }, |request, worked, _| {
        let (Found::Work(work), Worked::Opened(plaintext)) = (&request.found, worked) else {
            return Err(Fault::Unavailable);
        };
        let bytes = plaintext.len();
        let reply = match request.dry() {
            Dry::Wet => Reply::Plaintext { by: worker(work), plaintext },
            Dry::Run | Dry::RunIgnoringCiphertext => Reply::WouldSucceed,
        };
        Ok(with_bytes(Effects::answer(reply), bytes))
    }))
}
