//! Signatures: made by the version that protects or is named, and checked with its public half.

use crate::purse::charge;
use crate::working::{scheme, told, usable_for, version_for, work, worker};
use crate::{Step, Supplies};
use crypto::{Job, Worked};
use domain::{Ask, Fault, MESSAGE_BYTES_MAX, Material, Purpose, Reply, Request, Scheme, Signable, Use};
use ledger::Effects;
use std::sync::Arc;

const PURPOSES: [Purpose; 2] = [Purpose::Sign, Purpose::SignAndDecrypt];

fn fitting(what: &Signable) -> Result<(), Fault> {
    if bytes(what) <= MESSAGE_BYTES_MAX {
        return Ok(());
    }
    let constraint = format!("at most {MESSAGE_BYTES_MAX} bytes; give the digest of more");
    Err(Fault::Invalid { member: "message".into(), constraint })
}

fn bytes(what: &Signable) -> usize {
    match what {
        Signable::Message(message) => message.len(),
        Signable::Digest(_, bytes) | Signable::Mu(bytes) => bytes.len(),
    }
}

pub(crate) fn sign<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::Sign { what, .. } = request.ask else { return Err(Fault::NotFound) };
    let work = work(request)?;
    fitting(what)?;
    let with = usable_for(work, &PURPOSES, Use::Protect, supplies.now)?;
    let scheme = chosen(request)?;
    Ok(Step::Work(Job::Sign { with, scheme, what }, |request, worked, supplies| {
        let (Ask::Sign { what, .. }, Worked::Signed(signature)) = (request.ask, worked) else {
            return Err(Fault::Unavailable);
        };
        let (work, scheme) = (self::work(request)?, chosen(request)?);
        let reply = Reply::Signature { by: worker(work), scheme, signature };
        charge(told(Effects::answer(reply), scheme, bytes(what)), work, bytes(what), supplies)
    }))
}

/// By which scheme the ask is served.
fn chosen(request: &Request<'_>) -> Result<Scheme, Fault> {
    let (Ask::Sign { scheme: asked, what, .. } | Ask::Verify { scheme: asked, what, .. }) = request.ask else {
        return Err(Fault::NotFound);
    };
    let work = work(request)?;
    scheme(work, work.key.version(work.version)?, *asked, |scheme| scheme.takes(what))
}

pub(crate) fn verify<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::Verify { what, signature, .. } = request.ask else { return Err(Fault::NotFound) };
    let work = work(request)?;
    fitting(what)?;
    let version = version_for(work, &PURPOSES, Use::Process, supplies.now)?;
    let missing = Fault::MaterialNotHeld { version: version.number, material: Material::Awaited };
    let public = Arc::clone(version.public.as_ref().ok_or(missing)?);
    let (algorithm, scheme) = (work.key.algorithm_of(version), chosen(request)?);
    Ok(Step::Work(Job::Verify { algorithm, public, scheme, what, signature }, |request, worked, _| {
        let (Ask::Verify { what, .. }, Worked::Verified(valid)) = (request.ask, worked) else {
            return Err(Fault::Unavailable);
        };
        let (work, scheme) = (self::work(request)?, chosen(request)?);
        let reply = Reply::Verified { by: worker(work), scheme, valid };
        Ok(valid_told(told(Effects::answer(reply), scheme, bytes(what)), valid))
    }))
}

/// An entry of a check says what it came to.
pub(crate) fn valid_told(mut effects: Effects, valid: bool) -> Effects {
    effects.detail.push((ledger::DetailKey::Parameter, ledger::Detail::Text(format!("valid={valid}"))));
    effects
}
