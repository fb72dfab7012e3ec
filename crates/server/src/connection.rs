//! One connection, from its first byte to its last.

use crate::Limits;
use crate::config::Speech;
use crate::dispatch::Visit;
use crate::door::Door;
use crate::pace::{Due, Pace};
use crate::paper::Paper;
use crate::public::Page;
use crate::serve::House;
use crate::stream::Stream;
use crate::watch::Watch;
use domain::Refusal;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Time for a last word to a client that may be gone.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often a connection is asked to close before it is dropped.
const ASKED_TO_CLOSE_MAX: u32 = 20;
/// HTTP/2 flow control: bytes of one request's body under way at a time, and of all on a connection.
const HTTP2_STREAM_WINDOW_BYTES: u32 = 65_535;
const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 1_048_576;

/// What is spoken on a listener, ready to be used.
#[derive(Clone)]
pub(crate) struct Spoken {
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
    pub(crate) plain: bool,
}

impl Spoken {
    pub(crate) fn of(speech: &Speech) -> Result<Self, crate::CertificateFault> {
        Ok(match speech {
            Speech::Tls(certificates) => Self { tls: Some(certificates.tls()?), plain: false },
            Speech::TlsOrPlain(certificates) => Self { tls: Some(certificates.tls()?), plain: true },
            Speech::Plain => Self { tls: None, plain: true },
        })
    }
}

pub(crate) async fn run<D: Door>(house: Arc<House<D>>, socket: TcpStream, source: IpAddr, spoken: Spoken) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _only_slower = socket.set_nodelay(true);
    let watch = Arc::new(Watch::default());
    let mut stream = Stream::new(socket, watch.clone());
    let http2 = match timeout(house.limits.handshake_time, greet(&mut stream, spoken)).await {
        Ok(Ok(http2)) => http2,
        Ok(Err(why)) => return house.handshake_failed(source, &why),
        Err(_elapsed) if stream.is_untouched() => return,
        Err(_elapsed) => return house.too_slow(source),
    };
    let secure = stream.is_tls();
    let visit = Arc::new(Visit { house: house.clone(), watch, source, secure, http2 });
    if http2 { serve_http2(visit, stream).await } else { serve_http1(visit, stream).await }
}

/// Agrees on TLS and on the version of HTTP.
async fn greet(stream: &mut Stream, spoken: Spoken) -> io::Result<bool> {
    if let Some(config) = spoken.tls
        && (!spoken.plain || stream.begins_tls().await?)
    {
        stream.handshake(config).await?;
    }
    stream.begins_http2().await
}

/// How a connection's HTTP/1.1 layer came to its end.
enum End {
    /// By itself, or on our asking.
    Closed(hyper::Result<()>),
    /// Its buffers are to be renewed; all is answered.
    Renewed,
    TooSlow(Due),
}

async fn serve_http1<D: Door>(visit: Arc<Visit<D>>, mut stream: Stream) {
    let house = visit.house.clone();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(house.limits.head_bytes);
    let mut pace = Pace::new(house.limits, false);
    loop {
        let guest = visit.clone();
        let service = service_fn(move |request| Box::pin(guest.clone().serve(request)));
        let mut connection = builder.serve_connection(stream, service);
        match follow(&mut connection, &mut pace, &visit).await {
            End::Renewed => {
                let parts = connection.into_parts();
                stream = parts.io;
                stream.untake(&parts.read_buf);
                stream.rest();
            }
            End::Closed(result) => {
                house.closed(visit.source, result);
                let _gone_either_way = timeout(FAREWELL, connection.into_parts().io.close()).await;
                return;
            }
            End::TooSlow(due) => {
                if due == Due::SlowHead && visit.watch.begun_head() {
                    house.too_slow(visit.source);
                }
                return;
            }
        }
    }
}

type Http1<S> = http1::Connection<Stream, S>;

/// Lets the connection serve, and watches the time.
async fn follow<D: Door, S>(connection: &mut Http1<S>, pace: &mut Pace, visit: &Visit<D>) -> End
where
    S: HttpService<Incoming, ResBody = Paper, Error = Infallible> + Unpin,
    S::Future: Future<Output = Result<Page, Infallible>> + Unpin,
{
    let mut asked = 0;
    let mut renewing = false;
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.poll_without_shutdown(cx) {
                let renewed = renewing && result.is_ok();
                return Poll::Ready(if renewed { End::Renewed } else { End::Closed(result) });
            }
            // A connection that was not at rest after all told its client that it will close, and shall.
            asked += u32::from(std::mem::take(&mut renewing));
            if asked == 0 && visit.house.draining() {
                asked = 1;
                Pin::new(&mut *connection).graceful_shutdown();
                continue;
            }
            match std::task::ready!(pace.poll(&visit.watch, cx)) {
                Due::Late => visit.watch.call_late(),
                Due::Close if asked >= ASKED_TO_CLOSE_MAX => return Poll::Ready(End::Closed(Ok(()))),
                Due::Close => {
                    asked += 1;
                    Pin::new(&mut *connection).graceful_shutdown();
                }
                Due::Renew if asked == 0 => {
                    renewing = true;
                    Pin::new(&mut *connection).graceful_shutdown();
                }
                Due::Renew => {}
                due @ (Due::SlowHead | Due::SlowReader) => return Poll::Ready(End::TooSlow(due)),
            }
        }
    })
    .await
}

async fn serve_http2<D: Door>(visit: Arc<Visit<D>>, stream: Stream) {
    let house = visit.house.clone();
    let mut pace = Pace::new(Limits { idle_time: house.limits.idle_time_http2, ..house.limits }, true);
    let guest = visit.clone();
    let service = service_fn(move |request| guest.clone().serve(request));
    let mut connection = pin!(http2_builder(&house.limits).serve_connection(stream, service));
    let mut asked = 0;
    let result = poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            if asked == 0 && house.draining() {
                asked = 1;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            match std::task::ready!(pace.poll(&visit.watch, cx)) {
                Due::Late | Due::Renew => {}
                Due::Close if asked < ASKED_TO_CLOSE_MAX => {
                    asked += 1;
                    connection.as_mut().graceful_shutdown();
                }
                Due::Close | Due::SlowHead | Due::SlowReader => return Poll::Ready(Ok(())),
            }
        }
    });
    house.closed(visit.source, result.await);
}

fn http2_builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES);
    builder
}

/// What a broken connection is counted as. A client that went away is nothing.
pub(crate) fn refusal(why: &hyper::Error, limits: &Limits) -> Option<Refusal> {
    match why {
        _ if why.is_parse_too_large() => Some(Refusal::TooLarge { bytes_max: limits.head_bytes }),
        _ if why.is_parse() => Some(Refusal::Unreadable { member: "head" }),
        _ => None,
    }
}
