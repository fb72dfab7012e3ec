//! Reading a message, and what is kept of it for the answer.

use crate::code::Code;
use domain::{Ask, Fault, Location};
use prost::Message;

/// What is wrong with a request that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Objection {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// Something that needs what this release does not have: a protection level, say.
    pub(crate) fn unmet(message: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, message)
    }

    /// Its caller is verified first, then told.
    pub(crate) fn into_fault(self) -> Fault {
        Fault::Invalid { member: String::new(), constraint: self.message }
    }
}

/// Why there is no ask.
pub(crate) enum Trouble {
    /// No message of this kind.
    Unreadable,
    Objection(Objection),
}

impl From<Objection> for Trouble {
    fn from(objection: Objection) -> Self {
        Self::Objection(objection)
    }
}

/// What is noted of a request while it is read.
pub(crate) struct Notes {
    /// Where names are looked up.
    pub(crate) place: Location,
    pub(crate) more: Vec<(&'static str, String)>,
}

impl Notes {
    pub(crate) fn keep(&mut self, what: &'static str, text: impl Into<String>) {
        self.more.push((what, text.into()));
    }

    /// A flag is there or not.
    pub(crate) fn keep_if(&mut self, flag: bool, what: &'static str) {
        if flag {
            self.keep(what, "");
        }
    }
}

/// Turns a message into what is asked.
pub(crate) type Reader = fn(&[u8], &mut Notes) -> Result<Ask, Trouble>;

pub(crate) fn message<M: Message + Default>(bytes: &[u8]) -> Result<M, Trouble> {
    M::decode(bytes).map_err(|_| Trouble::Unreadable)
}
