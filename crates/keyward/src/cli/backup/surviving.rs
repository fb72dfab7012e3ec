//! What of a site has survived beside its backup, and tells of what came after it.

use super::named;
use crate::failure::Failure;
use crate::{certificate, proof};
use ledger::Tombstone;
use std::path::Path;

/// What a certificate of destruction proves to be destroyed, if it is one of the site with this verifier line.
pub(super) fn destroyed(path: &Path, verifier: &str) -> Result<Vec<Tombstone>, Failure> {
    let text = std::fs::read(path).map_err(|why| named(path, &why))?;
    let read = serde_json::from_slice(&text).map_err(|_| named(path, &"this is no certificate of destruction"))?;
    let wrong = "this certificate does not prove what it says; name one as `keyward key certificate` printed it";
    let proven = certificate::proven(&read).map_err(|_| named(path, &wrong))?;
    if proven.verifier != verifier {
        return Err(named(path, &"this is a certificate of another site; name one of the same"));
    }
    Ok(proven.tombstones)
}

/// How many entries the log had, as a checkpoint of it says.
pub(super) fn size(path: &Path, verifier: &str) -> Result<u64, Failure> {
    let text = std::fs::read_to_string(path).map_err(|why| named(path, &why))?;
    let (origin, key) = proof::verifier(verifier)?;
    // `keyward audit checkpoint` prints the verifier's line behind the note.
    let note = text.strip_suffix(&format!("{verifier}\n")).unwrap_or(&text);
    let opened = ledger::open_checkpoint(note, &origin, &key);
    opened.map(|said| said.size).ok_or_else(|| named(path, &"this checkpoint was not signed by the backup's site"))
}
