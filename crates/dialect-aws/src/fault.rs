//! What is told to a verified caller, in the service's own words. Each fault is mapped once, here.

use crate::code::Code;
use crate::metadata::usage;
use crate::name::{account_of, alias_arn, arn_of, key_arn, not_found};
use crate::operation::{Operation, Service};
use dialect::Echo;
use domain::{Fault, KeyState, Material, Purpose, Scope};

/// An error as it goes out. Some of the service's errors have no message.
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What was noted of a request when it was read.
pub(crate) struct Noted<'a>(pub(crate) &'a Echo);

impl<'a> Noted<'a> {
    pub(crate) fn get(&self, what: &str) -> Option<&'a str> {
        self.0.more.iter().find(|(name, _)| *name == what).map(|(_, text)| text.as_str())
    }

    pub(crate) fn region(&self) -> &'a str {
        self.get("region").unwrap_or_default()
    }

    /// The account that the request's key lives in: the one that its ARN names, else the caller's.
    fn account(&self) -> &'a str {
        let named = self.get("key").and_then(account_of);
        named.or(self.0.account.as_deref()).unwrap_or_default()
    }

    /// The ARN of the key that the request was about, as far as anybody knows.
    fn key(&self) -> String {
        let asked = self.get("key");
        let found = self.0.object.map(|id| key_arn(self.region(), self.account(), &id.to_string()));
        let told = || asked.and_then(|asked| arn_of(asked, self.region(), self.account()));
        found.or_else(told).or_else(|| asked.map(str::to_owned)).unwrap_or_default()
    }

    fn alias(&self, alias: &str) -> String {
        alias_arn(self.region(), self.account(), self.get("alias").unwrap_or(alias))
    }
}

pub(crate) fn problem(fault: &Fault, operation: Operation, noted: &Noted<'_>) -> Problem {
    let problem = blamed(fault, operation, noted);
    if is_common(problem.code) || operation.models(problem.code) {
        return problem;
    }
    // The model of the operation has no such error: the nearest one that it has.
    let nearest = [Code::KmsInvalidState, Code::UnsupportedOperation, Code::KmsInternal];
    let wanted = match problem.code {
        Code::DependencyTimeout => Code::KmsInternal,
        _ => nearest.into_iter().find(|code| operation.models(*code)).unwrap_or(Code::Validation),
    };
    let code = if wanted == Code::KmsInternal && problem.code.status() == 400 { Code::Validation } else { wanted };
    Problem { code, ..problem }
}

/// Answered by every operation, whatever its model lists.
fn is_common(code: Code) -> bool {
    matches!(
        code,
        Code::AccessDenied
            | Code::KmsInternal
            | Code::NotAuthorized
            | Code::Serialization
            | Code::Throttling
            | Code::Validation
    )
}

fn blamed(fault: &Fault, operation: Operation, noted: &Noted<'_>) -> Problem {
    match fault {
        Fault::NotFound
        | Fault::KeyNotFound { .. }
        | Fault::CiphertextOfUnknownKey
        | Fault::AliasNotFound { .. }
        | Fault::RingNotFound { .. }
        | Fault::VersionNotFound { .. }
        | Fault::ImportJobNotFound { .. }
        | Fault::PrincipalNotFound { .. }
        | Fault::TenantNotFound { .. }
        | Fault::DocumentNotFound { .. }
        | Fault::EntryNotFound { .. } => absent(fault, operation, noted),
        Fault::Denied { .. } | Fault::AwaitingApproval { .. } => denied(fault),
        Fault::NotUsable(..)
        | Fault::MaterialNotHeld { .. }
        | Fault::WindowNotOpen { .. }
        | Fault::WindowEnded { .. }
        | Fault::DestructionScheduled { .. }
        | Fault::DestructionNotScheduled
        | Fault::UsedUp { .. }
        | Fault::NotReimportable { .. }
        | Fault::NotDeletable { .. }
        | Fault::ImportJobNotReady { .. }
        | Fault::NoSuchTransition { .. } => state(fault, noted),
        Fault::NotIdentical
        | Fault::NotImported
        | Fault::WrappedUnreadable
        | Fault::BadMaterial { .. }
        | Fault::WrongPurpose { .. }
        | Fault::NoPrimary
        | Fault::NotRotatable { .. }
        | Fault::WrongKey
        | Fault::CiphertextUnreadable
        | Fault::NotImplemented { .. }
        | Fault::ProfileRefuses { .. } => unfit(fault, operation, noted),
        Fault::AlreadyThere { .. }
        | Fault::LimitReached { .. }
        | Fault::TokenReused
        | Fault::BadTags { .. }
        | Fault::BadDocument { .. }
        | Fault::ForeignAllow { .. }
        | Fault::Invalid { .. }
        | Fault::BadMarker => request(fault, noted),
        Fault::Conflict
        | Fault::Damaged { .. }
        | Fault::Unavailable
        | Fault::MemoryFull
        | Fault::ReceiptOfAnotherRequest => Problem::new(Code::KmsInternal, fault.to_string()),
    }
}

fn absent(fault: &Fault, operation: Operation, noted: &Noted<'_>) -> Problem {
    let told = |text: String| Problem::new(Code::NotFound, text);
    match fault {
        Fault::AliasNotFound { alias } => told(format!("Alias {} is not found.", noted.alias(alias))),
        Fault::DocumentNotFound { .. } => told("No such policy exists".into()),
        Fault::KeyNotFound { asked } => match asked_for(asked, operation, noted) {
            Some(text) => {
                let account = account_of(text).or(noted.0.account.as_deref()).unwrap_or_default();
                told(not_found(text, noted.region(), account, takes_alias(operation)))
            }
            None if opens(operation) => hidden(),
            None => told(fault.to_string()),
        },
        Fault::CiphertextOfUnknownKey => hidden(),
        Fault::NotFound if opens(operation) => hidden(),
        Fault::NotFound => told(format!("Key '{}' does not exist", noted.key())),
        _ => told(fault.to_string()),
    }
}

