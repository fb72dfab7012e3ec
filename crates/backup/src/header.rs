//! What anybody may know of a backup: whose it is, from when, and to whom it is sealed.

use crate::{BackupFault, MAGIC};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::{HpkeSealed, STREAM_PREFIX_BYTES};
use serde_json::{Value, json};

/// The whole site, and some keys of it.
pub const KIND_SITE: &str = "site";
pub const KIND_KEYS: &str = "keys";

/// The newest format that this release reads.
const FORMAT: u64 = 1;
/// A longer header is none of ours.
pub(crate) const HEADER_BYTES_MAX: usize = 65_536;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub kind: String,
    /// How many keys are in a backup of keys.
    pub keys: Option<u64>,
    pub site: [u8; 16],
    pub origin: String,
    /// RFC 3339.
    pub created: String,
    /// The head of the log: everything before it is in the backup, nothing of what came after.
    pub size: u64,
    pub root: [u8; 32],
    /// The newest checkpoint (C2SP signed note) that the log had signed by then.
    pub checkpoint: String,
    /// The key of the checkpoints, which signs the backup too (C2SP verifier line).
    pub verifier: String,
    /// The id of the recovery key.
    pub recovery: String,
    /// The data key, sealed to the recovery key.
    pub sealed: HpkeSealed,
    pub prefix: [u8; STREAM_PREFIX_BYTES],
    /// The JSON as it was read: a newer release may have put members in that are not known here. Empty: not read.
    pub(crate) text: Vec<u8>,
}

impl Header {
    /// Magic, length in 4 bytes, then the header as JSON. Every chunk is bound to all of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let text = if self.text.is_empty() { self.made() } else { self.text.clone() };
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&text);
        bytes
    }

    fn made(&self) -> Vec<u8> {
        let mut header = json!({
            "format": FORMAT,
            "kind": self.kind,
            "site": hex(&self.site),
            "origin": self.origin,
            "created": self.created,
            "size": self.size,
            "root": STANDARD.encode(self.root),
            "checkpoint": self.checkpoint,
            "verifier": self.verifier,
            "recovery": self.recovery,
            "enc": STANDARD.encode(&self.sealed.enc),
            "data_key": STANDARD.encode(&self.sealed.ciphertext),
            "prefix": hex(&self.prefix),
        });
        if let (Some(keys), Value::Object(members)) = (self.keys, &mut header) {
            members.insert("keys".to_owned(), keys.into());
        }
        header.to_string().into_bytes()
    }

    /// Reads the JSON.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, BackupFault> {
        let value: Value = serde_json::from_slice(text).map_err(|_| BackupFault::Foreign)?;
        let format = value.get("format").and_then(Value::as_u64).ok_or(BackupFault::Foreign)?;
        if format > FORMAT {
            return Err(BackupFault::Newer { format });
        }
        Self::of(&value, text).ok_or(BackupFault::Foreign)
    }

    fn of(value: &Value, whole: &[u8]) -> Option<Self> {
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let bytes = |name: &str| STANDARD.decode(value.get(name)?.as_str()?).ok();
        Some(Self {
            kind: text("kind")?,
            keys: value.get("keys").and_then(Value::as_u64),
            site: unhex(&text("site")?)?,
            origin: text("origin")?,
            created: text("created")?,
            size: value.get("size")?.as_u64()?,
            root: bytes("root")?.try_into().ok()?,
            checkpoint: text("checkpoint")?,
            verifier: text("verifier")?,
            recovery: text("recovery")?,
            sealed: HpkeSealed { enc: bytes("enc")?, ciphertext: bytes("data_key")? },
            prefix: unhex(&text("prefix")?)?,
            text: whole.to_vec(),
        })
    }
}

/// What the data key is bound to, beside [`crate::INFO`].
pub(crate) fn associated(site: &[u8; 16]) -> Vec<u8> {
    [MAGIC.as_slice(), site].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    // `from_str_radix` would take a sign for a digit.
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..N).map(byte).collect();
    bytes?.try_into().ok()
}
