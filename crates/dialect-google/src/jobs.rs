//! ListImportJobs, GetImportJob, CreateImportJob and ImportCryptoKeyVersion.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.importJobs>)

use crate::asymmetric::{form, pem};
use crate::input::{Notes, Objection, Trouble, message};
use crate::keys::{level_missing, protection};
use crate::listing::{Paging, page};
use crate::name::{self, Kind};
use crate::proto::kms;
use crate::proto::kms::crypto_key_version::CryptoKeyVersionAlgorithm;
use crate::proto::kms::import_crypto_key_version_request::WrappedKeyMaterial;
use crate::proto::kms::import_job::{ImportJobState, ImportMethod, WrappingPublicKey};
use crate::proto::kms::public_key::PublicKeyFormat;
use crate::rings::{id, named};
use crate::status::Noted;
use crate::versions::one;
use crate::{algorithm, shown, time};
use domain::{Algorithm, Ask, IMPORT_JOB_SECONDS, Key, Material, Moment, PublicForm, Purpose, Reply, SECOND, Scheme};
use prost::Message;
use std::sync::Arc;

const METHODS: [(ImportMethod, Algorithm, Scheme); 9] = [
    (ImportMethod::RsaOaep3072Sha1Aes256, Algorithm::Rsa3072, Scheme::WrapOaepSha1Kwp),
    (ImportMethod::RsaOaep4096Sha1Aes256, Algorithm::Rsa4096, Scheme::WrapOaepSha1Kwp),
    (ImportMethod::RsaOaep3072Sha256Aes256, Algorithm::Rsa3072, Scheme::WrapOaepSha256Kwp),
    (ImportMethod::RsaOaep4096Sha256Aes256, Algorithm::Rsa4096, Scheme::WrapOaepSha256Kwp),
    (ImportMethod::RsaOaep3072Sha256, Algorithm::Rsa3072, Scheme::WrapOaepSha256),
    (ImportMethod::RsaOaep4096Sha256, Algorithm::Rsa4096, Scheme::WrapOaepSha256),
    (ImportMethod::HpkeKemMlKem768HkdfSha256Aes256Gcm, Algorithm::MlKem768, Scheme::WrapHpke),
    (ImportMethod::HpkeKemMlKem1024HkdfSha256Aes256Gcm, Algorithm::MlKem1024, Scheme::WrapHpke),
    (ImportMethod::HpkeKemXwingHkdfSha256Aes256Gcm, Algorithm::XWing, Scheme::WrapHpke),
];

pub(crate) fn list(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ListImportJobsRequest = message(bytes)?;
    let ring = named(&input.parent, Kind::Ring, notes)?.ring_name();
    let kms::ListImportJobsRequest { page_size: size, page_token, filter, order_by, .. } = &input;
    Paging { size: *size, token: page_token, filter, order: order_by }.keep(notes)?;
    Ok(Ask::ListImportJobs { ring })
}

pub(crate) fn get(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::GetImportJobRequest = message(bytes)?;
    let named = named(&input.name, Kind::Job, notes)?;
    let form = form(input.public_key_format, notes)?;
    Ok(Ask::DescribeImportJob { ring: named.ring_name(), name: named.key.to_owned(), form })
}

pub(crate) fn create(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::CreateImportJobRequest = message(bytes)?;
    let ring = named(&input.parent, Kind::Ring, notes)?.ring_name();
    id("import_job_id", &input.import_job_id)?;
    notes.keep("made", format!("{}/importJobs/{}", input.parent, input.import_job_id));
    let job = input.import_job.ok_or_else(|| Objection::invalid("The import_job field is required."))?;
    protection(job.protection_level)?;
    if !job.crypto_key_backend.is_empty() {
        return Err(level_missing("HSM_SINGLE_TENANT", "a crypto_key_backend needs it").into());
    }
    let (algorithm, scheme) = method(job.import_method)?;
    let own = own_format(algorithm);
    match PublicKeyFormat::try_from(job.public_key_format) {
        Ok(format) if format == PublicKeyFormat::Unspecified || format == own => {}
        _ => {
            let text = format!("The public key of this import_method has the format {}.", own.as_str_name());
            return Err(Objection::invalid(text).into());
        }
    }
    Ok(Ask::CreateImportJob { ring, name: input.import_job_id, algorithm, scheme })
}

fn method(number: i32) -> Result<(Algorithm, Scheme), Objection> {
    if number == i32::from(ImportMethod::Unspecified) {
        return Err(Objection::invalid("The import_job.import_method field is required."));
    }
    let row = METHODS.iter().find(|(method, ..)| i32::from(*method) == number);
    let row = row.ok_or_else(|| Objection::invalid(format!("The import_job.import_method {number} is not known.")))?;
    Ok((row.1, row.2))
}

/// In which a job's public key is told where nobody asks for another.
fn own_format(algorithm: Algorithm) -> PublicKeyFormat {
    match algorithm.raw_form() {
        Some(PublicForm::RawXWing) => PublicKeyFormat::XwingRawBytes,
        Some(_) => PublicKeyFormat::NistPqc,
        None => PublicKeyFormat::Pem,
    }
}

/// In the format that was asked for; without one, raw where the algorithm has such a form, and else as text.
fn public_key(algorithm: Algorithm, spki: &[u8], wanted: PublicKeyFormat) -> WrappingPublicKey {
    let raw = algorithm.raw_public(spki);
    let (pem, data) = match (wanted, raw) {
        (PublicKeyFormat::Unspecified, None) => (pem(spki), Vec::new()),
        (PublicKeyFormat::Pem, _) => {
            let text = pem(spki);
            (text.clone(), text.into_bytes())
        }
        (PublicKeyFormat::Der, _) => (String::new(), spki.to_vec()),
        _ => (String::new(), raw.unwrap_or_default().to_vec()),
    };
    WrappingPublicKey { pem, data }
}

