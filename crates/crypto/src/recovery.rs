//! The recovery key: one secret, two key pairs. docs/formats/recovery.md.
//!
//! Derived by HKDF-SHA-256 (RFC 5869): an Ed25519 pair that signs statements, and an X25519 pair that opens backups by
//! HPKE (RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM), which is rustls's over AWS-LC.

use crate::{SigningKey, VerifyingKey, random_bytes, sha256};
use aws_lc_rs::agreement::{PrivateKey, X25519};
use aws_lc_rs::hkdf;
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256 as SUITE;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};
use secret::{Held, Secret};
use zeroize::Zeroizing;

/// Begins the text of every recovery key.
const PREFIX: &str = "keyward-recovery-v1";
const SALT: &[u8] = b"keyward recovery v1";
/// Bytes of the secret, and of its checksum in the text.
const SECRET_BYTES: usize = 32;
const SUM_BYTES: usize = 3;
/// RFC 4648, section 6, in lower case; 280 bits need no padding.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters between two dashes.
const GROUP: usize = 7;
/// What is longer is no recovery key, however it is spaced.
pub const RECOVERY_TEXT_BYTES_MAX: usize = 256;

/// This is no recovery key: its text, or the module's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRecoveryKey;

/// The public halves, which the site keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryPublic {
    /// Ed25519: who signs statements.
    pub verify: VerifyingKey,
    /// X25519: to whom backups are sealed.
    pub seal: [u8; 32],
}

impl RecoveryPublic {
    /// What people compare: the first 8 bytes of SHA-256 over both halves, in hexadecimal.
    pub fn id(&self) -> String {
        let digest = sha256(&[self.verify.0, self.seal].concat());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What was sealed to a recovery key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HpkeSealed {
    /// The encapsulated key, 32 bytes.
    pub enc: Vec<u8>,
    /// Ciphertext and tag.
    pub ciphertext: Vec<u8>,
}

/// Seals to whoever holds the recovery key. `info` and `associated` are bound and must be named again to open.
pub fn seal_to(
    public: &[u8; 32],
    info: &[u8],
    associated: &[u8],
    plaintext: &[u8],
) -> Result<HpkeSealed, NoRecoveryKey> {
    let sealed = SUITE.seal(info, associated, plaintext, &HpkePublicKey(public.to_vec()));
    let (EncapsulatedSecret(enc), ciphertext) = sealed.map_err(|_| NoRecoveryKey)?;
    Ok(HpkeSealed { enc, ciphertext })
}

/// The secret that `init` prints once.
pub struct RecoveryKey(Held);

impl RecoveryKey {
    /// A new one.
    pub fn draw() -> Result<Self, NoRecoveryKey> {
        let bytes = Zeroizing::new(random_bytes::<SECRET_BYTES>().map_err(|_| NoRecoveryKey)?);
        Self::of(&*bytes)
    }

    /// The key with this secret of 32 bytes.
    pub fn of(bytes: &[u8]) -> Result<Self, NoRecoveryKey> {
        match bytes.len() {
            SECRET_BYTES => Held::keep(bytes).map(Self).map_err(|_| NoRecoveryKey),
            _ => Err(NoRecoveryKey),
        }
    }

    /// Reads the text. Case, white space and where the dashes stand do not matter; a slip of the pen does.
    pub fn parse(text: &[u8]) -> Result<Self, NoRecoveryKey> {
        let text = text.get(..text.len().min(RECOVERY_TEXT_BYTES_MAX)).ok_or(NoRecoveryKey)?;
        let shown = |byte: &&u8| !byte.is_ascii_whitespace();
        let letters: Zeroizing<Vec<u8>> =
            Zeroizing::new(text.iter().filter(shown).map(u8::to_ascii_lowercase).collect());
        let letters = letters.strip_prefix(PREFIX.as_bytes()).ok_or(NoRecoveryKey)?;
        let bytes = Zeroizing::new(decoded(letters).ok_or(NoRecoveryKey)?);
        let (secret, sum) = bytes.split_at_checked(SECRET_BYTES).ok_or(NoRecoveryKey)?;
        if sum == checksum(secret) { Self::of(secret) } else { Err(NoRecoveryKey) }
    }

    /// The text, to be printed once.
    pub fn text(&self) -> Secret {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_BYTES + SUM_BYTES));
        self.0.expose(|secret| bytes.extend_from_slice(secret));
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        let letters = Zeroizing::new(encoded(&bytes));
        let mut text = Vec::with_capacity(128);
        text.extend_from_slice(PREFIX.as_bytes());
        for group in letters.chunks(GROUP) {
            text.push(b'-');
            text.extend_from_slice(group);
        }
        Secret::new(text)
    }

