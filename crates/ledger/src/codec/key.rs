//! Keys with their versions, and material.

use super::{
    FORMAT, Unread, read_id, read_location, read_pairs, read_string, read_time, write_id, write_pair, write_time,
};
use crate::cbor::{Fields, Reader, Writer};
use crate::entry::Malformed;
use domain::{
    AccessReason, Algorithm, Amount, Authority, Budget, Destruction, Document, FailureReason, Fingerprint, Imported,
    Key, KeyFacts, KeyMaterial, KeyState, Life, Limits, Location, Material, ObjectId, Origin, ProtectionLevel, Purpose,
    Ready, Removal, RotationSchedule, SECONDS_PER_DAY, Scheme, Steady, Timestamp, Version, VersionCause, Window,
};
use secret::Kept;

/// A version with everything but a public key takes less.
const VERSION_BYTES_MAX: usize = 208;
/// Material of more bytes is none: an RSA key of 4,096 bits as PKCS#8 has 2,400.
const MATERIAL_BYTES_MAX: usize = 4_096;

pub(super) fn encode_key(key: &Key) -> Vec<u8> {
    let documents: usize = key.documents.iter().map(|document| document.text.len() + document.name.len() + 16).sum();
    let publics: usize = key.versions.iter().filter_map(|version| version.public.as_ref()).map(|one| one.len()).sum();
    let versions = VERSION_BYTES_MAX * key.versions.len() + publics;
    let mut writer = Writer::with_capacity(512 + key.description.len() + versions + documents);
    writer.document(FORMAT, |map| {
        write_nature(map, key);
        write_course(map, key);
    });
    writer.finish()
}

/// What never changes.
fn write_nature(map: &mut Fields<'_>, key: &Key) {
    map.put(1, |w| write_id(w, key.tenant));
    map.put(2, |w| w.text(&key.location.0));
    map.put(3, |w| w.text(&key.ring));
    map.put_some(4, key.name.as_ref(), |w, name| w.text(name));
    map.put(5, |w| w.number(key.purpose as u8));
    map.put(6, |w| w.number(key.algorithm as u16));
    map.put(7, |w| w.number(key.origin as u8));
    map.put(8, |w| w.number(key.protection as u8));
    map.put(9, |w| w.number(key.authority as u8));
}

/// What changes.
fn write_course(map: &mut Fields<'_>, key: &Key) {
    map.put(10, |w| write_life(w, key.life));
    map.put(11, |w| w.number(key.primary));
    map.put_list(12, &key.versions, write_version);
    map.put_some(13, key.rotation.filter(|rotation| in_days(*rotation)), |w, rotation| {
        w.array(2);
        w.number(rotation.period_days());
        write_time(w, rotation.next);
    });
    map.put(14, |w| w.number(key.rotations_on_demand));
    map.put(15, |w| write_time(w, key.created));
    map.put(16, |w| w.text(&key.description));
    map.put(17, |w| write_facts(w, &key.facts));
    map.put_list(18, &key.documents, write_document);
    map.put_some(19, (key.limits != Limits::NONE).then_some(key.limits), |w, limits| {
        w.array(2);
        w.maybe(limits.uses, |w, uses| w.number(uses));
        w.maybe(limits.bytes, |w, bytes| w.number(bytes));
    });
    map.put_some(20, key.scheme, |w, scheme| w.number(scheme as u16));
    map.put_some(24, key.rotation.filter(|rotation| !in_days(*rotation)), |w, rotation| {
        w.array(2);
        w.number(rotation.period_seconds);
        write_time(w, rotation.next);
    });
    map.put_some(25, key.version_window_seconds, |w, seconds| w.number(seconds));
    map.put_some(26, key.retired, write_time);
    map.put_some(27, key.access_reasons.as_ref(), |w, reasons| w.list(reasons, |w, reason| w.number(*reason as u8)));
}

/// Periods of whole days are kept in days, as they were before there were others.
fn in_days(rotation: RotationSchedule) -> bool {
    rotation.period_seconds.is_multiple_of(SECONDS_PER_DAY)
}

fn write_facts(w: &mut Writer, facts: &KeyFacts) {
    w.array(4);
    for fact in [&facts.owner, &facts.environment, &facts.data_class] {
        w.maybe(fact.as_ref(), |w, fact| w.text(fact));
    }
    w.list(&facts.tags, write_pair);
}

/// Items of a version that has no algorithm, scheme or public key of its own, was made here and lives, and of one that was
/// deleted.
const VERSION_ITEMS: u64 = 7;
const VERSION_ITEMS_MAX: u64 = 13;

