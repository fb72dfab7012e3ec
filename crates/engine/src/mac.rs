//! Message authentication codes.

use crate::purse::charge;
use crate::sign::valid_told;
use crate::working::{scheme, told, usable_for, work, worker};
use crate::{Step, Supplies};
use crypto::{Job, Worked};
use domain::{Ask, Fault, MESSAGE_BYTES_MAX, Purpose, Reply, Request, Scheme, Use};
use ledger::Effects;
use secret::Secret;

fn fitting(data: &Secret) -> Result<(), Fault> {
    let constraint = || format!("at most {MESSAGE_BYTES_MAX} bytes");
    let fits = data.len() <= MESSAGE_BYTES_MAX;
    if fits { Ok(()) } else { Err(Fault::Invalid { member: "message".into(), constraint: constraint() }) }
}

fn chosen(request: &Request<'_>) -> Result<Scheme, Fault> {
    let work = work(request)?;
    scheme(work, work.key.version(work.version)?, None, |_| true)
}

pub(crate) fn sign<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::MacSign { data, .. } = request.ask else { return Err(Fault::NotFound) };
    fitting(data)?;
    let with = usable_for(work(request)?, &[Purpose::Mac], Use::Protect, supplies.now)?;
    Ok(Step::Work(Job::Mac { with, data }, |request, worked, supplies| {
        let (Ask::MacSign { data, .. }, Worked::Maced(mac)) = (request.ask, worked) else {
            return Err(Fault::Unavailable);
        };
        let (work, scheme) = (work(request)?, chosen(request)?);
        let effects = told(Effects::answer(Reply::Mac { by: worker(work), mac }), scheme, data.len());
        charge(effects, work, data.len(), supplies)
    }))
}

pub(crate) fn verify<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::MacVerify { data, mac, .. } = request.ask else { return Err(Fault::NotFound) };
    fitting(data)?;
    let with = usable_for(work(request)?, &[Purpose::Mac], Use::Process, supplies.now)?;
    Ok(Step::Work(Job::VerifyMac { with, data, mac }, |request, worked, _| {
        let (Ask::MacVerify { data, .. }, Worked::Verified(valid)) = (request.ask, worked) else {
            return Err(Fault::Unavailable);
        };
        let (work, scheme) = (work(request)?, chosen(request)?);
        let reply = Reply::Verified { by: worker(work), scheme, valid };
        Ok(valid_told(told(Effects::answer(reply), scheme, data.len()), valid))
    }))
}
