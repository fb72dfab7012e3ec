//! Bodies of answers, written straight into bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use secret::Secret;
use std::io::Write;

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

    /// What is known to need no escapes.
    pub(crate) fn plain(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        self.name(name);
        self.0.push(b'"');
        let _ = self.0.write_fmt(value);
        self.0.push(b'"');
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
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.name(name);
        self.0.push(b'"');
        for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
            self.0.push(HEX.get(usize::from(nibble)).copied().unwrap_or(b'?'));
        }
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
