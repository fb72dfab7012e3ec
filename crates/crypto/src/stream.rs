//! Long data in chunks: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption
//! and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015, section 7) over AES-256-GCM (SP 800-38D).
//!
//! The nonce of a chunk is the stream's prefix (7 bytes), the chunk's number from 0 (4 bytes, big-endian) and 1 for the
//! last chunk, else 0. One key serves one stream, so no nonce comes twice. Chunks that are missing at the end, in
//! another order, from another stream or edited do not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

pub const STREAM_PREFIX_BYTES: usize = 7;
/// What sealing adds to each chunk.
pub const STREAM_TAG_BYTES: usize = 16;

/// On opening: wrong key, not the next chunk, not the last one, or changed. On both: the stream is over, or the key is
/// not 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenStream;

/// Seals one stream under a key that seals nothing else.
pub struct StreamSealer(Stream);

/// Opens one stream. It has not been seen whole until its last chunk was opened as the last.
pub struct StreamOpener(Stream);

struct Stream {
    key: LessSafeKey,
    prefix: [u8; STREAM_PREFIX_BYTES],
    /// Bound to every chunk.
    associated: Box<[u8]>,
    /// None once the stream is over.
    next: Option<u32>,
}

impl Stream {
    fn new(key: &[u8], prefix: [u8; STREAM_PREFIX_BYTES], associated: &[u8]) -> Result<Self, BrokenStream> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| BrokenStream)?);
        Ok(Self { key, prefix, associated: associated.into(), next: Some(0) })
    }

    /// The nonce of the next chunk. It is given out once.
    fn step(&mut self, last: bool) -> Result<Nonce, BrokenStream> {
        let number = self.next.ok_or(BrokenStream)?;
        self.next = if last { None } else { number.checked_add(1) };
        let [a, b, c, d, e, f, g] = self.prefix;
        let [h, i, j, k] = number.to_be_bytes();
        Ok(Nonce::assume_unique_for_key([a, b, c, d, e, f, g, h, i, j, k, u8::from(last)]))
    }
}

impl StreamSealer {
    /// `key` is 32 bytes that no other stream has, `associated` what every chunk is bound to.
    pub fn new(key: &[u8], prefix: [u8; STREAM_PREFIX_BYTES], associated: &[u8]) -> Result<Self, BrokenStream> {
        Stream::new(key, prefix, associated).map(Self)
    }

    /// The chunk becomes ciphertext, [`STREAM_TAG_BYTES`] longer. At most 2^32 chunks, the last of them as the last.
    pub fn seal(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), BrokenStream> {
        let nonce = self.0.step(last)?;
        let aad = Aad::from(&*self.0.associated);
        self.0.key.seal_in_place_append_tag(nonce, aad, chunk).map_err(|_| BrokenStream)
    }
}

impl StreamOpener {
    pub fn new(key: &[u8], prefix: [u8; STREAM_PREFIX_BYTES], associated: &[u8]) -> Result<Self, BrokenStream> {
        Stream::new(key, prefix, associated).map(Self)
    }

    /// The chunk becomes plaintext. After a failure nothing opens any more.
    pub fn open(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), BrokenStream> {
        let nonce = self.0.step(last)?;
        let aad = Aad::from(&*self.0.associated);
        match self.0.key.open_in_place(nonce, aad, chunk).map(|plaintext| plaintext.len()) {
            Ok(len) => {
                chunk.truncate(len);
                Ok(())
            }
            Err(_) => {
                self.0.next = None;
                chunk.clear();
                Err(BrokenStream)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const PREFIX: [u8; STREAM_PREFIX_BYTES] = *b"prefix7";

    fn sealed(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut sealer = StreamSealer::new(&[7; 32], PREFIX, b"header").unwrap();
        let seal = |(at, chunk): (usize, &&[u8])| {
            let mut bytes = chunk.to_vec();
            sealer.seal(&mut bytes, at + 1 == chunks.len()).unwrap();
            bytes
        };
        chunks.iter().enumerate().map(seal).collect()
    }

    fn opened(chunks: &[Vec<u8>], associated: &[u8]) -> Result<Vec<Vec<u8>>, BrokenStream> {
        let mut opener = StreamOpener::new(&[7; 32], PREFIX, associated)?;
        let open = |(at, chunk): (usize, &Vec<u8>)| {
            let mut bytes = chunk.clone();
            opener.open(&mut bytes, at + 1 == chunks.len()).map(|()| bytes)
        };
        chunks.iter().enumerate().map(open).collect()
    }

    #[test]
    fn a_stream_opens_whole_and_in_order_only() {
        let whole = sealed(&[b"one", b"two", b"three"]);
        let plain = [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()];
        assert_eq!(opened(&whole, b"header").unwrap(), plain);
        assert_eq!(opened(&whole, b"other!"), Err(BrokenStream));
        let broken = [vec![1, 0, 2], vec![0, 1], vec![0], vec![1, 2], vec![0, 1, 2, 2], vec![0, 2]];
        for order in broken {
            let chunks: Vec<_> = order.iter().map(|at: &usize| whole[*at].clone()).collect();
            assert_eq!(opened(&chunks, b"header"), Err(BrokenStream), "{order:?}");
        }
    }

    #[test]
    fn nothing_follows_the_last_chunk_or_a_broken_one() {
        let mut sealer = StreamSealer::new(&[7; 32], PREFIX, b"").unwrap();
        sealer.seal(&mut vec![1], true).unwrap();
        assert_eq!(sealer.seal(&mut vec![2], true), Err(BrokenStream));
        let whole = sealed(&[b"one"]);
        let mut opener = StreamOpener::new(&[7; 32], PREFIX, b"header").unwrap();
        assert_eq!(opener.open(&mut vec![0; 20], false), Err(BrokenStream));
        assert_eq!(opener.open(&mut whole[0].clone(), true), Err(BrokenStream));
    }

    #[test]
    fn keys_are_32_bytes() {
        for len in [0, 16, 31, 33] {
            assert!(StreamSealer::new(&vec![7; len], PREFIX, b"").is_err(), "{len}");
        }
    }
}
