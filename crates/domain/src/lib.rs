//! The words of the house: objects, their life, what may be asked, what can be wrong.
//! No I/O, no clock (time comes in as a `Timestamp`), no async, no serde, no vendor.

mod algorithm;
mod ask;
mod budget;
mod context;
mod event;
mod fault;
mod key;
mod life;
mod limits;
mod object;
mod people;
mod profile;
mod query;
mod reason;
mod reply;
mod request;
mod scheme;
mod tenant;

pub use clock::{Agreed, DAY, Dispute, Moment, Reading, SECOND, Steady, Timestamp};
pub use {
    algorithm::*, ask::*, budget::*, context::*, event::*, fault::*, key::*, life::*, limits::*, object::*, people::*,
    profile::*, query::*, reason::*, reply::*, request::*, scheme::*, tenant::*,
};
