//! Entries: deterministic CBOR (RFC 8949, section 4.2.1) with integer keys. docs/formats/entry.md.

use crate::cbor::{Fields, Reader, Writer};
use domain::{Action, Errand, ObjectId, RequestId, RowId, Steady, Table, Timestamp, Tongue};
use minicbor::data::Type;
use secret::Secret;

/// The version of the format that is written, and the only one that is read.
const FORMAT: u8 = 1;

/// The fields of an entry. The numbers are on disk and never change.
mod field {
    pub(super) const WALL: u8 = 1;
    pub(super) const STEADY: u8 = 2;
    pub(super) const TENANT: u8 = 3;
    pub(super) const PRINCIPAL: u8 = 4;
    pub(super) const REQUEST: u8 = 5;
    pub(super) const TONGUE: u8 = 6;
    pub(super) const DEEDS: u8 = 7;
    pub(super) const VERDICT: u8 = 8;
    pub(super) const ROWS: u8 = 9;
    pub(super) const ERRANDS: u8 = 10;
    pub(super) const UNRECORDED: u8 = 11;
    pub(super) const LOG_MONTH: u8 = 12;
    pub(super) const SEALED: u8 = 13;
    /// The last, so that the committer can set it.
    pub(super) const STATE: u8 = 14;
}

/// Scrub the files of what is left of a key.
const ERRAND_SCRUB: u8 = 1;
/// Drop the batches that end before an entry.
const ERRAND_PRUNE: u8 = 2;

/// The words of [`domain::Fault::word`], so that a verdict that is read is the one that was written.
const WORDS: &[&str] = &[
    "not-found",
    "denied",
    "awaiting-approval",
    "not-usable",
    "material-not-held",
    "outside-window",
    "destruction-scheduled",
    "destruction-not-scheduled",
    "used-up",
    "no-such-transition",
    "not-identical",
    "not-imported",
    "not-reimportable",
    "not-deletable",
    "import-job-not-ready",
    "wrapped-unreadable",
    "bad-material",
    "wrong-purpose",
    "no-primary",
    "not-rotatable",
    "wrong-key",
    "ciphertext-unreadable",
    "not-implemented",
    "profile-refuses",
    "already-there",
    "limit-reached",
    "token-reused",
    "bad-tags",
    "bad-document",
    "foreign-allow",
    "invalid",
    "conflict",
    "damaged",
    "unavailable",
    "memory-full",
    "receipt-of-another-request",
];

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// [`domain::Fault::word`].
    Refused(&'static str),
    /// Many refusals of one source and reason.
    Refusals(RefusalSum),
    /// A verdict that a newer release wrote.
    Other(String),
}

/// Refusals before a caller was known, in sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalSum {
    /// `192.0.2.0/24`, `2001:db8::/48`, or `*` for the rest.
    pub prefix: String,
    pub reason: String,
    pub first: Timestamp,
    pub last: Timestamp,
    pub count: u64,
}

/// What the sealed part may hold. The numbers are on disk and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum DetailKey {
    /// The principal's name.
    Principal = 1,
    /// The account or tenant name.
    Account = 2,
    AccessKey = 3,
    /// SHA-256 of the request's signature.
    Signature = 4,
    Address = 5,
    Agent = 6,
    Operation = 7,
    Location = 8,
    /// The name as asked, where nothing was found or an alias was used.
    Asked = 9,
    /// Canonical bytes of the context.
    Context = 10,
    Statement = 11,
    Reason = 12,
    Algorithm = 13,
    /// Bytes of plaintext or random.
    Bytes = 14,
    /// Microseconds from the request's coming in to its entry's going out.
    Duration = 15,
    /// The HTTP status code of the answer.
    Status = 16,
    /// An allow-listed parameter, `name=value`.
    Parameter = 17,
    Session = 18,
    Grant = 19,
    Approval = 20,
    Secure = 21,
    Dry = 22,
    /// The error by the tongue's own code.
    Code = 23,
}

