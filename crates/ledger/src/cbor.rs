//! Deterministic CBOR (RFC 8949, section 4.2.1) as the formats here use it: integers, bytes, text, arrays, maps,
//! true, false and null; definite lengths; the shortest form of every head; keys ascending. Whatever else is refused.

use crate::entry::Malformed;
use minicbor::data::Type;
use minicbor::encode::Write as _;
use minicbor::{Decoder, Encoder};
use secret::Secret;
use std::convert::Infallible;

/// How deep arrays and maps may lie in each other where a reader passes over what it does not know.
const DEPTH_MAX: u8 = 16;
/// Room that a reader takes in advance for a list, however long the list says it is.
const LIST_ITEMS_RESERVED_MAX: usize = 1_024;
/// So many fields are counted in the first byte of a map's head.
const FIELDS_SHORT_MAX: u8 = 23;
/// Instead of a count in the first byte: it is in the next one.
const COUNT_FOLLOWS: u8 = 24;

/// A buffer that wipes what it grows out of.
struct Buffer(Vec<u8>);

impl minicbor::encode::Write for Buffer {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            self.grow(bytes.len());
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

impl Buffer {
    #[cold]
    fn grow(&mut self, more: usize) {
        let mut larger = Vec::with_capacity((self.0.len() + more).saturating_mul(2));
        larger.extend_from_slice(&self.0);
        drop(Secret::new(std::mem::replace(&mut self.0, larger)));
    }

    /// Puts the number of fields into the head of a map: in its first byte, or in one more (RFC 8949, section 3).
    fn count(&mut self, head: usize, fields: u8) {
        let short = fields <= FIELDS_SHORT_MAX;
        if let Some(byte) = self.0.get_mut(head) {
            *byte |= if short { fields } else { COUNT_FOLLOWS };
        }
        if !short {
            if self.0.capacity() == self.0.len() {
                self.grow(1);
            }
            self.0.insert(head + 1, fields);
        }
    }
}

/// Writes one item after the other. Nothing here can fail: the buffer only grows.
pub(crate) struct Writer(Encoder<Buffer>);

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Encoder::new(Buffer(Vec::with_capacity(bytes))))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer().0
    }

    pub(crate) fn number(&mut self, number: impl Into<u64>) {
        let _: Result<_, _> = self.0.u64(number.into());
    }

    pub(crate) fn signed(&mut self, number: i64) {
        let _: Result<_, _> = self.0.i64(number);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let _: Result<_, _> = self.0.bytes(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        let _: Result<_, _> = self.0.str(text);
    }

    pub(crate) fn null(&mut self) {
        let _: Result<_, _> = self.0.null();
    }

    /// The head of an array; its items follow.
    pub(crate) fn array(&mut self, items: usize) {
        let _: Result<_, _> = self.0.array(items as u64);
    }

    /// Items that another writer wrote.
    pub(crate) fn items(&mut self, written: &[u8]) {
        let _: Result<_, _> = self.0.writer_mut().write_all(written);
    }

    /// The value, or null.
    pub(crate) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    pub(crate) fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.array(items.len());
        items.iter().for_each(|item| write(self, item));
    }

    /// A map of at most 255 fields whose key 0 is the format's version.
    pub(crate) fn document(&mut self, version: u8, fields: impl FnOnce(&mut Fields<'_>)) {
        let head = self.0.writer().0.len();
        self.map_head(0);
        let mut map = Fields { writer: self, count: 0 };
        map.put(0, |w| w.number(version));
        fields(&mut map);
        let count = map.count;
        self.0.writer_mut().count(head, count);
    }

    fn map_head(&mut self, count: u64) {
        let _: Result<_, _> = self.0.map(count);
    }
}

/// The fields of a map, in ascending order of their keys.
pub(crate) struct Fields<'a> {
    writer: &'a mut Writer,
    count: u8,
}

impl Fields<'_> {
    pub(crate) fn put(&mut self, key: u8, write: impl FnOnce(&mut Writer)) {
        self.writer.number(key);
        write(self.writer);
        self.count += 1;
    }

    /// Nothing is written where there is nothing.
    pub(crate) fn put_some<T>(&mut self, key: u8, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        if let Some(value) = value {
            self.put(key, |w| write(w, value));
        }
    }

    /// Nothing is written for an empty list.
    pub(crate) fn put_list<T>(&mut self, key: u8, items: &[T], write: impl FnMut(&mut Writer, &T)) {
        if !items.is_empty() {
            self.put(key, |w| w.list(items, write));
        }
    }
}

