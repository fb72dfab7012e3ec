//! What a drill did and found, signed, for whoever was not there. docs/formats/report.md.

use crate::failure::Failure;
use crate::proof;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clock::Clock;
use crypto::SigningKey;
use serde_json::{Map, Value, json};
use std::path::Path;

pub(crate) const FORMAT: &str = "keyward-report/1";
const PAYLOAD_TYPE: &str = "application/vnd.keyward.report+json";
/// A longer file is no report.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Who signs, and the name under which auditors know the key.
pub(crate) struct Signer<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: &'a SigningKey,
}

impl Signer<'_> {
    /// The verifier line (C2SP signed-note).
    pub(crate) fn line(&self) -> String {
        ledger::verifier_line(self.name, &self.key.public())
    }
}

/// A report that is being written.
pub(crate) struct Report {
    told: Map<String, Value>,
    begun: u64,
    steps: Vec<Value>,
    counts: Map<String, Value>,
    measured: Map<String, Value>,
    passed: u64,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn new(kind: &str) -> Result<Self, Failure> {
        let mut told = Map::new();
        let binary = std::env::current_exe().and_then(std::fs::read).map_err(Failure::from_io)?;
        told.insert("format".to_owned(), FORMAT.into());
        told.insert("kind".to_owned(), kind.into());
        told.insert("version".to_owned(), format!("keyward {}", env!("CARGO_PKG_VERSION")).into());
        told.insert("binary_sha256".to_owned(), hex(&crypto::sha256(&binary)).into());
        told.insert("operator".to_owned(), format!("uid {}", rustix::process::getuid().as_raw()).into());
        told.insert("started".to_owned(), now().into());
        let (counts, measured) = (Map::new(), Map::new());
        let begun = clock::stopwatch_micros();
        Ok(Self { told, begun, steps: Vec::new(), counts, measured, passed: 0, failures: Vec::new() })
    }

    /// A fact about the whole: the site, its head.
    pub(crate) fn tell(&mut self, name: &str, value: impl Into<Value>) {
        self.told.insert(name.to_owned(), value.into());
    }

    pub(crate) fn count(&mut self, name: &str, count: u64) {
        self.counts.insert(name.to_owned(), count.into());
    }

    /// Seconds, or entries, as the name says.
    pub(crate) fn measure(&mut self, name: &str, value: impl Into<Value>) {
        self.measured.insert(name.to_owned(), value.into());
    }

    /// One thing that must be so.
    pub(crate) fn check(&mut self, name: &str, good: bool) {
        eprintln!("{} {name}", if good { "ok    " } else { "NOT OK" });
        match good {
            true => self.passed = self.passed.saturating_add(1),
            false => self.failures.push(name.to_owned()),
        }
    }

    /// A step has ended that began at `begun` of the stopwatch. Its seconds.
    pub(crate) fn step(&mut self, name: &str, begun: u64) -> f64 {
        let seconds = since(begun);
        self.steps.push(json!({ "name": name, "seconds": seconds }));
        seconds
    }

    /// What could not go on: a failure like any other, so that the report says so.
    pub(crate) fn broke_off(&mut self, why: &Failure) {
        self.check(&format!("it goes to its end: {why}"), false);
    }

    pub(crate) fn is_passed(&self) -> bool {
        self.failures.is_empty() && self.passed > 0
    }

    /// The text of the signed report.
    pub(crate) fn signed(mut self, signer: &Signer<'_>) -> Result<String, Failure> {
        let verdict = if self.is_passed() { "passed" } else { "failed" };
        self.tell("ended", now());
        self.tell("seconds", since(self.begun));
        let checks = json!({ "passed": self.passed, "failed": self.failures.len(), "skipped": 0 });
        for (name, value) in [
            ("steps", Value::Array(std::mem::take(&mut self.steps))),
            ("counts", Value::Object(std::mem::take(&mut self.counts))),
            ("measured", Value::Object(std::mem::take(&mut self.measured))),
            ("checks", checks),
            ("failures", self.failures.clone().into()),
            ("verdict", verdict.into()),
        ] {
            self.tell(name, value);
        }
        sign(self.told, signer)
    }
}

