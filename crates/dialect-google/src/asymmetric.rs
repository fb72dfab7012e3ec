//! AsymmetricSign, AsymmetricDecrypt, MacSign, MacVerify, RawEncrypt, RawDecrypt, Decapsulate and GetPublicKey.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys.cryptoKeyVersions>)

use crate::checksum;
use crate::input::{Notes, Objection, Trouble, message};
use crate::proto::kms;
use crate::proto::kms::public_key::PublicKeyFormat;
use crate::status::Noted;
use crate::uses::bounded;
use crate::versions::one;
use crate::{algorithm, shown};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Ask, Hash, MU_BYTES, PublicForm, Reply, Scheme, Signable, Worker};
use prost::Message;
use secret::Secret;

const DATA_BYTES_MAX: usize = 65_536;
/// Of GCM, which has no other here.
const TAG_BYTES: i32 = 16;

pub(crate) fn sign(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::AsymmetricSignRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    let (key, version) = (named.key_name(), Some(version));
    let what = match (input.digest.and_then(|digest| digest.digest), input.data) {
        (Some(digest), data) if data.is_empty() => digested(notes, digest, input.digest_crc32c)?,
        (Some(_), _) => return Err(Objection::invalid("digest and data must not be set together.").into()),
        (None, data) => {
            bounded("data", data.len(), DATA_BYTES_MAX)?;
            checksum::check(notes, "data", "data", &data, input.data_crc32c)?;
            Signable::Message(Secret::new(data))
        }
    };
    Ok(Ask::Sign { key, version, scheme: None, what })
}

fn digested(notes: &mut Notes, digest: kms::digest::Digest, crc: Option<i64>) -> Result<Signable, Objection> {
    use kms::digest::Digest;
    let (what, data, wanted) = match digest {
        Digest::Sha256(data) => (Some(Hash::Sha256), data, Hash::Sha256.bytes()),
        Digest::Sha384(data) => (Some(Hash::Sha384), data, Hash::Sha384.bytes()),
        Digest::Sha512(data) => (Some(Hash::Sha512), data, Hash::Sha512.bytes()),
        Digest::ExternalMu(data) => (None, data, MU_BYTES),
    };
    if data.len() != wanted {
        let text = format!("The digest has {} bytes, and must have {wanted}.", data.len());
        return Err(Objection::invalid(text));
    }
    checksum::check(notes, "digest", "digest", &data, crc)?;
    Ok(match what {
        Some(hash) => Signable::Digest(hash, data),
        None => Signable::Mu(data),
    })
}

pub(crate) fn decrypt(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::AsymmetricDecryptRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    checksum::check(notes, "ciphertext", "ciphertext", &input.ciphertext, input.ciphertext_crc32c)?;
    let (key, version, ciphertext) = (named.key_name(), Some(version), input.ciphertext);
    Ok(Ask::DecryptAsymmetric { key, version, scheme: None, ciphertext })
}

pub(crate) fn mac(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::MacSignRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    bounded("data", input.data.len(), DATA_BYTES_MAX)?;
    checksum::check(notes, "data", "data", &input.data, input.data_crc32c)?;
    Ok(Ask::MacSign { key: named.key_name(), version: Some(version), data: Secret::new(input.data) })
}

pub(crate) fn verify_mac(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::MacVerifyRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    bounded("data", input.data.len(), DATA_BYTES_MAX)?;
    checksum::check(notes, "data", "data", &input.data, input.data_crc32c)?;
    checksum::check(notes, "mac", "mac", &input.mac, input.mac_crc32c)?;
    let (key, version, data) = (named.key_name(), Some(version), Secret::new(input.data));
    Ok(Ask::MacVerify { key, version, data, mac: input.mac })
}

