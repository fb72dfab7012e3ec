//! Objects outside any store: what a backup of keys carries of a row is the plaintext of its blob (docs/formats/rows.md).

use crate::{StoredRow, codec};
use domain::{Object, ObjectId, RowId};
use secret::Secret;

/// The plaintext of the object's row.
pub fn write_carried(object: &Object) -> Secret {
    codec::encode(object)
}

/// The object that such a row holds; none where it is none that this release reads, or secret memory is full.
pub fn read_carried(id: RowId, plaintext: &Secret) -> Option<Object> {
    let nowhere = ObjectId::NIL;
    let (tenant, place, owner) = (nowhere, nowhere, nowhere);
    let row = StoredRow { id, revision: 0, position: 0, tenant, place, owner, due: i64::MAX, blob: Vec::new() };
    codec::decode(&row, plaintext).ok()
}
