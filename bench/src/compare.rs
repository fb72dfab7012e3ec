//! Both servers in turns, A B A B, so that the machine's moods fall on both.

mod google;

use crate::client::Client;
use crate::load::{self, Operation};
use crate::measure::{Measured, median};
use crate::primitive::{self, Primitive};
use crate::process::{Server, folder, processor_time, resident_bytes};
use crate::product::{self, Product};
use crate::report::{Goal, Report};
use crate::{CompareArgs, LoadArgs, Outcome, Part};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
const MIB: f64 = 1_048_576.0;
/// Keys of the working set that is compared with ten keys.
const WORKING_SET: usize = 10_000;
const STATEMENTS_ELSEWHERE: usize = 1_000;
/// Keys made each second while the load runs.
const CREATED_PER_SECOND: u32 = 50;

/// One thing to measure.
#[derive(Clone)]
struct Trial {
    name: String,
    work: Work,
}

#[derive(Clone)]
enum Work {
    /// The tongue of AWS, which the yardstick speaks too.
    Aws(LoadArgs, Arc<[String]>),
    /// One key by one of Google's protocols.
    Google(google::Asked),
    /// The library with nothing around it.
    Alone(Primitive),
}

impl Trial {
    fn new(name: &str, args: &LoadArgs, keys: &[String]) -> Self {
        Self { name: name.to_owned(), work: Work::Aws(args.clone(), keys.into()) }
    }

    fn with(mut self, set: impl FnOnce(&mut LoadArgs)) -> Self {
        if let Work::Aws(args, _) = &mut self.work {
            set(args);
        }
        self
    }

    fn operation(self, operation: Operation) -> Self {
        self.with(|args| args.operation = operation)
    }

    fn connections(self, connections: usize) -> Self {
        self.with(|args| args.connections = connections)
    }

    fn context(self, context: &str) -> Self {
        self.with(|args| args.context = Some(context.to_owned()))
    }

    async fn run(&self, seconds: f64) -> Outcome<Measured> {
        match &self.work {
            Work::Aws(args, keys) => load::drive(&LoadArgs { seconds, ..args.clone() }, Arc::clone(keys)).await,
            Work::Google(asked) => asked.drive(seconds).await,
            Work::Alone(primitive) => Ok(primitive::measure(primitive)),
        }
    }
}

struct Bench {
    args: CompareArgs,
    report: Report,
    yardstick: Trial,
    _yardstick_server: Server,
    folders: Vec<PathBuf>,
}

pub(crate) async fn run(args: CompareArgs) -> Outcome<()> {
    let mut bench = Bench::start(args).await?;
    let outcome = bench.all().await;
    for folder in &bench.folders {
        let _best_effort = std::fs::remove_dir_all(folder);
    }
    outcome?;
    if bench.report.finish(&bench.args.json)? { Ok(()) } else { Err("a figure was missed, or a request failed".into()) }
}

impl Bench {
    async fn start(args: CompareArgs) -> Outcome<Self> {
        let data = folder(&args.disk, "yardstick")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("yardstick").arg("--data").arg(&data).stdout(Stdio::null());
        let server = Server::start(&mut command)?;
        let url = wait_for(&data.join("url")).await?;
        let load = LoadArgs {
            url,
            ca: data.join("ca.pem"),
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            region: "us-east-1".to_owned(),
            connections: CONNECTIONS,
            seconds: args.seconds,
            operation: Operation::Encrypt,
            key_id: String::new(),
            keys_file: None,
            context: None,
            server_pid: Some(server.pid()),
        };
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab".to_owned();
        let yardstick = Trial::new("yardstick", &load, &[key]);
        Ok(Self { args, report: Report::default(), yardstick, _yardstick_server: server, folders: vec![data] })
    }

    async fn all(&mut self) -> Outcome<()> {
        if !self.args.product.exists() {
            let yardstick = self.yardstick.clone();
            let alone = self.measure(&[yardstick]).await?;
            self.report.figure("yardstick: processor time per request", first(&alone).processor_us, "us", Goal::None);
            self.report.skip(format!("the product: {} is not there", self.args.product.display()));
            return Ok(());
        }
        for part in self.args.parts.clone() {
            match part {
                Part::Few => self.few_keys().await?,
                Part::Google => self.google().await?,
                Part::Many => self.many_keys().await?,
            }
        }
        Ok(())
    }

    /// Runs all trials in turns, `rounds` times, and keeps the median of each.
    async fn measure(&mut self, trials: &[Trial]) -> Outcome<Vec<Measured>> {
        let mut runs = vec![Vec::new(); trials.len()];
        for _ in 0..self.args.rounds.max(1) {
            for (trial, runs) in trials.iter().zip(&mut runs) {
                runs.push(trial.run(self.args.seconds).await?);
            }
        }
        let medians: Vec<_> = runs.into_iter().map(median).collect();
        for (trial, measured) in trials.iter().zip(&medians) {
            self.report.run(trial.name.clone(), measured);
        }
        Ok(medians)
    }

