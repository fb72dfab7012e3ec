//! How AWS comes to a verdict. IAM user guide, "Policy evaluation logic"; KMS developer guide, "Determining
//! access to KMS keys": an explicit deny wins; a key is allowed by its key policy, which may leave it to the
//! account's identity policies; from another account both must allow.

use super::Effect;
use super::document::{Asked, Document, Meant};
use super::names::{self, action_name};
use domain::{PrincipalKind, Target};
use std::borrow::Cow;
use std::sync::Arc;

/// The documents that have a say.
pub(crate) struct Papers<'a> {
    /// All key policies may deny.
    pub(crate) key: &'a [Arc<Document>],
    /// The one key policy that may allow.
    pub(crate) allowing: Option<&'a Document>,
    pub(crate) identity: &'a [(Box<str>, Arc<Document>)],
}

/// Which kind of document it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Identity,
    Resource,
    /// A native forbid.
    Forbid,
}

/// A statement that denies.
pub(crate) struct Deny {
    pub(crate) side: Side,
    pub(crate) statement: String,
}

/// What the request asks for, as `Resource` elements spell it.
pub(crate) fn resource<'a>(facts: &crate::facts::Facts<'a>, key_arn: Option<&'a str>) -> Cow<'a, str> {
    names::resource(facts, key_arn)
}

/// The statement that denies, if one does.
pub(crate) fn denied(asked: &Asked<'_>, papers: &Papers<'_>, varied: &mut bool) -> Option<Deny> {
    if let Some(statement) = by_identity(asked, papers, Effect::Deny, varied) {
        return Some(Deny { side: Side::Identity, statement });
    }
    let mut keys = papers.key.iter();
    let statement = keys.find_map(|document| document.first(asked, Effect::Deny, None, varied))?;
    Some(Deny { side: Side::Resource, statement: format!("key policy {}", statement.label()) })
}

/// The statement that allows, or whose silence denies. Nobody denies, as far as [`denied`] knows.
pub(crate) fn allowed(asked: &Asked<'_>, papers: &Papers<'_>, varied: &mut bool) -> Result<String, Side> {
    let home = asked.facts.at_home();
    if matches!(asked.facts.target, Target::Key(_)) {
        let policy = papers.allowing.ok_or(Side::Resource)?;
        let in_person = policy.first(asked, Effect::Allow, Some(Meant::InPerson), varied);
        if let (Some(statement), true) = (in_person, home) {
            return Ok(format!("key policy {}", statement.label()));
        }
        let delegated = in_person.or_else(|| policy.first(asked, Effect::Allow, Some(Meant::ByAccount), varied));
        let statement = delegated.ok_or(Side::Resource)?;
        if asked.facts.principal.kind == PrincipalKind::Root {
            return Ok(format!("key policy {}", statement.label()));
        }
    } else if !home {
        return Err(Side::Resource);
    } else if asked.facts.principal.kind == PrincipalKind::Root {
        return Ok("the account's root".into());
    }
    by_identity(asked, papers, Effect::Allow, varied).ok_or(Side::Identity)
}

fn by_identity(asked: &Asked<'_>, papers: &Papers<'_>, effect: Effect, varied: &mut bool) -> Option<String> {
    papers.identity.iter().find_map(|(name, document)| {
        let statement = document.first(asked, effect, None, varied)?;
        Some(format!("identity policy `{name}` {}", statement.label()))
    })
}

/// What AWS says of an explicit deny.
pub(crate) fn explicit_text(asked: &Asked<'_>, side: Side) -> String {
    let kind = match side {
        Side::Resource if !asked.facts.at_home() => return silence_text(asked, side),
        Side::Identity => "an identity-based policy",
        Side::Resource => "a resource-based policy",
        Side::Forbid => "a forbid policy",
    };
    format!("{} with an explicit deny in {kind}", refused(asked))
}

/// What AWS says where nothing allows. Who asks from another account does not learn whether the key is there.
pub(crate) fn silence_text(asked: &Asked<'_>, side: Side) -> String {
    let action = action_name(asked.facts.action);
    match side {
        Side::Identity => format!("{} because no identity-based policy allows the {action} action", refused(asked)),
        _ if asked.facts.at_home() => {
            format!("{} because no resource-based policy allows the {action} action", refused(asked))
        }
        _ => format!(
            "{} because the resource does not exist in this Region, no resource-based policies allow access, \
             or a resource-based policy explicitly denies access",
            refused(asked)
        ),
    }
}

fn refused(asked: &Asked<'_>) -> String {
    let action = action_name(asked.facts.action);
    match asked.resource.text {
        "*" => format!("User: {} is not authorized to perform: {action}", asked.arn),
        resource => format!("User: {} is not authorized to perform: {action} on resource: {resource}", asked.arn),
    }
}
