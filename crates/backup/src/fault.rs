//! Why there is no backup, or none that is believed. Each names the remedy.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupFault {
    /// It begins with other bytes, or its header cannot be read.
    Foreign,
    /// A newer release wrote it.
    Newer {
        format: u64,
    },
    /// It ends before its end.
    Truncated,
    /// Bytes were changed.
    Corrupted {
        chunk: u64,
    },
    /// The sum at its end is of other bytes.
    SumDiffers,
    /// Its sum was signed by another site than it names, or than was asked for.
    NotSigned,
    /// It was sealed to another recovery key.
    WrongRecoveryKey {
        sealed_to: String,
        given: String,
    },
    /// Its content contradicts itself.
    Inconsistent {
        why: String,
    },
    /// The site has no recovery key to seal to.
    NoRecoveryKey,
    NoRandomness,
    Read(String),
    Write(String),
}

impl fmt::Display for BackupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(f, "this is no Keyward backup; name another file"),
            Self::Newer { format } => {
                write!(f, "the backup has format {format}, written by a newer release; use that release")
            }
            Self::Truncated => write!(f, "the backup is cut off, or was changed at its end; use another copy"),
            Self::Corrupted { chunk } => {
                write!(f, "the backup was changed at chunk {chunk}, of 64 KiB each; use another copy")
            }
            Self::SumDiffers => {
                write!(f, "the backup's sum is of other bytes: it is cut or was changed; use another copy")
            }
            Self::NotSigned => write!(f, "the backup was not signed by this site; use one that was"),
            Self::WrongRecoveryKey { sealed_to, given } => write!(
                f,
                "the backup is sealed to recovery key {sealed_to}, and the one given is {given}; give the one of its site"
            ),
            Self::Inconsistent { why } => write!(f, "the backup contradicts itself: {why}; use another one"),
            Self::NoRecoveryKey => write!(f, "this site was made without a recovery key: there is nobody to seal to"),
            Self::NoRandomness => write!(f, "the cryptographic module has no randomness to give"),
            Self::Read(why) => write!(f, "reading: {why}"),
            Self::Write(why) => write!(f, "writing: {why}"),
        }
    }
}

impl std::error::Error for BackupFault {}
