//! Rows as the store keeps them: a few clear columns and one sealed blob. docs/formats/rows.md.

use domain::{ObjectId, RowId, Table};

/// No id: the column is empty.
pub(crate) const NONE: ObjectId = ObjectId::NIL;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow {
    pub id: RowId,
    /// Grows by one with each change, also from something to nothing.
    pub revision: u64,
    /// The index of the entry that changed it last. Not part of the hash: the entry is where the hash is.
    pub position: u64,
    /// Whose key-encryption key sealed the blob.
    pub tenant: ObjectId,
    /// A keyed hash of tenant and location; nil where a row has none.
    pub place: ObjectId,
    /// The object that it belongs to; nil where a row has none.
    pub owner: ObjectId,
    /// Wall milliseconds when the scheduler must look at it; `i64::MAX` is never.
    pub due: i64,
    /// Empty: the row says that there is nothing any more.
    pub blob: Vec<u8>,
}

const ROW_HASH_LABEL: &[u8; 16] = b"keyward row v1\0\0";

/// SHA-256 over label, table, id, revision, tenant, place, owner, due and blob; numbers big-endian.
pub fn row_hash(row: &StoredRow) -> [u8; 32] {
    let mut hash = crypto::Sha256::new();
    hash.update(ROW_HASH_LABEL);
    hash.update(&[row.id.table as u8]);
    hash.update(&row.id.id.0);
    hash.update(&row.revision.to_be_bytes());
    hash.update(&row.tenant.0);
    hash.update(&row.place.0);
    hash.update(&row.owner.0);
    hash.update(&row.due.to_be_bytes());
    hash.update(&row.blob);
    hash.finish()
}

/// Whether rows of a table are kept when they are replaced. Rows with key material or secrets are not: what is destroyed
/// must be gone.
pub fn keeps_history(table: Table) -> bool {
    match table {
        Table::Tenant | Table::Keyring | Table::Key | Table::Name | Table::Principal | Table::Settings => true,
        Table::Material | Table::AccessKey | Table::Token | Table::Kek | Table::LogKey | Table::Budget => false,
        Table::Past => false,
    }
}
