//! What a segment says of its entries, so that a query opens only those that it may want.
//!
//! CBOR, see `docs/formats/projections.md`. Ids are kept as tags of 4 bytes: a tag that is there by chance costs a look
//! into the segment, and one that is not there proves that the id is not.

use crate::cbor::{Reader, Writer};
use crate::query::{Filter, verdict_word};
use crate::{Clear, Malformed};
use domain::{ObjectId, Timestamp};

const FORMAT: u8 = 1;

mod field {
    pub(super) const EARLIEST: u8 = 1;
    pub(super) const LATEST: u8 = 2;
    pub(super) const TENANTS: u8 = 3;
    pub(super) const PRINCIPALS: u8 = 4;
    pub(super) const OBJECTS: u8 = 5;
    pub(super) const REQUESTS: u8 = 6;
    pub(super) const ACTIONS: u8 = 7;
    pub(super) const VERDICTS: u8 = 8;
}

/// Ids, as tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tags(Vec<[u8; 4]>);

impl Tags {
    fn add(&mut self, id: ObjectId) {
        let tag = tag(id);
        // The same caller and key come again and again; the rest is sorted out when it is written.
        if self.0.last() != Some(&tag) {
            self.0.push(tag);
        }
    }

    fn tidy(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }

    fn may_hold(&self, wanted: Option<ObjectId>) -> bool {
        wanted.is_none_or(|id| self.0.contains(&tag(id)))
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (tags, rest) = bytes.as_chunks::<4>();
        if rest.is_empty() { Ok(Self(tags.to_vec())) } else { Err(Malformed) }
    }
}

/// The four quarters of an id, one over the other.
fn tag(id: ObjectId) -> [u8; 4] {
    id.0.as_chunks::<4>()
        .0
        .iter()
        .fold([0; 4], |folded, quarter| (u32::from_ne_bytes(folded) ^ u32::from_ne_bytes(*quarter)).to_ne_bytes())
}

/// The sum of entries: when, who, what, how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    earliest: Timestamp,
    latest: Timestamp,
    tenants: Tags,
    principals: Tags,
    objects: Tags,
    requests: Tags,
    actions: Vec<u16>,
    verdicts: Vec<String>,
}

impl Default for Summary {
    fn default() -> Self {
        let [tenants, principals, objects, requests] = [(); 4].map(|()| Tags::default());
        let (earliest, latest) = (Timestamp::MAX, Timestamp::MIN);
        Self { earliest, latest, tenants, principals, objects, requests, actions: Vec::new(), verdicts: Vec::new() }
    }
}

impl Summary {
    pub(crate) fn add(&mut self, clear: &Clear) {
        self.earliest = self.earliest.min(clear.wall);
        self.latest = self.latest.max(clear.wall);
        self.tenants.add(clear.tenant);
        self.principals.add(clear.principal);
        self.requests.add(clear.request.0);
        for (action, object, _) in &clear.deeds {
            self.objects.add(*object);
            if !self.actions.contains(action) {
                self.actions.push(*action);
            }
        }
        let word = verdict_word(&clear.verdict);
        if !self.verdicts.iter().any(|known| known == word) {
            self.verdicts.push(word.to_owned());
        }
    }

    /// Whether an entry that fits may be among them. False is certain.
    pub(crate) fn may_hold(&self, filter: &Filter) -> bool {
        filter.from.is_none_or(|from| self.latest >= from)
            && filter.until.is_none_or(|until| self.earliest < until)
            && self.tenants.may_hold(filter.tenant)
            && self.principals.may_hold(filter.principal)
            && self.objects.may_hold(filter.object)
            && self.requests.may_hold(filter.request)
            && filter.action.is_none_or(|action| self.actions.contains(&action))
            && filter.verdict.as_ref().is_none_or(|verdict| self.verdicts.contains(verdict))
    }

    pub(crate) fn encode(&mut self) -> Vec<u8> {
        let Self { earliest, latest, tenants, principals, objects, requests, actions, verdicts } = self;
        [&mut *tenants, principals, objects, requests].into_iter().for_each(Tags::tidy);
        actions.sort_unstable();
        verdicts.sort_unstable();
        let mut writer = Writer::with_capacity(64 + 4 * (objects.0.len() + requests.0.len()));
        writer.document(FORMAT, |summary| {
            summary.put(field::EARLIEST, |w| w.signed(earliest.0));
            summary.put(field::LATEST, |w| w.signed(latest.0));
            summary.put(field::TENANTS, |w| w.bytes(tenants.0.as_flattened()));
            summary.put(field::PRINCIPALS, |w| w.bytes(principals.0.as_flattened()));
            summary.put(field::OBJECTS, |w| w.bytes(objects.0.as_flattened()));
            summary.put(field::REQUESTS, |w| w.bytes(requests.0.as_flattened()));
            summary.put_list(field::ACTIONS, actions, |w, action| w.number(*action));
            summary.put_list(field::VERDICTS, verdicts, |w, word| w.text(word));
        });
        writer.finish()
    }

    /// None for what this release cannot read.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut summary = Self::default();
        let mut reader = Reader::new(bytes);
        reader.document(FORMAT.into(), |r, key| summary.read(r, key)).ok()?;
        reader.end().ok()?;
        Some(summary)
    }

    fn read(&mut self, r: &mut Reader<'_>, key: u64) -> Result<(), Malformed> {
        match u8::try_from(key).unwrap_or(u8::MAX) {
            field::EARLIEST => self.earliest = Timestamp(r.signed()?),
            field::LATEST => self.latest = Timestamp(r.signed()?),
            field::TENANTS => self.tenants = Tags::decode(r.bytes()?)?,
            field::PRINCIPALS => self.principals = Tags::decode(r.bytes()?)?,
            field::OBJECTS => self.objects = Tags::decode(r.bytes()?)?,
            field::REQUESTS => self.requests = Tags::decode(r.bytes()?)?,
            field::ACTIONS => self.actions = r.list(Reader::small)?,
            field::VERDICTS => self.verdicts = r.list(|r| r.text().map(str::to_owned))?,
            _ => r.skip()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
