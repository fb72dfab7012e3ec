//! The house keeps itself: storeys, fences, golden lists, sizes, lints.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod arrows;
mod lists;
mod manifests;
mod sizes;
mod sources;
