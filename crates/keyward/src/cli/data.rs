//! `keyward encrypt` and `keyward decrypt`: little data goes to the service as it is, more under a data key of its own.

use crate::cli::{Session, pair, pairs, story};
use crate::client::Trouble;
use crate::failure::Failure;
use crate::file::{self, FileFault, Header, MAGIC, Passage};
use crate::output::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use secret::Secret;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// From so many bytes on, data goes under a data key of its own.
const DIRECT_BYTES_MAX: usize = 4_096;
/// An envelope of more bytes is none of ours.
const ENVELOPE_BYTES_MAX: usize = 65_536 + 256;

#[derive(Args)]
pub(crate) struct EncryptArgs {
    /// The key, by NAME, RING/NAME, alias or id.
    key: String,
    #[command(flatten)]
    ends: Ends,
}

#[derive(Args)]
pub(crate) struct DecryptArgs {
    #[command(flatten)]
    ends: Ends,
    /// The key that you believe it is under. The ciphertext itself names it.
    #[arg(long)]
    key: Option<String>,
}

/// Where data comes from and goes to.
#[derive(Args)]
struct Ends {
    /// The file to read; standard input without.
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// The file to write, which appears only once it is whole; standard output without.
    #[arg(long = "out", value_name = "FILE")]
    output: Option<PathBuf>,
    /// What the ciphertext is bound to: the same must be named to open it. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
}

pub(crate) async fn encrypt(args: &EncryptArgs, session: &Session) -> Result<(), Failure> {
    if args.ends.output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::new("a ciphertext is not for a terminal: redirect it, or name a file with --out"));
    }
    let mut input = Input::open(args.ends.input.as_deref())?;
    let first = input.first(DIRECT_BYTES_MAX)?;
    let sealed = if first.len() < DIRECT_BYTES_MAX {
        encrypt_directly(args, session, &first).await
    } else {
        encrypt_file(args, session, first, input).await
    };
    match sealed {
        Ok((written, by)) => {
            eprintln!("{written} bytes, key {} v{}", name(&by), text(&by, "/version"));
            Ok(())
        }
        Err(trouble) => Err(story::told(session, trouble, Some(&args.key)).await),
    }
}

fn name(by: &Value) -> String {
    let path = text(by, "/path");
    if path.is_empty() { text(by, "/id") } else { path }
}

fn bytes(answer: &Value, member: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text(answer, member)).map_err(|_| Failure::new("the server's answer is not base64"))
}

async fn encrypt_directly(args: &EncryptArgs, session: &Session, plaintext: &[u8]) -> Result<(u64, Value), Trouble> {
    let body =
        json!({ "key": args.key, "plaintext": STANDARD.encode(plaintext), "context": pairs(&args.ends.context) });
    let answer = session.call("encrypt", &body).await?;
    let ciphertext = bytes(&answer, "/ciphertext")?;
    let mut output = Output::open(args.ends.output.as_deref())?;
    output.write_all(&ciphertext).map_err(Failure::from_io)?;
    output.finish()?;
    Ok((u64::try_from(ciphertext.len()).unwrap_or(0), answer.get("by").cloned().unwrap_or_default()))
}

async fn encrypt_file(
    args: &EncryptArgs,
    session: &Session,
    first: Vec<u8>,
    input: Input,
) -> Result<(u64, Value), Trouble> {
    let body = json!({ "key": args.key, "bytes": 32, "context": pairs(&args.ends.context) });
    let answer = session.call("generate-data-key", &body).await?;
    let data_key = Secret::new(bytes(&answer, "/plaintext")?);
    let header = Header::fresh(bytes(&answer, "/ciphertext")?).map_err(Failure::from_display)?;
    let written = pass(&args.ends, first, input, |passage| file::seal(&header, &data_key, passage))?;
    Ok((written, answer.get("by").cloned().unwrap_or_default()))
}

pub(crate) async fn decrypt(args: &DecryptArgs, session: &Session) -> Result<(), Failure> {
    let mut input = Input::open(args.ends.input.as_deref())?;
    let first = input.first(MAGIC.len())?;
    if first == MAGIC {
        decrypt_file(args, session, input).await
    } else {
        decrypt_directly(args, session, first, input).await
    }
}

async fn decrypt_directly(
    args: &DecryptArgs,
    session: &Session,
    first: Vec<u8>,
    mut input: Input,
) -> Result<(), Failure> {
    let mut ciphertext = first;
    ciphertext.extend(input.first(ENVELOPE_BYTES_MAX)?);
    if ciphertext.len() > ENVELOPE_BYTES_MAX || crypto::header(&ciphertext).is_none() {
        return Err(Failure::new("this is no ciphertext of Keyward"));
    }
    let plaintext = open_envelope(args, session, &ciphertext).await?;
    let mut output = Output::open(args.ends.output.as_deref())?;
    plaintext.expose(|bytes| output.write_all(bytes)).map_err(Failure::from_io)?;
    output.finish()
}

