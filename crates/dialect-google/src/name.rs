//! Names of resources: `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V`, or less of it.

use crate::input::Objection;
use domain::{KeyBy, KeyName, Location, RingName};

/// How long the id of a ring or key may be.
const ID_CHARS_MAX: usize = 63;

/// A name that fits; `place` is where it says it is.
pub(crate) struct Named<'a> {
    pub(crate) project: &'a str,
    pub(crate) place: Location,
    pub(crate) ring: &'a str,
    /// Or whatever else the name ends with.
    pub(crate) key: &'a str,
    pub(crate) version: Option<u32>,
}

impl Named<'_> {
    pub(crate) fn ring_name(&self) -> RingName {
        RingName { project: Some(self.project.into()), ring: self.ring.into() }
    }

    pub(crate) fn key_name(&self) -> KeyName {
        KeyName {
            by: KeyBy::InRing { ring: self.ring.into(), name: self.key.into() },
            account: Some(self.project.into()),
            location: Some(self.place.clone()),
        }
    }
}

/// What a name may end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Location,
    Ring,
    Key,
    Version,
    /// Either: a version means itself, a key its primary.
    KeyOrVersion,
    Job,
    Retired,
    Operation,
}

const PROJECT: &str = "projects/([^/]+)";
const LOCATION: &str = "/locations/([a-zA-Z0-9-]{1,63})";
const RING: &str = "/keyRings/([a-zA-Z0-9_-]{1,63})";
const KEY: &str = "/cryptoKeys/([a-zA-Z0-9_-]{1,63})";
const JOB: &str = "/importJobs/([a-zA-Z0-9_-]{1,63})";
const RETIRED: &str = "/retiredResources/([a-zA-Z0-9_-]{1,63})";
const OPERATION: &str = "/operations/([a-zA-Z0-9_-]{1,63})";
const VERSION: &str = "/cryptoKeyVersions/([a-zA-Z0-9_-]{1,63})";

impl Kind {
    /// As errors spell it.
    fn pattern(self) -> String {
        match self {
            Self::Location => format!("{PROJECT}{LOCATION}"),
            Self::Ring => format!("{PROJECT}{LOCATION}{RING}"),
            Self::Key => format!("{PROJECT}{LOCATION}{RING}{KEY}"),
            Self::Version => format!("{PROJECT}{LOCATION}{RING}{KEY}{VERSION}"),
            Self::KeyOrVersion => format!("{PROJECT}{LOCATION}{RING}{KEY}({VERSION})?"),
            Self::Job => format!("{PROJECT}{LOCATION}{RING}{JOB}"),
            Self::Retired => format!("{PROJECT}{LOCATION}{RETIRED}"),
            Self::Operation => format!("{PROJECT}{LOCATION}{OPERATION}"),
        }
    }
}

/// Reads a name of this kind, wherever it is.
pub(crate) fn parse(text: &str, kind: Kind) -> Result<Named<'_>, Objection> {
    let unfit = || Objection::invalid(format!("Resource name [{text}] does not match pattern '{}'.", kind.pattern()));
    read(text, kind).ok_or_else(unfit)
}

fn read(text: &str, kind: Kind) -> Option<Named<'_>> {
    let mut parts = text.split('/');
    let mut after = |label: &str| -> Option<&str> {
        (parts.next()? == label).then_some(())?;
        parts.next().filter(|part| !part.is_empty())
    };
    let project = after("projects")?;
    let place = Location::parse(after("locations")?)?;
    let mut named = Named { project, place, ring: "", key: "", version: None };
    if !matches!(kind, Kind::Location | Kind::Retired | Kind::Operation) {
        named.ring = after("keyRings").filter(|id| is_id(id))?;
    }
    if !matches!(kind, Kind::Location | Kind::Ring) {
        let label = match kind {
            Kind::Job => "importJobs",
            Kind::Retired => "retiredResources",
            Kind::Operation => "operations",
            _ => "cryptoKeys",
        };
        named.key = after(label).filter(|id| is_id(id))?;
    }
    if kind == Kind::Version {
        named.version = Some(version_number(after("cryptoKeyVersions")?)?);
    }
    match (kind, parts.next()) {
        (_, None) => Some(named),
        (Kind::KeyOrVersion, Some("cryptoKeyVersions")) => {
            named.version = Some(version_number(parts.next()?)?);
            parts.next().is_none().then_some(named)
        }
        _ => None,
    }
}

/// Letters, digits, `_` and `-`.
pub(crate) fn is_id(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    (1..=ID_CHARS_MAX).contains(&text.len()) && letters
}

/// Counted from one; a number that no version ever gets is none.
pub(crate) fn version_number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|number| digits && *number > 0)
}

/// `projects/P` alone.
pub(crate) fn project(text: &str) -> Result<&str, Objection> {
    let project = text.strip_prefix("projects/").filter(|project| !project.is_empty() && !project.contains('/'));
    project.ok_or_else(|| Objection::invalid(format!("Resource name [{text}] does not match pattern '{PROJECT}'.")))
}

/// The name up to and with the part that this label is before.
pub(crate) fn upto<'a>(text: &'a str, label: &str) -> &'a str {
    let parted = |at: usize| {
        let (before, after) = (text.get(..at)?, text.get(at + label.len()..)?);
        (before.ends_with('/') && after.starts_with('/')).then_some(at + label.len() + 1)
    };
    let Some(rest) = text.match_indices(label).find_map(|(at, _)| parted(at)) else { return text };
    let end = text.get(rest..).and_then(|rest| rest.find('/')).map_or(text.len(), |more| rest + more);
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_to_their_end_and_no_further() {
        let key = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
        assert_eq!(parse(key, Kind::Key).map(|named| named.key.to_owned()).ok(), Some("k".into()));
        assert_eq!(parse(key, Kind::KeyOrVersion).map(|named| named.version).ok(), Some(None));
        let version = format!("{key}/cryptoKeyVersions/12");
        assert_eq!(parse(&version, Kind::KeyOrVersion).map(|named| named.version).ok(), Some(Some(12)));
        for bad in ["", "/", "projects//locations/g/keyRings/r/cryptoKeys/k", &format!("{key}/"), &format!("{key}/x/1")]
        {
            assert!(parse(bad, Kind::KeyOrVersion).is_err(), "{bad}");
        }
        for bad in ["0", "01", "+1", "x", "4294967296"] {
            assert!(parse(&format!("{key}/cryptoKeyVersions/{bad}"), Kind::Version).is_err(), "{bad}");
        }
        assert!(parse(&version, Kind::Key).is_err() && parse(key, Kind::Version).is_err());
    }

    #[test]
    fn a_part_of_a_name_is_its_beginning() {
        let version = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3";
        assert_eq!(upto(version, "keyRings"), "projects/p/locations/l/keyRings/r");
        assert_eq!(upto(version, "cryptoKeys"), "projects/p/locations/l/keyRings/r/cryptoKeys/k");
        assert_eq!(upto(version, "cryptoKeyVersions"), version);
    }
}
