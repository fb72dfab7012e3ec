//! `keyward google env`: what gcloud, Python, Node, Go and Java need, as lines that a shell evaluates.

use super::account::{self, Domain};
use super::{credentials, iam};
use crate::cli::Session;
use crate::cli::env::Shell;
use crate::client::{At, Client, Facts};
use crate::failure::Failure;
use crate::output::{self, Format, text};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct EnvArgs {
    /// In whose language.
    #[arg(long, value_enum, default_value_t)]
    shell: Shell,
    /// The file of a service account's key; a development server's is made when it is first asked for.
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    #[command(flatten)]
    domain: Domain,
}

/// The service account of a development server.
const DEVELOPER: &str = "developer";
/// What it may do: everything, and what has to be asked for.
const ROLES: [&str; 4] = [
    "roles/owner",
    "roles/cloudkms.expertRawAesCbc",
    "roles/cloudkms.expertRawAesCtr",
    "roles/cloudkms.expertRawPKCS1",
];

pub(crate) async fn run(args: &EnvArgs, at: &At, format: Format) -> Result<(), Failure> {
    // Printing an address that was printed before helps nobody: a stale environment is not asked.
    let facts = at.recorded()?;
    let credentials = args.credentials.clone();
    let dev = facts.is_dev().then(|| facts.file.as_ref()?.data.clone()).flatten();
    let session = Session { client: Client::new(facts)?, format };
    let (credentials, project) = match (credentials, dev) {
        (Some(file), _) => {
            let project = text(&read(&file)?, "/project_id");
            (Some(file), project)
        }
        (None, Some(data)) => {
            let file = data.join("google-credentials.json");
            let project = developer(&session, &file, &args.domain).await?;
            (Some(file), project)
        }
        (None, None) => (None, text(&session.call("who-am-i", &json!({})).await?, "/tenant/name")),
    };
    let file = credentials.map(|file| file.display().to_string());
    let variables = variables(session.client.facts(), file, project, &args.domain);
    let lines: String = variables.iter().map(|(name, value)| args.shell.line(name, value.as_deref())).collect();
    output::write(lines.as_bytes())
}

fn read(file: &std::path::Path) -> Result<Value, Failure> {
    let bytes = std::fs::read(file).map_err(|why| Failure::new(format!("{}: {why}", file.display())))?;
    serde_json::from_slice(&bytes).map_err(|why| Failure::new(format!("{}: {why}", file.display())))
}

/// The developer's own service account and its key's file, made unless they are there. Returns the project.
async fn developer(session: &Session, file: &std::path::Path, domain: &Domain) -> Result<String, Failure> {
    let account = account::ensure(session, DEVELOPER, domain).await?;
    let member = format!("serviceAccount:{}", account::address(&account, domain));
    let under = |role| iam::Under { role, condition: None };
    let bind = |policy: &mut Value| ROLES.iter().for_each(|role| iam::bind(policy, &member, under(role)));
    iam::change(session, &iam::On::default(), bind).await?;
    if !file.exists() {
        credentials::create(session, file, DEVELOPER, domain).await?;
    }
    Ok(text(&account, "/tenant/name"))
}

type Variable = (&'static str, Option<String>);

fn variables(facts: &Facts, credentials: Option<String>, project: String, domain: &Domain) -> Vec<Variable> {
    let ca = facts.ca_file.as_ref().map(|path| path.display().to_string());
    let own = domain.own().map(str::to_owned);
    // In a universe of its own a site is found by its names.
    let endpoint = if own.is_some() { None } else { Some(format!("{}/", facts.endpoint)) };
    vec![
        ("GOOGLE_APPLICATION_CREDENTIALS", credentials.clone()),
        ("GOOGLE_CLOUD_PROJECT", Some(project.clone())),
        ("GOOGLE_CLOUD_UNIVERSE_DOMAIN", own.clone()),
        ("CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", credentials),
        // What the file says of it, gcloud believes of an activated account only.
        ("CLOUDSDK_AUTH_TOKEN_HOST", Some(format!("{}/token", facts.endpoint))),
        ("CLOUDSDK_CORE_PROJECT", Some(project)),
        ("CLOUDSDK_CORE_UNIVERSE_DOMAIN", own),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", endpoint.clone()),
        // Policies of service accounts, and acting as them.
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", endpoint.clone()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", endpoint.clone()),
        ("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", ca.clone()),
        ("CLOUDSDK_CORE_DISABLE_PROMPTS", Some("1".to_owned())),
        ("KEYWARD_GOOGLE_ENDPOINT", endpoint.map(|url| url.trim_end_matches('/').to_owned())),
        // Python over REST, and gcloud; gRPC in every language; Node; Go.
        ("REQUESTS_CA_BUNDLE", ca.clone()),
        ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", ca.clone()),
        ("NODE_EXTRA_CA_CERTS", ca.clone()),
        ("SSL_CERT_FILE", ca),
    ]
}
