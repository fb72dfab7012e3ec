//! Who moves the connections: a runtime of one's own for the writer, a thread for all readers. Callers are threads of
//! any kind; those of a server's runtime too.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::sync::oneshot;

/// A thread that moves connections until it is dropped.
pub(crate) struct Driver {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl Driver {
    pub(crate) fn start() -> std::io::Result<Self> {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("postgres".into()).spawn(move || {
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: stop })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Waits for what others move: at most so long. None: the time is up.
pub(crate) fn wait<F: Future>(future: F, most: Duration) -> Option<F::Output> {
    match Handle::try_current() {
        // Whoever else runs on this thread is taken over by another.
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(|| park(future, most))
        }
        _ => park(future, most),
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn park<F: Future>(future: F, most: Duration) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let until = clock::stopwatch_micros().saturating_add(u64::try_from(most.as_micros()).unwrap_or(u64::MAX));
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return Some(done);
        }
        match until.checked_sub(clock::stopwatch_micros()) {
            None | Some(0) => return None,
            Some(left) => std::thread::park_timeout(Duration::from_micros(left)),
        }
    }
}

/// A runtime that only moves while its owner waits: nothing is handed from thread to thread.
pub(crate) struct Own(Option<Runtime>);

impl Own {
    pub(crate) fn new() -> std::io::Result<Self> {
        runtime().map(|runtime| Self(Some(runtime)))
    }

    /// None: the runtime is gone.
    pub(crate) fn run<F: Future<Output: Send> + Send>(&self, future: F) -> Option<F::Output> {
        let runtime = self.0.as_ref()?;
        if Handle::try_current().is_err() {
            return Some(runtime.block_on(future));
        }
        // On a thread of another runtime: only founding and opening come here.
        std::thread::scope(|scope| scope.spawn(|| runtime.block_on(future)).join().ok())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
