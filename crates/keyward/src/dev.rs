//! `keyward dev`: a whole house in one command, on loopback, for development.

use crate::config::{self, ClientFile, REGION};
use crate::place::Place;
use crate::wiring::{self, Running};
use crate::{Failure, init, tls};
use clap::Args;
use domain::{PrincipalKind, Profile, Role};
use engine::{Colony, Founded, Newcomer};
use path::{FoundSite, Open, Path};
use secret::Secret;
use server::{Certificates, Listener};
use std::net::SocketAddr;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

/// Starts a whole house for development: not for production.
#[derive(Args)]
pub(crate) struct DevArgs {
    /// Where it keeps its data; without it, in a temporary directory that goes with it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A loopback address, for TLS and plaintext alike.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8200")]
    listen: SocketAddr,
    /// A development principal with full rights in the account; may be repeated.
    #[arg(long = "access-key", value_name = "ID:SECRET:ACCOUNT", value_parser = parse_access_key)]
    access_keys: Vec<ChosenKey>,
}

/// An access key that the developer chose.
#[derive(Clone)]
pub(crate) struct ChosenKey {
    id: String,
    secret: Arc<Secret>,
    account: String,
}

fn parse_access_key(text: &str) -> Result<ChosenKey, String> {
    let shape = || "an access key is ID:SECRET:ACCOUNT".to_owned();
    let (id, rest) = text.split_once(':').ok_or_else(shape)?;
    let (secret, account) = rest.rsplit_once(':').ok_or_else(shape)?;
    let spelled = |text: &str| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !spelled(id) || !spelled(secret) || secret.len() > secret::HELD_BYTES_MAX {
        return Err(shape());
    }
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the account is twelve digits".to_owned());
    }
    let secret = Arc::new(Secret::new(secret.as_bytes().to_vec()));
    Ok(ChosenKey { id: id.to_owned(), secret, account: account.to_owned() })
}

/// The account of the developer who chose none.
const ACCOUNT: &str = "000000000000";
const ROOT_KEY: &str = "root.key";
/// A development site keeps its recovery key too, where any other prints it once.
const RECOVERY_KEY: &str = "recovery.key";

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

pub(crate) async fn run(args: DevArgs) -> Result<(), Failure> {
    wiring::logs("warn");
    wiring::protect();
    let temporary = match &args.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("keyward-dev-").tempdir().map_err(Failure::from_io)?),
    };
    let data = match (&args.data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err(Failure::new("no data directory")),
    };
    std::fs::create_dir_all(&data).map_err(Failure::from_io)?;
    let data = data.canonicalize().map_err(Failure::from_io)?;
    let path = wiring::sealed();
    let fresh = open_or_found(&path, &data, &args).await?;
    let files = certificate(&data)?;
    let certificates = Certificates::load(&files.chain, &files.key).map_err(Failure::from_display)?;
    let listener = Listener::tls_or_plain(args.listen, certificates).map_err(Failure::from_display)?;
    let running = Running::bind(vec![listener], path).await.map_err(Failure::new)?;
    let address = running.addresses().first().copied().unwrap_or(args.listen);
    let client = client(&data, address, &files.ca, fresh)?;
    config::write_client(&config::client_file(&data), &client).map_err(Failure::from_io)?;
    let taken =
        "others write where `keyward env` looks for this server: set XDG_RUNTIME_DIR to a directory of your own";
    let pointer = config::dev_pointer().ok_or_else(|| Failure::new(taken))?;
    config::write_client(&pointer, &client).map_err(Failure::from_io)?;
    announce(&client, &args);
    // It holds credentials in clear, and nobody needs it any more.
    drop(client);
    let served = running.run().await.map_err(Failure::new);
    drop(temporary);
    served
}

fn certificate(data: &FilePath) -> Result<tls::TlsFiles, Failure> {
    let folder = data.join("tls");
    let files = tls::TlsFiles::in_folder(&folder);
    if files.exist() {
        return Ok(files);
    }
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    tls::make(&folder, &names).map_err(Failure::new)
}

/// The access keys that founding made; none where the site was there before.
async fn open_or_found(path: &Path, data: &FilePath, args: &DevArgs) -> Result<Option<Vec<Founded>>, Failure> {
    let root = data.join(ROOT_KEY);
    if root.exists() {
        let key = custody::read(&root).map_err(Failure::from_display)?;
        let anchors = wiring::anchor_files(&[], &root);
        wiring::open_site(path, &Place::Folder(data.to_owned()), key.roots(), &anchors).map_err(Failure::new)?;
        return Ok(None);
    }
    let key = custody::create(&root).map_err(Failure::from_display)?;
    let store = store_sqlite::create(data).map_err(Failure::from_display)?;
    let recovery = init::draw_recovery()?;
    recovery.text().expose(|text| config::write_private(&data.join(RECOVERY_KEY), text)).map_err(Failure::from_io)?;
    let site = FoundSite {
        origin: "keyward.dev".to_owned(),
        administrator: administrator("admin"),
        colonies: colonies(args),
        recovery: Some(init::halves(&recovery)?),
    };
    let anchors = wiring::anchors(&wiring::anchor_files(&[], &root));
    path.found(Open { store, root: (&key).into(), anchors }, site).await.map(Some).map_err(Failure::from_display)
}

