//! What an authenticated, authorised, recorded request costs, in units of a bare server that does the least that must be
//! done. It shares no code with the product.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod client;
mod compare;
mod google;
mod load;
mod measure;
mod primitive;
mod process;
mod product;
mod report;
mod sign;
mod yardstick;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Parser)]
#[command(about = "Measures a key server against a bare one")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The bare server: TLS, JSON, 64 bytes sealed, one durable line per request.
    Yardstick(YardstickArgs),
    /// A closed loop of signed requests over keep-alive connections.
    Load(Box<LoadArgs>),
    /// So many requests, and no more: to make a large site.
    Fill(Box<FillArgs>),
    /// Runs both servers in turns and prints ratios.
    Compare(CompareArgs),
}

#[derive(Args)]
pub(crate) struct YardstickArgs {
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Where the log, the certificate (`ca.pem`) and the URL (`url`) go.
    #[arg(long)]
    pub(crate) data: PathBuf,
}

#[derive(Args, Clone)]
pub(crate) struct LoadArgs {
    #[arg(long, env = "AWS_ENDPOINT_URL_KMS")]
    pub(crate) url: String,
    #[arg(long, env = "AWS_CA_BUNDLE")]
    pub(crate) ca: PathBuf,
    #[arg(long, env = "AWS_ACCESS_KEY_ID", default_value = "AKIDEXAMPLE")]
    pub(crate) access_key: String,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", default_value = "secret", hide_env_values = true)]
    pub(crate) secret: String,
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    pub(crate) region: String,
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
    #[arg(long, default_value_t = 10.0)]
    pub(crate) seconds: f64,
    #[arg(long, value_enum, default_value = "encrypt")]
    pub(crate) operation: load::Operation,
    #[arg(long, default_value = "alias/bench")]
    pub(crate) key_id: String,
    /// One key per line, instead of --key-id.
    #[arg(long)]
    pub(crate) keys_file: Option<PathBuf>,
    /// NAME=VALUE of the encryption context.
    #[arg(long)]
    pub(crate) context: Option<String>,
    /// The server's process, whose processor time is read.
    #[arg(long)]
    pub(crate) server_pid: Option<u32>,
}

/// A part of the comparison.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// Few keys, in the tongue of AWS.
    Few,
    /// Google's tongue, and what asymmetric keys cost.
    Google,
    /// As many keys as `--keys` says.
    Many,
}

#[derive(Args)]
pub(crate) struct FillArgs {
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// How many.
    #[arg(long)]
    pub(crate) requests: usize,
}

#[derive(Args)]
pub(crate) struct CompareArgs {
    /// The product's binary.
    #[arg(long, env = "KEYWARD_BINARY", default_value = "target/release/keyward")]
    pub(crate) product: PathBuf,
    /// How long each run lasts.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// How often each pair of runs is repeated; the median counts.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Where the figures go.
    #[arg(long, default_value = "target/bench.json")]
    pub(crate) json: PathBuf,
    /// How many keys are made, over the wire, before the product is started anew and measured with them; 0: not measured.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) keys: usize,
    /// What is measured.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Part::Few, Part::Google, Part::Many])]
    pub(crate) parts: Vec<Part>,
    /// A folder on the disk to be measured; the system's temporary folder may be in memory.
    #[arg(long, default_value = "target")]
    pub(crate) disk: PathBuf,
}

fn main() -> Outcome<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match cli.command {
        Command::Yardstick(args) => runtime.block_on(yardstick::run(args)),
        Command::Load(args) => runtime.block_on(load::run(*args)),
        Command::Fill(args) => runtime.block_on(load::fill(*args)),
        Command::Compare(args) => runtime.block_on(compare::run(args)),
    }
}
