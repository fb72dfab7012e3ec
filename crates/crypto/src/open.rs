//! Opening with a private key: RSAES-OAEP (RFC 8017), ML-KEM (FIPS 203), X-Wing.

use crate::WorkKey;
use crate::private::Private;
use aws_lc_rs::kem;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm,
};
use domain::{Fault, Scheme};
use secret::Secret;
use zeroize::Zeroize;

/// All that is wrong with a ciphertext looks alike.
pub(crate) fn decrypt(with: &WorkKey, scheme: Scheme, ciphertext: &[u8]) -> Result<Secret, Fault> {
    let Private::RsaDecrypt(key) = Private::of(with)? else {
        return Err(Fault::WrongPurpose { purpose: with.material.purpose });
    };
    let algorithm: &'static OaepAlgorithm = match scheme {
        Scheme::RsaOaepSha1 => &OAEP_SHA1_MGF1SHA1,
        Scheme::RsaOaepSha256 => &OAEP_SHA256_MGF1SHA256,
        Scheme::RsaOaepSha384 => &OAEP_SHA384_MGF1SHA384,
        Scheme::RsaOaepSha512 => &OAEP_SHA512_MGF1SHA512,
        _ => return Err(Fault::NotImplemented { what: scheme.name().into() }),
    };
    let mut plaintext = vec![0; key.min_output_size()];
    let opened = key.decrypt(algorithm, ciphertext, &mut plaintext, None).map(|opened| opened.len());
    let Ok(opened) = opened else {
        plaintext.zeroize();
        return Err(Fault::CiphertextUnreadable);
    };
    plaintext.truncate(opened);
    Ok(Secret::new(plaintext))
}

/// A ciphertext of the right length that was made for another key gives a secret that nobody has (FIPS 203, section 6.3).
pub(crate) fn decapsulate(with: &WorkKey, ciphertext: &[u8]) -> Result<Secret, Fault> {
    match Private::of(with)? {
        Private::MlKem(key) => {
            let secret = key.decapsulate(kem::Ciphertext::from(ciphertext));
            secret.map(|secret| Secret::new(secret.as_ref().to_vec())).map_err(|_| Fault::CiphertextUnreadable)
        }
        Private::XWing(key) => key.decapsulate(ciphertext),
        _ => Err(Fault::WrongPurpose { purpose: with.material.purpose }),
    }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
