//! The log and the rows, checked from the bytes up.

mod finding;
mod log;
mod rows;
mod state;

pub use finding::{Finding, Report};

use crate::{ProjectionReader, Reader, StoreFault, StoredBatch};

/// What a store is checked against. What is not at hand is not checked, and the report says so.
pub struct Verification<'a> {
    /// The name of the log in its checkpoints.
    pub origin: String,
    /// Who signs the checkpoints.
    pub verifier: Option<crypto::VerifyingKey>,
    #[expect(clippy::type_complexity, reason = "a batch in, its code out")]
    /// The code that a batch must carry, see [`crate::Batch::mac`].
    pub mac: Option<&'a dyn Fn(&StoredBatch) -> [u8; 32]>,
    /// Tiles name the very entry that was edited, and are checked themselves.
    pub projections: Option<&'a dyn ProjectionReader>,
}

/// Checks everything, also beside a server that writes on: what it changes meanwhile is read up. `progress` is told how
/// much is done, of how much that is known of: an entry counts once, a row twice, for the log and for the state tree. It is
/// called some hundred times for each million. Memory grows with the number of rows (about 100 bytes each), not with the
/// log.
pub fn verify_store(reader: &dyn Reader, how: &Verification<'_>, progress: &mut dyn FnMut(u64, u64)) -> Report {
    let mut report = Report::new(how);
    if let Err(fault) = check(reader, how, &mut report, progress) {
        report.found(Finding::Unreadable { fault: fault.0 });
    }
    report
}

fn check(
    reader: &dyn Reader,
    how: &Verification<'_>,
    report: &mut Report,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StoreFault> {
    let mut walk = log::Walk::new(reader, how, report)?;
    walk.read_up(progress)?;
    walk.judge_gaps();
    walk.later_checkpoints()?;
    rows::check(&mut walk, progress)?;
    walk.judge_gaps();
    Ok(())
}