impl DetailKey {
    pub const ALL: [Self; 23] = [
        Self::Principal,
        Self::Account,
        Self::AccessKey,
        Self::Signature,
        Self::Address,
        Self::Agent,
        Self::Operation,
        Self::Location,
        Self::Asked,
        Self::Context,
        Self::Statement,
        Self::Reason,
        Self::Algorithm,
        Self::Bytes,
        Self::Duration,
        Self::Status,
        Self::Parameter,
        Self::Session,
        Self::Grant,
        Self::Approval,
        Self::Secure,
        Self::Dry,
        Self::Code,
    ];

    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|key| *key as u16 == number)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    Text(String),
    Bytes(Vec<u8>),
    Number(u64),
}

/// One row's hashes before and after; none where there was or is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowChange {
    pub row: RowId,
    pub before: Option<[u8; 32]>,
    pub after: [u8; 32],
}

/// An errand as an entry names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrandNote {
    Scrub {
        key: ObjectId,
    },
    Prune {
        before: u64,
    },
    /// An errand that a newer release wrote.
    Other(u64),
}

/// The clear part of an entry, and the sealed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clear {
    pub wall: Timestamp,
    pub steady: Steady,
    pub tenant: ObjectId,
    pub principal: ObjectId,
    pub request: RequestId,
    pub tongue: Option<Tongue>,
    /// Action number (known or not), object, version.
    pub deeds: Vec<(u16, ObjectId, Option<u32>)>,
    pub verdict: Verdict,
    pub rows: Vec<RowChange>,
    pub errands: Vec<ErrandNote>,
    /// How many requests were answered "unavailable" since the entry before.
    pub unrecorded: u64,
    pub log_month: u32,
    /// "seal v1" under the tenant's log key of the month.
    pub sealed: Vec<u8>,
    /// The root of the state tree after this entry; in entries with rows.
    pub state: Option<[u8; 32]>,
}

impl Clear {
    /// Below which entry the log may lack batches because of this one.
    pub fn prunes(&self) -> Option<u64> {
        let before = |errand: &ErrandNote| match errand {
            ErrandNote::Prune { before } => Some(*before),
            _ => None,
        };
        if self.verdict == Verdict::Done { self.errands.iter().find_map(before) } else { None }
    }
}

/// These bytes are no entry of a format that this release reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What is encoded; borrowed, since this is on the hot path.
pub(crate) struct Parts<'a> {
    pub(crate) wall: Timestamp,
    pub(crate) steady: Steady,
    pub(crate) tenant: ObjectId,
    pub(crate) principal: ObjectId,
    pub(crate) request: RequestId,
    pub(crate) tongue: Tongue,
    pub(crate) deeds: &'a [(Action, ObjectId, Option<u32>)],
    pub(crate) verdict: &'a Verdict,
    pub(crate) rows: &'a [RowChange],
    pub(crate) errands: &'a [Errand],
    pub(crate) unrecorded: u64,
    pub(crate) log_month: u32,
    pub(crate) sealed: &'a [u8],
}

/// The stored bytes are the hashed bytes.
pub(crate) fn encode(parts: &Parts<'_>) -> Vec<u8> {
    let mut writer = Writer::with_capacity(capacity(parts));
    writer.document(FORMAT, |entry| {
        entry.put(field::WALL, |w| w.signed(parts.wall.0));
        entry.put(field::STEADY, |w| w.signed(parts.steady.0));
        entry.put(field::TENANT, |w| w.bytes(&parts.tenant.0));
        entry.put(field::PRINCIPAL, |w| w.bytes(&parts.principal.0));
        entry.put(field::REQUEST, |w| w.bytes(&parts.request.0.0));
        entry.put(field::TONGUE, |w| w.number(parts.tongue as u8));
        entry.put_list(field::DEEDS, parts.deeds, write_deed);
        entry.put(field::VERDICT, |w| write_verdict(w, parts.verdict));
        write_effects(entry, parts);
        entry.put(field::LOG_MONTH, |w| w.number(parts.log_month));
        entry.put(field::SEALED, |w| w.bytes(parts.sealed));
        // Which root it is is known at the entry's place in the log: see `set_state`.
        let state = (!parts.rows.is_empty()).then_some([0_u8; 32]);
        entry.put_some(field::STATE, state, |w, state| w.bytes(&state));
    });
    writer.finish()
}

