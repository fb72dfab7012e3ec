//! The primary of a private pair is killed under load. What was acknowledged must be there afterwards, and changes must be
//! served again soon. The site is made for the drill: its tenants are what is counted.

use super::copy::verified;
use super::pair::{Programs, Server, free_port};
use super::{Common, Site};
use crate::cli::offline::Files;
use crate::client::{Client, Facts, Trouble};
use crate::failure::Failure;
use crate::place::Place;
use crate::report::{Report, seconds};
use clap::Args;
use clock::stopwatch_micros;
use secret::Secret;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Writes must be served again after so long.
const RTO_SECONDS_MAX: f64 = 30.0;
/// How long the load runs before the primary is killed, and how long it may take to be served again.
const LOAD: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(90);
const WORKERS: usize = 4;
const RETRY: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(crate) struct FailoverArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Where PostgreSQL's programs are; else the newest below /usr/lib/postgresql.
    #[arg(long, value_name = "DIR")]
    pub(super) postgres_bin: Option<PathBuf>,
}

/// A change that was acknowledged: which, and when it was asked and answered.
struct Acknowledged {
    tenant: String,
    asked: u64,
    answered: u64,
}

#[derive(Default)]
struct Seen {
    acknowledged: Vec<Acknowledged>,
    refused: u64,
}

pub(super) async fn drill(programs: &Programs, scratch: &Path, report: &mut Report) -> Result<(), Failure> {
    let begun = stopwatch_micros();
    let mut primary = Server::primary(programs, scratch)?;
    let standby = primary.standby(scratch)?;
    let url = format!("postgres://keyward@127.0.0.1:{},127.0.0.1:{}/keyward", primary.port, standby.port);
    let house = House::make(scratch, &url)?;
    let nodes = [house.serve(1)?, house.serve(2)?];
    for node in &nodes {
        node.ready().await?;
    }
    report.count("nodes", nodes.len() as u64);
    report.step("make a pair, a site and two nodes", begun);

    let begun = stopwatch_micros();
    let (seen, stop) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
    let load = house.load(&nodes, &seen, &stop)?;
    tokio::time::sleep(LOAD).await;
    report.step("put load on it", begun);

    let killed = stopwatch_micros();
    primary.kill();
    report.step("kill the primary", killed);
    let begun = stopwatch_micros();
    standby.promote()?;
    report.step("promote the standby", begun);
    let again = served_again(&seen, killed).await;
    stop.store(true, Ordering::Relaxed);
    for worker in load {
        let _ = worker.await;
    }
    let rto = again.map(|answered| seconds(answered.saturating_sub(killed)));
    report.check("changes are served again in under 30 s", rto.is_some_and(|seconds| seconds < RTO_SECONDS_MAX));
    if let Some(seconds) = rto {
        report.measure("rto_seconds", seconds);
    }
    judge(&house, &nodes, &seen, report).await?;
    drop(nodes);
    let begun = stopwatch_micros();
    let site = Site::open(house.files(&url))?;
    let sound = verified(&*site.snapshot, &site);
    report.count("entries", sound.size);
    report.check("log and rows are sound", sound.is_sound());
    report.step("verify", begun);
    Ok(())
}

/// When a change was acknowledged first that was asked for after the kill.
async fn served_again(seen: &Mutex<Seen>, killed: u64) -> Option<u64> {
    let until = stopwatch_micros().saturating_add(u64::try_from(PATIENCE.as_micros()).unwrap_or(u64::MAX));
    while stopwatch_micros() < until {
        let found = {
            let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.acknowledged.iter().filter(|one| one.asked > killed).map(|one| one.answered).min()
        };
        if found.is_some() {
            return found;
        }
        tokio::time::sleep(RETRY).await;
    }
    None
}

/// Everything that was acknowledged is there, as either node sees it.
async fn judge(house: &House, nodes: &[Node], seen: &Mutex<Seen>, report: &mut Report) -> Result<(), Failure> {
    let begun = stopwatch_micros();
    let (tenants, refused) = {
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let tenants: Vec<_> = seen.acknowledged.iter().map(|one| one.tenant.clone()).collect();
        (tenants, seen.refused)
    };
    let mut lost = 0_u64;
    for (tenant, node) in tenants.iter().zip(nodes.iter().cycle()) {
        lost = lost.saturating_add(u64::from(!is_there(&house.client(node)?, tenant).await?));
    }
    report.count("acknowledged", tenants.len() as u64);
    report.count("refused_meanwhile", refused);
    report.measure("rpo_entries", lost);
    report.check("something was acknowledged", !tenants.is_empty());
    report.check("nothing that was acknowledged is lost", lost == 0);
    report.step("look for what was acknowledged", begun);
    Ok(())
}

