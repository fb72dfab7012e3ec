//! The root key: where it lies, and who may read it; and the anchor that lies beside it.
//!
//! It is a file of its own, one line: `keyward-root-v1`, a space, 64 hexadecimal digits; while it is being rotated two such
//! lines, the newest key first. Its owner alone may read it, and only a development site keeps it beside its data.

mod anchor;
mod rotate;

pub use anchor::FileAnchor;
pub use rotate::{end_rotation, prepare_rotation, put_rotated};

use crypto::SealKey;
use ledger::Roots;
use rustix::fs::{Mode, OFlags};
use secret::{Held, Secret};
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const LABEL: &str = "keyward-root-v1";
/// The name under which a service manager hands the file over in `$CREDENTIALS_DIRECTORY`.
pub const CREDENTIAL_NAME: &str = "keyward-root-key";
const FILE_BYTES_MAX: u64 = 256;

/// Why there is no root key. Each names the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustodyFault {
    Missing {
        looked: Vec<PathBuf>,
    },
    InsideData {
        path: PathBuf,
    },
    TooOpen {
        path: PathBuf,
        mode: u32,
    },
    Exists {
        path: PathBuf,
    },
    Malformed {
        path: PathBuf,
    },
    /// The file holds two keys, or a begun file lies beside it.
    Rotating {
        path: PathBuf,
    },
    /// The begun file beside it was not begun for this key.
    Foreign {
        path: PathBuf,
    },
    NoRandomness,
    MemoryFull,
    Failed {
        path: PathBuf,
        why: String,
    },
}

impl fmt::Display for CustodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { looked } => {
                let looked: Vec<_> = looked.iter().map(|path| path.display().to_string()).collect();
                write!(f, "the root key is not there (looked in {}); name it with --root-key", looked.join(", "))
            }
            Self::InsideData { path } => {
                write!(f, "{} lies inside the data directory; keep the root key elsewhere", path.display())
            }
            Self::TooOpen { path, mode } => {
                write!(f, "{} has mode {mode:o}, so others can read it; chmod 600 it", path.display())
            }
            Self::Exists { path } => write!(f, "{} exists already; name a new file", path.display()),
            Self::Malformed { path } => write!(f, "{} is no root key file", path.display()),
            Self::Rotating { path } => write!(
                f,
                "{}: the root key is being rotated; let `keyward root rotate` come to its end first",
                path.display()
            ),
            Self::Foreign { path } => write!(
                f,
                "{} was begun for another root key; find out what it belongs to, and move it away",
                path.display()
            ),
            Self::NoRandomness => write!(f, "the cryptographic module has no randomness to give"),
            Self::MemoryFull => write!(f, "the secret memory is full"),
            Self::Failed { path, why } => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for CustodyFault {}

/// Draws a root key and writes it, synced, to a new file of mode 0600.
pub fn create(path: &Path) -> Result<SealKey, CustodyFault> {
    let bytes = crypto::random_bytes::<32>().map_err(|_| CustodyFault::NoRandomness)?;
    write(path, &Secret::new(bytes.to_vec()))
}

/// Writes the root key of these 32 bytes, synced, to a new file of mode 0600.
pub fn write(path: &Path, bytes: &Secret) -> Result<SealKey, CustodyFault> {
    write_lines(path, &[bytes])?;
    seal_key(bytes)
}

fn seal_key(bytes: &Secret) -> Result<SealKey, CustodyFault> {
    bytes.expose(Held::keep).map(SealKey::new).map_err(|_| CustodyFault::MemoryFull)
}

fn write_lines(path: &Path, keys: &[&Secret]) -> Result<(), CustodyFault> {
    let failed = |why: std::io::Error| match why.kind() {
        std::io::ErrorKind::AlreadyExists => CustodyFault::Exists { path: path.to_owned() },
        _ => CustodyFault::Failed { path: path.to_owned(), why: why.to_string() },
    };
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    for bytes in keys {
        let line = Secret::new(bytes.expose(|bytes| format!("{LABEL} {}\n", hex(bytes))).into_bytes());
        line.expose(|line| file.write_all(line)).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    sync_folder(path).map_err(failed)
}

/// Refuses a place inside the data directory, through links too.
pub fn outside(path: &Path, data: &Path) -> Result<(), CustodyFault> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |at: &Path, why: std::io::Error| CustodyFault::Failed { path: at.to_owned(), why: why.to_string() };
    let folder = folder.canonicalize().map_err(|why| failed(folder, why))?;
    let Ok(data) = data.canonicalize() else { return Ok(()) };
    if folder.starts_with(&data) { Err(CustodyFault::InsideData { path: path.to_owned() }) } else { Ok(()) }
}

