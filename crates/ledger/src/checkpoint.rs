//! Signed checkpoints: the text of C2SP tlog-checkpoint in a C2SP signed-note, signed with Ed25519.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::{SigningKey, VerifyingKey};

/// The signature type of Ed25519 in signed notes.
const ED25519: u8 = 0x01;
/// An em dash and a space begin each signature line.
const SIGNATURE_PREFIX: &str = "\u{2014} ";
/// A note of more bytes is not looked into.
const NOTE_BYTES_MAX: usize = 65_536;
/// A note with more signatures, ours and others', is not believed.
const SIGNATURES_MAX: usize = 100;

/// Before the state root, in the line that extends the text.
const STATE_PREFIX: &str = "state ";

/// What a checkpoint says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub size: u64,
    pub root: [u8; 32],
    /// The root of the state tree after the last entry.
    pub state: [u8; 32],
}

/// The text that is signed: origin, size, root and state root, a line each.
pub fn checkpoint_text(origin: &str, checkpoint: &Checkpoint) -> String {
    let Checkpoint { size, root, state } = checkpoint;
    format!("{origin}\n{size}\n{}\n{STATE_PREFIX}{}\n", STANDARD.encode(root), STANDARD.encode(state))
}

/// A checkpoint as a signed note. The key's name is the origin, which has no spaces, plus signs or line ends.
pub fn sign_checkpoint(origin: &str, checkpoint: &Checkpoint, key: &SigningKey) -> String {
    let text = checkpoint_text(origin, checkpoint);
    let id = key_id(origin, &key.public());
    let signature = key.sign(text.as_bytes());
    let line = STANDARD.encode([id.as_slice(), signature.as_slice()].concat());
    format!("{text}\n{SIGNATURE_PREFIX}{origin} {line}\n")
}

/// A checkpoint that this origin has signed with this key; none for anything else. Further lines that extend the text
/// are allowed, and signatures of others are passed over.
pub fn open_checkpoint(note: &str, origin: &str, key: &VerifyingKey) -> Option<Checkpoint> {
    if note.len() > NOTE_BYTES_MAX {
        return None;
    }
    let end = note.rfind("\n\n")?;
    let (text, signatures) = (note.get(..=end)?, note.get(end + 2..)?);
    let signature: [u8; 64] = find_signature(signatures, origin, &key_id(origin, key))?;
    if !key.verify(text.as_bytes(), &signature) {
        return None;
    }
    read_text(text, origin)
}

/// The signature type of Ed25519 cosignatures (C2SP tlog-cosignature).
const COSIGNED: u8 = 0x04;

/// The line by which a witness cosigns a checkpoint at a time, in seconds since 1970.
pub fn cosign(text: &str, name: &str, seconds: u64, key: &SigningKey) -> String {
    let signature = key.sign(cosigned_message(text, seconds).as_bytes());
    let id = typed_key_id(COSIGNED, name, &key.public());
    let line = STANDARD.encode([id.as_slice(), &seconds.to_be_bytes(), &signature].concat());
    format!("{SIGNATURE_PREFIX}{name} {line}\n")
}

/// Size, root and time of a checkpoint of this origin that this witness has cosigned; none for anything else.
pub fn open_cosigned(note: &str, origin: &str, name: &str, key: &VerifyingKey) -> Option<(u64, [u8; 32], u64)> {
    if note.len() > NOTE_BYTES_MAX {
        return None;
    }
    let end = note.rfind("\n\n")?;
    let (text, signatures) = (note.get(..=end)?, note.get(end + 2..)?);
    let signed: [u8; 72] = find_signature(signatures, name, &typed_key_id(COSIGNED, name, key))?;
    let (seconds, signature) = signed.split_first_chunk::<8>()?;
    let seconds = u64::from_be_bytes(*seconds);
    let genuine = key.verify(cosigned_message(text, seconds).as_bytes(), signature.try_into().ok()?);
    let said = read_text(text, origin)?;
    genuine.then_some((said.size, said.root, seconds))
}

/// A witness's key as C2SP signed-note writes it.
pub fn cosigner_line(name: &str, key: &VerifyingKey) -> String {
    let id = u32::from_be_bytes(typed_key_id(COSIGNED, name, key));
    format!("{name}+{id:08x}+{}", STANDARD.encode([&[COSIGNED], key.0.as_slice()].concat()))
}

/// Name and key of such a line.
pub fn read_cosigner_line(line: &str) -> Option<(String, VerifyingKey)> {
    let (name, rest) = line.trim().split_once('+')?;
    let bytes = STANDARD.decode(rest.split_once('+')?.1).ok()?;
    let key = VerifyingKey(bytes.strip_prefix(&[COSIGNED])?.try_into().ok()?);
    (cosigner_line(name, &key) == line.trim()).then(|| (name.to_owned(), key))
}

fn cosigned_message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// The verifier's key as C2SP signed-note writes it: name, key id in hexadecimal, type and key in base64.
pub fn verifier_line(origin: &str, key: &VerifyingKey) -> String {
    let id = u32::from_be_bytes(key_id(origin, key));
    let typed = STANDARD.encode([&[ED25519], key.0.as_slice()].concat());
    format!("{origin}+{id:08x}+{typed}")
}

/// The first 4 bytes of SHA-256(name, 0x0A, 0x01, public key).
fn key_id(origin: &str, key: &VerifyingKey) -> [u8; 4] {
    typed_key_id(ED25519, origin, key)
}

fn typed_key_id(kind: u8, name: &str, key: &VerifyingKey) -> [u8; 4] {
    let digest = crypto::sha256(&[name.as_bytes(), b"\n", &[kind], key.0.as_slice()].concat());
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// The signature of the key with this name and id. A line that is no signature spoils the note.
fn find_signature<const N: usize>(lines: &str, origin: &str, id: &[u8; 4]) -> Option<[u8; N]> {
    let mut found = None;
    for (at, line) in lines.strip_suffix('\n')?.split('\n').enumerate() {
        let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key, signature) = bytes.split_first_chunk::<4>()?;
        if at >= SIGNATURES_MAX {
            return None;
        }
        if name == origin && key == id {
            found = found.or(signature.try_into().ok());
        }
    }
    found
}

/// The four lines that every checkpoint of ours has.
fn read_text(text: &str, origin: &str) -> Option<Checkpoint> {
    let mut lines = text.split('\n');
    if lines.next()? != origin {
        return None;
    }
    let digits = lines.next()?;
    let size: u64 = digits.parse().ok()?;
    let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
    let state = STANDARD.decode(lines.next()?.strip_prefix(STATE_PREFIX)?).ok()?.try_into().ok()?;
    // Numbers have one spelling: no sign, no leading zeros.
    (size.to_string() == digits).then_some(Checkpoint { size, root, state })
}

#[cfg(test)]
mod tests;
