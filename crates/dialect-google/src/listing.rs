//! Listings in parts, filtered and in order: `pageSize`, `pageToken`, `filter`, `orderBy`.

use crate::filter::{Filter, Order};
use crate::input::{Notes, Objection};
use crate::json;
use crate::status::Noted;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;

const PAGE_ITEMS_DEFAULT: usize = 100;
const PAGE_ITEMS_MAX: usize = 1_000;

/// Which part is asked for.
pub(crate) struct Paging<'a> {
    pub(crate) size: i32,
    pub(crate) token: &'a str,
    pub(crate) filter: &'a str,
    pub(crate) order: &'a str,
}

impl Paging<'_> {
    /// Keeps it for the answer, which has the whole listing before it.
    pub(crate) fn keep(&self, notes: &mut Notes) -> Result<(), Objection> {
        let size = usize::try_from(self.size).map_err(|_| Objection::invalid("page_size must not be negative."))?;
        let size = if size == 0 { PAGE_ITEMS_DEFAULT } else { size.min(PAGE_ITEMS_MAX) };
        notes.keep("size", size.to_string());
        if !self.token.is_empty() {
            notes.keep("after", decoded(self.token).ok_or_else(|| Objection::invalid("The page_token is invalid."))?);
        }
        if !self.filter.trim().is_empty() {
            Filter::parse(self.filter)?;
            notes.keep("filter", self.filter);
        }
        if !self.order.trim().is_empty() {
            Order::parse(self.order)?;
            notes.keep("order", self.order);
        }
        Ok(())
    }
}

/// The token of a page is what the last item before it is sorted by.
fn decoded(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// A part of a listing.
pub(crate) struct Page<M> {
    pub(crate) items: Vec<M>,
    /// Where the next begins; empty: there is none.
    pub(crate) next: String,
    /// Of all items, where none was filtered out.
    pub(crate) total: i32,
}

/// The part that was asked for. `mark` is by what the items are sorted as they come, and unlike for each; `show` makes
/// messages of the kind `kind`.
pub(crate) fn page<T, M: Message>(
    noted: &Noted<'_>,
    kind: &str,
    items: &[T],
    mark: impl Fn(&T) -> String,
    show: impl Fn(&T) -> M,
) -> Option<Page<M>> {
    let chosen = chosen(noted, kind, items, &show)?;
    let start = noted.get("after").map_or(0, |after| start(&chosen, after, noted.has("order"), &mark));
    let size = noted.get("size").and_then(|size| size.parse().ok()).unwrap_or(PAGE_ITEMS_DEFAULT);
    let end = start.saturating_add(size).min(chosen.len());
    let shown = chosen.get(start..end).unwrap_or_default();
    let more = shown.last().filter(|_| end < chosen.len());
    let total = if noted.has("filter") { 0 } else { i32::try_from(items.len()).unwrap_or(i32::MAX) };
    Some(Page {
        items: shown.iter().map(|item| show(item)).collect(),
        next: more.map(|last| URL_SAFE_NO_PAD.encode(mark(last))).unwrap_or_default(),
        total,
    })
}

/// The first item after the marked one. If that is gone meanwhile, the order of marks says where it was.
fn start<T>(items: &[&T], after: &str, ordered: bool, mark: impl Fn(&T) -> String) -> usize {
    let exact = items.iter().position(|item| mark(item) == after);
    match exact {
        Some(at) => at + 1,
        None if ordered => items.len(),
        None => items.iter().position(|item| mark(item).as_str() > after).unwrap_or(items.len()),
    }
}

/// Those that the filter lets through, in the order that was asked for.
fn chosen<'i, T, M: Message>(
    noted: &Noted<'_>,
    kind: &str,
    items: &'i [T],
    show: impl Fn(&T) -> M,
) -> Option<Vec<&'i T>> {
    let (filter, order) = (noted.get("filter"), noted.get("order"));
    if filter.is_none() && order.is_none() {
        return Some(items.iter().collect());
    }
    // They were read before and were well.
    let filter = filter.map(Filter::parse).transpose().ok()?;
    let order = order.map(Order::parse).transpose().ok()?;
    let mut seen: Vec<(serde_json::Value, &T)> = Vec::with_capacity(items.len());
    for item in items {
        let value = json::value(kind, &show(item).encode_to_vec())?;
        if filter.as_ref().is_none_or(|filter| filter.lets_through(&value)) {
            seen.push((value, item));
        }
    }
    if let Some(order) = order {
        seen.sort_by(|(one, _), (other, _)| order.compare(one, other));
    }
    Some(seen.into_iter().map(|(_, item)| item).collect())
}
