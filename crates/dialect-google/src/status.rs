//! What is told of what went wrong, in the service's own words. Each fault is mapped once, here.

use crate::code::Code;
use crate::method::Method;
use crate::name;
use dialect::Echo;
use domain::{Fault, KeyState, Material, Refusal, Scope, Unavailable};
use std::borrow::Cow;

/// An error as it goes out.
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) message: Cow<'static, str>,
    pub(crate) info: Option<Info>,
}

/// google.rpc.ErrorInfo: what programs may look at.
pub(crate) struct Info {
    pub(crate) reason: &'static str,
    pub(crate) metadata: Vec<(&'static str, String)>,
}

/// In whose name errors are told.
pub(crate) const DOMAIN: &str = "cloudkms.googleapis.com";

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), info: None }
    }

    /// No longer than a header may be: over gRPC it is one. What a client said may be in it.
    pub(crate) fn bounded(mut self) -> Self {
        if self.message.len() > MESSAGE_BYTES_MAX {
            let end = self.message.floor_char_boundary(MESSAGE_BYTES_MAX);
            let begin = self.message.get(..end).unwrap_or_default();
            self.message = format!("{begin}…").into();
        }
        self
    }
}

/// Of what is told of an error.
const MESSAGE_BYTES_MAX: usize = 2_048;

/// What was noted of a request when it was read.
pub(crate) struct Noted<'a>(pub(crate) &'a Echo);

impl<'a> Noted<'a> {
    pub(crate) fn get(&self, what: &str) -> Option<&'a str> {
        self.0.more.iter().find(|(name, _)| *name == what).map(|(_, text)| text.as_str())
    }

    pub(crate) fn has(&self, what: &str) -> bool {
        self.get(what).is_some()
    }

    /// The resource, as the client called it.
    pub(crate) fn name(&self) -> &'a str {
        self.get("name").unwrap_or_default()
    }

    fn ring(&self) -> &'a str {
        name::upto(self.name(), "keyRings")
    }

    pub(crate) fn key(&self) -> &'a str {
        name::upto(self.name(), "cryptoKeys")
    }

    /// Of one version of the key that the request names.
    pub(crate) fn version(&self, number: u32) -> String {
        [self.key(), "/cryptoKeyVersions/", number.to_string().as_str()].concat()
    }
}

pub(crate) fn of_fault(fault: &Fault, method: &Method, noted: &Noted<'_>) -> Problem {
    match fault {
        Fault::NotFound
        | Fault::KeyNotFound { .. }
        | Fault::RingNotFound { .. }
        | Fault::VersionNotFound { .. }
        | Fault::ImportJobNotFound { .. }
        | Fault::AliasNotFound { .. }
        | Fault::PrincipalNotFound { .. }
        | Fault::TenantNotFound { .. }
        | Fault::DocumentNotFound { .. }
        | Fault::EntryNotFound { .. } => absent(fault, noted),
        Fault::Denied { reason } => denied(reason, method, noted),
        Fault::AwaitingApproval { .. } => denied(&fault.to_string(), method, noted),
        Fault::WrongKey | Fault::CiphertextUnreadable | Fault::CiphertextOfUnknownKey => unopened(),
        Fault::WrappedUnreadable | Fault::BadMaterial { .. } | Fault::NotIdentical => {
            Problem::new(Code::InvalidArgument, sentence(fault))
        }
        Fault::Invalid { .. } | Fault::BadMarker | Fault::BadTags { .. } | Fault::BadDocument { .. } => {
            invalid(fault, noted)
        }
        Fault::AlreadyThere { .. } | Fault::TokenReused => already_there(noted),
        Fault::LimitReached { .. } => Problem::new(Code::ResourceExhausted, sentence(fault)),
        Fault::Conflict => Problem::new(Code::Aborted, CONFLICT),
        Fault::Damaged { .. } => Problem::new(Code::DataLoss, sentence(fault)),
        Fault::Unavailable | Fault::MemoryFull => Problem::new(Code::Unavailable, sentence(fault)),
        Fault::ReceiptOfAnotherRequest => Problem::new(Code::Internal, sentence(fault)),
        _ => precondition(fault, noted),
    }
}

