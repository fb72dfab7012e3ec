//! Who governs what is about to be made.

use crate::find::Here;
use domain::{Authority, Event, Key, KeyState, Target, Tongue, VersionCause};
use std::sync::Arc;

/// What a tongue makes is governed by that tongue's regime.
pub(crate) fn of_tongue(tongue: Tongue) -> Authority {
    match tongue {
        Tongue::Native | Tongue::House => Authority::Native,
        Tongue::Aws => Authority::Aws,
        Tongue::Azure => Authority::AzureRbac,
        Tongue::Google => Authority::GoogleIam,
    }
}

/// The caller's tenant in the place of the request: what is listed there or not made yet is governed by the
/// regime of the tongue that asks.
pub(crate) fn place(here: &Here<'_>) -> Target {
    let (tenant, location) = (Arc::clone(here.caller.tenant()), here.place.clone());
    Target::Place { tenant, location, ring: None, authority: of_tongue(here.tongue) }
}

/// Whether a fresh version with a public half is told of before its material is there: Google's regime knows versions
/// whose generation is pending, the others wait for it.
pub(crate) fn generates_later(authority: Authority) -> bool {
    authority == Authority::GoogleIam
}

/// Rotation does what the key's authority does, whoever asks: AWS and native stop the former version from
/// protecting, Google and Azure leave it as it is.
pub(crate) fn rotation(key: &Key, fingerprint: domain::Fingerprint, cause: VersionCause) -> Event {
    let former = match key.authority {
        Authority::Native | Authority::Aws => KeyState::Deactivated,
        Authority::AzureRbac | Authority::AzureAccessPolicy | Authority::GoogleIam => KeyState::Active,
    };
    Event::Rotate { former, fingerprint, cause }
}
