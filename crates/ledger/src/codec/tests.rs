#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod any;
mod vectors;

use super::*;
use any::{Shown, objects};
use domain::SETTINGS_ID;
use proptest::prelude::*;

/// The row that would hold the object.
fn row_of(object: &Object) -> StoredRow {
    let id = match object {
        Object::Tenant(tenant) => tenant.id,
        Object::Keyring(ring) => ring.id,
        Object::Key(key) => key.id,
        Object::Principal(principal) => principal.id,
        Object::Settings(_) => SETTINGS_ID,
        _ => ObjectId([0xee; 16]),
    };
    StoredRow {
        id: RowId::new(object.table(), id),
        revision: 1,
        position: 0,
        tenant: ObjectId::NIL,
        place: ObjectId::NIL,
        owner: ObjectId::NIL,
        due: i64::MAX,
        blob: Vec::new(),
    }
}

fn bytes_of(object: &Object) -> Vec<u8> {
    encode(object).expose(<[u8]>::to_vec)
}

fn read(object: &Object, bytes: Vec<u8>) -> Result<Object, Unread> {
    decode(&row_of(object), &Secret::new(bytes))
}

fn held(bytes: &Held) -> Vec<u8> {
    bytes.expose(<[u8]>::to_vec)
}

/// Whether two objects are the same in all that they hold.
fn same(one: &Object, other: &Object) -> bool {
    match (one, other) {
        (Object::Tenant(one), Object::Tenant(other)) => one == other,
        (Object::Keyring(one), Object::Keyring(other)) => one == other,
        (Object::Key(one), Object::Key(other)) => one == other,
        (Object::Name(one), Object::Name(other)) => one == other,
        (Object::Principal(one), Object::Principal(other)) => one == other,
        (Object::Token(one), Object::Token(other)) => one == other,
        (Object::Settings(one), Object::Settings(other)) => one == other,
        (Object::Material(one), Object::Material(other)) => {
            let bytes = |material: &domain::KeyMaterial| material.bytes.expose(<[u8]>::to_vec);
            (one.key, one.tenant, one.version, one.algorithm, one.purpose, bytes(one))
                == (other.key, other.tenant, other.version, other.algorithm, other.purpose, bytes(other))
        }
        (Object::AccessKey(one), Object::AccessKey(other)) => {
            let secret = |key: &domain::AccessKey| key.half.secret().map(held);
            (&one.id, one.principal, one.tenant, one.standing, secret(one), one.half.public(), one.created)
                == (
                    &other.id,
                    other.principal,
                    other.tenant,
                    other.standing,
                    secret(other),
                    other.half.public(),
                    other.created,
                )
        }
        (Object::Kek(one), Object::Kek(other)) => {
            (one.tenant, one.version, held(&one.bytes)) == (other.tenant, other.version, held(&other.bytes))
        }
        (Object::Budget(one), Object::Budget(other)) => one == other,
        (Object::Past(one), Object::Past(other)) => one == other,
        (Object::LogKey(one), Object::LogKey(other)) => {
            (one.tenant, one.month, held(&one.bytes)) == (other.tenant, other.month, held(&other.bytes))
        }
        _ => false,
    }
}

/// The bytes of an object with one more field.
fn with_field(mut bytes: Vec<u8>, key_and_value: &[u8]) -> Vec<u8> {
    // The head of a map: up to 23 fields are counted in its first byte, more in a second one (RFC 8949, section 3).
    match bytes[0] {
        0xb7 => drop(bytes.splice(0..1, [0xb8, 24])),
        0xb8 => bytes[1] += 1,
        _ => bytes[0] += 1,
    }
    bytes.extend_from_slice(key_and_value);
    bytes
}

#[test]
fn a_key_of_ten_thousand_versions_is_read_back() {
    let mut key = vectors::key();
    let version = key.versions[0].clone();
    key.versions = (1..=10_000).map(|number| domain::Version { number, ..version.clone() }).collect();
    key.primary = 10_000;
    let object = Object::Key(Arc::new(key));
    let bytes = bytes_of(&object);
    assert!(bytes.len() < 10_000 * 128, "{}", bytes.len());
    assert!(same(&read(&object, bytes).unwrap(), &object));
}

