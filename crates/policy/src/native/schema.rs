//! What native policies may speak of. Written from the table of actions, so that no action is left out.

use super::entities::kind;
use cedar_policy::Schema;
use domain::{Action, ActionClass, Target};
use std::fmt::Write;
use std::sync::OnceLock;

const ENTITIES: &str = r#"
entity Role;
entity Tenant = { name: String, account: String, site: Bool };
entity Principal in [Role, Tenant] = { name: String, kind: String, tenant: Tenant };
entity Key in [Tenant] = {
    tenant: Tenant, location: String, ring: String, name?: String, authority: String, purpose: String,
    algorithm: String, protection: String, origin: String, owner?: String, environment?: String, dataClass?: String,
} tags String;
entity Place in [Tenant] = { tenant: Tenant, location: String, ring?: String, authority: String };
entity Alias in [Tenant] = { tenant: Tenant, location: String, alias: String, authority: String };
entity Site in [Tenant];
// The additional authenticated data of a use: its names are tags.
entity Bound tags String;
type Circumstances = {
    // Milliseconds since 1970.
    now: Long,
    tongue: String,
    location: String,
    bound: Bound,
    address?: __cedar::ipaddr,
    secure?: Bool,
    agent?: String,
};
"#;

pub(super) const CLASSES: [(ActionClass, &str, &str); 9] = [
    (ActionClass::Read, "Read", "Key, Place, Alias, Principal, Tenant, Site"),
    (ActionClass::Use, "Use", "Key, Place"),
    (ActionClass::Manage, "Manage", "Key, Place, Alias"),
    (ActionClass::Destroy, "Destroy", "Key"),
    (ActionClass::Govern, "Govern", "Key, Place, Principal, Tenant, Site"),
    (ActionClass::Audit, "Audit", "Key, Tenant, Site"),
    (ActionClass::Site, "Site", "Tenant, Site"),
    (ActionClass::Open, "Open", "Principal, Site"),
    (ActionClass::House, "House", "Key, Site"),
];

/// The group that an action is in.
pub(super) fn class_name(class: ActionClass) -> &'static str {
    CLASSES.iter().find(|(this, ..)| *this == class).map_or("Open", |(_, name, _)| name)
}

/// Whether the action is done to things of the target's kind at all, in any regime.
pub(crate) fn applies(action: Action, target: &Target) -> bool {
    // Of what governs, only bindings are put on places.
    if action.class() == ActionClass::Govern && matches!(target, Target::Place { .. }) {
        return action == Action::SetBindings;
    }
    let resources = CLASSES.iter().find(|(class, ..)| *class == action.class()).map_or("", |(.., resources)| resources);
    resources.split(", ").any(|one| one == kind(target))
}

pub(super) fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = String::from(ENTITIES.trim_start());
        for (class, name, resources) in CLASSES {
            // Writing into a string does not fail.
            let _ = writeln!(text, "action {name};");
            for action in Action::ALL.iter().filter(|action| action.class() == class) {
                let applies = format!("principal: [Principal], resource: [{resources}], context: Circumstances");
                let _ = writeln!(text, "action {} in [Action::\"{name}\"] appliesTo {{ {applies} }};", action.name());
            }
        }
        text
    })
}

/// Nothing only where the text above is no schema, which a test would tell.
pub(super) fn schema() -> Option<&'static Schema> {
    static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::from_cedarschema_str(text()).ok().map(|(schema, _)| schema)).as_ref()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_one() {
        let (_, warnings) = Schema::from_cedarschema_str(text()).unwrap();
        assert_eq!(warnings.map(|warning| warning.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    }
}
