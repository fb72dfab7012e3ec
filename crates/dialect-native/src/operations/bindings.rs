//! Who is bound to which role, in the regime of Google Cloud.

use super::jobs::named;
use crate::input::{Blob, invalid, operation};
use domain::{Ask, BindingsOn, Fault, KeyName};

/// A key, or a ring in the location of the signature, or an import job of it, or a service, or the whole tenant.
fn on(
    key: Option<KeyName>,
    ring: Option<String>,
    job: Option<String>,
    service: Option<String>,
) -> Result<BindingsOn, Fault> {
    match (key, ring, job, service) {
        (None, None, None, Some(account)) => Ok(BindingsOn::Service { account }),
        (_, _, _, Some(_)) => Err(invalid("service", "not beside another")),
        (Some(_), Some(_), _, _) => Err(invalid("ring", "not beside `key`")),
        (Some(_), _, Some(_), _) => Err(invalid("import_job", "not beside `key`")),
        (Some(key), None, None, _) => Ok(BindingsOn::Key(key)),
        (None, ring, Some(name), _) => Ok(BindingsOn::ImportJob { ring: named(ring), name }),
        (None, Some(name), None, _) => Ok(BindingsOn::Ring { account: None, location: None, name }),
        (None, None, None, _) => Ok(BindingsOn::Tenant { account: None }),
    }
}

operation! {
    GetBindings {
        key: Option<KeyName> = "The key.";
        ring: Option<String> = "The ring, or that of the import job; without all four, the tenant.";
        import_job: Option<String> = "An import job of the ring, which is `default` without.";
        service: Option<String> = "A service of your own tenant, for who may act as it.";
    } => "bindings", |input| Ok(Ask::GetBindings { on: on(input.key, input.ring, input.import_job, input.service)? })
}

operation! {
    SetBindings {
        key: Option<KeyName> = "The key.";
        ring: Option<String> = "The ring, or that of the import job; without all four, the tenant.";
        import_job: Option<String> = "An import job of the ring, which is `default` without.";
        service: Option<String> = "A service of your own tenant, for who may act as it.";
        text: String = "An allow policy of Google Cloud IAM, as JSON: `bindings` of `role`, `members` and `condition`.";
        tag: Option<Blob> = "Of the bindings that are to be replaced; without it, whatever there are.";
    } => "bindings", |input| Ok(Ask::SetBindings {
        on: on(input.key, input.ring, input.import_job, input.service)?,
        text: input.text,
        tag: input.tag.map(|tag| tag.0),
    })
}

operation! {
    TestPermissions {
        key: Option<KeyName> = "The key.";
        ring: Option<String> = "The ring, or that of the import job; without all four, the tenant.";
        import_job: Option<String> = "An import job of the ring, which is `default` without.";
        service: Option<String> = "A service of your own tenant, for who may act as it.";
        permissions: Vec<String> = "At most 100 of Google Cloud's names, without wildcards.";
    } => "permissions", |input| Ok(Ask::TestPermissions {
        on: on(input.key, input.ring, input.import_job, input.service)?,
        permissions: input.permissions,
    })
}