/// Sets the state root of an entry with rows: its last 32 bytes.
pub(crate) fn set_state(entry: &mut [u8], root: &[u8; 32]) {
    if let Some(state) = entry.last_chunk_mut::<32>() {
        *state = *root;
    }
}

/// Room for all of it, so that nothing is moved while it is written.
fn capacity(parts: &Parts<'_>) -> usize {
    let refusals = match parts.verdict {
        Verdict::Refusals(sum) => sum.prefix.len() + sum.reason.len(),
        Verdict::Other(word) => word.len(),
        Verdict::Done | Verdict::Refused(_) => 0,
    };
    227 + 26 * parts.deeds.len() + 90 * parts.rows.len() + 19 * parts.errands.len() + parts.sealed.len() + refusals
}

fn write_deed(w: &mut Writer, (action, object, version): &(Action, ObjectId, Option<u32>)) {
    w.array(if version.is_some() { 3 } else { 2 });
    w.number(*action as u16);
    w.bytes(&object.0);
    if let Some(version) = version {
        w.number(*version);
    }
}

fn write_verdict(w: &mut Writer, verdict: &Verdict) {
    match verdict {
        Verdict::Done => w.number(0_u8),
        Verdict::Refused(word) => w.text(word),
        Verdict::Other(word) => w.text(word),
        Verdict::Refusals(sum) => {
            w.array(5);
            w.text(&sum.prefix);
            w.text(&sum.reason);
            w.signed(sum.first.0);
            w.signed(sum.last.0);
            w.number(sum.count);
        }
    }
}

/// What most entries have nothing of.
fn write_effects(entry: &mut Fields<'_>, parts: &Parts<'_>) {
    entry.put_list(field::ROWS, parts.rows, |w, change| {
        w.array(4);
        w.number(change.row.table as u8);
        w.bytes(&change.row.id.0);
        w.maybe(change.before, |w, before| w.bytes(&before));
        w.bytes(&change.after);
    });
    entry.put_list(field::ERRANDS, parts.errands, |w, errand| {
        w.array(2);
        match errand {
            Errand::Scrub { key } => {
                w.number(ERRAND_SCRUB);
                w.bytes(&key.0);
            }
            Errand::Prune { before } => {
                w.number(ERRAND_PRUNE);
                w.number(*before);
            }
        }
    });
    let unrecorded = (parts.unrecorded > 0).then_some(parts.unrecorded);
    entry.put_some(field::UNRECORDED, unrecorded, |w, count| w.number(count));
}

/// Reads an entry. What it does not know it passes over; what is not deterministic it refuses.
pub fn decode_entry(bytes: &[u8]) -> Result<Clear, Malformed> {
    let mut draft = Draft::default();
    let mut reader = Reader::new(bytes);
    reader.document(FORMAT.into(), |r, key| draft.read(r, key))?;
    reader.end()?;
    draft.finish()
}

/// An entry of which not all may have been read yet.
#[derive(Default)]
struct Draft {
    wall: Option<i64>,
    steady: Option<i64>,
    tenant: Option<ObjectId>,
    principal: Option<ObjectId>,
    request: Option<ObjectId>,
    tongue: Option<Tongue>,
    deeds: Vec<(u16, ObjectId, Option<u32>)>,
    verdict: Option<Verdict>,
    rows: Vec<RowChange>,
    errands: Vec<ErrandNote>,
    unrecorded: u64,
    log_month: Option<u32>,
    sealed: Option<Vec<u8>>,
    state: Option<[u8; 32]>,
}

