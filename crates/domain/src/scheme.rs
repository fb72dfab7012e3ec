//! How an algorithm is used: one table of what goes together.

use crate::{Algorithm, Fault, Purpose};
use secret::Secret;

/// Hash functions of signatures, paddings and MACs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub const ALL: [Self; 5] = [Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in the standard's spelling (FIPS 180-4).
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.name().eq_ignore_ascii_case(name))
    }

    /// Bytes of a digest.
    pub fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

macro_rules! schemes {
    ($($variant:ident = $number:literal, $name:literal, $purpose:ident, $hash:expr, [$($algorithm:ident)+];)+) => {
        /// How a key's algorithm is used. The numbers are on disk and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Scheme { $($variant = $number),+ }

        impl Scheme {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the standard's spelling.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What a key that is used so is for.
            pub fn purpose(self) -> Purpose {
                match self { $(Self::$variant => Purpose::$purpose),+ }
            }

            /// The hash function in it; none where there is none to choose.
            pub fn hash(self) -> Option<crate::Hash> {
                match self { $(Self::$variant => $hash),+ }
            }

            /// The algorithms that can be used so.
            pub fn algorithms(self) -> &'static [Algorithm] {
                match self { $(Self::$variant => &[$(Algorithm::$algorithm),+]),+ }
            }
        }
    };
}

// PKCS#1 is RFC 8017; a salt of PSS is as long as the digest. ECDSA and EdDSA: FIPS 186-5, for secp256k1 SEC 2. ML-DSA:
// FIPS 204. SLH-DSA: FIPS 205. ML-KEM: FIPS 203. X-Wing: draft-connolly-cfrg-xwing-kem. HMAC: FIPS 198-1. Modes of AES:
// SP 800-38A, SP 800-38D, SP 800-38F. What unwraps: RSAES-OAEP over a fresh AES key, and AES-KWP (RFC 5649) over the
// material behind it; RSAES-OAEP over the material alone; or HPKE (RFC 9180, draft-ietf-hpke-pq).
schemes! {
    RsaPkcs1Sha256 = 1, "RSASSA-PKCS1-SHA-256", Sign, Some(crate::Hash::Sha256), [Rsa2048 Rsa3072 Rsa4096];
    RsaPkcs1Sha384 = 2, "RSASSA-PKCS1-SHA-384", Sign, Some(crate::Hash::Sha384), [Rsa2048 Rsa3072 Rsa4096];
    RsaPkcs1Sha512 = 3, "RSASSA-PKCS1-SHA-512", Sign, Some(crate::Hash::Sha512), [Rsa2048 Rsa3072 Rsa4096];
    RsaPssSha256 = 4, "RSASSA-PSS-SHA-256", Sign, Some(crate::Hash::Sha256), [Rsa2048 Rsa3072 Rsa4096];
    RsaPssSha384 = 5, "RSASSA-PSS-SHA-384", Sign, Some(crate::Hash::Sha384), [Rsa2048 Rsa3072 Rsa4096];
    RsaPssSha512 = 6, "RSASSA-PSS-SHA-512", Sign, Some(crate::Hash::Sha512), [Rsa2048 Rsa3072 Rsa4096];
    RsaPkcs1Raw = 7, "RSASSA-PKCS1-RAW", Sign, None, [Rsa2048 Rsa3072 Rsa4096];
    RsaOaepSha1 = 10, "RSAES-OAEP-SHA-1", DecryptAsymmetric, Some(crate::Hash::Sha1), [Rsa2048 Rsa3072 Rsa4096];
    RsaOaepSha256 = 11, "RSAES-OAEP-SHA-256", DecryptAsymmetric, Some(crate::Hash::Sha256), [Rsa2048 Rsa3072 Rsa4096];
    RsaOaepSha384 = 12, "RSAES-OAEP-SHA-384", DecryptAsymmetric, Some(crate::Hash::Sha384), [Rsa2048 Rsa3072 Rsa4096];
    RsaOaepSha512 = 13, "RSAES-OAEP-SHA-512", DecryptAsymmetric, Some(crate::Hash::Sha512), [Rsa2048 Rsa3072 Rsa4096];
    EcdsaSha256 = 20, "ECDSA-SHA-256", Sign, Some(crate::Hash::Sha256), [EcP256 EcSecp256k1];
    EcdsaSha384 = 21, "ECDSA-SHA-384", Sign, Some(crate::Hash::Sha384), [EcP384];
    EcdsaSha512 = 22, "ECDSA-SHA-512", Sign, Some(crate::Hash::Sha512), [EcP521];
    EdDsa = 23, "EdDSA", Sign, None, [Ed25519];
    MlDsa = 30, "ML-DSA", Sign, None, [MlDsa44 MlDsa65 MlDsa87];
    MlDsaExternalMu = 31, "ML-DSA-EXTERNAL-MU", Sign, None, [MlDsa44 MlDsa65 MlDsa87];
    SlhDsa = 32, "SLH-DSA", Sign, None, [SlhDsaSha2S128];
    HashSlhDsaSha256 = 33, "HashSLH-DSA-SHA-256", Sign, Some(crate::Hash::Sha256), [SlhDsaSha2S128];
    Hmac = 40, "HMAC", Mac, None, [HmacSha1 HmacSha224 HmacSha256 HmacSha384 HmacSha512];
    AesGcm = 50, "AES-GCM", EncryptRaw, None, [Aes128 Aes192 Aes256];
    AesCbc = 51, "AES-CBC", EncryptRaw, None, [Aes128 Aes192 Aes256];
    AesCtr = 52, "AES-CTR", EncryptRaw, None, [Aes128 Aes192 Aes256];
    AesKwp = 53, "AES-KWP", Wrap, None, [Aes128 Aes256];
    MlKem = 60, "ML-KEM", Encapsulate, None, [MlKem768 MlKem1024];
    XWing = 61, "X-Wing", Encapsulate, None, [XWing];
    WrapOaepSha1Kwp = 70, "RSAES-OAEP-SHA-1+AES-256-KWP", Import, Some(crate::Hash::Sha1), [Rsa3072 Rsa4096];
    WrapOaepSha256Kwp = 71, "RSAES-OAEP-SHA-256+AES-256-KWP", Import, Some(crate::Hash::Sha256), [Rsa3072 Rsa4096];
    WrapOaepSha256 = 72, "RSAES-OAEP-SHA-256-ALONE", Import, Some(crate::Hash::Sha256), [Rsa3072 Rsa4096];
    WrapHpke = 73, "HPKE-HKDF-SHA-256+AES-256-GCM", Import, None, [MlKem768 MlKem1024 XWing];
}

