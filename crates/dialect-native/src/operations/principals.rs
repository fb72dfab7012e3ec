//! People and services, their roles and access keys.

use crate::input::{Blob, invalid, operation};
use crate::words::role;
use domain::{Ask, Fault, Outside, PrincipalKind, Role, RoleScope, TOKEN_SECONDS_MAX};

fn one_role(text: &str) -> Result<(Role, RoleScope), Fault> {
    role(text).map_err(|why| invalid("role", why))
}

operation! {
    WhoAmI {} => "caller", |_input| Ok(Ask::WhoAmI)
}

operation! {
    CreatePrincipal {
        name: String = "1 to 64 letters, digits and `+=,.@_-`.";
        kind: Option<PrincipalKind> = "`person` without.";
        roles: Option<Vec<String>> = "Roles to begin with, each as in `assign-role`.";
        tenant: Option<String> = "Another tenant than your own, by name or account; only the site's principals may.";
    } => "principal", |input| Ok(Ask::CreatePrincipal {
        tenant: input.tenant,
        name: input.name,
        kind: input.kind.unwrap_or(PrincipalKind::Person),
        roles: input.roles.unwrap_or_default().iter().map(|text| one_role(text)).collect::<Result<_, _>>()?,
    })
}

operation! {
    ListPrincipals {} => "principals", |_input| Ok(Ask::ListPrincipals)
}

operation! {
    DescribePrincipal {
        name: String = "The principal.";
    } => "principal", |input| Ok(Ask::DescribePrincipal { name: input.name })
}

operation! {
    RemovePrincipal {
        name: String = "The principal.";
    } => "done", |input| Ok(Ask::RemovePrincipal { name: input.name })
}

operation! {
    SuspendPrincipal {
        name: String = "The principal.";
        suspended: bool = "`false` resumes.";
    } => "principal", |input| Ok(Ask::SuspendPrincipal { name: input.name, suspended: input.suspended })
}

operation! {
    AssignRole {
        principal: String = "The principal.";
        role: String = "`ROLE` in the whole tenant, `ROLE ring:NAME` in a ring, `ROLE key:ID` on one key.";
    } => "principal", |input| {
        let (role, scope) = one_role(&input.role)?;
        Ok(Ask::AssignRole { principal: input.principal, role, scope })
    }
}

operation! {
    WithdrawRole {
        principal: String = "The principal.";
        role: String = "As it was assigned.";
    } => "principal", |input| {
        let (role, scope) = one_role(&input.role)?;
        Ok(Ask::WithdrawRole { principal: input.principal, role, scope })
    }
}

operation! {
    CreateAccessKey {
        principal: String = "Whose it is to be.";
        tenant: Option<String> = "Another tenant than your own, by name or account; only the site's principals may.";
    } => "access-key", |input| Ok(Ask::CreateAccessKey { tenant: input.tenant, principal: input.principal })
}

operation! {
    SuspendAccessKey {
        id: String = "The access key's id.";
        suspended: bool = "`false` resumes.";
    } => "done", |input| Ok(Ask::SuspendAccessKey { id: input.id, suspended: input.suspended })
}

operation! {
    RemoveAccessKey {
        id: String = "The access key's id.";
    } => "done", |input| Ok(Ask::RemoveAccessKey { id: input.id })
}

/// All of it, or nothing.
fn outside(issuer: Option<String>, subject: Option<String>, key_id: Option<String>) -> Result<Option<Outside>, Fault> {
    match (issuer, subject, key_id) {
        (Some(issuer), Some(subject), Some(key_id)) => Ok(Some(Outside { issuer, subject, key_id })),
        (None, None, None) => Ok(None),
        _ => Err(invalid("issuer", "issuer, subject and key_id come together")),
    }
}

operation! {
    RegisterPublicKey {
        principal: String = "Whose it is to be: a service.";
        public_key: Blob = "RSA of 2048 to 4096 bits: SubjectPublicKeyInfo (RFC 5280) in DER.";
        audience: Option<String> = "An `https` URL that its tokens may name as their audience, beside those that everybody's may; with `issuer` the only audience, and needed.";
        tenant: Option<String> = "Another tenant than your own, by name or account; only the site's principals may.";
        issuer: Option<String> = "Whose key it is, if it is an issuer of tokens elsewhere, as `iss` says it.";
        subject: Option<String> = "Whom the issuer vouches for as the principal, as `sub` says it; with `issuer`.";
        key_id: Option<String> = "What the issuer calls the key, as `kid` says it; with `issuer`.";
    } => "public-key", |input| Ok(Ask::RegisterPublicKey {
        tenant: input.tenant,
        principal: input.principal,
        key: input.public_key.0,
        audience: input.audience,
        outside: outside(input.issuer, input.subject, input.key_id)?,
    })
}

operation! {
    ImpersonatePrincipal {
        principal: String = "A service, by its name, or by its address as Google's clients call it. The role `roles/iam.serviceAccountTokenCreator` on it or on its tenant lets others act as it.";
        delegates: Option<Vec<String>> = "Services in between: you may act as the first, it as the next, and the last as the principal.";
        seconds: Option<u32> = "How long the token lives, 1 to 3600; 3600 without.";
    } => "token", |input| Ok(Ask::IssueTokenFor {
        account: input.principal,
        delegates: input.delegates.unwrap_or_default(),
        seconds: input.seconds.unwrap_or(TOKEN_SECONDS_MAX),
    })
}

operation! {
    IssueToken {
        seconds: Option<u32> = "How long it lives, 1 to 3600; 3600 without.";
    } => "token", |input| Ok(Ask::IssueToken { seconds: input.seconds.unwrap_or(TOKEN_SECONDS_MAX) })
}
