//! What one demand of one request is judged by.

use domain::{Action, Ask, Context, Found, Keyring, Location, Moment, ObjectId, Principal, Request, Target, Tenant};
use identity::Source;
use std::sync::Arc;

/// One demand, and all that is known around it.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) principal: &'a Arc<Principal>,
    pub(crate) tenant: &'a Arc<Tenant>,
    /// Nothing where the question is a hypothetical one.
    pub(crate) source: Option<&'a Source>,
    pub(crate) action: Action,
    pub(crate) target: &'a Target,
    /// Who owns the target; nothing where the target has no owner, or the request did not look it up.
    pub(crate) owner: Option<&'a Arc<Tenant>>,
    /// The ring of the target; nothing where its documents have no say.
    pub(crate) ring: Option<&'a Arc<Keyring>>,
    pub(crate) place: &'a Location,
    pub(crate) context: Option<&'a Context>,
    pub(crate) ask: Option<&'a Ask>,
    pub(crate) found: Option<&'a Found>,
    /// What an issuer elsewhere calls the caller, where one vouches for it.
    pub(crate) subject: Option<&'a str>,
    pub(crate) tongue: &'static str,
    pub(crate) now: Moment,
}

impl Facts<'_> {
    pub(crate) fn key(&self) -> Option<&Arc<domain::Key>> {
        match self.target {
            Target::Key(key) => Some(key),
            _ => None,
        }
    }

    /// Whether the caller's own tenant owns the target.
    pub(crate) fn at_home(&self) -> bool {
        self.target.tenant() == self.tenant.id
    }
}

/// The context that one demand of a request is bound to: sealing anew has another one than opening.
pub(crate) fn context_of<'r>(request: &'r Request<'_>, action: Action) -> Option<&'r Context> {
    match (request.ask, action) {
        (Ask::ReEncrypt { to_context, .. }, Action::ReEncryptTo) => Some(to_context),
        _ => request.context(),
    }
}

/// The tenant that owns the target: the caller's own, or one that the request looked up.
pub(crate) fn owner_of<'a>(target: &'a Target, home: &'a Arc<Tenant>, found: &'a Found) -> Option<&'a Arc<Tenant>> {
    let id = target.tenant();
    if id == home.id {
        return Some(home);
    }
    match target {
        Target::Place { tenant, .. } | Target::Alias { tenant, .. } | Target::Tenant(tenant) => Some(tenant),
        Target::Key(_) | Target::Principal(_) | Target::Site => among(found, id),
    }
}

/// The ring of a target, among those that the request looked up.
pub(crate) fn ring_of<'a>(target: &Target, rings: &'a [Arc<Keyring>]) -> Option<&'a Arc<Keyring>> {
    let (tenant, location, name) = target.ring()?;
    rings.iter().find(|ring| ring.tenant == tenant && ring.location == *location && ring.name == name)
}

fn among(found: &Found, id: ObjectId) -> Option<&Arc<Tenant>> {
    if let Found::Impersonation { chain, .. } = found {
        return chain.iter().map(|(_, tenant)| tenant).find(|tenant| tenant.id == id);
    }
    let candidates = match found {
        Found::Key { owner, .. }
        | Found::Keys { owner, .. }
        | Found::Alias { owner, .. }
        | Found::Aliases { owner, .. }
        | Found::Explained { owner, .. }
        | Found::Judged { owner, .. }
        | Found::Bindings { owner, .. }
        | Found::Due { owner, .. } => [Some(owner), None],
        Found::FreshKey(fresh) => [Some(&fresh.owner), None],
        Found::Fresh(fresh) => [Some(&fresh.tenant), None],
        Found::Work(working) => [Some(&working.account), None],
        Found::Rework { from, to } => [Some(&from.account), Some(&to.account)],
        Found::Principal { tenant, .. } | Found::Principals { tenant, .. } | Found::Tenant { tenant } => {
            [Some(tenant), None]
        }
        _ => [None, None],
    };
    candidates.into_iter().flatten().find(|tenant| tenant.id == id)
}
