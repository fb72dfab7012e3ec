//! Who governs what is about to be made.

use domain::{Authority, Event, Key, KeyState, Tongue, VersionCause};

/// What a tongue makes is governed by that tongue's regime.
pub(crate) fn of_tongue(tongue: Tongue) -> Authority {
    match tongue {
        Tongue::Native | Tongue::House => Authority::Native,
        Tongue::Aws => Authority::Aws,
        Tongue::Azure => Authority::AzureRbac,
        Tongue::Google => Authority::GoogleIam,
    }
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
