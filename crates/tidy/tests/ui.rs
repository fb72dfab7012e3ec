//! Code that must not compile. The first line of each file names the error code that must come; the compiler's
//! prose is nobody's business here. A control that compiles shows that the others fail for their own reason.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};
use std::process::Command;

const CONTROL: &str = "tests/ui/control.rs";

/// Compiles against the rooms as they were built for this very test: no build system, no network.
struct Compiler {
    /// Where the build put the libraries.
    libraries: PathBuf,
    /// This crate's own, which hands on all rooms.
    rooms: PathBuf,
    out: tempfile::TempDir,
}

impl Compiler {
    /// Of several builds of the same crate, the newest that the control compiles with.
    fn find() -> Self {
        let libraries = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let candidates = read_dir(&libraries).unwrap().map(|entry| entry.unwrap().path()).filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("libtidy-") && name.ends_with(".rlib")
        });
        let mut candidates: Vec<PathBuf> = candidates.collect();
        candidates.sort_by_key(|path| std::cmp::Reverse(path.metadata().unwrap().modified().unwrap()));
        let mut said = String::new();
        for rooms in candidates {
            let compiler = Self { libraries: libraries.clone(), rooms, out: tempfile::tempdir().unwrap() };
            let (codes, prose) = compiler.codes(Path::new(CONTROL));
            if codes.is_empty() {
                return compiler;
            }
            said = prose;
        }
        panic!("the control does not compile:\n{said}");
    }

    /// The codes of the errors, and all that was said. An error without a code is `?`.
    fn codes(&self, file: &Path) -> (BTreeSet<String>, String) {
        let source = self.out.path().join(file.file_name().unwrap());
        let text = format!("#![allow(unused)]\nuse tidy::rooms::*;\n{}", read_to_string(file).unwrap());
        std::fs::write(&source, text).unwrap();
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(compiler);
        command.args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--error-format=json", "--out-dir"]);
        command.arg(self.out.path()).arg("-L").arg(format!("dependency={}", self.libraries.display()));
        command.arg("--extern").arg(format!("tidy={}", self.rooms.display())).arg(&source);
        let output = command.output().unwrap();
        let prose = String::from_utf8_lossy(&output.stderr).into_owned();
        (prose.lines().filter_map(code).collect(), prose.lines().filter_map(rendered).collect())
    }
}

fn code(line: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let summary = message["message"].as_str()?.starts_with("aborting due to");
    if message["level"] != "error" || summary {
        return None;
    }
    Some(message["code"]["code"].as_str().unwrap_or("?").to_owned())
}

fn rendered(line: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    message["rendered"].as_str().map(str::to_owned)
}

#[test]
fn mistakes_do_not_compile() {
    let compiler = Compiler::find();
    let mut wrong = Vec::new();
    for file in mistakes() {
        let text = read_to_string(&file).unwrap();
        let meant = text.lines().next().unwrap().trim_start_matches("// ").to_owned();
        let (codes, prose) = compiler.codes(&file);
        if codes != BTreeSet::from([meant.clone()]) {
            wrong.push(format!("{}: meant {meant}, got {codes:?}\n{prose}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn mistakes() -> Vec<PathBuf> {
    let files = read_dir("tests/ui").unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file != Path::new(CONTROL)).collect();
    files.sort();
    assert!(files.len() > 20, "the mistakes are gone");
    files
}
