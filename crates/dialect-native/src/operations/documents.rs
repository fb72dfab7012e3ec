//! Policy documents of keys and of people, forbids, and what decides.

use super::uses::bound;
use crate::input::{Blob, Pairs, operation};
use domain::{Ask, Authority, KeyName};

/// The one document that decides.
const DOCUMENT: &str = "default";

operation! {
    GetDocument {
        key: KeyName = "The key.";
        authority: Authority = "In whose regime.";
        name: Option<String> = "`default` without.";
    } => "document", |input| Ok(Ask::GetDocument {
        key: input.key,
        regime: input.authority,
        name: input.name.unwrap_or_else(|| DOCUMENT.into()),
    })
}

operation! {
    PutDocument {
        key: KeyName = "The key.";
        authority: Authority = "In whose regime. Only the key's own authority can allow; others only deny.";
        text: String = "The document. It is given back as it was given.";
        name: Option<String> = "`default` without.";
        bypass_lockout_check: Option<bool> = "Whether you take the risk of locking yourself out.";
    } => "done", |input| Ok(Ask::PutDocument {
        key: input.key,
        regime: input.authority,
        name: input.name.unwrap_or_else(|| DOCUMENT.into()),
        text: input.text,
        bypass_lockout_check: input.bypass_lockout_check.unwrap_or(false),
    })
}

operation! {
    ListDocuments {
        key: KeyName = "The key.";
        authority: Authority = "In whose regime.";
    } => "documents", |input| Ok(Ask::ListDocuments { key: input.key, regime: input.authority })
}

operation! {
    Explain {
        key: KeyName = "The key.";
        action: String = "The action, as in policies: `Decrypt`.";
        principal: Option<String> = "Who; you without.";
        context: Option<Pairs> = "What the use would be bound to.";
        context_bytes: Option<Blob> = "The same, as bytes.";
    } => "explanation", |input| Ok(Ask::Explain {
        principal: input.principal,
        action: input.action,
        key: input.key,
        context: bound(input.context, input.context_bytes)?,
    })
}

operation! {
    PutIdentityDocument {
        principal: String = "The principal.";
        name: String = "What the policy is called.";
        text: String = "An AWS identity policy. It is given back as it was given.";
    } => "principal", |input| Ok(Ask::PutIdentityDocument {
        principal: input.principal,
        name: input.name,
        text: input.text,
    })
}

operation! {
    RemoveIdentityDocument {
        principal: String = "The principal.";
        name: String = "What the policy is called.";
    } => "principal", |input| Ok(Ask::RemoveIdentityDocument { principal: input.principal, name: input.name })
}

operation! {
    PutForbid {
        name: String = "What the forbid is called.";
        text: String = "Cedar policies that begin with `forbid`; brackets lie at most 32 deep in one another.";
    } => "done", |input| Ok(Ask::PutForbid { name: input.name, text: input.text })
}

operation! {
    RemoveForbid {
        name: String = "What the forbid is called.";
    } => "done", |input| Ok(Ask::RemoveForbid { name: input.name })
}

operation! {
    ListForbids {} => "forbids", |_input| Ok(Ask::ListForbids)
}