/// The file that is named, else what the service manager handed over.
pub fn find(named: Option<&Path>, credentials: Option<&Path>) -> Result<PathBuf, CustodyFault> {
    let handed = credentials.map(|folder| folder.join(CREDENTIAL_NAME));
    let looked: Vec<PathBuf> = named.map(Path::to_owned).into_iter().chain(handed).collect();
    match looked.iter().find(|path| path.exists()) {
        Some(found) => Ok(found.clone()),
        None => Err(CustodyFault::Missing { looked }),
    }
}

/// What a root key's file holds.
pub struct RootFile {
    pub newest: SealKey,
    /// The one before, while the root key is being rotated.
    pub former: Option<SealKey>,
}

impl RootFile {
    pub fn roots(&self) -> Roots<'_> {
        Roots { newest: &self.newest, former: self.former.as_ref() }
    }
}

/// Reads a root key. A file that others can read is refused.
pub fn read(path: &Path) -> Result<RootFile, CustodyFault> {
    let (newest, former) = read_lines(path)?;
    Ok(RootFile { newest: seal_key(&newest)?, former: former.as_ref().map(seal_key).transpose()? })
}

/// The 32 bytes of a root key, for whoever seals them into a backup.
pub fn read_bytes(path: &Path) -> Result<Secret, CustodyFault> {
    match read_lines(path)? {
        (only, None) => Ok(only),
        (_, Some(_)) => Err(CustodyFault::Rotating { path: path.to_owned() }),
    }
}

/// The newest key, and the one before where there are two.
fn read_lines(path: &Path) -> Result<(Secret, Option<Secret>), CustodyFault> {
    let failed = |why: String| CustodyFault::Failed { path: path.to_owned(), why };
    let opened = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let file = std::fs::File::from(opened.map_err(|why| failed(why.to_string()))?);
    let facts = file.metadata().map_err(|why| failed(why.to_string()))?;
    let mode = facts.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CustodyFault::TooOpen { path: path.to_owned(), mode });
    }
    if facts.size() > FILE_BYTES_MAX {
        return Err(CustodyFault::Malformed { path: path.to_owned() });
    }
    let mut text = Vec::with_capacity(256);
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(|why| failed(why.to_string()))?;
    let text = Secret::new(text);
    text.expose(parse).ok_or(CustodyFault::Malformed { path: path.to_owned() })
}

fn parse(text: &[u8]) -> Option<(Secret, Option<Secret>)> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut lines = text.split(|byte| *byte == b'\n');
    let newest = parse_line(lines.next()?)?;
    let former = match lines.next() {
        Some(line) => Some(parse_line(line)?),
        None => None,
    };
    lines.next().is_none().then_some((newest, former))
}

fn parse_line(line: &[u8]) -> Option<Secret> {
    let digits = line.strip_prefix(LABEL.as_bytes())?.strip_prefix(b" ")?;
    if digits.len() != 64 {
        return None;
    }
    let nibble = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes: Option<Vec<u8>> = digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
            _ => None,
        })
        .collect();
    bytes.map(Secret::new)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_root_key_is_read_as_it_was_written_and_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root");
        let made = create(&path).unwrap();
        let read_back = read(&path).unwrap();
        assert_eq!(made.mac(b"test", b"message"), read_back.newest.mac(b"test", b"message"));
        assert!(read_back.former.is_none());
        assert_eq!(create(&path).err(), Some(CustodyFault::Exists { path: path.clone() }));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read(&path).err(), Some(CustodyFault::TooOpen { path: path.clone(), mode: 0o640 }));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for wrong in ["", "keyward-root-v1 12", "keyward-root-v2 ", "keyward-root-v1 zz"] {
            std::fs::write(&path, wrong).unwrap();
            assert_eq!(read(&path).err(), Some(CustodyFault::Malformed { path: path.clone() }));
        }
    }

    #[test]
    fn a_place_inside_the_data_is_refused_through_links_too() {
        let folder = tempfile::tempdir().unwrap();
        let (data, link) = (folder.path().join("data"), folder.path().join("link"));
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&data, &link).unwrap();
        assert!(outside(&folder.path().join("root"), &data).is_ok());
        assert!(outside(&data.join("root"), &data).is_err());
        assert!(outside(&link.join("root"), &data).is_err());
    }

    #[test]
    fn what_the_service_manager_hands_over_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CREDENTIAL_NAME);
        assert!(find(None, Some(folder.path())).is_err());
        std::fs::write(&path, "").unwrap();
        assert_eq!(find(None, Some(folder.path())).unwrap(), path);
    }
}
