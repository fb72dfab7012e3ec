//! A policy document: read once, then asked often.

use super::Effect;
use super::condition::{self, Condition, texts};
use super::json::{self, Json};
use super::names::ActionSet;
use super::pattern::{Resource, ResourcePattern};
use super::principal::Principals;
use crate::facts::Facts;
use std::collections::{HashMap, HashSet};

/// Where a document stands: on a key, or with a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Key,
    Identity,
}

/// How a statement means the caller: in person, or by the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    InPerson,
    ByAccount,
}

pub(crate) struct Document {
    statements: Vec<Statement>,
    index: Index,
}

pub(crate) struct Statement {
    /// From one, in the order of the document.
    pub(crate) number: usize,
    pub(crate) sid: Option<Box<str>>,
    pub(super) effect: Effect,
    pub(super) principals: Principals,
    actions: ActionSet,
    resources: Vec<ResourcePattern>,
    conditions: Vec<Condition>,
}

/// The statements that can concern somebody, without a look at the others: by the principals that a key policy
/// names, and by the resources that an identity policy names.
struct Index {
    kind: Kind,
    /// The actions that any statement allows, and that any denies.
    actions: [ActionSet; 2],
    named: HashMap<Box<str>, Vec<usize>>,
    open: Vec<usize>,
}

/// Who asks for what, in AWS's words.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) facts: Facts<'a>,
    pub(crate) arn: &'a str,
    pub(crate) resource: Resource<'a>,
}

impl Document {
    /// Reads a document, or says in AWS's words why it is none, or what of it is not evaluated here.
    pub(crate) fn read(text: &str, kind: Kind) -> Result<Self, String> {
        let Json::Object(members) = json::read(text)? else { return Err("Syntax errors in policy.".into()) };
        let mut statements = Vec::new();
        let mut found = false;
        for (name, value) in &members {
            match name.as_str() {
                "Version" => version(value)?,
                "Id" => _ = quoted(name, value)?,
                "Statement" => {
                    found = true;
                    statements = read_statements(value, kind)?;
                }
                other => return Err(unknown(other)),
            }
        }
        if !found {
            return Err("Syntax errors in policy: the element `Statement` is missing.".into());
        }
        unique_sids(&statements)?;
        let index = Index::of(&statements, kind);
        Ok(Self { statements, index })
    }

    pub(super) fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The first statement of an effect that applies to what is asked. `varied` becomes true where the answer
    /// stood on something that the next request may bring differently.
    pub(crate) fn first(
        &self,
        asked: &Asked<'_>,
        effect: Effect,
        meant: Option<Meant>,
        varied: &mut bool,
    ) -> Option<&Statement> {
        if !self.index.actions(effect).has(asked.facts.action) {
            return None;
        }
        self.index
            .candidates(asked)
            .filter_map(|list| self.first_of(list, asked, effect, meant, varied))
            .min_by_key(|one| one.number)
    }

    fn first_of(
        &self,
        list: &[usize],
        asked: &Asked<'_>,
        effect: Effect,
        meant: Option<Meant>,
        varied: &mut bool,
    ) -> Option<&Statement> {
        let mut statements = list.iter().filter_map(|at| self.statements.get(*at));
        statements.find(|statement| statement.effect == effect && statement.applies(asked, meant, varied))
    }
}

impl Statement {
    fn applies(&self, asked: &Asked<'_>, meant: Option<Meant>, varied: &mut bool) -> bool {
        self.actions.has(asked.facts.action)
            && self.principals.mean(asked).is_some_and(|how| meant.is_none_or(|meant| meant == how))
            && self.resources.iter().any(|pattern| pattern.matches(&asked.resource))
            && self.conditions.iter().all(|condition| {
                *varied |= condition.varies();
                condition.holds(&asked.facts, asked.arn, self.effect)
            })
    }

    /// `statement 2 (Sid AllowUse)`.
    pub(crate) fn label(&self) -> String {
        match &self.sid {
            Some(sid) => format!("statement {} (Sid {sid})", self.number),
            None => format!("statement {}", self.number),
        }
    }
}

impl Index {
    fn of(statements: &[Statement], kind: Kind) -> Self {
        let mut index = Self { kind, actions: Default::default(), named: HashMap::new(), open: Vec::new() };
        for (at, statement) in statements.iter().enumerate() {
            let [allowed, denied] = &mut index.actions;
            let named = if statement.effect == Effect::Allow { allowed } else { denied };
            *named = named.with(statement.actions);
            let names = match kind {
                Kind::Key => statement.principals.names(),
                Kind::Identity => statement.resources.iter().map(ResourcePattern::name).collect(),
            };
            match names {
                None => index.open.push(at),
                Some(names) => {
                    for name in names.into_iter().collect::<HashSet<_>>() {
                        index.named.entry(name.into()).or_default().push(at);
                    }
                }
            }
        }
        index
    }

    fn actions(&self, effect: Effect) -> ActionSet {
        let [allowed, denied] = self.actions;
        if effect == Effect::Allow { allowed } else { denied }
    }

    fn candidates(&self, asked: &Asked<'_>) -> impl Iterator<Item = &[usize]> {
        let names = match self.kind {
            Kind::Key => [Some(asked.arn), Some(asked.facts.tenant.account.as_str())],
            Kind::Identity => asked.resource.names(),
        };
        let [one, other] = if self.named.is_empty() { [None, None] } else { names.map(|name| self.named.get(name?)) };
        [Some(&self.open), one, other].into_iter().flatten().map(Vec::as_slice)
    }
}

