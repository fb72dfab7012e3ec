//! Encrypt, Decrypt and GenerateRandomBytes.
//! (<https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/encrypt> and its neighbours.)

use crate::checksum;
use crate::input::{Notes, Objection, Trouble, message};
use crate::name::Kind;
use crate::proto::kms;
use crate::rings::named;
use crate::shown::level;
use crate::status::Noted;
use crate::{keys, name};
use domain::{Ask, Context, Dry, Reply};
use prost::Message;
use secret::Secret;

const PLAINTEXT_BYTES_MAX: usize = 65_536;
const ADDITIONAL_BYTES_MAX: usize = 65_536;
const RANDOM_BYTES: std::ops::RangeInclusive<i32> = 8..=1_024;

pub(crate) fn encrypt(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::EncryptRequest = message(bytes)?;
    let plaintext = Secret::new(input.plaintext);
    let named = named(&input.name, Kind::KeyOrVersion, notes)?;
    plaintext.expose(|plaintext| {
        bounded("plaintext", plaintext.len(), PLAINTEXT_BYTES_MAX)?;
        checksum::check(notes, "plaintext", "plaintext", plaintext, input.plaintext_crc32c)
    })?;
    let context = additional(notes, input.additional_authenticated_data, input.additional_authenticated_data_crc32c)?;
    let context = context
        .ok_or_else(|| Objection::invalid("The additional_authenticated_data begin like pairs and are none."))?;
    Ok(Ask::Encrypt { key: named.key_name(), version: named.version, plaintext, context, dry: Dry::Wet })
}

pub(crate) fn decrypt(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::DecryptRequest = message(bytes)?;
    let key = named(&input.name, Kind::Key, notes)?.key_name();
    checksum::check(notes, "ciphertext", "ciphertext", &input.ciphertext, input.ciphertext_crc32c)?;
    let context = additional(notes, input.additional_authenticated_data, input.additional_authenticated_data_crc32c)?;
    // Nothing was ever sealed with such data: it opens nothing, and that is told as of any other.
    let (ciphertext, context) = match context {
        Some(context) => (input.ciphertext, context),
        None => (Vec::new(), Context::None),
    };
    Ok(Ask::Decrypt { key: Some(key), ciphertext, context, dry: Dry::Wet })
}

pub(crate) fn bounded(field: &str, bytes: usize, max: usize) -> Result<(), Objection> {
    if bytes <= max {
        return Ok(());
    }
    Err(Objection::invalid(format!(
        "The {field} field is too long: it has {bytes} bytes, and at most {max} are taken."
    )))
}

/// What the data are bound to; nothing where no bytes that begin so can be.
fn additional(notes: &mut Notes, data: Vec<u8>, crc: Option<i64>) -> Result<Option<Context>, Objection> {
    const FIELD: &str = "additional_authenticated_data";
    bounded(FIELD, data.len(), ADDITIONAL_BYTES_MAX)?;
    checksum::check(notes, "additional", FIELD, &data, crc)?;
    Ok(Context::from_bytes(data).ok())
}

/// There is no better randomness than the module's own, whatever the level is called: but HSM is not claimed.
pub(crate) fn random(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: kms::GenerateRandomBytesRequest = message(bytes)?;
    notes.keep("name", input.location.as_str());
    let named = name::parse(&input.location, Kind::Location)?;
    let project = Some(named.project.to_owned());
    notes.place = named.place;
    keys::protection(input.protection_level)?;
    let fits = RANDOM_BYTES.contains(&input.length_bytes);
    let bytes = u32::try_from(input.length_bytes).ok().filter(|_| fits);
    let unfit = || Objection::invalid("length_bytes must be between 8 and 1024.");
    Ok(Ask::GenerateRandom { project, bytes: bytes.ok_or_else(unfit)? })
}

pub(crate) fn write_encrypt(noted: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Ciphertext { by, ciphertext } = reply else { return None };
    let answer = kms::EncryptResponse {
        name: noted.version(by.version),
        ciphertext: ciphertext.clone(),
        ciphertext_crc32c: Some(checksum::of(ciphertext)),
        verified_plaintext_crc32c: noted.has("plaintext"),
        verified_additional_authenticated_data_crc32c: noted.has("additional"),
        protection_level: level(by.key.protection).into(),
    };
    Some(answer.encode_to_vec())
}

pub(crate) fn write_decrypt(_: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Plaintext { by, plaintext } = reply else { return None };
    let answer = plaintext.expose(|plaintext| kms::DecryptResponse {
        plaintext: plaintext.to_vec(),
        plaintext_crc32c: Some(checksum::of(plaintext)),
        used_primary: by.version == by.key.primary,
        protection_level: level(by.key.protection).into(),
    });
    Some(answer.encode_to_vec())
}

pub(crate) fn write_random(_: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Random(random) = reply else { return None };
    let answer = random.expose(|random| kms::GenerateRandomBytesResponse {
        data: random.to_vec(),
        data_crc32c: Some(checksum::of(random)),
    });
    Some(answer.encode_to_vec())
}
