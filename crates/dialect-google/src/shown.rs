//! Keys and versions, in the service's words.

use crate::proto::kms;
use crate::proto::kms::crypto_key::{CryptoKeyPurpose, RotationSchedule};
use crate::proto::kms::crypto_key_version::CryptoKeyVersionState;
use crate::{algorithm, name, reasons, time};
use domain::{
    Destruction, FailureReason, Key, KeyState, Life, Material, Moment, Origin, ProtectionLevel, Purpose, Version,
};

/// What a key is called in its ring.
pub(crate) fn id(key: &Key) -> String {
    key.name.clone().unwrap_or_else(|| key.id.to_string())
}

/// `name`: of the key, as the client spells it.
pub(crate) fn key(name: &str, key: &Key, now: Moment) -> kms::CryptoKey {
    let primary = (key.purpose == Purpose::Encrypt).then(|| key.primary_version().ok()).flatten();
    let period =
        |rotation: domain::RotationSchedule| RotationSchedule::RotationPeriod(time::seconds(rotation.period_seconds));
    kms::CryptoKey {
        name: name.to_owned(),
        primary: primary.map(|primary| version(name, key, primary, now)),
        purpose: purpose(key.purpose).into(),
        create_time: Some(time::written(key.created)),
        next_rotation_time: key.rotation.map(|rotation| time::written(rotation.next)),
        rotation_schedule: key.rotation.map(period),
        version_template: Some(kms::CryptoKeyVersionTemplate {
            protection_level: level(key.protection).into(),
            algorithm: algorithm::written(key.purpose, key.algorithm, key.scheme).into(),
        }),
        labels: key.facts.tags.iter().cloned().collect(),
        import_only: key.origin == Origin::Imported,
        destroy_scheduled_duration: Some(time::seconds(key.version_window())),
        crypto_key_backend: String::new(),
        key_access_justifications_policy: key.access_reasons.as_deref().map(reasons::written),
    }
}

pub(crate) fn version(name: &str, key: &Key, version: &Version, now: Moment) -> kms::CryptoKeyVersion {
    let state = state(key, version, now);
    let made = matches!(version.material, Material::Held { .. } | Material::Removed(_));
    let made = made.then(|| time::written(version.created));
    let imported = key.origin_of(version) == Origin::Imported;
    let is_gone = matches!(state, CryptoKeyVersionState::Destroyed | CryptoKeyVersionState::ImportFailed);
    let ring = name::upto(name, "keyRings");
    let import = version.imported.as_ref();
    kms::CryptoKeyVersion {
        name: format!("{name}/cryptoKeyVersions/{}", version.number),
        state: state.into(),
        protection_level: level(key.protection).into(),
        algorithm: algorithm::written(key.purpose, key.algorithm_of(version), key.scheme_of(version)).into(),
        create_time: Some(time::written(version.created)),
        generate_time: made.filter(|_| !imported),
        import_job: import.map(|import| format!("{ring}/importJobs/{}", import.job)).unwrap_or_default(),
        import_time: import.map(|import| time::written(import.at)),
        destroy_time: end(key, version).map(time::written),
        destroy_event_time: version.destroyed.filter(|_| state == CryptoKeyVersionState::Destroyed).map(time::written),
        reimport_eligible: imported && is_gone && key.life.state != KeyState::Destroyed,
        ..kms::CryptoKeyVersion::default()
    }
}

/// The weaker of key and version: the service knows no state of a key as a whole.
pub(crate) fn state(key: &Key, version: &Version, now: Moment) -> CryptoKeyVersionState {
    use CryptoKeyVersionState::*;
    match version.material.at(now) {
        _ if version.life.state == KeyState::Destroyed || key.life.state == KeyState::Destroyed => Destroyed,
        Material::Removed(_) => Destroyed,
        Material::Failed(FailureReason::Generation) => GenerationFailed,
        Material::Failed(FailureReason::Import) => ImportFailed,
        Material::Awaited if key.origin_of(version) == Origin::Generated => PendingGeneration,
        Material::Awaited => PendingImport,
        Material::Held { .. } if end(key, version).is_some() => DestroyScheduled,
        Material::Held { .. } if is_enabled(key.life) && is_enabled(version.life) => Enabled,
        Material::Held { .. } => Disabled,
    }
}

fn is_enabled(life: Life) -> bool {
    matches!(life.state, KeyState::Active | KeyState::Deactivated)
}

/// When it is to be destroyed: with its key, or by itself, whichever comes first.
fn end(key: &Key, version: &Version) -> Option<domain::Timestamp> {
    let deadline = |life: Life| match life.destruction {
        Destruction::Scheduled { deadline, .. } => Some(deadline),
        Destruction::None => None,
    };
    [deadline(key.life), deadline(version.life)].into_iter().flatten().min()
}

pub(crate) fn level(level: ProtectionLevel) -> kms::ProtectionLevel {
    match level {
        ProtectionLevel::Software => kms::ProtectionLevel::Software,
        ProtectionLevel::Hsm => kms::ProtectionLevel::Hsm,
        ProtectionLevel::External => kms::ProtectionLevel::External,
    }
}

pub(crate) fn purpose(purpose: Purpose) -> CryptoKeyPurpose {
    match purpose {
        Purpose::Encrypt => CryptoKeyPurpose::EncryptDecrypt,
        Purpose::Sign => CryptoKeyPurpose::AsymmetricSign,
        Purpose::DecryptAsymmetric => CryptoKeyPurpose::AsymmetricDecrypt,
        Purpose::EncryptRaw => CryptoKeyPurpose::RawEncryptDecrypt,
        Purpose::Mac => CryptoKeyPurpose::Mac,
        Purpose::Encapsulate => CryptoKeyPurpose::KeyEncapsulation,
        Purpose::Wrap => CryptoKeyPurpose::AesWrapping,
        // The tongue cannot spell these, and such keys are not shown in it.
        Purpose::Agree | Purpose::SignAndDecrypt | Purpose::Import => CryptoKeyPurpose::Unspecified,
    }
}