pub(crate) const CONFLICT: &str = "Others changed the same things meanwhile, and nothing was done. Try again.";

/// As people write: the first letter large, a full stop behind.
fn sentence(fault: &Fault) -> String {
    let text = fault.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

fn absent(fault: &Fault, noted: &Noted<'_>) -> Problem {
    let told = |kind: &str, name: &str| Problem::new(Code::NotFound, format!("{kind} {name} not found."));
    match fault {
        Fault::RingNotFound { .. } => told("KeyRing", noted.ring()),
        Fault::ImportJobNotFound { .. } => told("ImportJob", noted.get("job").unwrap_or_else(|| noted.name())),
        Fault::KeyNotFound { .. } => told("CryptoKey", noted.key()),
        Fault::VersionNotFound { version } => told("CryptoKeyVersion", &noted.version(*version)),
        Fault::TenantNotFound { name } => {
            Problem::new(Code::PermissionDenied, format!("Permission denied on resource project {name}."))
        }
        Fault::NotFound if noted.name().contains("/retiredResources/") => told("RetiredResource", noted.name()),
        Fault::NotFound if noted.name().contains("/operations/") => told("Operation", noted.name()),
        Fault::NotFound if noted.name().contains("/cryptoKeyVersions/") => told("CryptoKeyVersion", noted.name()),
        Fault::NotFound => told("Resource", noted.name()),
        _ => Problem::new(Code::NotFound, sentence(fault)),
    }
}

/// The permission is told as the service tells it, and why as the object's own regime says it.
fn denied(reason: &str, method: &Method, noted: &Noted<'_>) -> Problem {
    let (permission, resource) = (method.permission, noted.name());
    let opening = format!("Permission '{permission}' denied on resource '{resource}' (or it may not exist).");
    let message = if reason.starts_with("Permission '") { reason.to_owned() } else { format!("{opening} {reason}") };
    let metadata = vec![("permission", permission.to_owned()), ("resource", resource.to_owned())];
    let info = Some(Info { reason: "IAM_PERMISSION_DENIED", metadata });
    Problem { code: Code::PermissionDenied, message: message.into(), info }
}

/// Whatever kept a ciphertext shut: one text for all of it.
fn unopened() -> Problem {
    Problem::new(Code::InvalidArgument, "Decryption failed: the ciphertext is invalid.")
}

fn invalid(fault: &Fault, noted: &Noted<'_>) -> Problem {
    match (fault, noted.get("code").and_then(Code::from_name)) {
        // What was found here while reading says its own code and its whole message.
        (Fault::Invalid { constraint, .. }, Some(code)) => Problem::new(code, constraint.clone()),
        _ => Problem::new(Code::InvalidArgument, sentence(fault)),
    }
}

fn already_there(noted: &Noted<'_>) -> Problem {
    let name = noted.get("made").unwrap_or_else(|| noted.name());
    let kinds = [("/cryptoKeys/", "CryptoKey"), ("/importJobs/", "ImportJob")];
    let kind = kinds.iter().find(|(label, _)| name.contains(label)).map_or("KeyRing", |(_, kind)| kind);
    Problem::new(Code::AlreadyExists, format!("{kind} {name} already exists."))
}

fn precondition(fault: &Fault, noted: &Noted<'_>) -> Problem {
    let told =
        |version: u32, state: &str| format!("{} is not enabled, current state is: {state}.", noted.version(version));
    let text = match fault {
        Fault::NotUsable(Scope::Version(version), KeyState::Destroyed)
        | Fault::MaterialNotHeld { version, material: Material::Removed(_) } => told(*version, "DESTROYED"),
        Fault::NotUsable(Scope::Version(version), KeyState::Suspended | KeyState::PreActivation) => {
            told(*version, "DISABLED")
        }
        Fault::DestructionScheduled { scope: Scope::Version(version), .. } => told(*version, "DESTROY_SCHEDULED"),
        Fault::MaterialNotHeld { version, material: Material::Awaited } => told(*version, "PENDING_GENERATION"),
        Fault::NotUsable(Scope::Key, KeyState::Suspended) => format!(
            "{} is not enabled: the key as a whole is suspended, which only whoever governs it can take back.",
            noted.key()
        ),
        Fault::ImportJobNotReady { material, .. } => {
            let state = if *material == Material::Awaited { "PENDING_GENERATION" } else { "EXPIRED" };
            let job = noted.get("job").unwrap_or_default();
            format!("{job} is not active, current state is: {state}.")
        }
        Fault::NotReimportable { version } => {
            format!("{} cannot be imported again: its material is there.", noted.version(*version))
        }
        Fault::NoPrimary => format!("{} has no primary version.", noted.key()),
        other => sentence(other),
    };
    Problem::new(Code::FailedPrecondition, text)
}

pub(crate) fn of_refusal(refusal: Refusal) -> Problem {
    let (code, message): (_, Cow<'static, str>) = match refusal {
        Refusal::UnknownOperation => {
            (Code::Unimplemented, "Operation is not implemented, or not supported/enabled.".into())
        }
        Refusal::Encoded => {
            (Code::Unimplemented, "The message is compressed, or in another format than protocol buffers.".into())
        }
        Refusal::NotFound => (Code::NotFound, "Method not found.".into()),
        Refusal::Unreadable { member } => {
            (Code::InvalidArgument, format!("The {member} of the request cannot be read.").into())
        }
        Refusal::TooDeep { depth_max } => {
            (Code::InvalidArgument, format!("The request is nested more than {depth_max} deep.").into())
        }
        Refusal::TooLarge { bytes_max } => {
            (Code::InvalidArgument, format!("Request payload size exceeds the limit: {bytes_max} bytes.").into())
        }
        Refusal::TooSlow => (Code::DeadlineExceeded, "The request was not received in time.".into()),
        Refusal::TooMany => (Code::ResourceExhausted, "Too many requests. Try again later.".into()),
        Refusal::MissingCredential => {
            return unauthenticated("Request is missing required authentication credential.", "CREDENTIALS_MISSING");
        }
        Refusal::IncompleteCredential { .. }
        | Refusal::UnknownCredential
        | Refusal::BadSignature
        | Refusal::Skewed { .. }
        | Refusal::WrongScope { .. } => {
            return unauthenticated("Request had invalid authentication credentials.", "ACCESS_TOKEN_TYPE_UNSUPPORTED");
        }
    };
    Problem::new(code, message)
}

fn unauthenticated(first: &str, reason: &'static str) -> Problem {
    let message =
        format!("{first} Expected OAuth 2 access token, login cookie or other valid authentication credential.");
    let info = Some(Info { reason, metadata: Vec::new() });
    Problem { code: Code::Unauthenticated, message: message.into(), info }
}

pub(crate) fn of_unavailable(why: Unavailable) -> Problem {
    let told = match why {
        Unavailable::Sealed => "The service is sealed: its root key is not there. Nothing was done.",
        Unavailable::Store => "The log cannot be written, so nothing was done. Try again.",
        Unavailable::Draining => "The service is going down, and nothing was done. Try again.",
        Unavailable::Overloaded => "The service is overloaded, and nothing was done. Try again.",
        Unavailable::Late => {
            let text = "The request was not answered in time. It may have happened: look before you try again.";
            return Problem::new(Code::DeadlineExceeded, text);
        }
        Unavailable::Damaged { row, why } => {
            let damaged = Fault::Damaged { row, why };
            return Problem::new(Code::DataLoss, format!("Nothing can be recorded, so nothing was done: {damaged}."));
        }
    };
    Problem::new(Code::Unavailable, told)
}
