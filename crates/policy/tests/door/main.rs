//! The one door, from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod aws;
mod conditions;
mod differential;
mod documents;
mod explain;
mod forbids;
mod google;
mod google_methods;
mod matrix;
mod remembered;
mod support;
mod timing;
