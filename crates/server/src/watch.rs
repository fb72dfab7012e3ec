//! What a connection is busy with: set where bytes move, looked at by the clockwork.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

/// What a connection is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was read yet.
    Fresh,
    /// Part of a head was read.
    Head,
    /// Part of a body is missing.
    Body,
    /// The house works.
    Answer,
    /// The client does not take what is written.
    Blocked,
    /// All is answered.
    Rest,
}

const NOTHING: u8 = 0;
const READ: u8 = 1;
const WROTE: u8 = 2;

#[derive(Default)]
pub(crate) struct Watch {
    begun: AtomicU32,
    open: AtomicU32,
    reading: AtomicU32,
    moved: AtomicU8,
    blocked: AtomicBool,
    late: AtomicBool,
}

impl Watch {
    pub(crate) fn read(&self) {
        self.moved.store(READ, Ordering::Relaxed);
    }

    pub(crate) fn wrote(&self) {
        self.moved.store(WROTE, Ordering::Relaxed);
    }

    pub(crate) fn blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    /// A request's head was read.
    pub(crate) fn begin(&self) -> Open<'_> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.late.store(false, Ordering::Relaxed);
        Open(self)
    }

    /// How many requests began. It wraps.
    pub(crate) fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether part of a head was read.
    pub(crate) fn begun_head(&self) -> bool {
        self.phase() == Phase::Head
    }

    /// The request has had its time.
    pub(crate) fn call_late(&self) {
        self.late.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    pub(crate) fn phase(&self) -> Phase {
        if self.open.load(Ordering::Relaxed) > 0 {
            let reading = self.reading.load(Ordering::Relaxed) > 0;
            return if reading { Phase::Body } else { Phase::Answer };
        }
        match self.moved.load(Ordering::Relaxed) {
            _ if self.blocked.load(Ordering::Relaxed) => Phase::Blocked,
            NOTHING => Phase::Fresh,
            READ => Phase::Head,
            _ => Phase::Rest,
        }
    }
}

/// A request that is not answered yet.
pub(crate) struct Open<'a>(&'a Watch);

impl Open<'_> {
    pub(crate) fn read_body(&self) -> ReadingBody<'_> {
        self.0.reading.fetch_add(1, Ordering::Relaxed);
        ReadingBody(self.0)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        // What comes next is the writing of the answer: until then this is no resting connection with half a head.
        self.0.moved.store(WROTE, Ordering::Relaxed);
    }
}

pub(crate) struct ReadingBody<'a>(&'a Watch);

impl Drop for ReadingBody<'_> {
    fn drop(&mut self) {
        self.0.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, Watch};

    #[test]
    fn a_request_goes_through_its_phases() {
        let watch = Watch::default();
        assert_eq!(watch.phase(), Phase::Fresh);
        watch.read();
        assert_eq!(watch.phase(), Phase::Head);
        let open = watch.begin();
        let body = open.read_body();
        assert_eq!(watch.phase(), Phase::Body);
        drop(body);
        assert_eq!(watch.phase(), Phase::Answer);
        drop(open);
        watch.blocked(true);
        assert_eq!(watch.phase(), Phase::Blocked);
        watch.blocked(false);
        assert_eq!(watch.phase(), Phase::Rest);
    }
}
