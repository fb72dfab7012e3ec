//! Keyward: the key management service that an organisation owns. This binary wires the house together.

mod certificate;
mod cli;
mod client;
mod config;
mod dev;
mod drill;
mod failure;
mod file;
mod init;
mod key_file;
mod output;
mod place;
mod proof;
mod report;
mod serve;
mod tls;
mod verify;
mod wiring;
mod witness;

pub(crate) use failure::Failure;

use clap::Parser;
use std::process::ExitCode;

/// What is freed is wiped: no plaintext outlives its request in memory that was given back.
#[global_allocator]
static ALLOCATOR: secret::WipingAllocator = secret::WipingAllocator;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return cli::told(&told),
    };
    match cli::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(),
    }
}
