//! What is claimed of each reader of outside bytes, whatever the bytes are: one function a reader, which panics where
//! a claim does not hold. The fuzz targets look for such bytes; the tests replay those that were found to be telling.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a claim that does not hold is a panic"
)]

mod anchor;
mod answers;
mod aws;
mod backup;
mod bearer;
mod cbor;
mod depth;
mod file;
mod google;
mod imported;
mod log;
mod native;
mod policies;
mod requests;
mod seals;
mod sigv4;
mod words;

/// A fuzz target: its name, and its claim.
pub type Target = (&'static str, fn(&[u8]));

/// Every target. `fuzz_targets` has a program for each, `corpus` a folder of seeds.
pub const TARGETS: [Target; 22] = [
    ("aws_json", aws::json),
    ("requests", requests::whole),
    ("sigv4", sigv4::extracted),
    ("native_json", native::json),
    ("json_depth", depth::counted),
    ("envelope", seals::envelope),
    ("context", seals::context),
    ("aws_policy", policies::aws),
    ("native_policy", policies::native),
    ("google_policy", policies::google),
    ("conditions", policies::conditions),
    ("google_requests", google::whole),
    ("google_messages", google::message),
    ("imported", imported::material),
    ("bearer", bearer::read),
    ("log_entry", log::entry),
    ("file", file::streamed),
    ("rows", log::rows),
    ("checkpoint", log::checkpoint),
    ("backup", backup::read),
    ("anchor", anchor::read),
    ("words", words::spelled),
];

/// Holds the target's claim against the bytes.
pub fn check(target: &str, data: &[u8]) {
    let (_, claim) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target of that name");
    claim(data);
}
