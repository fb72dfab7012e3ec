//! The path of a request. There is no other, and nobody else holds the ledger.

mod answer;
mod clocks;
mod decide;
mod door;
mod house;
mod ids;
mod prove;
mod reception;
mod recover;
mod refusals;
mod roll;
mod rotate;
mod walk;

pub use answer::Answered;
pub use door::{Counts, Standing};
pub use engine::MARK;
pub use house::{FoundSite, Open};
pub use ledger::AnchorStanding;
pub use reception::{Incoming, Reception, TakenIn};
pub use recover::{Recovered, Recovery};
pub use rotate::Rotated;
pub use walk::WALK_PERIOD;

use arc_swap::ArcSwapOption;
use clock::{Clock, Dispute};
use crypto::{Holder, Software};
use domain::Unavailable;
use engine::Purse;
use identity::Verifier;
use ledger::Ledger;
use policy::Policy;
use refusals::Refusals;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// How often a stale request is resolved before its caller is told of a conflict.
pub const TRIES_MAX: usize = 8;

/// How much work that takes long (keys of RSA, keys and signatures of SLH-DSA) waits or is done at a time. More is refused as
/// overload: it would not be done in time, and each keeps a thread.
pub const LONG_WORK_MAX: usize = 32;

/// The only way in. Sealed, it answers everybody "sealed".
pub struct Path {
    house: ArcSwapOption<House>,
    clock: Clock,
    verifier: Verifier,
    policy: Policy,
    refusals: Refusals,
    draining: AtomicBool,
    /// The root key is there, and the store does not answer yet.
    waiting: AtomicBool,
    unavailable: AtomicU64,
    conflicts: AtomicU64,
    /// Requests that were refused because something that they need is damaged.
    damaged: AtomicU64,
    /// Where the walk over all rows is, and when it began.
    walk: Mutex<walk::Walk>,
    /// Below which index the log was pruned by this process.
    pruned: AtomicU64,
    /// What was told of the clock last.
    clock_told: Mutex<Option<Dispute>>,
}

/// The unsealed house: the log, and whoever can work with keys.
struct House {
    ledger: Ledger,
    holder: Box<dyn Holder>,
    purse: Purse,
    /// Places for work that takes long: whoever waits for its turn keeps a thread.
    long: tokio::sync::Semaphore,
    /// Entries whose errands are still to be run, and for which keys.
    errands: tokio::sync::Mutex<Vec<(u64, domain::ObjectId)>>,
}

impl Path {
    /// A house whose root key is not there yet.
    pub fn sealed(clock: Clock) -> Self {
        Self {
            house: ArcSwapOption::empty(),
            clock,
            verifier: Verifier::new(),
            policy: Policy::new(),
            refusals: Refusals::new(),
            draining: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            unavailable: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            walk: Mutex::default(),
            pruned: AtomicU64::new(house::UNKNOWN),
            clock_told: Mutex::new(None),
        }
    }

    /// Opens for business: from here on requests are served.
    fn unseal(&self, ledger: Ledger) -> Result<(), ledger::OpenFault> {
        let holder = Box::new(Software::new(ledger.fingerprint_key()?));
        self.house.store(Some(Arc::new(House {
            ledger,
            holder,
            purse: Purse::default(),
            long: tokio::sync::Semaphore::new(LONG_WORK_MAX),
            errands: tokio::sync::Mutex::default(),
        })));
        self.waiting.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Until the house is open, everybody is told that the store does not answer, and not that the root key is missing.
    pub fn wait_for_store(&self, waits: bool) {
        self.waiting.store(waits, Ordering::Relaxed);
    }

    /// Another process has brought a new root key: this house can do nothing before it is opened with that one.
    pub fn is_superseded(&self) -> bool {
        self.house.load().as_ref().is_some_and(|house| house.ledger.is_superseded())
    }

    /// Closes the house. Who is in it is answered; from here on everybody is told that it is sealed.
    pub fn seal(&self) {
        self.house.store(None);
    }

    /// Why nobody is served while the house is closed.
    fn closed(&self) -> Unavailable {
        if self.waiting.load(Ordering::Relaxed) { Unavailable::Store } else { Unavailable::Sealed }
    }

    pub fn is_sealed(&self) -> bool {
        self.house.load().is_none()
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
