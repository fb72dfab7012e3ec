//! Signatures: made with a private key, checked with its public half.

use crate::apart::{Queue, apart};
use crate::ffi::ModuleKey;
use crate::private::{Private, RsaSigner};
use crate::{WorkKey, slh};
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, RsaEncoding, UnparsedPublicKey, VerificationAlgorithm};
use domain::{Algorithm, Fault, Hash, MU_BYTES, Scheme, Signable};
use secret::Secret;

/// The module would not, though key and input fit each other.
fn failed<E>(_: E) -> Fault {
    Fault::Unavailable
}

fn invalid(member: &str, constraint: String) -> Fault {
    Fault::Invalid { member: member.into(), constraint }
}

fn misfit(scheme: Scheme) -> Fault {
    invalid("scheme", format!("the key or what is given does not fit {}", scheme.name()))
}

/// A signature by this scheme. ECDSA's is a SEQUENCE of two integers in DER (RFC 3279).
pub(crate) fn sign(with: &WorkKey, scheme: Scheme, what: &Signable) -> Result<Vec<u8>, Fault> {
    well_formed(what)?;
    if matches!(scheme, Scheme::SlhDsa | Scheme::HashSlhDsaSha256) {
        return slh_dsa_apart(with, scheme, what);
    }
    match (Private::of(with)?, scheme) {
        (Private::RsaSign(signer), Scheme::RsaPkcs1Raw) => rsa_raw(signer, what),
        (Private::RsaSign(signer), _) => rsa(signer, scheme, what),
        (Private::Ecdsa(pair), Scheme::EcdsaSha256 | Scheme::EcdsaSha384 | Scheme::EcdsaSha512) => {
            let digest = digested(scheme, what)?;
            pair.sign_digest(&digest).map(|signature| signature.as_ref().to_vec()).map_err(failed)
        }
        (Private::Ed25519(pair), Scheme::EdDsa) => {
            let sign = |message: &[u8]| pair.try_sign(message).map(|signature| signature.as_ref().to_vec());
            message(what, scheme)?.expose(sign).map_err(failed)
        }
        (Private::MlDsa(signer), Scheme::MlDsa) => {
            let mut signature = vec![0; signer.pair.algorithm().signature_len()];
            message(what, scheme)?.expose(|message| signer.pair.sign(message, &mut signature)).map_err(failed)?;
            Ok(signature)
        }
        (Private::MlDsa(signer), Scheme::MlDsaExternalMu) => signer.over_mu.sign_mu(mu(what)?).map_err(failed),
        _ => Err(misfit(scheme)),
    }
}

/// Lengths that a caller can get wrong.
fn well_formed(what: &Signable) -> Result<(), Fault> {
    match what {
        Signable::Digest(hash, bytes) if bytes.len() != hash.bytes() => {
            Err(invalid("digest", format!("{} of {} bytes is needed", hash.name(), hash.bytes())))
        }
        Signable::Mu(mu) if mu.len() != MU_BYTES => Err(invalid("digest", format!("mu of {MU_BYTES} bytes is needed"))),
        _ => Ok(()),
    }
}

fn message(what: &Signable, scheme: Scheme) -> Result<&Secret, Fault> {
    match what {
        Signable::Message(message) => Ok(message),
        Signable::Digest(..) | Signable::Mu(_) => Err(misfit(scheme)),
    }
}

fn mu(what: &Signable) -> Result<&[u8], Fault> {
    match what {
        Signable::Mu(mu) => Ok(mu),
        Signable::Message(_) | Signable::Digest(..) => Err(misfit(Scheme::MlDsaExternalMu)),
    }
}

fn hash_algorithm(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha224 => &digest::SHA224,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    }
}

/// The digest that the scheme signs: given, or made of the message here.
fn digested(scheme: Scheme, what: &Signable) -> Result<Digest, Fault> {
    let hash = scheme.hash().ok_or_else(|| misfit(scheme))?;
    match what {
        Signable::Message(message) => Ok(message.expose(|message| digest::digest(hash_algorithm(hash), message))),
        Signable::Digest(by, bytes) if *by == hash => {
            Digest::import_less_safe(bytes, hash_algorithm(hash)).map_err(|_| misfit(scheme))
        }
        Signable::Digest(..) | Signable::Mu(_) => Err(misfit(scheme)),
    }
}

fn rsa(signer: &RsaSigner, scheme: Scheme, what: &Signable) -> Result<Vec<u8>, Fault> {
    let encoding: &'static dyn RsaEncoding = match scheme {
        Scheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
        Scheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
        Scheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
        Scheme::RsaPssSha256 => &signature::RSA_PSS_SHA256,
        Scheme::RsaPssSha384 => &signature::RSA_PSS_SHA384,
        Scheme::RsaPssSha512 => &signature::RSA_PSS_SHA512,
        _ => return Err(misfit(scheme)),
    };
    let mut signature = vec![0; signer.pair.public_modulus_len()];
    match what {
        // An approved service of a validated module is the signature over the message, not over a digest.
        Signable::Message(message) => {
            let sign = |message: &[u8]| signer.pair.sign(encoding, &SystemRandom::new(), message, &mut signature);
            message.expose(sign).map_err(failed)?;
        }
        Signable::Digest(..) | Signable::Mu(_) => {
            let digest = digested(scheme, what)?;
            signer.pair.sign_digest(encoding, &digest, &mut signature).map_err(failed)?;
        }
    }
    Ok(signature)
}

