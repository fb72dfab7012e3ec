//! Tenants, principals and the site's settings, as they are shown.

use crate::shown::time;
use crate::words::{Word, role_text};
use domain::{Principal, Settings, Tenant, TenantKind};
use serde_json::{Value, json};

pub(crate) fn tenant(tenant: &Tenant) -> Value {
    json!({
        "id": tenant.id.to_string(),
        "name": tenant.name,
        "account": tenant.account,
        "profile": tenant.profile.name(),
        "site": tenant.kind == TenantKind::Site,
        "created": time(tenant.created),
    })
}

pub(crate) fn principal(principal: &Principal) -> Value {
    let roles = principal.roles.iter().map(|one| role_text(one.role, &one.scope)).collect::<Vec<_>>();
    json!({
        "id": principal.id.to_string(),
        "name": principal.name,
        "kind": principal.kind.word(),
        "standing": principal.standing.word(),
        "roles": roles,
        "documents": texts(&principal.documents),
        "access_keys": principal.access_keys,
        "created": time(principal.created),
    })
}

/// Documents with their names.
pub(crate) fn texts(documents: &[(String, String)]) -> Value {
    documents.iter().map(|(name, text)| json!({ "name": name, "text": text })).collect()
}

pub(crate) fn settings(settings: &Settings) -> Value {
    json!({
        "retention_months": settings.retention_months,
        "signature_window_seconds": settings.signature_window_seconds,
        "universe": settings.universe,
    })
}
