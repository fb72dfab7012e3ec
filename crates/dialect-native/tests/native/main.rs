//! The dialect from outside: requests as data, answers and errors as golden files (`UPDATE_GOLDEN=1` rewrites them), and
//! the page that is made from the same table.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod describe;
mod errors;
mod fixtures;
mod golden;
mod heads;
mod page;
mod random;
mod requests;