/// Reads one item after the other, and only what is deterministic.
pub(crate) struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.0.position() == self.0.input().len() { Ok(()) } else { Err(Malformed) }
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let start = self.0.position();
        let number = self.0.u64().map_err(malformed)?;
        self.shortest(start, head_bytes(number))?;
        Ok(number)
    }

    /// An unsigned integer that fits.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Malformed> {
        T::try_from(self.number()?).map_err(|_| Malformed)
    }

    /// A number that stands for something.
    pub(crate) fn meaning<N: TryFrom<u64>, T>(&mut self, of: impl FnOnce(N) -> Option<T>) -> Result<T, Malformed> {
        of(self.small()?).ok_or(Malformed)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let start = self.0.position();
        let number = self.0.i64().map_err(malformed)?;
        let argument = if number < 0 { -1 - number } else { number };
        self.shortest(start, head_bytes(argument.unsigned_abs()))?;
        Ok(number)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Malformed> {
        let start = self.0.position();
        let bytes = self.0.bytes().map_err(malformed)?;
        self.shortest(start, head_bytes(bytes.len() as u64) + bytes.len())?;
        Ok(bytes)
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.bytes()?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, Malformed> {
        let start = self.0.position();
        let text = self.0.str().map_err(malformed)?;
        self.shortest(start, head_bytes(text.len() as u64) + text.len())?;
        Ok(text)
    }

    /// The value, or null.
    pub(crate) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if self.kind()? == Type::Null {
            self.0.null().map_err(malformed)?;
            return Ok(None);
        }
        read(self).map(Some)
    }

    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.array()?;
        let mut items = Vec::with_capacity(usize::try_from(count).unwrap_or(usize::MAX).min(LIST_ITEMS_RESERVED_MAX));
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// An array of at least `known` items, of which `read` takes exactly so many. What a newer release put
    /// behind them is passed over.
    pub(crate) fn tuple<T>(
        &mut self,
        known: u64,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let count = self.array()?;
        let more = count.checked_sub(known).ok_or(Malformed)?;
        let value = read(self)?;
        self.skip_items(more)?;
        Ok(value)
    }

    /// An array of at least `least` items, to which later releases added up to `known`. `read` is told how many there
    /// are, and takes those that it knows.
    pub(crate) fn grown<T>(
        &mut self,
        least: u64,
        known: u64,
        read: impl FnOnce(&mut Self, u64) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let count = self.array()?;
        if count < least {
            return Err(Malformed);
        }
        let value = read(self, count)?;
        self.skip_items(count.saturating_sub(known))?;
        Ok(value)
    }

    /// The value, or null; nothing where it is not there to be read.
    pub(crate) fn maybe_if<T>(
        &mut self,
        there: bool,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if there { self.maybe(read) } else { Ok(None) }
    }

    /// An array whose first item, a number, says what the others are. `read` is given the number and how many
    /// items follow, and takes exactly those.
    pub(crate) fn variant<T>(
        &mut self,
        read: impl FnOnce(&mut Self, u64, u64) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let more = self.array()?.checked_sub(1).ok_or(Malformed)?;
        let which = self.number()?;
        read(self, which, more)
    }

    /// A map whose key 0 says that its format is `version`. `field` takes the value of each other key; it
    /// calls [`Reader::skip`] for those that it does not know.
    pub(crate) fn document(
        &mut self,
        version: u64,
        mut field: impl FnMut(&mut Self, u64) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let more = self.map()?.checked_sub(1).ok_or(Malformed)?;
        if self.number()? != 0 || self.number()? != version {
            return Err(Malformed);
        }
        let mut before = 0;
        for _ in 0..more {
            let key = self.number()?;
            if key <= before {
                return Err(Malformed);
            }
            field(self, key)?;
            before = key;
        }
        Ok(())
    }

    pub(crate) fn kind(&self) -> Result<Type, Malformed> {
        self.0.datatype().map_err(malformed)
    }

    /// Passes over one item, whatever it is, and still refuses what is not deterministic.
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        self.skip_one(DEPTH_MAX)
    }

    pub(crate) fn skip_items(&mut self, count: u64) -> Result<(), Malformed> {
        self.skip_many(count, DEPTH_MAX)
    }

    fn skip_many(&mut self, count: u64, depth: u8) -> Result<(), Malformed> {
        for _ in 0..count {
            self.skip_one(depth)?;
        }
        Ok(())
    }

    fn skip_one(&mut self, depth: u8) -> Result<(), Malformed> {
        let deeper = depth.checked_sub(1).ok_or(Malformed)?;
        match self.kind()? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => self.number().map(drop),
            Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => self.skip_negative(),
            Type::Bytes => self.bytes().map(drop),
            Type::String => self.text().map(drop),
            Type::Array => self.array().and_then(|count| self.skip_many(count, deeper)),
            Type::Map => self.skip_map(deeper),
            Type::Bool => self.0.bool().map(drop).map_err(malformed),
            Type::Null => self.0.null().map_err(malformed),
            _ => Err(Malformed),
        }
    }

    fn skip_negative(&mut self) -> Result<(), Malformed> {
        let start = self.0.position();
        let number = i128::from(self.0.int().map_err(malformed)?);
        let argument = u64::try_from(-1 - number).map_err(|_| Malformed)?;
        self.shortest(start, head_bytes(argument))
    }

    /// Keys may be anything here; their encodings ascend.
    fn skip_map(&mut self, depth: u8) -> Result<(), Malformed> {
        let mut before: &[u8] = &[];
        for _ in 0..self.map()? {
            let start = self.0.position();
            self.skip_one(depth)?;
            let key = self.0.input().get(start..self.0.position()).ok_or(Malformed)?;
            if key <= before {
                return Err(Malformed);
            }
            before = key;
            self.skip_one(depth)?;
        }
        Ok(())
    }

    fn array(&mut self) -> Result<u64, Malformed> {
        let start = self.0.position();
        let count = self.0.array().map_err(malformed)?.ok_or(Malformed)?;
        self.shortest(start, head_bytes(count))?;
        Ok(count)
    }

    fn map(&mut self) -> Result<u64, Malformed> {
        let start = self.0.position();
        let count = self.0.map().map_err(malformed)?.ok_or(Malformed)?;
        self.shortest(start, head_bytes(count))?;
        Ok(count)
    }

    fn shortest(&self, start: usize, bytes: usize) -> Result<(), Malformed> {
        if self.0.position().checked_sub(start) == Some(bytes) { Ok(()) } else { Err(Malformed) }
    }
}

