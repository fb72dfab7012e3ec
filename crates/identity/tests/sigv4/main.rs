//! Signature Version 4, against what others publish, send and sign.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;
mod differential;
mod refusals;
mod vectors;