    /// Both public halves.
    pub fn public(&self) -> Result<RecoveryPublic, NoRecoveryKey> {
        Ok(RecoveryPublic { verify: self.signer()?.public(), seal: self.opener_public()? })
    }

    /// Signs statements.
    pub fn signer(&self) -> Result<SigningKey, NoRecoveryKey> {
        let seed = self.derived(b"sign")?;
        SigningKey::from_seed(Held::keep(&*seed).map_err(|_| NoRecoveryKey)?).map_err(|_| NoRecoveryKey)
    }

    fn opener_public(&self) -> Result<[u8; 32], NoRecoveryKey> {
        let private = PrivateKey::from_private_key(&X25519, &*self.derived(b"open")?).map_err(|_| NoRecoveryKey)?;
        let public = private.compute_public_key().map_err(|_| NoRecoveryKey)?;
        public.as_ref().try_into().map_err(|_| NoRecoveryKey)
    }

    /// Opens what [`seal_to`] has sealed to this key.
    pub fn open(&self, info: &[u8], associated: &[u8], sealed: &HpkeSealed) -> Result<Secret, NoRecoveryKey> {
        let private = HpkePrivateKey::from(self.derived(b"open")?.to_vec());
        let enc = EncapsulatedSecret(sealed.enc.clone());
        let opened = SUITE.open(&enc, info, associated, &sealed.ciphertext, &private);
        opened.map(Secret::new).map_err(|_| NoRecoveryKey)
    }

    fn derived(&self, label: &[u8]) -> Result<Zeroizing<[u8; 32]>, NoRecoveryKey> {
        let mut derived = Zeroizing::new([0; 32]);
        let info = [label];
        self.0.expose(|secret| {
            let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret);
            let okm = prk.expand(&info, hkdf::HKDF_SHA256).map_err(|_| NoRecoveryKey)?;
            okm.fill(&mut *derived).map_err(|_| NoRecoveryKey)
        })?;
        Ok(derived)
    }
}

fn checksum(secret: &[u8]) -> [u8; SUM_BYTES] {
    let [a, b, c, ..] = sha256(&Zeroizing::new([PREFIX.as_bytes(), secret].concat()));
    [a, b, c]
}

fn encoded(bytes: &[u8]) -> Vec<u8> {
    let (mut letters, mut bits, mut held) = (Vec::with_capacity(64), 0_u32, 0_u32);
    for byte in bytes {
        (bits, held) = ((bits << 8 | u32::from(*byte)) & 0xfff, held + 8);
        while held >= 5 {
            held -= 5;
            let at = usize::try_from(bits >> held & 31).unwrap_or(0);
            letters.push(ALPHABET.get(at).copied().unwrap_or(b'?'));
        }
    }
    letters
}

/// None for a letter that is not in the alphabet, or another length.
fn decoded(letters: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(SECRET_BYTES + SUM_BYTES), 0_u32, 0_u32);
    for letter in letters.iter().filter(|letter| **letter != b'-') {
        let value = u32::try_from(ALPHABET.iter().position(|known| known == letter)?).ok()?;
        (bits, held) = ((bits << 5 | value) & 0xfff, held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 255).ok()?);
        }
    }
    (bytes.len() == SECRET_BYTES + SUM_BYTES && held == 0).then_some(bytes)
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
