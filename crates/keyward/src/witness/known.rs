//! What a witness knows of logs, and what it cosigns. A head is on disk before its cosignature leaves.

use crate::config;
use crate::failure::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::VerifyingKey;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// More hashes no consistency proof can have.
const PROOF_LINES_MAX: usize = 63;

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Malformed,
    UnknownLog,
    NotSigned,
    /// The old size is another than the one cosigned last, which is this.
    OtherSize(u64),
    /// Of the same size there is another root: the log has two histories.
    OtherRoot,
    NotConsistent,
    NotKept(String),
}

/// The logs that are witnessed, and the newest head of each.
pub(super) struct Known {
    folder: PathBuf,
    logs: BTreeMap<String, VerifyingKey>,
    heads: BTreeMap<String, (u64, [u8; 32])>,
}

/// What is asked to be cosigned.
struct Asked<'a> {
    old: u64,
    path: Vec<[u8; 32]>,
    note: &'a str,
    origin: &'a str,
}

impl Known {
    /// Reads the heads that were cosigned before: a note for each log.
    pub(super) fn open(folder: &Path, logs: Vec<(String, VerifyingKey)>) -> Result<Self, Failure> {
        let mut known = Self { folder: folder.to_owned(), logs: logs.into_iter().collect(), heads: BTreeMap::new() };
        for (origin, key) in &known.logs {
            let path = known.file(origin);
            if !path.exists() {
                continue;
            }
            let note = std::fs::read_to_string(&path).map_err(Failure::from_io)?;
            let wrong = || Failure::new(format!("{} is no checkpoint of {origin}; restore it", path.display()));
            let said = ledger::open_checkpoint(&note, origin, key).ok_or_else(wrong)?;
            known.heads.insert(origin.clone(), (said.size, said.root));
        }
        Ok(known)
    }

    /// Where the newest cosigned checkpoint of a log lies: any letter that is not plain in a file's name is a dash.
    fn file(&self, origin: &str) -> PathBuf {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
        let name: String = origin.chars().map(plain).collect();
        let digest = crypto::sha256(origin.as_bytes());
        let short: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{name}-{short}.note"))
    }

    /// Cosigns a checkpoint that extends the newest head. `cosign` makes the line of its text.
    pub(super) fn add(&mut self, body: &str, cosign: impl FnOnce(&str) -> String) -> Result<String, Refused> {
        let asked = asked(body).ok_or(Refused::Malformed)?;
        let key = self.logs.get(asked.origin).ok_or(Refused::UnknownLog)?;
        let said = ledger::open_checkpoint(asked.note, asked.origin, key).ok_or(Refused::NotSigned)?;
        let (size, root) = (said.size, said.root);
        if asked.old > size {
            return Err(Refused::Malformed);
        }
        let (known, known_root) = self.heads.get(asked.origin).copied().unwrap_or((0, crypto::sha256(&[])));
        if asked.old != known {
            return Err(Refused::OtherSize(known));
        }
        if known == size && known_root != root {
            return Err(Refused::OtherRoot);
        }
        let consistent = match known {
            // Nothing needs to be shown of an empty tree.
            0 => asked.path.is_empty(),
            _ => ledger::verify_consistency(known, size, &known_root, &root, &asked.path),
        };
        if !consistent {
            return Err(Refused::NotConsistent);
        }
        // The last empty line ends the text; it may have others.
        let text = asked.note.rsplit_once("\n\n").map(|(text, _)| format!("{text}\n")).ok_or(Refused::Malformed)?;
        let line = cosign(&text);
        let kept = config::write_private(&self.file(asked.origin), format!("{}{line}", asked.note).as_bytes());
        kept.and_then(|()| std::fs::File::open(&self.folder)?.sync_all())
            .map_err(|why| Refused::NotKept(why.to_string()))?;
        self.heads.insert(asked.origin.to_owned(), (size, root));
        Ok(line)
    }
}

