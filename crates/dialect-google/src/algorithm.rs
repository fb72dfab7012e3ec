//! The service's algorithms: what is computed, and how it is used.

use crate::proto::kms::crypto_key_version::CryptoKeyVersionAlgorithm as Wire;
use domain::{Algorithm, Purpose, Scheme};

macro_rules! algorithms {
    ($($wire:ident = $purpose:ident $algorithm:ident $(by $scheme:ident)?;)+) => {
        const ALGORITHMS: &[(Wire, Purpose, Algorithm, Option<Scheme>)] = &[
            $((Wire::$wire, Purpose::$purpose, Algorithm::$algorithm, algorithms!(@ $($scheme)?))),+
        ];
    };
    (@) => { None };
    (@ $scheme:ident) => { Some(Scheme::$scheme) };
}

algorithms! {
    GoogleSymmetricEncryption = Encrypt Aes256;
    Aes128Gcm = EncryptRaw Aes128 by AesGcm;
    Aes256Gcm = EncryptRaw Aes256 by AesGcm;
    Aes128Cbc = EncryptRaw Aes128 by AesCbc;
    Aes256Cbc = EncryptRaw Aes256 by AesCbc;
    Aes128Ctr = EncryptRaw Aes128 by AesCtr;
    Aes256Ctr = EncryptRaw Aes256 by AesCtr;
    RsaSignPss2048Sha256 = Sign Rsa2048 by RsaPssSha256;
    RsaSignPss3072Sha256 = Sign Rsa3072 by RsaPssSha256;
    RsaSignPss4096Sha256 = Sign Rsa4096 by RsaPssSha256;
    RsaSignPss4096Sha512 = Sign Rsa4096 by RsaPssSha512;
    RsaSignPkcs12048Sha256 = Sign Rsa2048 by RsaPkcs1Sha256;
    RsaSignPkcs13072Sha256 = Sign Rsa3072 by RsaPkcs1Sha256;
    RsaSignPkcs14096Sha256 = Sign Rsa4096 by RsaPkcs1Sha256;
    RsaSignPkcs14096Sha512 = Sign Rsa4096 by RsaPkcs1Sha512;
    RsaSignRawPkcs12048 = Sign Rsa2048 by RsaPkcs1Raw;
    RsaSignRawPkcs13072 = Sign Rsa3072 by RsaPkcs1Raw;
    RsaSignRawPkcs14096 = Sign Rsa4096 by RsaPkcs1Raw;
    RsaDecryptOaep2048Sha256 = DecryptAsymmetric Rsa2048 by RsaOaepSha256;
    RsaDecryptOaep3072Sha256 = DecryptAsymmetric Rsa3072 by RsaOaepSha256;
    RsaDecryptOaep4096Sha256 = DecryptAsymmetric Rsa4096 by RsaOaepSha256;
    RsaDecryptOaep4096Sha512 = DecryptAsymmetric Rsa4096 by RsaOaepSha512;
    RsaDecryptOaep2048Sha1 = DecryptAsymmetric Rsa2048 by RsaOaepSha1;
    RsaDecryptOaep3072Sha1 = DecryptAsymmetric Rsa3072 by RsaOaepSha1;
    RsaDecryptOaep4096Sha1 = DecryptAsymmetric Rsa4096 by RsaOaepSha1;
    EcSignP256Sha256 = Sign EcP256 by EcdsaSha256;
    EcSignP384Sha384 = Sign EcP384 by EcdsaSha384;
    EcSignSecp256k1Sha256 = Sign EcSecp256k1 by EcdsaSha256;
    EcSignEd25519 = Sign Ed25519 by EdDsa;
    HmacSha1 = Mac HmacSha1 by Hmac;
    HmacSha224 = Mac HmacSha224 by Hmac;
    HmacSha256 = Mac HmacSha256 by Hmac;
    HmacSha384 = Mac HmacSha384 by Hmac;
    HmacSha512 = Mac HmacSha512 by Hmac;
    MlKem768 = Encapsulate MlKem768 by MlKem;
    MlKem1024 = Encapsulate MlKem1024 by MlKem;
    KemXwing = Encapsulate XWing by XWing;
    PqSignMlDsa44 = Sign MlDsa44 by MlDsa;
    PqSignMlDsa65 = Sign MlDsa65 by MlDsa;
    PqSignMlDsa87 = Sign MlDsa87 by MlDsa;
    PqSignMlDsa44ExternalMu = Sign MlDsa44 by MlDsaExternalMu;
    PqSignMlDsa65ExternalMu = Sign MlDsa65 by MlDsaExternalMu;
    PqSignMlDsa87ExternalMu = Sign MlDsa87 by MlDsaExternalMu;
    PqSignSlhDsaSha2128s = Sign SlhDsaSha2S128 by SlhDsa;
    PqSignHashSlhDsaSha2128sSha256 = Sign SlhDsaSha2S128 by HashSlhDsaSha256;
    Aes256Kwp = Wrap Aes256 by AesKwp;
}

/// What the service's name means; nothing for a name that means nothing here.
pub(crate) fn read(wire: Wire) -> Option<(Purpose, Algorithm, Option<Scheme>)> {
    let row = ALGORITHMS.iter().find(|(name, ..)| *name == wire);
    row.map(|(_, purpose, algorithm, scheme)| (*purpose, *algorithm, *scheme))
}

/// The service's name; unspecified where it has none.
pub(crate) fn written(purpose: Purpose, algorithm: Algorithm, scheme: Option<Scheme>) -> Wire {
    let row = ALGORITHMS.iter().find(|(_, for_, with, by)| {
        (*for_, *with) == (purpose, algorithm) && (*by == scheme || purpose == Purpose::Encrypt)
    });
    row.map_or(Wire::Unspecified, |(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_but_that_of_a_key_held_elsewhere_means_something_and_is_found_again() {
        let mut known = 0;
        for number in 0..=100 {
            let Ok(wire) = Wire::try_from(number) else { continue };
            match read(wire) {
                Some((purpose, algorithm, scheme)) => {
                    assert!(written(purpose, algorithm, scheme) == wire, "{}", wire.as_str_name());
                    assert!(algorithm.serves(purpose), "{algorithm:?} {purpose:?}");
                    known += 1;
                }
                None => assert!(matches!(wire, Wire::Unspecified | Wire::ExternalSymmetricEncryption), "{number}"),
            }
        }
        assert_eq!(known, 46);
    }
}
