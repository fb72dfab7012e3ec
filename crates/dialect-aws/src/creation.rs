//! CreateKey (<https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html>).

use crate::check::{Checks, Pattern, Rule};
use crate::code::Code;
use crate::input::{Flag, List, Notes, Objection, Structure, Text, Trouble, parse};
use crate::metadata::{KEY_SPECS, KEY_USAGES, algorithm};
use crate::tags::{Tag, tags};
use crate::uses::no_key_store;
use domain::{
    Algorithm, Ask, Authority, CreateKey, DEFAULT_RING, KeyFacts, Limits, Origin, ProtectionLevel, Purpose, Window,
};
use serde::Deserialize;

const ORIGINS: &[&str] = &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];
pub(crate) const DESCRIPTION: Rule = Rule { min: 0, max: 8192, pattern: None };
pub(crate) const POLICY: Rule = Rule {
    min: 1,
    max: 131_072,
    pattern: Some(Pattern { text: r"[\u0009\u000A\u000D\u0020-\u00FF]+", fits: is_latin }),
};

fn is_latin(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{ff}'))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input<'a> {
    #[serde(borrow)]
    policy: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    key_usage: Option<Text<'a>>,
    #[serde(borrow)]
    customer_master_key_spec: Option<Text<'a>>,
    #[serde(borrow)]
    key_spec: Option<Text<'a>>,
    #[serde(borrow)]
    origin: Option<Text<'a>>,
    #[serde(borrow)]
    custom_key_store_id: Option<Text<'a>>,
    bypass_policy_lockout_safety_check: Option<Flag>,
    #[serde(borrow)]
    tags: Option<List<Structure<Tag<'a>>>>,
    multi_region: Option<Flag>,
    #[serde(borrow)]
    xks_key_id: Option<Text<'a>>,
}

pub(crate) fn create_key(body: &[u8], _notes: &mut Notes) -> Result<Ask, Trouble> {
    let mut input: Input<'_> = parse(body)?;
    let mut checks = Checks::default();
    check(&mut checks, &input);
    let tags = tags(&mut checks, input.tags.take());
    checks.settle()?;
    let (purpose, algorithm) = kind(input.key_usage.as_ref(), spec(&input)?)?;
    let (origin, protection) = origin(input.origin.as_ref());
    no_key_store(input.custom_key_store_id.as_ref())?;
    not_here(input.multi_region, input.xks_key_id.as_ref(), origin)?;
    Ok(Ask::CreateKey(Box::new(CreateKey {
        project: None,
        in_existing_ring: false,
        ring: DEFAULT_RING.into(),
        name: None,
        purpose,
        algorithm,
        scheme: None,
        origin,
        protection,
        authority: Authority::Aws,
        description: input.description.map(|text| text.0.into_owned()).unwrap_or_default(),
        facts: KeyFacts { tags: tags?, ..KeyFacts::default() },
        document: input.policy.map(|text| text.0.into_owned()),
        bypass_lockout_check: matches!(input.bypass_policy_lockout_safety_check, Some(Flag(true))),
        later: false,
        rotation: None,
        version_window_seconds: None,
        without_version: false,
        access_reasons: None,
        limits: Limits::NONE,
        window: Window::ALWAYS,
        token: None,
    })))
}

fn check(checks: &mut Checks, input: &Input<'_>) {
    if let Some(Text(policy)) = &input.policy {
        checks.text("policy", policy, &POLICY);
    }
    if let Some(Text(description)) = &input.description {
        checks.text("description", description, &DESCRIPTION);
    }
    let sets = [
        ("keyUsage", &input.key_usage, KEY_USAGES),
        ("customerMasterKeySpec", &input.customer_master_key_spec, KEY_SPECS),
        ("keySpec", &input.key_spec, KEY_SPECS),
        ("origin", &input.origin, ORIGINS),
    ];
    for (member, given, set) in sets {
        if let Some(Text(value)) = given {
            checks.one_of(member, value, set);
        }
    }
}

/// The key spec, by its present or its former name; not by both.
fn spec<'i>(input: &'i Input<'_>) -> Result<&'i str, Objection> {
    match (&input.key_spec, &input.customer_master_key_spec) {
        (Some(Text(spec)), None) | (None, Some(Text(spec))) => Ok(spec),
        (None, None) => Ok("SYMMETRIC_DEFAULT"),
        (Some(_), Some(_)) => {
            let text = "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
                        CustomerMasterKeySpec is deprecated.";
            Err(Objection::new(Code::Validation, "customerMasterKeySpec", text))
        }
    }
}

fn kind(usage: Option<&Text<'_>>, spec: &str) -> Result<(Purpose, Algorithm), Objection> {
    let refuse = |text: String| Err(Objection::new(Code::Validation, "keyUsage", text));
    let Some(algorithm) = algorithm(spec) else { return refuse(format!("KeySpec {spec} is not supported")) };
    let usage = match usage {
        Some(Text(usage)) => &**usage,
        None if algorithm == Algorithm::Aes256 => "ENCRYPT_DECRYPT",
        None => {
            let text = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.";
            return refuse(text.into());
        }
    };
    let purpose = match usage {
        "SIGN_VERIFY" => Purpose::Sign,
        "GENERATE_VERIFY_MAC" => Purpose::Mac,
        "KEY_AGREEMENT" => Purpose::Agree,
        "ENCAPSULATE_DECAPSULATE" => Purpose::Encapsulate,
        _ if algorithm == Algorithm::Aes256 => Purpose::Encrypt,
        _ => Purpose::DecryptAsymmetric,
    };
    match algorithm.serves(purpose) {
        true => Ok((purpose, algorithm)),
        false => refuse(format!("KeyUsage {usage} is not compatible with KeySpec {spec}")),
    }
}

fn origin(given: Option<&Text<'_>>) -> (Origin, ProtectionLevel) {
    match given.map(|text| &*text.0) {
        Some("EXTERNAL") => (Origin::Imported, ProtectionLevel::Software),
        Some("AWS_CLOUDHSM") => (Origin::Generated, ProtectionLevel::Hsm),
        Some("EXTERNAL_KEY_STORE") => (Origin::External, ProtectionLevel::External),
        _ => (Origin::Generated, ProtectionLevel::Software),
    }
}

fn not_here(multi_region: Option<Flag>, xks_key: Option<&Text<'_>>, origin: Origin) -> Result<(), Objection> {
    if matches!(multi_region, Some(Flag(true))) {
        let text = "MultiRegion keys are not served by this release";
        return Err(Objection::new(Code::UnsupportedOperation, "multiRegion", text));
    }
    match xks_key {
        Some(_) if origin != Origin::External => {
            let text = "XksKeyId is only valid with Origin EXTERNAL_KEY_STORE";
            Err(Objection::new(Code::Validation, "xksKeyId", text))
        }
        _ => Ok(()),
    }
}
