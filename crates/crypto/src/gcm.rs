//! AES-256-GCM (SP 800-38D) with IVs that the module makes.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use secret::Secret;
use zeroize::{Zeroize, Zeroizing};

pub(crate) const IV_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// The module would not. On opening: wrong key, wrong associated data, changed or cut bytes, all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// One AES-256 key, expanded. The module wipes it when it is dropped.
pub(crate) struct Gcm(RandomizedNonceKey);

impl Gcm {
    pub(crate) fn new(key: &[u8]) -> Result<Self, Failed> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(|_| Failed)
    }

    /// `prefix || IV || ciphertext || tag`. The plaintext is nowhere but where the ciphertext then is.
    pub(crate) fn seal(&self, prefix: &[u8], associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Failed> {
        let iv_ends = prefix.len() + IV_BYTES;
        let mut sealed = Vec::with_capacity(iv_ends + plaintext.len() + TAG_BYTES);
        sealed.extend_from_slice(prefix);
        sealed.extend_from_slice(&[0; IV_BYTES]);
        sealed.extend_from_slice(plaintext);
        let (head, text) = sealed.split_at_mut(iv_ends);
        match self.0.seal_in_place_separate_tag(Aad::from(associated), text) {
            Ok((iv, tag)) => {
                head.iter_mut().skip(prefix.len()).zip(iv.as_ref()).for_each(|(to, from)| *to = *from);
                sealed.extend_from_slice(tag.as_ref());
                Ok(sealed)
            }
            Err(_) => {
                sealed.zeroize();
                Err(Failed)
            }
        }
    }

    /// Opens `IV || ciphertext || tag`.
    pub(crate) fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Secret, Failed> {
        let (iv, rest) = sealed.split_at_checked(IV_BYTES).ok_or(Failed)?;
        let iv = Nonce::try_assume_unique_for_key(iv).map_err(|_| Failed)?;
        let mut text = Zeroizing::new(rest.to_vec());
        let opened = self.0.open_in_place(iv, Aad::from(associated), &mut text).map_err(|_| Failed)?.len();
        text.truncate(opened);
        Ok(Secret::new(std::mem::take(&mut *text)))
    }
}
