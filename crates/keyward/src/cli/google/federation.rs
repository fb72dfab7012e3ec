//! `keyward google federation …`: workloads that prove themselves by what an issuer elsewhere says of them, and have no key
//! of the house.

use super::account::{Domain, name_of};
use crate::cli::Session;
use crate::config;
use crate::failure::Failure;
use crate::output::text;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum FederationCommand {
    /// Let an issuer vouch for a service account, and write the file that Google's clients read. It holds nothing secret.
    Create(CreateArgs),
}

#[derive(Args)]
pub(crate) struct CreateArgs {
    /// The file to be written; it must not be there.
    file: PathBuf,
    /// The service account, by name or address.
    #[arg(long)]
    account: String,
    /// The issuer, as its tokens name it.
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// Whom the issuer has to name.
    #[arg(long)]
    subject: String,
    /// The issuer's keys, a JSON Web Key Set (RFC 7517): nothing is fetched. Its RSA keys are taken.
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,
    /// For whom the issuer's tokens have to be.
    #[arg(long)]
    audience: Option<String>,
    /// Another service account, as which the workload is to act, by name or address: it must be allowed to.
    #[arg(long, value_name = "ACCOUNT")]
    service_account: Option<String>,
    /// Where the workload finds its token.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    #[command(flatten)]
    domain: Domain,
}

/// A key of an issuer.
#[derive(Debug, PartialEq, Eq)]
struct Jwk {
    id: String,
    /// SubjectPublicKeyInfo in DER.
    public: Vec<u8>,
}

pub(crate) async fn run(command: FederationCommand, session: &Session) -> Result<(), Failure> {
    let FederationCommand::Create(args) = command;
    if args.file.exists() {
        return Err(Failure::new(format!("{} is there already", args.file.display())));
    }
    let read = std::fs::read(&args.jwks).map_err(|why| Failure::new(format!("{}: {why}", args.jwks.display())))?;
    let set: Value =
        serde_json::from_slice(&read).map_err(|why| Failure::new(format!("{}: {why}", args.jwks.display())))?;
    let keys = keys(&set);
    if keys.is_empty() {
        return Err(Failure::new(format!("{} has no RSA key with an id that signs RS256", args.jwks.display())));
    }
    let project = text(&session.call("who-am-i", &json!({})).await?, "/tenant/name");
    let audience = args.audience.clone().unwrap_or_else(|| audience(&project, &args));
    for key in &keys {
        let body = json!({
            "principal": name_of(&args.account), "public_key": STANDARD.encode(&key.public), "audience": audience,
            "issuer": args.issuer, "subject": args.subject, "key_id": key.id,
        });
        let answer = session.call("register-public-key", &body).await?;
        eprintln!("key {} of {} as {}", key.id, args.issuer, text(&answer, "/access_key_id"));
    }
    let contents = contents(session, &args, &project, &audience);
    let contents = serde_json::to_vec_pretty(&contents).map_err(Failure::from_display)?;
    config::write_private(&args.file, &contents)
        .map_err(|why| Failure::new(format!("{}: {why}", args.file.display())))?;
    eprintln!("tokens for {audience} in {}", args.token_file.display());
    if let Some(account) = &args.service_account {
        let pool = pool(&project, &args);
        eprintln!(
            "to let it: keyward google iam bind 'principal:{pool}/subject/{}' roles/iam.workloadIdentityUser --service-account {account}",
            args.subject
        );
    }
    Ok(())
}

/// Where all those are for whom issuers elsewhere vouch.
fn pool(project: &str, args: &CreateArgs) -> String {
    let (domain, pool) = (&args.domain.universe_domain, identity::google::POOL);
    format!("//iam.{domain}/projects/{project}/locations/global/workloadIdentityPools/{pool}")
}

/// As Google names what a token of a workload is for.
fn audience(project: &str, args: &CreateArgs) -> String {
    format!("https:{}/providers/{}", pool(project, args), name_of(&args.account))
}

