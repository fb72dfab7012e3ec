//! `keyward key import`: material is wrapped here, for a key that the server makes for it.

use crate::cli::data::Input;
use crate::cli::{Session, show, story};
use crate::failure::Failure;
use crate::output::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use domain::Scheme;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// An RSA key of 4,096 bits as PEM has 3,300.
const MATERIAL_BYTES_MAX: usize = 8_192;
/// How often the server is asked for the key that wraps, and how long is waited in between.
const ASKED_MAX: u32 = 300;
const PAUSE: Duration = Duration::from_millis(200);
/// Bytes of a job's name that nobody has to think of.
const NAME_BYTES: usize = 6;

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// By NAME, RING/NAME, alias or id.
    key: String,
    /// A symmetric key as its bytes, a private key as PKCS#8 in DER or PEM; standard input without.
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// What the material is for; the key's own algorithm without.
    #[arg(long)]
    algorithm: Option<String>,
    /// The only way in which it shall be used; the key's without.
    #[arg(long)]
    scheme: Option<String>,
    /// A version whose material is gone, to be given the same material again; one more without.
    #[arg(long, value_name = "NUMBER")]
    version: Option<u32>,
    /// What wraps the material on its way: RSA-3072, RSA-4096, ML-KEM-768, ML-KEM-1024 or X-Wing.
    #[arg(long, value_name = "ALGORITHM", default_value = "RSA-3072")]
    wrap_with: String,
}

pub(crate) async fn run(args: &ImportArgs, session: &Session) -> Result<(), Failure> {
    let material = material(args)?;
    let key = call(session, args, "describe-key", json!({ "key": args.key })).await?;
    let ring = text(&key, "/key/ring");
    let Job { name: job, scheme, spki } = job(session, args, &ring).await?;
    let wrapped = crypto::wrap_for_import(&spki, scheme, &material);
    let wrapped = wrapped.map_err(|_| Failure::new("the material cannot be wrapped by the server's key"))?;
    let body = json!({
        "key": args.key,
        "version": args.version,
        "algorithm": args.algorithm.clone().unwrap_or_else(|| text(&key, "/key/algorithm")),
        "scheme": args.scheme,
        "job": job,
        "wrapped": STANDARD.encode(wrapped),
    });
    match session.call("import-version", &body).await {
        Ok(answer) => crate::output::print(session.format, &answer, show::imported),
        Err(trouble) => Err(story::told(session, trouble, Some(&args.key)).await),
    }
}

async fn call(session: &Session, args: &ImportArgs, operation: &str, body: Value) -> Result<Value, Failure> {
    match session.call(operation, &body).await {
        Ok(answer) => Ok(answer),
        Err(trouble) => Err(story::told(session, trouble, Some(&args.key)).await),
    }
}

/// An import job that is ready: how it wraps, and by which public key.
struct Job {
    name: String,
    scheme: Scheme,
    spki: Vec<u8>,
}

/// A fresh job in the ring, once the server has made its key.
async fn job(session: &Session, args: &ImportArgs, ring: &str) -> Result<Job, Failure> {
    let random = crypto::random_bytes::<NAME_BYTES>().map_err(|_| Failure::new("there is no randomness"))?;
    let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("import-{name}");
    let body = json!({ "name": name, "ring": ring, "algorithm": args.wrap_with });
    call(session, args, "create-import-job", body).await?;
    for _ in 0..ASKED_MAX {
        let found = call(session, args, "describe-import-job", json!({ "name": name, "ring": ring })).await?;
        let spki = found.pointer("/import_job/spki").and_then(Value::as_str).map(|spki| STANDARD.decode(spki));
        if let Some(spki) = spki {
            let spki = spki.map_err(|_| Failure::new("the server's answer is not base64"))?;
            let scheme = Scheme::from_name(&text(&found, "/import_job/scheme"));
            let scheme = scheme.ok_or_else(|| Failure::new("the server wraps in a way that is not known here"))?;
            return Ok(Job { name, scheme, spki });
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Failure::new(format!("the import job {name} has no key yet; try again later")))
}

fn material(args: &ImportArgs) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = Zeroizing::new(Input::open(args.input.as_deref())?.first(MATERIAL_BYTES_MAX + 1)?);
    if bytes.len() > MATERIAL_BYTES_MAX {
        return Err(Failure::new(format!("at most {MATERIAL_BYTES_MAX} bytes")));
    }
    pem(&bytes).unwrap_or(Ok(bytes))
}

/// What is between the lines of a private key as RFC 7468 writes it; none where it is none.
fn pem(bytes: &[u8]) -> Option<Result<Zeroizing<Vec<u8>>, Failure>> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let inside = text.strip_prefix("-----BEGIN PRIVATE KEY-----")?;
    let inside = inside.strip_suffix("-----END PRIVATE KEY-----")?;
    let joined = Zeroizing::new(inside.split_ascii_whitespace().collect::<String>());
    let decoded = STANDARD.decode(&*joined).map(Zeroizing::new);
    Some(decoded.map_err(|_| Failure::new("the PEM is not base64")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_private_key_is_read_as_pem_and_all_else_as_it_is() {
        let text = b"-----BEGIN PRIVATE KEY-----\nAAEC\nAwQ=\n-----END PRIVATE KEY-----\n";
        assert_eq!(**pem(text).unwrap().as_ref().ok().unwrap(), [0, 1, 2, 3, 4]);
        assert!(pem(b"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----").unwrap().is_err());
        assert!(pem(&[0xff; 32]).is_none() && pem(b"thirty-two bytes of a raw key ..").is_none());
    }
}