/// What is signed or was signed: a message, or what somebody else has made of it already.
pub enum Signable {
    /// Hashed here, where the scheme hashes.
    Message(Secret),
    /// A digest of the message by this hash.
    Digest(crate::Hash, Vec<u8>),
    /// The message representative of ML-DSA (FIPS 204, algorithm 7, step 6), 64 bytes.
    Mu(Vec<u8>),
}

/// Bytes of the message representative of ML-DSA.
pub const MU_BYTES: usize = 64;

impl Scheme {
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| *scheme as u16 == number)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }

    /// Whether a key of this algorithm and purpose can be used so.
    pub fn fits(self, algorithm: Algorithm, purpose: Purpose) -> bool {
        let both =
            purpose == Purpose::SignAndDecrypt && matches!(self.purpose(), Purpose::Sign | Purpose::DecryptAsymmetric);
        (self.purpose() == purpose || both) && self.algorithms().contains(&algorithm)
    }

    /// Whether it can sign what is given so.
    pub fn takes(self, what: &Signable) -> bool {
        match what {
            Signable::Message(_) => self != Self::MlDsaExternalMu,
            Signable::Digest(hash, _) => self.hash() == Some(*hash),
            Signable::Mu(_) => self == Self::MlDsaExternalMu,
        }
    }

    /// The scheme of one use: what the key is fixed to, else what is asked for, else the only one that there is.
    pub fn chosen(
        (algorithm, purpose): (Algorithm, Purpose),
        fixed: Option<Self>,
        asked: Option<Self>,
        takes: impl Fn(Self) -> bool,
    ) -> Result<Self, Fault> {
        let all = Self::ALL.iter().copied().filter(|scheme| scheme.fits(algorithm, purpose));
        let allowed: Vec<Self> = all.filter(|scheme| fixed.is_none_or(|fixed| fixed == *scheme)).collect();
        let fitting = || allowed.iter().copied().filter(|scheme| takes(*scheme));
        let wanted = match asked {
            Some(asked) => fitting().find(|scheme| *scheme == asked),
            None => fitting().next().filter(|_| fitting().count() == 1),
        };
        wanted.ok_or_else(|| not_chosen(&fitting().collect::<Vec<_>>(), &allowed))
    }
}

