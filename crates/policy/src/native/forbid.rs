//! Forbids: compiled once, and found by whom, what and which action they speak of. Cedar looks at every policy that
//! it is given, so it is given few.

use super::entities::Question;
use super::nesting::{BRACKET_DEPTH_MAX, is_shallow};
use super::schema::{CLASSES, schema};
use crate::facts::Facts;
use cedar_policy::{
    ActionConstraint, Authorizer, Effect, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint,
    ResourceConstraint, ValidationMode, Validator,
};
use domain::{Action, ObjectId};
use std::cell::OnceCell;
use std::collections::HashMap;

/// All forbids of a tenant or of the site.
pub(crate) struct Forbids {
    sets: HashMap<Slot, PolicySet>,
    /// A document that cannot be read, and why: it may forbid anything.
    pub(crate) unreadable: Option<String>,
    /// Whether what they say can depend on more than caller, action and target.
    pub(crate) varies: bool,
}

/// The principal, resource and action that a policy names; nothing is any.
type Slot = (Option<ObjectId>, Option<ObjectId>, Option<Action>);

pub(super) fn validate(text: &str) -> Result<(), String> {
    let policies = parse(text)?;
    let schema = schema().ok_or("the schema cannot be read")?;
    let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
    match result.validation_errors().next() {
        None => Ok(()),
        Some(error) => Err(format!("the policy does not fit the schema: {error}")),
    }
}

fn parse(text: &str) -> Result<PolicySet, String> {
    if !is_shallow(text) {
        return Err(format!("brackets may lie at most {BRACKET_DEPTH_MAX} deep in one another"));
    }
    let policies: PolicySet = text.parse().map_err(|error| format!("not a Cedar policy: {error}"))?;
    if policies.templates().next().is_some() {
        return Err("policy templates are not evaluated by this release".into());
    }
    if policies.policies().any(|policy| policy.effect() != Effect::Forbid) {
        return Err("only `forbid` policies may be set; roles alone permit".into());
    }
    if policies.is_empty() { Err("there is no policy in it".into()) } else { Ok(policies) }
}

impl Forbids {
    pub(crate) fn read(documents: &[(String, String)]) -> Self {
        let mut forbids = Self { sets: HashMap::new(), unreadable: None, varies: false };
        for (name, text) in documents {
            // The only way to speak of the request is by this name. A comment that has it costs some speed.
            forbids.varies |= text.contains("context");
            if let Err(why) = forbids.add_all(name, text) {
                forbids.unreadable = Some(format!("forbid `{name}` cannot be read: {why}"));
            }
        }
        forbids
    }

    fn add_all(&mut self, name: &str, text: &str) -> Result<(), String> {
        for (at, policy) in parse(text)?.policies().enumerate() {
            let policy = policy.new_id(PolicyId::new(format!("{at}#{name}")));
            for action in actions(&policy.action_constraint()) {
                let slot = (principal(&policy), resource(&policy), action);
                self.sets.entry(slot).or_default().add(policy.clone()).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// The forbid that applies, by name. One that cannot be evaluated applies.
    pub(crate) fn first(&self, facts: &Facts<'_>, question: &OnceCell<Option<Question>>) -> Option<String> {
        let (who, what, action) = (Some(facts.principal.id), Some(facts.target.object()), Some(facts.action));
        let slots = [who, None].into_iter().flat_map(|who| [what, None].map(|what| (who, what)));
        let slots = slots.flat_map(|(who, what)| [action, None].map(|action| (who, what, action)));
        let mut sets = slots.filter_map(|slot| self.sets.get(&slot)).peekable();
        sets.peek()?;
        let Some(question) = question.get_or_init(|| Question::of(facts)) else {
            return Some("that could not be put into words".into());
        };
        sets.find_map(|set| applies(set, question))
    }
}

fn applies(set: &PolicySet, question: &Question) -> Option<String> {
    let response = Authorizer::new().is_authorized(&question.request, set, &question.entities);
    let failed = response.diagnostics().errors().map(|error| match error {
        cedar_policy::AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
    });
    let name = |id: &PolicyId| -> String {
        let id: &str = id.as_ref();
        id.split_once('#').map_or(id, |(_, name)| name).into()
    };
    response.diagnostics().reason().chain(failed).map(name).min()
}

fn principal(policy: &Policy) -> Option<ObjectId> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid) => id(&uid),
        _ => None,
    }
}

fn resource(policy: &Policy) -> Option<ObjectId> {
    match policy.resource_constraint() {
        ResourceConstraint::Eq(uid)
            if matches!(uid.type_name().to_string().as_str(), "Key" | "Principal" | "Tenant") =>
        {
            id(&uid)
        }
        _ => None,
    }
}

/// Ids in their one spelling only: another spelling names another entity.
fn id(uid: &EntityUid) -> Option<ObjectId> {
    let text: &str = uid.id().unescaped();
    ObjectId::parse(text).filter(|id| id.to_string() == text)
}

fn actions(constraint: &ActionConstraint) -> Vec<Option<Action>> {
    let named = match constraint {
        ActionConstraint::Any => return vec![None],
        ActionConstraint::Eq(uid) => vec![uid],
        ActionConstraint::In(uids) => uids.iter().collect(),
    };
    let mut actions: Vec<Option<Action>> = named.into_iter().flat_map(meant).map(Some).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// The action of that name, or all of the class of that name.
fn meant(uid: &EntityUid) -> Vec<Action> {
    let name: &str = uid.id().unescaped();
    let class = CLASSES.iter().find(|(_, class, _)| *class == name).map(|(class, ..)| *class);
    Action::ALL.iter().copied().filter(|action| action.name() == name || Some(action.class()) == class).collect()
}