/// Asked again while the node cannot say.
async fn is_there(client: &Client, tenant: &str) -> Result<bool, Failure> {
    let until = stopwatch_micros().saturating_add(u64::try_from(PATIENCE.as_micros()).unwrap_or(u64::MAX));
    loop {
        match client.call("describe-tenant", &json!({ "name": tenant })).await {
            Ok(_) => return Ok(true),
            Err(Trouble::Refused(refused)) if refused.word.contains("not-found") => return Ok(false),
            Err(why) if stopwatch_micros() >= until => return Err(why.into()),
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// The site that is made for the drill.
struct House {
    data: PathBuf,
    root: PathBuf,
    url: String,
    id: String,
    secret: Secret,
}

impl House {
    fn make(scratch: &Path, url: &str) -> Result<Self, Failure> {
        let (data, root) = (scratch.join("site"), scratch.join("site.root"));
        let mut command = keyward("init")?;
        command.arg("--data").arg(&data).arg("--root-key").arg(&root).env("KEYWARD_STORE", url);
        let made = command.stderr(Stdio::piped()).output().map_err(Failure::from_io)?;
        if !made.status.success() {
            return Err(Failure::new(format!("init: {}", String::from_utf8_lossy(&made.stderr).trim())));
        }
        let told = Secret::new(made.stdout);
        let of = |name: &str| told.expose(|text| exported(text, name)).ok_or_else(|| Failure::new("init told no key"));
        let secret = Secret::new(of("AWS_SECRET_ACCESS_KEY")?.into_bytes());
        Ok(Self { data, root, url: url.to_owned(), id: of("AWS_ACCESS_KEY_ID")?, secret })
    }

    fn anchor(&self, number: usize) -> PathBuf {
        self.root.with_extension(format!("anchor{number}"))
    }

    /// A node with an anchor of its own.
    fn serve(&self, number: usize) -> Result<Node, Failure> {
        let (port, anchor) = (free_port()?, self.anchor(number));
        let mut made = self.root.as_os_str().to_owned();
        made.push(".anchor");
        std::fs::copy(PathBuf::from(made), &anchor).map_err(Failure::from_io)?;
        let log = std::fs::File::create(self.root.with_extension(format!("log{number}"))).map_err(Failure::from_io)?;
        let mut command = keyward("serve")?;
        command.arg("--data").arg(&self.data).arg("--root-key").arg(&self.root).arg("--anchor").arg(anchor);
        command.arg("--listen").arg(format!("127.0.0.1:{port}")).env("KEYWARD_STORE", &self.url).stderr(log);
        let process = command.stdout(Stdio::null()).spawn().map_err(Failure::from_io)?;
        Ok(Node { process, endpoint: format!("https://127.0.0.1:{port}"), ca: self.data.join("tls").join("ca.pem") })
    }

    fn client(&self, node: &Node) -> Result<Client, Failure> {
        let secret = Secret::new(self.secret.expose(<[u8]>::to_vec));
        Client::new(Facts::of(&node.endpoint, node.ca.clone(), self.id.clone(), secret))
    }

    fn load(
        &self,
        nodes: &[Node],
        seen: &Arc<Mutex<Seen>>,
        stop: &Arc<AtomicBool>,
    ) -> Result<Vec<tokio::task::JoinHandle<()>>, Failure> {
        let workers = nodes.iter().cycle().take(WORKERS).enumerate().map(|(number, node)| {
            let worker = work(self.client(node)?, number, Arc::clone(seen), Arc::clone(stop));
            Ok(tokio::spawn(worker))
        });
        workers.collect()
    }

    fn files(&self, url: &str) -> Files {
        Files {
            data: self.data.clone(),
            place: Place::named(url),
            root_key: self.root.clone(),
            anchors: vec![self.anchor(1)],
        }
    }
}

/// Makes tenants, one after the other, and writes down which were acknowledged.
async fn work(client: Client, worker: usize, seen: Arc<Mutex<Seen>>, stop: Arc<AtomicBool>) {
    let mut number = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        number = number.saturating_add(1);
        let tenant = format!("drill-{worker}-{number}");
        let body = json!({ "name": tenant, "account": format!("{:012}", (worker + 1) * 1_000_000 + number as usize) });
        let asked = stopwatch_micros();
        let answer = client.call("create-tenant", &body).await;
        let answered = stopwatch_micros();
        let wait = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Ok(_) => seen.acknowledged.push(Acknowledged { tenant, asked, answered }),
                Err(Trouble::Refused(_) | Trouble::Failure(_)) => seen.refused = seen.refused.saturating_add(1),
            }
            seen.acknowledged.last().is_none_or(|last| last.answered != answered)
        };
        if wait {
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// This very program, with nothing of our environment.
fn keyward(subcommand: &str) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe().map_err(Failure::from_io)?);
    command.arg(subcommand).env_clear().stdin(Stdio::null());
    Ok(command)
}

fn exported(text: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let begin = format!("export {name}=");
    text.lines().find_map(|line| line.strip_prefix(&begin)).map(str::to_owned)
}

/// A server process. It ends with this value.
struct Node {
    process: Child,
    endpoint: String,
    ca: PathBuf,
}

impl Node {
    async fn ready(&self) -> Result<(), Failure> {
        let client = Client::new(Facts::public(&self.endpoint, Some(self.ca.clone())))?;
        let until = stopwatch_micros().saturating_add(u64::try_from(PATIENCE.as_micros()).unwrap_or(u64::MAX));
        while stopwatch_micros() < until {
            if client.get("/readyz").await.is_ok_and(|answered| answered.status == 200) {
                return Ok(());
            }
            tokio::time::sleep(RETRY).await;
        }
        Err(Failure::new("a node of the drill does not get ready"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
