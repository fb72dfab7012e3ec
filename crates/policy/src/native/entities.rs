//! The caller, the target and what is around them, as Cedar's entities.

use super::roles::covering;
use super::schema::class_name;
use crate::facts::Facts;
use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression};
use domain::{Action, Key, Location, PrincipalKind, Purpose, Role, Target, Tenant, TenantKind};
use std::fmt::Display;
use std::sync::{Arc, OnceLock};

/// One demand in Cedar's words.
pub(crate) struct Question {
    pub(super) request: Request,
    pub(super) entities: Entities,
}

/// The kinds of entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Type {
    Role,
    Tenant,
    Principal,
    Key,
    Place,
    Alias,
    Site,
    Bound,
    Action,
}

const TYPES: [&str; 9] = ["Role", "Tenant", "Principal", "Key", "Place", "Alias", "Site", "Bound", "Action"];

pub(super) fn uid(kind: Type, id: impl Display) -> Option<EntityUid> {
    static NAMES: OnceLock<Vec<Option<EntityTypeName>>> = OnceLock::new();
    let names = NAMES.get_or_init(|| TYPES.iter().map(|name| name.parse().ok()).collect());
    let name = names.get(kind as usize)?.clone()?;
    Some(EntityUid::from_type_name_and_id(name, EntityId::new(id.to_string())))
}

/// What kind of entity a target is.
pub(super) fn kind(target: &Target) -> &'static str {
    match target {
        Target::Key(_) => "Key",
        Target::Place { .. } => "Place",
        Target::Alias { .. } => "Alias",
        Target::Principal(_) => "Principal",
        Target::Tenant(_) => "Tenant",
        Target::Site => "Site",
    }
}

type Attribute = (String, RestrictedExpression);

fn text(name: &str, value: impl Into<String>) -> Attribute {
    (name.into(), RestrictedExpression::new_string(value.into()))
}

fn maybe(name: &str, value: Option<&String>) -> Option<Attribute> {
    value.map(|value| text(name, value.as_str()))
}

fn entity(
    uid: EntityUid,
    attributes: Vec<Attribute>,
    parents: Vec<EntityUid>,
    tags: &[(String, String)],
) -> Option<Entity> {
    let tags = tags.iter().map(|(name, value)| text(name, value.as_str()));
    Entity::new_with_tags(uid, attributes, parents, tags).ok()
}

impl Question {
    /// Nothing where the demand cannot be put into Cedar's words; that denies.
    pub(crate) fn of(facts: &Facts<'_>) -> Option<Self> {
        let roles: Vec<Role> = covering(facts).map(|one| one.role).collect();
        let mut entities = vec![caller(facts, &roles)?, tenant(facts.tenant)?, action(facts.action)?, bound(facts)?];
        let target = target(facts)?;
        let resource = target.uid();
        entities.extend(facts.owner.filter(|owner| owner.id != facts.tenant.id).and_then(tenant));
        if !entities.iter().any(|known| known.uid() == resource) {
            entities.push(target);
        }
        let principal = uid(Type::Principal, facts.principal.id)?;
        let action = uid(Type::Action, facts.action.name())?;
        let request = Request::new(principal, action, resource, circumstances(facts)?, None).ok()?;
        Some(Self { request, entities: Entities::from_entities(entities, None).ok()? })
    }
}

fn caller(facts: &Facts<'_>, roles: &[Role]) -> Option<Entity> {
    let kind = match facts.principal.kind {
        PrincipalKind::Person => "person",
        PrincipalKind::Service => "service",
        PrincipalKind::Root => "root",
    };
    let home = uid(Type::Tenant, facts.tenant.id)?;
    let mut parents: Vec<EntityUid> = roles.iter().filter_map(|role| uid(Type::Role, role.name())).collect();
    parents.push(home.clone());
    let attributes = vec![
        text("name", facts.principal.name.as_str()),
        text("kind", kind),
        ("tenant".into(), RestrictedExpression::new_entity_uid(home)),
    ];
    entity(uid(Type::Principal, facts.principal.id)?, attributes, parents, &[])
}

