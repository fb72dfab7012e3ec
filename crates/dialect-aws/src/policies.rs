//! GetKeyPolicy, PutKeyPolicy and ListKeyPolicies.

use crate::check::{Checks, Pattern, Rule};
use crate::code::Code;
use crate::creation::POLICY;
use crate::input::{Flag, Notes, Objection, Text, Trouble, parse};
use crate::name::own_key;
use crate::output::Json;
use crate::page::{OfKey, Paging, keep_window, windowed};
use domain::{Ask, Authority};
use serde::Deserialize;

/// The one name that a key's policy has.
const DEFAULT: &str = "default";
const LIST_POLICIES_DEFAULT: u32 = 100;
const LIST_POLICIES_MAX: u32 = 1_000;
const POLICY_NAME: Rule = Rule { min: 1, max: 128, pattern: Some(Pattern { text: r"[\w]+", fits: is_word }) };

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    policy_name: Option<Text<'a>>,
    #[serde(borrow)]
    policy: Option<Text<'a>>,
    bypass_policy_lockout_safety_check: Option<Flag>,
}

pub(crate) fn get_key_policy(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: Input<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let name = policy_name(&mut checks, input.policy_name);
    checks.settle()?;
    notes.keep("key", &key);
    Ok(Ask::GetDocument { key: own_key(&key, &notes.place)?, regime: Authority::Aws, name })
}

pub(crate) fn put_key_policy(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: Input<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let name = policy_name(&mut checks, input.policy_name);
    let text = match input.policy {
        Some(Text(policy)) => {
            checks.text("policy", &policy, &POLICY);
            policy.into_owned()
        }
        None => checks.required("policy", None),
    };
    checks.settle()?;
    if name != DEFAULT {
        let text = "The only valid policy name is default";
        return Err(Objection::new(Code::UnsupportedOperation, "policyName", text).into());
    }
    notes.keep("key", &key);
    let bypass_lockout_check = matches!(input.bypass_policy_lockout_safety_check, Some(Flag(true)));
    let key = own_key(&key, &notes.place)?;
    Ok(Ask::PutDocument { key, regime: Authority::Aws, name, text, bypass_lockout_check })
}

fn policy_name(checks: &mut Checks, given: Option<Text<'_>>) -> String {
    let Some(Text(name)) = given else { return DEFAULT.into() };
    checks.text("policyName", &name, &POLICY_NAME);
    name.into_owned()
}

pub(crate) fn list_key_policies(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: OfKey<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let paging = Paging::check(&mut checks, input.limit, input.marker);
    checks.settle()?;
    // The model has no error for a bad marker here, and there is only one part.
    let window = paging.window(LIST_POLICIES_DEFAULT, LIST_POLICIES_MAX).unwrap_or((0, LIST_POLICIES_MAX));
    notes.keep("window", &keep_window(window));
    notes.keep("key", &key);
    Ok(Ask::ListDocuments { key: own_key(&key, &notes.place)?, regime: Authority::Aws })
}

pub(crate) fn write_policy(name: &str, text: &str) -> Vec<u8> {
    let mut json = Json::object(64 + text.len() * 5 / 4);
    json.text("Policy", text);
    json.text("PolicyName", name);
    json.done()
}

pub(crate) fn write_policies(names: &[String], window: &str) -> Vec<u8> {
    let (shown, next) = windowed(names, window);
    let mut json = Json::object(128);
    json.texts("PolicyNames", shown.iter().map(String::as_str));
    json.flag("Truncated", next.is_some());
    if let Some(marker) = next {
        json.text("NextMarker", &marker);
    }
    json.done()
}
