//! google.cloud.location.Locations.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations>)

use crate::GLOBAL;
use crate::input::{Notes, Trouble, message};
use crate::listing::{Paging, page};
use crate::name::{self, Kind};
use crate::proto::{kms, location};
use crate::status::Noted;
use domain::{Ask, Reply};
use prost::Message;

pub(crate) fn list(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: location::ListLocationsRequest = message(bytes)?;
    notes.keep("name", input.name.as_str());
    let project = name::project(&input.name)?;
    Paging { size: input.page_size, token: &input.page_token, filter: &input.filter, order: "" }.keep(notes)?;
    Ok(Ask::ListLocations { project: Some(project.to_owned()) })
}

/// Keys can be made wherever a name says they are: each place that is spelled well is one.
pub(crate) fn get(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: location::GetLocationRequest = message(bytes)?;
    notes.keep("name", input.name.as_str());
    let named = name::parse(&input.name, Kind::Location)?;
    notes.keep("project", named.project);
    notes.place = named.place;
    let place = notes.place.0.to_string();
    notes.keep("location", place);
    Ok(Ask::ListLocations { project: Some(named.project.to_owned()) })
}

pub(crate) fn write_list(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Locations(found) = reply else { return None };
    let mut places: Vec<&str> = found.iter().map(|place| &*place.0).chain([GLOBAL]).collect();
    places.sort_unstable();
    places.dedup();
    let show = |place: &&str| shown(noted.name(), place);
    let page = page(noted, "google.cloud.location.Location", &places, |place| (*place).to_owned(), show)?;
    let answer = location::ListLocationsResponse { locations: page.items, next_page_token: page.next };
    Some(answer.encode_to_vec())
}

pub(crate) fn write(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Locations(_) = reply else { return None };
    let project = format!("projects/{}", noted.get("project")?);
    Some(shown(&project, noted.get("location")?).encode_to_vec())
}

fn shown(project: &str, place: &str) -> location::Location {
    let levels = kms::LocationMetadata::default();
    let metadata = prost_types::Any {
        type_url: "type.googleapis.com/google.cloud.kms.v1.LocationMetadata".into(),
        value: levels.encode_to_vec(),
    };
    location::Location {
        name: format!("{project}/locations/{place}"),
        location_id: place.to_owned(),
        display_name: place.to_owned(),
        labels: [("cloud.googleapis.com/region".to_owned(), place.to_owned())].into(),
        metadata: Some(metadata),
    }
}
