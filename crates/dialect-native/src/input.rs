//! Bodies: an object of known members, each of its kind.

use crate::words::{Word, choices};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{AccessReason, Ask, Fault, KeyBy, KeyName, Location, ObjectId, Timestamp};
use secret::Secret;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Why a body gave no ask.
pub(crate) enum Trouble {
    /// It is no JSON.
    Unreadable,
    /// It parses and makes no sense. The caller is told once it is known.
    Objection(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Objection(fault)
    }
}

pub(crate) fn invalid(member: &str, constraint: impl Into<String>) -> Fault {
    Fault::Invalid { member: member.into(), constraint: constraint.into() }
}

/// A member of a request, as the documentation has it.
pub struct Member {
    pub name: &'static str,
    pub kind: &'static str,
    pub needed: bool,
    pub about: &'static str,
}

/// What a request says, taken out member by member.
pub(crate) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// A request without members may come without a body.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Trouble> {
        if body.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let whole: &RawValue = serde_json::from_slice(body).map_err(|_| Trouble::Unreadable)?;
        let members: Self = serde_json::from_str(whole.get()).map_err(|_| invalid("body", "an object is needed"))?;
        match twice(&members.0) {
            Some(name) => Err(invalid(name, "stands twice").into()),
            None => Ok(members),
        }
    }

    pub(crate) fn take<K: Kind>(&mut self, name: &str) -> Result<K, Fault> {
        let at = self.0.iter().position(|(known, _)| known == name);
        K::of(at.map(|at| self.0.swap_remove(at).1)).map_err(|constraint| invalid(name, constraint))
    }

    /// Nothing may be left: a member that nobody knows was meant to do something.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        match self.0.first() {
            Some((name, _)) => Err(invalid(name, "the operation has no such member")),
            None => Ok(()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AsMap(Vec::new())).map(Self)
    }
}

/// The pairs of an object in their order, also those whose name stands twice.
struct AsMap<V>(Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for AsMap<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut items: A) -> Result<Self::Value, A::Error> {
        while let Some(item) = items.next_entry()? {
            self.0.push(item);
        }
        Ok(self.0)
    }
}

/// What a member may be.
pub(crate) trait Kind: Sized {
    const NAME: &'static str;
    const NEEDED: bool = true;

    fn of(given: Option<&RawValue>) -> Result<Self, String>;
}

fn read<'a, T: Deserialize<'a>>(given: Option<&'a RawValue>, kind: &str) -> Result<T, String> {
    let given = given.ok_or("is needed")?;
    serde_json::from_str(given.get()).map_err(|_| format!("{kind} is needed"))
}

macro_rules! plain {
    ($($type:ty = $name:literal, $article:literal;)+) => {
        $(impl Kind for $type {
            const NAME: &'static str = $name;
            fn of(given: Option<&RawValue>) -> Result<Self, String> {
                read(given, $article)
            }
        })+
    };
}

plain! {
    String = "string", "a string";
    u32 = "number", "a whole number below 2^32";
    u64 = "number", "a whole number";
    bool = "true or false", "true or false";
    Vec<String> = "list of strings", "a list of strings";
}

impl<K: Kind> Kind for Option<K> {
    const NAME: &'static str = K::NAME;
    const NEEDED: bool = false;

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        match given {
            None => Ok(None),
            Some(null) if null.get() == "null" => Ok(None),
            some => K::of(some).map(Some),
        }
    }
}

/// Base64 with padding (RFC 4648, section 4).
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Kind for Blob {
    const NAME: &'static str = "base64";

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        let text: String = read(given, "base64")?;
        STANDARD.decode(text).map(Self).map_err(|_| "base64 with padding is needed".into())
    }
}

/// Base64 of what nobody may see.
pub(crate) struct Veiled(pub(crate) Secret);

impl Kind for Veiled {
    const NAME: &'static str = "base64";

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        Blob::of(given).map(|blob| Self(Secret::new(blob.0)))
    }
}

/// Reasons for which a key may be used, each once, in the order of the body.
pub(crate) struct Reasons(pub(crate) Vec<AccessReason>);

