//! Material that is brought: import jobs, and versions made of it.

use crate::input::{Blob, operation};
use domain::{Algorithm, Ask, DEFAULT_RING, KeyName, PublicForm, RingName, Scheme};

pub(crate) fn named(ring: Option<String>) -> RingName {
    RingName { project: None, ring: ring.unwrap_or_else(|| DEFAULT_RING.into()) }
}

/// How a key of the algorithm wraps where nobody says it.
fn usual(algorithm: Algorithm) -> Scheme {
    let hpke = Scheme::WrapHpke;
    if hpke.algorithms().contains(&algorithm) { hpke } else { Scheme::WrapOaepSha256Kwp }
}

operation! {
    CreateImportJob {
        name: String = "What the job is called in its ring.";
        ring: Option<String> = "The key ring, which must be there; `default` without.";
        algorithm: Option<Algorithm> = "The key that wraps: `RSA-3072`, or `RSA-4096`, which is meant without; or `ML-KEM-768`, `ML-KEM-1024` or `X-Wing`.";
        scheme: Option<Scheme> = "How it wraps. RSA: `RSAES-OAEP-SHA-256+AES-256-KWP`, which is meant without, `RSAES-OAEP-SHA-1+AES-256-KWP`, or `RSAES-OAEP-SHA-256-ALONE`; the others: `HPKE-HKDF-SHA-256+AES-256-GCM`.";
    } => "import-job", |input| {
        let algorithm = input.algorithm.unwrap_or(Algorithm::Rsa4096);
        let scheme = input.scheme.unwrap_or_else(|| usual(algorithm));
        Ok(Ask::CreateImportJob { ring: named(input.ring), name: input.name, algorithm, scheme })
    }
}

operation! {
    DescribeImportJob {
        name: String = "The job.";
        ring: Option<String> = "Its key ring; `default` without.";
    } => "import-job", |input| Ok(Ask::DescribeImportJob {
        ring: named(input.ring),
        name: input.name,
        form: PublicForm::All,
    })
}

operation! {
    ListImportJobs {
        ring: Option<String> = "The key ring; `default` without.";
    } => "import-jobs", |input| Ok(Ask::ListImportJobs { ring: named(input.ring) })
}

operation! {
    ImportVersion {
        key: KeyName = "The key. What protects stays what it is, unless nothing did.";
        version: Option<u32> = "A version whose material is gone, to be given the identical material again; one more without.";
        algorithm: Algorithm = "What the material is for.";
        scheme: Option<Scheme> = "The only way in which it shall be used; the key's without.";
        job: String = "An import job of the key's ring.";
        wrapped: Blob = "The material, wrapped: a symmetric key is its bytes, a private key PKCS#8 in DER. HPKE's encapsulated key stands before its ciphertext.";
    } => "version", |input| Ok(Ask::ImportVersion {
        key: input.key,
        version: input.version,
        purpose: None,
        algorithm: input.algorithm,
        scheme: input.scheme,
        job: input.job,
        wrapped: input.wrapped.0,
    })
}
