//! The path of a request. There is no other, and nobody else holds the ledger.

mod answer;
mod clocks;
mod decide;
mod door;
mod house;
mod ids;
mod recover;
mod refusals;
mod roll;
mod walk;

pub use answer::Answered;
pub use door::{Counts, Standing};
pub use engine::MARK;
pub use house::{FoundSite, Open};
pub use ledger::AnchorStanding;
pub use recover::{Recovered, Recovery};
pub use walk::WALK_PERIOD;

use arc_swap::ArcSwapOption;
use clock::{Clock, Dispute};
use crypto::{Holder, Software};
use engine::Purse;
use identity::Verifier;
use ledger::Ledger;
use policy::Policy;
use refusals::Refusals;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

/// How often a stale request is resolved before its caller is told of a conflict.
pub const TRIES_MAX: usize = 8;

/// The only way in. Sealed, it answers everybody "sealed".
pub struct Path {
    house: ArcSwapOption<House>,
    clock: Clock,
    verifier: Verifier,
    policy: Policy,
    refusals: Refusals,
    draining: AtomicBool,
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
        self.house.store(Some(Arc::new(House { ledger, holder, purse: Purse::default() })));
        Ok(())
    }

    pub fn is_sealed(&self) -> bool {
        self.house.load().is_none()
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
