//! Checks a certificate of destruction (docs/formats/certificate.md) before anybody is given it.

use crate::failure::Failure;
use crate::output::text;
use crate::proof;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{ObjectId, RowId, Table};
use ledger::{Clear, StoredRow, Tombstone, View, decode_entry, hash_from_path, row_hash};
use serde_json::Value;
use std::collections::BTreeMap;

fn wrong() -> Failure {
    Failure::new("the certificate does not hold; do not believe this server")
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_str()?).ok()
}

/// What was proven, in a sentence.
pub(crate) fn check(certificate: &Value) -> Result<String, Failure> {
    let Proven { key, size, versions, .. } = proven(certificate)?;
    Ok(format!("no material of {versions} versions of key {key} in the signed state of {size} entries"))
}

/// What a certificate proves, and by whose word.
pub(crate) struct Proven {
    pub(crate) key: ObjectId,
    pub(crate) verifier: String,
    pub(crate) size: u64,
    versions: usize,
    /// What no older copy may bring back: the rows that were emptied, and the key as a whole.
    pub(crate) tombstones: Vec<Tombstone>,
}

pub(crate) fn proven(certificate: &Value) -> Result<Proven, Failure> {
    let (note, line) = (text(certificate, "/checkpoint"), text(certificate, "/verifier"));
    let (origin, verifier) = proof::verifier(&line)?;
    let at = ledger::open_checkpoint(&note, &origin, &verifier).ok_or_else(wrong)?;
    let key = ObjectId::parse(&text(certificate, "/key")).ok_or_else(wrong)?;
    let list = |name: &str| certificate.get(name).and_then(Value::as_array).ok_or_else(wrong);
    let entries = list("entries")?.iter().map(|entry| proven_entry(entry, &at)).collect::<Option<BTreeMap<_, _>>>();
    let entries = entries.ok_or_else(wrong)?;
    let versions = list("versions")?;
    let mut tombstones = Vec::new();
    for version in versions {
        tombstones.extend(version_is_gone(version, key, &at.state, &entries).ok_or_else(wrong)?);
    }
    let last = tombstones.iter().max_by_key(|one| one.position).copied();
    tombstones.extend(last.map(|last| Tombstone { row: RowId::new(Table::Key, key), ..last }));
    Ok(Proven { key, verifier: line, size: at.size, versions: versions.len(), tombstones })
}

fn proven_entry(entry: &Value, at: &ledger::Checkpoint) -> Option<(u64, Clear)> {
    let index = entry.get("index")?.as_u64()?;
    let content = bytes(entry.get("entry")?)?;
    let path = entry.get("path")?.as_array()?.iter().map(|hash| bytes(hash)?.try_into().ok());
    let path = path.collect::<Option<Vec<[u8; 32]>>>()?;
    let root = ledger::root_from_path(index, at.size, ledger::leaf_hash(&content), &path)?;
    (root == at.root).then_some(())?;
    Some((index, decode_entry(&content).ok()?))
}

/// None: not so. Else what tells of the version's row; nothing where there never was one.
fn version_is_gone(
    version: &Value,
    key: ObjectId,
    state: &[u8; 32],
    entries: &BTreeMap<u64, Clear>,
) -> Option<Option<Tombstone>> {
    let number = u32::try_from(version.get("version")?.as_u64()?).ok()?;
    let id = RowId::new(Table::Material, View::material_id(key, number));
    let path = version.get("state_path")?.as_array()?.iter().map(bytes).collect::<Option<Vec<_>>>()?;
    let said = hash_from_path(state, &path, id)?;
    let row = version.get("row")?;
    if row.is_null() {
        return said.is_none().then_some(None);
    }
    let object = |name: &str| ObjectId::parse(row.get(name)?.as_str()?);
    let entry = row.get("entry")?.as_u64()?;
    let stored = StoredRow {
        id,
        revision: row.get("revision")?.as_u64()?,
        position: entry,
        tenant: object("tenant")?,
        place: object("place")?,
        owner: object("owner")?,
        due: row.get("due")?.as_i64()?,
        blob: Vec::new(),
    };
    let hash = row_hash(&stored);
    let emptied = entries.get(&entry)?;
    let listed = emptied.rows.iter().any(|change| change.row == id && change.after == hash);
    (said == Some(hash) && listed).then_some(Some(Tombstone { row: id, position: entry, wall: emptied.wall }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use serde_json::json;

    /// Made by another language: tools/independent/certificate.py.
    fn vector() -> Value {
        serde_json::from_str(include_str!("../../../docs/formats/vectors/certificate.json")).unwrap()
    }

    #[test]
    fn the_documents_certificate_holds() {
        let said = check(&vector()).unwrap();
        assert!(said.starts_with("no material of 2 versions of key 07070707-"), "{said}");
    }

    #[test]
    fn no_other_holds() {
        let (good, nil) = (vector(), "00000000-0000-0000-0000-000000000000");
        for (place, other) in [
            ("/key", json!(nil)),
            ("/versions/0/version", json!(2)),
            ("/versions/0/row", Value::Null),
            ("/versions/0/row/revision", json!(3)),
            ("/versions/0/row/tenant", json!(nil)),
            ("/versions/0/row/entry", json!(1)),
            ("/versions/0/state_path", json!([])),
            ("/versions/1/row", good["versions"][0]["row"].clone()),
            ("/entries", json!([])),
            ("/entries/0/index", json!(1)),
            ("/entries/0/entry", json!("AAAA")),
            ("/checkpoint", json!("x\n1\nAAAA\n\n")),
        ] {
            let mut edited = good.clone();
            *edited.pointer_mut(place).unwrap() = other;
            assert!(check(&edited).is_err(), "{place}");
        }
    }
}
