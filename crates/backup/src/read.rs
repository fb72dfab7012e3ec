//! Reading: the header by anybody, the sum by whoever has the verifier's key, the content by the recovery key's holder.

use crate::frame::{Counts, Item, take};
use crate::header::{HEADER_BYTES_MAX, Header, associated};
use crate::{BackupFault, CHUNK_BYTES, INFO, KIND_KEYS, MAGIC, SIGNED, TRAILER_BYTES};
use crypto::{RecoveryKey, STREAM_TAG_BYTES, Sha256, StreamOpener, VerifyingKey};
use ledger::{Frontier, StoredBatch, entries_of, leaf_hash};
use std::io::{ErrorKind, Read};

/// The header, and how many bytes it takes.
pub fn read_header(input: &mut dyn Read) -> Result<(Header, u64), BackupFault> {
    let mut fixed = [0; 12];
    exact(input, &mut fixed).map_err(|why| if why == BackupFault::Truncated { BackupFault::Foreign } else { why })?;
    let (magic, length) = fixed.split_at(MAGIC.len());
    let [same @ .., version] = MAGIC;
    match magic.split_last() {
        Some((newer, begin)) if begin == same && newer > version => {
            return Err(BackupFault::Newer { format: u64::from(*newer) });
        }
        _ if magic != MAGIC => return Err(BackupFault::Foreign),
        _ => {}
    }
    let length = u32::from_be_bytes(length.try_into().unwrap_or([0xff; 4]));
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if size > HEADER_BYTES_MAX {
        return Err(BackupFault::Foreign);
    }
    let mut text = vec![0; size];
    exact(input, &mut text)?;
    Ok((Header::parse(&text)?, 12 + u64::from(length)))
}

fn exact(input: &mut dyn Read, bytes: &mut [u8]) -> Result<(), BackupFault> {
    input.read_exact(bytes).map_err(|why| match why.kind() {
        ErrorKind::UnexpectedEof => BackupFault::Truncated,
        _ => BackupFault::Read(why.to_string()),
    })
}

/// Whether the file of `length` bytes is what the site signed: needs no secret. `verifier` is the key of the site's
/// checkpoints.
pub fn check_sum(input: &mut dyn Read, length: u64, verifier: &VerifyingKey) -> Result<(), BackupFault> {
    let body = length.checked_sub(TRAILER_BYTES as u64).ok_or(BackupFault::Truncated)?;
    let (mut sum, mut left) = (Sha256::new(), body);
    let mut bytes = vec![0; CHUNK_BYTES];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        let part = bytes.get_mut(..wanted).unwrap_or(&mut []);
        exact(input, part)?;
        sum.update(part);
        left -= wanted as u64;
    }
    let mut trailer = [0; TRAILER_BYTES];
    exact(input, &mut trailer)?;
    let (says, signature) = trailer.split_at(32);
    if sum.finish() != *says {
        return Err(BackupFault::SumDiffers);
    }
    let signature = signature.try_into().map_err(|_| BackupFault::Truncated)?;
    match verifier.verify(&[SIGNED, says].concat(), &signature) {
        true => Ok(()),
        false => Err(BackupFault::NotSigned),
    }
}

/// Opens a backup of `length` bytes, whose header was read from `input` already, and hands over what it holds in order.
/// Only with the end of this function has the whole been seen, and found consistent with its own head.
pub fn open(
    header: &Header,
    length: u64,
    key: &RecoveryKey,
    input: &mut dyn Read,
    each: &mut dyn FnMut(Item) -> Result<(), BackupFault>,
) -> Result<Counts, BackupFault> {
    let given = key.public().map_err(|_| BackupFault::NoRecoveryKey)?.id();
    let wrong = || BackupFault::WrongRecoveryKey { sealed_to: header.recovery.clone(), given: given.clone() };
    let data_key = key.open(INFO, &associated(&header.site), &header.sealed).map_err(|_| wrong())?;
    let head = header.bytes();
    let opener = data_key.expose(|key| StreamOpener::new(key, header.prefix, &head)).map_err(|_| wrong())?;
    let body = length.checked_sub(head.len() as u64 + TRAILER_BYTES as u64).ok_or(BackupFault::Truncated)?;
    let mut walk = Walk { header, counts: Counts::default(), tree: None, ended: false, each };
    let mut chunks = Chunks { input, opener, left: body, number: 0 };
    let mut pending = Vec::with_capacity(2 * CHUNK_BYTES);
    while let Some(chunk) = chunks.next()? {
        pending.extend_from_slice(&chunk);
        let mut used = 0;
        while let Some((item, length)) = take(pending.get(used..).unwrap_or(&[]))? {
            used += length;
            walk.item(item)?;
        }
        pending.drain(..used);
    }
    if !pending.is_empty() {
        return Err(inconsistent("it ends within a frame"));
    }
    walk.finish()
}