    async fn few_keys(&mut self) -> Outcome<()> {
        let data = folder(&self.args.disk, "few")?;
        self.folders.push(data.clone());
        let product = Product::start(&self.args.product, &data).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let idle = resident_bytes(product.pid())? as f64 / MIB;
        self.report.figure("idle memory", idle, "MiB", Goal::AtMost(24.0));
        self.report.figure("start", product.started_in.as_secs_f64(), "s", Goal::AtMost(1.0));
        let mut client = product.client().await?;
        let key = product::create_key(&mut client).await?;
        self.remembered(&product, &key).await?;
        self.connections(&product, &key).await?;
        self.changes(&product, &mut client).await?;
        let conditional = product::create_conditional_key(&mut client).await?;
        product::create_statements_elsewhere(&mut client, STATEMENTS_ELSEWHERE).await?;
        self.not_remembered(&product, &conditional).await
    }

    async fn remembered(&mut self, product: &Product, key: &String) -> Outcome<()> {
        let trial = |name| Trial::new(name, &product.args, std::slice::from_ref(key));
        let trials = [
            self.yardstick.clone(),
            trial("encrypt, remembered decision"),
            trial("decrypt, remembered decision").operation(Operation::Decrypt),
        ];
        let [bare, encrypt, decrypt] = three(self.measure(&trials).await?)?;
        for (name, one) in [("Encrypt", encrypt), ("Decrypt", decrypt)] {
            let ratio = one.processor_us / bare.processor_us;
            self.report.figure(format!("{name}: processor time, yardsticks"), ratio, "x", Goal::AtMost(1.5));
            let ratio = one.per_second / bare.per_second;
            self.report.figure(format!("{name}: throughput, yardsticks"), ratio, "x", Goal::AtLeast(0.6));
            let ratio = f64::from(one.p99_us) / f64::from(bare.p99_us.max(1));
            self.report.figure(format!("{name}: p99, yardsticks"), ratio, "x", Goal::AtMost(3.0));
        }
        self.report.figure("yardstick: processor time per request", bare.processor_us, "us", Goal::None);
        Ok(())
    }

    async fn connections(&mut self, product: &Product, key: &String) -> Outcome<()> {
        let trials = [16, 64, 256].map(|count| {
            Trial::new(&format!("encrypt, {count} connections"), &product.args, std::slice::from_ref(key))
                .connections(count)
        });
        let runs = self.measure(&trials).await?;
        let times = || runs.iter().map(|run| run.processor_us);
        let spread = times().fold(0.0, f64::max) / times().fold(f64::INFINITY, f64::min);
        self.report.figure("processor time from 16 to 256 connections: most / least", spread, "x", Goal::AtMost(1.2));
        Ok(())
    }

    /// Each connection changes a key of its own.
    async fn changes(&mut self, product: &Product, client: &mut Client) -> Outcome<()> {
        let mut keys = Vec::new();
        for _ in 0..CONNECTIONS {
            keys.push(product::create_key(client).await?);
        }
        let change = Trial::new("tag a key", &product.args, &keys).operation(Operation::TagResource);
        let runs = self.measure(&[self.yardstick.clone(), change]).await?;
        let ratio = last(&runs).processor_us / first(&runs).processor_us;
        self.report.figure("A change: processor time, yardsticks", ratio, "x", Goal::AtMost(4.0));
        Ok(())
    }

    async fn not_remembered(&mut self, product: &Product, key: &String) -> Outcome<()> {
        let trial = |name| Trial::new(name, &product.args, std::slice::from_ref(key)).context("purpose=bench");
        let trials = [
            self.yardstick.clone(),
            trial("encrypt, condition on the context"),
            trial("decrypt, condition on the context").operation(Operation::Decrypt),
        ];
        let [bare, encrypt, decrypt] = three(self.measure(&trials).await?)?;
        for (name, one) in [("Encrypt", encrypt), ("Decrypt", decrypt)] {
            let name = format!("{name}, not remembered: processor time, yardsticks");
            self.report.figure(name, one.processor_us / bare.processor_us, "x", Goal::AtMost(2.5));
        }
        Ok(())
    }

