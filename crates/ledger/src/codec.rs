//! Objects as the plaintext of a row's blob: CBOR maps with integer keys, format version first.

mod key;
mod people;
mod site;

use crate::StoredRow;
use crate::cbor::{Reader, Writer};
use crate::entry::Malformed;
use domain::{Location, Object, ObjectId, RowId, Table, Timestamp};
use secret::{HELD_BYTES_MAX, Held, Secret};
use std::sync::Arc;

/// The version of every object's format.
const FORMAT: u8 = 1;

/// The plaintext of an object's blob. Material and credentials are in it: it is a secret.
pub(crate) fn encode(object: &Object) -> Secret {
    Secret::new(match object {
        Object::Tenant(tenant) => site::encode_tenant(tenant),
        Object::Keyring(ring) => site::encode_keyring(ring),
        Object::Key(key) => key::encode_key(key),
        Object::Material(material) => key::encode_material(material),
        Object::Name(name) => site::encode_name(name),
        Object::Principal(principal) => people::encode_principal(principal),
        Object::AccessKey(access_key) => people::encode_access_key(access_key),
        Object::Token(token) => people::encode_token(token),
        Object::Settings(settings) => site::encode_settings(settings),
        Object::Kek(kek) => site::encode_kek(kek),
        Object::LogKey(log_key) => site::encode_log_key(log_key),
        Object::Budget(budget) => key::encode_budget(budget),
        Object::Past(past) => site::encode_past(past),
    })
}

/// Why a plaintext has not become an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is no object of this table in a format that this release reads.
    Malformed,
    /// There is no room for its secret.
    MemoryFull,
}

impl From<Malformed> for Unread {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Reads the plaintext of a row's blob back. `row` says which table it is of, and the ids of tenants, rings, keys
/// and principals. A secret goes straight into secret memory.
pub(crate) fn decode(row: &StoredRow, plaintext: &Secret) -> Result<Object, Unread> {
    plaintext.expose(|bytes| {
        let mut reader = Reader::new(bytes);
        let object = decode_object(row.id, &mut reader)?;
        reader.end()?;
        Ok(object)
    })
}

/// What any row of the table that holds these bytes as its plaintext says, written again; none if none can hold them.
pub(crate) fn reread(table: Table, plaintext: &[u8]) -> Option<Secret> {
    let mut reader = Reader::new(plaintext);
    let object = decode_object(RowId::new(table, ObjectId::NIL), &mut reader).ok()?;
    reader.end().ok()?;
    Some(encode(&object))
}

fn decode_object(row: RowId, r: &mut Reader<'_>) -> Result<Object, Unread> {
    let id = row.id;
    Ok(match row.table {
        Table::Tenant => Object::Tenant(Arc::new(site::decode_tenant(id, r)?)),
        Table::Keyring => Object::Keyring(Arc::new(site::decode_keyring(id, r)?)),
        Table::Key => Object::Key(Arc::new(key::decode_key(id, r)?)),
        Table::Material => Object::Material(Arc::new(key::decode_material(r)?)),
        Table::Name => Object::Name(Arc::new(site::decode_name(r)?)),
        Table::Principal => Object::Principal(Arc::new(people::decode_principal(id, r)?)),
        Table::AccessKey => Object::AccessKey(Arc::new(people::decode_access_key(r)?)),
        Table::Token => Object::Token(Arc::new(people::decode_token(r)?)),
        Table::Settings => Object::Settings(Arc::new(site::decode_settings(r)?)),
        Table::Kek => Object::Kek(Arc::new(site::decode_kek(r)?)),
        Table::LogKey => Object::LogKey(Arc::new(site::decode_log_key(r)?)),
        Table::Budget => Object::Budget(Arc::new(key::decode_budget(r)?)),
        Table::Past => Object::Past(Arc::new(site::decode_past(r)?)),
    })
}

// What several objects are made of.

fn write_id(w: &mut Writer, id: ObjectId) {
    w.bytes(&id.0);
}

fn read_id(r: &mut Reader<'_>) -> Result<ObjectId, Malformed> {
    r.fixed().map(ObjectId)
}

fn write_time(w: &mut Writer, time: Timestamp) {
    w.signed(time.0);
}

fn read_time(r: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    r.signed().map(Timestamp)
}

fn read_string(r: &mut Reader<'_>) -> Result<String, Malformed> {
    r.text().map(String::from)
}

fn read_location(r: &mut Reader<'_>) -> Result<Location, Malformed> {
    r.text().map(|text| Location(text.into()))
}

/// Names and texts: forbids, identity policies, tags.
fn write_pair(w: &mut Writer, (one, other): &(String, String)) {
    w.array(2);
    w.text(one);
    w.text(other);
}

fn read_pairs(r: &mut Reader<'_>) -> Result<Vec<(String, String)>, Malformed> {
    r.list(|r| r.tuple(2, |r| Ok((read_string(r)?, read_string(r)?))))
}

fn write_held(w: &mut Writer, held: &Held) {
    held.expose(|bytes| w.bytes(bytes));
}

/// Into secret memory, from where they lie in the plaintext.
fn keep(bytes: Option<&[u8]>) -> Result<Held, Unread> {
    let bytes = bytes.ok_or(Unread::Malformed)?;
    if bytes.len() > HELD_BYTES_MAX {
        return Err(Unread::Malformed);
    }
    Held::keep(bytes).map_err(|_| Unread::MemoryFull)
}

#[cfg(test)]
mod tests;