pub(crate) fn encrypt_raw(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::RawEncryptRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    let associated = input.additional_authenticated_data;
    bounded("plaintext", input.plaintext.len(), DATA_BYTES_MAX)?;
    bounded("additional_authenticated_data", associated.len(), DATA_BYTES_MAX)?;
    checksum::check(notes, "plaintext", "plaintext", &input.plaintext, input.plaintext_crc32c)?;
    let crc = input.additional_authenticated_data_crc32c;
    checksum::check(notes, "additional", "additional_authenticated_data", &associated, crc)?;
    let iv = input.initialization_vector;
    checksum::check(notes, "iv", "initialization_vector", &iv, input.initialization_vector_crc32c)?;
    let (key, version) = (named.key_name(), Some(version));
    let (plaintext, iv) = (Secret::new(input.plaintext), Some(iv).filter(|iv| !iv.is_empty()));
    Ok(Ask::EncryptRaw { key, version, scheme: None, plaintext, associated, iv })
}

pub(crate) fn decrypt_raw(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::RawDecryptRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    let associated = input.additional_authenticated_data;
    bounded("additional_authenticated_data", associated.len(), DATA_BYTES_MAX)?;
    checksum::check(notes, "ciphertext", "ciphertext", &input.ciphertext, input.ciphertext_crc32c)?;
    let crc = input.additional_authenticated_data_crc32c;
    checksum::check(notes, "additional", "additional_authenticated_data", &associated, crc)?;
    let iv = input.initialization_vector;
    checksum::check(notes, "iv", "initialization_vector", &iv, input.initialization_vector_crc32c)?;
    if !matches!(input.tag_length, 0 | TAG_BYTES) {
        return Err(Objection::invalid(format!("tag_length must be {TAG_BYTES}, or left out.")).into());
    }
    let (key, version, ciphertext) = (named.key_name(), Some(version), input.ciphertext);
    Ok(Ask::DecryptRaw { key, version, scheme: None, ciphertext, associated, iv })
}

pub(crate) fn decapsulate(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::DecapsulateRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    checksum::check(notes, "ciphertext", "ciphertext", &input.ciphertext, input.ciphertext_crc32c)?;
    Ok(Ask::Decapsulate { key: named.key_name(), version: Some(version), ciphertext: input.ciphertext })
}

pub(crate) fn public_key(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::GetPublicKeyRequest = message(bytes)?;
    let (named, version) = one(&input.name, notes)?;
    let form = form(input.public_key_format, notes)?;
    Ok(Ask::GetPublicKey { key: named.key_name(), version: Some(version), form })
}

/// The form that a public_key_format means; the format is kept for the answer.
pub(crate) fn form(number: i32, notes: &mut Notes) -> Result<PublicForm, Objection> {
    let unknown = || Objection::invalid("The public_key_format is not known.");
    let format = PublicKeyFormat::try_from(number).map_err(|_| unknown())?;
    notes.keep("format", format.as_str_name());
    Ok(match format {
        PublicKeyFormat::Unspecified => PublicForm::Unsaid,
        PublicKeyFormat::Pem | PublicKeyFormat::Der => PublicForm::Info,
        PublicKeyFormat::NistPqc => PublicForm::RawFips,
        PublicKeyFormat::XwingRawBytes => PublicForm::RawXWing,
    })
}

fn level(by: &Worker) -> i32 {
    shown::level(by.key.protection).into()
}

pub(crate) fn write_signature(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Signature { by, signature, .. } = reply else { return None };
    let answer = kms::AsymmetricSignResponse {
        signature: signature.clone(),
        signature_crc32c: Some(checksum::of(signature)),
        verified_digest_crc32c: noted.has("digest"),
        name: noted.version(by.version),
        verified_data_crc32c: noted.has("data"),
        protection_level: level(by),
    };
    Some(answer.encode_to_vec())
}

pub(crate) fn write_opened(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Opened { by, plaintext, .. } = reply else { return None };
    let answer = plaintext.expose(|plaintext| kms::AsymmetricDecryptResponse {
        plaintext: plaintext.to_vec(),
        plaintext_crc32c: Some(checksum::of(plaintext)),
        verified_ciphertext_crc32c: noted.has("ciphertext"),
        protection_level: level(by),
    });
    Some(answer.encode_to_vec())
}

pub(crate) fn write_mac(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Mac { by, mac } = reply else { return None };
    let answer = kms::MacSignResponse {
        name: noted.version(by.version),
        mac: mac.clone(),
        mac_crc32c: Some(checksum::of(mac)),
        verified_data_crc32c: noted.has("data"),
        protection_level: level(by),
    };
    Some(answer.encode_to_vec())
}