pub(crate) fn administrator(name: &str) -> Newcomer {
    Newcomer {
        name: name.to_owned(),
        kind: PrincipalKind::Person,
        roles: vec![Role::Administrator, Role::SecurityOfficer, Role::Auditor],
        documents: Vec::new(),
        chosen: None,
    }
}

fn developer(name: &str, chosen: Option<(String, Secret)>) -> Newcomer {
    Newcomer {
        name: name.to_owned(),
        kind: PrincipalKind::Person,
        roles: vec![Role::Administrator, Role::SecurityOfficer, Role::Auditor, Role::EncryptDecrypt],
        documents: vec![("everything".to_owned(), EVERYTHING.to_owned())],
        chosen,
    }
}

/// One tenant for each account that is named, and one for the developer.
fn colonies(args: &DevArgs) -> Vec<Colony> {
    let mut accounts = vec![ACCOUNT.to_owned()];
    accounts.extend(args.access_keys.iter().map(|chosen| chosen.account.clone()));
    accounts.sort();
    accounts.dedup();
    accounts.into_iter().map(|account| colony(account, args)).collect()
}

fn colony(account: String, args: &DevArgs) -> Colony {
    let chosen = args.access_keys.iter().filter(|chosen| chosen.account == account).enumerate();
    let mut people: Vec<Newcomer> = chosen
        .map(|(at, key)| {
            let secret = Secret::new(key.secret.expose(<[u8]>::to_vec));
            developer(&format!("chosen{}", at + 1), Some((key.id.clone(), secret)))
        })
        .collect();
    if account == ACCOUNT {
        people.insert(0, developer("dev", None));
    }
    Colony { name: format!("dev-{account}"), account, profile: Profile::Default, people }
}

/// What the other commands need to reach this server: from founding, or as the last start left it.
fn client(
    data: &FilePath,
    address: SocketAddr,
    ca: &FilePath,
    founded: Option<Vec<Founded>>,
) -> Result<ClientFile, Failure> {
    let mut client = match founded {
        None => config::read_client(&config::client_file(data)).map_err(Failure::from_io)?,
        Some(founded) => first_client(&founded),
    };
    client.endpoint = format!("https://{address}");
    client.plain_endpoint = Some(format!("http://{address}"));
    client.ca_file = ca.to_owned();
    client.data = Some(data.to_owned());
    client.root_key_file = Some(data.join(ROOT_KEY));
    client.anchor_files = wiring::anchor_files(&[], &data.join(ROOT_KEY));
    Ok(client)
}

fn first_client(founded: &[Founded]) -> ClientFile {
    let shown = |secret: &Secret| secret.expose(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let of = |name: &str| founded.iter().find(|one| one.principal == name);
    let (developer, site) = (of("dev"), of("admin"));
    ClientFile {
        endpoint: String::new(),
        plain_endpoint: None,
        ca_file: PathBuf::new(),
        access_key_id: developer.map(|one| one.id.clone()),
        secret_access_key: developer.map(|one| shown(&one.secret)),
        account: developer.map(|one| one.account.clone()),
        region: REGION.to_owned(),
        site_access_key_id: site.map(|one| one.id.clone()),
        site_secret_access_key: site.map(|one| shown(&one.secret)),
        dev: true,
        root_key_file: None,
        anchor_files: Vec::new(),
        data: None,
    }
}

fn announce(client: &ClientFile, args: &DevArgs) {
    let kept = match (&args.data, &client.data) {
        (Some(_), Some(data)) => format!("data in {}", data.display()),
        _ => "in a temporary directory, everything is lost on exit".to_owned(),
    };
    let plain = client.plain_endpoint.as_deref().unwrap_or_default();
    eprintln!("Keyward dev – {kept}. NOT for production.");
    eprintln!("  AWS KMS, Google Cloud KMS and the native API   {}   and {plain}", client.endpoint);
    eprintln!("  Account {}   region {}", client.account.as_deref().unwrap_or_default(), client.region);
    eprintln!("  Access key {}", client.access_key_id.as_deref().unwrap_or_default());
    for chosen in &args.access_keys {
        eprintln!("  Access key {} in account {}", chosen.id, chosen.account);
    }
    eprintln!("Paste into another terminal:");
    match &args.data {
        Some(data) => eprintln!("  eval \"$(keyward env --data {})\"", data.display()),
        None => eprintln!("  eval \"$(keyward env)\""),
    }
}
