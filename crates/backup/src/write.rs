//! Writing: everything of one moment, in one stream.

use crate::frame::{Counts, Item, put};
use crate::header::{Header, associated};
use crate::{BackupFault, CHUNK_BYTES, INFO, KIND_KEYS, KIND_SITE, SIGNED};
use crypto::{RecoveryPublic, Sha256, SigningKey, StreamSealer};
use domain::{RowId, Timestamp};
use ledger::{Reader, SiteFacts, Tombstone};
use secret::Secret;
use std::io::Write;

/// Batches, rows and checkpoints that are read at once: what bounds the memory.
const BATCHES_READ: u32 = 16;
const ROWS_READ: u32 = 512;
const CHECKPOINTS_READ: u32 = 512;

/// Whose backup it is. The reader shows one moment, however long the writing takes.
pub struct Whose<'a> {
    pub reader: &'a dyn Reader,
    pub facts: &'a SiteFacts,
    pub signer: &'a SigningKey,
    pub verifier: String,
    pub recovery: RecoveryPublic,
    pub created: Timestamp,
}

/// What is to be kept of a whole site.
pub struct Source<'a> {
    pub from: Whose<'a>,
    pub root: &'a Secret,
    pub tombstones: &'a [Tombstone],
    pub files: Vec<(String, Secret)>,
}

/// Writes a whole site. Returns its header and what it holds.
pub fn write(
    source: &Source<'_>,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<(Header, Counts), BackupFault> {
    let (from, reader) = (&source.from, source.from.reader);
    let (header, mut stream) = begin(from, None, out)?;
    stream.item(&Item::Root(Secret::new(source.root.expose(<[u8]>::to_vec))))?;
    write_small(source, &mut stream)?;
    write_batches(reader, header.size, &mut stream, progress)?;
    write_rows(reader, &mut stream, progress)?;
    write_history(reader, &mut stream)?;
    write_checkpoints(reader, header.size, &mut stream)?;
    let counts = stream.finish(from.signer)?;
    Ok((header, counts))
}

/// The rows of one key, and what they hold.
pub type KeyRows = Vec<(RowId, Secret)>;

/// Writes so many keys of a site: `each` is called until it has no more, and gives the rows of one key.
pub fn write_keys(
    from: &Whose<'_>,
    keys: u64,
    out: &mut dyn Write,
    each: &mut dyn FnMut() -> Result<Option<KeyRows>, BackupFault>,
) -> Result<(Header, Counts), BackupFault> {
    let (header, mut stream) = begin(from, Some(keys), out)?;
    while let Some(rows) = each()? {
        rows.into_iter().try_for_each(|(row, plaintext)| stream.item(&Item::Carried(row, plaintext)))?;
    }
    let counts = stream.finish(from.signer)?;
    Ok((header, counts))
}

/// The head is written; the content follows.
fn begin<'o>(from: &Whose<'_>, keys: Option<u64>, out: &'o mut dyn Write) -> Result<(Header, Stream<'o>), BackupFault> {
    let key = Secret::new(crypto::random_bytes::<32>().map_err(|_| BackupFault::NoRandomness)?.to_vec());
    let header = header(from, keys, &key)?;
    let head = header.bytes();
    let sealer =
        key.expose(|key| StreamSealer::new(key, header.prefix, &head)).map_err(|_| BackupFault::NoRandomness)?;
    let (pending, counts) = (Vec::with_capacity(2 * CHUNK_BYTES), Counts::default());
    let mut stream = Stream { out, sum: Sha256::new(), sealer: Some(sealer), pending, counts };
    stream.raw(&head)?;
    Ok((header, stream))
}

fn header(source: &Whose<'_>, keys: Option<u64>, key: &Secret) -> Result<Header, BackupFault> {
    let last = source.reader.last_batch().map_err(read)?;
    let tree = last.and_then(|last| ledger::Frontier::from_bytes(&last.frontier));
    let tree = tree.ok_or_else(|| BackupFault::Read("the log has no readable head".into()))?;
    let checkpoint = source.reader.newest_checkpoint().map_err(read)?;
    let site = source.facts.site;
    let sealed = key.expose(|key| crypto::seal_to(&source.recovery.seal, INFO, &associated(&site), key));
    Ok(Header {
        kind: if keys.is_some() { KIND_KEYS } else { KIND_SITE }.to_owned(),
        keys,
        site,
        origin: source.facts.origin.clone(),
        created: source.created.to_rfc3339(),
        size: tree.size(),
        root: tree.root(),
        checkpoint: checkpoint.map(|signed| signed.note).unwrap_or_default(),
        verifier: source.verifier.clone(),
        recovery: source.recovery.id(),
        sealed: sealed.map_err(|_| BackupFault::NoRecoveryKey)?,
        prefix: crypto::random_bytes().map_err(|_| BackupFault::NoRandomness)?,
        text: Vec::new(),
    })
}

