//! Who is bound to which role, in the regime of Google Cloud.

use crate::input::{Blob, invalid, operation};
use domain::{Ask, BindingsOn, Fault, KeyName};

/// A key, or a ring in the location of the signature, or the whole tenant.
fn on(key: Option<KeyName>, ring: Option<String>) -> Result<BindingsOn, Fault> {
    match (key, ring) {
        (Some(_), Some(_)) => Err(invalid("ring", "not beside `key`")),
        (Some(key), None) => Ok(BindingsOn::Key(key)),
        (None, Some(name)) => Ok(BindingsOn::Ring { account: None, location: None, name }),
        (None, None) => Ok(BindingsOn::Tenant { account: None }),
    }
}

operation! {
    GetBindings {
        key: Option<KeyName> = "The key.";
        ring: Option<String> = "The ring; without both, the tenant.";
    } => "bindings", |input| Ok(Ask::GetBindings { on: on(input.key, input.ring)? })
}

operation! {
    SetBindings {
        key: Option<KeyName> = "The key.";
        ring: Option<String> = "The ring; without both, the tenant.";
        text: String = "An allow policy of Google Cloud IAM, as JSON: `bindings` of `role`, `members` and `condition`.";
        tag: Option<Blob> = "Of the bindings that are to be replaced; without it, whatever there are.";
    } => "bindings", |input| Ok(Ask::SetBindings {
        on: on(input.key, input.ring)?,
        text: input.text,
        tag: input.tag.map(|tag| tag.0),
    })
}

operation! {
    TestPermissions {
        key: Option<KeyName> = "The key.";
        ring: Option<String> = "The ring; without both, the tenant.";
        permissions: Vec<String> = "At most 100 of Google Cloud's names, without wildcards.";
    } => "permissions", |input| Ok(Ask::TestPermissions {
        on: on(input.key, input.ring)?,
        permissions: input.permissions,
    })
}
