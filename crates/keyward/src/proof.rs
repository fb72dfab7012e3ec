//! Checks what a server says of its log: signatures of checkpoints, and paths to their roots.

use crate::failure::Failure;
use crate::output::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::VerifyingKey;
use serde_json::{Value, json};

/// The signature type of Ed25519 in signed notes.
const ED25519: u8 = 1;

/// An entry that is in a signed tree.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) size: u64,
    pub(crate) root: [u8; 32],
    /// As docs/formats/log.md has it.
    pub(crate) document: Value,
}

/// Origin and key of a verifier line (C2SP signed-note): `name+id+base64`.
pub(crate) fn verifier(line: &str) -> Result<(String, VerifyingKey), Failure> {
    let wrong = || Failure::new("the verifier key is not readable");
    let mut parts = line.trim().splitn(3, '+');
    let (name, id, key) = (parts.next(), parts.next(), parts.next());
    let (Some(name), Some(_), Some(key)) = (name, id, key) else { return Err(wrong()) };
    let bytes = STANDARD.decode(key).map_err(|_| wrong())?;
    let key: [u8; 32] = bytes.strip_prefix(&[ED25519]).and_then(|key| key.try_into().ok()).ok_or_else(wrong)?;
    let key = VerifyingKey(key);
    // The id in the line is derived from its other parts, or the line was garbled.
    if ledger::verifier_line(name, &key) == line.trim() { Ok((name.to_owned(), key)) } else { Err(wrong()) }
}

/// Size and root of a checkpoint that this verifier has signed.
pub(crate) fn checkpoint(note: &str, line: &str) -> Result<(u64, [u8; 32]), Failure> {
    let (origin, key) = verifier(line)?;
    let forged = || Failure::new("the checkpoint is not signed by the log's key; do not believe this server");
    ledger::open_checkpoint(note, &origin, &key).map(|says| (says.size, says.root)).ok_or_else(forged)
}

/// Whether a proof leads from the entry to the root of its signed checkpoint.
pub(crate) fn check(answer: &Value, index: u64) -> Result<Proven, Failure> {
    let wrong = || Failure::new(format!("the proof of entry {index} does not hold; do not believe this server"));
    let (note, line) = (text(answer, "/checkpoint"), text(answer, "/verifier"));
    let (size, root) = checkpoint(&note, &line)?;
    let entry = STANDARD.decode(text(answer, "/entry")).map_err(|_| wrong())?;
    let hash = |value: &Value| -> Option<[u8; 32]> { STANDARD.decode(value.as_str()?).ok()?.try_into().ok() };
    let path: Option<Vec<_>> =
        answer.get("path").and_then(Value::as_array).ok_or_else(wrong)?.iter().map(hash).collect();
    let leaf = ledger::leaf_hash(&entry);
    if ledger::root_from_path(index, size, leaf, &path.ok_or_else(wrong)?) != Some(root) {
        return Err(wrong());
    }
    let document = json!({
        "index": index,
        "entry": answer.get("entry"),
        "leaf_hash": STANDARD.encode(leaf),
        "path": answer.get("path"),
        "checkpoint": note,
        "verifier": line,
    });
    Ok(Proven { size, root, document })
}

/// The beginning of a root, for people.
pub(crate) fn short(root: &[u8; 32]) -> String {
    let begin: String = root.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{begin}…")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    /// The published vectors of the log, in the shape that a server answers.
    fn vector() -> Value {
        let vectors: Value = serde_json::from_str(include_str!("../../../docs/formats/vectors/log.json")).unwrap();
        vectors["inclusion_proof"].clone()
    }

    fn index(proof: &Value) -> u64 {
        proof["index"].as_u64().unwrap()
    }

    #[test]
    fn a_proof_of_the_vectors_holds_and_is_given_on_as_it_is() {
        let proof = vector();
        let proven = check(&proof, index(&proof)).unwrap();
        assert_eq!(proven.document["leaf_hash"], proof["leaf_hash"]);
        assert!(proven.size > index(&proof));
    }

    #[test]
    fn a_proof_of_anything_else_does_not_hold() {
        let proof = vector();
        assert!(check(&proof, index(&proof) + 1).is_err());
        for (member, other) in [("entry", json!("AAAA")), ("path", json!([])), ("checkpoint", json!("x\n1\nAAAA\n\n"))]
        {
            let mut edited = proof.clone();
            edited[member] = other;
            assert!(check(&edited, index(&proof)).is_err(), "{member}");
        }
        let mut edited = proof.clone();
        let note = proof["checkpoint"].as_str().unwrap().replacen('\n', "\nx", 1);
        edited["checkpoint"] = json!(note);
        assert!(check(&edited, index(&proof)).is_err());
    }

    #[test]
    fn garbled_verifiers_are_refused() {
        let proof = vector();
        let line = proof["verifier"].as_str().unwrap();
        assert!(verifier(line).is_ok());
        for garbled in
            [line.replacen('+', "+0", 1), format!("x{line}"), line[..line.len() - 4].to_owned(), String::new()]
        {
            assert!(verifier(&garbled).is_err(), "{garbled}");
        }
    }
}
