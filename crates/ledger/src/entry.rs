//! Entries: deterministic CBOR (RFC 8949, section 4.2.1) with integer keys. docs/formats/entry.md.

use domain::{Action, Errand, ObjectId, RequestId, RowId, Steady, Timestamp, Tongue};

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
    /// The wire's status code.
    Status = 16,
    /// An allow-listed parameter, `name=value`.
    Parameter = 17,
    Session = 18,
    Grant = 19,
    Approval = 20,
    Secure = 21,
    Dry = 22,
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
    Scrub { key: ObjectId },
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
    let _ = (parts.wall, parts.steady, parts.tenant, parts.principal, parts.request, parts.tongue, parts.deeds);
    let _ = (parts.verdict, parts.rows, parts.errands, parts.unrecorded, parts.log_month, parts.sealed);
    Vec::new()
}

/// Reads an entry. What it does not know it passes over.
pub fn decode_entry(bytes: &[u8]) -> Result<Clear, Malformed> {
    let _ = bytes;
    Err(Malformed)
}

/// The plaintext of the sealed part: a CBOR array of [key, value], in the order given.
pub(crate) fn encode_detail(detail: &[(DetailKey, Detail)]) -> Vec<u8> {
    let _ = detail;
    Vec::new()
}

pub(crate) fn decode_detail(bytes: &[u8]) -> Result<Vec<(u16, Detail)>, Malformed> {
    let _ = bytes;
    Err(Malformed)
}

/// The plain associated data of the sealed part: it cannot be moved to another entry.
pub(crate) fn detail_associated(site: &[u8; 16], tenant: ObjectId, request: RequestId) -> [u8; 48] {
    let mut bytes = [0; 48];
    let parts = site.iter().chain(&tenant.0).chain(&request.0.0);
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    bytes
}
