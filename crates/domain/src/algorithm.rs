//! Purposes and algorithms of all tongues, in the standards' words.

use crate::{PublicForm, Scheme};

/// What a key is for. One key has one purpose (SP 800-57 part 1, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Authenticated encryption in envelopes of ours.
    Encrypt = 1,
    Sign = 2,
    Mac = 3,
    /// Decryption of what was encrypted with the public half.
    DecryptAsymmetric = 4,
    Agree = 5,
    Encapsulate = 6,
    /// Symmetric encryption in the caller's own modes.
    EncryptRaw = 7,
    Wrap = 8,
    /// Signs and decrypts: Azure's RSA keys alone can.
    SignAndDecrypt = 9,
    /// Unwraps material that is brought, and nothing else: an import job.
    Import = 10,
}

impl Purpose {
    pub const ALL: [Self; 10] = [
        Self::Encrypt,
        Self::Sign,
        Self::Mac,
        Self::DecryptAsymmetric,
        Self::Agree,
        Self::Encapsulate,
        Self::EncryptRaw,
        Self::Wrap,
        Self::SignAndDecrypt,
        Self::Import,
    ];

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| *purpose as u8 == number)
    }
}

macro_rules! algorithms {
    ($($variant:ident = $number:literal, $name:literal, $strength:literal;)+) => {
        /// What a key computes with. The numbers are on disk and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Algorithm { $($variant = $number),+ }

        impl Algorithm {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the standard's spelling.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Security strength in bits (SP 800-57 part 1, section 5.6.1).
            pub fn strength_bits(self) -> u16 {
                match self { $(Self::$variant => $strength),+ }
            }
        }
    };
}

algorithms! {
    Aes128 = 1, "AES-128", 128;
    Aes192 = 2, "AES-192", 192;
    Aes256 = 3, "AES-256", 256;
    Rsa2048 = 10, "RSA-2048", 112;
    Rsa3072 = 11, "RSA-3072", 128;
    Rsa4096 = 12, "RSA-4096", 128;
    EcP256 = 20, "P-256", 128;
    EcP384 = 21, "P-384", 192;
    EcP521 = 22, "P-521", 256;
    EcSecp256k1 = 23, "secp256k1", 128;
    Ed25519 = 24, "Ed25519", 128;
    X25519 = 25, "X25519", 128;
    HmacSha1 = 30, "HMAC-SHA-1", 128;
    HmacSha224 = 31, "HMAC-SHA-224", 192;
    HmacSha256 = 32, "HMAC-SHA-256", 256;
    HmacSha384 = 33, "HMAC-SHA-384", 256;
    HmacSha512 = 34, "HMAC-SHA-512", 256;
    MlDsa44 = 40, "ML-DSA-44", 128;
    MlDsa65 = 41, "ML-DSA-65", 192;
    MlDsa87 = 42, "ML-DSA-87", 256;
    SlhDsaSha2S128 = 43, "SLH-DSA-SHA2-128s", 128;
    MlKem512 = 50, "ML-KEM-512", 128;
    MlKem768 = 51, "ML-KEM-768", 192;
    MlKem1024 = 52, "ML-KEM-1024", 256;
    XWing = 53, "X-Wing", 192;
    Sm2 = 60, "SM2", 128;
    Sm4 = 61, "SM4", 128;
}

impl Algorithm {
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| *algorithm as u16 == number)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Whether one secret does both halves of the work.
    pub fn is_symmetric(self) -> bool {
        use Algorithm::*;
        matches!(self, Aes128 | Aes192 | Aes256 | HmacSha1 | HmacSha224 | HmacSha256 | HmacSha384 | HmacSha512 | Sm4)
    }

    /// Whether a version of it may come into being here and now. The rest of the vocabulary is known,
    /// and refused by name.
    pub fn is_implemented_for(self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Encrypt => self == Self::Aes256,
            // A key that wraps can be made and managed; its use comes later.
            Purpose::Sign
            | Purpose::Mac
            | Purpose::DecryptAsymmetric
            | Purpose::Encapsulate
            | Purpose::EncryptRaw
            | Purpose::Import
            | Purpose::Wrap => Scheme::ALL.iter().any(|scheme| scheme.fits(self, purpose)),
            Purpose::Agree | Purpose::SignAndDecrypt => false,
        }
    }

    /// Bytes of the raw public key, where a standard gives one of fixed length that ends the SubjectPublicKeyInfo:
    /// FIPS 203, FIPS 204, FIPS 205, draft-connolly-cfrg-xwing-kem.
    pub fn raw_public_bytes(self) -> Option<usize> {
        match self {
            Self::MlDsa44 => Some(1_312),
            Self::MlDsa65 => Some(1_952),
            Self::MlDsa87 => Some(2_592),
            Self::SlhDsaSha2S128 => Some(32),
            Self::MlKem512 => Some(800),
            Self::MlKem768 => Some(1_184),
            Self::MlKem1024 => Some(1_568),
            Self::XWing => Some(1_216),
            _ => None,
        }
    }

    /// The raw public key at the end of its SubjectPublicKeyInfo, where the algorithm has such a form.
    pub fn raw_public(self, spki: &[u8]) -> Option<&[u8]> {
        let at = spki.len().checked_sub(self.raw_public_bytes()?)?;
        spki.get(at..)
    }

    /// The form in which a standard writes the raw public key, where one does.
    pub fn raw_form(self) -> Option<PublicForm> {
        let form = if self == Self::XWing { PublicForm::RawXWing } else { PublicForm::RawFips };
        self.raw_public_bytes().map(|_| form)
    }

    /// Whether the algorithm can serve the purpose at all, implemented or not.
    pub fn serves(self, purpose: Purpose) -> bool {
        use Algorithm::*;
        match purpose {
            Purpose::Encrypt => matches!(self, Aes256 | Sm4),
            Purpose::EncryptRaw => matches!(self, Aes128 | Aes192 | Aes256),
            Purpose::Wrap => matches!(self, Aes128 | Aes192 | Aes256 | Rsa2048 | Rsa3072 | Rsa4096),
            Purpose::Mac => matches!(self, HmacSha1 | HmacSha224 | HmacSha256 | HmacSha384 | HmacSha512),
            Purpose::DecryptAsymmetric => matches!(self, Rsa2048 | Rsa3072 | Rsa4096 | Sm2),
            Purpose::SignAndDecrypt => matches!(self, Rsa2048 | Rsa3072 | Rsa4096),
            Purpose::Import => matches!(self, Rsa3072 | Rsa4096 | MlKem768 | MlKem1024 | XWing),
            Purpose::Agree => matches!(self, EcP256 | EcP384 | EcP521 | EcSecp256k1 | X25519 | Sm2),
            Purpose::Encapsulate => matches!(self, MlKem512 | MlKem768 | MlKem1024 | XWing),
            Purpose::Sign => !self.is_symmetric() && !matches!(self, X25519 | MlKem512 | MlKem768 | MlKem1024 | XWing),
        }
    }
}

/// Where the material came into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Origin {
    Generated = 1,
    /// Only imported material may be brought again.
    Imported = 2,
    /// Held by somebody else, who works with it for us.
    External = 3,
}

impl Origin {
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Generated, Self::Imported, Self::External].into_iter().find(|origin| *origin as u8 == number)
    }
}

/// What keeps the material while it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ProtectionLevel {
    Software = 1,
    Hsm = 2,
    External = 3,
}

impl ProtectionLevel {
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Software, Self::Hsm, Self::External].into_iter().find(|level| *level as u8 == number)
    }
}
