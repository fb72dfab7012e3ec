//! JSON as policies need it: every name once, a bounded depth, the order kept.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// How deep a policy document may nest. A condition's list of values is at depth six.
const DEPTH_MAX: usize = 12;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    /// Text, or a number or a truth value as it is spelled.
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Reads one document; what follows it must be white space.
pub(super) fn read(text: &str) -> Result<Json, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let json = Level(0).deserialize(&mut reader).map_err(|error| format!("Syntax errors in policy: {error}."))?;
    reader.end().map_err(|error| format!("Syntax errors in policy: {error}."))?;
    Ok(json)
}

struct Level(usize);

impl Level {
    fn below<E: Error>(&self) -> Result<Self, E> {
        if self.0 < DEPTH_MAX { Ok(Self(self.0 + 1)) } else { Err(E::custom("nested too deeply")) }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn bare(text: impl fmt::Display) -> Json {
    Json::Scalar { text: text.to_string(), quoted: false }
}

impl<'de> Visitor<'de> for Level {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(bare(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(bare(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(bare(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(bare(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Scalar { text: value.into(), quoted: true })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below()?)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("`{name}` is there twice")));
            }
            object.push((name, members.next_value_seed(self.below()?)?));
        }
        Ok(Json::Object(object))
    }
}
