//! A connection's bytes, in clear, as the HTTP layer wants them.

use crate::tls::{Buffer, PLAINTEXT_BYTES_MAX, Send, Standing, Tls};
use crate::watch::Watch;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The first byte of a TLS connection: a record of type handshake (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// How an HTTP/2 connection begins (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a refused client that are taken before its connection is closed.
const LINGER_BYTES_MAX: usize = 1_048_576;

/// Bytes of ciphertext that wait for a flush.
const UNSENT_BYTES_MAX: usize = 32_768;

pub(crate) struct Stream {
    socket: TcpStream,
    tls: Option<Box<Tls>>,
    /// As it came from the socket.
    incoming: Buffer,
    /// Read, and not taken yet.
    clear: Buffer,
    ended: bool,
    watch: Arc<Watch>,
}

impl Stream {
    pub(crate) fn new(socket: TcpStream, watch: Arc<Watch>) -> Self {
        Self { socket, tls: None, incoming: Buffer::default(), clear: Buffer::default(), ended: false, watch }
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether nothing ever came.
    pub(crate) fn is_untouched(&self) -> bool {
        self.tls.is_none() && self.incoming.is_empty()
    }

    /// Whether the client begins a TLS handshake. Waits for its first byte.
    pub(crate) async fn begins_tls(&mut self) -> io::Result<bool> {
        while self.incoming.is_empty() && !self.ended {
            poll_fn(|cx| self.poll_fill(cx)).await?;
        }
        Ok(self.incoming.filled().first() == Some(&TLS_HANDSHAKE))
    }

    /// Whether HTTP/2 was agreed upon, or is begun without asking on a plaintext connection.
    pub(crate) async fn begins_http2(&mut self) -> io::Result<bool> {
        if let Some(tls) = &self.tls {
            return Ok(tls.is_http2());
        }
        loop {
            let came = self.incoming.filled();
            let shared = came.len().min(HTTP2_PREFACE.len());
            if came.get(..shared) != HTTP2_PREFACE.get(..shared) {
                return Ok(false);
            }
            if shared == HTTP2_PREFACE.len() || self.ended {
                return Ok(shared == HTTP2_PREFACE.len());
            }
            poll_fn(|cx| self.poll_fill(cx)).await?;
        }
    }

    /// On an error the alert was sent, if there was one and the socket took it.
    pub(crate) async fn handshake(&mut self, config: Arc<rustls::ServerConfig>) -> io::Result<()> {
        self.tls = Some(Box::new(Tls::new(config).map_err(io::Error::other)?));
        poll_fn(|cx| self.poll_handshake(cx)).await
    }

    /// What the HTTP layer had taken and not used, to be taken again.
    pub(crate) fn untake(&mut self, bytes: &[u8]) {
        let rest = std::mem::take(&mut self.clear);
        self.clear.append(bytes);
        self.clear.append(rest.filled());
    }

    /// Gives back the memory of empty buffers.
    pub(crate) fn rest(&mut self) {
        self.incoming.rest();
        self.clear.rest();
        if let Some(tls) = &mut self.tls {
            tls.outgoing.rest();
        }
    }

    /// Says goodbye, then for a moment takes and forgets what the client still sends: a socket that is closed on
    /// unread bytes resets the connection, and the client would never read why it was refused.
    pub(crate) async fn close(mut self) {
        let mut left = LINGER_BYTES_MAX;
        let mut said = poll_fn(|cx| Pin::new(&mut self).poll_shutdown(cx)).await.is_ok();
        while said && left > 0 && !self.ended {
            let taken = self.incoming.filled().len();
            self.incoming.discard(taken);
            left = left.saturating_sub(taken);
            said = poll_fn(|cx| self.poll_fill(cx)).await.is_ok();
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buffer = ReadBuf::new(self.incoming.record_room()?);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer))?;
        let count = buffer.filled().len();
        self.incoming.fill(count);
        self.ended = count == 0;
        Poll::Ready(Ok(()))
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let standing = self.work(&Send::Nothing);
            // Alerts leave, too, as far as the socket takes them.
            let flushed = self.poll_drain(cx)?;
            match standing? {
                Standing::Open => return flushed.map(Ok),
                Standing::Handshaking => ready!(flushed),
                Standing::Closed => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            }
            if self.ended {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            ready!(self.poll_fill(cx))?;
        }
    }

    /// Moves what came: without TLS as it is, with TLS record by record.
    fn work(&mut self, send: &Send<'_>) -> io::Result<Standing> {
        let Some(tls) = &mut self.tls else {
            self.clear.append(self.incoming.filled());
            self.incoming.discard(usize::MAX);
            return Ok(Standing::Open);
        };
        let standing = tls.work(&mut self.incoming, &mut self.clear, send)?;
        if tls.peer_closed {
            self.ended = true;
        }
        Ok(standing)
    }

    /// Writes ciphertext until none is left.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(tls) = &mut self.tls else { return Poll::Ready(Ok(())) };
        while !tls.outgoing.is_empty() {
            let written = match Pin::new(&mut self.socket).poll_write(cx, tls.outgoing.filled()) {
                Poll::Ready(written) => written?,
                Poll::Pending => {
                    self.watch.blocked(true);
                    return Poll::Pending;
                }
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            tls.outgoing.discard(written);
        }
        self.watch.blocked(false);
        Poll::Ready(Ok(()))
    }

    fn poll_write_plain(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.watch.blocked(written.is_pending());
        written
    }
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if !this.incoming.is_empty() {
                this.work(&Send::Nothing)?;
                // What TLS itself has to say goes along, as far as the socket takes it.
                let _later = this.poll_drain(cx)?;
            }
            if !this.clear.is_empty() {
                let count = into.remaining().min(this.clear.filled().len());
                into.put_slice(this.clear.filled().get(..count).unwrap_or_default());
                this.clear.discard(count);
                this.watch.read();
                return Poll::Ready(Ok(()));
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            ready!(this.poll_fill(cx))?;
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.tls.is_none() {
            let written = ready!(this.poll_write_plain(cx, bytes))?;
            this.watch.wrote();
            return Poll::Ready(Ok(written));
        }
        if this.tls.as_ref().is_some_and(|tls| tls.outgoing.filled().len() >= UNSENT_BYTES_MAX) {
            ready!(this.poll_drain(cx))?;
        }
        // The HTTP layer flushes when it has said all: head, message and trailers leave in one send.
        let count = bytes.len().min(PLAINTEXT_BYTES_MAX);
        this.work(&Send::Plaintext(bytes.get(..count).unwrap_or_default()))?;
        this.watch.wrote();
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_drain(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.tls.is_some() {
            this.work(&Send::Goodbye)?;
            ready!(this.poll_drain(cx))?;
        }
        Pin::new(&mut this.socket).poll_shutdown(cx)
    }
}
