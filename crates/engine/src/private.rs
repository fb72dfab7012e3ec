//! Opening with a private key, and showing its public half.

use crate::working::{scheme, told, usable_for, version_for, work, worker};
use crate::{Step, Supplies};
use crypto::{Job, Worked};
use domain::{Algorithm, Ask, Fault, Material, PublicForm, Purpose, Reply, Request, Scheme, Use};
use ledger::Effects;
use std::sync::Arc;

const DECRYPTING: [Purpose; 2] = [Purpose::DecryptAsymmetric, Purpose::SignAndDecrypt];
/// Whose keys have a public half.
const PAIRED: [Purpose; 5] =
    [Purpose::Sign, Purpose::DecryptAsymmetric, Purpose::SignAndDecrypt, Purpose::Agree, Purpose::Encapsulate];

fn chosen(request: &Request<'_>) -> Result<Scheme, Fault> {
    let asked = if let Ask::DecryptAsymmetric { scheme, .. } = request.ask { *scheme } else { None };
    let work = work(request)?;
    scheme(work, work.key.version(work.version)?, asked, |_| true)
}

pub(crate) fn decrypt<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::DecryptAsymmetric { ciphertext, .. } = request.ask else { return Err(Fault::NotFound) };
    let with = usable_for(work(request)?, &DECRYPTING, Use::Process, supplies.now)?;
    let scheme = chosen(request)?;
    Ok(Step::Work(Job::DecryptAsymmetric { with, scheme, ciphertext }, |request, worked, _| {
        let Worked::Opened(plaintext) = worked else { return Err(Fault::Unavailable) };
        let (work, scheme, bytes) = (work(request)?, chosen(request)?, plaintext.len());
        let reply = Reply::Opened { by: worker(work), scheme, plaintext };
        Ok(told(Effects::answer(reply), scheme, bytes))
    }))
}

pub(crate) fn decapsulate<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::Decapsulate { ciphertext, .. } = request.ask else { return Err(Fault::NotFound) };
    let with = usable_for(work(request)?, &[Purpose::Encapsulate], Use::Process, supplies.now)?;
    Ok(Step::Work(Job::Decapsulate { with, ciphertext }, |request, worked, _| {
        let Worked::Opened(secret) = worked else { return Err(Fault::Unavailable) };
        let (work, scheme, bytes) = (work(request)?, chosen(request)?, secret.len());
        let reply = Reply::SharedSecret { by: worker(work), secret };
        Ok(told(Effects::answer(reply), scheme, bytes))
    }))
}

/// A form that the key has; where there are several, one that was named.
pub(crate) fn fits(form: PublicForm, algorithm: Algorithm) -> Result<(), Fault> {
    let own = algorithm.raw_form();
    let constraint = match form {
        PublicForm::Unsaid if own.is_some() => format!("must be said for {}", algorithm.name()),
        PublicForm::RawFips | PublicForm::RawXWing if own != Some(form) => {
            format!("{} has no such raw form", algorithm.name())
        }
        _ => return Ok(()),
    };
    Err(Fault::Invalid { member: "public key format".into(), constraint })
}

pub(crate) fn public<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let work = work(request)?;
    let Ask::GetPublicKey { form, .. } = request.ask else { return Err(Fault::NotFound) };
    let version = version_for(work, &PAIRED, Use::Process, supplies.now)?;
    fits(*form, work.key.algorithm_of(version))?;
    let missing = Fault::MaterialNotHeld { version: version.number, material: Material::Awaited };
    let spki = Arc::clone(version.public.as_ref().ok_or(missing)?);
    let raw = work.key.algorithm_of(version).raw_public(&spki).map(<[u8]>::to_vec);
    Ok(Step::Ready(Effects::answer(Reply::PublicHalf { by: worker(work), spki, raw })))
}
