//! Protecting: a plaintext, a data key. And random bytes, which protect nothing.

use crate::find::Here;
use crate::purse::charge;
use crate::working::{usable, worker};
use crate::{Step, Supplies, authority, find};
use crypto::{Job, Worked};
use domain::{Action, Ask, Demand, Dry, Fault, Found, RANDOM_BYTES_MAX, Reply, Request, Use};
use ledger::{Detail, DetailKey, Effects};

/// Seals a plaintext.
pub(crate) fn encrypt<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::Encrypt { plaintext, context, dry, .. }, Found::Work(work)) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    let with = usable(work, Use::Protect, supplies.now)?;
    if *dry != Dry::Wet {
        return Ok(Step::Ready(Effects::answer(Reply::WouldSucceed)));
    }
    Ok(Step::Work(Job::Seal { with, context: context.canonical(), plaintext }, |request, worked, supplies| {
        let (Found::Work(work), Worked::Sealed(ciphertext)) = (&request.found, worked) else {
            return Err(Fault::Unavailable);
        };
        let bytes = if let Ask::Encrypt { plaintext, .. } = request.ask { plaintext.len() } else { 0 };
        let effects = with_bytes(Effects::answer(Reply::Ciphertext { by: worker(work), ciphertext }), bytes);
        charge(effects, work, bytes, supplies)
    }))
}

/// Makes a data key, wrapped, and in clear if so asked.
pub(crate) fn data_key<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::GenerateDataKey { bytes, context, dry, .. }, Found::Work(work)) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    let with = usable(work, Use::Protect, supplies.now)?;
    if *dry != Dry::Wet {
        return Ok(Step::Ready(Effects::answer(Reply::WouldSucceed)));
    }
    Ok(Step::Work(Job::DataKey { with, context: context.canonical(), bytes: *bytes }, |request, worked, supplies| {
        let (Found::Work(work), Worked::DataKey { plaintext, sealed }) = (&request.found, worked) else {
            return Err(Fault::Unavailable);
        };
        let bytes = plaintext.len();
        let wanted = matches!(request.ask, Ask::GenerateDataKey { plaintext: true, .. });
        let reply = Reply::DataKey { by: worker(work), plaintext: wanted.then_some(plaintext), ciphertext: sealed };
        charge(with_bytes(Effects::answer(reply), bytes), work, bytes, supplies)
    }))
}

/// Random bytes belong to no key: whoever may make keys' uses in the place may have them.
pub(crate) fn found_random(project: Option<&str>, here: &Here<'_>) -> Result<(Found, Vec<Demand>), Fault> {
    find::home(project, here)?;
    let target = authority::place(here);
    Ok((Found::Nothing, vec![Demand { action: Action::GenerateRandom, target }]))
}

pub(crate) fn random<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::GenerateRandom { bytes, .. } = request.ask else { return Err(Fault::NotFound) };
    if *bytes == 0 || *bytes > RANDOM_BYTES_MAX {
        let max = usize::try_from(RANDOM_BYTES_MAX).unwrap_or(usize::MAX);
        return Err(Fault::LimitReached { what: "random bytes at once", max });
    }
    Ok(Step::Work(Job::Random { bytes: *bytes }, |_, worked, _| match worked {
        Worked::Random(random) => {
            let bytes = random.len();
            Ok(with_bytes(Effects::answer(Reply::Random(random)), bytes))
        }
        _ => Err(Fault::Unavailable),
    }))
}

pub(crate) fn with_bytes(mut effects: Effects, bytes: usize) -> Effects {
    effects.detail.push((DetailKey::Bytes, Detail::Number(u64::try_from(bytes).unwrap_or(u64::MAX))));
    effects
}