fn malformed(_: minicbor::decode::Error) -> Malformed {
    Malformed
}

/// The length of the shortest head with this argument.
fn head_bytes(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn document(fields: u8, capacity: usize) -> Vec<u8> {
        let mut writer = Writer::with_capacity(capacity);
        writer.document(1, |map| (1..=fields).for_each(|key| map.put(key, |w| w.text("value"))));
        writer.finish()
    }

    #[test]
    fn a_document_has_as_many_fields_as_it_says() {
        // Beside the version: to the last number that fits into the first byte, and from then on in a second one.
        for fields in [1, FIELDS_SHORT_MAX - 1, FIELDS_SHORT_MAX, FIELDS_SHORT_MAX + 1, 254] {
            let bytes = document(fields, 0);
            let mut keys = Vec::new();
            let mut reader = Reader::new(&bytes);
            reader.document(1, |r, key| r.text().map(|_| keys.push(key))).unwrap();
            assert_eq!(reader.end(), Ok(()));
            assert_eq!(keys, (1..=u64::from(fields)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn room_changes_nothing_in_what_is_written() {
        assert_eq!(document(20, 0), document(20, 1_000));
        assert_eq!(document(40, 0), document(40, 1_000));
    }

    #[test]
    fn a_list_takes_no_more_room_than_it_has_items() {
        let claims_millions = [0x9b, 0, 0, 0, 1, 0, 0, 0, 0, 1];
        assert_eq!(Reader::new(&claims_millions).list(Reader::number), Err(Malformed));
    }
}
