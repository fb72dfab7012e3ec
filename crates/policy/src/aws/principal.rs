//! The principals that a key policy's statement means. AWS: IAM JSON policy elements, Principal.

use super::condition::texts;
use super::document::{Asked, Meant};
use super::json::Json;

/// Whom a statement means.
#[derive(Clone, Debug)]
pub(super) enum Principals {
    /// Whoever has the document: an identity policy names nobody.
    Bearer,
    Everyone,
    Named(Vec<Named>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The account and all whom it trusts.
    Account(Box<str>),
    User {
        arn: Box<str>,
        account: Box<str>,
        name: Box<str>,
    },
    /// A role, a session, a service, somebody elsewhere: nobody whom this release knows.
    Nobody,
}

const INVALID: &str = "Policy contains a statement with one or more invalid principals.";

impl Principals {
    pub(super) fn read(json: &Json) -> Result<Self, String> {
        if let Json::Scalar { text, .. } = json {
            return if text == "*" { Ok(Self::Everyone) } else { Err(INVALID.into()) };
        }
        let Json::Object(kinds) = json else { return Err(INVALID.into()) };
        let mut named = Vec::new();
        for (kind, value) in kinds {
            for text in texts("Principal", value)? {
                match (kind.as_str(), text) {
                    ("AWS", "*") => return Self::rest_is_sound(kinds),
                    ("AWS", text) => named.push(Named::read(text).ok_or(INVALID)?),
                    ("Service", text) if text.contains('.') => named.push(Named::Nobody),
                    _ => return Err(INVALID.into()),
                }
            }
        }
        if named.is_empty() { Err(INVALID.into()) } else { Ok(Self::Named(named)) }
    }

    /// `*` among others means everyone, if the others are spelled well.
    fn rest_is_sound(kinds: &[(String, Json)]) -> Result<Self, String> {
        for (kind, value) in kinds {
            let sound = |text: &str| match kind.as_str() {
                "AWS" => text == "*" || Named::read(text).is_some(),
                "Service" => text.contains('.'),
                _ => false,
            };
            if !texts("Principal", value)?.into_iter().all(sound) {
                return Err(INVALID.into());
            }
        }
        Ok(Self::Everyone)
    }

    /// The texts under which an index finds those whom the statement means; nothing where that is everyone.
    pub(super) fn names(&self) -> Option<Vec<&str>> {
        let Self::Named(named) = self else { return None };
        let name = named.iter().filter_map(|one| match one {
            Named::Account(account) => Some(&**account),
            Named::User { arn, .. } => Some(&**arn),
            Named::Nobody => None,
        });
        Some(name.collect())
    }

    /// How the statement means the caller, if it does. Root is its account in person.
    pub(super) fn mean(&self, asked: &Asked<'_>) -> Option<Meant> {
        let Self::Named(named) = self else { return Some(Meant::InPerson) };
        let account = asked.facts.tenant.account.as_str();
        if named.iter().any(|one| matches!(one, Named::User { arn, .. } if **arn == *asked.arn)) {
            return Some(Meant::InPerson);
        }
        let by_account = named.iter().any(|one| matches!(one, Named::Account(named) if **named == *account));
        by_account.then_some(Meant::ByAccount)
    }

    /// The users that are named, with their accounts.
    pub(super) fn users(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = if let Self::Named(named) = self { named.as_slice() } else { &[] };
        named.iter().filter_map(|one| match one {
            Named::User { account, name, .. } => Some((&**account, &**name)),
            Named::Account(_) | Named::Nobody => None,
        })
    }
}

impl Named {
    /// An account number, or an ARN of an account, a user, a role or a session. No patterns.
    fn read(text: &str) -> Option<Self> {
        if is_account(text) {
            return Some(Self::Account(text.into()));
        }
        let mut parts = text.splitn(6, ':');
        let mut part = || parts.next();
        let (arn, partition, service, region, account, rest) = (part()?, part()?, part()?, part()?, part()?, part()?);
        let ours = partition == "aws";
        let spelled = arn == "arn"
            && matches!(partition, "aws" | "aws-cn" | "aws-us-gov")
            && region.is_empty()
            && is_account(account)
            && !rest.contains(['*', '?']);
        match (service, rest.split_once('/')) {
            _ if !spelled => None,
            ("iam", None) if rest == "root" && ours => Some(Self::Account(account.into())),
            ("iam", None) if rest == "root" => Some(Self::Nobody),
            ("iam", Some(("user", name))) if !name.is_empty() && ours => {
                Some(Self::User { arn: text.into(), account: account.into(), name: name.into() })
            }
            ("iam", Some(("user" | "role", name))) if !name.is_empty() => Some(Self::Nobody),
            ("sts", Some(("assumed-role" | "federated-user", name))) if !name.is_empty() => Some(Self::Nobody),
            _ => None,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
