//! `keyward key …`.

use crate::cli::{Session, days, import, life, pair, pairs, show, sign};
use crate::failure::Failure;
use crate::output;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key with its first version.
    Create(Box<CreateArgs>),
    /// List the keys of your account and region.
    List,
    /// Show everything about a key but its material, and where it cannot be shown.
    Show(ShowArgs),
    /// Prove that the material of a destroyed key is gone, for an independent verifier.
    Certificate(CertificateArgs),
    /// Print the public half of a key as PEM.
    Public(sign::PublicArgs),
    /// Bring material, wrapped on its way, as one more version of a key.
    Import(import::ImportArgs),
    /// List the versions of a key.
    Versions(WholeKey),
    /// Describe a key in words.
    Describe { key: String, description: String },
    /// Record who answers for a key, where it is used and what it protects.
    Facts(FactsArgs),
    /// Set tags.
    Tag {
        key: String,
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = pair)]
        tags: Vec<(String, String)>,
    },
    /// Remove tags.
    Untag {
        key: String,
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// List tags.
    Tags(WholeKey),
    /// Make a fresh version the one that protects.
    Rotate(WholeKey),
    /// Set or remove the rotation schedule.
    Schedule(life::ScheduleArgs),
    /// Stop all use of a key, or of one version, until it is enabled.
    Disable(OneKey),
    /// Let a disabled key, or version, be used again.
    Enable(OneKey),
    /// Order the destruction of a key, or of one version. It can be taken back until its day comes.
    Delete(life::DeleteArgs),
    /// Take an ordered destruction back. The key comes back disabled.
    Undelete(OneKey),
    /// Move a key, or one version, to another state (SP 800-57): compromised, deactivated …
    State(life::StateArgs),
    /// Choose the version that protects.
    Primary { key: String, version: u32 },
    /// Set from when and until when a version may protect.
    Window(life::WindowArgs),
    /// More names for a key.
    #[command(subcommand)]
    Alias(AliasCommand),
}

/// A key, whatever its version.
#[derive(Args)]
pub(crate) struct WholeKey {
    /// By NAME, RING/NAME, alias or id.
    pub(crate) key: String,
}

#[derive(Args)]
pub(crate) struct CertificateArgs {
    /// By id: a destroyed key's name is gone.
    key: String,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// By NAME, RING/NAME, alias or id.
    key: String,
    /// As it was after this day, or at this time (RFC 3339).
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
}

/// A key, or one of its versions.
#[derive(Args)]
pub(crate) struct OneKey {
    /// By NAME, RING/NAME, alias or id.
    pub(crate) key: String,
    /// Only this version.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: Option<u32>,
}

#[derive(Args)]
pub(crate) struct CreateArgs {
    /// What it is called in its ring.
    name: String,
    /// The key ring, made if it is not there.
    #[arg(long)]
    ring: Option<String>,
    /// AES-256, P-256, RSA-3072, Ed25519, HMAC-SHA-256, ML-DSA-65 …
    #[arg(long)]
    algorithm: Option<String>,
    /// The only way in which the key shall be used: RSASSA-PSS-SHA-256 …
    #[arg(long)]
    scheme: Option<String>,
    /// What it is for: encrypt, sign, mac …
    #[arg(long)]
    purpose: Option<String>,
    /// Make it without a version: material is brought to it (`keyward key import`).
    #[arg(long, conflicts_with_all = ["later", "rotate"])]
    imported: bool,
    /// Do not wait for a key that takes long to make.
    #[arg(long)]
    later: bool,
    /// From one rotation to the next: 90d, 12w, 1y.
    #[arg(long, value_name = "PERIOD", value_parser = days)]
    rotate: Option<u32>,
    /// How often each version protects, at most: each sealing and each data key counts.
    #[arg(long, value_name = "N")]
    uses_max: Option<u64>,
    /// How many bytes of plaintext each version protects, at most.
    #[arg(long, value_name = "N")]
    bytes_max: Option<u64>,
    /// Whose documents may allow its use: native, aws …
    #[arg(long)]
    authority: Option<String>,
    /// A policy document of that authority.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[arg(long)]
    description: Option<String>,
    #[command(flatten)]
    facts: Facts,
    /// May be repeated.
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = pair)]
    tags: Vec<(String, String)>,
    /// From when it may protect.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when it may protect.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The same token with the same request is answered as the first time.
    #[arg(long)]
    token: Option<String>,
}

#[derive(Args)]
struct Facts {
    /// Who answers for it.
    #[arg(long)]
    owner: Option<String>,
    /// Where it is used.
    #[arg(long)]
    environment: Option<String>,
    /// What it protects.
    #[arg(long)]
    data_class: Option<String>,
}

#[derive(Args)]
pub(crate) struct FactsArgs {
    key: String,
    #[command(flatten)]
    facts: Facts,
}

#[derive(Subcommand)]
pub(crate) enum AliasCommand {
    /// Give a key one more name.
    Create { alias: String, key: String },
    /// Let an alias mean another key.
    Move { alias: String, key: String },
    /// Remove an alias.
    Delete { alias: String },
    /// List aliases, of all keys or of one.
    List { key: Option<String> },
}

