//! The doors: listeners, TLS, the bounds of a request before anybody looks at it, and a graceful end.
//!
//! Nothing is decided here. A request within its bounds goes to the first dialect that speaks it, through the one
//! [`Door`]; what is out of bounds is refused through the same door, so that it is counted.
//!
//! While a connection rests, no byte of what it carried remains in its buffers: the TLS layer wipes each record once it
//! was read, and after [`limits::REST`] the HTTP layer gets fresh buffers (HTTP/1.1) or the connection is closed
//! (HTTP/2). Both rely on an allocator that wipes what is freed.

mod accept;
mod certificate;
mod config;
mod connection;
mod depth;
mod dispatch;
mod door;
mod grpc;
mod house;
pub mod limits;
mod metrics;
mod pace;
mod paper;
mod public;
mod serve;
mod stream;
mod tls;
mod watch;

pub use certificate::{CertificateFault, Certificates};
pub use config::{Listener, ListenerFault, ServerConfig};
pub use door::{Answered, Door, Kind, Readiness, Sample, Series};
pub use limits::Limits;
pub use serve::{ServeFault, Server, serve};