fn contents(session: &Session, args: &CreateArgs, project: &str, audience: &str) -> Value {
    let facts = session.client.facts();
    let acts_as = args.service_account.as_ref().map(|account| {
        let address = identity::google::email(name_of(account), project, args.domain.own());
        let address = if account.contains('@') { account } else { &address };
        format!("{}/v1/projects/-/serviceAccounts/{address}:generateAccessToken", facts.endpoint)
    });
    let mut told = json!({
        "type": "external_account",
        "audience": audience.strip_prefix("https:").unwrap_or(audience),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{}/v1/token", facts.endpoint),
        "credential_source": { "file": args.token_file.display().to_string() },
        "universe_domain": args.domain.universe_domain,
        // No client reads it; whoever does knows which authority to trust.
        "ca_certificate_file": facts.ca_file.as_ref().map(|path| path.display().to_string()),
    });
    if let (Some(url), Some(told)) = (acts_as, told.as_object_mut()) {
        told.insert("service_account_impersonation_url".into(), json!(url));
    }
    told
}

fn keys(set: &Value) -> Vec<Jwk> {
    set.get("keys").and_then(Value::as_array).into_iter().flatten().filter_map(key).collect()
}

/// An RSA key that signs with RS256, if it is one.
fn key(one: &Value) -> Option<Jwk> {
    let told = |name: &str| one.get(name).and_then(Value::as_str);
    let fits = |name: &str, wanted: &str| told(name).is_none_or(|value| value == wanted);
    if told("kty") != Some("RSA") || !fits("use", "sig") || !fits("alg", "RS256") {
        return None;
    }
    let number = |name: &str| URL_SAFE_NO_PAD.decode(told(name)?).ok();
    Some(Jwk { id: told("kid")?.to_owned(), public: spki(&number("n")?, &number("e")?) })
}

/// SubjectPublicKeyInfo of an RSA key (RFC 8017, appendix A.1.1; RFC 5280, section 4.1), which the server checks.
fn spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    /// rsaEncryption with no parameters.
    const ALGORITHM: &[u8] =
        &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let key = element(0x30, &[integer(modulus), integer(exponent)].concat());
    let bits = element(0x03, &[&[0], key.as_slice()].concat());
    element(0x30, &[ALGORITHM, &bits].concat())
}

/// A number that is not negative.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if bytes.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    element(0x02, &[sign, bytes].concat())
}

/// Tag, length, value (X.690).
fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let digits: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut spelled = vec![tag];
    match digits.as_slice() {
        [] => spelled.push(0),
        [short] if *short < 0x80 => spelled.push(*short),
        digits => {
            spelled.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            spelled.extend_from_slice(digits);
        }
    }
    spelled.extend_from_slice(value);
    spelled
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// `openssl rsa -pubin -text` shows modulus and exponent of what `openssl` wrote; here the module wrote it.
    #[test]
    fn keys_are_spelled_as_the_module_spells_them() {
        let pair = crypto::Rs256Pair::generate().ok().unwrap();
        // SEQUENCE 4, algorithm 15, BIT STRING 5, SEQUENCE 4, INTEGER 4 and its zero: then 256 bytes, and 3 behind 2.
        let modulus = pair.public.get(33..289).unwrap();
        assert_eq!(spki(modulus, &[1, 0, 1]), pair.public);
        assert_eq!(spki(&[&[0, 0], modulus].concat(), &[0, 1, 0, 1]), pair.public);
    }

    #[test]
    fn only_keys_that_sign_are_taken() {
        let good = json!({ "kty": "RSA", "kid": "a", "use": "sig", "alg": "RS256", "n": "AQAB", "e": "AQAB" });
        let with = |name: &str, value: Value| {
            let mut other = good.clone();
            other.as_object_mut().unwrap().insert(name.to_owned(), value);
            other
        };
        let bad = [
            ("kty", json!("EC")),
            ("use", json!("enc")),
            ("alg", json!("RS512")),
            ("n", json!("*")),
            ("kid", Value::Null),
        ];
        let set = |one: &Value| json!({ "keys": [one] });
        assert_eq!(keys(&set(&good)).len(), 1);
        assert!(bad.into_iter().all(|(name, value)| keys(&set(&with(name, value))).is_empty()));
        assert!(keys(&json!({})).is_empty() && keys(&json!([])).is_empty());
    }
}