impl Kind for Reasons {
    const NAME: &'static str = "list of reasons";

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        let mut reasons = Vec::new();
        for name in Vec::<String>::of(given)? {
            let unknown = || format!("`{name}` is no reason; there are {}", choices::<AccessReason>());
            let reason = AccessReason::parse(&name).ok_or_else(unknown)?;
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Ok(Self(reasons))
    }
}

/// An object of strings, in the order of the body.
pub(crate) struct Pairs(pub(crate) Vec<(String, String)>);

impl Kind for Pairs {
    const NAME: &'static str = "object of strings";

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        let wrong = || String::from("an object of strings is needed");
        let given = given.ok_or("is needed")?;
        let mut deserializer = serde_json::Deserializer::from_str(given.get());
        let pairs = deserializer.deserialize_map(AsMap::<String>(Vec::new())).map_err(|_| wrong())?;
        match twice(&pairs) {
            Some(name) => Err(format!("`{name}` stands twice")),
            None => Ok(Self(pairs)),
        }
    }
}

/// A name that more than one pair has.
fn twice<V>(pairs: &[(String, V)]) -> Option<&str> {
    let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next).map(|(name, _)| *name)
}

impl Kind for Timestamp {
    const NAME: &'static str = "time";

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        let text: String = read(given, "a time")?;
        Self::parse(&text).ok_or_else(|| "a time as in RFC 3339, or a date, is needed".into())
    }
}

impl Kind for ObjectId {
    const NAME: &'static str = "id";

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        let text: String = read(given, "an id")?;
        Self::parse(&text).ok_or_else(|| "a UUID is needed".into())
    }
}

impl Kind for KeyName {
    const NAME: &'static str = "key";

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        read::<String>(given, "a key's name").map(|text| key_name(&text))
    }
}

/// `NAME`, `RING/NAME`, an alias or an id; before it, where a key of another account is meant, `ACCOUNT:LOCATION:`.
fn key_name(text: &str) -> KeyName {
    let foreign = || {
        let (account, rest) = text.split_once(':')?;
        let (location, name) = rest.split_once(':')?;
        let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        Some((digits.then(|| account.to_owned())?, Location::parse(location)?, name))
    };
    match foreign() {
        Some((account, location, name)) => KeyName { by: by(name), account: Some(account), location: Some(location) },
        None => KeyName { by: by(text), account: None, location: None },
    }
}

fn by(name: &str) -> KeyBy {
    ObjectId::parse(name).map_or_else(|| KeyBy::Path(name.into()), KeyBy::Id)
}

impl<W: Word> Kind for W {
    const NAME: &'static str = W::WHAT;

    fn of(given: Option<&RawValue>) -> Result<Self, String> {
        let text: String = read(given, "a word")?;
        W::parse(&text).ok_or_else(|| format!("one of {}", choices::<W>()))
    }
}

/// What an operation takes, and what becomes of it.
pub(crate) trait Operation {
    const ACTION: domain::Action;
    const MEMBERS: &'static [Member];
    const ANSWER: &'static str;

    fn read(body: &[u8]) -> Result<Ask, Trouble>;
}

/// One operation: its name in [`domain::Action`], its members, the shape of its answer, and the ask.
macro_rules! operation {
    ($name:ident { $($member:ident: $kind:ty = $about:literal;)* } => $answer:literal, |$input:ident| $ask:expr) => {
        pub(crate) struct $name;

        impl $crate::input::Operation for $name {
            const ACTION: domain::Action = domain::Action::$name;
            const MEMBERS: &'static [$crate::input::Member] = &[$($crate::input::Member {
                name: stringify!($member),
                kind: <$kind as $crate::input::Kind>::NAME,
                needed: <$kind as $crate::input::Kind>::NEEDED,
                about: $about,
            }),*];
            const ANSWER: &'static str = $answer;

            fn read(body: &[u8]) -> Result<domain::Ask, $crate::input::Trouble> {
                struct Input { $($member: $kind),* }
                #[allow(unused_mut, reason = "an operation without members takes none")]
                let mut members = $crate::input::Members::parse(body)?;
                let $input = Input { $($member: members.take(stringify!($member))?),* };
                members.finish()?;
                let ask: Result<domain::Ask, domain::Fault> = $ask;
                Ok(ask?)
            }
        }
    };
}

pub(crate) use operation;
