//! Signatures, message authentication codes, and what else keys do that are no envelope keys.

use crate::input::{Blob, Veiled, invalid, operation};
use domain::{Ask, Fault, Hash, KeyName, PublicForm, Scheme, Signable};

/// Exactly one of a message, a digest with its hash, or a message representative.
fn signable(
    message: Option<Veiled>,
    digest: Option<Blob>,
    hash: Option<Hash>,
    mu: Option<Blob>,
) -> Result<Signable, Fault> {
    match (message, digest, hash, mu) {
        (Some(message), None, None, None) => Ok(Signable::Message(message.0)),
        (None, Some(digest), Some(hash), None) => Ok(Signable::Digest(hash, digest.0)),
        (None, None, None, Some(mu)) => Ok(Signable::Mu(mu.0)),
        _ => Err(invalid("message", "either `message`, or `digest` with `hash`, or `mu`")),
    }
}

operation! {
    Sign {
        key: KeyName = "The key.";
        version: Option<u32> = "The version; the one that protects without.";
        scheme: Option<Scheme> = "How it signs; needed where the key can sign in several ways and is fixed to none.";
        message: Option<Veiled> = "What to sign, at most 65,536 bytes.";
        digest: Option<Blob> = "Its digest, instead.";
        hash: Option<Hash> = "The hash that made the digest.";
        mu: Option<Blob> = "The message representative of ML-DSA, 64 bytes, instead.";
    } => "signature", |input| Ok(Ask::Sign {
        key: input.key,
        version: input.version,
        scheme: input.scheme,
        what: signable(input.message, input.digest, input.hash, input.mu)?,
    })
}

operation! {
    Verify {
        key: KeyName = "The key.";
        version: Option<u32> = "The version that signed; the one that protects without.";
        scheme: Option<Scheme> = "How it signed.";
        message: Option<Veiled> = "What was signed.";
        digest: Option<Blob> = "Its digest, instead.";
        hash: Option<Hash> = "The hash that made the digest.";
        mu: Option<Blob> = "The message representative of ML-DSA, instead.";
        signature: Blob = "The signature.";
    } => "verified", |input| Ok(Ask::Verify {
        key: input.key,
        version: input.version,
        scheme: input.scheme,
        what: signable(input.message, input.digest, input.hash, input.mu)?,
        signature: input.signature.0,
    })
}

operation! {
    MacSign {
        key: KeyName = "The key.";
        version: Option<u32> = "The version; the one that protects without.";
        message: Veiled = "What to authenticate, at most 65,536 bytes.";
    } => "mac", |input| Ok(Ask::MacSign { key: input.key, version: input.version, data: input.message.0 })
}

operation! {
    MacVerify {
        key: KeyName = "The key.";
        version: Option<u32> = "The version that made the code; the one that protects without.";
        message: Veiled = "What was authenticated.";
        mac: Blob = "The code, in full length.";
    } => "verified", |input| Ok(Ask::MacVerify {
        key: input.key,
        version: input.version,
        data: input.message.0,
        mac: input.mac.0,
    })
}

operation! {
    DecryptAsymmetric {
        key: KeyName = "The key.";
        version: Option<u32> = "The version whose public key encrypted; the one that protects without.";
        scheme: Option<Scheme> = "How it was encrypted.";
        ciphertext: Blob = "What was encrypted with the public key.";
    } => "opened", |input| Ok(Ask::DecryptAsymmetric {
        key: input.key,
        version: input.version,
        scheme: input.scheme,
        ciphertext: input.ciphertext.0,
    })
}

operation! {
    EncryptRaw {
        key: KeyName = "The key.";
        version: Option<u32> = "The version; the one that protects without.";
        scheme: Option<Scheme> = "The mode, where the key is fixed to none.";
        plaintext: Veiled = "What to encrypt, at most 65,536 bytes; of CBC whole blocks, since nothing is padded.";
        associated_data: Option<Blob> = "What GCM authenticates beside it.";
        iv: Option<Blob> = "16 bytes for CBC and CTR, drawn without. GCM makes its own.";
    } => "raw-ciphertext", |input| Ok(Ask::EncryptRaw {
        key: input.key,
        version: input.version,
        scheme: input.scheme,
        plaintext: input.plaintext.0,
        associated: input.associated_data.map(|bytes| bytes.0).unwrap_or_default(),
        iv: input.iv.map(|bytes| bytes.0),
    })
}

operation! {
    DecryptRaw {
        key: KeyName = "The key.";
        version: Option<u32> = "The version that encrypted; the one that protects without.";
        scheme: Option<Scheme> = "The mode, where the key is fixed to none.";
        ciphertext: Blob = "What was encrypted; of GCM with its tag of 16 bytes behind it.";
        associated_data: Option<Blob> = "What GCM authenticates beside it.";
        iv: Blob = "12 bytes of GCM, 16 of CBC and CTR.";
    } => "opened", |input| Ok(Ask::DecryptRaw {
        key: input.key,
        version: input.version,
        scheme: input.scheme,
        ciphertext: input.ciphertext.0,
        associated: input.associated_data.map(|bytes| bytes.0).unwrap_or_default(),
        iv: input.iv.0,
    })
}

operation! {
    Decapsulate {
        key: KeyName = "The key.";
        version: Option<u32> = "The version whose public key encapsulated; the one that protects without.";
        ciphertext: Blob = "What the encapsulation gave.";
    } => "shared-secret", |input| Ok(Ask::Decapsulate {
        key: input.key,
        version: input.version,
        ciphertext: input.ciphertext.0,
    })
}

operation! {
    GetPublicKey {
        key: KeyName = "The key.";
        version: Option<u32> = "The version; the one that protects without.";
    } => "public-key", |input| Ok(Ask::GetPublicKey { key: input.key, version: input.version, form: PublicForm::All })
}
