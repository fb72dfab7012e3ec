//! What one request leaves behind, built here and nowhere else.

use crate::{Detail, DetailKey, Details, Verdict};
use domain::{
    Action, Allowance, Ending, Errand, Fault, Moment, Object, ObjectId, Reply, RequestId, RowId, Tongue, WireStatus,
};

/// What the log is told of a request, in the clear and sealed. See [`crate::entry`] for what becomes of it.
pub struct Drafted {
    pub request: RequestId,
    pub tongue: Tongue,
    pub moment: Moment,
    /// Whose log key seals the detail: the caller's tenant.
    pub tenant: ObjectId,
    pub principal: ObjectId,
    pub deeds: Vec<(Action, ObjectId, Option<u32>)>,
    pub detail: Details,
}

/// Entry and change of one request. An entry names its errands; the scheduler finds them there.
#[must_use]
pub struct Record {
    pub(crate) draft: Drafted,
    pub(crate) verdict: Verdict,
    pub(crate) change: Change,
    pub(crate) errands: Vec<Errand>,
}

/// Rows that become something else, in one step with their entry. Each must have been read before.
#[derive(Default)]
pub struct Change {
    pub(crate) puts: Vec<Put>,
}

pub(crate) struct Put {
    pub(crate) row: RowId,
    /// None: there is nothing any more.
    pub(crate) object: Option<Object>,
    /// A blob that was sealed by hand: the site's own key, under the root.
    pub(crate) sealed: Option<Vec<u8>>,
}

impl Change {
    /// Nothing changes.
    pub fn none() -> Self {
        Self::default()
    }

    /// The row of `id` becomes `object`. The table is the object's.
    #[must_use]
    pub fn put(mut self, id: ObjectId, object: Object) -> Self {
        self.puts.push(Put { row: RowId::new(object.table(), id), object: Some(object), sealed: None });
        self
    }

    /// The row becomes nothing; what it held is overwritten.
    #[must_use]
    pub fn remove(mut self, row: RowId) -> Self {
        self.puts.push(Put { row, object: None, sealed: None });
        self
    }

    /// Both changes, in one step.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.puts.extend(other.puts);
        self
    }

    pub fn is_none(&self) -> bool {
        self.puts.is_empty()
    }
}

/// What a request moves between the limits of a key and the purse of this process.
#[derive(Clone, Copy, Default)]
pub struct Till {
    /// Into the purse, once the entry is durable.
    pub given: Option<Allowance>,
    /// Back into the purse, should the entry not come to be.
    pub spent: Option<Allowance>,
}

/// What success does. A fault has none of it, so there is no half-done change.
pub struct Effects {
    pub change: Change,
    pub errands: Vec<Errand>,
    pub reply: Reply,
    /// What the change gives to this process, and what this request took of what the process had.
    pub till: Till,
    /// What only success knows: the version that worked, bytes, the id of what was made.
    pub detail: Vec<(DetailKey, Detail)>,
}

impl Effects {
    pub fn answer(reply: Reply) -> Self {
        Self { change: Change::none(), errands: Vec::new(), reply, till: Till::default(), detail: Vec::new() }
    }

    pub fn change(change: Change, reply: Reply) -> Self {
        Self { change, errands: Vec::new(), reply, till: Till::default(), detail: Vec::new() }
    }
}

/// A record, and a reply that nobody can read before the record is durable.
#[must_use]
pub struct Outcome {
    pub record: Record,
    pub reply: Sealed,
    pub till: Till,
}

impl Outcome {
    /// The golden list of builders holds who calls this.
    pub fn of(mut draft: Drafted, result: Result<Effects, Fault>) -> Self {
        let request = draft.request;
        let (verdict, change, errands, till, answer) = match result {
            Ok(Effects { change, errands, reply, till, detail }) => {
                draft.detail.extend(&detail);
                (Verdict::Done, change, errands, till, Ok(reply))
            }
            Err(fault) => {
                draft.detail.text(DetailKey::Reason, kept(&fault.to_string()));
                (Verdict::Refused(fault.word()), Change::none(), Vec::new(), Till::default(), Err(fault))
            }
        };
        Self { record: Record { draft, verdict, change, errands }, reply: Sealed { request, answer }, till }
    }
}

/// How much of a reason is kept, in bytes. It may repeat what was asked, and that may be large.
const REASON_BYTES_MAX: usize = 4_096;

fn kept(reason: &str) -> &str {
    reason.get(..reason.floor_char_boundary(REASON_BYTES_MAX)).unwrap_or(reason)
}

impl Outcome {
    /// How it will be answered, as far as an answer's status tells. The reply itself stays sealed.
    pub fn ending(&self) -> Ending<'_> {
        match &self.reply.answer {
            Ok(Reply::WouldSucceed) => Ending::WouldSucceed,
            Ok(_) => Ending::Done,
            Err(fault) => Ending::Refused(fault),
        }
    }

    /// Tells the log with which status it will be answered.
    pub fn tell_status(&mut self, status: WireStatus) {
        let detail = &mut self.record.draft.detail;
        detail.number(DetailKey::Status, status.number.into());
        if let Some(code) = status.code {
            detail.text(DetailKey::Code, code);
        }
    }
}

impl Record {
    /// One entry for many: those who were refused have no name, and may be a flood.
    pub fn of_refusals(draft: Drafted, sum: crate::RefusalSum) -> Self {
        Self { draft, verdict: Verdict::Refusals(sum), change: Change::none(), errands: Vec::new() }
    }
}

/// Proof that the entry of one request is durable. Only [`crate::Ledger::commit`] gives one.
pub struct Receipt {
    pub(crate) request: RequestId,
    pub(crate) index: u64,
}

impl Receipt {
    /// Where the entry is in the log.
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// A reply that only its own receipt opens.
#[must_use]
pub struct Sealed {
    request: RequestId,
    answer: Result<Reply, Fault>,
}

impl Sealed {
    pub fn unseal(self, receipt: Receipt) -> Result<Reply, Fault> {
        if receipt.request == self.request { self.answer } else { Err(Fault::ReceiptOfAnotherRequest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_kept_up_to_its_bound() {
        assert_eq!(kept("short"), "short");
        assert_eq!(kept(&"x".repeat(REASON_BYTES_MAX + 1)).len(), REASON_BYTES_MAX);
        assert_eq!(kept(&format!("x{}", "ü".repeat(REASON_BYTES_MAX))).len(), REASON_BYTES_MAX - 1);
    }
}
