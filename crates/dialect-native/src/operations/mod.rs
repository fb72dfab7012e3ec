//! Each operation: its members, and what they ask.

pub(crate) mod bindings;
pub(crate) mod documents;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod life;
pub(crate) mod log;
pub(crate) mod names;
pub(crate) mod principals;
pub(crate) mod retired;
pub(crate) mod rings;
pub(crate) mod signs;
pub(crate) mod site;
pub(crate) mod uses;

use crate::input::invalid;
use domain::{Fault, ObjectId, PAGE_ITEMS_MAX, Page, Scope};

/// How many items a listing has where nobody says.
const PAGE_ITEMS: u32 = 100;

fn limit(asked: Option<u32>) -> Result<u32, Fault> {
    match asked.unwrap_or(PAGE_ITEMS) {
        limit if (1..=PAGE_ITEMS_MAX).contains(&limit) => Ok(limit),
        _ => Err(invalid("limit", format!("1 to {PAGE_ITEMS_MAX}"))),
    }
}

fn page(asked: Option<u32>, after: Option<ObjectId>) -> Result<Page, Fault> {
    Ok(Page { limit: limit(asked)?, after })
}

fn scope(version: Option<u32>) -> Scope {
    version.map_or(Scope::Key, Scope::Version)
}
