//! DeleteCryptoKey, DeleteCryptoKeyVersion, ListRetiredResources, GetRetiredResource; and GetOperation, since what deletes
//! is an operation, which is done when it is answered.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.retiredResources>)

use crate::code::Code;
use crate::input::{Notes, Objection, Trouble, message};
use crate::listing::{Paging, page};
use crate::name::{self, Kind};
use crate::proto::longrunning::operation::Result as Outcome;
use crate::proto::{kms, longrunning};
use crate::rings::named;
use crate::status::Noted;
use crate::versions::one;
use crate::{shown, time};
use domain::{Ask, Key, ObjectId, Reply};
use prost::Message;
use std::sync::Arc;

const KEY_TYPE: &str = "cloudkms.googleapis.com/CryptoKey";
/// What an operation that deleted a key is called, before the key's id.
const DELETED: &str = "delete-";

pub(crate) fn delete_key(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::DeleteCryptoKeyRequest = message(bytes)?;
    Ok(Ask::DeleteKey { key: named(&input.name, Kind::Key, notes)?.key_name() })
}

pub(crate) fn delete_version(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::DeleteCryptoKeyVersionRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    Ok(Ask::DeleteVersion { key: named.key_name(), version })
}

pub(crate) fn list(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ListRetiredResourcesRequest = message(bytes)?;
    let named = named(&input.parent, Kind::Location, notes)?;
    Paging { size: input.page_size, token: &input.page_token, filter: "", order: "" }.keep(notes)?;
    Ok(Ask::ListRetiredKeys { project: Some(named.project.to_owned()) })
}

pub(crate) fn get(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::GetRetiredResourceRequest = message(bytes)?;
    let named = named(&input.name, Kind::Retired, notes)?;
    described(named.project, named.key).ok_or_else(|| absent("RetiredResource", &input.name).into())
}

/// Operations are of keys that were deleted; of others nobody has to wait.
pub(crate) fn operation(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: longrunning::GetOperationRequest = message(bytes)?;
    notes.keep("name", input.name.as_str());
    let missing = || absent("Operation", &input.name);
    let named = name::parse(&input.name, Kind::Operation).map_err(|_| missing())?;
    notes.place = named.place.clone();
    let id = named.key.strip_prefix(DELETED).ok_or_else(missing)?;
    described(named.project, id).ok_or_else(|| missing().into())
}

fn described(project: &str, id: &str) -> Option<Ask> {
    Some(Ask::DescribeRetiredKey { project: Some(project.to_owned()), id: ObjectId::parse(id)? })
}

fn absent(kind: &str, name: &str) -> Objection {
    Objection::new(Code::NotFound, format!("{kind} {name} not found."))
}

/// The place that the request named, as the client spells it.
fn place<'a>(noted: &Noted<'a>) -> &'a str {
    name::upto(noted.name(), "locations")
}

/// An operation that is done, and what it left.
fn done(name: String, kind: &str, metadata: Vec<u8>) -> Vec<u8> {
    let any = |kind: &str, value| prost_types::Any { type_url: format!("type.googleapis.com/{kind}"), value };
    let operation = longrunning::Operation {
        name,
        metadata: Some(any(&format!("google.cloud.kms.v1.{kind}"), metadata)),
        done: true,
        result: Some(Outcome::Response(any("google.protobuf.Empty", Vec::new()))),
    };
    operation.encode_to_vec()
}

pub(crate) fn write_deleted(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::RetiredKey(found) = reply else { return None };
    let (place, id) = (place(noted), found.key.id);
    let metadata = kms::DeleteCryptoKeyMetadata { retired_resource: format!("{place}/retiredResources/{id}") };
    Some(done(format!("{place}/operations/{DELETED}{id}"), "DeleteCryptoKeyMetadata", metadata.encode_to_vec()))
}

pub(crate) fn write_deleted_version(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Done = reply else { return None };
    let metadata = kms::DeleteCryptoKeyVersionMetadata {};
    // Nobody asks for it again: it is done.
    let name = format!("{}/operations/{DELETED}version-{}", place(noted), noted.0.id.0);
    Some(done(name, "DeleteCryptoKeyVersionMetadata", metadata.encode_to_vec()))
}

pub(crate) fn write_list(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::RetiredKeys { keys, .. } = reply else { return None };
    let show = |key: &Arc<Key>| resource(place(noted), key);
    let page = page(noted, "google.cloud.kms.v1.RetiredResource", keys, |key| key.id.to_string(), show)?;
    let (retired_resources, total_size) = (page.items, i64::from(page.total));
    let answer = kms::ListRetiredResourcesResponse { retired_resources, next_page_token: page.next, total_size };
    Some(answer.encode_to_vec())
}

pub(crate) fn write(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::RetiredKey(found) = reply else { return None };
    Some(resource(place(noted), &found.key).encode_to_vec())
}

fn resource(place: &str, key: &Key) -> kms::RetiredResource {
    kms::RetiredResource {
        name: format!("{place}/retiredResources/{}", key.id),
        original_resource: format!("{place}/keyRings/{}/cryptoKeys/{}", key.ring, shown::id(key)),
        resource_type: KEY_TYPE.into(),
        delete_time: key.retired.map(time::written),
    }
}
