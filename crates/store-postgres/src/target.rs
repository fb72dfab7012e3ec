//! Where the database is: what a URL says, and who may be believed to be it.

use crate::{OpenFault, tls};
use percent_encoding::percent_decode_str;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// How long one host may take to answer a connection.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long sent bytes may stay without an acknowledgement, and how long silence may last.
const SILENCE_MAX: Duration = Duration::from_secs(10);
const PORT: u16 = 5_432;

/// The servers of one database: each is asked in turn, and the first that takes writes is it.
pub(crate) struct Target {
    pub(crate) hosts: Vec<Config>,
    pub(crate) tls: tls::Tls,
    /// For people: without a password.
    pub(crate) name: String,
}

/// The parameters that are ours to read; what is left is PostgreSQL's.
#[derive(Default)]
struct Ours {
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    password_file: Option<String>,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Arc<Self>, OpenFault> {
        let (plain, ours) = split(url)?;
        let mut config: Config = plain.parse().map_err(|why| OpenFault::Url(reason(&why)))?;
        if config.get_hosts().is_empty() || config.get_dbname().is_none() || config.get_user().is_none() {
            return Err(OpenFault::Url("it names a user, a host and a database: postgres://USER@HOST/DATABASE".into()));
        }
        if let Some(file) = &ours.password_file {
            let password = std::fs::read_to_string(file).map_err(|why| OpenFault::Url(format!("{file}: {why}")))?;
            config.password(password.trim_end_matches(['\n', '\r']));
        }
        let tls = encryption(&config, &ours)?;
        let mode = if tls.is_some() { SslMode::Require } else { SslMode::Disable };
        let hosts = each_host(&config, mode);
        Ok(Arc::new(Self { name: name(&config), hosts, tls: tls::Tls(tls) }))
    }
}

/// TLS or none. Away from this machine none must be asked for by name, and a peer is never taken at its word.
fn encryption(config: &Config, ours: &Ours) -> Result<Option<Arc<rustls::ClientConfig>>, OpenFault> {
    let local = config.get_hosts().iter().all(is_local);
    match ours.mode.as_deref() {
        Some("disable") => Ok(None),
        None if local && ours.root.is_none() => Ok(None),
        None | Some("require" | "verify-ca" | "verify-full") => {
            let root = ours.root.as_deref().ok_or_else(|| {
                OpenFault::Url("name the CA of the database with sslrootcert=FILE, or say sslmode=disable".into())
            })?;
            let own = ours.certificate.as_deref().zip(ours.key.as_deref());
            tls::client(root, own).map(Some).map_err(OpenFault::Url)
        }
        Some(other) => Err(OpenFault::Url(format!("sslmode={other}; it is verify-full or disable"))),
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|at: std::net::IpAddr| at.is_loopback()),
    }
}

/// A configuration for each host, so that each has its own time to answer.
fn each_host(config: &Config, mode: SslMode) -> Vec<Config> {
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or_else(|| ports.first()).copied().unwrap_or(PORT);
    let one = |(at, host): (usize, &Host)| {
        let mut one = Config::new();
        one.application_name("keyward").ssl_mode(mode).port(port(at));
        one.target_session_attrs(TargetSessionAttrs::ReadWrite).connect_timeout(CONNECT_MAX);
        one.tcp_user_timeout(SILENCE_MAX).keepalives_idle(SILENCE_MAX / 2).keepalives_interval(SILENCE_MAX / 4);
        match host {
            Host::Tcp(name) => one.host(name),
            Host::Unix(path) => one.host_path(path),
        };
        config.get_user().map(|user| one.user(user));
        config.get_dbname().map(|name| one.dbname(name));
        config.get_password().map(|password| one.password(password));
        config.get_options().map(|options| one.options(options));
        one
    };
    config.get_hosts().iter().enumerate().map(one).collect()
}

fn name(config: &Config) -> String {
    let mut name = format!("PostgreSQL database {} at ", config.get_dbname().unwrap_or_default());
    for (at, host) in config.get_hosts().iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let port = config.get_ports().get(at).or_else(|| config.get_ports().first()).copied().unwrap_or(PORT);
        let _ = match host {
            Host::Tcp(host) => write!(name, "{comma}{host}:{port}"),
            Host::Unix(path) => write!(name, "{comma}{}:{port}", path.display()),
        };
    }
    name
}

/// The URL without our own parameters, and those.
fn split(url: &str) -> Result<(String, Ours), OpenFault> {
    let mut ours = Ours::default();
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), ours)) };
    let mut left = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match key {
            "sslmode" => &mut ours.mode,
            "sslrootcert" => &mut ours.root,
            "sslcert" => &mut ours.certificate,
            "sslkey" => &mut ours.key,
            "passwordfile" => &mut ours.password_file,
            // Always so, whatever is asked: nobody is served by a server that takes no writes.
            "target_session_attrs" if value == "read-write" => continue,
            _ => {
                left.push(pair);
                continue;
            }
        };
        let value = percent_decode_str(value).decode_utf8();
        *place = Some(value.map_err(|_| OpenFault::Url(format!("{key} is no UTF-8")))?.into_owned());
    }
    let query = if left.is_empty() { String::new() } else { format!("?{}", left.join("&")) };
    Ok((format!("{base}{query}"), ours))
}

/// What an error says, with what lies beneath it.
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(database), _) => format!("{} ({})", database.message(), database.code().code()),
        (None, Some(beneath)) => format!("{error}: {beneath}"),
        (None, None) => error.to_string(),
    }
}