/// [number, life, material, fingerprint or null, [from or null, until or null], created, cause], and where there is
/// any of them [.., algorithm or null, scheme or null, public key or null]; of an imported one [.., [job, time] or null]; of a destroyed
/// one [.., when or null]; of a deleted one [.., when].
fn write_version(w: &mut Writer, version: &Version) {
    w.array(version_items(version));
    w.number(version.number);
    write_life(w, version.life);
    write_material_state(w, version.material);
    w.maybe(version.fingerprint, |w, print| w.bytes(&print.0));
    w.array(2);
    w.maybe(version.window.from, write_time);
    w.maybe(version.window.until, write_time);
    write_time(w, version.created);
    w.number(version.cause as u8);
    let items = version_items(version);
    if items > 7 {
        w.maybe(version.algorithm, |w, algorithm| w.number(algorithm as u16));
        w.maybe(version.scheme, |w, scheme| w.number(scheme as u16));
        w.maybe(version.public.as_deref(), Writer::bytes);
    }
    if items > 10 {
        w.maybe(version.imported.as_ref(), |w, imported| {
            w.array(2);
            w.text(&imported.job);
            write_time(w, imported.at);
        });
    }
    if items > 11 {
        w.maybe(version.destroyed, write_time);
    }
    if items > 12 {
        w.maybe(version.deleted, write_time);
    }
}

/// No more than it takes.
fn version_items(version: &Version) -> usize {
    let own = version.algorithm.is_some() || version.scheme.is_some() || version.public.is_some();
    match (version.deleted, version.destroyed, &version.imported) {
        (Some(_), ..) => 13,
        (None, Some(_), _) => 12,
        (None, None, Some(_)) => 11,
        _ if own => 10,
        _ => 7,
    }
}

/// [state], or [state, deadline, due, state to resume to] while a destruction is scheduled.
fn write_life(w: &mut Writer, life: Life) {
    match life.destruction {
        Destruction::None => {
            w.array(1);
            w.number(life.state as u8);
        }
        Destruction::Scheduled { deadline, due, resume_to } => {
            w.array(4);
            w.number(life.state as u8);
            write_time(w, deadline);
            w.signed(due.0);
            w.number(resume_to as u8);
        }
    }
}

/// [1] awaited, [2, reason] failed, [3, expires or null] held, [4, why] removed.
fn write_material_state(w: &mut Writer, material: Material) {
    let number = match material {
        Material::Awaited => 1_u8,
        Material::Failed(_) => 2,
        Material::Held { .. } => 3,
        Material::Removed(_) => 4,
    };
    w.array(if material == Material::Awaited { 1 } else { 2 });
    w.number(number);
    match material {
        Material::Awaited => {}
        Material::Failed(reason) => w.number(reason as u8),
        Material::Held { expires } => w.maybe(expires, write_time),
        Material::Removed(why) => w.number(why as u8),
    }
}

pub(super) fn encode_budget(budget: &Budget) -> Vec<u8> {
    let mut writer = Writer::with_capacity(72);
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, budget.tenant));
        map.put(2, |w| write_id(w, budget.key));
        map.put(3, |w| w.number(budget.version));
        map.put(4, |w| w.number(budget.given.uses));
        map.put(5, |w| w.number(budget.given.bytes));
    });
    writer.finish()
}

pub(super) fn decode_budget(r: &mut Reader<'_>) -> Result<Budget, Malformed> {
    let (mut tenant, mut key, mut version, mut given) = (None, None, None, Amount::default());
    r.document(FORMAT.into(), |r, field| {
        match field {
            1 => tenant = Some(read_id(r)?),
            2 => key = Some(read_id(r)?),
            3 => version = Some(r.small()?),
            4 => given.uses = r.number()?,
            5 => given.bytes = r.number()?,
            _ => r.skip()?,
        }
        Ok(())
    })?;
    let (tenant, key, version) = (tenant.ok_or(Malformed)?, key.ok_or(Malformed)?, version.ok_or(Malformed)?);
    Ok(Budget { key, tenant, version, given })
}

/// A key of which not all may have been read yet.
#[derive(Default)]
struct Draft {
    tenant: Option<ObjectId>,
    location: Option<Location>,
    ring: Option<String>,
    name: Option<String>,
    purpose: Option<Purpose>,
    algorithm: Option<Algorithm>,
    scheme: Option<Scheme>,
    origin: Option<Origin>,
    protection: Option<ProtectionLevel>,
    authority: Option<Authority>,
    life: Option<Life>,
    primary: Option<u32>,
    versions: Vec<Version>,
    rotation: Option<RotationSchedule>,
    rotations_on_demand: u32,
    created: Option<Timestamp>,
    description: String,
    facts: KeyFacts,
    limits: Limits,
    documents: Vec<Document>,
    version_window_seconds: Option<u32>,
    retired: Option<Timestamp>,
    access_reasons: Option<Vec<AccessReason>>,
}

