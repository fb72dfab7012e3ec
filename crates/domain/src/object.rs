//! What the house keeps, and how it is called.

use crate::{AccessKey, Budget, Key, KeyMaterial, Keyring, LogKey, Past, Principal, Settings, Tenant, WrappedKek};
use std::fmt;
use std::sync::Arc;

/// The name of an object for ever: 128 random bits, written as a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub [u8; 16]);

impl ObjectId {
    pub const NIL: Self = Self([0; 16]);

    /// Reads a UUID in its canonical form (RFC 9562): lower or upper case hexadecimal with four dashes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return None;
        }
        let (mut id, mut nibbles) = ([0_u8; 16], 0_usize);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                if *byte != b'-' {
                    return None;
                }
                continue;
            }
            let value = u8::try_from(char::from(*byte).to_digit(16)?).ok()?;
            let slot = id.get_mut(nibbles / 2)?;
            *slot = (*slot << 4) | value;
            nibbles += 1;
        }
        Some(Self(id))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let digits = text.iter_mut().enumerate().filter(|(at, _)| !matches!(at, 8 | 13 | 18 | 23));
        for ((_, digit), nibble) in digits.zip(self.0.iter().flat_map(|byte| [byte >> 4, byte & 15])) {
            *digit = *HEX.get(usize::from(nibble)).unwrap_or(&b'?');
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of rows. The numbers are on disk and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    Tenant = 1,
    Keyring = 2,
    Key = 3,
    Material = 4,
    Name = 5,
    Principal = 6,
    AccessKey = 7,
    Token = 9,
    Settings = 10,
    Kek = 11,
    LogKey = 12,
    Budget = 13,
    Past = 14,
}

impl Table {
    pub const ALL: [Self; 13] = [
        Self::Tenant,
        Self::Keyring,
        Self::Key,
        Self::Material,
        Self::Name,
        Self::Principal,
        Self::AccessKey,
        Self::Token,
        Self::Settings,
        Self::Kek,
        Self::LogKey,
        Self::Budget,
        Self::Past,
    ];

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| *table as u8 == number)
    }
}

/// One row: a table and an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    pub table: Table,
    pub id: ObjectId,
}

impl RowId {
    pub fn new(table: Table, id: ObjectId) -> Self {
        Self { table, id }
    }
}

/// What a row holds once it is opened.
#[derive(Clone)]
pub enum Object {
    Tenant(Arc<Tenant>),
    Keyring(Arc<Keyring>),
    Key(Arc<Key>),
    Material(Arc<KeyMaterial>),
    Name(Arc<NameRow>),
    Principal(Arc<Principal>),
    AccessKey(Arc<AccessKey>),
    Token(Arc<TokenRow>),
    Settings(Arc<Settings>),
    Kek(Arc<WrappedKek>),
    LogKey(Arc<LogKey>),
    Budget(Arc<Budget>),
    Past(Arc<Past>),
}

impl Object {
    pub fn table(&self) -> Table {
        match self {
            Self::Tenant(_) => Table::Tenant,
            Self::Keyring(_) => Table::Keyring,
            Self::Key(_) => Table::Key,
            Self::Material(_) => Table::Material,
            Self::Name(_) => Table::Name,
            Self::Principal(_) => Table::Principal,
            Self::AccessKey(_) => Table::AccessKey,
            Self::Token(_) => Table::Token,
            Self::Settings(_) => Table::Settings,
            Self::Kek(_) => Table::Kek,
            Self::LogKey(_) => Table::LogKey,
            Self::Budget(_) => Table::Budget,
            Self::Past(_) => Table::Past,
        }
    }
}

/// A region, in whatever tongue: `eu-central-1`, `westeurope`, `europe-west3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location(pub Arc<str>);

impl Location {
    /// Lower-case letters, digits and dashes, at most [`crate::LOCATION_CHARS_MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= crate::LOCATION_CHARS_MAX;
        let spelled = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (fits && spelled).then(|| Self(text.into()))
    }
}

/// What kind of name a name is: each kind is a space of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum NameKind {
    /// A tenant's account number, unique in the site.
    Account = 1,
    /// A tenant's own name, unique in the site.
    TenantName = 2,
    /// A ring's name, unique in a tenant and location.
    Keyring = 3,
    /// `RING/NAME` of a key, unique in a tenant and location.
    Key = 4,
    /// An alias, without prefix, unique in a tenant and location.
    Alias = 5,
    /// A person or a service, unique in a tenant.
    Principal = 6,
    /// The public part of an access key, unique in the site.
    AccessKey = 7,
    /// `RING/NAME` of an import job, unique in a tenant and location.
    ImportJob = 8,
}

impl NameKind {
    pub fn from_number(number: u8) -> Option<Self> {
        use NameKind::*;
        [Account, TenantName, Keyring, Key, Alias, Principal, AccessKey, ImportJob]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// A name and what it means now. The row's id is a keyed hash of where and what the name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRow {
    pub kind: NameKind,
    pub tenant: ObjectId,
    pub location: Option<Location>,
    pub text: String,
    pub target: ObjectId,
    pub created: crate::Timestamp,
    pub changed: crate::Timestamp,
}

/// What a request with an idempotency token made the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    pub principal: ObjectId,
    pub tenant: ObjectId,
    pub token: String,
    /// What was asked, hashed: the same token with another request is a conflict.
    pub asked: [u8; 32],
    pub made: ObjectId,
    pub at: crate::Timestamp,
}

/// The first 16 of 32 bytes, as an id.
pub fn id_from_digest(digest: &[u8; 32]) -> ObjectId {
    let mut id = [0; 16];
    id.copy_from_slice(digest.split_at(16).0);
    ObjectId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = ObjectId([0x12, 0x34, 0xab, 0xcd, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
        assert_eq!(id.to_string(), "1234abcd-0001-0203-0405-060708090aff");
        assert_eq!(ObjectId::parse(&id.to_string()), Some(id));
        assert_eq!(ObjectId::parse("1234abcd00010203040506070809000aff"), None);
        assert_eq!(ObjectId::parse("1234abcd-0001-0203-0405-060708090afg"), None);
    }
}
