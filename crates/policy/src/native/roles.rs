//! What the built-in roles allow. `roles.cedar` says it.

use super::entities::Question;
use crate::facts::Facts;
use cedar_policy::{Authorizer, Decision, PolicySet};
use domain::{Role, RoleAssignment, RoleScope, Target};
use std::collections::HashMap;
use std::sync::OnceLock;

const ROLES: &str = include_str!("roles.cedar");

/// The policies of each role: Cedar looks at all that it is given. A test tells that `roles.cedar` can be read.
fn policies(role: Role) -> Option<&'static PolicySet> {
    static POLICIES: OnceLock<HashMap<Role, PolicySet>> = OnceLock::new();
    let all = POLICIES.get_or_init(|| {
        let parsed: PolicySet = ROLES.parse().unwrap_or_default();
        let mut sets: HashMap<Role, PolicySet> = HashMap::new();
        for policy in parsed.policies() {
            if let Some(role) = policy.annotation("role").and_then(Role::from_name) {
                // Ids are unique in one text, so that nothing is in the way.
                let _ = sets.entry(role).or_default().add(policy.clone());
            }
        }
        sets
    });
    all.get(&role)
}

/// Which role of the caller allows, if one does: `role EncryptDecrypt on the tenant`.
pub(crate) fn allowed(facts: &Facts<'_>, question: &Question) -> Option<String> {
    let allows = |one: &&RoleAssignment| {
        policies(one.role).is_some_and(|policies| {
            let response = Authorizer::new().is_authorized(&question.request, policies, &question.entities);
            response.decision() == Decision::Allow
        })
    };
    covering(facts).find(allows).map(label)
}

/// The caller's assignments that reach the target.
pub(super) fn covering<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a RoleAssignment> {
    let target = facts.target;
    facts.principal.roles.iter().filter(move |one| covers(one, target))
}

/// Whether an assignment reaches the target. What is in no ring is reached by the whole tenant only.
fn covers(assignment: &RoleAssignment, target: &Target) -> bool {
    match (&assignment.scope, target) {
        (RoleScope::Tenant, _) => true,
        (RoleScope::Ring(ring), Target::Key(key)) => *ring == key.ring,
        (RoleScope::Ring(ring), Target::Place { ring: Some(place), .. }) => ring == place,
        (RoleScope::Key(id), Target::Key(key)) => *id == key.id,
        _ => false,
    }
}

fn label(assignment: &RoleAssignment) -> String {
    let role = assignment.role.name();
    match &assignment.scope {
        RoleScope::Tenant => format!("role {role} on the tenant"),
        RoleScope::Ring(ring) => format!("role {role} on ring `{ring}`"),
        RoleScope::Key(_) => format!("role {role} on the key"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_roles_are_policies_and_fit_the_schema() {
        let policies: PolicySet = ROLES.parse().unwrap();
        let validator = cedar_policy::Validator::new(super::super::schema::schema().unwrap().clone());
        let result = validator.validate(&policies, cedar_policy::ValidationMode::Strict);
        assert!(
            result.validation_passed(),
            "{:?}",
            result.validation_errors().map(ToString::to_string).collect::<Vec<_>>()
        );
        assert!(policies.policies().all(|policy| Role::from_name(policy.annotation("role").unwrap()).is_some()));
    }
}
