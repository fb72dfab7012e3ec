//! Opens under one key and seals under another. The caller never sees what is between.

use crate::decrypt::{checked, sealed_under};
use crate::find::{Here, Owned};
use crate::purse::charge;
use crate::working::{demand, usable, worker, working};
use crate::{Step, Supplies, find};
use crypto::{CIPHERTEXT_OVERHEAD_BYTES, Job, Worked};
use domain::{Action, Ask, Demand, Dry, Fault, Found, Reply, Request, Use};
use ledger::{Effects, View};
use std::sync::Arc;

pub(crate) fn found(ask: &Ask, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let Ask::ReEncrypt { from, ciphertext, to, dry, .. } = ask else { return Err(Fault::NotFound) };
    let ignoring = *dry == Dry::RunIgnoringCiphertext;
    let from = sealed_under(from.as_ref(), ciphertext, ignoring, here, view)?;
    let source = Owned { key: Arc::clone(&from.key), owner: Arc::clone(&from.account) };
    let target = find::key(to, here, view)?;
    let demands = vec![demand(Action::ReEncryptFrom, &source), demand(Action::ReEncryptTo, &target)];
    let primary = target.key.primary;
    Ok((Found::Rework { from, to: working(target, primary, view)? }, demands))
}

pub(crate) fn re_encrypt<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::ReEncrypt { ciphertext, from_context, to_context, dry, .. } = request.ask else {
        return Err(Fault::NotFound);
    };
    let Found::Rework { from, to } = &request.found else { return Err(Fault::NotFound) };
    if *dry != Dry::RunIgnoringCiphertext {
        checked(from, ciphertext)?;
    }
    let (opens, seals) = (usable(from, Use::Process, supplies.now)?, usable(to, Use::Protect, supplies.now)?);
    if *dry == Dry::RunIgnoringCiphertext {
        return Ok(Step::Ready(Effects::answer(Reply::WouldSucceed)));
    }
    let job = Job::Reseal {
        from: opens,
        from_context: from_context.canonical(),
        sealed: ciphertext,
        to: seals,
        to_context: to_context.canonical(),
    };
    Ok(Step::Work(job, |request, worked, supplies| {
        let (Found::Rework { from, to }, Worked::Sealed(ciphertext)) = (&request.found, worked) else {
            return Err(Fault::Unavailable);
        };
        if request.dry() != Dry::Wet {
            return Ok(Effects::answer(Reply::WouldSucceed));
        }
        // What the seal adds is the same for every plaintext.
        let bytes = ciphertext.len().saturating_sub(CIPHERTEXT_OVERHEAD_BYTES);
        let reply = Reply::Resealed { from: worker(from), to: worker(to), ciphertext };
        charge(Effects::answer(reply), to, bytes, supplies)
    }))
}
