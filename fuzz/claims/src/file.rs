//! "keyward file v1", as the command line streams it.

use secret::Secret;
use std::sync::LazyLock;

#[path = "../../../crates/keyward/src/file.rs"]
#[allow(dead_code, reason = "the command line uses the rest")]
mod keyward;

use keyward::{CHUNK_BYTES, FileFault, Header, MAGIC, Passage, open, seal};

const KEY: [u8; 32] = [7; 32];
const PLAINTEXT_BYTES_MAX: usize = 3 * CHUNK_BYTES;
/// What every file that is made here begins like.
static PLAINTEXT: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..PLAINTEXT_BYTES_MAX).map(|at| (at / 251) as u8 ^ at as u8).collect());

/// Behind an `e` stand a length and edits: a file of that length opens, and edited it does not, though what was believed
/// before the edit is right. Behind an `f` stands what follows the magic of a file that nobody sealed: a header is read as
/// it is written, and nothing opens.
pub(crate) fn streamed(data: &[u8]) {
    match data.split_first() {
        Some((b'e', rest)) => edited(rest),
        Some((b'f', rest)) => foreign(rest),
        _ => {}
    }
}

fn foreign(data: &[u8]) {
    let mut rest = data;
    let Ok(header) = Header::read(&mut rest) else { return };
    let read = data.len() - rest.len();
    assert_eq!(header.bytes(), [MAGIC.as_slice(), &data[..read]].concat());
    let (result, plaintext) = opened(&header, rest);
    assert!(matches!(result, Err(FileFault::Broken { chunk: 0 })));
    assert_eq!(plaintext, b"");
}

fn opened(header: &Header, mut chunks: &[u8]) -> (Result<u64, FileFault>, Vec<u8>) {
    let mut plaintext = Vec::new();
    let mut passage = Passage { input: &mut chunks, output: &mut plaintext, progress: &|_| {} };
    (open(header, &Secret::new(KEY.to_vec()), &mut passage), plaintext)
}

fn edited(data: &[u8]) {
    let Some((length, edits)) = data.split_first_chunk::<3>() else { return };
    let [high, middle, low] = *length;
    let length = u32::from_be_bytes([0, high, middle, low]) as usize % (PLAINTEXT_BYTES_MAX + 1);
    let plaintext = &PLAINTEXT[..length];
    let header = Header::fresh(b"wrapped".to_vec()).unwrap();
    let mut file = Vec::new();
    let mut passage = Passage { input: &mut { plaintext }, output: &mut file, progress: &|_| {} };
    let written = seal(&header, &Secret::new(KEY.to_vec()), &mut passage).unwrap();
    assert_eq!(written, file.len() as u64);
    let sealed = &file[header.bytes().len()..];
    let (result, whole) = opened(&header, sealed);
    assert!(result.unwrap() == length as u64 && whole == plaintext);
    let mut changed = sealed.to_vec();
    edits.chunks_exact(5).for_each(|edit| apply(edit, &mut changed));
    if changed != sealed {
        let (result, believed) = opened(&header, &changed);
        assert!(matches!(result, Err(FileFault::Broken { .. })));
        assert!(believed.len() % CHUNK_BYTES == 0 && plaintext.starts_with(&believed));
    }
}

/// What to do, and where: places count from the front, or backwards from the end.
fn apply(edit: &[u8], sealed: &mut Vec<u8>) {
    let place = usize::from(edit[1]) << 16 | usize::from(edit[2]) << 8 | usize::from(edit[3]);
    let at = if edit[0] & 0x80 == 0 { place } else { sealed.len().saturating_sub(place) }.min(sealed.len());
    let chunk = CHUNK_BYTES + crypto::STREAM_TAG_BYTES;
    match edit[0] & 7 {
        0 => sealed.truncate(at),
        1 => sealed.insert(at, edit[4]),
        2 => drop(sealed.drain(at..(at + usize::from(edit[4])).min(sealed.len()))),
        // Whole chunks change places.
        3 if sealed.len() >= 2 * chunk => sealed.rotate_left(chunk),
        4 if sealed.len() >= chunk => drop(sealed.drain(..chunk)),
        5 if sealed.len() >= chunk => sealed.extend_from_within(..chunk),
        _ => sealed.get_mut(at).map(|byte| *byte ^= edit[4]).unwrap_or_default(),
    }
}
