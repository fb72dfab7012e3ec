//! Keys and versions, as they are shown.

use crate::answer::base64;
use crate::words::Word;
use domain::{
    Destruction, FailureReason, Fault, Key, KeyShown, KeyState, Keyring, Limits, Material, Moment, Reading, Removal,
    RotationSchedule, SECONDS_PER_DAY, Scheme, Tenant, Timestamp, Tongue, Use, Version, Worker, permitted,
};
use serde_json::{Map, Value, json};

pub(crate) fn time(at: Timestamp) -> Value {
    Value::String(at.to_rfc3339())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn key(shown: &KeyShown) -> Value {
    key_at(&shown.key, &shown.owner, shown.now)
}

/// A key as it is at a moment.
pub(crate) fn key_at(key: &Key, owner: &Tenant, now: Moment) -> Value {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| {
        told.insert(name.into(), value);
    };
    tell("id", json!(key.id.to_string()));
    tell("name", json!(key.name));
    tell("ring", json!(key.ring));
    tell("path", json!(key.path()));
    tell("account", json!(owner.account));
    tell("location", json!(&*key.location.0));
    tell("purpose", json!(key.purpose.word()));
    tell("algorithm", json!(key.algorithm.name()));
    tell("scheme", json!(key.scheme.map(Scheme::name)));
    tell("origin", json!(key.origin.word()));
    tell("protection", json!(key.protection.word()));
    tell("authority", json!(key.authority.name()));
    tell("state", json!(key.life.state.word()));
    tell("destruction", destruction(key.life.destruction));
    tell("protects", may(key, Use::Protect, now));
    tell("processes", may(key, Use::Process, now));
    tell("primary", json!(key.primary));
    tell("versions", json!(key.versions.len()));
    let rotation = key.rotation.map(schedule);
    tell("rotation", json!(rotation));
    let limits = (key.limits != Limits::NONE).then_some(key.limits);
    tell("limits", json!(limits.map(|one| json!({ "uses": one.uses, "bytes": one.bytes }))));
    tell("created", time(key.created));
    tell("description", json!(key.description));
    tell("owner", json!(key.facts.owner));
    tell("environment", json!(key.facts.environment));
    tell("data_class", json!(key.facts.data_class));
    tell("tags", pairs(&key.facts.tags));
    let reasons = key.access_reasons.as_ref();
    tell("access_reasons", json!(reasons.map(|all| all.iter().map(|one| one.name()).collect::<Vec<_>>())));
    tell("not_shown_in", not_shown(key));
    Value::Object(told)
}

/// In days; a period that is not of whole days also in seconds.
pub(crate) fn ring(ring: &Keyring) -> Value {
    json!({ "id": ring.id.to_string(), "name": ring.name, "location": ring.location.0, "created": time(ring.created) })
}

pub(crate) fn schedule(schedule: RotationSchedule) -> Value {
    let mut told = Map::new();
    told.insert("period_days".into(), json!(schedule.period_days()));
    told.insert("next".into(), time(schedule.next));
    if !schedule.period_seconds.is_multiple_of(SECONDS_PER_DAY) {
        told.insert("period_seconds".into(), json!(schedule.period_seconds));
    }
    Value::Object(told)
}

pub(crate) fn pairs(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect::<Map<_, _>>().into()
}

/// The tongues in which the key does not appear, and why.
fn not_shown(key: &Key) -> Value {
    let others = [Tongue::Aws, Tongue::Azure, Tongue::Google].into_iter();
    let silent = others.filter_map(|tongue| Some((tongue.name().to_owned(), json!(tongue.spells(key).err()?))));
    silent.collect::<Map<_, _>>().into()
}

/// Whether the primary version may do this now; if not, why.
fn may(key: &Key, usage: Use, now: Moment) -> Value {
    match key.primary_version().and_then(|version| permitted(key, version, usage, now)) {
        Ok(()) => json!({ "allowed": true }),
        Err(fault) => json!({ "allowed": false, "word": fault.word(), "why": told(&fault) }),
    }
}

fn told(fault: &Fault) -> String {
    fault.to_string()
}

fn destruction(destruction: Destruction) -> Value {
    match destruction {
        Destruction::None => Value::Null,
        Destruction::Scheduled { deadline, resume_to, .. } => {
            json!({ "deadline": time(deadline), "resume_to": KeyState::word(resume_to) })
        }
    }
}

pub(crate) fn version(key: &Key, version: &Version, now: Moment) -> Value {
    let (material, expires) = material(version.material.at(now));
    json!({
        "number": version.number,
        "algorithm": key.algorithm_of(version).name(),
        "scheme": key.scheme_of(version).map(Scheme::name),
        "state": version.life.state.word(),
        "destruction": destruction(version.life.destruction),
        "material": material,
        "expires": expires.map(time),
        "fingerprint": version.fingerprint.map(|print| hex(&print.0)),
        "from": version.window.from.map(time),
        "until": version.window.until.map(time),
        "created": time(version.created),
        "cause": version.cause.word(),
        "destroyed": version.destroyed.map(time),
        "deleted": version.deleted.map(time),
        "import": version.imported.as_ref().map(|one| json!({ "job": one.job, "at": time(one.at) })),
    })
}

fn material(material: Material) -> (&'static str, Option<Timestamp>) {
    match material {
        Material::Awaited => ("awaited", None),
        Material::Failed(FailureReason::Generation) => ("generation-failed", None),
        Material::Failed(FailureReason::Import) => ("import-failed", None),
        Material::Held { expires } => ("held", expires),
        Material::Removed(Removal::Deleted) => ("deleted", None),
        Material::Removed(Removal::Expired) => ("expired", None),
        Material::Removed(Removal::Destroyed) => ("destroyed", None),
    }
}

/// Which key and version did the work.
pub(crate) fn worker(by: &Worker) -> Value {
    let algorithm = by.key.version(by.version).map_or(by.key.algorithm, |version| by.key.algorithm_of(version));
    json!({
        "id": by.key.id.to_string(),
        "path": by.key.path(),
        "account": by.owner.account,
        "version": by.version,
        "algorithm": algorithm.name(),
    })
}

/// What is told of a key that was deleted.
pub(crate) fn retired(key: &Key) -> Value {
    json!({ "id": key.id.to_string(), "ring": key.ring, "name": key.name, "retired": key.retired.map(time) })
}

/// A key that unwraps what is brought.
pub(crate) fn import_job(job: &Key, now: Moment) -> Value {
    let version = job.versions.first();
    let (state, expires) = material(version.map_or(Material::Awaited, |version| version.material.at(now)));
    let spki = version.and_then(|version| version.public.as_ref()).filter(|_| state == "held");
    json!({
        "id": job.id.to_string(),
        "name": job.name,
        "ring": job.ring,
        "location": &*job.location.0,
        "algorithm": job.algorithm.name(),
        "scheme": job.scheme.map(Scheme::name),
        "material": state,
        "expires": expires.map(time),
        "created": time(job.created),
        "spki": spki.map(|spki| base64(spki)),
    })
}

/// What each time decides stands with it, for whoever has to choose.
pub(crate) fn clock(reading: &Reading) -> Value {
    let now = reading.now;
    json!({
        "wall": time(now.wall),
        "expected": time(now.expected),
        "ahead_millis": now.deviation(),
        "disputed": now.dispute().is_some(),
        "steady_millis": now.steady.0,
        "agreed_offset_millis": reading.offset(),
        "missing_millis": reading.missing,
        "kernel_synchronised": reading.synchronised,
        "says": reading.text(),
        "follows": {
            "wall": ["rotation", "activation", "windows", "signatures"],
            "later_of_wall_and_expected": ["expiry"],
            "steady": ["destruction", "retention of the log"],
        },
    })
}
