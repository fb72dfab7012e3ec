//! Protecting and opening.

use crate::input::{Blob, Pairs, Veiled, invalid, operation};
use domain::{Ask, CONTEXT_BYTES_MAX, Context, Dry, Fault, KeyName, PLAINTEXT_BYTES_MAX};
use secret::Secret;

/// Bytes of a data key where nobody says.
const DATA_KEY_BYTES: u32 = 32;

pub(super) fn bound(pairs: Option<Pairs>, bytes: Option<Blob>) -> Result<Context, Fault> {
    let context = match (pairs, bytes) {
        (Some(_), Some(_)) => return Err(invalid("context", "either `context` or `context_bytes`")),
        (Some(pairs), None) => Context::from_pairs(pairs.0),
        (None, Some(bytes)) => Context::from_bytes(bytes.0),
        (None, None) => Ok(Context::None),
    };
    let context = context.map_err(|_| invalid("context", "no name twice, and bytes that look like pairs are pairs"))?;
    match context.canonical().len() {
        0..=CONTEXT_BYTES_MAX => Ok(context),
        _ => Err(invalid("context", format!("at most {CONTEXT_BYTES_MAX} bytes"))),
    }
}

fn fitting(plaintext: Secret) -> Result<Secret, Fault> {
    match plaintext.len() {
        0..=PLAINTEXT_BYTES_MAX => Ok(plaintext),
        _ => Err(invalid("plaintext", format!("at most {PLAINTEXT_BYTES_MAX} bytes; more goes under a data key"))),
    }
}

operation! {
    Encrypt {
        key: KeyName = "The key.";
        plaintext: Veiled = "What to protect, at most 65,536 bytes.";
        context: Option<Pairs> = "What the ciphertext is bound to: the same must be given to open it.";
        context_bytes: Option<Blob> = "The same, as bytes.";
        dry_run: Option<Dry> = "`yes` only says whether it would succeed.";
    } => "ciphertext", |input| Ok(Ask::Encrypt {
        version: None,
        key: input.key,
        plaintext: fitting(input.plaintext.0)?,
        context: bound(input.context, input.context_bytes)?,
        dry: input.dry_run.unwrap_or_default(),
    })
}

operation! {
    Decrypt {
        ciphertext: Blob = "What was given out.";
        key: Option<KeyName> = "The key that you believe it is under. The ciphertext itself names it.";
        context: Option<Pairs> = "What it was bound to.";
        context_bytes: Option<Blob> = "The same, as bytes.";
        dry_run: Option<Dry> = "`yes` opens it and gives nothing out.";
    } => "plaintext", |input| Ok(Ask::Decrypt {
        key: input.key,
        ciphertext: input.ciphertext.0,
        context: bound(input.context, input.context_bytes)?,
        dry: input.dry_run.unwrap_or_default(),
    })
}

operation! {
    ReEncryptFrom {
        ciphertext: Blob = "What was given out.";
        to: KeyName = "The key that shall protect it from now on.";
        from: Option<KeyName> = "The key that you believe it is under.";
        from_context: Option<Pairs> = "What it was bound to.";
        from_context_bytes: Option<Blob> = "The same, as bytes.";
        to_context: Option<Pairs> = "What it shall be bound to.";
        to_context_bytes: Option<Blob> = "The same, as bytes.";
        dry_run: Option<Dry> = "`yes` opens it and gives nothing out.";
    } => "resealed", |input| Ok(Ask::ReEncrypt {
        from: input.from,
        ciphertext: input.ciphertext.0,
        from_context: bound(input.from_context, input.from_context_bytes)?,
        to: input.to,
        to_context: bound(input.to_context, input.to_context_bytes)?,
        dry: input.dry_run.unwrap_or_default(),
    })
}

operation! {
    GenerateDataKey {
        key: KeyName = "The key that wraps it.";
        bytes: Option<u32> = "Its length, at most 1,024; 32 without.";
        context: Option<Pairs> = "What the wrapped key is bound to.";
        context_bytes: Option<Blob> = "The same, as bytes.";
        dry_run: Option<Dry> = "`yes` only says whether it would succeed.";
    } => "data-key", |input| Ok(Ask::GenerateDataKey {
        key: input.key,
        bytes: input.bytes.unwrap_or(DATA_KEY_BYTES),
        context: bound(input.context, input.context_bytes)?,
        plaintext: true,
        dry: input.dry_run.unwrap_or_default(),
    })
}

operation! {
    GenerateDataKeyWithoutPlaintext {
        key: KeyName = "The key that wraps it.";
        bytes: Option<u32> = "Its length, at most 1,024; 32 without.";
        context: Option<Pairs> = "What the wrapped key is bound to.";
        context_bytes: Option<Blob> = "The same, as bytes.";
        dry_run: Option<Dry> = "`yes` only says whether it would succeed.";
    } => "data-key", |input| Ok(Ask::GenerateDataKey {
        key: input.key,
        bytes: input.bytes.unwrap_or(DATA_KEY_BYTES),
        context: bound(input.context, input.context_bytes)?,
        plaintext: false,
        dry: input.dry_run.unwrap_or_default(),
    })
}

operation! {
    GenerateRandom {
        bytes: u32 = "How many, 1 to 1,024.";
    } => "random", |input| Ok(Ask::GenerateRandom { project: None, bytes: input.bytes })
}