fn read(fault: ledger::StoreFault) -> BackupFault {
    BackupFault::Read(fault.0)
}

fn write_small(source: &Source<'_>, stream: &mut Stream<'_>) -> Result<(), BackupFault> {
    for name in ledger::FACTS {
        if let Some(value) = source.from.reader.fact(name).map_err(read)? {
            stream.item(&Item::Fact((*name).to_owned(), value))?;
        }
    }
    for (name, content) in &source.files {
        stream.item(&Item::File(name.clone(), Secret::new(content.expose(<[u8]>::to_vec))))?;
    }
    source.tombstones.iter().try_for_each(|tombstone| stream.item(&Item::Tombstone(*tombstone)))
}

fn write_batches(
    reader: &dyn Reader,
    size: u64,
    stream: &mut Stream<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), BackupFault> {
    let mut next = reader.oldest().map_err(read)?;
    while next < size {
        let batches = reader.batches(next, BATCHES_READ).map_err(read)?;
        if batches.is_empty() {
            return Err(BackupFault::Read("batches of the log are missing".into()));
        }
        for batch in batches {
            next = batch.first.saturating_add(batch.count.into());
            stream.item(&Item::Batch(batch))?;
        }
        progress(next);
    }
    Ok(())
}

fn write_rows(reader: &dyn Reader, stream: &mut Stream<'_>, progress: &mut dyn FnMut(u64)) -> Result<(), BackupFault> {
    let mut after: Option<RowId> = None;
    loop {
        let rows = reader.all_rows(after, ROWS_READ).map_err(read)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        let count = rows.len() as u64;
        rows.into_iter().try_for_each(|row| stream.item(&Item::Row(row)))?;
        progress(count);
    }
}

fn write_history(reader: &dyn Reader, stream: &mut Stream<'_>) -> Result<(), BackupFault> {
    let mut after = None;
    loop {
        let former = reader.all_former(after, ROWS_READ).map_err(read)?;
        let Some(last) = former.last() else { return Ok(()) };
        after = Some((last.row.id, last.until));
        former.into_iter().try_for_each(|former| stream.item(&Item::Former(former)))?;
    }
}

fn write_checkpoints(reader: &dyn Reader, size: u64, stream: &mut Stream<'_>) -> Result<(), BackupFault> {
    let mut after = 0;
    loop {
        let signed = reader.checkpoints(after, CHECKPOINTS_READ).map_err(read)?;
        let Some(last) = signed.last() else { return Ok(()) };
        after = last.size;
        let known = signed.into_iter().filter(|signed| signed.size <= size);
        known.into_iter().try_for_each(|signed| stream.item(&Item::Checkpoint(signed)))?;
    }
}

/// Frames become chunks, chunks ciphertext, and all of it a sum.
struct Stream<'a> {
    out: &'a mut dyn Write,
    sum: Sha256,
    sealer: Option<StreamSealer>,
    pending: Vec<u8>,
    counts: Counts,
}

impl Stream<'_> {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), BackupFault> {
        self.sum.update(bytes);
        self.out.write_all(bytes).map_err(|why| BackupFault::Write(why.to_string()))
    }

    fn item(&mut self, item: &Item) -> Result<(), BackupFault> {
        self.counts.add(item);
        put(item, &mut self.pending);
        // The last chunk is never empty: one byte more than a chunk has to wait before a chunk goes.
        while self.pending.len() > CHUNK_BYTES {
            let rest = self.pending.split_off(CHUNK_BYTES);
            let chunk = std::mem::replace(&mut self.pending, rest);
            self.chunk(chunk, false)?;
        }
        Ok(())
    }

    fn chunk(&mut self, mut chunk: Vec<u8>, last: bool) -> Result<(), BackupFault> {
        let sealed = self.sealer.as_mut().map(|sealer| sealer.seal(&mut chunk, last));
        match sealed {
            Some(Ok(())) => self.raw(&chunk),
            _ => Err(BackupFault::Write("more than 2^32 chunks".into())),
        }
    }

    fn finish(mut self, signer: &SigningKey) -> Result<Counts, BackupFault> {
        let counts = self.counts;
        self.item(&Item::End(counts))?;
        let last = std::mem::take(&mut self.pending);
        self.chunk(last, true)?;
        let sum = self.sum.finish();
        let signature = signer.sign(&[SIGNED, &sum].concat());
        let trailer = [sum.as_slice(), &signature].concat();
        self.out.write_all(&trailer).map_err(|why| BackupFault::Write(why.to_string()))?;
        self.out.flush().map_err(|why| BackupFault::Write(why.to_string()))?;
        Ok(counts)
    }
}