#[test]
fn a_version_that_a_newer_release_made_longer_is_still_read() {
    let object = Object::Key(Arc::new(vectors::key()));
    let mut bytes = bytes_of(&object);
    let first = bytes.windows(3).position(|three| three == [0x87, 0x01, 0x81]).unwrap();
    let second = bytes.windows(3).position(|three| three == [0x87, 0x02, 0x84]).unwrap();
    bytes[first] += 1;
    bytes.insert(second, 0xf6);
    assert!(same(&read(&object, bytes).unwrap(), &object));
}

#[test]
fn a_secret_that_is_too_long_is_malformed() {
    let (_, object) = vectors::named().into_iter().find(|(name, _)| *name == "kek").unwrap();
    let bytes = bytes_of(&object);
    let prefix = &bytes[..bytes.len() - 34];
    let with = |length: usize| [prefix, &[0x58, u8::try_from(length).unwrap()], &vec![1; length]].concat();
    assert!(read(&object, with(HELD_BYTES_MAX)).is_ok());
    assert_eq!(read(&object, with(HELD_BYTES_MAX + 1)).err(), Some(Unread::Malformed));
}

#[test]
fn another_format_another_table_and_missing_fields_are_refused() {
    for (name, object) in vectors::named() {
        let bytes = bytes_of(&object);
        let mut newer = bytes.clone();
        newer[2] = 2;
        assert_eq!(read(&object, newer).err(), Some(Unread::Malformed), "{name}");
        assert_eq!(read(&object, vec![0xa1, 0x00, 0x01]).err(), Some(Unread::Malformed), "{name}");
        assert_eq!(read(&object, [bytes.as_slice(), &[0]].concat()).err(), Some(Unread::Malformed), "{name}");
        for length in 0..bytes.len() {
            assert_eq!(read(&object, bytes[..length].to_vec()).err(), Some(Unread::Malformed), "{name} {length}");
        }
    }
}

#[test]
fn bytes_are_written_again_as_the_object_that_they_are() {
    let again = |object: &Object, bytes: &[u8]| reread(object.table(), bytes).map(|new| new.expose(<[u8]>::to_vec));
    for (name, object) in vectors::named() {
        let bytes = bytes_of(&object);
        assert_eq!(again(&object, &bytes).as_ref(), Some(&bytes), "{name}");
        assert_eq!(again(&object, &[bytes.as_slice(), &[0]].concat()), None, "{name}");
        assert_eq!(again(&object, &[0xa1, 0x00, 0x01]), None, "{name}");
    }
}

#[test]
fn numbers_that_stand_for_nothing_are_refused() {
    let object = Object::Settings(Arc::new(vectors::settings()));
    let bytes = bytes_of(&object);
    let at = bytes.windows(2).position(|two| two == [3, domain::Authority::Native as u8]).unwrap();
    let authority = |number: u8| {
        let mut bytes = bytes.clone();
        bytes[at + 1] = number;
        read(&object, bytes).err()
    };
    assert_eq!((authority(5), authority(0), authority(6)), (None, Some(Unread::Malformed), Some(Unread::Malformed)));
}

proptest! {
    #[test]
    fn objects_are_read_as_they_are_written(Shown(object) in objects()) {
        prop_assert!(same(&read(&object, bytes_of(&object)).unwrap(), &object));
    }

    #[test]
    fn what_a_newer_release_added_is_passed_over(Shown(object) in objects()) {
        let bytes = with_field(bytes_of(&object), &[0x18, 0x64, 0x82, 0xf6, 0xa1, 0x01, 0x61, 0x78]);
        prop_assert!(same(&read(&object, bytes).unwrap(), &object));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(Shown(object) in objects(), at: prop::sample::Index, byte: u8, other: Vec<u8>) {
        let mut bytes = bytes_of(&object);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&object, bytes);
        let _ = read(&object, other);
    }
}
