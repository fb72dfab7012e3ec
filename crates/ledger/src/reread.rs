//! What is read of bytes, written again: for fuzzing, which is to find out that nothing worse than "no" happens, and
//! that whatever is taken once is taken as the same for ever.

use crate::entry::{DetailKey, decode_detail, encode_detail};
use crate::projections::Summary;
use domain::Table;
use secret::Secret;

/// The plaintext of a row's blob.
pub fn object(table: Table, plaintext: &[u8]) -> Option<Secret> {
    crate::codec::reread(table, plaintext)
}

/// The plaintext of an entry's sealed part. Keys that this release does not know are left out.
pub fn detail(plaintext: &[u8]) -> Option<Vec<u8>> {
    let pairs = decode_detail(plaintext).ok()?;
    let known = pairs.into_iter().filter_map(|(key, value)| Some((DetailKey::from_number(key)?, value)));
    Some(encode_detail(&known.collect::<Vec<_>>()))
}

/// What a segment of entries is summed up in.
pub fn segment(bytes: &[u8]) -> Option<Vec<u8>> {
    Summary::decode(bytes).map(|mut summary| summary.encode())
}