fn tenant(tenant: &Arc<Tenant>) -> Option<Entity> {
    let attributes = vec![
        text("name", tenant.name.as_str()),
        text("account", tenant.account.as_str()),
        ("site".into(), RestrictedExpression::new_bool(tenant.kind == TenantKind::Site)),
    ];
    entity(uid(Type::Tenant, tenant.id)?, attributes, vec![], &[])
}

fn action(action: Action) -> Option<Entity> {
    let class = uid(Type::Action, class_name(action.class()))?;
    entity(uid(Type::Action, action.name())?, vec![], vec![class], &[])
}

fn bound(facts: &Facts<'_>) -> Option<Entity> {
    let pairs = facts.context.map_or(&[][..], |context| context.pairs());
    entity(uid(Type::Bound, "this")?, vec![], vec![], pairs)
}

fn target(facts: &Facts<'_>) -> Option<Entity> {
    let home = uid(Type::Tenant, facts.target.tenant())?;
    let owner = || ("tenant".to_owned(), RestrictedExpression::new_entity_uid(home.clone()));
    match facts.target {
        Target::Key(row) => key(row, owner(), home),
        Target::Place { location, ring, authority, .. } => {
            let mut attributes = vec![owner(), place(location), text("authority", authority.name())];
            attributes.extend(maybe("ring", ring.as_ref()));
            entity(uid(Type::Place, &location.0)?, attributes, vec![home], &[])
        }
        Target::Alias { location, alias, authority, .. } => {
            let named = [text("alias", alias.as_str()), text("authority", authority.name())];
            let attributes = [owner(), place(location)].into_iter().chain(named).collect();
            entity(uid(Type::Alias, alias)?, attributes, vec![home], &[])
        }
        Target::Principal(principal) => {
            let attributes = vec![text("name", principal.name.as_str()), text("kind", "other"), owner()];
            entity(uid(Type::Principal, principal.id)?, attributes, vec![home], &[])
        }
        Target::Tenant(row) => tenant(row),
        Target::Site => entity(uid(Type::Site, "site")?, vec![], vec![home], &[]),
    }
}

fn place(location: &Location) -> Attribute {
    text("location", &*location.0)
}

fn key(key: &Key, owner: Attribute, home: EntityUid) -> Option<Entity> {
    let mut attributes = vec![
        owner,
        place(&key.location),
        text("ring", key.ring.as_str()),
        text("authority", key.authority.name()),
        text("purpose", purpose(key.purpose)),
        text("algorithm", key.algorithm.name()),
        text("protection", format!("{:?}", key.protection).to_lowercase()),
        text("origin", format!("{:?}", key.origin).to_lowercase()),
    ];
    let said = [
        ("name", &key.name),
        ("owner", &key.facts.owner),
        ("environment", &key.facts.environment),
        ("dataClass", &key.facts.data_class),
    ];
    attributes.extend(said.into_iter().filter_map(|(name, value)| maybe(name, value.as_ref())));
    entity(uid(Type::Key, key.id)?, attributes, vec![home], &key.facts.tags)
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Encrypt => "encrypt",
        Purpose::Sign => "sign",
        Purpose::Mac => "mac",
        Purpose::DecryptAsymmetric => "decrypt-asymmetric",
        Purpose::Agree => "agree",
        Purpose::Encapsulate => "encapsulate",
        Purpose::EncryptRaw => "encrypt-raw",
        Purpose::Wrap => "wrap",
        Purpose::SignAndDecrypt => "sign-and-decrypt",
        Purpose::Import => "import",
    }
}

fn circumstances(facts: &Facts<'_>) -> Option<Context> {
    let mut pairs = vec![
        ("now".to_owned(), RestrictedExpression::new_long(facts.now.wall.0)),
        text("tongue", facts.tongue),
        place(facts.place),
        ("bound".into(), RestrictedExpression::new_entity_uid(uid(Type::Bound, "this")?)),
    ];
    if let Some(source) = facts.source {
        let address = source.address.to_canonical().to_string();
        pairs.push(("address".into(), RestrictedExpression::new_ip(address)));
        pairs.push(("secure".into(), RestrictedExpression::new_bool(source.secure)));
        pairs.extend(source.agent.as_deref().map(|agent| text("agent", agent)));
    }
    Context::from_pairs(pairs).ok()
}
