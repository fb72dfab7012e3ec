//! Where the facts of a connection come from: a data directory, the environment, or the last development server.

use crate::config::{self, ClientFile};
use crate::failure::Failure;
use clap::Args;
use secret::Secret;
use std::path::{Path, PathBuf};

/// Which server, and as whom.
#[derive(Args, Clone, Default)]
pub(crate) struct At {
    /// The data directory of the server to talk to; else the environment that `keyward env` prints.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// Ask as the site's administrator, whose key a development server keeps.
    #[arg(long, global = true)]
    pub(crate) as_site: bool,
}

/// Everything that a connection needs.
pub(crate) struct Facts {
    pub(crate) endpoint: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) region: String,
    access_key_id: Option<String>,
    secret_access_key: Option<Secret>,
    /// What `dev` or `init` left behind, where it was found.
    pub(crate) file: Option<ClientFile>,
    /// Where that lies.
    pub(crate) file_path: Option<PathBuf>,
}

impl At {
    /// A named directory decides, then the environment, then the last development server.
    pub(crate) fn facts(&self) -> Result<Facts, Failure> {
        self.facts_with(variable("KEYWARD_ADDR"))
    }

    /// What `dev` or `init` has left behind, wherever the environment points to; without any, the environment.
    pub(crate) fn recorded(&self) -> Result<Facts, Failure> {
        match (&self.data, config::dev_pointer()) {
            (None, Some(pointer)) if pointer.exists() => {
                let data = read(&pointer)?.data.filter(|data| config::client_file(data).exists());
                Self { data, as_site: self.as_site }.facts_with(None)
            }
            _ => self.facts(),
        }
    }

    fn facts_with(&self, asked: Option<String>) -> Result<Facts, Failure> {
        let named = self.data.as_deref().map(config::client_file);
        let known = match (&named, &asked) {
            (Some(path), _) => Some(read(path)?),
            (None, Some(_)) => known_under(asked.as_deref()),
            (None, None) => {
                config::dev_pointer().filter(|pointer| pointer.exists()).map(|pointer| read(&pointer)).transpose()?
            }
        };
        let endpoint = asked.filter(|_| named.is_none()).or_else(|| Some(known.as_ref()?.endpoint.clone()));
        let missing = "no server is known: start `keyward dev`, name its --data, or set KEYWARD_ADDR";
        let mut facts = Facts {
            endpoint: endpoint.ok_or_else(|| Failure::new(missing))?,
            ca_file: variable("KEYWARD_CA_FILE").map(PathBuf::from).filter(|_| named.is_none()),
            region: region(known.as_ref(), named.is_some()),
            access_key_id: None,
            secret_access_key: None,
            file_path: known.as_ref().and_then(|_| named.clone().or_else(config::dev_pointer)),
            file: known,
        };
        facts.ca_file = facts.ca_file.or_else(|| Some(facts.file.as_ref()?.ca_file.clone()));
        facts.choose_credential(self.as_site, named.is_some());
        Ok(facts)
    }
}

impl Facts {
    /// In a named directory its own key speaks, elsewhere the environment's does first.
    fn choose_credential(&mut self, as_site: bool, named: bool) {
        let of_file = |file: &ClientFile| match as_site {
            true => (file.site_access_key_id.clone(), file.site_secret_access_key.clone()),
            false => (file.access_key_id.clone(), file.secret_access_key.clone()),
        };
        let kept = self.file.as_ref().map(of_file).and_then(|(id, secret)| id.zip(secret));
        let set = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY")).filter(|_| !as_site);
        let chosen = if named { kept.or(set) } else { set.or(kept) };
        if let Some((id, secret)) = chosen {
            self.access_key_id = Some(id);
            self.secret_access_key = Some(Secret::new(secret.into_bytes()));
        }
    }

    /// A server that asks for no credential.
    pub(crate) fn public(endpoint: &str, ca_file: Option<PathBuf>) -> Self {
        let region = config::REGION.to_owned();
        let endpoint = endpoint.to_owned();
        Self { endpoint, ca_file, region, access_key_id: None, secret_access_key: None, file: None, file_path: None }
    }

    /// A server, and as whom.
    pub(crate) fn of(endpoint: &str, ca_file: PathBuf, id: String, secret: Secret) -> Self {
        let public = Self::public(endpoint, Some(ca_file));
        Self { access_key_id: Some(id), secret_access_key: Some(secret), ..public }
    }

    /// Both halves of the access key, where one is known.
    pub(crate) fn credential(&self) -> Option<(&str, &Secret)> {
        self.access_key_id.as_deref().zip(self.secret_access_key.as_ref())
    }

    pub(crate) fn access_key_id(&self) -> Result<&str, Failure> {
        self.access_key_id.as_deref().ok_or_else(no_credential)
    }

    pub(crate) fn secret_access_key(&self) -> Result<&Secret, Failure> {
        self.secret_access_key.as_ref().ok_or_else(no_credential)
    }

    pub(crate) fn is_dev(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.dev)
    }
}

fn no_credential() -> Failure {
    Failure::new("no access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
}

fn read(path: &Path) -> Result<ClientFile, Failure> {
    config::read_client(path).map_err(|why| Failure::new(format!("{}: {why}", path.display())))
}

/// The last development server's file, if the environment means that server.
fn known_under(endpoint: Option<&str>) -> Option<ClientFile> {
    let file = config::read_client(&config::dev_pointer()?).ok()?;
    let meant = Some(file.endpoint.as_str()) == endpoint || file.plain_endpoint.as_deref() == endpoint;
    meant.then_some(file)
}

fn region(known: Option<&ClientFile>, named: bool) -> String {
    let set = || variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let kept = || known.map(|file| file.region.clone());
    let chosen = if named { kept().or_else(set) } else { set().or_else(kept) };
    chosen.unwrap_or_else(|| config::REGION.to_owned())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
