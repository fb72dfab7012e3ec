//! What is wrong, in this tongue: a status by who is to blame, a word for programs, a sentence for people.

use domain::{Fault, Refusal, Unavailable};

pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) word: &'static str,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn of_fault(fault: &Fault) -> Self {
        Self { status: status(fault), word: fault.word(), message: fault.to_string() }
    }

    pub(crate) fn of_refusal(refusal: Refusal) -> Self {
        Self { status: refusal_status(refusal), word: refusal.word(), message: sentence(refusal) }
    }

    pub(crate) fn of_unavailable(why: Unavailable) -> Self {
        let message = match why {
            Unavailable::Sealed => "the root key is not here; bring it and the service goes on",
            Unavailable::Store => "the log cannot be written, so nothing is answered; try again",
            Unavailable::Draining => "the service is going down; try again",
            Unavailable::Overloaded => "more wait than can be served in time; try again",
            Unavailable::Late => "not answered in time; it may have happened, so look before you ask again",
            Unavailable::Damaged { row, why: reason } => {
                let damaged = Fault::Damaged { row, why: reason };
                let message = format!("{damaged}; without it nothing can be recorded");
                return Self { status: 500, word: why.word(), message };
            }
        };
        let status = if why == Unavailable::Late { 504 } else { 503 };
        Self { status, word: why.word(), message: message.into() }
    }
}

pub(crate) fn status(fault: &Fault) -> u16 {
    match fault {
        Fault::NotFound
        | Fault::KeyNotFound { .. }
        | Fault::AliasNotFound { .. }
        | Fault::RingNotFound { .. }
        | Fault::VersionNotFound { .. }
        | Fault::ImportJobNotFound { .. }
        | Fault::PrincipalNotFound { .. }
        | Fault::TenantNotFound { .. }
        | Fault::DocumentNotFound { .. }
        | Fault::EntryNotFound { .. } => 404,
        Fault::Denied { .. }
        | Fault::AwaitingApproval { .. }
        | Fault::CiphertextOfUnknownKey
        | Fault::ForeignAllow { .. } => 403,
        Fault::NotUsable(..)
        | Fault::MaterialNotHeld { .. }
        | Fault::WindowNotOpen { .. }
        | Fault::WindowEnded { .. }
        | Fault::DestructionScheduled { .. }
        | Fault::DestructionNotScheduled
        | Fault::UsedUp { .. }
        | Fault::NoSuchTransition { .. }
        | Fault::NoPrimary
        | Fault::NotReimportable { .. }
        | Fault::NotDeletable { .. }
        | Fault::ImportJobNotReady { .. }
        | Fault::NotRotatable { .. }
        | Fault::AlreadyThere { .. }
        | Fault::LimitReached { .. }
        | Fault::TokenReused
        | Fault::Conflict => 409,
        Fault::NotIdentical
        | Fault::NotImported
        | Fault::WrappedUnreadable
        | Fault::BadMaterial { .. }
        | Fault::WrongPurpose { .. }
        | Fault::WrongKey
        | Fault::CiphertextUnreadable
        | Fault::ProfileRefuses { .. }
        | Fault::BadTags { .. }
        | Fault::BadDocument { .. }
        | Fault::Invalid { .. }
        | Fault::BadMarker => 400,
        Fault::NotImplemented { .. } => 501,
        Fault::Unavailable | Fault::MemoryFull => 503,
        Fault::Damaged { .. } | Fault::ReceiptOfAnotherRequest => 500,
    }
}

fn refusal_status(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::TooLarge { .. } => 413,
        Refusal::TooDeep { .. } | Refusal::Unreadable { .. } => 400,
        Refusal::Encoded => 415,
        Refusal::TooSlow => 408,
        Refusal::TooMany => 429,
        Refusal::UnknownOperation | Refusal::NotFound => 404,
        Refusal::MissingCredential
        | Refusal::IncompleteCredential { .. }
        | Refusal::UnknownCredential
        | Refusal::BadSignature
        | Refusal::Skewed { .. }
        | Refusal::WrongScope { .. } => 401,
    }
}

fn sentence(refusal: Refusal) -> String {
    match refusal {
        Refusal::TooLarge { bytes_max } => format!("the request has more than {bytes_max} bytes"),
        Refusal::TooDeep { depth_max } => format!("the body is nested more than {depth_max} deep"),
        Refusal::TooSlow => "the request took too long to arrive".into(),
        Refusal::Encoded => "the message is in an encoding that is not read here".into(),
        Refusal::TooMany => "too many requests; try again later".into(),
        Refusal::UnknownOperation => "there is no such operation".into(),
        Refusal::NotFound => "operations are asked for by POST /v1/OPERATION, without a query".into(),
        Refusal::Unreadable { member: "content-type" } => "the Content-Type must be application/json".into(),
        Refusal::Unreadable { member } => format!("the {member} is not JSON"),
        Refusal::MissingCredential => "the request is not signed (AWS4-HMAC-SHA256, service `keyward`)".into(),
        Refusal::IncompleteCredential { part } => format!("the signature's {part} is missing or misspelt"),
        Refusal::UnknownCredential => "the access key is not known".into(),
        Refusal::BadSignature => "the signature is not the one that this access key makes of this request".into(),
        Refusal::Skewed { signed, now, window_seconds } => format!(
            "signed at {}, but it is {} here; no more than {window_seconds} s may lie between",
            signed.to_rfc3339(),
            now.to_rfc3339()
        ),
        Refusal::WrongScope { part } => format!("the signature's scope has another {part}"),
    }
}