/// `old SIZE`, hashes, an empty line, and a signed note.
fn asked(body: &str) -> Option<Asked<'_>> {
    let (head, note) = body.split_once("\n\n")?;
    let mut lines = head.split('\n');
    let digits = lines.next()?.strip_prefix("old ")?;
    let old: u64 = digits.parse().ok()?;
    if old.to_string() != digits {
        return None;
    }
    let path: Option<Vec<[u8; 32]>> = lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
    let path = path.filter(|path| path.len() <= PROOF_LINES_MAX)?;
    Some(Asked { old, path, note, origin: note.split('\n').next()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crypto::SigningKey;
    use ledger::{Checkpoint, Frontier, consistency_path, leaf_hash, node_hash};

    const ORIGIN: &str = "log.example/one";

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_seed(secret::Held::keep(&[byte; 32]).ok().unwrap()).ok().unwrap()
    }

    /// Leaves of a log; `fork` makes another history from entry 5 on.
    fn leaf(index: u64, fork: bool) -> [u8; 32] {
        leaf_hash(format!("{index} {}", fork && index >= 5).as_bytes())
    }

    fn root(size: u64, fork: bool) -> [u8; 32] {
        let mut tree = Frontier::default();
        (0..size).for_each(|index| tree.append(leaf(index, fork)));
        tree.root()
    }

    fn subtree(level: u8, place: u64, fork: bool) -> [u8; 32] {
        match level {
            0 => leaf(place, fork),
            _ => node_hash(&subtree(level - 1, place * 2, fork), &subtree(level - 1, place * 2 + 1, fork)),
        }
    }

    fn body(old: u64, size: u64, fork: bool, signer: u8) -> String {
        let hash = &mut |level, place| Ok::<_, ()>(subtree(level, place, fork));
        let path = consistency_path(old, size, hash).unwrap();
        let lines: String = path.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
        let said = ledger::Checkpoint { size, root: root(size, fork), state: [0; 32] };
        format!("old {old}\n{lines}\n{}", ledger::sign_checkpoint(ORIGIN, &said, &key(signer)))
    }

    fn known(folder: &Path) -> Known {
        Known::open(folder, vec![(ORIGIN.to_owned(), key(1).public())]).unwrap()
    }

    #[test]
    fn only_what_extends_the_newest_head_is_cosigned_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut witness = known(folder.path());
        let add = |witness: &mut Known, body: &str| witness.add(body, |text| ledger::cosign(text, "w", 7, &key(9)));
        assert_eq!(add(&mut witness, &body(0, 3, false, 2)), Err(Refused::NotSigned));
        assert!(add(&mut witness, &body(0, 6, false, 1)).is_ok());
        assert_eq!(add(&mut witness, &body(0, 9, false, 1)), Err(Refused::OtherSize(6)));
        assert_eq!(add(&mut witness, &body(6, 9, true, 1)), Err(Refused::NotConsistent));
        assert_eq!(add(&mut witness, &body(6, 6, true, 1)), Err(Refused::OtherRoot));
        assert!(add(&mut witness, &body(6, 6, false, 1)).is_ok());
        let mut witness = known(folder.path());
        assert_eq!(add(&mut witness, &body(3, 9, false, 1)), Err(Refused::OtherSize(6)));
        let cosigned = add(&mut witness, &body(6, 9, false, 1)).unwrap();
        let note = format!("{}{cosigned}", body(6, 9, false, 1).split_once("\n\n").unwrap().1);
        let opened = ledger::open_cosigned(&note, ORIGIN, "w", &key(9).public());
        assert_eq!(opened, Some((9, root(9, false), 7)));
        assert_eq!(ledger::open_cosigned(&note, ORIGIN, "w", &key(8).public()), None);
    }

    #[test]
    fn a_text_with_an_empty_line_is_cosigned_whole() {
        let signer = key(1);
        let said = Checkpoint { size: 3, root: root(3, false), state: [0; 32] };
        let text = format!("{}\nmore\n", ledger::checkpoint_text(ORIGIN, &said));
        let id = crypto::sha256(&[ORIGIN.as_bytes(), b"\n\x01", signer.public().0.as_slice()].concat());
        let signature = STANDARD.encode([&id[..4], signer.sign(text.as_bytes()).as_slice()].concat());
        let note = format!("{text}\n\u{2014} {ORIGIN} {signature}\n");
        let folder = tempfile::tempdir().unwrap();
        let cosign = |text: &str| ledger::cosign(text, "w", 7, &key(9));
        let line = known(folder.path()).add(&format!("old 0\n\n{note}"), cosign).unwrap();
        let opened = ledger::open_cosigned(&format!("{note}{line}"), ORIGIN, "w", &key(9).public());
        assert_eq!(opened, Some((3, said.root, 7)));
    }

    #[test]
    fn what_is_malformed_or_unknown_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let good = body(0, 3, false, 1);
        let cases = [
            (String::new(), Refused::Malformed),
            (good.replacen("old 0", "old 00", 1), Refused::Malformed),
            (good.replacen("old 0", "new 0", 1), Refused::Malformed),
            (good.replacen("old 0", "old 9", 1), Refused::Malformed),
            (good.replacen("old 0\n", "old 0\nAAAA\n", 1), Refused::Malformed),
            (good.replacen(ORIGIN, "log.example/other", 1), Refused::UnknownLog),
            (good.replacen("\n3\n", "\n4\n", 1), Refused::NotSigned),
        ];
        for (body, refused) in cases {
            assert_eq!(known(folder.path()).add(&body, |_| String::new()), Err(refused), "{body}");
        }
        assert!(known(folder.path()).add(&good, |_| String::new()).is_ok());
    }
}
