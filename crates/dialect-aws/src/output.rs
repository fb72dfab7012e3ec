//! Bodies of answers, written straight into bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{ObjectId, Timestamp};
use secret::Secret;
use std::io::Write;

const HEX: &[u8; 16] = b"0123456789abcdef";

fn hex_pair(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|nibble| HEX.get(usize::from(nibble)).copied().unwrap_or(b'?'))
}

/// An id as a UUID (RFC 9562). Its `Display` says the same, more slowly.
pub(crate) fn uuid(id: ObjectId) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let (mut rest, mut bytes) = (text.as_mut_slice(), id.0.iter());
    for group in [4, 2, 2, 2, 6] {
        let (digits, after) = rest.split_at_mut_checked(group * 2).unwrap_or_default();
        for (pair, byte) in digits.chunks_exact_mut(2).zip(&mut bytes) {
            pair.copy_from_slice(&hex_pair(*byte));
        }
        rest = after.get_mut(1..).unwrap_or_default();
    }
    text
}

/// A JSON object that is being written.
pub(crate) struct Json(Vec<u8>);

impl Json {
    /// `room`: about how many bytes it will take.
    pub(crate) fn object(room: usize) -> Self {
        let mut bytes = Vec::with_capacity(room);
        bytes.push(b'{');
        Self(bytes)
    }

    pub(crate) fn done(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn separate(&mut self) {
        if !matches!(self.0.last(), Some(b'{' | b'[')) {
            self.0.push(b',');
        }
    }

    fn string(&mut self, value: &str) {
        let plain = value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
        if plain {
            self.0.push(b'"');
            self.0.extend_from_slice(value.as_bytes());
            self.0.push(b'"');
        } else {
            // Writing into memory does not fail.
            let _ = serde_json::to_writer(&mut self.0, value);
        }
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.string(value);
    }

    pub(crate) fn number(&mut self, name: &str, value: u32) {
        self.name(name);
        let _ = write!(self.0, "{value}");
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Seconds since 1970, with the milliseconds as a fraction.
    pub(crate) fn date(&mut self, name: &str, at: Timestamp) {
        self.name(name);
        let _ = write!(self.0, "{}.{:03}", at.0.div_euclid(1_000), at.0.rem_euclid(1_000));
    }

    pub(crate) fn blob(&mut self, name: &str, bytes: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        let start = self.0.len();
        self.0.resize(start + bytes.len().div_ceil(3) * 4, b'=');
        if let Some(room) = self.0.get_mut(start..) {
            // The room is exactly what base64 with padding takes.
            let _ = STANDARD.encode_slice(bytes, room);
        }
        self.0.push(b'"');
    }

    pub(crate) fn secret(&mut self, name: &str, secret: &Secret) {
        secret.expose(|bytes| self.blob(name, bytes));
    }

    /// 32 bytes in lower-case hexadecimal.
    pub(crate) fn hex(&mut self, name: &str, bytes: &[u8; 32]) {
        let mut digits = [b'0'; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&hex_pair(*byte));
        }
        self.unescaped(name, &[&digits]);
    }

    pub(crate) fn id(&mut self, name: &str, id: ObjectId) {
        self.unescaped(name, &[&uuid(id)]);
    }

    pub(crate) fn key_arn(&mut self, name: &str, region: &str, account: &str, id: ObjectId) {
        let (region, account) = (region.as_bytes(), account.as_bytes());
        self.unescaped(name, &[b"arn:aws:kms:", region, b":", account, b":key/", &uuid(id)]);
    }

    /// What is known to need no escapes: identifiers and numbers.
    fn unescaped(&mut self, name: &str, parts: &[&[u8]]) {
        self.name(name);
        self.0.push(b'"');
        parts.iter().for_each(|part| self.0.extend_from_slice(part));
        self.0.push(b'"');
    }

    pub(crate) fn nested(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.name(name);
        self.inner(fill);
    }

    pub(crate) fn list<T>(&mut self, name: &str, items: impl IntoIterator<Item = T>, fill: impl Fn(&mut Self, T)) {
        self.name(name);
        self.0.push(b'[');
        for item in items {
            self.separate();
            self.inner(|object| fill(object, item));
        }
        self.0.push(b']');
    }

    pub(crate) fn texts<'a>(&mut self, name: &str, items: impl IntoIterator<Item = &'a str>) {
        self.name(name);
        self.0.push(b'[');
        for item in items {
            self.separate();
            self.string(item);
        }
        self.0.push(b']');
    }

    fn inner(&mut self, fill: impl FnOnce(&mut Self)) {
        self.0.push(b'{');
        fill(self);
        self.0.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_spelled_as_everywhere() {
        let id = ObjectId([0x12, 0x34, 0xab, 0xcd, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
        assert_eq!(uuid(id).as_slice(), id.to_string().as_bytes());
    }
}
