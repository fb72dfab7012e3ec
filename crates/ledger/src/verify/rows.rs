//! Rows against the entries that changed them last.

use super::log::Walk;
use super::{Finding, Report, state};
use crate::{RowChange, StoreFault, StoredRow, row_hash};
use domain::RowId;
use std::collections::HashMap;

/// Rows that are held in memory at once.
const ROWS: u32 = 1_024;
/// How often a row is looked at again that a running server keeps changing.
const LOOKS_MAX: u32 = 16;

/// For each row the entry that changed it last, and what it then was.
#[derive(Default)]
pub(super) struct Changes {
    /// Where the entries go on behind the last gap: what was changed within is not known.
    gap: u64,
    last: HashMap<RowId, Last>,
}

struct Last {
    index: u64,
    hash: [u8; 32],
    /// Whether the row was seen in the table.
    seen: bool,
}

impl Changes {
    pub(super) fn gap(&mut self, end: u64) {
        self.gap = end;
    }

    /// One change by the entry at `index`: it must begin where the one before ended.
    pub(super) fn take(&mut self, index: u64, change: &RowChange, report: &mut Report) {
        let former = self.last.insert(change.row, Last { index, hash: change.after, seen: false });
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

    /// The row was looked for, and is named if it is missing.
    fn see(&mut self, row: RowId) {
        self.last.get_mut(&row).into_iter().for_each(|last| last.seen = true);
    }

    /// Whether the row was seen in the table.
    pub(super) fn was_seen(&self, row: RowId) -> bool {
        self.last.get(&row).is_some_and(|last| last.seen)
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
                    self.last.insert(id, Last { index: position, hash: row_hash(row), seen: true });
                    Verdict::Sound
                }
                _ => Verdict::Wrong(Finding::RowUnknown { row: id, position }),
            };
        };
        last.seen = true;
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
    /// The log says so, or its entry was pruned; the state tree has not been asked.
    Sound,
    Wrong(Finding),
}

pub(super) fn check(walk: &mut Walk<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreFault> {
    let mut after = None;
    loop {
        let rows = walk.reader.all_rows(after, ROWS)?;
        for row in &rows {
            one(walk, row)?;
        }
        let (done, known) = (walk.report.rows, walk.changes.last.len() as u64);
        progress(walk.report.size.saturating_add(done), walk.report.size.saturating_add(known.max(done)));
        match rows.last() {
            Some(row) => after = Some(row.id),
            None => {
                missing(walk)?;
                return state::missing(walk);
            }
        }
    }
}

fn one(walk: &mut Walk<'_>, row: &StoredRow) -> Result<(), StoreFault> {
    walk.report.rows = walk.report.rows.saturating_add(1);
    match walk.changes.judge(row, walk.report.size) {
        Verdict::Sound if state::judge(walk, row.id, Some(row))?.is_none() => Ok(()),
        _ => look_again(walk, row.id),
    }
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
        walk.changes.see(id);
        let verdict = match (row, newest) {
            (Some(row), _) => walk.changes.judge(&row, walk.report.size),
            (None, Some(position)) => Verdict::Wrong(Finding::RowMissing { row: id, position }),
            (None, None) => Verdict::Sound,
        };
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

fn missing(walk: &mut Walk<'_>) -> Result<(), StoreFault> {
    let unseen = walk.changes.last.iter().filter(|(_, last)| !last.seen);
    let mut unseen: Vec<_> = unseen.map(|(row, last)| (last.index, *row)).collect();
    unseen.sort_unstable();
    unseen.into_iter().try_for_each(|(_, row)| look_again(walk, row))
}
