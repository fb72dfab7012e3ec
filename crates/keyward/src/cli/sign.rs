//! `keyward sign`, `verify`, `mac`, `verify-mac` and `key public`.

use crate::cli::data::{Input, Output};
use crate::cli::{Session, story};
use crate::failure::Failure;
use crate::output::{self, Format, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// More is not signed as it is.
const MESSAGE_BYTES_MAX: usize = 65_536;
/// The longest signature has 7,856 bytes.
const SIGNATURE_BYTES_MAX: usize = 16_384;

/// Which key, and what it is to work on.
#[derive(Args)]
struct Work {
    /// The key, by NAME, RING/NAME, alias or id.
    key: String,
    /// The file to read; standard input without.
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// The version; the one that protects without.
    #[arg(long, value_name = "NUMBER")]
    version: Option<u32>,
}

/// How a signature is made.
#[derive(Args)]
struct How {
    /// Needed where the key can sign in several ways: RSASSA-PSS-SHA-256, RSASSA-PKCS1-SHA-256 …
    #[arg(long)]
    scheme: Option<String>,
    /// The file is the digest of the message, by this hash: SHA-256 …
    #[arg(long, value_name = "HASH", conflicts_with = "mu")]
    digest: Option<String>,
    /// The file is the message representative of ML-DSA.
    #[arg(long)]
    mu: bool,
}

#[derive(Args)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    how: How,
    /// The file to write; standard output without.
    #[arg(long = "out", value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    how: How,
    /// The file that holds the signature.
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
}

#[derive(Args)]
pub(crate) struct MacArgs {
    #[command(flatten)]
    work: Work,
    /// The file to write; standard output without.
    #[arg(long = "out", value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct VerifyMacArgs {
    #[command(flatten)]
    work: Work,
    /// The file that holds the code.
    #[arg(long, value_name = "FILE")]
    mac: PathBuf,
}

#[derive(Args)]
pub(crate) struct PublicArgs {
    /// By NAME, RING/NAME, alias or id.
    key: String,
    /// The version; the one that protects without.
    #[arg(long, value_name = "NUMBER")]
    version: Option<u32>,
}

fn read(path: Option<&Path>, max: usize) -> Result<Vec<u8>, Failure> {
    let bytes = Input::open(path)?.first(max + 1)?;
    if bytes.len() <= max {
        Ok(bytes)
    } else {
        Err(Failure::new(format!("at most {max} bytes; give the digest of more")))
    }
}

impl Work {
    fn body(&self, message: &str) -> Result<Map<String, Value>, Failure> {
        let bytes = read(self.input.as_deref(), MESSAGE_BYTES_MAX)?;
        let mut body = Map::new();
        body.insert("key".into(), json!(self.key));
        body.insert("version".into(), json!(self.version));
        body.insert(message.into(), json!(STANDARD.encode(bytes)));
        Ok(body)
    }
}

fn signed_body(work: &Work, how: &How) -> Result<Map<String, Value>, Failure> {
    let member = match (&how.digest, how.mu) {
        (Some(_), _) => "digest",
        (None, true) => "mu",
        (None, false) => "message",
    };
    let mut body = work.body(member)?;
    body.insert("scheme".into(), json!(how.scheme));
    body.insert("hash".into(), json!(how.digest));
    Ok(body)
}

async fn call(session: &Session, operation: &str, key: &str, body: Map<String, Value>) -> Result<Value, Failure> {
    match session.call(operation, &Value::Object(body)).await {
        Ok(answer) => Ok(answer),
        Err(trouble) => Err(story::told(session, trouble, Some(key)).await),
    }
}

/// The bytes of a member, into the file or onto standard output; in the other forms, the answer as it came.
fn give(session: &Session, answer: &Value, member: &str, output: Option<&Path>) -> Result<(), Failure> {
    if session.format != Format::Table && output.is_none() {
        return output::print(session.format, answer, |_| String::new());
    }
    if output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::new("raw bytes are not for a terminal: redirect them, or name a file with --out"));
    }
    let bytes = STANDARD.decode(text(answer, member));
    let bytes = bytes.map_err(|_| Failure::new("the server's answer is not base64"))?;
    let mut output = Output::open(output)?;
    output.write_all(&bytes).map_err(Failure::from_io)?;
    output.finish()
}

/// Exit code 1 where it is not right.
fn judged(session: &Session, answer: &Value, what: &str) -> Result<(), Failure> {
    if session.format != Format::Table {
        output::print(session.format, answer, |_| String::new())?;
    }
    let by = format!("version {} of the key", text(answer, "/by/version"));
    match answer.get("valid").and_then(Value::as_bool) {
        Some(true) => {
            eprintln!("the {what} is right, by {by}");
            Ok(())
        }
        _ => Err(Failure::new(format!("the {what} is not right, by {by}"))),
    }
}

pub(crate) async fn sign(args: &SignArgs, session: &Session) -> Result<(), Failure> {
    let answer = call(session, "sign", &args.work.key, signed_body(&args.work, &args.how)?).await?;
    give(session, &answer, "/signature", args.output.as_deref())?;
    eprintln!("signed by version {}, {}", text(&answer, "/by/version"), text(&answer, "/scheme"));
    Ok(())
}

pub(crate) async fn verify(args: &VerifyArgs, session: &Session) -> Result<(), Failure> {
    let mut body = signed_body(&args.work, &args.how)?;
    let signature = read(Some(&args.signature), SIGNATURE_BYTES_MAX)?;
    body.insert("signature".into(), json!(STANDARD.encode(signature)));
    let answer = call(session, "verify", &args.work.key, body).await?;
    judged(session, &answer, "signature")
}

pub(crate) async fn mac(args: &MacArgs, session: &Session) -> Result<(), Failure> {
    let answer = call(session, "mac-sign", &args.work.key, args.work.body("message")?).await?;
    give(session, &answer, "/mac", args.output.as_deref())
}

pub(crate) async fn verify_mac(args: &VerifyMacArgs, session: &Session) -> Result<(), Failure> {
    let mut body = args.work.body("message")?;
    body.insert("mac".into(), json!(STANDARD.encode(read(Some(&args.mac), SIGNATURE_BYTES_MAX)?)));
    let answer = call(session, "mac-verify", &args.work.key, body).await?;
    judged(session, &answer, "code")
}

/// The public half as PEM.
pub(crate) async fn public(args: &PublicArgs, session: &Session) -> Result<(), Failure> {
    let body = json!({ "key": args.key, "version": args.version });
    session.show("get-public-key", &body, |answer| text(answer, "/pem")).await
}