async fn decrypt_file(args: &DecryptArgs, session: &Session, mut input: Input) -> Result<(), Failure> {
    let header = Header::read(&mut input).map_err(Failure::from_display)?;
    let data_key = open_envelope(args, session, &header.wrapped).await?;
    pass(&args.ends, Vec::new(), input, |passage| file::open(&header, &data_key, passage))?;
    Ok(())
}

/// The ciphertext names its key; so a refusal can be explained without being told which it is.
async fn open_envelope(args: &DecryptArgs, session: &Session, envelope: &[u8]) -> Result<Secret, Failure> {
    let body = json!({
        "ciphertext": STANDARD.encode(envelope),
        "key": args.key,
        "context": pairs(&args.ends.context),
    });
    match session.call("decrypt", &body).await {
        Ok(answer) => Ok(Secret::new(bytes(&answer, "/plaintext")?)),
        Err(trouble) => {
            let named = crypto::header(envelope).map(|header| header.key.to_string());
            Err(story::told(session, trouble, args.key.as_deref().or(named.as_deref())).await)
        }
    }
}

/// Takes data from one end to the other in bounded memory. A named file appears only if all went well.
fn pass(
    ends: &Ends,
    first: Vec<u8>,
    mut input: Input,
    work: impl FnOnce(&mut Passage<'_>) -> Result<u64, FileFault>,
) -> Result<u64, Failure> {
    let bar = progress(input.len());
    let mut output = Output::open(ends.output.as_deref())?;
    let mut whole = io::Cursor::new(first).chain(&mut input);
    let progress = |read| bar.set_position(read);
    let written = work(&mut Passage { input: &mut whole, output: &mut output, progress: &progress });
    bar.finish_and_clear();
    let written = written.map_err(Failure::from_display)?;
    output.finish()?;
    Ok(written)
}

/// A bar on a terminal, nothing elsewhere.
fn progress(len: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match len {
        Some(len) => (ProgressBar::new(len), "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {bytes_per_sec}"),
    };
    let style = ProgressStyle::with_template(template);
    style.map_or_else(|_| ProgressBar::hidden(), |style| bar.with_style(style))
}

pub(crate) enum Input {
    Stdin(io::Stdin),
    File(File),
}

impl Input {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Self::Stdin(io::stdin())),
            Some(path) => {
                File::open(path).map(Self::File).map_err(|why| Failure::new(format!("{}: {why}", path.display())))
            }
        }
    }

    /// So many bytes, or what there is.
    pub(crate) fn first(&mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::with_capacity(limit);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        self.take(limit).read_to_end(&mut bytes).map_err(Failure::from_io)?;
        Ok(bytes)
    }

    fn len(&self) -> Option<u64> {
        match self {
            Self::Stdin(_) => None,
            Self::File(file) => file.metadata().ok().filter(std::fs::Metadata::is_file).map(|facts| facts.len()),
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stdin(stdin) => stdin.read(buffer),
            Self::File(file) => file.read(buffer),
        }
    }
}

pub(crate) enum Output {
    Stdout(io::Stdout),
    /// Written beside its place, and moved there once it is whole.
    File {
        fresh: tempfile::NamedTempFile,
        place: PathBuf,
    },
}

impl Output {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(place) = path.filter(|path| *path != Path::new("-")) else { return Ok(Self::Stdout(io::stdout())) };
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let fresh = tempfile::Builder::new().prefix(".keyward-").tempfile_in(folder);
        let fresh = fresh.map_err(|why| Failure::new(format!("{}: {why}", folder.display())))?;
        Ok(Self::File { fresh, place: place.to_owned() })
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().map_err(Failure::from_io),
            Self::File { fresh, place } => {
                fresh.as_file().sync_all().map_err(Failure::from_io)?;
                fresh.persist(&place).map_err(|why| Failure::new(format!("{}: {why}", place.display())))?;
                Ok(())
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File { fresh, .. } => fresh.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File { fresh, .. } => fresh.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_file_appears_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("plain");
        let count = || std::fs::read_dir(dir.path()).unwrap().count();
        let mut output = Output::open(Some(&place)).unwrap();
        output.write_all(b"half").unwrap();
        assert!(!place.exists() && count() == 1);
        drop(output);
        assert_eq!(count(), 0);
        let mut output = Output::open(Some(&place)).unwrap();
        output.write_all(b"whole").unwrap();
        output.finish().unwrap();
        assert_eq!((std::fs::read(&place).unwrap(), count()), (b"whole".to_vec(), 1));
    }
}
