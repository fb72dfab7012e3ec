//! Why a command ended badly, and the exit code that says so.

use std::fmt::Display;
use std::process::ExitCode;

/// 1 failure, 2 sealed, 3 denied, 4 awaiting approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Failure = 1,
    Sealed = 2,
    Denied = 3,
    AwaitingApproval = 4,
}

/// A message for people, and the exit code for programs.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failure, message: message.into() }
    }

    pub(crate) fn with(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    pub(crate) fn from_display(why: impl Display) -> Self {
        Self::new(why.to_string())
    }

    pub(crate) fn from_io(why: std::io::Error) -> Self {
        Self::new(why.to_string())
    }

    /// Says it on standard error.
    pub(crate) fn end(self) -> ExitCode {
        eprintln!("keyward: {}", self.message);
        ExitCode::from(self.exit as u8)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
