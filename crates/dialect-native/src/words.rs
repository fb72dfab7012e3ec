//! What the tongue calls the words of the house: one table for reading, writing and the documentation.

use domain::{
    AccessReason, Algorithm, Authority, Dry, Hash, KeyState, ObjectId, Origin, PrincipalKind, Profile, ProtectionLevel,
    Purpose, Role, RoleScope, Scheme, Standing, VersionCause,
};

/// One of a closed list.
pub(crate) trait Word: Copy + PartialEq + 'static {
    const WHAT: &'static str;

    fn all() -> impl Iterator<Item = (&'static str, Self)>;

    fn parse(text: &str) -> Option<Self> {
        Self::all().find(|(word, _)| *word == text).map(|(_, value)| value)
    }

    fn word(self) -> &'static str {
        Self::all().find(|(_, value)| *value == self).map_or("?", |(word, _)| word)
    }
}

/// The words of a list, for whoever took another.
pub(crate) fn choices<W: Word>() -> String {
    W::all().map(|(word, _)| word).collect::<Vec<_>>().join(", ")
}

macro_rules! words {
    ($($type:ident, $what:literal: $($word:literal = $variant:ident),+;)+) => {
        $(impl Word for $type {
            const WHAT: &'static str = $what;
            fn all() -> impl Iterator<Item = (&'static str, Self)> {
                [$(($word, Self::$variant)),+].into_iter()
            }
        })+
    };
}

words! {
    Purpose, "purpose": "encrypt" = Encrypt, "sign" = Sign, "mac" = Mac, "decrypt-asymmetric" = DecryptAsymmetric,
        "agree" = Agree, "encapsulate" = Encapsulate, "encrypt-raw" = EncryptRaw, "wrap" = Wrap,
        "sign-and-decrypt" = SignAndDecrypt, "import" = Import;
    Origin, "origin": "generated" = Generated, "imported" = Imported, "external" = External;
    ProtectionLevel, "protection": "software" = Software, "hsm" = Hsm, "external" = External;
    KeyState, "state": "pre-activation" = PreActivation, "active" = Active, "suspended" = Suspended,
        "deactivated" = Deactivated, "compromised" = Compromised, "destroyed" = Destroyed;
    PrincipalKind, "kind": "person" = Person, "service" = Service, "root" = Root;
    Standing, "standing": "active" = Active, "suspended" = Suspended, "removed" = Removed;
    Dry, "dry run": "no" = Wet, "yes" = Run, "ignoring-ciphertext" = RunIgnoringCiphertext;
    VersionCause, "cause": "creation" = Creation, "schedule" = Schedule, "demand" = Demand;
}

/// What has its words in the house already. Some are read in its own way there: whatever the case.
macro_rules! named {
    ($($type:ident, $what:literal $(, $parse:ident)?;)+) => {
        $(impl Word for $type {
            const WHAT: &'static str = $what;
            fn all() -> impl Iterator<Item = (&'static str, Self)> {
                Self::ALL.iter().map(|one| (one.name(), *one))
            }
            $(fn parse(text: &str) -> Option<Self> {
                Self::$parse(text)
            })?
        })+
    };
}

named! {
    Authority, "authority";
    Profile, "profile";
    Algorithm, "algorithm", from_name;
    Scheme, "scheme", from_name;
    Hash, "hash", from_name;
    AccessReason, "reason";
}

/// `ROLE` in the whole tenant, `ROLE ring:NAME` in a ring, `ROLE key:ID` on one key.
pub(crate) fn role(text: &str) -> Result<(Role, RoleScope), String> {
    let (name, scope) = text.split_once(' ').map_or((text, None), |(name, scope)| (name, Some(scope)));
    let names = || Role::ALL.map(Role::name).join(", ");
    let role = Role::from_name(name).ok_or_else(|| format!("`{name}` is no role; there are {}", names()))?;
    let unknown = |scope: &str| format!("`{scope}` is neither ring:NAME nor key:ID");
    let scope = match scope.map(|scope| (scope, scope.split_once(':'))) {
        None => RoleScope::Tenant,
        Some((_, Some(("ring", name)))) => RoleScope::Ring(name.into()),
        Some((whole, Some(("key", id)))) => RoleScope::Key(ObjectId::parse(id).ok_or_else(|| unknown(whole))?),
        Some((whole, _)) => return Err(unknown(whole)),
    };
    Ok((role, scope))
}

pub(crate) fn role_text(role: Role, scope: &RoleScope) -> String {
    match scope {
        RoleScope::Tenant => role.name().into(),
        RoleScope::Ring(ring) => format!("{} ring:{ring}", role.name()),
        RoleScope::Key(key) => format!("{} key:{key}", role.name()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read_as_written<W: Word>(number: usize) {
        assert_eq!(W::all().count(), number, "{}", W::WHAT);
        W::all().for_each(|(word, value)| assert!(W::parse(word) == Some(value) && value.word() == word, "{word}"));
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        read_as_written::<Purpose>(Purpose::ALL.len());
        read_as_written::<KeyState>(KeyState::ALL.len());
        read_as_written::<Algorithm>(Algorithm::ALL.len());
        read_as_written::<Authority>(Authority::ALL.len());
        read_as_written::<AccessReason>(AccessReason::ALL.len());
        read_as_written::<Profile>(Profile::ALL.len());
        read_as_written::<Origin>(3);
        read_as_written::<ProtectionLevel>(3);
        read_as_written::<PrincipalKind>(3);
        read_as_written::<Standing>(3);
        read_as_written::<Dry>(3);
        read_as_written::<VersionCause>(3);
    }

    #[test]
    fn roles_say_where_they_hold() {
        let texts = ["Auditor", "EncryptDecrypt ring:payments", "ReadOnly key:1234abcd-0001-0203-0405-060708090aff"];
        for text in texts {
            let (role, scope) = role(text).unwrap();
            assert_eq!(role_text(role, &scope), text);
        }
        for text in ["", "auditor", "Auditor ring", "Auditor key:x", "Auditor  ring:x", "Auditor tenant:x"] {
            assert!(role(text).is_err(), "{text}");
        }
    }
}
