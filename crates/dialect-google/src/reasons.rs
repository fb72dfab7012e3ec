//! Key Access Justifications: for which reasons a key may be used.
//! (<https://cloud.google.com/assured-workloads/key-access-justifications/docs/justification-codes>)

use crate::input::Objection;
use crate::proto::kms::{AccessReason as Wire, KeyAccessJustificationsPolicy};
use domain::AccessReason;

const REASONS: [(Wire, AccessReason); 12] = [
    (Wire::ReasonUnspecified, AccessReason::Unspecified),
    (Wire::CustomerInitiatedSupport, AccessReason::OwnerSupport),
    (Wire::GoogleInitiatedService, AccessReason::OperatorService),
    (Wire::ThirdPartyDataRequest, AccessReason::ThirdParty),
    (Wire::GoogleInitiatedReview, AccessReason::OperatorReview),
    (Wire::CustomerInitiatedAccess, AccessReason::OwnerAccess),
    (Wire::GoogleInitiatedSystemOperation, AccessReason::OperatorSystem),
    (Wire::ReasonNotExpected, AccessReason::Unexpected),
    (Wire::ModifiedCustomerInitiatedAccess, AccessReason::OwnerAccessModified),
    (Wire::ModifiedGoogleInitiatedSystemOperation, AccessReason::OperatorSystemModified),
    (Wire::GoogleResponseToProductionAlert, AccessReason::OperatorAlert),
    (Wire::CustomerAuthorizedWorkflowServicing, AccessReason::OwnerWorkflow),
];

/// The reasons in the order of the policy, each once.
pub(crate) fn read(policy: &KeyAccessJustificationsPolicy) -> Result<Vec<AccessReason>, Objection> {
    let mut reasons = Vec::new();
    for number in &policy.allowed_access_reasons {
        let row = REASONS.iter().find(|(wire, _)| *wire as i32 == *number);
        let unknown = || Objection::invalid(format!("The access reason {number} is not known."));
        let reason = row.ok_or_else(unknown)?.1;
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    Ok(reasons)
}

pub(crate) fn written(reasons: &[AccessReason]) -> KeyAccessJustificationsPolicy {
    let number =
        |reason: &AccessReason| REASONS.iter().find(|(_, known)| known == reason).map(|(wire, _)| *wire as i32);
    KeyAccessJustificationsPolicy { allowed_access_reasons: reasons.iter().filter_map(number).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_as_it_is_written() {
        let policy = written(AccessReason::ALL);
        assert_eq!(policy.allowed_access_reasons, (0..12).collect::<Vec<_>>());
        assert_eq!(read(&policy).ok().as_deref(), Some(AccessReason::ALL));
        let twice = KeyAccessJustificationsPolicy { allowed_access_reasons: vec![5, 1, 5] };
        assert_eq!(read(&twice).ok(), Some(vec![AccessReason::OwnerAccess, AccessReason::OwnerSupport]));
        assert!(read(&KeyAccessJustificationsPolicy { allowed_access_reasons: vec![12] }).is_err());
    }
}
