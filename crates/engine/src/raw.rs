//! AES in modes of the caller's own.

use crate::purse::charge;
use crate::working::{scheme, told, usable_for, work, worker};
use crate::{Step, Supplies};
use crypto::{Job, Worked};
use domain::{Ask, CONTEXT_BYTES_MAX, Fault, PLAINTEXT_BYTES_MAX, Purpose, Reply, Request, Scheme, Use};
use ledger::Effects;

/// Bytes of a tag behind the ciphertext.
const TAG_BYTES: usize = 16;

fn fitting(member: &str, bytes: usize, max: usize) -> Result<(), Fault> {
    let constraint = || format!("at most {max} bytes");
    if bytes <= max { Ok(()) } else { Err(Fault::Invalid { member: member.into(), constraint: constraint() }) }
}

fn chosen(request: &Request<'_>) -> Result<Scheme, Fault> {
    let (Ask::EncryptRaw { scheme: asked, .. } | Ask::DecryptRaw { scheme: asked, .. }) = request.ask else {
        return Err(Fault::NotFound);
    };
    let work = work(request)?;
    scheme(work, work.key.version(work.version)?, *asked, |_| true)
}

pub(crate) fn encrypt<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::EncryptRaw { plaintext, associated, iv, .. } = request.ask else { return Err(Fault::NotFound) };
    fitting("plaintext", plaintext.len(), PLAINTEXT_BYTES_MAX)?;
    fitting("associated data", associated.len(), CONTEXT_BYTES_MAX)?;
    let with = usable_for(work(request)?, &[Purpose::EncryptRaw], Use::Protect, supplies.now)?;
    let (scheme, iv) = (chosen(request)?, iv.as_deref());
    Ok(Step::Work(Job::EncryptRaw { with, scheme, plaintext, associated, iv }, |request, worked, supplies| {
        let Worked::EncryptedRaw { ciphertext, iv } = worked else { return Err(Fault::Unavailable) };
        let bytes = if let Ask::EncryptRaw { plaintext, .. } = request.ask { plaintext.len() } else { 0 };
        let (work, scheme) = (work(request)?, chosen(request)?);
        let reply = Reply::RawCiphertext { by: worker(work), scheme, ciphertext, iv };
        charge(told(Effects::answer(reply), scheme, bytes), work, bytes, supplies)
    }))
}

pub(crate) fn decrypt<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let Ask::DecryptRaw { ciphertext, associated, iv, .. } = request.ask else { return Err(Fault::NotFound) };
    fitting("ciphertext", ciphertext.len(), PLAINTEXT_BYTES_MAX + TAG_BYTES)?;
    fitting("associated data", associated.len(), CONTEXT_BYTES_MAX)?;
    let with = usable_for(work(request)?, &[Purpose::EncryptRaw], Use::Process, supplies.now)?;
    let scheme = chosen(request)?;
    Ok(Step::Work(Job::DecryptRaw { with, scheme, ciphertext, associated, iv }, |request, worked, _| {
        let Worked::Opened(plaintext) = worked else { return Err(Fault::Unavailable) };
        let (work, scheme, bytes) = (work(request)?, chosen(request)?, plaintext.len());
        let reply = Reply::Opened { by: worker(work), scheme, plaintext };
        Ok(told(Effects::answer(reply), scheme, bytes))
    }))
}
