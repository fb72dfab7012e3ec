//! May this caller? The one door: only what is written here makes a [`Permit`].
//!
//! Every object names its authority, and only documents of that regime can allow. Explicit denies of any
//! regime, and native `forbid` policies, always forbid. Silence denies.

pub mod aws;
mod decision;
mod facts;
pub mod google;
mod judge;
mod library;
mod memory;
pub mod native;

pub use decision::{Deciding, Decision, Denial, Permit};
pub use judge::{Held, Policy};