pub(super) fn decode_key(id: ObjectId, r: &mut Reader<'_>) -> Result<Key, Malformed> {
    let mut draft = Draft::default();
    r.document(FORMAT.into(), |r, key| draft.read(r, key))?;
    draft.finish(id)
}

impl Draft {
    fn read(&mut self, r: &mut Reader<'_>, key: u64) -> Result<(), Malformed> {
        match key {
            1 => self.tenant = Some(read_id(r)?),
            2 => self.location = Some(read_location(r)?),
            3 => self.ring = Some(read_string(r)?),
            4 => self.name = Some(read_string(r)?),
            5 => self.purpose = Some(r.meaning(Purpose::from_number)?),
            6 => self.algorithm = Some(r.meaning(Algorithm::from_number)?),
            7 => self.origin = Some(r.meaning(Origin::from_number)?),
            8 => self.protection = Some(r.meaning(ProtectionLevel::from_number)?),
            9 => self.authority = Some(r.meaning(Authority::from_number)?),
            10 => self.life = Some(read_life(r)?),
            11 => self.primary = Some(r.small()?),
            12 => self.versions = r.list(read_version)?,
            13 => self.rotation = Some(read_rotation(r, SECONDS_PER_DAY)?),
            14 => self.rotations_on_demand = r.small()?,
            15 => self.created = Some(read_time(r)?),
            16 => self.description = read_string(r)?,
            17 => self.facts = read_facts(r)?,
            18 => self.documents = r.list(read_document)?,
            19 => self.limits = read_limits(r)?,
            20 => self.scheme = Some(r.meaning(Scheme::from_number)?),
            24 => self.rotation = Some(read_rotation(r, 1)?),
            25 => self.version_window_seconds = Some(r.small()?),
            26 => self.retired = Some(read_time(r)?),
            27 => self.access_reasons = Some(r.list(|r| r.meaning(AccessReason::from_number))?),
            _ => r.skip()?,
        }
        Ok(())
    }

    fn finish(self, id: ObjectId) -> Result<Key, Malformed> {
        Ok(Key {
            id,
            tenant: self.tenant.ok_or(Malformed)?,
            location: self.location.ok_or(Malformed)?,
            ring: self.ring.ok_or(Malformed)?,
            name: self.name,
            purpose: self.purpose.ok_or(Malformed)?,
            algorithm: self.algorithm.ok_or(Malformed)?,
            scheme: self.scheme,
            origin: self.origin.ok_or(Malformed)?,
            protection: self.protection.ok_or(Malformed)?,
            authority: self.authority.ok_or(Malformed)?,
            life: self.life.ok_or(Malformed)?,
            primary: self.primary.ok_or(Malformed)?,
            versions: self.versions,
            rotation: self.rotation,
            rotations_on_demand: self.rotations_on_demand,
            created: self.created.ok_or(Malformed)?,
            description: self.description,
            facts: self.facts,
            limits: self.limits,
            documents: self.documents,
            version_window_seconds: self.version_window_seconds,
            retired: self.retired,
            access_reasons: self.access_reasons,
        })
    }
}

fn read_limits(r: &mut Reader<'_>) -> Result<Limits, Malformed> {
    r.tuple(2, |r| Ok(Limits { uses: r.maybe(Reader::number)?, bytes: r.maybe(Reader::number)? }))
}

/// The period is in units of so many seconds.
fn read_rotation(r: &mut Reader<'_>, unit: u32) -> Result<RotationSchedule, Malformed> {
    r.tuple(2, |r| {
        let period_seconds = r.small::<u32>()?.checked_mul(unit).ok_or(Malformed)?;
        Ok(RotationSchedule { period_seconds, next: read_time(r)? })
    })
}

fn read_facts(r: &mut Reader<'_>) -> Result<KeyFacts, Malformed> {
    r.tuple(4, |r| {
        let (owner, environment, data_class) = (r.maybe(read_string)?, r.maybe(read_string)?, r.maybe(read_string)?);
        Ok(KeyFacts { owner, environment, data_class, tags: read_pairs(r)? })
    })
}

/// [authority, name, text].
pub(super) fn write_document(w: &mut Writer, document: &Document) {
    w.array(3);
    w.number(document.regime as u8);
    w.text(&document.name);
    w.text(&document.text);
}

pub(super) fn read_document(r: &mut Reader<'_>) -> Result<Document, Malformed> {
    r.tuple(3, |r| {
        let regime = r.meaning(Authority::from_number)?;
        Ok(Document { regime, name: read_string(r)?, text: read_string(r)? })
    })
}

