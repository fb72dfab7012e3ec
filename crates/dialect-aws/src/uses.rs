//! Encrypt, Decrypt, ReEncrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext and GenerateRandom.
//! (<https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html> and its neighbours.)

use crate::check::Checks;
use crate::code::Code;
use crate::input::{Blob, Flag, Int, List, Notes, Objection, Pairs, Text, Trouble, Veiled, parse};
use crate::name::any_key;
use crate::output::Json;
use domain::{Ask, Context, Dry, Worker};
use secret::Secret;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

const PLAINTEXT_BYTES_MAX: usize = 4_096;
const CIPHERTEXT_BYTES_MAX: usize = 6_144;
const CONTEXT_CHARS_MAX: usize = 8_192;
const DATA_KEY_BYTES_MAX: i64 = 1_024;
const ENCRYPTION_ALGORITHMS: &[&str] = &["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];
const DATA_KEY_SPECS: &[&str] = &["AES_256", "AES_128"];
const DRY_RUN_MODIFIERS: &[&str] = &["IGNORE_CIPHERTEXT"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypt<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    plaintext: Option<Veiled>,
    encryption_context: Option<Pairs>,
    #[serde(borrow)]
    encryption_algorithm: Option<Text<'a>>,
    #[serde(borrow)]
    grant_tokens: Option<List<Text<'a>>>,
    dry_run: Option<Flag>,
}

pub(crate) fn encrypt(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: Encrypt<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let plaintext = plaintext(&mut checks, input.plaintext);
    let context = context(&mut checks, "encryptionContext", input.encryption_context);
    algorithm(&mut checks, "encryptionAlgorithm", input.encryption_algorithm.as_ref());
    checks.grant_tokens(input.grant_tokens.as_ref());
    checks.settle()?;
    symmetric(input.encryption_algorithm.as_ref())?;
    notes.keep("key", &key);
    let (key, context) = (any_key(&key, &notes.place), context?);
    Ok(Ask::Encrypt { key, version: None, plaintext, context, dry: dry(input.dry_run, false) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    ciphertext_blob: Option<Blob>,
    encryption_context: Option<Pairs>,
    #[serde(borrow)]
    encryption_algorithm: Option<Text<'a>>,
    #[serde(borrow)]
    grant_tokens: Option<List<Text<'a>>>,
    recipient: Option<IgnoredAny>,
    dry_run: Option<Flag>,
    #[serde(borrow)]
    dry_run_modifiers: Option<List<Text<'a>>>,
}

pub(crate) fn decrypt(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: Decrypt<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.optional_key_id("keyId", input.key_id);
    let dry = dry(input.dry_run, modifiers(&mut checks, input.dry_run_modifiers.as_ref()));
    let ciphertext = ciphertext(&mut checks, input.ciphertext_blob, dry, key.is_some());
    let context = context(&mut checks, "encryptionContext", input.encryption_context);
    algorithm(&mut checks, "encryptionAlgorithm", input.encryption_algorithm.as_ref());
    checks.grant_tokens(input.grant_tokens.as_ref());
    checks.settle()?;
    symmetric(input.encryption_algorithm.as_ref())?;
    no_recipient(input.recipient, Code::Validation)?;
    let key = key.map(|key| {
        notes.keep("key", &key);
        any_key(&key, &notes.place)
    });
    Ok(Ask::Decrypt { key, ciphertext, context: context?, dry })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReEncrypt<'a> {
    ciphertext_blob: Option<Blob>,
    source_encryption_context: Option<Pairs>,
    #[serde(borrow)]
    source_key_id: Option<Text<'a>>,
    #[serde(borrow)]
    destination_key_id: Option<Text<'a>>,
    destination_encryption_context: Option<Pairs>,
    #[serde(borrow)]
    source_encryption_algorithm: Option<Text<'a>>,
    #[serde(borrow)]
    destination_encryption_algorithm: Option<Text<'a>>,
    #[serde(borrow)]
    grant_tokens: Option<List<Text<'a>>>,
    dry_run: Option<Flag>,
    #[serde(borrow)]
    dry_run_modifiers: Option<List<Text<'a>>>,
}

pub(crate) fn re_encrypt(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: ReEncrypt<'_> = parse(body)?;
    let mut checks = Checks::default();
    let from = checks.optional_key_id("sourceKeyId", input.source_key_id);
    let to = checks.key_id("destinationKeyId", input.destination_key_id);
    let dry = dry(input.dry_run, modifiers(&mut checks, input.dry_run_modifiers.as_ref()));
    let ciphertext = ciphertext(&mut checks, input.ciphertext_blob, dry, from.is_some());
    let from_context = context(&mut checks, "sourceEncryptionContext", input.source_encryption_context);
    let to_context = context(&mut checks, "destinationEncryptionContext", input.destination_encryption_context);
    algorithm(&mut checks, "sourceEncryptionAlgorithm", input.source_encryption_algorithm.as_ref());
    algorithm(&mut checks, "destinationEncryptionAlgorithm", input.destination_encryption_algorithm.as_ref());
    checks.grant_tokens(input.grant_tokens.as_ref());
    checks.settle()?;
    symmetric(input.source_encryption_algorithm.as_ref())?;
    symmetric(input.destination_encryption_algorithm.as_ref())?;
    notes.keep("key", &to);
    if let Some(from) = &from {
        notes.keep("from", from);
    }
    let (from, to) = (from.map(|from| any_key(&from, &notes.place)), any_key(&to, &notes.place));
    Ok(Ask::ReEncrypt { from, ciphertext, from_context: from_context?, to, to_context: to_context?, dry })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    encryption_context: Option<Pairs>,
    number_of_bytes: Option<Int>,
    #[serde(borrow)]
    key_spec: Option<Text<'a>>,
    #[serde(borrow)]
    grant_tokens: Option<List<Text<'a>>>,
    recipient: Option<IgnoredAny>,
    dry_run: Option<Flag>,
}

pub(crate) fn generate_data_key(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: GenerateDataKey<'_> = parse(body)?;
    data_key(input, true, notes)
}

pub(crate) fn generate_data_key_without_plaintext(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: GenerateDataKey<'_> = parse(body)?;
    // This operation has no recipient, and ignores members that it does not have.
    data_key(GenerateDataKey { recipient: None, ..input }, false, notes)
}

fn data_key(input: GenerateDataKey<'_>, plaintext: bool, notes: &mut Notes) -> Result<Ask, Trouble> {
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let context = context(&mut checks, "encryptionContext", input.encryption_context);
    if let Some(Int(bytes)) = input.number_of_bytes {
        checks.number("numberOfBytes", bytes, 1, DATA_KEY_BYTES_MAX);
    }
    if let Some(Text(spec)) = &input.key_spec {
        checks.one_of("keySpec", spec, DATA_KEY_SPECS);
    }
    checks.grant_tokens(input.grant_tokens.as_ref());
    checks.settle()?;
    let bytes = data_key_bytes(input.number_of_bytes, input.key_spec.as_ref().map(|spec| spec.0.as_ref()))?;
    no_recipient(input.recipient, Code::Validation)?;
    notes.keep("key", &key);
    let (key, context) = (any_key(&key, &notes.place), context?);
    Ok(Ask::GenerateDataKey { key, bytes, context, plaintext, dry: dry(input.dry_run, false) })
}

fn data_key_bytes(number: Option<Int>, spec: Option<&str>) -> Result<u32, Objection> {
    match (number, spec) {
        (None, Some("AES_128")) => Ok(16),
        (None, Some(_)) => Ok(32),
        (Some(Int(bytes)), None) => Ok(u32::try_from(bytes).unwrap_or(u32::MAX)),
        (None, None) | (Some(_), Some(_)) => {
            let text = "Please specify either number of bytes or key spec.";
            Err(Objection::new(Code::Validation, "numberOfBytes", text))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateRandom<'a> {
    number_of_bytes: Option<Int>,
    #[serde(borrow)]
    custom_key_store_id: Option<Text<'a>>,
    recipient: Option<IgnoredAny>,
}

pub(crate) fn generate_random(body: &[u8], _notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: GenerateRandom<'_> = parse(body)?;
    let Some(Int(bytes)) = input.number_of_bytes else {
        return Err(Objection::new(Code::Validation, "numberOfBytes", "NumberOfBytes is required.").into());
    };
    let mut checks = Checks::default();
    checks.number("numberOfBytes", bytes, 1, DATA_KEY_BYTES_MAX);
    checks.settle()?;
    no_recipient(input.recipient, Code::UnsupportedOperation)?;
    no_key_store(input.custom_key_store_id.as_ref())?;
    Ok(Ask::GenerateRandom { project: None, bytes: u32::try_from(bytes).unwrap_or(u32::MAX) })
}

/// There are no custom key stores here, so none of that name.
pub(crate) fn no_key_store(store: Option<&Text<'_>>) -> Result<(), Objection> {
    match store {
        None => Ok(()),
        Some(Text(store)) => {
            let text = format!("Custom key store '{store}' does not exist");
            Err(Objection::new(Code::CustomKeyStoreNotFound, "customKeyStoreId", text))
        }
    }
}

/// Answers sealed for an attested enclave are not served.
fn no_recipient(recipient: Option<IgnoredAny>, code: Code) -> Result<(), Objection> {
    match recipient {
        None => Ok(()),
        Some(_) => {
            Err(Objection::new(code, "recipient", "Recipient (AWS Nitro Enclaves) is not served by this release"))
        }
    }
}

fn plaintext(checks: &mut Checks, given: Option<Veiled>) -> Secret {
    match given {
        Some(Veiled(secret)) => {
            checks.bytes("plaintext", secret.len(), PLAINTEXT_BYTES_MAX);
            secret
        }
        None => {
            checks.required("plaintext", None::<()>);
            Secret::new(Vec::new())
        }
    }
}

/// A dry run that ignores the ciphertext needs none, if it names the key.
fn ciphertext(checks: &mut Checks, given: Option<Blob>, dry: Dry, named: bool) -> Vec<u8> {
    match given {
        Some(Blob(bytes)) => {
            checks.bytes("ciphertextBlob", bytes.len(), CIPHERTEXT_BYTES_MAX);
            bytes
        }
        None if dry == Dry::RunIgnoringCiphertext && named => Vec::new(),
        None => checks.required("ciphertextBlob", None),
    }
}

fn context(checks: &mut Checks, member: &'static str, given: Option<Pairs>) -> Result<Context, Objection> {
    let Some(Pairs(given)) = given else { return Ok(Context::None) };
    let mut pairs = Vec::with_capacity(given.len());
    for (name, value) in given {
        match value {
            Some(value) => pairs.push((name, value)),
            None => checks.object(member, member, None, "Map value must satisfy constraint: [Member must not be null]"),
        }
    }
    let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > CONTEXT_CHARS_MAX {
        let constraint = format!("Member must have length less than or equal to {CONTEXT_CHARS_MAX}");
        checks.object(member, member, None, &constraint);
    }
    let twice = |_| Objection::new(Code::Validation, member, "A key occurs twice in the encryption context");
    Context::from_pairs(pairs).map_err(twice)
}

fn algorithm(checks: &mut Checks, member: &'static str, given: Option<&Text<'_>>) {
    if let Some(Text(algorithm)) = given {
        checks.one_of(member, algorithm, ENCRYPTION_ALGORITHMS);
    }
}

/// Only symmetric keys are shown in this tongue.
fn symmetric(given: Option<&Text<'_>>) -> Result<(), Objection> {
    match given.map(|text| &*text.0) {
        None | Some("SYMMETRIC_DEFAULT") => Ok(()),
        Some(other) => {
            let text = format!("Algorithm {other} is incompatible with key spec SYMMETRIC_DEFAULT.");
            Err(Objection::new(Code::InvalidKeyUsage, "encryptionAlgorithm", text))
        }
    }
}

fn modifiers(checks: &mut Checks, given: Option<&List<Text<'_>>>) -> bool {
    let Some(List(given)) = given else { return false };
    let texts: Vec<&Cow<'_, str>> = given.iter().flatten().map(|text| &text.0).collect();
    for text in &texts {
        checks.one_of("dryRunModifiers", text, DRY_RUN_MODIFIERS);
    }
    !texts.is_empty()
}

fn dry(flag: Option<Flag>, ignoring: bool) -> Dry {
    match (flag, ignoring) {
        (Some(Flag(true)), true) => Dry::RunIgnoringCiphertext,
        (Some(Flag(true)), false) => Dry::Run,
        (Some(Flag(false)) | None, _) => Dry::Wet,
    }
}

pub(crate) fn write_ciphertext(by: &Worker, ciphertext: &[u8]) -> Vec<u8> {
    let mut json = Json::object(ciphertext.len() * 4 / 3 + 192);
    json.blob("CiphertextBlob", ciphertext);
    json.text("EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    arn(&mut json, "KeyId", by);
    json.done()
}

pub(crate) fn write_plaintext(by: &Worker, plaintext: &Secret) -> Vec<u8> {
    let mut json = Json::object(plaintext.len() * 4 / 3 + 288);
    json.text("EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    arn(&mut json, "KeyId", by);
    material(&mut json, "KeyMaterialId", by);
    json.secret("Plaintext", plaintext);
    json.done()
}

pub(crate) fn write_resealed(from: &Worker, to: &Worker, ciphertext: &[u8]) -> Vec<u8> {
    let mut json = Json::object(ciphertext.len() * 4 / 3 + 640);
    json.blob("CiphertextBlob", ciphertext);
    json.text("DestinationEncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    material(&mut json, "DestinationKeyMaterialId", to);
    arn(&mut json, "KeyId", to);
    json.text("SourceEncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    arn(&mut json, "SourceKeyId", from);
    material(&mut json, "SourceKeyMaterialId", from);
    json.done()
}

pub(crate) fn write_data_key(by: &Worker, plaintext: Option<&Secret>, ciphertext: &[u8]) -> Vec<u8> {
    let clear = plaintext.map_or(0, Secret::len);
    let mut json = Json::object((ciphertext.len() + clear) * 4 / 3 + 288);
    json.blob("CiphertextBlob", ciphertext);
    arn(&mut json, "KeyId", by);
    material(&mut json, "KeyMaterialId", by);
    if let Some(plaintext) = plaintext {
        json.secret("Plaintext", plaintext);
    }
    json.done()
}

pub(crate) fn write_random(random: &Secret) -> Vec<u8> {
    let mut json = Json::object(random.len() * 4 / 3 + 32);
    json.secret("Plaintext", random);
    json.done()
}

fn arn(json: &mut Json, name: &str, by: &Worker) {
    json.key_arn(name, &by.key.location.0, &by.owner.account, by.key.id);
}

fn material(json: &mut Json, name: &str, by: &Worker) {
    let version = by.key.version(by.version).ok();
    if let Some(fingerprint) = version.and_then(|version| version.fingerprint.as_ref()) {
        json.hex(name, &fingerprint.0);
    }
}