/// Which of the names in the request the missing key was asked for by; none if only a ciphertext named it.
fn asked_for<'a>(asked: &str, operation: Operation, noted: &Noted<'a>) -> Option<&'a str> {
    let names = [noted.get("from"), noted.get("key")];
    let exact = names.into_iter().flatten().find(|name| name.contains(asked));
    if opens(operation) { exact } else { exact.or_else(|| noted.get("key")) }
}

fn opens(operation: Operation) -> bool {
    matches!(operation, Operation::Decrypt | Operation::ReEncrypt)
}

/// A ciphertext names a key that is not there, or not to be seen: one text for both.
fn hidden() -> Problem {
    let text = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, \
                or you are not allowed to access.";
    Problem::new(Code::AccessDenied, text)
}

pub(crate) fn takes_alias(operation: Operation) -> bool {
    use Operation::*;
    matches!(operation, Encrypt | Decrypt | ReEncrypt | GenerateDataKey | GenerateDataKeyWithoutPlaintext | DescribeKey)
}

fn denied(fault: &Fault) -> Problem {
    match fault {
        Fault::Denied { reason } => Problem::new(Code::AccessDenied, reason.as_str()),
        _ => Problem::new(Code::AccessDenied, fault.to_string()),
    }
}

fn state(fault: &Fault, noted: &Noted<'_>) -> Problem {
    let arn = noted.key();
    let invalid = |rest: String| Problem::new(Code::KmsInvalidState, format!("{arn} {rest}"));
    match fault {
        Fault::NotUsable(_, KeyState::Suspended) => Problem::new(Code::Disabled, format!("{arn} is disabled.")),
        Fault::NotUsable(Scope::Key, KeyState::Destroyed) => {
            Problem::new(Code::NotFound, format!("Key '{arn}' does not exist"))
        }
        Fault::NotUsable(scope, KeyState::Destroyed) => invalid(format!("is unavailable: {scope} is destroyed.")),
        Fault::NotUsable(scope, state) => {
            Problem::new(Code::Disabled, format!("{arn} is disabled: {scope} is {}.", word(*state)))
        }
        Fault::MaterialNotHeld { material: Material::Awaited | Material::Removed(_), .. } => {
            invalid("is pending import.".into())
        }
        Fault::DestructionScheduled { scope: Scope::Key, .. } => invalid("is pending deletion.".into()),
        Fault::DestructionNotScheduled => invalid("is not pending deletion.".into()),
        other => invalid(format!("is unavailable: {other}.")),
    }
}

fn word(state: KeyState) -> &'static str {
    match state {
        KeyState::PreActivation => "not yet active",
        KeyState::Active => "active",
        KeyState::Suspended => "suspended",
        KeyState::Deactivated => "deactivated",
        KeyState::Compromised => "compromised",
        KeyState::Destroyed => "destroyed",
    }
}

fn unfit(fault: &Fault, operation: Operation, noted: &Noted<'_>) -> Problem {
    let unsupported = |text: String| Problem::new(Code::UnsupportedOperation, text);
    match fault {
        Fault::WrongKey => {
            let text = "The key ID in the request does not identify a CMK that can perform this operation.";
            Problem::new(Code::IncorrectKey, text)
        }
        Fault::CiphertextUnreadable => Problem::new(Code::InvalidCiphertext, ""),
        Fault::WrongPurpose { purpose } => wrong_purpose(*purpose, operation, noted),
        Fault::NotRotatable { why } => unsupported(format!("{} cannot be rotated: {why}", noted.key())),
        Fault::NotImplemented { .. } => match operation.service() {
            Service::Refuses(code) => Problem::new(code, fault.to_string()),
            Service::Serves(..) => unsupported(fault.to_string()),
        },
        other => unsupported(other.to_string()),
    }
}

fn wrong_purpose(purpose: Purpose, operation: Operation, noted: &Noted<'_>) -> Problem {
    let (usage, name) = (usage(purpose), operation.name());
    let text = format!("{} key usage is {usage} which is not valid for {name}.", noted.key());
    let modelled = operation.models(Code::InvalidKeyUsage);
    Problem::new(if modelled { Code::InvalidKeyUsage } else { Code::UnsupportedOperation }, text)
}

fn request(fault: &Fault, noted: &Noted<'_>) -> Problem {
    match fault {
        Fault::AlreadyThere { what } => {
            let text = format!("An alias with the name {} already exists", noted.alias(what));
            Problem::new(Code::AlreadyExists, text)
        }
        Fault::LimitReached { .. } => Problem::new(Code::LimitExceeded, fault.to_string()),
        Fault::BadTags { why } => Problem::new(Code::Tag, why.as_str()),
        Fault::BadDocument { why } => Problem::new(Code::MalformedPolicyDocument, why.as_str()),
        Fault::ForeignAllow { .. } => Problem::new(Code::MalformedPolicyDocument, fault.to_string()),
        Fault::BadMarker => Problem::new(Code::InvalidMarker, ""),
        Fault::Invalid { member, constraint } => invalid(member, constraint, noted),
        other => Problem::new(Code::Validation, other.to_string()),
    }
}

/// What was found here while reading says its own code; what the house found is put into the service's form.
fn invalid(member: &str, constraint: &str, noted: &Noted<'_>) -> Problem {
    match noted.get("code").and_then(Code::from_name) {
        Some(code) => Problem::new(code, constraint),
        None => {
            let text =
                format!("1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}");
            Problem::new(Code::Validation, text)
        }
    }
}
