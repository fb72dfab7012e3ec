//! Brings the log's newest checkpoint to its witnesses, and keeps what they cosign.

use crate::client::{Client, Facts};
use crate::config;
use crate::failure::Failure;
use crate::place::{Place, Seen};
use crypto::VerifyingKey;
use ledger::StoredCheckpoint;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often witnesses are told of a log that moves.
const PERIOD: Duration = Duration::from_secs(5);
/// How often, and how many times, it is looked whether another node's checkpoint is confirmed.
const CONFIRMED_LOOK: Duration = Duration::from_millis(250);
const CONFIRMED_LOOKS_MAX: u32 = 20;

/// A witness to be told: `URL,LINE`.
#[derive(Clone)]
pub(crate) struct WitnessAt {
    url: String,
    name: String,
    key: VerifyingKey,
}

/// Reads `URL,LINE`, the line as the witness prints it.
pub(crate) fn witness_at(text: &str) -> Result<WitnessAt, String> {
    let shape = || "a witness is URL,LINE: the line is what `keyward witness` prints".to_owned();
    let (url, line) = text.split_once(',').ok_or_else(shape)?;
    let (name, key) = ledger::read_cosigner_line(line).ok_or_else(shape)?;
    Ok(WitnessAt { url: url.to_owned(), name, key })
}

/// Whose checkpoints witnesses are told of, and where what they cosign is kept; without a data directory nowhere here.
pub(crate) struct Told {
    pub(crate) place: Place,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
    /// Knows how much of the log will stay: a witness never forgets what it cosigned.
    pub(crate) path: Arc<path::Path>,
}

/// The log of a store that is only read.
struct Log<'a> {
    seen: Seen,
    origin: String,
    folder: Option<&'a Path>,
}

/// Tells witnesses of each new checkpoint, for as long as the server runs. One that does not answer keeps nobody waiting.
pub(crate) async fn run(told: Told, witnesses: Vec<WitnessAt>) {
    let told = Arc::new(told);
    let tasks = witnesses.into_iter().map(|witness| tokio::spawn(follow(Arc::clone(&told), witness)));
    for task in tasks.collect::<Vec<_>>() {
        let _ = task.await;
    }
}

async fn follow(told: Arc<Told>, witness: WitnessAt) {
    let (mut cosigned, mut silent) = (0, false);
    loop {
        match tell(&told, &witness, cosigned).await {
            Ok(size) => (cosigned, silent) = (size, false),
            Err(why) if !silent => {
                tracing::error!(witness = %witness.name, %why, "the newest checkpoint was not cosigned");
                silent = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(PERIOD).await;
    }
}

async fn tell(told: &Told, witness: &WitnessAt, cosigned: u64) -> Result<u64, Failure> {
    let log = Log::open(told)?;
    let newest = log.seen.reader.newest_checkpoint().map_err(|fault| Failure::new(fault.0))?;
    let Some(newest) = newest.filter(|newest| newest.size > cosigned) else { return Ok(cosigned) };
    for _ in 0..CONFIRMED_LOOKS_MAX {
        if told.path.confirmed() >= newest.size {
            return submit(told, &log, witness, &newest, cosigned).await;
        }
        tokio::time::sleep(CONFIRMED_LOOK).await;
    }
    Ok(cosigned)
}

async fn submit(
    told: &Told,
    log: &Log<'_>,
    witness: &WitnessAt,
    newest: &StoredCheckpoint,
    cosigned: u64,
) -> Result<u64, Failure> {
    let client = Client::new(Facts::public(&witness.url, told.ca_file.clone()))?;
    let mut old = cosigned;
    // The witness says what it knows, if that is something else.
    for _ in 0..2 {
        let body = log.body(old, newest)?;
        let answered = client.post("/add-checkpoint", body.into_bytes()).await?;
        let text = String::from_utf8(answered.body).unwrap_or_default();
        match answered.status {
            200 => return log.keep(witness, newest, &text).map(|()| newest.size),
            409 => old = known_by(&text, newest.size)?,
            422 => return Err(Failure::new("the witness knows another history of this log")),
            status => return Err(Failure::new(format!("the witness answered {status}"))),
        }
    }
    Err(Failure::new("the witness says one thing and then another"))
}

/// What a witness holds already. More than the log has is a log that was put back.
fn known_by(text: &str, size: u64) -> Result<u64, Failure> {
    let known: Option<u64> = text.trim_end().parse().ok();
    let known = known.ok_or_else(|| Failure::new("the witness knows another root of the same size"))?;
    match known > size {
        true => Err(Failure::new(format!(
            "the witness holds a head of {known} entries, and the log has {size}: it was put back"
        ))),
        false => Ok(known),
    }
}

impl<'a> Log<'a> {
    fn open(told: &'a Told) -> Result<Self, Failure> {
        let seen = told.place.read().map_err(Failure::new)?;
        let origin = seen.reader.fact("origin").map_err(|fault| Failure::new(fault.0))?.unwrap_or_default();
        let origin = String::from_utf8(origin).map_err(Failure::from_display)?;
        Ok(Self { seen, origin, folder: told.folder.as_deref() })
    }

    fn body(&self, old: u64, newest: &StoredCheckpoint) -> Result<String, Failure> {
        use base64::Engine as _;
        let path = ledger::consistency_proof(&*self.seen.reader, &*self.seen.projections, old, newest.size);
        let path = path.map_err(|fault| Failure::new(fault.0))?;
        let hash = |hash: &[u8; 32]| base64::engine::general_purpose::STANDARD.encode(hash) + "\n";
        Ok(format!("old {old}\n{}\n{}", path.iter().map(hash).collect::<String>(), newest.note))
    }

    /// The checkpoint with the cosignature, if that is the witness's own.
    fn keep(&self, witness: &WitnessAt, newest: &StoredCheckpoint, lines: &str) -> Result<(), Failure> {
        let note = format!("{}{lines}", newest.note);
        let opened = ledger::open_cosigned(&note, &self.origin, &witness.name, &witness.key);
        if opened.is_none_or(|(size, ..)| size != newest.size) {
            return Err(Failure::new("what the witness answered is not its cosignature"));
        }
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
        let name: String = witness.name.chars().map(plain).collect();
        let Some(folder) = self.folder else { return Ok(()) };
        std::fs::create_dir_all(folder).map_err(Failure::from_io)?;
        config::write_private(&folder.join(format!("{name}.note")), note.as_bytes()).map_err(Failure::from_io)
    }
}
