//! Listings in parts: `Limit`, `Marker`, `Truncated`, `NextMarker`.

use crate::check::{Checks, Pattern, Rule};
use crate::code::Code;
use crate::input::{Int, Objection, Text};
use crate::output::Json;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{ObjectId, Page};
use serde::Deserialize;
use std::borrow::Cow;

const LIMIT_MAX: i64 = 1_000;
const MARKER: Rule =
    Rule { min: 1, max: 1024, pattern: Some(Pattern { text: r"[\u0020-\u00FF]*", fits: is_printable }) };

fn is_printable(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\u{20}'..='\u{ff}'))
}

/// How a part of a listing is asked for that is a key's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OfKey<'a> {
    #[serde(borrow)]
    pub(crate) key_id: Option<Text<'a>>,
    pub(crate) limit: Option<Int>,
    #[serde(borrow)]
    pub(crate) marker: Option<Text<'a>>,
}

/// Which part is asked for.
pub(crate) struct Paging<'a> {
    limit: Option<i64>,
    marker: Option<Cow<'a, str>>,
}

impl<'a> Paging<'a> {
    pub(crate) fn check(checks: &mut Checks, limit: Option<Int>, marker: Option<Text<'a>>) -> Self {
        let limit = limit.map(|limit| limit.0);
        let marker = marker.map(|marker| marker.0);
        if let Some(limit) = limit {
            checks.number("limit", limit, 1, LIMIT_MAX);
        }
        if let Some(marker) = &marker {
            checks.text("marker", marker, &MARKER);
        }
        Self { limit, marker }
    }

    /// Never more than `max`, whatever was asked.
    fn limit(&self, default: u32, max: u32) -> u32 {
        self.limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(default).min(max)
    }

    /// A part of a listing that the house keeps in the order of its ids.
    pub(crate) fn page(&self, default: u32, max: u32) -> Result<Page, Objection> {
        let after = match &self.marker {
            None => None,
            Some(marker) => Some(ObjectId(decode(marker).ok_or_else(foreign)?)),
        };
        Ok(Page { limit: self.limit(default, max), after })
    }

    /// A part of a listing that comes whole: how many are before it, and how many it may hold.
    pub(crate) fn window(&self, default: u32, max: u32) -> Result<(u32, u32), Objection> {
        let before = match &self.marker {
            None => 0,
            Some(marker) => u32::from_be_bytes(decode(marker).ok_or_else(foreign)?),
        };
        Ok((before, self.limit(default, max)))
    }
}

fn foreign() -> Objection {
    Objection::new(Code::InvalidMarker, "marker", "")
}

fn decode<const N: usize>(marker: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(marker).ok()?.try_into().ok()
}

/// Says whether there is more, and where it begins.
pub(crate) fn write_more(json: &mut Json, last: Option<ObjectId>) {
    write_marker(json, last.map(|last| URL_SAFE_NO_PAD.encode(last.0)));
}

fn write_marker(json: &mut Json, marker: Option<String>) {
    json.flag("Truncated", marker.is_some());
    if let Some(marker) = marker {
        json.text("NextMarker", &marker);
    }
}

/// Keeps a window for the answer, which has the whole listing before it.
pub(crate) fn keep_window((before, limit): (u32, u32)) -> String {
    format!("{before} {limit}")
}

/// The items in the window that was kept, written as a list with what follows it.
pub(crate) fn write_window<T>(json: &mut Json, name: &str, items: &[T], kept: &str, fill: impl Fn(&mut Json, &T)) {
    let (shown, next) = windowed(items, kept);
    json.list(name, shown, fill);
    write_marker(json, next);
}

pub(crate) fn windowed<'i, T>(items: &'i [T], kept: &str) -> (&'i [T], Option<String>) {
    let (before, limit) = kept.split_once(' ').unwrap_or(("0", "1000"));
    let number = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
    let start = number(before).min(items.len());
    let end = start.saturating_add(number(limit)).min(items.len());
    let more = end < items.len();
    let marker = more.then(|| URL_SAFE_NO_PAD.encode(u32::try_from(end).unwrap_or(u32::MAX).to_be_bytes()));
    (items.get(start..end).unwrap_or_default(), marker)
}