pub(crate) fn write_verified(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Verified { by, valid, .. } = reply else { return None };
    let answer = kms::MacVerifyResponse {
        name: noted.version(by.version),
        success: *valid,
        verified_data_crc32c: noted.has("data"),
        verified_mac_crc32c: noted.has("mac"),
        // It says the same again, so that a bit that fell over is noticed.
        verified_success_integrity: *valid,
        protection_level: level(by),
    };
    Some(answer.encode_to_vec())
}

pub(crate) fn write_raw_ciphertext(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::RawCiphertext { by, scheme, ciphertext, iv } = reply else { return None };
    let answer = kms::RawEncryptResponse {
        ciphertext: ciphertext.clone(),
        initialization_vector: iv.clone(),
        tag_length: if *scheme == Scheme::AesGcm { TAG_BYTES } else { 0 },
        ciphertext_crc32c: Some(checksum::of(ciphertext)),
        initialization_vector_crc32c: Some(checksum::of(iv)),
        verified_plaintext_crc32c: noted.has("plaintext"),
        verified_additional_authenticated_data_crc32c: noted.has("additional"),
        verified_initialization_vector_crc32c: noted.has("iv"),
        name: noted.version(by.version),
        protection_level: level(by),
    };
    Some(answer.encode_to_vec())
}

pub(crate) fn write_raw_plaintext(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Opened { by, plaintext, .. } = reply else { return None };
    let answer = plaintext.expose(|plaintext| kms::RawDecryptResponse {
        plaintext: plaintext.to_vec(),
        plaintext_crc32c: Some(checksum::of(plaintext)),
        protection_level: level(by),
        verified_ciphertext_crc32c: noted.has("ciphertext"),
        verified_additional_authenticated_data_crc32c: noted.has("additional"),
        verified_initialization_vector_crc32c: noted.has("iv"),
    });
    Some(answer.encode_to_vec())
}

pub(crate) fn write_shared(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::SharedSecret { by, secret } = reply else { return None };
    let answer = secret.expose(|secret| kms::DecapsulateResponse {
        name: noted.version(by.version),
        shared_secret: secret.to_vec(),
        shared_secret_crc32c: Some(checksum::of(secret)),
        verified_ciphertext_crc32c: noted.has("ciphertext"),
        protection_level: level(by),
    });
    Some(answer.encode_to_vec())
}

/// In the format that was asked for; without one, and in PEM, as text.
pub(crate) fn write_public_key(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::PublicHalf { by, spki, raw } = reply else { return None };
    let format = PublicKeyFormat::from_str_name(noted.get("format")?)?;
    let version = by.key.version(by.version).ok()?;
    let wire = algorithm::written(by.key.purpose, by.key.algorithm_of(version), by.key.scheme_of(version));
    let text = pem(spki);
    let data = match format {
        PublicKeyFormat::Unspecified => None,
        PublicKeyFormat::Pem => Some(text.clone().into_bytes()),
        PublicKeyFormat::Der => Some(spki.to_vec()),
        PublicKeyFormat::NistPqc | PublicKeyFormat::XwingRawBytes => Some(raw.clone()?),
    };
    let is_text = matches!(format, PublicKeyFormat::Unspecified | PublicKeyFormat::Pem);
    let answer = kms::PublicKey {
        pem_crc32c: is_text.then(|| checksum::of(text.as_bytes())),
        pem: if is_text { text } else { String::new() },
        algorithm: wire.into(),
        name: noted.version(by.version),
        protection_level: level(by),
        public_key_format: format.into(),
        public_key: data.map(|data| kms::ChecksummedData { crc32c_checksum: Some(checksum::of(&data)), data }),
    };
    Some(answer.encode_to_vec())
}

/// SubjectPublicKeyInfo as text (RFC 7468).
pub(crate) fn pem(spki: &[u8]) -> String {
    const LINE: usize = 64;
    let encoded = STANDARD.encode(spki);
    let mut text = String::from("-----BEGIN PUBLIC KEY-----\n");
    for line in encoded.as_bytes().chunks(LINE) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text.push_str("-----END PUBLIC KEY-----\n");
    text
}