pub(crate) fn import(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::ImportCryptoKeyVersionRequest = message(bytes)?;
    let key = named(&input.parent, Kind::Key, notes)?;
    let job = name::parse(&input.import_job, Kind::Job)?;
    if (job.project, &job.place, job.ring) != (key.project, &key.place, key.ring) {
        return Err(Objection::invalid("The import_job must be of the key ring that the key is in.").into());
    }
    notes.keep("job", input.import_job.as_str());
    let version = again(&input, notes)?;
    if input.trusted_wrapping_enabled {
        return Err(level_missing("HSM_SINGLE_TENANT", "trusted wrapping needs it").into());
    }
    let (key, job) = (key.key_name(), job.key.to_owned());
    let (purpose, algorithm, scheme) = algorithm_of(input.algorithm)?;
    let wrapped = wrapped(input.wrapped_key, input.wrapped_key_material)?;
    Ok(Ask::ImportVersion { key, version, purpose: Some(purpose), algorithm, scheme, job, wrapped })
}

/// The version whose material is brought again.
fn again(input: &kms::ImportCryptoKeyVersionRequest, notes: &mut Notes) -> Result<Option<u32>, Objection> {
    if input.crypto_key_version.is_empty() {
        return Ok(None);
    }
    if name::upto(&input.crypto_key_version, "cryptoKeys") != input.parent {
        return Err(Objection::invalid("The crypto_key_version must be a version of the parent."));
    }
    let mut aside = Notes { place: notes.place.clone(), more: Vec::new() };
    one(&input.crypto_key_version, &mut aside).map(|(_, version)| Some(version))
}

fn algorithm_of(number: i32) -> Result<(Purpose, Algorithm, Option<Scheme>), Objection> {
    let known =
        CryptoKeyVersionAlgorithm::try_from(number).map_err(|_| Objection::invalid("The algorithm is not known."))?;
    match known {
        CryptoKeyVersionAlgorithm::Unspecified => Err(Objection::invalid("The algorithm field is required.")),
        CryptoKeyVersionAlgorithm::ExternalSymmetricEncryption => {
            Err(level_missing("EXTERNAL", "EXTERNAL_SYMMETRIC_ENCRYPTION needs it"))
        }
        known => algorithm::read(known).ok_or_else(|| Objection::invalid("The algorithm is not known.")),
    }
}

/// In one of two fields, of which the second is the older.
fn wrapped(newer: Vec<u8>, older: Option<WrappedKeyMaterial>) -> Result<Vec<u8>, Objection> {
    let older = older.map(|WrappedKeyMaterial::RsaAesWrappedKey(bytes)| bytes).unwrap_or_default();
    match (newer.is_empty(), older.is_empty()) {
        (false, true) => Ok(newer),
        (true, false) => Ok(older),
        (true, true) => Err(Objection::invalid("The wrapped_key field is required.")),
        (false, false) => Err(Objection::invalid("wrapped_key and rsa_aes_wrapped_key must not be set together.")),
    }
}

pub(crate) fn write_list(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::ImportJobs { jobs, .. } = reply else { return None };
    let show = |job: &Arc<Key>| shown_in(noted.name(), job, noted.0.at, PublicKeyFormat::Unspecified);
    let page = page(noted, "google.cloud.kms.v1.ImportJob", jobs, |job| shown::id(job), show)?;
    let total_size = page.total;
    let answer = kms::ListImportJobsResponse { import_jobs: page.items, next_page_token: page.next, total_size };
    Some(answer.encode_to_vec())
}

pub(crate) fn write(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::ImportJob(found) = reply else { return None };
    let ring = name::upto(noted.name(), "keyRings");
    let wanted = noted.get("format").and_then(PublicKeyFormat::from_str_name).unwrap_or_default();
    Some(shown_in(ring, &found.key, found.now, wanted).encode_to_vec())
}

/// `ring`: the name of the ring, as the client spells it.
fn shown_in(ring: &str, job: &Key, now: Moment, wanted: PublicKeyFormat) -> kms::ImportJob {
    let version = job.versions.first();
    let material = version.map_or(Material::Awaited, |version| version.material.at(now));
    let state = match material {
        Material::Awaited | Material::Failed(_) => ImportJobState::PendingGeneration,
        Material::Held { .. } => ImportJobState::Active,
        Material::Removed(_) => ImportJobState::Expired,
    };
    let expires = time::written(job.created.plus(i64::from(IMPORT_JOB_SECONDS) * SECOND));
    let method =
        METHODS.iter().find(|(_, algorithm, scheme)| (*algorithm, Some(*scheme)) == (job.algorithm, job.scheme));
    let spki = version.and_then(|version| version.public.as_ref()).filter(|_| state == ImportJobState::Active);
    let format = if wanted == PublicKeyFormat::Unspecified { own_format(job.algorithm) } else { wanted };
    kms::ImportJob {
        name: format!("{ring}/importJobs/{}", shown::id(job)),
        import_method: method.map_or(ImportMethod::Unspecified, |(method, ..)| *method).into(),
        protection_level: shown::level(job.protection).into(),
        create_time: Some(time::written(job.created)),
        generate_time: (state != ImportJobState::PendingGeneration).then(|| time::written(job.created)),
        expire_time: Some(expires),
        expire_event_time: (state == ImportJobState::Expired).then_some(expires),
        state: state.into(),
        public_key: spki.map(|spki| public_key(job.algorithm, spki, wanted)),
        public_key_format: format.into(),
        attestation: None,
        crypto_key_backend: String::new(),
    }
}
