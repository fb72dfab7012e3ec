//! TagResource, UntagResource and ListResourceTags.

use crate::check::{Checks, Rule};
use crate::code::Code;
use crate::input::{List, Notes, Objection, Structure, Text, Trouble, parse};
use crate::name::own_key;
use crate::output::Json;
use crate::page::{OfKey, Paging, keep_window, write_window};
use domain::{Ask, TAG_NAME_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_PER_KEY_MAX};
use serde::Deserialize;

const LIST_TAGS_DEFAULT: u32 = 50;
const LIST_TAGS_MAX: u32 = 50;
const TAG_KEY: Rule = Rule { min: 1, max: TAG_NAME_CHARS_MAX, pattern: None };
const TAG_VALUE: Rule = Rule { min: 0, max: TAG_VALUE_CHARS_MAX, pattern: None };
/// Tags of the service's own. None are made here, and people can't make them.
const RESERVED: &str = "aws:";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag<'a> {
    #[serde(borrow)]
    tag_key: Option<Text<'a>>,
    #[serde(borrow)]
    tag_value: Option<Text<'a>>,
}

/// The tags of a request. Outer: what the model refuses is in `checks`; inner: what the service refuses beyond that.
pub(crate) fn tags(
    checks: &mut Checks,
    given: Option<List<Structure<Tag<'_>>>>,
) -> Result<Vec<(String, String)>, Objection> {
    let List(given) = given.unwrap_or(List(Vec::new()));
    let mut tags = Vec::with_capacity(given.len());
    for (at, tag) in given.into_iter().enumerate() {
        let place = |member: &str| format!("tags.{}.member{member}", at + 1);
        let Some(Structure(tag)) = tag else {
            checks.required_at("tags", &place(""), None::<()>);
            continue;
        };
        let name = member(checks, &place(".tagKey"), tag.tag_key, &TAG_KEY);
        let value = member(checks, &place(".tagValue"), tag.tag_value, &TAG_VALUE);
        tags.push((name, value));
    }
    sound(tags)
}

/// A text that must be there and fit its rule.
fn member(checks: &mut Checks, place: &str, given: Option<Text<'_>>, rule: &Rule) -> String {
    match given {
        Some(Text(text)) => {
            checks.text_at("tags", place, &text, rule);
            text.into_owned()
        }
        None => checks.required_at("tags", place, None),
    }
}

fn sound(tags: Vec<(String, String)>) -> Result<Vec<(String, String)>, Objection> {
    let refuse = |text: &str| Err(Objection::new(Code::Tag, "tags", text));
    if tags.iter().any(|(name, _)| is_reserved(name)) {
        return refuse("Tags beginning with aws: are reserved");
    }
    let mut names: Vec<&str> = tags.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, next] if one == next)) {
        return refuse("Duplicate tag keys");
    }
    if tags.len() > TAGS_PER_KEY_MAX {
        return refuse("Too many tags");
    }
    Ok(tags)
}

fn is_reserved(name: &str) -> bool {
    name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagResource<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<List<Structure<Tag<'a>>>>,
}

pub(crate) fn tag_resource(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: TagResource<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    checks.required("tags", input.tags.as_ref().map(|_| ()));
    let tags = tags(&mut checks, input.tags);
    checks.settle()?;
    notes.keep("key", &key);
    Ok(Ask::Tag { key: own_key(&key, &notes.place)?, tags: tags? })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagResource<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    tag_keys: Option<List<Text<'a>>>,
}

pub(crate) fn untag_resource(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: UntagResource<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let List(given) = input.tag_keys.unwrap_or_else(|| {
        checks.required("tagKeys", None::<()>);
        List(Vec::new())
    });
    let mut names = Vec::with_capacity(given.len());
    for (at, name) in given.into_iter().enumerate() {
        let place = format!("tagKeys.{}.member", at + 1);
        let name = member(&mut checks, &place, name, &TAG_KEY);
        names.push(name);
    }
    checks.settle()?;
    if names.iter().any(|name| is_reserved(name)) {
        return Err(Objection::new(Code::Tag, "tagKeys", "Tags beginning with aws: are reserved").into());
    }
    notes.keep("key", &key);
    Ok(Ask::Untag { key: own_key(&key, &notes.place)?, names })
}

pub(crate) fn list_resource_tags(body: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: OfKey<'_> = parse(body)?;
    let mut checks = Checks::default();
    let key = checks.key_id("keyId", input.key_id);
    let paging = Paging::check(&mut checks, input.limit, input.marker);
    checks.settle()?;
    notes.keep("window", &keep_window(paging.window(LIST_TAGS_DEFAULT, LIST_TAGS_MAX)?));
    notes.keep("key", &key);
    Ok(Ask::ListTags { key: own_key(&key, &notes.place)? })
}

pub(crate) fn write_tags(tags: &[(String, String)], window: &str) -> Vec<u8> {
    let mut json = Json::object(64 + tags.len() * 64);
    write_window(&mut json, "Tags", tags, window, |json, (name, value)| {
        json.text("TagKey", name);
        json.text("TagValue", value);
    });
    json.done()
}
