//! What the log says of a new root key: one entry for each step.

use crate::record::{Told, drafted_by_house};
use domain::{Action, Reply};
use ledger::{Change, DetailKey, Effects, Outcome, Record};

/// One step of the rotation of the root key, and what it is in words.
pub fn rotated_root(told: &Told, said: &str, change: Change) -> Record {
    let mut draft = drafted_by_house(told, Action::RotateRoot);
    draft.detail.text(DetailKey::Parameter, said);
    Outcome::of(draft, Ok(Effects::change(change, Reply::Done))).record
}
