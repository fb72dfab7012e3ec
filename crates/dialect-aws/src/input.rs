//! Bodies: JSON into typed members, and what is said of members that do not fit.

use crate::code::Code;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Fault, Location};
use secret::Secret;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Why a body gave no ask.
pub(crate) enum Trouble {
    /// It is no JSON object.
    Unreadable,
    /// It parses and makes no sense. The caller is told once it is known.
    Objection(Objection),
}

/// An error in the service's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    pub(crate) code: Code,
    pub(crate) member: &'static str,
    pub(crate) text: String,
}

impl Objection {
    pub(crate) fn new(code: Code, member: &'static str, text: impl Into<String>) -> Self {
        Self { code, member, text: text.into() }
    }

    pub(crate) fn into_fault(self) -> Fault {
        Fault::Invalid { member: self.member.into(), constraint: self.text }
    }
}

impl From<Objection> for Trouble {
    fn from(objection: Objection) -> Self {
        Self::Objection(objection)
    }
}

/// What the answer repeats, gathered while the request is read.
pub(crate) struct Notes {
    pub(crate) place: Location,
    pub(crate) more: Vec<(&'static str, String)>,
}

impl Notes {
    pub(crate) fn keep(&mut self, what: &'static str, text: &str) {
        self.more.push((what, text.to_owned()));
    }
}

/// Reads a body. Members that nobody knows are ignored, as the service ignores them.
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Trouble> {
    // A request without members may come without a body.
    let body = if body.is_empty() { b"{}" } else { body };
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Trouble::Unreadable);
    }
    serde_json::from_slice(body).map_err(|error| refuse(body, &error))
}

/// A member of the wrong type is told to a verified caller; but not when the rest is no JSON.
fn refuse(body: &[u8], error: &serde_json::Error) -> Trouble {
    if !error.is_data() || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err() {
        return Trouble::Unreadable;
    }
    let told = error.to_string();
    let said = told.rfind(" at line ").and_then(|end| told.get(..end)).unwrap_or(&told);
    Objection::new(Code::Serialization, "", said).into()
}

/// A string, borrowed from the body where it holds no escapes.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// Base64.
pub(crate) struct Blob(pub(crate) Vec<u8>);

/// Base64 of what nobody may see.
pub(crate) struct Veiled(pub(crate) Secret);

pub(crate) struct Int(pub(crate) i64);

pub(crate) struct Flag(pub(crate) bool);

/// A list; its members may be null.
pub(crate) struct List<T>(pub(crate) Vec<Option<T>>);

/// A structure inside another: an object, and no list of its values.
pub(crate) struct Structure<T>(pub(crate) T);

/// A map of strings, in the order of the body; values may be null.
#[derive(Default)]
pub(crate) struct Pairs(pub(crate) Vec<(String, Option<String>)>);

/// Refuses every other type in the words of the service's own parser.
macro_rules! refuses {
    (map) => {
        fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(A::Error::custom("Start of structure or map found where not expected."))
        }
    };
    (list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(A::Error::custom("Unexpected start of list"))
        }
    };
    (scalars) => {
        refuses! {
            visit_bool(bool) = "TRUE_VALUE";
            visit_i64(i64) = "NUMBER_VALUE";
            visit_u64(u64) = "NUMBER_VALUE";
            visit_f64(f64) = "DECIMAL_VALUE";
            visit_str(&str) = "STRING_VALUE";
        }
    };
    ($($method:ident($kind:ty) = $name:literal;)*) => {
        $(fn $method<E: Error>(self, _: $kind) -> Result<Self::Value, E> {
            Err(E::custom(format_args!(concat!($name, " cannot be converted to {}"), Self::NAME)))
        })*
    };
}

macro_rules! scalar {
    ($type:ident, $name:literal, { $($accept:tt)* }, { $($refuse:tt)* }) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Seen;
                impl Seen { const NAME: &'static str = $name; }
                impl<'de> Visitor<'de> for Seen {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(Self::NAME) }
                    $($accept)*
                    refuses! { $($refuse)* }
                    refuses! { map }
                    refuses! { list }
                }
                deserializer.deserialize_any(Seen)
            }
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl Seen {
            const NAME: &'static str = "String";
        }
        impl<'de> Visitor<'de> for Seen {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Self::NAME)
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            refuses! {
                visit_bool(bool) = "TRUE_VALUE";
                visit_i64(i64) = "NUMBER_VALUE";
                visit_u64(u64) = "NUMBER_VALUE";
                visit_f64(f64) = "DECIMAL_VALUE";
            }
            refuses! { map }
            refuses! { list }
        }
        deserializer.deserialize_any(Seen)
    }
}

scalar! { Blob, "ByteBuffer", {
    fn visit_str<E: Error>(self, text: &str) -> Result<Blob, E> {
        STANDARD.decode(text).map(Blob).map_err(|_| E::custom("Unable to decode a base64 value"))
    }
}, {
    visit_bool(bool) = "TRUE_VALUE";
    visit_i64(i64) = "NUMBER_VALUE";
    visit_u64(u64) = "NUMBER_VALUE";
    visit_f64(f64) = "DECIMAL_VALUE";
} }

scalar! { Veiled, "ByteBuffer", {
    fn visit_str<E: Error>(self, text: &str) -> Result<Veiled, E> {
        let decoded = STANDARD.decode(text).map(|bytes| Veiled(Secret::new(bytes)));
        decoded.map_err(|_| E::custom("Unable to decode a base64 value"))
    }
}, {
    visit_bool(bool) = "TRUE_VALUE";
    visit_i64(i64) = "NUMBER_VALUE";
    visit_u64(u64) = "NUMBER_VALUE";
    visit_f64(f64) = "DECIMAL_VALUE";
} }

scalar! { Int, "Integer", {
    fn visit_i64<E: Error>(self, number: i64) -> Result<Int, E> {
        Ok(Int(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Int, E> {
        Ok(Int(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}, {
    visit_bool(bool) = "TRUE_VALUE";
    visit_f64(f64) = "DECIMAL_VALUE";
    visit_str(&str) = "STRING_VALUE";
} }

scalar! { Flag, "Boolean", {
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }
}, {
    visit_i64(i64) = "NUMBER_VALUE";
    visit_u64(u64) = "NUMBER_VALUE";
    visit_f64(f64) = "DECIMAL_VALUE";
    visit_str(&str) = "STRING_VALUE";
} }

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);
        impl<T> Seen<T> {
            const NAME: &'static str = "List";
        }
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Self::NAME)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(List(list))
            }
            refuses! { map }
            refuses! { scalars }
        }
        deserializer.deserialize_any(Seen(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Structure<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);
        impl<T> Seen<T> {
            const NAME: &'static str = "Structure";
        }
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = Structure<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Self::NAME)
            }
            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Structure)
            }
            refuses! { list }
            refuses! { scalars }
        }
        deserializer.deserialize_any(Seen(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl Seen {
            const NAME: &'static str = "Map";
        }
        impl<'de> Visitor<'de> for Seen {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Self::NAME)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(4);
                while let Some((name, value)) = items.next_entry::<Text<'de>, Option<Text<'de>>>()? {
                    pairs.push((name.0.into_owned(), value.map(|value| value.0.into_owned())));
                }
                Ok(Pairs(pairs))
            }
            refuses! { list }
            refuses! { scalars }
        }
        deserializer.deserialize_any(Seen)
    }
}
