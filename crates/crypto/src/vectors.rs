//! Reads the vectors beside the documents, and those of others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, clippy::indexing_slicing, reason = "tests read their data")]

use serde_json::Value;
use std::path::Path;

/// One case: names and values, bytes in hexadecimal.
pub(crate) struct Vector(Value);

/// The cases of one kind in a file of docs/formats/vectors. There is at least one.
pub(crate) fn vectors(file: &str, kind: &str) -> Vec<Vector> {
    cases("docs/formats/vectors", file, kind)
}

/// The same of tests/vectors.
pub(crate) fn others(file: &str, kind: &str) -> Vec<Vector> {
    cases("tests/vectors", file, kind)
}

fn cases(folder: &str, file: &str, kind: &str) -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut whole: Value = serde_json::from_str(&text).unwrap();
    let cases: Vec<Value> = serde_json::from_value(whole.get_mut(kind).unwrap().take()).unwrap();
    assert!(!cases.is_empty(), "{file} has no {kind}");
    cases.into_iter().map(Vector).collect()
}

impl Vector {
    pub(crate) fn name(&self) -> &str {
        self.field("name").as_str().unwrap()
    }

    pub(crate) fn bytes(&self, field: &str) -> Vec<u8> {
        hex(self.field(field).as_str().unwrap())
    }

    pub(crate) fn number(&self, field: &str) -> u32 {
        self.field(field).as_u64().unwrap().try_into().unwrap()
    }

    pub(crate) fn says(&self, field: &str) -> bool {
        self.field(field).as_bool().unwrap()
    }

    fn field(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap();
    text.as_bytes().chunks(2).map(|pair| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap()).collect()
}
