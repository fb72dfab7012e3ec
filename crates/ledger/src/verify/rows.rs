//! Rows against the entries that changed them last.

use super::log::Walk;
use super::{Finding, Report, state};
use crate::{RowChange, StoreFault, StoredRow, row_hash};
use domain::RowId;
use std::collections::{BTreeMap, HashSet};

/// Rows that are held in memory at once.
const ROWS: u32 = 1_024;
/// How often a row is looked at again that a running server keeps changing.
const LOOKS_MAX: u32 = 16;

/// For each row the entry that changed it last, and what it then was.
#[derive(Default)]
pub(super) struct Changes {
    /// Where the entries go on behind the last gap: what was changed within is not known.
    gap: u64,
    /// A map that is never made anew as it grows, as a hashed one is, which then stands in memory twice.
    last: BTreeMap<RowId, Last>,
    /// Rows that no entry speaks of, and that were looked at closely.
    strangers: HashSet<RowId>,
}

struct Last {
    index: u64,
    hash: [u8; 32],
    checked: Checked,
}

/// How far a row was checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checked {
    /// It was not seen in the table, as it is since its last change.
    Not,
    /// It is what the log says, or its entry was pruned.
    AgainstLog,
    /// The state tree says the same; or it was looked at closely, and named if need be.
    Whole,
}

impl Changes {
    pub(super) fn gap(&mut self, end: u64) {
        self.gap = end;
    }

    /// One change by the entry at `index`: it must begin where the one before ended.
    pub(super) fn take(&mut self, index: u64, change: &RowChange, report: &mut Report) {
        let former = self.last.insert(change.row, Last { index, hash: change.after, checked: Checked::Not });
        let follows = match (&former, change.before) {
            (Some(former), Some(before)) => former.hash == before || former.index < self.gap,
            (None, Some(_)) => self.gap > 0,
            // What was removed may be named as nothing.
            (_, None) => true,
        };
        if !follows {
            let before = former.map(|former| former.index);
            report.found(Finding::ChainBroken { row: change.row, index, before });
        }
    }

    /// The row was looked at closely.
    fn settle(&mut self, row: RowId) {
        match self.last.get_mut(&row) {
            Some(last) => last.checked = Checked::Whole,
            None => {
                self.strangers.insert(row);
            }
        }
    }

    /// What the state tree says of a row. False: it must be looked at closely.
    pub(super) fn is_proven_by(&mut self, row: RowId, hash: &[u8; 32]) -> bool {
        let Some(last) = self.last.get_mut(&row) else { return self.strangers.contains(&row) };
        if last.checked == Checked::AgainstLog && last.hash == *hash {
            last.checked = Checked::Whole;
        }
        last.checked != Checked::AgainstLog
    }

    fn newest(&self, row: RowId) -> Option<u64> {
        self.last.get(&row).map(|last| last.index)
    }

    /// What is wrong with a row, in a log of `size`.
    fn judge(&mut self, row: &StoredRow, size: u64) -> Verdict {
        let (id, position) = (row.id, row.position);
        let Some(last) = self.last.get_mut(&id) else {
            return match position {
                _ if position >= size => Verdict::Wrong(Finding::LogShorterThanRow { size, row: id, position }),
                _ if position < self.gap => {
                    self.last.insert(id, Last { index: position, hash: row_hash(row), checked: Checked::AgainstLog });
                    Verdict::Sound
                }
                _ => Verdict::Wrong(Finding::RowUnknown { row: id, position }),
            };
        };
        last.checked = Checked::AgainstLog;
        let newest = last.index;
        if position >= size {
            Verdict::Wrong(Finding::LogShorterThanRow { size, row: id, position })
        } else if newest < position {
            Verdict::Wrong(Finding::RowUnknown { row: id, position })
        } else if newest > position {
            Verdict::Wrong(Finding::RowOld { row: id, position, newest })
        } else if last.hash != row_hash(row) {
            Verdict::Wrong(Finding::RowEdited { row: id, position })
        } else {
            Verdict::Sound
        }
    }
}

enum Verdict {
    /// The log says so, or its entry was pruned; the state tree was not asked.
    Sound,
    Wrong(Finding),
}

/// Rows against the log in the order of their ids, then the whole state tree against them in the order of its keys: each
/// row and each node is read once. At last what was not met in one of the two.
pub(super) fn check(walk: &mut Walk<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreFault> {
    let mut after = None;
    while let Some(last) = some(walk, after)? {
        after = Some(last);
        tell(walk, walk.report.rows, progress);
    }
    state::check(walk, progress)?;
    rest(walk)
}

/// Progress: each row counts once for the log and once for the tree.
pub(super) fn tell(walk: &Walk<'_>, done: u64, progress: &mut dyn FnMut(u64, u64)) {
    let (size, known) = (walk.report.size, walk.report.rows.max(walk.changes.last.len() as u64));
    progress(size.saturating_add(done), size.saturating_add(known.saturating_mul(2).max(done)));
}

/// The next rows of the table. The last of them; none where there are no more.
fn some(walk: &mut Walk<'_>, after: Option<RowId>) -> Result<Option<RowId>, StoreFault> {
    let rows = walk.reader.all_rows(after, ROWS)?;
    for row in &rows {
        walk.report.rows = walk.report.rows.saturating_add(1);
        match walk.changes.judge(row, walk.report.size) {
            Verdict::Sound => (),
            Verdict::Wrong(_) => look_again(walk, row.id)?,
        }
    }
    Ok(rows.last().map(|row| row.id))
}

/// A row that was made or changed after the log was read is no finding: it is judged at a moment when no entry that
/// changes it came between.
pub(super) fn look_again(walk: &mut Walk<'_>, id: RowId) -> Result<(), StoreFault> {
    for _ in 0..LOOKS_MAX {
        walk.read_up(&mut |_, _| ())?;
        let newest = walk.changes.newest(id);
        let row = walk.reader.row(id)?;
        let against = state::judge(walk, id, row.as_ref())?;
        let root = walk.state;
        walk.read_up(&mut |_, _| ())?;
        if walk.changes.newest(id) != newest || walk.state != root {
            continue;
        }
        let verdict = match (row, newest) {
            (Some(row), _) => walk.changes.judge(&row, walk.report.size),
            (None, Some(position)) => Verdict::Wrong(Finding::RowMissing { row: id, position }),
            (None, None) => Verdict::Sound,
        };
        walk.changes.settle(id);
        match (verdict, against) {
            (Verdict::Wrong(finding), _) | (Verdict::Sound, Some(finding)) => {
                if let Finding::NodeBroken { node } = finding {
                    walk.broken.insert(node);
                }
                walk.report.found(finding);
            }
            (Verdict::Sound, None) => (),
        }
        break;
    }
    Ok(())
}

/// Rows that were not met in the table, and those that were not met in the tree, unless that is broken above them.
fn rest(walk: &mut Walk<'_>) -> Result<(), StoreFault> {
    let is_left = |row: &RowId, checked: Checked| match checked {
        Checked::Not => true,
        Checked::AgainstLog => !state::is_below_broken(walk, *row),
        Checked::Whole => false,
    };
    let left = walk.changes.last.iter().filter(|(row, last)| is_left(row, last.checked));
    let mut left: Vec<_> = left.map(|(row, last)| (last.index, *row)).collect();
    left.sort_unstable();
    left.into_iter().try_for_each(|(_, row)| look_again(walk, row))
}
