//! google.iam.v1.IAMPolicy, of rings, keys, import jobs and service accounts: GetIamPolicy, SetIamPolicy and TestIamPermissions.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings/getIamPolicy> and its neighbours.)

use crate::checksum;
use crate::impersonation::account_of;
use crate::input::{Notes, Objection, Trouble, message};
use crate::json;
use crate::name::Kind;
use crate::proto::{self, iam};
use crate::rings::named;
use crate::status::Noted;
use domain::{Ask, BindingsOn, Reply};
use prost::Message;

const POLICY: &str = "google.iam.v1.Policy";
/// The version from which policies have conditions.
const CONDITIONS_VERSION: i32 = 3;
/// Stands between a role and what tells its condition from others, where conditions are not shown.
const HIDDEN: &str = "_withcond_";
/// That conditions are not shown.
const PLAIN: &str = "plain";

/// A ring, a key, an import job or a service account. Nothing else of the service has a policy here.
fn on(resource: &str, notes: &mut Notes) -> Result<BindingsOn, Objection> {
    if resource.contains("/cryptoKeys/") {
        return Ok(BindingsOn::Key(named(resource, Kind::Key, notes)?.key_name()));
    }
    if let Some(account) = account_of(resource) {
        notes.keep("name", resource);
        return Ok(BindingsOn::Service { account: account.to_owned() });
    }
    if resource.contains("/importJobs/") {
        let named = named(resource, Kind::Job, notes)?;
        return Ok(BindingsOn::ImportJob { ring: named.ring_name(), name: named.key.to_owned() });
    }
    let named = named(resource, Kind::Ring, notes)?;
    let (account, location) = (Some(named.project.to_owned()), Some(named.place.clone()));
    Ok(BindingsOn::Ring { account, location, name: named.ring.to_owned() })
}

pub(crate) fn get(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: iam::GetIamPolicyRequest = message(bytes)?;
    let version = input.options.map_or(0, |options| options.requested_policy_version);
    let on = on(&input.resource, notes)?;
    if !matches!(version, 0 | 1 | CONDITIONS_VERSION) {
        return Err(Objection::invalid("requested_policy_version must be 0, 1 or 3.").into());
    }
    notes.keep_if(version < CONDITIONS_VERSION, PLAIN);
    Ok(Ask::GetBindings { on })
}

/// Bindings are kept as they were given; what names them is not part of them.
pub(crate) fn set(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: iam::SetIamPolicyRequest = message(bytes)?;
    let on = on(&input.resource, notes)?;
    let missing = || Objection::invalid("The policy field is required.");
    let mut policy = input.policy.ok_or_else(missing)?;
    let tag = Some(std::mem::take(&mut policy.etag)).filter(|tag| !tag.is_empty());
    let value = json::value(POLICY, &policy.encode_to_vec());
    let value = value.ok_or_else(|| Objection::invalid("The policy cannot be read."))?;
    Ok(Ask::SetBindings { on, text: value.to_string(), tag })
}

pub(crate) fn test(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: iam::TestIamPermissionsRequest = message(bytes)?;
    let on = on(&input.resource, notes)?;
    Ok(Ask::TestPermissions { on, permissions: input.permissions })
}

pub(crate) fn write(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Bindings { text, tag } = reply else { return None };
    let kind = proto::pool()?.get_message_by_name(POLICY)?;
    let policy = json::read(kind, text.as_bytes()).ok()?;
    let mut policy: iam::Policy = policy.transcode_to().ok()?;
    if noted.has(PLAIN) {
        policy.version = policy.version.min(1);
        policy.bindings.iter_mut().for_each(hide);
    }
    Some(iam::Policy { etag: tag.clone(), ..policy }.encode_to_vec())
}

/// For those who know nothing of conditions: nobody takes a binding with one for a plain one, or can put it back as such.
fn hide(binding: &mut iam::Binding) {
    if let Some(condition) = binding.condition.take() {
        let digest = checksum::of(&condition.encode_to_vec());
        binding.role = format!("{}{HIDDEN}{digest:020x}", binding.role);
    }
}

pub(crate) fn write_permissions(_: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Permissions(permissions) = reply else { return None };
    Some(iam::TestIamPermissionsResponse { permissions: permissions.clone() }.encode_to_vec())
}
