//! What listeners and people may know of the house without asking it anything.

use crate::Path;
use std::sync::atomic::Ordering;

/// Whether requests can be served now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Ready,
    Sealed,
    StoreDown,
    /// The store has not answered since the process began.
    StoreAway,
    /// Another process has brought a new root key, which this one was not given.
    RootRotated,
    /// Store or anchor is not what it was.
    PutBack,
    Draining,
}

/// What the house counts itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub refusals: u64,
    pub unavailable: u64,
    pub conflicts: u64,
    /// Requests refused because something that they need is damaged.
    pub damaged: u64,
    /// How often a row was found damaged, by requests and by the walk over all rows; and how many walks have ended.
    pub damages: u64,
    pub walks: u64,
    pub entries: u64,
    pub signed: u64,
    /// How long the lock of the log's head was held, in microseconds.
    pub held_micros: u64,
    pub projections: Vec<(&'static str, u64)>,
    /// Entries below the anchored head.
    pub anchored: u64,
}

impl Path {
    pub fn standing(&self) -> Standing {
        match &*self.house.load() {
            _ if self.draining.load(Ordering::Relaxed) => Standing::Draining,
            None if self.waiting.load(Ordering::Relaxed) => Standing::StoreAway,
            None => Standing::Sealed,
            Some(house) if house.ledger.is_superseded() => Standing::RootRotated,
            Some(house) if house.ledger.anchored().0 == ledger::AnchorStanding::Contradicted => Standing::PutBack,
            Some(house) if house.ledger.head().writable => Standing::Ready,
            Some(_) => Standing::StoreDown,
        }
    }

    /// What the store is and where; none while the house is sealed.
    pub fn store_name(&self) -> Option<String> {
        self.house.load().as_ref().map(|house| house.ledger.store_name().to_owned())
    }

    /// Whether this process is the one of all on the same log that does what is due.
    pub fn leads(&self) -> bool {
        self.house.load().as_ref().is_some_and(|house| house.ledger.leads())
    }

    /// What is to be known of a house that is ready all the same. Anybody may read it.
    pub fn caveat(&self) -> Option<String> {
        match self.house.load().as_ref()?.ledger.availability() {
            ledger::Availability::NotHigh(_) => Some("not highly available".to_owned()),
            _ => None,
        }
    }

    /// How the anchors are. A sealed house knows of none.
    pub fn anchors(&self) -> ledger::AnchorStanding {
        self.house.load().as_ref().map_or(ledger::AnchorStanding::None, |house| house.ledger.anchored().0)
    }

    /// How many entries of the log will stay, whatever server is lost; 0 of a sealed house.
    pub fn confirmed(&self) -> u64 {
        self.house.load().as_ref().map_or(0, |house| house.ledger.confirmed())
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            refusals: self.refusals.seen(),
            unavailable: self.unavailable.load(Ordering::Relaxed),
            conflicts: self.conflicts.load(Ordering::Relaxed),
            damaged: self.damaged.load(Ordering::Relaxed),
            walks: self.walks(),
            ..Counts::default()
        };
        if let Some(house) = &*self.house.load() {
            let head = house.ledger.head();
            (counts.entries, counts.signed) = (head.size, head.signed);
            counts.anchored = house.ledger.anchored().1;
            counts.damages = house.ledger.damages();
            counts.held_micros = house.ledger.held_micros();
            let progress = house.ledger.progress();
            counts.projections = progress.into_iter().map(|one| (one.projection, one.upto)).collect();
        }
        counts
    }

    /// From here on new requests are told to go elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