pub(crate) async fn run(command: KeyCommand, session: &Session) -> Result<(), Failure> {
    match command {
        KeyCommand::Create(args) => create(&args, session).await,
        KeyCommand::List => list(session).await,
        KeyCommand::Certificate(args) => certificate(&args.key, session).await,
        KeyCommand::Show(args) => {
            let at = args.at.as_deref().map(end_of_day);
            session.show("describe-key", &json!({ "key": args.key, "at": at }), show::key).await
        }
        KeyCommand::Versions(args) => session.show("list-versions", &json!({ "key": args.key }), show::versions).await,
        KeyCommand::Public(args) => sign::public(&args, session).await,
        KeyCommand::Import(args) => import::run(&args, session).await,
        KeyCommand::Tags(args) => session.show("list-tags", &json!({ "key": args.key }), show::tags).await,
        KeyCommand::Rotate(args) => life::rotate(&args, session).await,
        KeyCommand::Schedule(args) => life::schedule(&args, session).await,
        KeyCommand::Disable(args) => life::disable(&args, session).await,
        KeyCommand::Enable(args) => life::enable(&args, session).await,
        KeyCommand::Delete(args) => life::delete(&args, session).await,
        KeyCommand::Undelete(args) => life::undelete(&args, session).await,
        KeyCommand::State(args) => life::state(&args, session).await,
        KeyCommand::Primary { key, version } => {
            session.show("make-primary", &json!({ "key": key, "version": version }), show::key_line).await
        }
        KeyCommand::Window(args) => life::window(&args, session).await,
        KeyCommand::Alias(command) => alias(command, session).await,
        words => describe(words, session).await,
    }
}

/// What people say of a key.
async fn describe(command: KeyCommand, session: &Session) -> Result<(), Failure> {
    match command {
        KeyCommand::Describe { key, description } => {
            let body = json!({ "key": key, "description": description });
            session.done("set-description", &body, &format!("{key} described")).await
        }
        KeyCommand::Facts(args) => {
            let FactsArgs { key, facts: Facts { owner, environment, data_class } } = args;
            let body = json!({ "key": key, "owner": owner, "environment": environment, "data_class": data_class });
            session.show("set-facts", &body, show::key).await
        }
        KeyCommand::Tag { key, tags } => {
            session.done("tag-key", &json!({ "key": key, "tags": pairs(&tags) }), &format!("{key} tagged")).await
        }
        KeyCommand::Untag { key, names } => {
            session.done("untag-key", &json!({ "key": key, "names": names }), &format!("{key} untagged")).await
        }
        // All others were done by the caller.
        _ => Ok(()),
    }
}

async fn create(args: &CreateArgs, session: &Session) -> Result<(), Failure> {
    let document = args.policy.as_ref().map(std::fs::read_to_string).transpose().map_err(Failure::from_io)?;
    let authority = args.authority.clone().or_else(|| document.as_ref().map(|_| "aws".to_owned()));
    let body = json!({
        "name": args.name,
        "ring": args.ring,
        "algorithm": args.algorithm,
        "scheme": args.scheme,
        "purpose": args.purpose,
        "later": args.later.then_some(true),
        "origin": args.imported.then_some("imported"),
        "rotation_days": args.rotate,
        "uses_max": args.uses_max,
        "bytes_max": args.bytes_max,
        "authority": authority,
        "document": document,
        "description": args.description,
        "owner": args.facts.owner,
        "environment": args.facts.environment,
        "data_class": args.facts.data_class,
        "tags": pairs(&args.tags),
        "window_from": args.from,
        "window_until": args.until,
        "token": args.token,
    });
    session.show("create-key", &body, show::key_line).await
}

async fn list(session: &Session) -> Result<(), Failure> {
    let all = all_pages(session, "list-keys", "keys", Map::new()).await?;
    output::print(session.format, &all, show::keys)
}

/// Follows a listing to its end.
async fn all_pages(
    session: &Session,
    operation: &str,
    name: &str,
    mut body: Map<String, Value>,
) -> Result<Value, Failure> {
    let mut items: Vec<Value> = Vec::new();
    body.insert("limit".into(), json!(1_000));
    loop {
        let page = session.call(operation, &Value::Object(body.clone())).await?;
        items.extend(output::list(&page, name).cloned());
        match page.get("next").filter(|next| !next.is_null()) {
            Some(next) => body.insert("after".into(), next.clone()),
            None => return Ok(Value::Object([(name.to_owned(), Value::Array(items))].into_iter().collect())),
        };
    }
}

async fn alias(command: AliasCommand, session: &Session) -> Result<(), Failure> {
    let named = |alias: &str, key: &str| json!({ "alias": alias, "key": key });
    match command {
        AliasCommand::Create { alias, key } => {
            session.done("create-alias", &named(&alias, &key), &format!("{alias} now means {key}")).await
        }
        AliasCommand::Move { alias, key } => {
            session.done("retarget-alias", &named(&alias, &key), &format!("{alias} now means {key}")).await
        }
        AliasCommand::Delete { alias } => {
            session.done("delete-alias", &json!({ "alias": alias }), &format!("{alias} means nothing any more")).await
        }
        AliasCommand::List { key } => {
            let of = key.map(|key| ("key".to_owned(), json!(key)));
            let all = all_pages(session, "list-aliases", "aliases", of.into_iter().collect()).await?;
            output::print(session.format, &all, show::aliases)
        }
    }
}

/// A day is meant whole.
fn end_of_day(date: &str) -> String {
    if date.len() == "2027-02-19".len() { format!("{date}T23:59:59.999Z") } else { date.to_owned() }
}

/// Printed only if it proves what it says.
async fn certificate(key: &str, session: &Session) -> Result<(), Failure> {
    let answer = session.call("certify-destruction", &json!({ "key": key })).await?;
    let proven = crate::certificate::check(&answer)?;
    output::print(session.format, &answer, |answer| format!("{answer:#}"))?;
    eprintln!("{proven}");
    Ok(())
}
