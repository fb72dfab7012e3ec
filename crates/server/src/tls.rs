//! TLS records in buffers of our own, wiped as soon as they are read.
//!
//! The TLS library decrypts in place. Its own buffers would keep the last request until the next one comes; these do not.

use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use std::io;
use std::sync::Arc;

/// Bytes that come from the socket in one read, at first.
const READ_BYTES: usize = 4_096;
/// A TLS record: header, 2^14 bytes of content, and what encryption adds (RFC 8446 section 5.2, RFC 5246 section 6.2.3).
const RECORD_BYTES_MAX: usize = 5 + 16_384 + 2_048;
/// Plaintext sealed at a time: one record.
pub(crate) const PLAINTEXT_BYTES_MAX: usize = 16_384;
/// What encryption adds to one record, at most, as we configure it.
const OVERHEAD_BYTES_MAX: usize = 64;

/// Bytes on their way. What was taken is overwritten.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    pub(crate) fn filled_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.filled).unwrap_or_default()
    }

    /// At least `count` bytes to write into; [`Buffer::fill`] says how many were.
    pub(crate) fn room(&mut self, count: usize) -> &mut [u8] {
        if self.bytes.len() - self.filled < count {
            self.bytes.resize(self.filled + count, 0);
        }
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    pub(crate) fn fill(&mut self, count: usize) {
        self.filled = (self.filled + count).min(self.bytes.len());
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room(bytes.len()).get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
            self.fill(bytes.len());
        }
    }

    /// Takes `count` bytes off the front.
    pub(crate) fn discard(&mut self, count: usize) {
        let count = count.min(self.filled);
        if count == 0 {
            return;
        }
        let left = self.filled - count;
        self.bytes.copy_within(count..self.filled, 0);
        if let Some(gone) = self.bytes.get_mut(left..self.filled) {
            gone.fill(0);
        }
        self.filled = left;
    }

    /// Gives the memory back if nothing is in it.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            self.bytes = Vec::new();
        }
    }

    /// Room for more of an unfinished record, or none if a whole record would fit already.
    pub(crate) fn record_room(&mut self) -> io::Result<&mut [u8]> {
        if self.filled >= RECORD_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a TLS record beyond its size"));
        }
        let count = if self.bytes.len() <= READ_BYTES && self.filled == 0 {
            READ_BYTES
        } else {
            RECORD_BYTES_MAX - self.filled
        };
        let room = self.room(count);
        Ok(room)
    }
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Handshaking,
    Open,
    /// Nothing more will come.
    Closed,
}

enum Step {
    Again,
    PeerClosed,
    Stand(Standing),
}

/// What is to be sent once the connection is open.
pub(crate) enum Send<'a> {
    Nothing,
    Plaintext(&'a [u8]),
    Goodbye,
}

pub(crate) struct Tls {
    connection: UnbufferedServerConnection,
    /// Ciphertext to be written.
    pub(crate) outgoing: Buffer,
    pub(crate) peer_closed: bool,
}

impl Tls {
    pub(crate) fn new(config: Arc<rustls::ServerConfig>) -> Result<Self, rustls::Error> {
        let connection = UnbufferedServerConnection::new(config)?;
        Ok(Self { connection, outgoing: Buffer::default(), peer_closed: false })
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.connection.alpn_protocol() == Some(b"h2")
    }

    /// Works through all whole records of `incoming`; appends what they hold to `clear`, and what is to be sent to
    /// `outgoing`. After an error `outgoing` may hold the alert.
    pub(crate) fn work(&mut self, incoming: &mut Buffer, clear: &mut Buffer, send: &Send<'_>) -> io::Result<Standing> {
        loop {
            let UnbufferedStatus { discard, state, .. } = self.connection.process_tls_records(incoming.filled_mut());
            let step = match state {
                Ok(state) => step(state, clear, &mut self.outgoing, send),
                Err(why) => Err(io::Error::new(io::ErrorKind::InvalidData, why)),
            };
            incoming.discard(discard);
            match step {
                Ok(Step::Again) => {}
                Ok(Step::PeerClosed) => self.peer_closed = true,
                Ok(Step::Stand(standing)) => return Ok(standing),
                Err(why) => {
                    self.collect_alert(incoming);
                    return Err(why);
                }
            }
        }
    }

    /// An error leaves an alert to be sent; asking once more yields it before the error comes back.
    fn collect_alert(&mut self, incoming: &mut Buffer) {
        let UnbufferedStatus { state, .. } = self.connection.process_tls_records(incoming.filled_mut());
        if let Ok(state) = state {
            let _told_already = step(state, &mut Buffer::default(), &mut self.outgoing, &Send::Nothing);
        }
    }
}

fn step<Data>(
    state: ConnectionState<'_, '_, Data>,
    clear: &mut Buffer,
    outgoing: &mut Buffer,
    send: &Send<'_>,
) -> io::Result<Step> {
    match state {
        ConnectionState::ReadTraffic(mut traffic) => {
            while let Some(record) = traffic.next_record() {
                clear.append(record.map_err(invalid)?.payload);
            }
            Ok(Step::Again)
        }
        ConnectionState::EncodeTlsData(mut data) => encode(outgoing, |room| data.encode(room)),
        ConnectionState::TransmitTlsData(data) => {
            data.done();
            Ok(Step::Again)
        }
        ConnectionState::BlockedHandshake => Ok(Step::Stand(Standing::Handshaking)),
        ConnectionState::WriteTraffic(mut traffic) => {
            match send {
                Send::Nothing => {}
                Send::Plaintext(text) => {
                    encrypt(outgoing, text.len() + OVERHEAD_BYTES_MAX, |room| traffic.encrypt(text, room))?;
                }
                Send::Goodbye => encrypt(outgoing, OVERHEAD_BYTES_MAX, |room| traffic.queue_close_notify(room))?,
            }
            Ok(Step::Stand(Standing::Open))
        }
        ConnectionState::PeerClosed => Ok(Step::PeerClosed),
        ConnectionState::Closed => Ok(Step::Stand(Standing::Closed)),
        _ => Err(invalid("early data was never offered")),
    }
}

fn encode(outgoing: &mut Buffer, mut put: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) -> io::Result<Step> {
    let written = match put(outgoing.room(0)) {
        Err(EncodeError::InsufficientSize(needed)) => put(outgoing.room(needed.required_size)),
        other => other,
    };
    outgoing.fill(written.map_err(|why| invalid(why.to_string()))?);
    Ok(Step::Again)
}

fn encrypt(
    outgoing: &mut Buffer,
    guess: usize,
    mut put: impl FnMut(&mut [u8]) -> Result<usize, EncryptError>,
) -> io::Result<()> {
    let written = match put(outgoing.room(guess)) {
        Err(EncryptError::InsufficientSize(needed)) => put(outgoing.room(needed.required_size)),
        other => other,
    };
    outgoing.fill(written.map_err(|why| invalid(why.to_string()))?);
    Ok(())
}

fn invalid(why: impl Into<Box<dyn std::error::Error + std::marker::Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
