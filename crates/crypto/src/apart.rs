//! Two threads for what takes long: one makes keys of RSA and SLH-DSA, one makes signatures of SLH-DSA, which so wait for no
//! key. They stand behind the others, so that they take what those leave, but not so far behind that they never get anything.

use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// How much waits before whoever brings more waits too.
const WAITING_MAX: usize = 64;
/// How much further back the thread stands than others, in steps of `nice`.
const NICE: i32 = 10;

/// There is no such thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoThread;

type Work = Box<dyn FnOnce() + Send>;
type Thread = OnceLock<Option<SyncSender<Work>>>;

/// Which thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    Keys,
    Signatures,
}

impl Queue {
    fn thread(self) -> &'static Thread {
        static KEYS: Thread = OnceLock::new();
        static SIGNATURES: Thread = OnceLock::new();
        match self {
            Self::Keys => &KEYS,
            Self::Signatures => &SIGNATURES,
        }
    }
}

/// Does the work on the thread, and waits for it.
pub(crate) fn apart<T: Send + 'static>(queue: Queue, work: impl FnOnce() -> T + Send + 'static) -> Result<T, NoThread> {
    let thread = queue.thread().get_or_init(start).as_ref().ok_or(NoThread)?;
    let (done, made) = sync_channel(1);
    let work = move || {
        // Whoever waits for it may be gone.
        let _ = done.send(work());
    };
    thread.send(Box::new(work)).map_err(|_| NoThread)?;
    made.recv().map_err(|_| NoThread)
}

fn start() -> Option<SyncSender<Work>> {
    let (sender, receiver) = sync_channel::<Work>(WAITING_MAX);
    let run = move || {
        // Linux gives each thread a priority of its own. Without it, the work is done at the common one.
        let _ = rustix::process::nice(NICE);
        receiver.into_iter().for_each(|work| work());
    };
    thread::Builder::new().name("apart".into()).spawn(run).ok().map(|_| sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_one_after_the_other_and_behind_the_others() {
        let priority = || rustix::process::getpriority_process(None).ok();
        let here = priority();
        let there = apart(Queue::Keys, move || (thread::current().id(), priority()));
        let again = apart(Queue::Keys, || thread::current().id());
        let signing = apart(Queue::Signatures, || thread::current().id());
        assert_ne!(signing, again);
        assert_eq!(there.map(|(id, _)| id), again);
        assert_ne!(again, Ok(thread::current().id()));
        assert_eq!(there.ok().and_then(|(_, priority)| priority), here.map(|here| (here + NICE).min(19)));
    }
}
