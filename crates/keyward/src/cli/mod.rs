//! The command line: one definition for parsing, help, completions and man pages. Commands translate; the server
//! decides.

mod anchor;
mod audit;
pub(crate) mod backup;
mod clock;
mod data;
mod doctor;
mod env;
mod google;
mod import;
mod key;
mod life;
pub(crate) mod migrate;
pub(crate) mod offline;
mod pages;
mod policy;
mod principal;
mod recover;
mod root;
mod shapes;
mod show;
mod sign;
mod site;
mod spelled;
mod story;

use crate::client::{At, Client, Trouble};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{dev, drill, init, serve, wiring, witness};
use clap::{Parser, Subcommand};
use serde_json::Value;
use spelled::{days, pair};
use std::process::ExitCode;

/// The key management service that you own. Exit codes: 0 ok, 1 failure, 2 sealed, 3 denied, 4 awaiting approval.
#[derive(Parser)]
#[command(name = "keyward", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    at: At,
    /// How data is printed.
    #[arg(short = 'o', long = "output", value_enum, default_value_t, global = true, value_name = "FORM")]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Dev(dev::DevArgs),
    Init(init::InitArgs),
    Serve(serve::ServeArgs),
    Witness(witness::WitnessArgs),
    /// Print what other tools need in their environment: `eval "$(keyward env)"`.
    Env(env::EnvArgs),
    /// Show how the server is.
    Status,
    /// Check the server, the connection and the files, one by one.
    Doctor,
    /// Say who you are to the server.
    Whoami,
    /// Make, show and change keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Make a fresh version the one that protects: short for `key rotate`.
    Rotate(key::WholeKey),
    /// Stop all use of a key: short for `key disable`.
    Disable(key::OneKey),
    /// Let a disabled key be used again: short for `key enable`.
    Enable(key::OneKey),
    /// Protect a file or standard input.
    Encrypt(data::EncryptArgs),
    /// Open what `encrypt` has protected.
    Decrypt(data::DecryptArgs),
    /// Sign a file or standard input.
    Sign(sign::SignArgs),
    /// Check a signature.
    Verify(sign::VerifyArgs),
    /// Make a message authentication code of a file or standard input.
    Mac(sign::MacArgs),
    /// Check a message authentication code.
    VerifyMac(sign::VerifyMacArgs),
    /// Read the log, and check it.
    Audit(Box<audit::AuditArgs>),
    /// What remembers the log's newest head outside its store.
    #[command(subcommand)]
    Anchor(anchor::AnchorCommand),
    /// The site in one file, sealed to its recovery key.
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Believe a store that its anchor does not, with the recovery key.
    #[command(subcommand)]
    Recover(recover::RecoverCommand),
    /// The key above all others, and another in its place.
    #[command(subcommand)]
    Root(root::RootCommand),
    /// Rehearse a disaster on a private copy, and write a signed report.
    #[command(subcommand)]
    Drill(drill::DrillCommand),
    /// Check the signed report of a drill or a rig: needs no server and no key.
    VerifyReport(drill::VerifyReportArgs),
    /// People and services, their roles and access keys.
    #[command(subcommand)]
    Principal(principal::PrincipalCommand),
    /// What gcloud and the client libraries of Google Cloud need.
    #[command(subcommand)]
    Google(google::GoogleCommand),
    /// Who may do what, and why.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Where the site keeps its log.
    #[command(subcommand)]
    Store(migrate::StoreCommand),
    /// Tenants of the site.
    #[command(subcommand)]
    Tenant(site::TenantCommand),
    /// The site's settings.
    #[command(subcommand)]
    Settings(site::SettingsCommand),
    /// Wall and steady time, and whether they agree.
    #[command(subcommand)]
    Clock(clock::ClockCommand),
    /// Print completions for a shell.
    Completions(pages::CompletionsArgs),
    /// Write the man pages into a directory.
    Man(pages::ManArgs),
}

/// Help was asked for, or what was asked makes no sense. The parser's own exit code would mean "sealed".
pub(crate) fn told(error: &clap::Error) -> ExitCode {
    // Nobody is left to be told that this failed.
    let _ = error.print();
    ExitCode::from(u8::from(error.use_stderr()))
}

/// Does what was asked.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { at, format, command } = cli;
    match command {
        Command::Dev(args) => dev::run(args).await,
        Command::Init(args) => init::run(args).await,
        Command::Witness(args) => witness::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Env(args) => env::run(&args, &at),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args),
        Command::Store(command) => migrate::run(command),
        Command::Google(command) => google::run(command, &at, format).await,
        Command::Doctor => doctor::run(&at, format).await,
        Command::Audit(args) => audit::run(*args, &at, format).await,
        Command::Anchor(command) => anchor::run(&command, &at, format),
        Command::Backup(command) => backup::run(command, &at, format).await,
        Command::Recover(command) => recover::run(command, &at).await,
        Command::Drill(command) => drill::run(command, &at, format).await,
        Command::VerifyReport(args) => drill::verify(&args, format),
        Command::Root(command) => root::run(&command, &at, format).await,
        other => ask(other, &Session::open(&at, format)?).await,
    }
}

async fn ask(command: Command, session: &Session) -> Result<(), Failure> {
    match command {
        Command::Status => session.show("get-status", &serde_json::json!({}), output::fields).await,
        Command::Whoami => session.show("who-am-i", &serde_json::json!({}), show::caller).await,
        Command::Key(command) => key::run(command, session).await,
        Command::Rotate(args) => life::rotate(&args, session).await,
        Command::Disable(args) => life::disable(&args, session).await,
        Command::Enable(args) => life::enable(&args, session).await,
        Command::Encrypt(args) => data::encrypt(&args, session).await,
        Command::Decrypt(args) => data::decrypt(&args, session).await,
        Command::Sign(args) => sign::sign(&args, session).await,
        Command::Verify(args) => sign::verify(&args, session).await,
        Command::Mac(args) => sign::mac(&args, session).await,
        Command::VerifyMac(args) => sign::verify_mac(&args, session).await,
        Command::Principal(command) => principal::run(command, session).await,
        Command::Policy(command) => policy::run(command, session).await,
        Command::Tenant(command) => site::tenant(command, session).await,
        Command::Settings(command) => site::settings(command, session).await,
        Command::Clock(command) => clock::run(command, session).await,
        // All others need no session.
        _ => Ok(()),
    }
}

/// A server, and how its answers are printed.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) format: Format,
}

impl Session {
    pub(crate) fn open(at: &At, format: Format) -> Result<Self, Failure> {
        wiring::protect();
        Ok(Self { client: Client::new(at.facts()?)?, format })
    }

    pub(crate) async fn call(&self, operation: &str, body: &Value) -> Result<Value, Trouble> {
        self.client.call(operation, body).await
    }

    /// Asks, and prints the answer.
    pub(crate) async fn show(
        &self,
        operation: &str,
        body: &Value,
        table: impl FnOnce(&Value) -> String,
    ) -> Result<(), Failure> {
        let answer = self.call(operation, body).await?;
        output::print(self.format, &answer, table)
    }

    /// Asks; an answer without content is told in words.
    pub(crate) async fn done(&self, operation: &str, body: &Value, said: &str) -> Result<(), Failure> {
        let answer = self.call(operation, body).await?;
        eprintln!("{said}");
        match self.format {
            Format::Table => Ok(()),
            form => output::print(form, &answer, |_| String::new()),
        }
    }
}

/// An object of such pairs; nothing where there are none.
pub(crate) fn pairs(pairs: &[(String, String)]) -> Option<Value> {
    let object = pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    (!pairs.is_empty()).then_some(Value::Object(object))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
