//! ListKeyRings, GetKeyRing and CreateKeyRing.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings>)

use crate::input::{Notes, Objection, Trouble, message};
use crate::listing::{Paging, page};
use crate::name::{self, Kind, Named};
use crate::proto::kms;
use crate::status::Noted;
use crate::time;
use domain::{Ask, Keyring, Reply, RingName};
use prost::Message;
use std::sync::Arc;

/// Reads the name that a request is about, and goes to its place.
pub(crate) fn named<'a>(text: &'a str, kind: Kind, notes: &mut Notes) -> Result<Named<'a>, Objection> {
    notes.keep("name", text);
    let named = name::parse(text, kind)?;
    notes.place = named.place.clone();
    Ok(named)
}

pub(crate) fn list(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ListKeyRingsRequest = message(bytes)?;
    let named = named(&input.parent, Kind::Location, notes)?;
    let kms::ListKeyRingsRequest { page_size: size, page_token, filter, order_by, .. } = &input;
    Paging { size: *size, token: page_token, filter, order: order_by }.keep(notes)?;
    Ok(Ask::ListRings { project: Some(named.project.to_owned()) })
}

pub(crate) fn get(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::GetKeyRingRequest = message(bytes)?;
    let ring = named(&input.name, Kind::Ring, notes)?.ring_name();
    Ok(Ask::DescribeRing { ring })
}

pub(crate) fn create(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::CreateKeyRingRequest = message(bytes)?;
    let named = named(&input.parent, Kind::Location, notes)?;
    id("key_ring_id", &input.key_ring_id)?;
    notes.keep("made", format!("{}/keyRings/{}", input.parent, input.key_ring_id));
    Ok(Ask::CreateRing { ring: RingName { project: Some(named.project.to_owned()), ring: input.key_ring_id } })
}

/// What a resource that is to be made shall be called.
pub(crate) fn id(field: &str, id: &str) -> Result<(), Objection> {
    if name::is_id(id) {
        return Ok(());
    }
    Err(Objection::invalid(format!("{field} must match the regular expression [a-zA-Z0-9_-]{{1,63}}.")))
}

pub(crate) fn write_list(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Rings(rings) = reply else { return None };
    let show = |ring: &Arc<Keyring>| shown(noted.name(), ring);
    let page = page(noted, "google.cloud.kms.v1.KeyRing", rings, |ring| ring.name.clone(), show)?;
    let total_size = page.total;
    Some(kms::ListKeyRingsResponse { key_rings: page.items, next_page_token: page.next, total_size }.encode_to_vec())
}

pub(crate) fn write(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Ring(ring) = reply else { return None };
    // Where one was made, the name is its parent's.
    let parent = name::upto(noted.name(), "locations");
    Some(shown(parent, ring).encode_to_vec())
}

/// The project is called as the client called it.
fn shown(parent: &str, ring: &Keyring) -> kms::KeyRing {
    kms::KeyRing { name: format!("{parent}/keyRings/{}", ring.name), create_time: Some(time::written(ring.created)) }
}
