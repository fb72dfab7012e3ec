//! A private copy of a site, in a directory of its own. The root key stays where it is.

use super::Site;
use crate::cli::migrate::copy_site;
use crate::failure::Failure;
use crate::wiring;
use clock::{Clock, Timestamp};
use custody::FileAnchor;
use domain::{ObjectId, Table};
use ledger::{Anchor as _, Anchored, Frontier, Reader, Report, Verification, chained};
use path::Open;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ROWS: u32 = 1_024;

/// Where a log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) root: [u8; 32],
    pub(super) state: [u8; 32],
}

impl Head {
    pub(super) fn of(reader: &dyn Reader) -> Result<Self, Failure> {
        let last = reader.last_batch().map_err(|fault| Failure::new(fault.0))?;
        let last = last.ok_or_else(|| Failure::new("the log is empty"))?;
        let tree = Frontier::from_bytes(&last.frontier).ok_or_else(|| Failure::new("the log's tree cannot be read"))?;
        Ok(Self { size: tree.size(), root: tree.root(), state: last.state })
    }
}

pub(super) struct Copy<'s> {
    pub(super) site: &'s Site,
    pub(super) data: PathBuf,
    pub(super) anchor: PathBuf,
}

/// A copy that is open, and a way to look at it that the house does not know of.
pub(super) struct Opened {
    pub(super) path: Arc<path::Path>,
    pub(super) reader: Arc<dyn Reader>,
}

impl<'s> Copy<'s> {
    pub(super) fn make(site: &'s Site, scratch: &Path) -> Result<Self, Failure> {
        let (data, anchor) = (scratch.join("copy"), scratch.join("copy.anchor"));
        let mut store = store_sqlite::create(&data).map_err(Failure::from_display)?;
        copy_site(&*site.snapshot, &mut store)?;
        drop(store);
        let head = site.head;
        let anchored = Anchored {
            site: site.inspector.facts().site,
            size: head.size,
            root: head.root,
            state: head.state,
            destroyed: 0,
            destroyed_hash: chained(&[]),
            wall: Clock::system().now().wall,
        };
        let begun = FileAnchor::new(&anchor).begin(&anchored.signed(site.inspector.signer()), &[]);
        begun.map_err(|fault| Failure::new(fault.0))?;
        Ok(Self { site, data, anchor })
    }

    /// As a start opens it.
    pub(super) fn open(&self, clock: Clock) -> Result<Opened, Failure> {
        let store = store_sqlite::open(&self.data).map_err(Failure::from_display)?;
        let (path, reader) = (Arc::new(path::Path::sealed(clock)), Arc::clone(&store.reader));
        let anchors = wiring::anchors(std::slice::from_ref(&self.anchor));
        let open = Open { store, root: self.site.root.roots(), anchors };
        path.open(open).map_err(Failure::from_display)?;
        Ok(Opened { path, reader })
    }

    /// Why a start refuses it; none where it does not.
    pub(super) fn refused(&self) -> Option<String> {
        self.open(Clock::system()).err().map(|why| why.to_string())
    }

    pub(super) fn verified(&self) -> Result<Report, Failure> {
        let seen = store_sqlite::open_read_only(&self.data).map_err(Failure::from_display)?;
        Ok(verified(&*seen.reader, self.site))
    }
}

/// The whole log and every row, from the bytes up.
pub(super) fn verified(reader: &dyn Reader, site: &Site) -> Report {
    let mac = |batch: &ledger::StoredBatch| site.inspector.mac(batch);
    let how = Verification {
        origin: site.inspector.facts().origin.clone(),
        verifier: Some(site.inspector.verifier()),
        mac: Some(&mac),
        projections: None,
    };
    ledger::verify_store(reader, &how, &mut |_, _| ())
}

/// Rows of material that hold something.
pub(super) fn materials(reader: &dyn Reader) -> Result<BTreeSet<ObjectId>, Failure> {
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let rows = reader.rows(Table::Material, ledger::Scope::All, after, ROWS);
        let rows = rows.map_err(|fault| Failure::new(fault.0))?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = Some(last.id.id);
        found.extend(rows.iter().map(|row| row.id.id));
    }
}

/// Keys that something will become of at some time.
pub(super) fn awaited(reader: &dyn Reader) -> Result<u64, Failure> {
    let due = reader.due(Table::Key, Timestamp(i64::MAX - 1), u32::MAX >> 1);
    due.map(|rows| rows.len() as u64).map_err(|fault| Failure::new(fault.0))
}