fn read_version(r: &mut Reader<'_>) -> Result<Version, Malformed> {
    r.grown(VERSION_ITEMS, VERSION_ITEMS_MAX, |r, items| {
        Ok(Version {
            number: r.small()?,
            life: read_life(r)?,
            material: read_material_state(r)?,
            fingerprint: r.maybe(Reader::fixed)?.map(Fingerprint),
            window: r.tuple(2, |r| Ok(Window { from: r.maybe(read_time)?, until: r.maybe(read_time)? }))?,
            created: read_time(r)?,
            cause: r.meaning(VersionCause::from_number)?,
            algorithm: r.maybe_if(items > 7, |r| r.meaning(Algorithm::from_number))?,
            scheme: r.maybe_if(items > 8, |r| r.meaning(Scheme::from_number))?,
            public: r.maybe_if(items > 9, |r| r.bytes().map(Into::into))?,
            imported: r.maybe_if(items > 10, read_imported)?,
            destroyed: r.maybe_if(items > 11, read_time)?,
            deleted: r.maybe_if(items > 12, read_time)?,
        })
    })
}

fn read_imported(r: &mut Reader<'_>) -> Result<Imported, Malformed> {
    r.tuple(2, |r| Ok(Imported { job: read_string(r)?, at: read_time(r)? }))
}

fn read_life(r: &mut Reader<'_>) -> Result<Life, Malformed> {
    r.variant(|r, state, more| {
        let state = u8::try_from(state).ok().and_then(KeyState::from_number).ok_or(Malformed)?;
        let destruction = match more {
            0 => Destruction::None,
            3 => Destruction::Scheduled {
                deadline: read_time(r)?,
                due: Steady(r.signed()?),
                resume_to: r.meaning(KeyState::from_number)?,
            },
            _ => return Err(Malformed),
        };
        Ok(Life { state, destruction })
    })
}

fn read_material_state(r: &mut Reader<'_>) -> Result<Material, Malformed> {
    r.variant(|r, which, more| match (which, more) {
        (1, 0) => Ok(Material::Awaited),
        (2, 1) => r.meaning(failure_reason).map(Material::Failed),
        (3, 1) => Ok(Material::Held { expires: r.maybe(read_time)? }),
        (4, 1) => r.meaning(removal).map(Material::Removed),
        _ => Err(Malformed),
    })
}

fn failure_reason(number: u8) -> Option<FailureReason> {
    [FailureReason::Generation, FailureReason::Import].into_iter().find(|reason| *reason as u8 == number)
}

fn removal(number: u8) -> Option<Removal> {
    [Removal::Deleted, Removal::Expired, Removal::Destroyed].into_iter().find(|why| *why as u8 == number)
}

pub(super) fn encode_material(material: &KeyMaterial) -> Vec<u8> {
    let mut writer = Writer::with_capacity(128 + material.bytes.len());
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, material.key));
        map.put(2, |w| write_id(w, material.tenant));
        map.put(3, |w| w.number(material.version));
        map.put(4, |w| w.number(material.algorithm as u16));
        map.put(5, |w| w.number(material.purpose as u8));
        map.put(6, |w| material.bytes.expose(|bytes| w.bytes(bytes)));
    });
    writer.finish()
}

pub(super) fn decode_material(r: &mut Reader<'_>) -> Result<KeyMaterial, Unread> {
    let (mut owner, mut tenant, mut version) = (None, None, None);
    let (mut algorithm, mut purpose, mut bytes) = (None, None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => owner = Some(read_id(r)?),
            2 => tenant = Some(read_id(r)?),
            3 => version = Some(r.small()?),
            4 => algorithm = Some(r.meaning(Algorithm::from_number)?),
            5 => purpose = Some(r.meaning(Purpose::from_number)?),
            6 => bytes = Some(r.bytes()?),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(KeyMaterial {
        key: owner.ok_or(Malformed)?,
        tenant: tenant.ok_or(Malformed)?,
        version: version.ok_or(Malformed)?,
        algorithm: algorithm.ok_or(Malformed)?,
        purpose: purpose.ok_or(Malformed)?,
        bytes: keep_material(bytes)?,
        ready: Ready::default(),
    })
}

fn keep_material(bytes: Option<&[u8]>) -> Result<Kept, Unread> {
    let bytes = bytes.filter(|bytes| bytes.len() <= MATERIAL_BYTES_MAX).ok_or(Unread::Malformed)?;
    Kept::keep(bytes).map_err(|_| Unread::MemoryFull)
}