/// Wraps what was told, with who signs it.
fn sign(mut told: Map<String, Value>, signer: &Signer<'_>) -> Result<String, Failure> {
    told.insert("signer".to_owned(), signer.line().into());
    let payload = serde_json::to_vec(&told).map_err(Failure::from_display)?;
    let signature = signer.key.sign(&encoded(&payload));
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": STANDARD.encode(&payload),
        "signatures": [ { "keyid": signer.line(), "sig": STANDARD.encode(signature) } ],
    });
    serde_json::to_string_pretty(&envelope).map(|text| text + "\n").map_err(Failure::from_display)
}

/// Signs a report that a rig has written.
pub(crate) fn sign_text(text: &str, signer: &Signer<'_>) -> Result<String, Failure> {
    let wrong = || Failure::new(format!("this is no report of the format {FORMAT}"));
    let told: Value = serde_json::from_str(text).map_err(|_| wrong())?;
    match told {
        Value::Object(told) if told.get("format").and_then(Value::as_str) == Some(FORMAT) => sign(told, signer),
        _ => Err(wrong()),
    }
}

/// What a report says, once its signature holds; and the line of who signed it.
pub(crate) struct Verified {
    pub(crate) told: Value,
    pub(crate) signer: String,
}

/// Reads a file of a report and checks it: by the verifier that is named, else by the one that it names itself.
pub(crate) fn verify_file(path: &Path, named: Option<&str>) -> Result<Verified, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
    let length = std::fs::metadata(path).map_err(|why| failed(&why))?.len();
    if length > FILE_BYTES_MAX {
        return Err(failed(&"it is too long for a report"));
    }
    let text = std::fs::read(path).map_err(|why| failed(&why))?;
    verify(&text, named).map_err(|why| failed(&why))
}

fn verify(text: &[u8], named: Option<&str>) -> Result<Verified, Failure> {
    let envelope: Value = serde_json::from_slice(text).map_err(|why| match why.classify() {
        serde_json::error::Category::Eof => Failure::new("it was cut off"),
        _ => Failure::new("it is no report: it is not JSON"),
    })?;
    let member = |name: &str| envelope.get(name).and_then(Value::as_str);
    if member("payloadType") != Some(PAYLOAD_TYPE) {
        return Err(Failure::new("it is no signed report; rigs' reports are signed by `keyward drill sign`"));
    }
    let edited = || Failure::new("it was edited after it was signed, or was cut off");
    let payload = member("payload").and_then(|text| STANDARD.decode(text).ok()).ok_or_else(edited)?;
    let signature = match envelope.get("signatures").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) => only,
        _ => return Err(edited()),
    };
    let part = |name: &str| signature.get(name).and_then(Value::as_str).ok_or_else(edited);
    let (line, bytes) = (part("keyid")?, STANDARD.decode(part("sig")?).map_err(|_| edited())?);
    let (name, key) = proof::verifier(line).map_err(|_| edited())?;
    if let Some(named) = named.map(str::trim).filter(|named| *named != line) {
        let (wanted, _) = proof::verifier(named)?;
        return Err(Failure::new(format!("it was signed by {line} ({name}), and not by {wanted}, whom you named")));
    }
    let signature: [u8; 64] = bytes.try_into().map_err(|_| edited())?;
    if !key.verify(&encoded(&payload), &signature) {
        return Err(edited());
    }
    let told: Value = serde_json::from_slice(&payload).map_err(|_| Failure::new("its content cannot be read"))?;
    consistent(&told, line)?;
    Ok(Verified { told, signer: line.to_owned() })
}

/// A report says itself who signs it, and its verdict follows from its checks.
fn consistent(told: &Value, line: &str) -> Result<(), Failure> {
    let member = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    if member("format") != FORMAT {
        let found = member("format");
        return Err(Failure::new(format!(
            "its format is `{found}` and this release knows {FORMAT}; use a newer release"
        )));
    }
    if member("signer") != line {
        return Err(Failure::new("it names another signer within than without"));
    }
    let failed = told.pointer("/checks/failed").and_then(Value::as_u64);
    let listed = told.get("failures").and_then(Value::as_array).map(Vec::is_empty);
    match (member("verdict"), failed, listed) {
        ("passed", Some(0), Some(true)) | ("failed", ..) => Ok(()),
        _ => Err(Failure::new("its verdict does not follow from its checks")),
    }
}

