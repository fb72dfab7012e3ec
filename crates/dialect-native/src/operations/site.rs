//! Tenants and the site.

use crate::input::{invalid, operation};
use domain::{Ask, Fault, Profile};

operation! {
    CreateTenant {
        name: String = "1 to 64 letters, digits and `+=,.@_-`.";
        account: Option<String> = "Twelve digits, unique in the site; drawn without.";
        profile: Option<Profile> = "`default` without.";
    } => "tenant", |input| Ok(Ask::CreateTenant {
        name: input.name,
        account: input.account,
        profile: input.profile.unwrap_or(Profile::Default),
    })
}

operation! {
    ListTenants {} => "tenants", |_input| Ok(Ask::ListTenants)
}

operation! {
    DescribeTenant {
        name: String = "By name or account.";
    } => "tenant", |input| Ok(Ask::DescribeTenant { name: input.name })
}

operation! {
    GetStatus {} => "status", |_input| Ok(Ask::GetStatus)
}

operation! {
    GetSettings {} => "settings", |_input| Ok(Ask::GetSettings)
}

operation! {
    SetSettings {
        retention_months: Option<u32> = "How many whole months of the log are kept beside the current one, 1 to 1200.";
        retain_for_ever: Option<bool> = "`true` ends the retention; not beside `retention_months`.";
        signature_window_seconds: Option<u32> = "How far a signature's time may be from the server's, 1 to 900.";
        universe: Option<String> = "The site's own domain, in which Google's clients look for its services; empty for none.";
    } => "settings", |input| Ok(Ask::SetSettings {
        retention_months: retention(input.retention_months, input.retain_for_ever)?,
        signature_window_seconds: input.signature_window_seconds,
        universe: input.universe.map(|universe| Some(universe).filter(|universe| !universe.is_empty())),
    })
}

operation! {
    GetClock {} => "clock", |_input| Ok(Ask::GetClock)
}

operation! {
    AcceptClock {
        reason: String = "Why it is right: 1 to 256 characters, kept with the entry.";
        passed: Option<bool> = "`true`: what steady time lacks passed while the service was down. All waiting periods get shorter by it.";
    } => "clock", |input| Ok(Ask::AcceptClock { reason: input.reason, passed: input.passed.unwrap_or(false) })
}

fn retention(months: Option<u32>, for_ever: Option<bool>) -> Result<Option<Option<u32>>, Fault> {
    match (months, for_ever.unwrap_or(false)) {
        (Some(_), true) => Err(invalid("retain_for_ever", "not beside `retention_months`")),
        (Some(0), _) => Err(invalid("retention_months", "at least 1")),
        (Some(months), _) => Ok(Some(Some(months))),
        (None, true) => Ok(Some(None)),
        (None, false) => Ok(None),
    }
}
