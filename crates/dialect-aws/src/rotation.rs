//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand and ListKeyRotations.

use crate::check::Checks;
use crate::input::{Int, Notes, Text, Trouble, parse};
use crate::keys::managed;
use crate::name::own_key;
use crate::output::Json;
use crate::page::{Paging, keep_window, write_window};
use domain::{Ask, Destruction, KeyShown, Material, Origin, Rotate, RotationSchedule, Version, VersionCause};
use serde::Deserialize;

const PERIOD_DAYS_DEFAULT: i64 = 365;
const PERIOD_DAYS_MIN: i64 = 90;
const PERIOD_DAYS_MAX: i64 = 2_560;
const LIST_ROTATIONS_DEFAULT: u32 = 100;
const LIST_ROTATIONS_MAX: u32 = 1_000;
const INCLUDES: &[&str] = &["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EnableKeyRotation<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    rotation_period_in_days: Option<Int>,
}

pub(crate) fn enable_key_rotation(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: EnableKeyRotation<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let days = input.rotation_period_in_days.map_or(PERIOD_DAYS_DEFAULT, |days| days.0);
    checks.number("rotationPeriodInDays", days, PERIOD_DAYS_MIN, PERIOD_DAYS_MAX);
    checks.settle()?;
    notes.keep("key", &key);
    Ok(Ask::SetRotation {
        key: own_key(&key, &notes.place)?,
        rotation: u32::try_from(days).ok().map(Rotate::every_days),
    })
}

pub(crate) fn disable_key_rotation(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    Ok(Ask::SetRotation { key: managed(body, notes)?, rotation: None })
}

pub(crate) fn get_key_rotation_status(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    Ok(Ask::GetRotation { key: managed(body, notes)? })
}

pub(crate) fn rotate_key_on_demand(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    Ok(Ask::Rotate { key: managed(body, notes)? })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListKeyRotations<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    include_key_material: Option<Text<'a>>,
    limit: Option<Int>,
    #[serde(borrow)]
    marker: Option<Text<'a>>,
}

pub(crate) fn list_key_rotations(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: ListKeyRotations<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let include = input.include_key_material.map_or("ROTATIONS_ONLY".into(), |text| text.0);
    checks.one_of("includeKeyMaterial", &include, INCLUDES);
    let paging = Paging::check(&mut checks, input.limit, input.marker);
    checks.settle()?;
    notes.keep("window", &keep_window(paging.window(LIST_ROTATIONS_DEFAULT, LIST_ROTATIONS_MAX)?));
    notes.keep("include", &include);
    notes.keep("key", &key);
    Ok(Ask::ListVersions { key: own_key(&key, &notes.place)? })
}

/// A key that waits for its end is not rotated, whatever its schedule says.
pub(crate) fn write_status(shown: &KeyShown, schedule: Option<&RotationSchedule>) -> Vec<u8> {
    let schedule = schedule.filter(|_| shown.key.life.destruction == Destruction::None);
    let mut json = Json::object(256);
    json.id("KeyId", shown.key.id);
    json.flag("KeyRotationEnabled", schedule.is_some());
    if let Some(schedule) = schedule {
        json.date("NextRotationDate", schedule.next);
        json.number("RotationPeriodInDays", schedule.period_days());
    }
    json.done()
}

pub(crate) fn write_rotated(id: &str) -> Vec<u8> {
    let mut json = Json::object(64);
    json.text("KeyId", id);
    json.done()
}

pub(crate) fn write_rotations(shown: &KeyShown, versions: &[Version], include: &str, window: &str) -> Vec<u8> {
    let all = include == "ALL_KEY_MATERIAL";
    let listed: Vec<&Version> = versions.iter().filter(|v| all || v.cause != VersionCause::Creation).collect();
    let mut json = Json::object(64 + listed.len() * 320);
    write_window(&mut json, "Rotations", &listed, window, |json, version| write_rotation(json, shown, version));
    json.done()
}

fn write_rotation(json: &mut Json, shown: &KeyShown, version: &Version) {
    json.id("KeyId", shown.key.id);
    if let Some(fingerprint) = &version.fingerprint {
        json.hex("KeyMaterialId", &fingerprint.0);
    }
    let current = version.number == shown.key.primary;
    json.text("KeyMaterialState", if current { "CURRENT" } else { "NON_CURRENT" });
    match version.cause {
        VersionCause::Creation => {}
        VersionCause::Schedule => json.text("RotationType", "AUTOMATIC"),
        VersionCause::Demand => json.text("RotationType", "ON_DEMAND"),
    }
    if version.cause != VersionCause::Creation {
        json.date("RotationDate", version.created);
    }
    if shown.key.origin == Origin::Imported {
        let held = matches!(version.material.at(shown.now), Material::Held { .. });
        json.text("ImportState", if held { "IMPORTED" } else { "PENDING_IMPORT" });
    }
}
