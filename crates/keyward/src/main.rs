//! Keyward: the key management service that an organisation owns. This binary wires the house together.

mod config;
mod dev;
mod failure;
mod init;
mod serve;
mod tls;
mod wiring;

pub(crate) use failure::Failure;

use clap::Parser;
use std::process::ExitCode;

/// What is freed is wiped: no plaintext outlives its request in memory that was given back.
#[global_allocator]
static ALLOCATOR: secret::WipingAllocator = secret::WipingAllocator;

#[derive(Parser)]
#[command(name = "keyward", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Dev(dev::DevArgs),
    Init(init::InitArgs),
    Serve(serve::ServeArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Dev(args) => dev::run(args).await,
        Command::Init(args) => init::run(args).await,
        Command::Serve(args) => serve::run(args).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(),
    }
}
