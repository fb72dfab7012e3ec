//! `keyward env`: what other tools need, as lines that a shell evaluates.

use crate::client::{At, Facts};
use crate::failure::Failure;
use crate::output;
use clap::{Args, ValueEnum};

#[derive(Args)]
pub(crate) struct EnvArgs {
    /// The plaintext address of a development server: for tools that cannot be given a CA file.
    #[arg(long)]
    plain: bool,
    /// In whose language.
    #[arg(long, value_enum, default_value_t)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Shell {
    #[default]
    Sh,
    Fish,
    Powershell,
}

pub(crate) fn run(args: &EnvArgs, at: &At) -> Result<(), Failure> {
    // Printing an address that was printed before helps nobody: a stale environment is not asked.
    let facts = at.recorded()?;
    let lines: String =
        variables(&facts, args.plain)?.iter().map(|(name, value)| args.shell.line(name, value.as_deref())).collect();
    output::write(lines.as_bytes())
}

/// Names and values; no value unsets. A site that keeps no access key here says nothing of one.
fn variables(facts: &Facts, plain: bool) -> Result<Vec<(&'static str, Option<String>)>, Failure> {
    let plain_endpoint = facts.file.as_ref().and_then(|file| file.plain_endpoint.clone());
    let endpoint = match (plain, plain_endpoint) {
        (false, _) => facts.endpoint.clone(),
        (true, Some(endpoint)) => endpoint,
        (true, None) => return Err(Failure::new("this server speaks no plaintext")),
    };
    let ca = facts.ca_file.as_ref().filter(|_| !plain).map(|path| path.display().to_string());
    let mut variables = vec![
        ("AWS_ENDPOINT_URL_KMS", Some(endpoint.clone())),
        ("AWS_ENDPOINT_URL_STS", Some(endpoint.clone())),
        ("AWS_CA_BUNDLE", ca.clone()),
        ("AWS_REGION", Some(facts.region.clone())),
        ("AWS_DEFAULT_REGION", Some(facts.region.clone())),
        ("KEYWARD_ADDR", Some(endpoint)),
        ("KEYWARD_CA_FILE", ca),
    ];
    if let Some((id, secret)) = facts.credential() {
        let secret = secret.expose(|bytes| String::from_utf8_lossy(bytes).into_owned());
        variables.extend([
            ("AWS_ACCESS_KEY_ID", Some(id.to_owned())),
            ("AWS_SECRET_ACCESS_KEY", Some(secret)),
            ("AWS_SESSION_TOKEN", None),
        ]);
    }
    Ok(variables)
}

impl Shell {
    pub(crate) fn line(self, name: &str, value: Option<&str>) -> String {
        match (self, value) {
            (Self::Sh, Some(value)) => format!("export {name}={}\n", quoted(value, "'\\''")),
            (Self::Sh, None) => format!("unset {name}\n"),
            (Self::Fish, Some(value)) => format!("set -gx {name} {};\n", quoted(&value.replace('\\', "\\\\"), "\\'")),
            (Self::Fish, None) => format!("set -e {name};\n"),
            (Self::Powershell, Some(value)) => format!("$env:{name} = {}\n", quoted(value, "''")),
            (Self::Powershell, None) => format!("Remove-Item Env:{name} -ErrorAction SilentlyContinue\n"),
        }
    }
}

/// In single quotes; `quote` is how one stands inside.
fn quoted(value: &str, quote: &str) -> String {
    format!("'{}'", value.replace('\'', quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_quotes() {
        let value = Some("a'b\\c $(d)");
        assert_eq!(Shell::Sh.line("X", value), "export X='a'\\''b\\c $(d)'\n");
        assert_eq!(Shell::Fish.line("X", value), "set -gx X 'a\\'b\\\\c $(d)';\n");
        assert_eq!(Shell::Powershell.line("X", value), "$env:X = 'a''b\\c $(d)'\n");
        assert_eq!(Shell::Sh.line("X", None), "unset X\n");
    }
}