/// Bytes of the padding, its marks and its shortest filling (RFC 8017, section 9.2).
const PKCS1_PADDING_BYTES: usize = 11;

fn rsa_raw(signer: &RsaSigner, what: &Signable) -> Result<Vec<u8>, Fault> {
    let data = message(what, Scheme::RsaPkcs1Raw)?;
    let max = signer.pair.public_modulus_len().saturating_sub(PKCS1_PADDING_BYTES);
    if data.len() > max {
        return Err(invalid("message", format!("at most {max} bytes fit the key")));
    }
    data.expose(|data| signer.raw.sign_pkcs1_raw(data)).map_err(failed)
}

/// A signature takes half a second, and its key a tenth when it first works, so each waits for its turn.
fn slh_dsa_apart(with: &WorkKey, scheme: Scheme, what: &Signable) -> Result<Vec<u8>, Fault> {
    let with = with.clone();
    let signed = match scheme {
        Scheme::SlhDsa => message(what, scheme)?.expose(|message| Secret::new(message.to_vec())),
        _ => Secret::new(digested(scheme, what)?.as_ref().to_vec()),
    };
    let sign = move || {
        let Private::SlhDsa(signer) = Private::of(&with)? else { return Err(misfit(scheme)) };
        signed.expose(|bytes| signer.sign(slh::Signed::of(scheme, bytes))).map_err(failed)
    };
    apart(Queue::Signatures, sign).map_err(failed)?
}

fn slh_dsa_verified(public: &[u8], scheme: Scheme, what: &Signable, signature: &[u8]) -> Result<bool, Fault> {
    let verify = |bytes: &[u8]| slh::verify(public, slh::Signed::of(scheme, bytes), signature);
    match scheme {
        Scheme::SlhDsa => Ok(message(what, scheme)?.expose(verify)),
        _ => Ok(verify(digested(scheme, what)?.as_ref())),
    }
}

/// Whether `signature` is one over `what`, by the public half in `spki`. What is malformed is not right.
pub(crate) fn verify(
    (algorithm, spki): (Algorithm, &[u8]),
    scheme: Scheme,
    what: &Signable,
    signature: &[u8],
) -> Result<bool, Fault> {
    well_formed(what)?;
    match scheme {
        Scheme::RsaPkcs1Raw => {
            let recovered = ModuleKey::from_spki(spki).and_then(|key| key.recover_pkcs1_raw(signature));
            let data = message(what, scheme)?;
            Ok(recovered.is_ok_and(|recovered| data.expose(|data| data == recovered)))
        }
        Scheme::MlDsaExternalMu => {
            let mu = mu(what)?;
            Ok(ModuleKey::from_spki(spki).and_then(|key| key.verify_mu(mu, signature)).is_ok())
        }
        Scheme::SlhDsa | Scheme::HashSlhDsaSha256 => {
            slh_dsa_verified(algorithm.raw_public(spki).unwrap_or_default(), scheme, what, signature)
        }
        Scheme::EdDsa | Scheme::MlDsa => {
            let key = UnparsedPublicKey::new(verifier(algorithm, scheme)?, spki);
            Ok(message(what, scheme)?.expose(|message| key.verify(message, signature)).is_ok())
        }
        _ => {
            let key = UnparsedPublicKey::new(verifier(algorithm, scheme)?, spki);
            Ok(key.verify_digest(&digested(scheme, what)?, signature).is_ok())
        }
    }
}

fn verifier(algorithm: Algorithm, scheme: Scheme) -> Result<&'static dyn VerificationAlgorithm, Fault> {
    Ok(match (scheme, algorithm) {
        (Scheme::RsaPkcs1Sha256, _) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Scheme::RsaPkcs1Sha384, _) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Scheme::RsaPkcs1Sha512, _) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Scheme::RsaPssSha256, _) => &signature::RSA_PSS_2048_8192_SHA256,
        (Scheme::RsaPssSha384, _) => &signature::RSA_PSS_2048_8192_SHA384,
        (Scheme::RsaPssSha512, _) => &signature::RSA_PSS_2048_8192_SHA512,
        (Scheme::EcdsaSha256, Algorithm::EcSecp256k1) => &signature::ECDSA_P256K1_SHA256_ASN1,
        (Scheme::EcdsaSha256, _) => &signature::ECDSA_P256_SHA256_ASN1,
        (Scheme::EcdsaSha384, _) => &signature::ECDSA_P384_SHA384_ASN1,
        (Scheme::EcdsaSha512, _) => &signature::ECDSA_P521_SHA512_ASN1,
        (Scheme::EdDsa, _) => &signature::ED25519,
        (Scheme::MlDsa, Algorithm::MlDsa44) => &signature::ML_DSA_44,
        (Scheme::MlDsa, Algorithm::MlDsa65) => &signature::ML_DSA_65,
        (Scheme::MlDsa, _) => &signature::ML_DSA_87,
        _ => return Err(misfit(scheme)),
    })
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