    async fn many_keys(&mut self) -> Outcome<()> {
        if self.args.keys < WORKING_SET {
            self.report.skip(format!("many keys: {} are fewer than a working set", self.args.keys));
            return Ok(());
        }
        let data = folder(&self.args.disk, "many")?;
        self.folders.push(data.clone());
        self.seed(&data).await?;
        let product = Product::start(&self.args.product, &data).await?;
        self.report.figure("start with many keys", product.started_in.as_secs_f64(), "s", Goal::AtMost(0.5));
        let keys = product::list_keys(&mut product.client().await?, WORKING_SET).await?;
        if keys.len() < WORKING_SET {
            return Err(format!("only {} keys are listed after seeding", keys.len()).into());
        }
        self.cold(&product, &keys).await?;
        self.working_set(&product, &keys).await
    }

    /// Makes the keys by as many connections as the load has, as any client would. The product then ends, so that what
    /// is measured has nothing in memory.
    async fn seed(&mut self, data: &Path) -> Outcome<()> {
        let product = Product::start(&self.args.product, data).await?;
        let (left, begun) = (Arc::new(AtomicUsize::new(self.args.keys)), Instant::now());
        let before = processor_time(product.pid())?;
        let mut makers = Vec::new();
        for _ in 0..CONNECTIONS {
            makers.push(tokio::spawn(create_until_none_is_left(product.client().await?, Arc::clone(&left))));
        }
        while !makers.iter().all(|maker| maker.is_finished()) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            eprint!("\r{} keys to be made ", left.load(Ordering::Relaxed));
        }
        eprintln!();
        for maker in makers {
            maker.await??;
        }
        let spent = processor_time(product.pid())?.saturating_sub(before).as_secs_f64();
        let keys = self.args.keys as f64;
        self.report.figure("CreateKey: per second", keys / begun.elapsed().as_secs_f64(), "/s", Goal::None);
        self.report.figure("CreateKey: processor time", spent * 1e6 / keys, "us", Goal::None);
        Ok(())
    }

    /// Each key once, by one client after another: none is in memory yet.
    async fn cold(&mut self, product: &Product, keys: &[String]) -> Outcome<()> {
        let mut client = product.client().await?;
        let before = processor_time(product.pid())?;
        for key in keys {
            client.must("Encrypt", &format!("{{\"KeyId\":\"{key}\",\"Plaintext\":\"cA==\"}}")).await?;
        }
        let spent = processor_time(product.pid())?.saturating_sub(before);
        let each = spent.as_secs_f64() * 1e6 / keys.len() as f64;
        self.report.figure("Encrypt with a cold key, one at a time: processor time", each, "us", Goal::None);
        Ok(())
    }

    async fn working_set(&mut self, product: &Product, keys: &[String]) -> Outcome<()> {
        let few = keys.get(..10).unwrap_or_default();
        let trials = [
            Trial::new("encrypt, 10 keys of many", &product.args, few),
            Trial::new("encrypt, 10,000 keys of many", &product.args, keys),
        ];
        let quiet = self.measure(&trials).await?;
        let creating = tokio::spawn(create_steadily(product.client().await?));
        let busy_trials = trials.map(|trial| Trial { name: format!("{}, while keys are made", trial.name), ..trial });
        let busy = self.measure(&busy_trials).await?;
        if creating.is_finished() {
            creating.await??;
        } else {
            creating.abort();
        }
        for (name, runs) in [("", &quiet), (" while 50 keys a second are made", &busy)] {
            let ratio = last(runs).processor_us / first(runs).processor_us;
            self.report.figure(format!("Encrypt over 10,000 keys / over 10{name}"), ratio, "x", Goal::AtMost(1.2));
        }
        let ratio = first(&busy).processor_us / first(&quiet).processor_us;
        self.report.figure("Encrypt while 50 keys a second are made / without", ratio, "x", Goal::None);
        Ok(())
    }
}

async fn create_until_none_is_left(mut client: Client, left: Arc<AtomicUsize>) -> Outcome<()> {
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        product::create_key(&mut client).await?;
    }
    Ok(())
}

async fn create_steadily(mut client: Client) -> Outcome<()> {
    let mut beat = tokio::time::interval(Duration::from_secs(1) / CREATED_PER_SECOND);
    loop {
        beat.tick().await;
        product::create_key(&mut client).await?;
    }
}

fn first(runs: &[Measured]) -> Measured {
    runs.first().cloned().unwrap_or_default()
}

fn last(runs: &[Measured]) -> Measured {
    runs.last().cloned().unwrap_or_default()
}

fn three(runs: Vec<Measured>) -> Outcome<[Measured; 3]> {
    runs.try_into().map_err(|_wrong| "three trials have three outcomes".into())
}

async fn wait_for(file: &Path) -> Outcome<String> {
    for _ in 0..200 {
        if let Ok(text) = std::fs::read_to_string(file)
            && !text.is_empty()
        {
            return Ok(text);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("{} did not appear", file.display()).into())
}