fn not_chosen(fitting: &[Scheme], allowed: &[Scheme]) -> Fault {
    let names = |schemes: &[Scheme]| schemes.iter().map(|scheme| scheme.name()).collect::<Vec<_>>().join(", ");
    let constraint = match (fitting, allowed) {
        ([], []) => "the key has no scheme for this".into(),
        ([], allowed) => format!("what is given does not fit {}", names(allowed)),
        (fitting, _) => format!("one of {}", names(fitting)),
    };
    Fault::Invalid { member: "scheme".into(), constraint }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn chosen(algorithm: Algorithm, fixed: Option<Scheme>, asked: Option<Scheme>, what: &Signable) -> Option<Scheme> {
        Scheme::chosen((algorithm, Purpose::Sign), fixed, asked, |scheme| scheme.takes(what)).ok()
    }

    #[test]
    fn numbers_and_names_are_read_as_they_are_written() {
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::from_number(*scheme as u16), Some(*scheme));
            assert_eq!(Scheme::from_name(&scheme.name().to_lowercase()), Some(*scheme));
        }
        assert!(Hash::ALL.into_iter().all(|hash| Hash::from_name(hash.name()) == Some(hash)));
    }

    #[test]
    fn every_scheme_is_of_algorithms_that_serve_its_purpose() {
        for scheme in Scheme::ALL {
            assert!(scheme.algorithms().iter().all(|one| one.serves(scheme.purpose())), "{scheme:?}");
        }
    }

    #[test]
    fn the_only_scheme_need_not_be_named_and_no_other_is_taken() {
        let message = Signable::Message(Secret::new(vec![1]));
        let digest = |hash: Hash| Signable::Digest(hash, vec![0; hash.bytes()]);
        let (pss, pkcs1) = (Scheme::RsaPssSha256, Scheme::RsaPkcs1Sha256);
        assert_eq!(chosen(Algorithm::EcP256, None, None, &message), Some(Scheme::EcdsaSha256));
        assert_eq!(chosen(Algorithm::EcP256, None, None, &digest(Hash::Sha384)), None);
        assert_eq!(chosen(Algorithm::EcP384, None, Some(Scheme::EcdsaSha256), &message), None);
        assert_eq!(chosen(Algorithm::Rsa2048, None, None, &message), None);
        assert_eq!(chosen(Algorithm::Rsa2048, None, Some(pss), &digest(Hash::Sha256)), Some(pss));
        assert_eq!(chosen(Algorithm::Rsa2048, Some(pss), None, &message), Some(pss));
        assert_eq!(chosen(Algorithm::Rsa2048, Some(pss), Some(pkcs1), &message), None);
        assert_eq!(chosen(Algorithm::MlDsa65, None, None, &message), Some(Scheme::MlDsa));
        assert_eq!(chosen(Algorithm::MlDsa65, None, None, &Signable::Mu(vec![])), Some(Scheme::MlDsaExternalMu));
        assert_eq!(
            chosen(Algorithm::SlhDsaSha2S128, None, None, &digest(Hash::Sha256)),
            Some(Scheme::HashSlhDsaSha256)
        );
        assert_eq!(chosen(Algorithm::Ed25519, None, None, &digest(Hash::Sha512)), None);
    }
}
