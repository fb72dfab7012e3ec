//! ListCryptoKeyVersions, GetCryptoKeyVersion, CreateCryptoKeyVersion, UpdateCryptoKeyVersion, DestroyCryptoKeyVersion and
//! RestoreCryptoKeyVersion; and the two methods that move keys between HSMs.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys.cryptoKeyVersions>)

use crate::input::{Notes, Objection, Trouble, message};
use crate::keys::level_missing;
use crate::listing::{Paging, page};
use crate::name::{self, Kind, Named};
use crate::proto::kms;
use crate::proto::kms::crypto_key_version::{CryptoKeyVersionAlgorithm, CryptoKeyVersionState};
use crate::rings::named;
use crate::shown;
use crate::status::Noted;
use domain::{Ask, KeyState, LifeChange, Reply, Scope, Version};
use prost::Message;

pub(crate) fn list(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ListCryptoKeyVersionsRequest = message(bytes)?;
    let key = named(&input.parent, Kind::Key, notes)?.key_name();
    let kms::ListCryptoKeyVersionsRequest { page_size: size, page_token, filter, order_by, .. } = &input;
    Paging { size: *size, token: page_token, filter, order: order_by }.keep(notes)?;
    Ok(Ask::ListVersions { key })
}

/// The version that the request is about.
pub(crate) fn one<'a>(text: &'a str, notes: &mut Notes) -> Result<(Named<'a>, u32), Objection> {
    let named = named(text, Kind::Version, notes)?;
    let version = named.version.ok_or_else(|| Objection::invalid("The request names no version."))?;
    notes.keep("version", version.to_string());
    Ok((named, version))
}

pub(crate) fn get(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::GetCryptoKeyVersionRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    Ok(Ask::DescribeVersion { key: named.key_name(), version })
}

pub(crate) fn create(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::CreateCryptoKeyVersionRequest = message(bytes)?;
    let key = named(&input.parent, Kind::Key, notes)?.key_name();
    let asked = input.crypto_key_version.unwrap_or_default();
    let external = asked.external_protection_level_options.is_some()
        || asked.algorithm() == CryptoKeyVersionAlgorithm::ExternalSymmetricEncryption;
    if external {
        return Err(level_missing("EXTERNAL", "the material would be somebody else's").into());
    }
    Ok(Ask::CreateVersion { key })
}

pub(crate) fn update(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::UpdateCryptoKeyVersionRequest = message(bytes)?;
    let missing = |what| Objection::invalid(format!("The {what} field is required."));
    let asked = input.crypto_key_version.as_ref().ok_or_else(|| missing("crypto_key_version"))?;
    let (named, version) = one(&asked.name, notes)?;
    let mask =
        input.update_mask.as_ref().filter(|mask| !mask.paths.is_empty()).ok_or_else(|| missing("update_mask"))?;
    for path in &mask.paths {
        match path.as_str() {
            "state" => {}
            "external_protection_level_options" => {
                return Err(level_missing("EXTERNAL", "no version here is of it").into());
            }
            other => {
                let text = format!("The field {other} in update_mask is not known, or cannot be updated.");
                return Err(Objection::invalid(text).into());
            }
        }
    }
    let scope = Scope::Version(version);
    let change = match asked.state() {
        CryptoKeyVersionState::Enabled => LifeChange::Resume(scope),
        CryptoKeyVersionState::Disabled => LifeChange::Suspend(scope),
        _ => {
            return Err(Objection::invalid("The state of a version can be updated to ENABLED or DISABLED only.").into());
        }
    };
    Ok(Ask::ChangeLife { key: named.key_name(), change })
}

pub(crate) fn destroy(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::DestroyCryptoKeyVersionRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    let change = LifeChange::ScheduleVersionDestruction { version, resume_to: KeyState::Suspended };
    Ok(Ask::ChangeLife { key: named.key_name(), change })
}

pub(crate) fn restore(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::RestoreCryptoKeyVersionRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    let change = LifeChange::CancelDestruction(Scope::Version(version));
    Ok(Ask::ChangeLife { key: named.key_name(), change })
}

/// Its input is looked at as if it could be done.
pub(crate) fn import_trusted(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ImportTrustedKeyWrappedCryptoKeyVersionRequest = message(bytes)?;
    named(&input.parent, Kind::Key, notes)?;
    name::parse(&input.importing_key, Kind::KeyOrVersion)?;
    if !input.crypto_key_version.is_empty() {
        name::parse(&input.crypto_key_version, Kind::Version)?;
    }
    let known = CryptoKeyVersionAlgorithm::try_from(input.algorithm);
    if input.wrapped_key.is_empty() || matches!(known, Err(_) | Ok(CryptoKeyVersionAlgorithm::Unspecified)) {
        return Err(Objection::invalid("The wrapped_key and algorithm fields are required.").into());
    }
    Err(level_missing("HSM_SINGLE_TENANT", "trusted wrapping needs it").into())
}

pub(crate) fn export_trusted(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ExportTrustedKeyWrappedCryptoKeyVersionRequest = message(bytes)?;
    one(&input.name, notes)?;
    name::parse(&input.wrapping_key, Kind::KeyOrVersion)?;
    Err(level_missing("HSM_SINGLE_TENANT", "trusted wrapping needs it").into())
}

pub(crate) fn write_list(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Versions { key, versions } = reply else { return None };
    let show = |version: &Version| shown::version(noted.key(), &key.key, version, key.now);
    let mark = |version: &Version| format!("{:010}", version.number);
    let page = page(noted, "google.cloud.kms.v1.CryptoKeyVersion", versions, mark, show)?;
    let (crypto_key_versions, total_size) = (page.items, page.total);
    let answer = kms::ListCryptoKeyVersionsResponse { crypto_key_versions, next_page_token: page.next, total_size };
    Some(answer.encode_to_vec())
}

pub(crate) fn write(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let asked = || noted.get("version").and_then(|version| version.parse().ok());
    let (key, number) = match reply {
        Reply::Version { key, version } => (key, *version),
        Reply::Key(key) | Reply::Destruction { key, .. } => (key, asked()?),
        _ => return None,
    };
    let version = key.key.version(number).ok()?;
    Some(shown::version(noted.key(), &key.key, version, key.now).encode_to_vec())
}
