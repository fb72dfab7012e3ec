//! Rings, where they are, and single versions.

use crate::input::operation;
use domain::{Ask, KeyName, RingName};

fn named(ring: String) -> RingName {
    RingName { project: None, ring }
}

operation! {
    CreateRing {
        name: String = "What the ring is called, in the location of the signature.";
    } => "ring", |input| Ok(Ask::CreateRing { ring: named(input.name) })
}

operation! {
    DescribeRing {
        name: String = "The ring.";
    } => "ring", |input| Ok(Ask::DescribeRing { ring: named(input.name) })
}

operation! {
    ListRings {} => "rings", |_input| Ok(Ask::ListRings { project: None })
}

operation! {
    ListLocations {} => "locations", |_input| Ok(Ask::ListLocations { project: None })
}

operation! {
    CreateVersion {
        key: KeyName = "The key. What protects stays what it is.";
    } => "version", |input| Ok(Ask::CreateVersion { key: input.key })
}

operation! {
    DescribeVersion {
        key: KeyName = "The key.";
        version: u32 = "Its version.";
    } => "version", |input| Ok(Ask::DescribeVersion { key: input.key, version: input.version })
}
