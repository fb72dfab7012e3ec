//! What the service calls keys and aliases.

use crate::code::Code;
use crate::input::Objection;
use domain::{KeyBy, KeyName, Location, ObjectId};

pub(crate) const ALIAS_PREFIX: &str = "alias/";

/// What a text that should name a key is.
enum Form<'a> {
    Id(ObjectId),
    /// The id of a multi-Region key. None is made here.
    MultiRegion,
    Alias(&'a str),
    Arn(Arn<'a>),
    Other,
}

struct Arn<'a> {
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Form<'a> {
    fn of(text: &'a str) -> Self {
        if text.starts_with("arn:") {
            return Arn::parse(text).map_or(Self::Other, Self::Arn);
        }
        Self::of_bare(text)
    }

    /// A text that is no ARN.
    fn of_bare(text: &'a str) -> Self {
        if let Some(id) = ObjectId::parse(text) {
            return Self::Id(id);
        }
        if let Some(alias) = text.strip_prefix(ALIAS_PREFIX) {
            return Self::Alias(alias);
        }
        let hex = |rest: &str| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.strip_prefix("mrk-").is_some_and(hex) { Self::MultiRegion } else { Self::Other }
    }
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (arn, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let numbered = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let ours = arn == "arn" && partition == "aws" && service == "kms" && numbered;
        ours.then_some(Self { region, account, resource })
    }

    /// What the resource part names: `key/ID` or `alias/NAME`.
    fn form(&self) -> Form<'a> {
        match self.resource.strip_prefix("key/") {
            Some(id) => match Form::of_bare(id) {
                form @ (Form::Id(_) | Form::MultiRegion) => form,
                _ => Form::Other,
            },
            None => match Form::of_bare(self.resource) {
                form @ Form::Alias(_) => form,
                _ => Form::Other,
            },
        }
    }
}

/// Reads a key id, key ARN, alias name or alias ARN.
pub(crate) fn any_key(text: &str, place: &Location) -> KeyName {
    let nothing = || KeyName { by: KeyBy::Nothing(text.into()), account: None, location: None };
    let (form, account) = match Form::of(text) {
        Form::Arn(arn) if arn.region == &*place.0 => (arn.form(), Some(arn.account)),
        form => (form, None),
    };
    let by = match form {
        Form::Id(id) => KeyBy::Id(id),
        Form::Alias(alias) => KeyBy::Alias(alias.into()),
        Form::MultiRegion | Form::Arn(_) | Form::Other => return nothing(),
    };
    KeyName { by, account: account.map(str::to_owned), location: account.map(|_| place.clone()) }
}

/// Reads a key id or key ARN: operations that manage a key take no alias.
pub(crate) fn own_key(text: &str, place: &Location) -> Result<KeyName, Objection> {
    match (Form::of(text), any_key(text, place)) {
        (Form::Alias(_), _) => Ok(KeyName { by: KeyBy::Nothing(text.into()), account: None, location: None }),
        (Form::Arn(_), KeyName { by: KeyBy::Alias(_), .. }) => {
            Err(Objection::new(Code::InvalidArn, "keyId", "Key Aliases are not supported for this operation."))
        }
        (_, name) => Ok(name),
    }
}

/// Whether the text names an alias.
pub(crate) fn is_alias(text: &str) -> bool {
    match Form::of(text) {
        Form::Alias(_) => true,
        Form::Arn(arn) => matches!(arn.form(), Form::Alias(_)),
        _ => false,
    }
}

pub(crate) fn key_arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

pub(crate) fn alias_arn(region: &str, account: &str, alias: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:alias/{alias}")
}

/// What the service says when nothing answers to the text. `takes_alias`: whether the operation would have.
pub(crate) fn not_found(text: &str, region: &str, account: &str, takes_alias: bool) -> String {
    match Form::of(text) {
        Form::Id(_) | Form::MultiRegion => format!("Key '{}' does not exist", key_arn(region, account, text)),
        Form::Alias(alias) if takes_alias => format!("Alias {} is not found.", alias_arn(region, account, alias)),
        Form::Arn(arn) if arn.region != region => format!("Invalid arn {}", arn.region),
        Form::Arn(arn) => match arn.form() {
            Form::Id(_) | Form::MultiRegion => format!("Key '{text}' does not exist"),
            Form::Alias(_) => format!("Alias {text} is not found."),
            _ => format!("Invalid arn {text}"),
        },
        Form::Other if text.starts_with("arn:") => format!("Invalid arn {text}"),
        Form::Alias(_) | Form::Other => format!("Invalid keyId '{text}'"),
    }
}

/// The ARN of the key that the text names, as far as the text itself tells.
pub(crate) fn arn_of(text: &str, region: &str, account: &str) -> Option<String> {
    match Form::of(text) {
        Form::Id(_) => Some(key_arn(region, account, text)),
        Form::Arn(arn) => matches!(arn.form(), Form::Id(_)).then(|| text.to_owned()),
        _ => None,
    }
}

/// The account that the text names.
pub(crate) fn account_of(text: &str) -> Option<&str> {
    match Form::of(text) {
        Form::Arn(arn) => Some(arn.account),
        _ => None,
    }
}