/// What is signed: the pre-authentication encoding of DSSE v1.
fn encoded(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

pub(crate) fn since(begun: u64) -> f64 {
    seconds(clock::stopwatch_micros().saturating_sub(begun))
}

/// Seconds with milliseconds.
pub(crate) fn seconds(micros: u64) -> f64 {
    f64::from(u32::try_from(micros / 1_000).unwrap_or(u32::MAX)) / 1_000.0
}

fn now() -> String {
    Clock::system().now().wall.to_rfc3339()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const VECTOR: &str = include_str!("../../../docs/formats/vectors/report-v1.json");

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_seed(secret::Held::keep(&[byte; 32]).ok().unwrap()).ok().unwrap()
    }

    fn vector() -> (Value, String) {
        let all: Value = serde_json::from_str(VECTOR).unwrap();
        let text = serde_json::to_string(&all["report"]).unwrap();
        (all, text)
    }

    fn refused(text: &str, named: Option<&str>) -> String {
        verify(text.as_bytes(), named).err().unwrap().to_string()
    }

    #[test]
    fn the_vector_is_read_and_signed_as_the_document_says() {
        let (all, text) = vector();
        let line = all["verifier"].as_str().unwrap();
        let read = verify(text.as_bytes(), Some(line)).unwrap();
        assert_eq!((read.told["verdict"].as_str(), read.signer.as_str()), (Some("passed"), line));
        let key = key(1);
        let signer = Signer { name: "keyward.example/drills", key: &key };
        let told = read.told.as_object().unwrap().clone();
        let again: Value = serde_json::from_str(&sign(told, &signer).unwrap()).unwrap();
        assert!(verify(again.to_string().as_bytes(), Some(line)).is_ok());
        for refused in all["refused"].as_array().unwrap() {
            assert!(verify(refused["report"].to_string().as_bytes(), Some(line)).is_err(), "{}", refused["why"]);
        }
    }

    #[test]
    fn what_is_wrong_with_a_report_is_named() {
        let (all, text) = vector();
        let line = all["verifier"].as_str().unwrap();
        for cut in [1, text.len() / 2, text.len() - 1] {
            assert_eq!(refused(&text[..cut], None), "it was cut off");
        }
        assert_eq!(refused("keyward", None), "it is no report: it is not JSON");
        assert!(refused("{}", None).starts_with("it is no signed report"));
        let mut edited: Value = serde_json::from_str(&text).unwrap();
        let payload = STANDARD.decode(edited["payload"].as_str().unwrap()).unwrap();
        let payload = String::from_utf8(payload).unwrap().replace("passed", "failed");
        edited["payload"] = STANDARD.encode(payload).into();
        assert!(refused(&edited.to_string(), Some(line)).starts_with("it was edited"));
        let other = key(2);
        let other = ledger::verifier_line("keyward.example/other", &other.public());
        assert!(refused(&text, Some(&other)).contains("and not by keyward.example/other"));
        assert!(verify(text.as_bytes(), None).is_ok());
    }

    #[test]
    fn a_verdict_follows_from_the_checks() {
        let key = key(1);
        let signer = Signer { name: "keyward.example/drills", key: &key };
        let mut report = Report::new("drill-test").unwrap();
        report.check("one", true);
        let text = report.signed(&signer).unwrap();
        assert_eq!(verify(text.as_bytes(), None).unwrap().told["verdict"], "passed");
        let mut report = Report::new("drill-test").unwrap();
        report.check("one", true);
        report.check("two", false);
        let text = report.signed(&signer).unwrap();
        assert_eq!(verify(text.as_bytes(), None).unwrap().told["verdict"], "failed");
        let nothing = Report::new("drill-test").unwrap().signed(&signer).unwrap();
        assert_eq!(verify(nothing.as_bytes(), None).unwrap().told["verdict"], "failed");
        let lie = json!({ "format": FORMAT, "checks": { "failed": 1 }, "failures": ["x"], "verdict": "passed" });
        let lie = sign_text(&lie.to_string(), &signer).unwrap();
        assert_eq!(refused(&lie, None), "its verdict does not follow from its checks");
        assert!(sign_text("{}", &signer).is_err());
    }
}
