//! Bearer credentials, from their text to a caller.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod assertions;
mod jwt;
mod outside;
mod tokens;
mod world;
