//! The messages, as Rust and as descriptors. Both are made from the definitions in `proto/` when the crate is built.

use prost_reflect::DescriptorPool;
use std::sync::OnceLock;

macro_rules! package {
    ($($module:ident)::+ = $file:literal) => { package! { @ $file [$($module)*] } };
    (@ $file:literal [$module:ident]) => {
        #[allow(clippy::all, clippy::restriction, unreachable_pub, dead_code, reason = "written by prost-build")]
        pub(crate) mod $module {
            include!(concat!(env!("OUT_DIR"), "/", $file, ".rs"));
        }
    };
    (@ $file:literal [$outer:ident $($inner:ident)+]) => {
        pub(crate) mod $outer { package! { @ $file [$($inner)+] } }
    };
}

/// The modules lie in one another as the packages do: what is generated names its neighbours by that.
pub(crate) mod google {
    package! { api = "google.api" }
    package! { rpc = "google.rpc" }
    package! { longrunning = "google.longrunning" }
    pub(crate) mod iam {
        package! { v1 = "google.iam.v1" }
        package! { credentials::v1 = "google.iam.credentials.v1" }
    }
    pub(crate) mod cloud {
        package! { kms::v1 = "google.cloud.kms.v1" }
        package! { location = "google.cloud.location" }
    }
}

pub(crate) use google::cloud::kms::v1 as kms;
pub(crate) use google::iam::credentials::v1 as credentials;
pub(crate) use google::iam::v1 as iam;
pub(crate) use google::{cloud::location, longrunning, rpc};

/// Nothing only where what was built is no set of descriptors, which a test would tell.
pub(crate) fn pool() -> Option<&'static DescriptorPool> {
    static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();
    let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    POOL.get_or_init(|| DescriptorPool::decode(bytes.as_slice()).ok()).as_ref()
}