fn read_statements(value: &Json, kind: Kind) -> Result<Vec<Statement>, String> {
    let list = match value {
        Json::List(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter().enumerate().map(|(at, json)| read_statement(at + 1, json, kind)).collect()
}

fn read_statement(number: usize, json: &Json, kind: Kind) -> Result<Statement, String> {
    let Json::Object(members) = json else { return Err("Syntax errors in policy: a statement is no object.".into()) };
    for (name, _) in members {
        known(name, kind)?;
    }
    let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let sid = member("Sid").map(|value| quoted("Sid", value)).transpose()?;
    let spelled = |sid: &str| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if kind == Kind::Identity && !sid.is_none_or(spelled) {
        return Err(BAD_SID.into());
    }
    Ok(Statement {
        number,
        sid: sid.filter(|sid| !sid.is_empty()).map(Into::into),
        effect: effect(member("Effect"))?,
        principals: principals(member("Principal"), kind)?,
        actions: actions(member("Action"), kind)?,
        resources: resources(member("Resource"), kind)?,
        conditions: member("Condition").map(condition::read).transpose()?.unwrap_or_default(),
    })
}

const BAD_SID: &str = "Statement IDs (SID) must be alpha-numeric. \
     Check that your input satisfies the regular expression [0-9A-Za-z]*";

fn known(name: &str, kind: Kind) -> Result<(), String> {
    match name {
        "Sid" | "Effect" | "Action" | "Resource" | "Condition" => Ok(()),
        "Principal" if kind == Kind::Key => Ok(()),
        "Principal" | "NotPrincipal" if kind == Kind::Identity => {
            Err("Policy document should not specify a principal.".into())
        }
        "NotAction" | "NotResource" | "NotPrincipal" => {
            Err(format!("The element `{name}` is not evaluated by this release."))
        }
        other => Err(unknown(other)),
    }
}

fn unknown(name: &str) -> String {
    format!("Syntax errors in policy: unknown element `{name}`.")
}

fn quoted<'j>(name: &str, value: &'j Json) -> Result<&'j str, String> {
    match value {
        Json::Scalar { text, quoted: true } => Ok(text),
        _ => Err(format!("Syntax errors in policy: the element `{name}` must be a string.")),
    }
}

fn version(value: &Json) -> Result<(), String> {
    match quoted("Version", value)? {
        "2012-10-17" | "2008-10-17" => Ok(()),
        _ => Err("The policy must contain a valid version string".into()),
    }
}

fn effect(value: Option<&Json>) -> Result<Effect, String> {
    match value.map(|value| quoted("Effect", value)).transpose()? {
        Some("Allow") => Ok(Effect::Allow),
        Some("Deny") => Ok(Effect::Deny),
        Some(other) => Err(format!("Syntax errors in policy: invalid effect `{other}`.")),
        None => Err("Syntax errors in policy: the element `Effect` is missing.".into()),
    }
}

fn principals(value: Option<&Json>, kind: Kind) -> Result<Principals, String> {
    match (kind, value) {
        (Kind::Identity, _) => Ok(Principals::Bearer),
        (Kind::Key, Some(value)) => Principals::read(value),
        (Kind::Key, None) => Err("Policy statement must contain principals.".into()),
    }
}

/// A key policy's statement without actions is kept, and means nothing.
fn actions(value: Option<&Json>, kind: Kind) -> Result<ActionSet, String> {
    let Some(value) = value else {
        return if kind == Kind::Key {
            Ok(ActionSet::default())
        } else {
            Err("Policy statement must contain actions.".into())
        };
    };
    let names = texts("Action", value)?;
    if names.is_empty() && kind == Kind::Identity {
        return Err("Policy statement must contain actions.".into());
    }
    names.into_iter().try_fold(ActionSet::default(), |set, name| match name.split_once(':') {
        _ if name == "*" => Ok(set.with(ActionSet::matching(name))),
        Some((vendor, action)) if !vendor.is_empty() && !action.is_empty() => Ok(set.with(ActionSet::matching(name))),
        _ => Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into()),
    })
}

/// A key policy's statement without resources is kept, and means nothing.
fn resources(value: Option<&Json>, kind: Kind) -> Result<Vec<ResourcePattern>, String> {
    let Some(value) = value else {
        return if kind == Kind::Key { Ok(Vec::new()) } else { Err("Policy statement must contain resources.".into()) };
    };
    let names = texts("Resource", value)?;
    if names.is_empty() && kind == Kind::Identity {
        return Err("Policy statement must contain resources.".into());
    }
    let spelled = |name: &str| name == "*" || name.starts_with("arn:");
    match names.iter().find(|name| !spelled(name)) {
        Some(name) => Err(format!("Resource {name} must be in ARN format or \"*\".")),
        None => Ok(names.into_iter().map(ResourcePattern::read).collect()),
    }
}

fn unique_sids(statements: &[Statement]) -> Result<(), String> {
    let mut seen = HashSet::new();
    if statements.iter().filter_map(|statement| statement.sid.as_deref()).all(|sid| seen.insert(sid)) {
        return Ok(());
    }
    Err("Statement IDs (SID) in a single policy must be unique.".into())
}
