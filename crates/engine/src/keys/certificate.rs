//! What proves to an outsider that a destroyed key's material is gone.

use super::create::material_row;
use crate::find::Here;
use crate::working::demand;
use crate::{Step, find};
use domain::{
    Action, CertificateShown, CheckpointShown, Demand, Fault, Found, Key, KeyName, KeyState, ProofShown, Reply,
    Request, VersionShown,
};
use ledger::{Certified, Effects, RootStanding, View};

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
    let newest = entries.iter().map(|entry| entry.index).max().unwrap_or(0);
    let remnants = if view.leaves_remnants() { Some(remnants(newest, &view.root_standing()?)) } else { None };
    Ok(CertificateShown { key: key.id, versions, entries, checkpoint, remnants })
}

/// What the store may still hold beneath of what an entry removed, and which root key it is under.
fn remnants(removed: u64, root: &RootStanding) -> String {
    let RootStanding { version, since, ended, .. } = *root;
    let former = version.saturating_sub(1);
    match ended {
        Some(ended) if removed < since => format!(
            "remnants of the material that are left in files, standbys and archives of the database are sealed under root \
             key version {former} or an older one, which nothing of the site is under since entry {ended}: only a copy of \
             that key opens them, or a backup of that time with the recovery key"
        ),
        _ => format!(
            "sealed remnants under root version {} may be in files, standbys and archives of the database until they are \
             overwritten, or the root key is rotated (`keyward root rotate`) and that version destroyed",
            if removed < since { former } else { version }
        ),
    }
}

fn entry(index: u64, checkpoint: &CheckpointShown, view: &View) -> Result<ProofShown, Fault> {
    let gone = Fault::EntryNotFound { index, size: checkpoint.size };
    let entry = view.entry(index)?.ok_or(gone)?;
    let path = view.proof(index, checkpoint.size)?;
    Ok(ProofShown { index, entry, path, checkpoint: checkpoint.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remnants_are_under_the_root_key_of_their_time() {
        let root = RootStanding { version: 1, since: 0, former_in_use: false, ended: None };
        assert!(remnants(7, &root).contains("under root version 1 "));
        let rotating = RootStanding { version: 2, since: 10, former_in_use: true, ended: None };
        assert!(remnants(7, &rotating).contains("under root version 1 "));
        assert!(remnants(10, &rotating).contains("under root version 2 "));
        let ended = RootStanding { former_in_use: false, ended: Some(20), ..rotating };
        assert!(remnants(7, &ended).contains("version 1 or an older one") && remnants(7, &ended).contains("entry 20"));
        assert!(remnants(12, &ended).contains("under root version 2 "));
        // In the next rotation, the entry that ended the one before is still to be seen.
        let again = RootStanding { version: 3, since: 30, former_in_use: true, ended: None };
        assert!(remnants(12, &again).contains("under root version 2 "));
    }
}
