//! ListCryptoKeys, GetCryptoKey, CreateCryptoKey, UpdateCryptoKey and UpdateCryptoKeyPrimaryVersion.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys>)

use crate::code::Code;
use crate::input::{Notes, Objection, Trouble, message};
use crate::listing::{Paging, page};
use crate::name::{self, Kind};
use crate::proto::kms;
use crate::proto::kms::crypto_key::{CryptoKeyPurpose, RotationSchedule};
use crate::proto::kms::crypto_key_version::CryptoKeyVersionAlgorithm;
use crate::rings::{id, named};
use crate::status::Noted;
use crate::{algorithm, reasons, shown, time};
use domain::{
    Algorithm, Ask, Authority, CreateKey, Key, KeyFacts, KeyUpdate, LifeChange, Limits, Make, Moment, Origin,
    ProtectionLevel, Purpose, Reply, Rotate, RotationChange, Scheme, Timestamp, Window,
};
use prost::Message;
use std::collections::BTreeMap;
use std::sync::Arc;

const LABELS_MAX: usize = 64;
const LABEL_CHARS_MAX: usize = 63;

pub(crate) fn list(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ListCryptoKeysRequest = message(bytes)?;
    let ring = named(&input.parent, Kind::Ring, notes)?.ring_name();
    let kms::ListCryptoKeysRequest { page_size: size, page_token, filter, order_by, .. } = &input;
    Paging { size: *size, token: page_token, filter, order: order_by }.keep(notes)?;
    Ok(Ask::ListKeysInRing { ring })
}

pub(crate) fn get(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::GetCryptoKeyRequest = message(bytes)?;
    let key = named(&input.name, Kind::Key, notes)?.key_name();
    Ok(Ask::DescribeKey { key, at: None })
}

pub(crate) fn create(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::CreateCryptoKeyRequest = message(bytes)?;
    let named = named(&input.parent, Kind::Ring, notes)?;
    id("crypto_key_id", &input.crypto_key_id)?;
    notes.keep("made", format!("{}/cryptoKeys/{}", input.parent, input.crypto_key_id));
    let missing = || Objection::invalid("The crypto_key field is required.");
    let key = input.crypto_key.as_ref().ok_or_else(missing)?;
    let purpose = purpose(key.purpose)?;
    let (algorithm, scheme) = template(purpose, key.version_template.as_ref())?;
    not_here(key, input.trusted_wrapping_enabled)?;
    let window = key.destroy_scheduled_duration.as_ref();
    let access_reasons = key.key_access_justifications_policy.as_ref().map(reasons::read).transpose()?;
    Ok(Ask::CreateKey(Box::new(CreateKey {
        project: Some(named.project.to_owned()),
        ring: named.ring.to_owned(),
        in_existing_ring: true,
        name: Some(input.crypto_key_id.clone()),
        purpose,
        algorithm,
        scheme,
        later: false,
        origin: origin(key, input.skip_initial_version_creation)?,
        protection: ProtectionLevel::Software,
        authority: Authority::GoogleIam,
        description: String::new(),
        facts: KeyFacts { tags: labels(&key.labels)?, ..KeyFacts::default() },
        document: None,
        bypass_lockout_check: false,
        rotation: rotation(key, purpose)?,
        version_window_seconds: window.map(|it| time::read_seconds("destroy_scheduled_duration", it)).transpose()?,
        without_version: input.skip_initial_version_creation,
        access_reasons,
        limits: Limits::NONE,
        window: Window::ALWAYS,
        token: None,
    })))
}

/// A key into which material is imported and nothing else begins with nothing.
fn origin(key: &kms::CryptoKey, empty: bool) -> Result<Origin, Objection> {
    match (key.import_only, empty) {
        (false, _) => Ok(Origin::Generated),
        (true, true) => Ok(Origin::Imported),
        (true, false) => {
            Err(Objection::invalid("A key with import_only must be created with skip_initial_version_creation."))
        }
    }
}

fn purpose(number: i32) -> Result<Purpose, Objection> {
    Ok(match CryptoKeyPurpose::try_from(number) {
        Ok(CryptoKeyPurpose::EncryptDecrypt) => Purpose::Encrypt,
        Ok(CryptoKeyPurpose::AsymmetricSign) => Purpose::Sign,
        Ok(CryptoKeyPurpose::AsymmetricDecrypt) => Purpose::DecryptAsymmetric,
        Ok(CryptoKeyPurpose::RawEncryptDecrypt) => Purpose::EncryptRaw,
        Ok(CryptoKeyPurpose::Mac) => Purpose::Mac,
        Ok(CryptoKeyPurpose::KeyEncapsulation) => Purpose::Encapsulate,
        Ok(CryptoKeyPurpose::AesWrapping) => Purpose::Wrap,
        Ok(CryptoKeyPurpose::Unspecified) | Err(_) => {
            return Err(Objection::invalid("The crypto_key.purpose field is required, and must be a known purpose."));
        }
    })
}