fn inconsistent(why: &str) -> BackupFault {
    BackupFault::Inconsistent { why: why.to_owned() }
}

struct Chunks<'a> {
    input: &'a mut dyn Read,
    opener: StreamOpener,
    left: u64,
    number: u64,
}

impl Chunks<'_> {
    fn next(&mut self) -> Result<Option<Vec<u8>>, BackupFault> {
        let whole = (CHUNK_BYTES + STREAM_TAG_BYTES) as u64;
        if self.left == 0 {
            return if self.number == 0 { Err(BackupFault::Truncated) } else { Ok(None) };
        }
        let size = self.left.min(whole);
        self.left -= size;
        let mut chunk = vec![0; usize::try_from(size).unwrap_or(0)];
        exact(self.input, &mut chunk)?;
        let last = self.left == 0;
        let number = self.number;
        self.number += 1;
        match self.opener.open(&mut chunk, last) {
            Ok(()) => Ok(Some(chunk)),
            // What would have opened as a chunk in the middle tells that the end is missing; the cut is what is named.
            Err(_) if last => Err(BackupFault::Truncated),
            Err(_) => Err(BackupFault::Corrupted { chunk: number }),
        }
    }
}

/// Counts, and follows the tree of the log to the head that the header names.
struct Walk<'a> {
    header: &'a Header,
    counts: Counts,
    tree: Option<Frontier>,
    ended: bool,
    each: &'a mut dyn FnMut(Item) -> Result<(), BackupFault>,
}

impl Walk<'_> {
    fn item(&mut self, item: Option<Item>) -> Result<(), BackupFault> {
        if self.ended {
            return Err(inconsistent("something follows its end"));
        }
        let Some(item) = item else { return Ok(()) };
        match &item {
            Item::End(counts) if *counts != self.counts => return Err(inconsistent("its counts are others")),
            Item::End(_) => self.ended = true,
            Item::Batch(batch) => self.batch(batch)?,
            _ => {}
        }
        self.counts.add(&item);
        (self.each)(item)
    }

    fn batch(&mut self, batch: &StoredBatch) -> Result<(), BackupFault> {
        let says = Frontier::from_bytes(&batch.frontier).ok_or_else(|| inconsistent("a batch has no readable tree"))?;
        // Retention leaves gaps in an old log; where the batch before is there, the one must lead to the other.
        if let Some(mut tree) = self.tree.take().filter(|tree| tree.size() == batch.first) {
            for entry in entries_of(&batch.entries) {
                tree.append(leaf_hash(entry));
            }
            if tree != says {
                return Err(BackupFault::Inconsistent {
                    why: format!("the batch at {} leads to another tree", batch.first),
                });
            }
        }
        self.tree = Some(says);
        Ok(())
    }

    fn finish(self) -> Result<Counts, BackupFault> {
        if !self.ended {
            return Err(inconsistent("it has no end"));
        }
        if self.header.kind == KIND_KEYS {
            let keys = self.header.keys.is_some_and(|keys| keys > 0 && keys <= self.counts.carried);
            return if keys { Ok(self.counts) } else { Err(inconsistent("it holds no keys")) };
        }
        let head = self.tree.is_some_and(|tree| tree.size() == self.header.size && tree.root() == self.header.root);
        if head { Ok(self.counts) } else { Err(inconsistent("its log is not the one that its header names")) }
    }
}
