//! DescribeKey, ListKeys, EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion and UpdateKeyDescription.

use crate::check::Checks;
use crate::code::Code;
use crate::creation::DESCRIPTION;
use crate::input::{Int, List, Notes, Objection, Text, Trouble, parse};
use crate::metadata;
use crate::name::{any_key, own_key};
use crate::operation::Operation;
use crate::output::Json;
use crate::page::{Paging, write_more};
use domain::{Ask, Key, KeyName, KeyShown, KeyState, LifeChange, Scope, Tenant, Timestamp};
use serde::Deserialize;
use std::sync::Arc;

const PENDING_DAYS_DEFAULT: i64 = 30;
const LIST_KEYS_DEFAULT: u32 = 100;
const LIST_KEYS_MAX: u32 = 1_000;
const RESOURCE_OWNERS: &[&str] = &["SELF", "OTHER_ACCOUNTS_VIA_RAM"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneKey<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    grant_tokens: Option<List<Text<'a>>>,
}

pub(crate) fn describe_key(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: OneKey<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    checks.grant_tokens(input.grant_tokens.as_ref());
    checks.settle()?;
    notes.keep("key", &key);
    Ok(Ask::DescribeKey { key: any_key(&key, &notes.place), at: None })
}

/// A body whose only member is the id of a key to manage.
pub(crate) fn managed(body: &[u8], notes: &mut Notes) -> Result<KeyName, Trouble> {
    let input: OneKey<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    checks.settle()?;
    notes.keep("key", &key);
    Ok(own_key(&key, &notes.place)?)
}

pub(crate) fn enable_key(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    Ok(Ask::ChangeLife { key: managed(body, notes)?, change: LifeChange::Resume(Scope::Key) })
}

pub(crate) fn disable_key(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    Ok(Ask::ChangeLife { key: managed(body, notes)?, change: LifeChange::Suspend(Scope::Key) })
}

pub(crate) fn cancel_key_deletion(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    Ok(Ask::ChangeLife { key: managed(body, notes)?, change: LifeChange::CancelDestruction(Scope::Key) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleKeyDeletion<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    pending_window_in_days: Option<Int>,
}

pub(crate) fn schedule_key_deletion(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: ScheduleKeyDeletion<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let days = input.pending_window_in_days.map_or(PENDING_DAYS_DEFAULT, |days| days.0);
    checks.number("pendingWindowInDays", days, 1, 365);
    checks.settle()?;
    // The model is wider than the service.
    if !(7..=30).contains(&days) {
        let text = format!("PendingWindowInDays should be between 7 and 30, but it is {days}");
        return Err(Objection::new(Code::Validation, "pendingWindowInDays", text).into());
    }
    notes.keep("key", &key);
    let key = own_key(&key, &notes.place)?;
    let days = u32::try_from(days).unwrap_or(u32::MAX);
    let change = LifeChange::ScheduleDestruction { scope: Scope::Key, days, resume_to: KeyState::Suspended };
    Ok(Ask::ChangeLife { key, change })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateKeyDescription<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
}

pub(crate) fn update_key_description(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: UpdateKeyDescription<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let description = checks.required("description", input.description.map(|text| text.0));
    checks.text("description", &description, &DESCRIPTION);
    checks.settle()?;
    notes.keep("key", &key);
    Ok(Ask::DescribeKeyAs { key: own_key(&key, &notes.place)?, description: description.into_owned() })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListKeys<'a> {
    limit: Option<Int>,
    #[serde(borrow)]
    marker: Option<Text<'a>>,
    #[serde(borrow)]
    resource_owners: Option<List<Text<'a>>>,
}

pub(crate) fn list_keys(body: &[u8], _notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: ListKeys<'_> = parse(body)?;
    let mut checks = Checks::default();
    let paging = Paging::check(&mut checks, input.limit, input.marker);
    let owners: Vec<&str> =
        input.resource_owners.iter().flat_map(|list| list.0.iter().flatten()).map(|o| &*o.0).collect();
    if input.resource_owners.is_some() {
        checks.length("resourceOwners", &owners, 1, 2);
    }
    owners.iter().for_each(|owner| checks.one_of("resourceOwners", owner, RESOURCE_OWNERS));
    checks.settle()?;
    Ok(Ask::ListKeys { page: paging.page(LIST_KEYS_DEFAULT, LIST_KEYS_MAX)? })
}

pub(crate) fn write_keys(keys: &[Arc<Key>], owner: &Tenant, more: bool) -> Vec<u8> {
    let mut json = Json::object(64 + keys.len() * 160);
    json.list("Keys", keys, |json, key| {
        json.key_arn("KeyArn", &key.location.0, &owner.account, key.id);
        json.id("KeyId", key.id);
    });
    write_more(&mut json, keys.last().map(|key| key.id).filter(|_| more));
    json.done()
}

pub(crate) fn write_destruction(
    operation: Operation,
    key: &KeyShown,
    deadline: Option<Timestamp>,
    days: Option<u32>,
) -> Vec<u8> {
    let mut json = Json::object(256);
    if operation == Operation::ScheduleKeyDeletion {
        if let Some(deadline) = deadline {
            json.date("DeletionDate", deadline);
        }
        json.text("KeyState", metadata::state(key));
        if let Some(days) = days {
            json.number("PendingWindowInDays", days);
        }
    }
    metadata::arn(&mut json, "KeyId", key);
    json.done()
}
