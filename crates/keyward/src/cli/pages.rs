//! Completions and man pages, from the definitions of the commands.

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output;
use clap::{Args, CommandFactory};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct CompletionsArgs {
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct ManArgs {
    /// Made if it is not there.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "keyward", &mut text);
    output::write(&text)
}

pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.dir).map_err(Failure::from_io)?;
    clap_mangen::generate_to(Cli::command(), &args.dir).map_err(Failure::from_io)?;
    eprintln!("man pages are in {}", args.dir.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_shell_has_completions_and_every_command_a_page() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "keyward", &mut text);
            let text = String::from_utf8(text).unwrap();
            assert!(["encrypt", "undelete", "completions"].iter().all(|word| text.contains(word)), "{shell}");
        }
        let dir = tempfile::tempdir().unwrap();
        man(&ManArgs { dir: dir.path().into() }).unwrap();
        for page in ["keyward.1", "keyward-key-create.1", "keyward-policy-identity-put.1", "keyward-audit-verify.1"] {
            assert!(dir.path().join(page).exists(), "{page}");
        }
        let page = std::fs::read_to_string(dir.path().join("keyward-serve.1")).unwrap();
        assert!(page.contains("KEYWARD_ROOT_KEY"), "what stands for an option is told");
    }

    #[test]
    fn operators_are_told_of_every_variable_that_stands_for_an_option() {
        let told = include_str!("../../../../docs/operations.md");
        let mut commands = vec![Cli::command()];
        while let Some(command) = commands.pop() {
            for variable in command.get_arguments().filter_map(|option| option.get_env()?.to_str()) {
                assert!(told.contains(&format!("`{variable}`")), "{variable}");
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