impl Draft {
    fn read(&mut self, r: &mut Reader<'_>, key: u64) -> Result<(), Malformed> {
        match u8::try_from(key).unwrap_or(u8::MAX) {
            field::WALL => self.wall = Some(r.signed()?),
            field::STEADY => self.steady = Some(r.signed()?),
            field::TENANT => self.tenant = Some(read_id(r)?),
            field::PRINCIPAL => self.principal = Some(read_id(r)?),
            field::REQUEST => self.request = Some(read_id(r)?),
            field::TONGUE => self.tongue = u8::try_from(r.number()?).ok().and_then(Tongue::from_number),
            field::DEEDS => self.deeds = r.list(read_deed)?,
            field::VERDICT => self.verdict = Some(read_verdict(r)?),
            field::ROWS => self.rows = r.list(read_row_change)?.into_iter().flatten().collect(),
            field::ERRANDS => self.errands = r.list(read_errand)?,
            field::UNRECORDED => self.unrecorded = r.number()?,
            field::LOG_MONTH => self.log_month = Some(r.small()?),
            field::SEALED => self.sealed = Some(r.bytes()?.to_vec()),
            field::STATE => self.state = Some(r.fixed()?),
            _ => r.skip()?,
        }
        Ok(())
    }

    fn finish(self) -> Result<Clear, Malformed> {
        Ok(Clear {
            wall: Timestamp(self.wall.ok_or(Malformed)?),
            steady: Steady(self.steady.ok_or(Malformed)?),
            tenant: self.tenant.ok_or(Malformed)?,
            principal: self.principal.ok_or(Malformed)?,
            request: RequestId(self.request.ok_or(Malformed)?),
            tongue: self.tongue,
            deeds: self.deeds,
            verdict: self.verdict.ok_or(Malformed)?,
            rows: self.rows,
            errands: self.errands,
            unrecorded: self.unrecorded,
            log_month: self.log_month.ok_or(Malformed)?,
            sealed: self.sealed.ok_or(Malformed)?,
            state: self.state,
        })
    }
}

fn read_id(r: &mut Reader<'_>) -> Result<ObjectId, Malformed> {
    r.fixed().map(ObjectId)
}

fn read_deed(r: &mut Reader<'_>) -> Result<(u16, ObjectId, Option<u32>), Malformed> {
    r.variant(|r, action, more| {
        let action = u16::try_from(action).map_err(|_| Malformed)?;
        let object = read_id(r)?;
        let version = if more > 1 { Some(r.small()?) } else { None };
        r.skip_items(more.saturating_sub(2))?;
        Ok((action, object, version))
    })
}

fn read_verdict(r: &mut Reader<'_>) -> Result<Verdict, Malformed> {
    Ok(match r.kind()? {
        Type::String => {
            let word = r.text()?;
            let known = WORDS.iter().find(|known| **known == word);
            known.map_or_else(|| Verdict::Other(word.into()), |known| Verdict::Refused(known))
        }
        Type::Array => r.tuple(5, |r| {
            let (prefix, reason) = (r.text()?.into(), r.text()?.into());
            let (first, last) = (Timestamp(r.signed()?), Timestamp(r.signed()?));
            Ok(Verdict::Refusals(RefusalSum { prefix, reason, first, last, count: r.number()? }))
        })?,
        _ => match r.number()? {
            0 => Verdict::Done,
            other => Verdict::Other(other.to_string()),
        },
    })
}

/// None where a newer release changed a row of a table that this one does not know.
fn read_row_change(r: &mut Reader<'_>) -> Result<Option<RowChange>, Malformed> {
    r.tuple(4, |r| {
        let table = u8::try_from(r.number()?).ok().and_then(Table::from_number);
        let (id, before, after) = (read_id(r)?, r.maybe(Reader::fixed)?, r.fixed()?);
        Ok(table.map(|table| RowChange { row: RowId::new(table, id), before, after }))
    })
}

