//! What comes out of the door.

use domain::{Action, Fault, ObjectId, Request};
use identity::Caller;
use std::sync::Arc;

/// The right to do all that one request demands, once. Only this crate makes one.
#[must_use]
pub struct Permit<'r> {
    caller: Caller,
    request: &'r Request<'r>,
    deciding: Deciding,
}

impl<'r> Permit<'r> {
    pub(crate) fn new(caller: Caller, request: &'r Request<'r>, deciding: Deciding) -> Self {
        Self { caller, request, deciding }
    }

    /// Who may do what, and what decided it. The permit is gone afterwards.
    pub fn spend(self) -> (Caller, &'r Request<'r>, Deciding) {
        (self.caller, self.request, self.deciding)
    }
}

#[must_use]
pub enum Decision<'r> {
    Permit(Permit<'r>),
    Denied(Denial),
    /// The same request again, once approved, is allowed.
    AwaitingApproval {
        approval: String,
    },
}

/// Which statement decided, for the log. Nothing where no statement was needed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Deciding {
    pub statement: Option<Arc<str>>,
}

/// Why not. The first demand that is refused speaks; an explicit deny of any demand speaks before silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// In the words of the object's authority, whole.
    pub reason: String,
    /// What forbade it; nothing where silence did.
    pub statement: Option<Arc<str>>,
    /// Somebody wrote a deny or a forbid.
    pub explicit: bool,
    pub action: Action,
    pub object: ObjectId,
}

impl Denial {
    pub fn fault(&self) -> Fault {
        Fault::Denied { reason: self.reason.clone() }
    }
}

impl From<Denial> for Fault {
    fn from(denial: Denial) -> Self {
        denial.fault()
    }
}
