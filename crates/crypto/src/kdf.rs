//! Keys from keys: SP 800-108r1 in counter mode with HMAC-SHA-256, a 32-bit counter before the fixed info.

use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use secret::Held;
use zeroize::Zeroizing;

/// The length of every key that derives, in bytes.
pub(crate) const KEY_BYTES: usize = 32;

/// The key is not 32 bytes long, or the module has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Underived;

/// `N` bytes for `label` and `context`, whose parts are of fixed length or say how long they are.
pub(crate) fn derive<const N: usize>(
    key: &Held,
    label: &[u8],
    context: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>, Underived> {
    let mut derived = Zeroizing::new([0; N]);
    let info = fixed_info(label, context, N);
    let algorithm = get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).ok_or(Underived)?;
    key.expose(|key| match key.len() {
        KEY_BYTES => kbkdf_ctr_hmac(algorithm, key, &info, &mut *derived).map_err(|_| Underived),
        _ => Err(Underived),
    })?;
    Ok(derived)
}

/// `Label || 0x00 || Context || [L]`, where `L` is the length of the output in bits, as 32 bits.
fn fixed_info(label: &[u8], context: &[&[u8]], bytes: usize) -> Vec<u8> {
    let mut info = Vec::with_capacity(64);
    info.extend_from_slice(label);
    info.push(0);
    context.iter().for_each(|part| info.extend_from_slice(part));
    info.extend_from_slice(&u32::try_from(bytes * 8).unwrap_or(u32::MAX).to_be_bytes());
    info
}

/// What [`derive`] gives for 32 bytes, as the one HMAC that it is, which can't fail on any key.
pub(crate) fn derive_block(key: &Held, label: &[u8], context: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut input = 1_u32.to_be_bytes().to_vec();
    input.append(&mut fixed_info(label, context, 32));
    Zeroizing::new(key.expose(|key| crate::hmac_sha256(key, &input)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn one_block_is_one_hmac() {
        let key = Held::keep(&[7; 32]).unwrap();
        let by_module = derive::<32>(&key, b"label", &[b"context"]).unwrap();
        assert_eq!(*by_module, *derive_block(&key, b"label", &[b"context"]));
    }

    #[test]
    fn keys_of_another_length_derive_nothing() {
        for len in [0, 16, 31, 33, 64] {
            let key = Held::keep(&vec![7; len]).unwrap();
            assert_eq!(derive::<32>(&key, b"label", &[]).err(), Some(Underived), "{len}");
        }
    }
}
