//! The root key's file while the key is being rotated. Each step ends in a rename, so that at any moment one of two files
//! opens the site: the file itself, or `NAME.new` beside it.
//!
//! 1. `NAME.new` holds the fresh key and the one in use. It is never written over: the site may be sealed under it.
//! 2. The site is sealed under the fresh key, then `NAME.new` takes the name.
//! 3. When nothing is under the former key any more, a file with the fresh key alone takes the name.

use crate::{CustodyFault, RootFile, read, read_lines, sync_folder, write_lines};
use secret::Secret;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn beside(path: &Path) -> PathBuf {
    with(path, ".new")
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> CustodyFault {
    move |why| CustodyFault::Failed { path: path.to_owned(), why: why.to_string() }
}

/// What was cut off before.
fn remove(path: &Path) -> Result<(), CustodyFault> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(failed(path)(why)),
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), CustodyFault> {
    std::fs::rename(from, to).and_then(|()| sync_folder(to)).map_err(failed(to))
}

fn same(one: &Secret, other: &Secret) -> bool {
    one.expose(|one| other.expose(|other| crypto::same(one, other)))
}

/// Both keys, on disk: those that were begun before, else a fresh one and the one in use.
pub fn prepare_rotation(path: &Path) -> Result<RootFile, CustodyFault> {
    let (in_use, former) = read_lines(path)?;
    if former.is_some() {
        return read(path);
    }
    let begun = beside(path);
    if !begun.exists() {
        let fresh = crypto::random_bytes::<32>().map_err(|_| CustodyFault::NoRandomness)?;
        let part = with(path, ".new.part");
        remove(&part)?;
        write_lines(&part, &[&Secret::new(fresh.to_vec()), &in_use])?;
        rename(&part, &begun)?;
    }
    match read_lines(&begun)? {
        (_, Some(former)) if same(&former, &in_use) => read(&begun),
        _ => Err(CustodyFault::Foreign { path: begun }),
    }
}

/// The site is sealed under the fresh key: the file that holds it takes the name. Nothing where that was done.
pub fn put_rotated(path: &Path) -> Result<(), CustodyFault> {
    if read_lines(path)?.1.is_some() {
        return Ok(());
    }
    rename(&beside(path), path)
}

/// Nothing is under the former key any more: a file without it takes the name, and the one with it is written over.
pub fn end_rotation(path: &Path) -> Result<(), CustodyFault> {
    let (newest, former) = read_lines(path)?;
    if former.is_none() {
        return Ok(());
    }
    let fresh = beside(path);
    // While the name has both keys, only this step writes beside it.
    remove(&fresh)?;
    write_lines(&fresh, &[&newest])?;
    let mut both = OpenOptions::new().write(true).open(path).map_err(failed(path))?;
    let length = both.metadata().map_err(failed(path))?.len();
    rename(&fresh, path)?;
    // As far as the disk writes where it is told to.
    let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
    both.write_all(&zeros).and_then(|()| both.sync_all()).map_err(failed(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::create;

    fn told(key: &crypto::SealKey) -> [u8; 32] {
        key.mac(b"test", b"message")
    }

    #[test]
    fn a_rotation_goes_on_wherever_it_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root");
        let first = told(&create(&path).unwrap());
        let begun = prepare_rotation(&path).unwrap();
        let fresh = told(&begun.newest);
        assert_eq!(begun.former.as_ref().map(told), Some(first));
        // Begun again: the same fresh key, for the site may be sealed under it.
        assert_eq!(told(&prepare_rotation(&path).unwrap().newest), fresh);
        assert_eq!(told(&read(&path).unwrap().newest), first);
        put_rotated(&path).unwrap();
        put_rotated(&path).unwrap();
        let both = read(&path).unwrap();
        assert_eq!((told(&both.newest), both.former.as_ref().map(told)), (fresh, Some(first)));
        assert!(matches!(crate::read_bytes(&path).err(), Some(CustodyFault::Rotating { .. })));
        assert_eq!(told(&prepare_rotation(&path).unwrap().newest), fresh);
        std::fs::write(beside(&path), "cut off").unwrap();
        end_rotation(&path).unwrap();
        end_rotation(&path).unwrap();
        let last = read(&path).unwrap();
        assert_eq!((told(&last.newest), last.former.is_none()), (fresh, true));
        assert!(!beside(&path).exists());
    }

    #[test]
    fn what_was_begun_for_another_key_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("root"), folder.path().join("other"));
        create(&path).unwrap();
        create(&other).unwrap();
        prepare_rotation(&other).unwrap();
        std::fs::rename(beside(&other), beside(&path)).unwrap();
        let kept = std::fs::read(beside(&path)).unwrap();
        assert!(matches!(prepare_rotation(&path).err(), Some(CustodyFault::Foreign { .. })));
        assert_eq!(std::fs::read(beside(&path)).unwrap(), kept);
    }
}
