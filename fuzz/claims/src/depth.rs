//! How deep JSON goes.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

#[path = "../../../crates/server/src/depth.rs"]
mod server;

pub(crate) use server::within;

/// Of whatever a parser takes, the bound knows the depth.
pub(crate) fn counted(data: &[u8]) {
    let Some((limit, text)) = data.split_first() else { return };
    let within = within(text, usize::from(*limit));
    if let Ok(Depth(depth)) = serde_json::from_slice(text) {
        assert_eq!(within, depth <= usize::from(*limit), "it is {depth} deep");
    }
}

/// As many arrays and objects as stand inside one another.
struct Depth(usize);

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counting).map(Self)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        let mut deepest = 0;
        while let Some(Depth(depth)) = items.next_element()? {
            deepest = deepest.max(depth);
        }
        Ok(deepest + 1)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        let mut deepest = 0;
        while let Some((IgnoredAny, Depth(depth))) = items.next_entry()? {
            deepest = deepest.max(depth);
        }
        Ok(deepest + 1)
    }

    fn visit_unit<E: Error>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<usize, E> {
        Ok(0)
    }
}
