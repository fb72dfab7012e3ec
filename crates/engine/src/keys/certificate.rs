//! What proves to an outsider that a destroyed key's material is gone.

use super::create::material_row;
use crate::find::Here;
use crate::working::demand;
use crate::{Step, find};
use domain::{
    Action, CertificateShown, CheckpointShown, Demand, Fault, Found, Key, KeyName, KeyState, ProofShown, Reply,
    Request, VersionShown,
};
use ledger::{Certified, Effects, View};

const REMNANTS: &str = "sealed remnants of the material may be in files, standbys and archives of the database, under the \
    site's key and the root key above it, until they are overwritten or the root key is rotated and the old one destroyed";

/// Each version's row of material as it is at a signed head, and the entries that made it so.
pub(crate) fn found_certificate(name: &KeyName, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let owned = find::key(name, here, view)?;
    let demands = vec![demand(Action::CertifyDestruction, &owned)];
    if owned.key.life.state != KeyState::Destroyed {
        return Err(not_destroyed());
    }
    let certificate = Box::new(certificate(&owned.key, view)?);
    Ok((Found::Certificate { certificate }, demands))
}

pub(crate) fn certify<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Certificate { certificate } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Certificate(certificate.clone()))))
}

fn not_destroyed() -> Fault {
    Fault::Invalid { member: "key".into(), constraint: "it is not destroyed".into() }
}

fn certificate(key: &Key, view: &View) -> Result<CertificateShown, Fault> {
    let rows: Vec<_> = key.versions.iter().map(|version| material_row(key.id, version.number)).collect();
    let Certified { checkpoint: at, note, rows } = view.certified(&rows)?;
    let checkpoint = CheckpointShown { size: at.size, root: at.root, note, verifier: view.verifier_line() };
    let (mut versions, mut entries) = (Vec::new(), Vec::<ProofShown>::new());
    for (version, shown) in key.versions.iter().zip(rows) {
        if shown.row.as_ref().is_some_and(|row| !row.blob.is_empty()) {
            return Err(not_destroyed());
        }
        if let Some(row) = &shown.row
            && entries.iter().all(|known| known.index != row.position)
        {
            entries.push(entry(row.position, &checkpoint, view)?);
        }
        let row = shown.row.map(|row| domain::RowShown {
            revision: row.revision,
            tenant: row.tenant,
            place: row.place,
            owner: row.owner,
            due: row.due,
            entry: row.position,
        });
        versions.push(VersionShown { number: version.number, row, path: shown.path });
    }
    let remnants = view.leaves_remnants().then(|| REMNANTS.to_owned());
    Ok(CertificateShown { key: key.id, versions, entries, checkpoint, remnants })
}

fn entry(index: u64, checkpoint: &CheckpointShown, view: &View) -> Result<ProofShown, Fault> {
    let gone = Fault::EntryNotFound { index, size: checkpoint.size };
    let entry = view.entry(index)?.ok_or(gone)?;
    let path = view.proof(index, checkpoint.size)?;
    Ok(ProofShown { index, entry, path, checkpoint: checkpoint.clone() })
}
