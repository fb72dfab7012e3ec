//! CreateAlias, UpdateAlias, DeleteAlias and ListAliases.

use crate::check::{Checks, Pattern, Rule};
use crate::code::Code;
use crate::input::{Notes, Objection, Text, Trouble, parse};
use crate::name::{ALIAS_PREFIX, is_alias, own_key};
use crate::output::Json;
use crate::page::{OfKey, Paging, write_more};
use domain::{AliasFound, Ask, KeyName, Tenant};
use serde::Deserialize;

const LIST_ALIASES_DEFAULT: u32 = 50;
const LIST_ALIASES_MAX: u32 = 100;
/// The service's own aliases. None are made here.
const RESERVED: &str = "alias/aws/";
const ALIAS: Rule =
    Rule { min: 1, max: 256, pattern: Some(Pattern { text: "^[a-zA-Z0-9:/_-]+$", fits: is_alias_spelling }) };

fn is_alias_spelling(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'_' | b'-');
    !text.is_empty() && text.bytes().all(fits)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AliasAndTarget<'a> {
    #[serde(borrow)]
    alias_name: Option<Text<'a>>,
    #[serde(borrow)]
    target_key_id: Option<Text<'a>>,
}

pub(crate) fn create_alias(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let (alias, key) = alias_and_target(body, notes)?;
    Ok(Ask::CreateAlias { alias, key })
}

pub(crate) fn update_alias(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let (alias, key) = alias_and_target(body, notes)?;
    Ok(Ask::RetargetAlias { alias, key })
}

fn alias_and_target(body: &[u8], notes: &mut Notes) -> Result<(String, KeyName), Trouble> {
    let input: AliasAndTarget<'_> = parse(body)?;
    let mut checks = Checks::default();
    let name = alias_name(&mut checks, input.alias_name);
    let target = checks.key_id("targetKeyId", input.target_key_id);
    checks.settle()?;
    let alias = bare(&name)?;
    if is_alias(&target) {
        let text = "Aliases must refer to keys. Not aliases";
        return Err(Objection::new(Code::Validation, "targetKeyId", text).into());
    }
    notes.keep("alias", &alias);
    notes.keep("key", &target);
    Ok((alias, own_key(&target, &notes.place)?))
}

pub(crate) fn delete_alias(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: AliasAndTarget<'_> = parse(body)?;
    let mut checks = Checks::default();
    let name = alias_name(&mut checks, input.alias_name);
    checks.settle()?;
    let alias = bare(&name)?;
    notes.keep("alias", &alias);
    Ok(Ask::DeleteAlias { alias })
}

fn alias_name(checks: &mut Checks, given: Option<Text<'_>>) -> String {
    match given {
        Some(Text(name)) => {
            checks.text("aliasName", &name, &ALIAS);
            name.into_owned()
        }
        None => checks.required("aliasName", None),
    }
}

/// The alias without its prefix.
fn bare(name: &str) -> Result<String, Objection> {
    let refuse = |code, text: String| Err(Objection::new(code, "aliasName", text));
    let Some(alias) = name.strip_prefix(ALIAS_PREFIX) else {
        let text = "Alias must start with the prefix \"alias/\". \
                    Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
        return refuse(Code::Validation, text.into());
    };
    if name.starts_with(RESERVED) {
        return refuse(Code::NotAuthorized, String::new());
    }
    if alias.is_empty() || alias.contains(':') {
        return refuse(Code::Validation, format!("{name} contains invalid characters for an alias"));
    }
    Ok(alias.into())
}

pub(crate) fn list_aliases(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: OfKey<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.optional_key_id("keyId", input.key_id);
    let paging = Paging::check(&mut checks, input.limit, input.marker);
    checks.settle()?;
    let page = paging.page(LIST_ALIASES_DEFAULT, LIST_ALIASES_MAX)?;
    let key = match key {
        None => None,
        Some(key) => {
            notes.keep("key", &key);
            Some(own_key(&key, &notes.place)?)
        }
    };
    Ok(Ask::ListAliases { key, page })
}

pub(crate) fn write_aliases(region: &str, aliases: &[AliasFound], owner: &Tenant, more: bool) -> Vec<u8> {
    let mut json = Json::object(64 + aliases.len() * 320);
    json.list("Aliases", aliases, |json, found| {
        let (account, alias) = (&owner.account, &found.alias);
        json.text("AliasArn", &crate::name::alias_arn(region, account, alias));
        json.text("AliasName", &format!("{ALIAS_PREFIX}{alias}"));
        json.date("CreationDate", found.created);
        json.date("LastUpdatedDate", found.changed);
        json.id("TargetKeyId", found.key);
    });
    write_more(&mut json, aliases.last().map(|found| found.id).filter(|_| more));
    json.done()
}