/// What versions are made of, if nobody says otherwise.
fn template(
    purpose: Purpose,
    template: Option<&kms::CryptoKeyVersionTemplate>,
) -> Result<(Algorithm, Option<Scheme>), Objection> {
    protection(template.map_or(0, |template| template.protection_level))?;
    let number = template.map_or(0, |template| template.algorithm);
    let Ok(algorithm) = CryptoKeyVersionAlgorithm::try_from(number) else {
        return Err(Objection::invalid("The version_template.algorithm is not known."));
    };
    if algorithm == CryptoKeyVersionAlgorithm::ExternalSymmetricEncryption {
        return Err(level_missing("EXTERNAL", "EXTERNAL_SYMMETRIC_ENCRYPTION needs it"));
    }
    let algorithm = match (purpose, algorithm) {
        (Purpose::Encrypt, CryptoKeyVersionAlgorithm::Unspecified) => {
            CryptoKeyVersionAlgorithm::GoogleSymmetricEncryption
        }
        (_, CryptoKeyVersionAlgorithm::Unspecified) => {
            return Err(Objection::invalid("The version_template.algorithm is required for keys of this purpose."));
        }
        (_, algorithm) => algorithm,
    };
    match algorithm::read(algorithm) {
        Some((fits, algorithm, scheme)) if fits == purpose => Ok((algorithm, scheme)),
        _ => {
            let (name, purpose) = (algorithm.as_str_name(), shown::purpose(purpose).as_str_name());
            Err(Objection::invalid(format!("The algorithm {name} does not fit the purpose {purpose}.")))
        }
    }
}

/// What the next versions of a key are made of. That the algorithm fits the key is seen when the key is found.
fn make(template: Option<&kms::CryptoKeyVersionTemplate>) -> Result<Make, Objection> {
    let number = template.map_or(0, |template| template.algorithm);
    let named = CryptoKeyVersionAlgorithm::try_from(number);
    let named = named.map_err(|_| Objection::invalid("The version_template.algorithm is not known."))?;
    let (purpose, algorithm, scheme) = match named {
        CryptoKeyVersionAlgorithm::Unspecified => {
            return Err(Objection::invalid("The version_template.algorithm field is required."));
        }
        CryptoKeyVersionAlgorithm::ExternalSymmetricEncryption => {
            return Err(level_missing("EXTERNAL", "EXTERNAL_SYMMETRIC_ENCRYPTION needs it"));
        }
        named => algorithm::read(named).ok_or_else(|| Objection::invalid("The algorithm is not known."))?,
    };
    Ok(Make { purpose: Some(purpose), algorithm, scheme })
}

/// Keys work in software, or not at all yet.
pub(crate) fn protection(number: i32) -> Result<(), Objection> {
    match kms::ProtectionLevel::try_from(number) {
        Ok(kms::ProtectionLevel::Unspecified | kms::ProtectionLevel::Software) => Ok(()),
        Ok(level) => Err(level_missing(level.as_str_name(), "SOFTWARE is what there is")),
        Err(_) => Err(Objection::invalid("The protection_level is not known.")),
    }
}

pub(crate) fn level_missing(level: &str, why: &str) -> Objection {
    Objection::unmet(format!("The protection level {level} is not available here: {why}."))
}

/// What the service has and this release has not.
fn not_here(key: &kms::CryptoKey, trusted_wrapping: bool) -> Result<(), Objection> {
    let absent =
        [(!key.crypto_key_backend.is_empty(), "crypto_key_backend"), (trusted_wrapping, "trusted_wrapping_enabled")];
    match absent.iter().find(|(asked, _)| *asked) {
        Some((_, field)) => Err(Objection::new(Code::Unimplemented, format!("{field} is not served by this release."))),
        None => Ok(()),
    }
}

