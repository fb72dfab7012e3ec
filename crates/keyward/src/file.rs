//! "keyward file v1": data of any size under a data key of its own. docs/formats/file.md has it byte by byte.

use crypto::{BrokenStream, STREAM_PREFIX_BYTES, STREAM_TAG_BYTES, StreamOpener, StreamSealer};
use secret::Secret;
use std::fmt;
use std::io::{self, Read, Write};

/// Begins every such file. A ciphertext of the service begins with other bytes.
pub(crate) const MAGIC: &[u8; 8] = b"KWfile\x00\x01";
/// AES-256-GCM in the STREAM construction.
const SUITE: u8 = 1;
/// Plaintext bytes of every chunk but the last.
pub(crate) const CHUNK_BYTES: usize = 65_536;
/// A wrapped data key of more bytes is none of ours.
const WRAPPED_BYTES_MAX: usize = 4_096;
const FIXED_BYTES: usize = 8 + 1 + 4 + STREAM_PREFIX_BYTES + 2;

/// Why a file was not written or not believed.
#[derive(Debug)]
pub(crate) enum FileFault {
    Read(io::Error),
    Write(io::Error),
    /// The header is cut, or of a version or suite that this release does not know.
    Header(&'static str),
    /// Cut, in another order, edited, or of another data key. `chunk` is the first that is not believed.
    Broken {
        chunk: u64,
    },
    Random,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(why) => write!(f, "reading: {why}"),
            Self::Write(why) => write!(f, "writing: {why}"),
            Self::Header(why) => write!(f, "the header is not readable: {why}"),
            Self::Broken { chunk } => write!(f, "the file is cut or was changed at chunk {chunk}; do not believe it"),
            Self::Random => write!(f, "no random bytes are to be had"),
        }
    }
}

/// What stands before the chunks. Every chunk is bound to all of it.
pub(crate) struct Header {
    prefix: [u8; STREAM_PREFIX_BYTES],
    /// The data key, as the service wrapped it.
    pub(crate) wrapped: Vec<u8>,
}

impl Header {
    /// Of a new file, with a prefix that nobody had before.
    pub(crate) fn fresh(wrapped: Vec<u8>) -> Result<Self, FileFault> {
        let prefix = crypto::random_bytes::<STREAM_PREFIX_BYTES>().map_err(|_| FileFault::Random)?;
        Self::with(prefix, wrapped)
    }

    fn with(prefix: [u8; STREAM_PREFIX_BYTES], wrapped: Vec<u8>) -> Result<Self, FileFault> {
        match wrapped.len() {
            1..=WRAPPED_BYTES_MAX => Ok(Self { prefix, wrapped }),
            _ => Err(FileFault::Header("the wrapped data key is missing or too long")),
        }
    }

    /// Reads what follows the magic.
    pub(crate) fn read(input: &mut dyn Read) -> Result<Self, FileFault> {
        let mut fixed = [0; FIXED_BYTES - MAGIC.len()];
        input.read_exact(&mut fixed).map_err(cut)?;
        let [suite, a, b, c, d, e, f, g, h, i, j, k, high, low] = fixed;
        if suite != SUITE {
            return Err(FileFault::Header("the suite is not known"));
        }
        if usize::try_from(u32::from_be_bytes([a, b, c, d])) != Ok(CHUNK_BYTES) {
            return Err(FileFault::Header("the chunks are not of 65,536 bytes"));
        }
        let mut wrapped = vec![0; usize::from(u16::from_be_bytes([high, low])).min(WRAPPED_BYTES_MAX + 1)];
        input.read_exact(&mut wrapped).map_err(cut)?;
        Self::with([e, f, g, h, i, j, k], wrapped)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(SUITE);
        bytes.extend_from_slice(&u32::try_from(CHUNK_BYTES).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&self.prefix);
        bytes.extend_from_slice(&u16::try_from(self.wrapped.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(&self.wrapped);
        bytes
    }
}

fn cut(why: io::Error) -> FileFault {
    match why.kind() {
        io::ErrorKind::UnexpectedEof => FileFault::Header("it is cut"),
        _ => FileFault::Read(why),
    }
}

/// Data on its way: where it comes from, where it goes, and who is told how many bytes were read.
pub(crate) struct Passage<'a> {
    pub(crate) input: &'a mut dyn Read,
    pub(crate) output: &'a mut dyn Write,
    pub(crate) progress: &'a dyn Fn(u64),
}

/// Writes the header and everything that `input` has, sealed. The number of bytes written.
pub(crate) fn seal(header: &Header, data_key: &Secret, passage: &mut Passage<'_>) -> Result<u64, FileFault> {
    let head = header.bytes();
    let broken = |_: BrokenStream| FileFault::Header("the data key is not of 32 bytes");
    let mut sealer = data_key.expose(|key| StreamSealer::new(key, header.prefix, &head)).map_err(broken)?;
    passage.write(&head)?;
    let sealed = passage.chunks(CHUNK_BYTES, |_, chunk, last| {
        sealer.seal(chunk, last).map_err(|_| FileFault::Header("more than 2^32 chunks"))
    })?;
    Ok(sealed + u64::try_from(head.len()).unwrap_or(0))
}

/// Writes everything that `input` has after the header, opened: chunk by chunk, each once it is believed. Only with the
/// end of this function has the whole been seen. The number of bytes written.
pub(crate) fn open(header: &Header, data_key: &Secret, passage: &mut Passage<'_>) -> Result<u64, FileFault> {
    let head = header.bytes();
    let broken = |_: BrokenStream| FileFault::Header("the data key is not of 32 bytes");
    let mut opener = data_key.expose(|key| StreamOpener::new(key, header.prefix, &head)).map_err(broken)?;
    passage.chunks(CHUNK_BYTES + STREAM_TAG_BYTES, |number, chunk, last| {
        opener.open(chunk, last).map_err(|_| FileFault::Broken { chunk: number })?;
        // Whoever seals a file ends with what is left, not with nothing more.
        if chunk.is_empty() && number > 0 { Err(FileFault::Broken { chunk: number }) } else { Ok(()) }
    })
}

impl Passage<'_> {
    /// Hands over chunk by chunk, one read ahead so that the last is known, and writes what becomes of them.
    fn chunks(
        &mut self,
        size: usize,
        mut work: impl FnMut(u64, &mut Vec<u8>, bool) -> Result<(), FileFault>,
    ) -> Result<u64, FileFault> {
        let (mut number, mut read, mut written) = (0, 0, 0);
        let mut chunk = self.read(size)?;
        loop {
            read += u64::try_from(chunk.len()).unwrap_or(0);
            let next = if chunk.len() == size { self.read(size)? } else { Vec::new() };
            work(number, &mut chunk, next.is_empty())?;
            self.write(&chunk)?;
            written += u64::try_from(chunk.len()).unwrap_or(0);
            (self.progress)(read);
            if next.is_empty() {
                return Ok(written);
            }
            (chunk, number) = (next, number + 1);
        }
    }

    /// So many bytes, or what is left.
    fn read(&mut self, size: usize) -> Result<Vec<u8>, FileFault> {
        let mut chunk = Vec::with_capacity(size + STREAM_TAG_BYTES);
        let limit = u64::try_from(size).unwrap_or(u64::MAX);
        (&mut *self.input).take(limit).read_to_end(&mut chunk).map_err(FileFault::Read)?;
        Ok(chunk)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        self.output.write_all(bytes).map_err(FileFault::Write)
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
