//! The dialect from outside: requests as data, answers and errors as golden files (`UPDATE_GOLDEN=1` rewrites them).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod describe;
mod errors;
mod fixtures;
mod golden;
mod heads;
mod random;
mod requests;