/// Labels are spelled as the service has it, whatever other tongues allow.
fn labels(labels: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, Objection> {
    let letters =
        |text: &str| text.chars().all(|c| c.is_lowercase() || c.is_numeric() || c == '_' || c == '-' || is_caseless(c));
    let fits = |text: &str| text.chars().count() <= LABEL_CHARS_MAX && letters(text);
    let begins = |text: &str| text.chars().next().is_some_and(|c| c.is_lowercase() || is_caseless(c));
    if labels.len() > LABELS_MAX {
        return Err(Objection::invalid(format!("A resource has at most {LABELS_MAX} labels.")));
    }
    let unfit = labels.iter().find(|(name, value)| !begins(name) || !fits(name) || !fits(value));
    if let Some((name, _)) = unfit {
        let rule = "lower-case letters, digits, _ and -, at most 63, the key beginning with a letter";
        return Err(Objection::invalid(format!("The label {name} is not spelled as labels are: {rule}.")));
    }
    Ok(labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A letter of a script without cases.
fn is_caseless(letter: char) -> bool {
    letter.is_alphabetic() && !letter.is_uppercase() && !letter.is_lowercase()
}

fn period(key: &kms::CryptoKey) -> Result<Option<u32>, Objection> {
    let Some(RotationSchedule::RotationPeriod(period)) = &key.rotation_schedule else { return Ok(None) };
    time::read_seconds("rotation_period", period).map(Some)
}

fn next(key: &kms::CryptoKey) -> Result<Option<Timestamp>, Objection> {
    key.next_rotation_time.as_ref().map(|next| time::read("next_rotation_time", next)).transpose()
}

/// Period and next time come together, and only where versions have a primary.
fn rotation(key: &kms::CryptoKey, purpose: Purpose) -> Result<Option<Rotate>, Objection> {
    let rotation = match (period(key)?, next(key)?) {
        (None, None) => None,
        (Some(period_seconds), Some(first)) => Some(Rotate { period_seconds, first: Some(first) }),
        _ => return Err(Objection::invalid("rotation_period and next_rotation_time must be set together.")),
    };
    if rotation.is_some() && purpose != Purpose::Encrypt {
        return Err(Objection::invalid("Only keys with the purpose ENCRYPT_DECRYPT rotate by themselves."));
    }
    Ok(rotation)
}

pub(crate) fn update(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::UpdateCryptoKeyRequest = message(bytes)?;
    let missing = |what| Objection::invalid(format!("The {what} field is required."));
    let key = input.crypto_key.as_ref().ok_or_else(|| missing("crypto_key"))?;
    let name = named(&key.name, Kind::Key, notes)?.key_name();
    let mask =
        input.update_mask.as_ref().filter(|mask| !mask.paths.is_empty()).ok_or_else(|| missing("update_mask"))?;
    Ok(Ask::UpdateKey { key: name, update: Box::new(masked(key, &mask.paths)?) })
}

fn masked(key: &kms::CryptoKey, paths: &[String]) -> Result<KeyUpdate, Objection> {
    let mut update = KeyUpdate::default();
    let (mut sets_period, mut sets_next) = (false, false);
    let made_of = key.version_template.as_ref();
    for path in paths {
        match path.as_str() {
            "labels" => update.tags = Some(labels(&key.labels)?),
            "rotation_period" | "rotation_schedule" => sets_period = true,
            "next_rotation_time" => sets_next = true,
            "version_template" => {
                protection(made_of.map_or(0, |template| template.protection_level))?;
                update.make = Some(make(made_of)?);
            }
            "version_template.algorithm" => update.make = Some(make(made_of)?),
            // What it is now, it stays.
            "version_template.protection_level" => protection(made_of.map_or(0, |template| template.protection_level))?,
            "key_access_justifications_policy" | "key_access_justifications_policy.allowed_access_reasons" => {
                let policy = key.key_access_justifications_policy.as_ref();
                update.access_reasons = Some(policy.map(reasons::read).transpose()?);
            }
            other => {
                let text = format!("The field {other} in update_mask is not known, or cannot be updated.");
                return Err(Objection::invalid(text));
            }
        }
    }
    let period = period(key)?.filter(|_| sets_period);
    let next = next(key)?.filter(|_| sets_next);
    update.rotation = match (sets_period, sets_next, period, next) {
        (false, false, ..) => None,
        (true, _, None, None) | (false, true, _, None) => Some(RotationChange::Remove),
        (_, _, period_seconds, next) => Some(RotationChange::Set { period_seconds, next }),
    };
    Ok(update)
}

pub(crate) fn update_primary(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::UpdateCryptoKeyPrimaryVersionRequest = message(bytes)?;
    let key = named(&input.name, Kind::Key, notes)?.key_name();
    let unfit = || Objection::invalid("crypto_key_version_id must be the number of a version.");
    let version = name::version_number(&input.crypto_key_version_id).ok_or_else(unfit)?;
    notes.keep("version", version.to_string());
    Ok(Ask::ChangeLife { key, change: LifeChange::MakePrimary(version) })
}

pub(crate) fn write_list(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Keys { keys, .. } = reply else { return None };
    let show = |key: &Arc<Key>| shown_in(noted.name(), key, noted.0.at);
    let page = page(noted, "google.cloud.kms.v1.CryptoKey", keys, |key| shown::id(key), show)?;
    let total_size = page.total;
    let answer = kms::ListCryptoKeysResponse { crypto_keys: page.items, next_page_token: page.next, total_size };
    Some(answer.encode_to_vec())
}

pub(crate) fn write(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Key(found) = reply else { return None };
    let ring = name::upto(noted.name(), "keyRings");
    Some(shown_in(ring, &found.key, found.now).encode_to_vec())
}

/// `ring`: the name of the ring, as the client spells it.
fn shown_in(ring: &str, key: &Key, now: Moment) -> kms::CryptoKey {
    shown::key(&format!("{ring}/cryptoKeys/{}", shown::id(key)), key, now)
}
