//! `keyward init`: a new site, with its root key in a file of its own.

use crate::config::{self, ClientFile};
use crate::place::{Place, StoreArg};
use crate::{Failure, dev, tls, wiring};
use clap::Args;
use crypto::RecoveryKey;
use domain::RecoveryHalves;
use path::{FoundSite, Open};
use std::path::PathBuf;

/// Makes a new site. The first administrator's access key is printed once.
#[derive(Args)]
pub(crate) struct InitArgs {
    /// Where the site keeps its data; with `--store` only certificates and `client.json` are put there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    store: StoreArg,
    /// Where the root key is written: a new file outside the data directory.
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// Where the newest head of the log is remembered: best on another disk than the data; else `ROOT_KEY.anchor`.
    /// Several may be named.
    #[arg(long = "anchor", value_name = "FILE")]
    anchors: Vec<PathBuf>,
    /// The log's name in its checkpoints: a host name and path without scheme.
    #[arg(long, default_value = "keyward.example/log")]
    origin: String,
    /// The first administrator's name.
    #[arg(long, default_value = "admin")]
    administrator: String,
    /// Names and addresses of the server, for the certificate that is made; may be repeated.
    #[arg(long = "host", value_name = "NAME", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
    hosts: Vec<String>,
    /// Where the server will be reached.
    #[arg(long, default_value = "https://localhost:8200")]
    endpoint: String,
}

pub(crate) async fn run(args: InitArgs) -> Result<(), Failure> {
    wiring::logs("warn");
    wiring::protect();
    let place = args.store.place(Some(args.data.clone())).map_err(Failure::new)?;
    let store = place.create().map_err(Failure::new)?;
    custody::outside(&args.root_key, &args.data).map_err(Failure::from_display)?;
    let anchors = wiring::anchor_files(&args.anchors, &args.root_key);
    if let Some(there) = anchors.iter().find(|anchor| anchor.exists()) {
        return Err(Failure::new(format!("{} exists already; name a new file", there.display())));
    }
    let recovery = draw_recovery()?;
    let root = custody::create(&args.root_key).map_err(Failure::from_display)?;
    let site = FoundSite {
        recovery: Some(halves(&recovery)?),
        origin: args.origin.clone(),
        administrator: dev::administrator(&args.administrator),
        colonies: Vec::new(),
    };
    let path = wiring::sealed();
    let founded = match path.found(Open { store, root: (&root).into(), anchors: wiring::anchors(&anchors) }, site).await
    {
        Ok(founded) => founded,
        Err(why) => {
            // A root key that seals nothing would only be taken for one that does.
            let _ = std::fs::remove_file(&args.root_key);
            anchors.iter().for_each(|anchor| drop(std::fs::remove_file(anchor)));
            return Err(Failure::from_display(why));
        }
    };
    let files = tls::make(&args.data.join("tls"), &args.hosts).map_err(Failure::new)?;
    let client = ClientFile {
        root_key_file: args.root_key.canonicalize().ok(),
        anchor_files: anchors.iter().filter_map(|anchor| anchor.canonicalize().ok()).collect(),
        data: args.data.canonicalize().ok(),
        ..ClientFile::of_site(&args.endpoint, files.ca.canonicalize().map_err(Failure::from_io)?)
    };
    config::write_client(&config::client_file(&args.data), &client).map_err(Failure::from_io)?;
    let made = path.store_name().unwrap_or_default();
    eprintln!("Made a site: {made}; its root key is in {}.", args.root_key.display());
    eprintln!("Keep a copy of the root key where the data is not: without it nothing here opens.");
    let named: Vec<_> = anchors.iter().map(|anchor| anchor.display().to_string()).collect();
    eprintln!("The log's newest head is remembered in {}.", named.join(" and "));
    for anchor in
        anchors.iter().filter(|anchor| custody::FileAnchor::shares_file_system(anchor, &args.data) == Some(true))
    {
        eprintln!("Note: {} is on the same file system as the data; one disk that goes takes both.", anchor.display());
    }
    eprintln!(
        "The recovery key, shown this once. Write it down and lock it away: it opens backups, and accepts a store"
    );
    eprintln!("that was put back. Nobody can make another one for this site:");
    recovery.text().expose(|text| eprintln!("  {}", String::from_utf8_lossy(text)));
    eprintln!("The first administrator's access key, shown this once:");
    for one in founded {
        println!("export AWS_ACCESS_KEY_ID={}", one.id);
        one.secret.expose(|secret| println!("export AWS_SECRET_ACCESS_KEY={}", String::from_utf8_lossy(secret)));
    }
    say_next(&args, &place);
    Ok(())
}

fn say_next(args: &InitArgs, place: &Place) {
    let (data, root_key) = (args.data.display(), args.root_key.display());
    let store = if matches!(place, Place::Database(_)) { "--store URL " } else { "" };
    eprintln!("Next: keyward serve {store}--data {data} --root-key {root_key}");
}

pub(crate) fn draw_recovery() -> Result<RecoveryKey, Failure> {
    RecoveryKey::draw().map_err(|_| Failure::new("the cryptographic module has no randomness to give"))
}

/// What the site keeps of a recovery key.
pub(crate) fn halves(key: &RecoveryKey) -> Result<RecoveryHalves, Failure> {
    let public = key.public().map_err(|_| Failure::new("the recovery key has no public halves"))?;
    Ok(RecoveryHalves { verify: public.verify.0, seal: public.seal })
}