fn read_errand(r: &mut Reader<'_>) -> Result<ErrandNote, Malformed> {
    r.variant(|r, kind, more| {
        let note = match u8::try_from(kind) {
            Ok(ERRAND_SCRUB) => ErrandNote::Scrub { key: read_id(r)? },
            Ok(ERRAND_PRUNE) => ErrandNote::Prune { before: r.number()? },
            _ => {
                r.skip_items(more)?;
                return Ok(ErrandNote::Other(kind));
            }
        };
        r.skip_items(more.saturating_sub(1))?;
        Ok(note)
    })
}

/// The sealed part of an entry as it grows: told once, and never copied before it is sealed.
pub struct Details {
    pairs: Writer,
    count: usize,
}

/// Room for what most requests tell.
const DETAILS_BYTES: usize = 448;

impl Default for Details {
    fn default() -> Self {
        Self { pairs: Writer::with_capacity(DETAILS_BYTES), count: 0 }
    }
}

impl Details {
    pub fn text(&mut self, key: DetailKey, text: &str) {
        self.pair(key).text(text);
    }

    pub fn bytes(&mut self, key: DetailKey, bytes: &[u8]) {
        self.pair(key).bytes(bytes);
    }

    pub fn number(&mut self, key: DetailKey, number: u64) {
        self.pair(key).number(number);
    }

    fn pair(&mut self, key: DetailKey) -> &mut Writer {
        self.count += 1;
        self.pairs.array(2);
        self.pairs.number(key as u16);
        &mut self.pairs
    }

    /// The plaintext of the sealed part: a CBOR array of [key, value], in the order told.
    pub(crate) fn finish(self) -> Vec<u8> {
        let pairs = self.pairs.finish();
        let mut all = Writer::with_capacity(pairs.len() + 9);
        all.array(self.count);
        all.items(&pairs);
        drop(Secret::new(pairs));
        all.finish()
    }
}

impl<'a> Extend<&'a (DetailKey, Detail)> for Details {
    fn extend<I: IntoIterator<Item = &'a (DetailKey, Detail)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            match value {
                Detail::Text(text) => self.text(*key, text),
                Detail::Bytes(bytes) => self.bytes(*key, bytes),
                Detail::Number(number) => self.number(*key, *number),
            }
        }
    }
}

pub(crate) fn encode_detail(pairs: &[(DetailKey, Detail)]) -> Vec<u8> {
    let mut details = Details::default();
    details.extend(pairs);
    details.finish()
}

/// Reads the sealed part. Values of a kind that this release does not know are passed over.
pub(crate) fn decode_detail(bytes: &[u8]) -> Result<Vec<(u16, Detail)>, Malformed> {
    let mut reader = Reader::new(bytes);
    let pairs = reader.list(|r| {
        r.tuple(2, |r| {
            let key = r.small()?;
            Ok(read_detail(r)?.map(|value| (key, value)))
        })
    })?;
    reader.end()?;
    Ok(pairs.into_iter().flatten().collect())
}

fn read_detail(r: &mut Reader<'_>) -> Result<Option<Detail>, Malformed> {
    Ok(match r.kind()? {
        Type::String => Some(Detail::Text(r.text()?.into())),
        Type::Bytes => Some(Detail::Bytes(r.bytes()?.to_vec())),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Some(Detail::Number(r.number()?)),
        _ => {
            r.skip()?;
            None
        }
    })
}

/// The plain associated data of the sealed part: it cannot be moved to another entry.
pub(crate) fn detail_associated(site: &[u8; 16], tenant: ObjectId, request: RequestId) -> [u8; 48] {
    let mut bytes = [0; 48];
    let parts = site.iter().chain(&tenant.0).chain(&request.0.0);
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    bytes
}

#[cfg(test)]
mod tests;
