//! Which operation is which: the one table from names to readers and to the documentation.

use crate::input::{Member, Operation, Trouble};
use crate::operations::{
    bindings, documents, jobs, keys, life, log, names, principals, retired, rings, signs, site, uses,
};
use domain::{Action, Ask};

/// An operation: its name in a path, what it is called in policies and in the log, and who reads it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) action: Action,
    pub(crate) read: fn(&[u8]) -> Result<Ask, Trouble>,
    members: &'static [Member],
    answer: &'static str,
}

/// An operation as the documentation has it.
pub struct Documented {
    pub name: &'static str,
    pub action: Action,
    pub members: &'static [Member],
    /// The name of the answer's shape.
    pub answer: &'static str,
}

const fn row<O: Operation>(name: &'static str) -> Row {
    Row { name, action: O::ACTION, read: O::read, members: O::MEMBERS, answer: O::ANSWER }
}

static TABLE: &[Row] = &[
    row::<keys::CreateKey>("create-key"),
    row::<keys::DescribeKey>("describe-key"),
    row::<keys::ListKeys>("list-keys"),
    row::<life::SuspendKey>("suspend-key"),
    row::<life::ResumeKey>("resume-key"),
    row::<life::ScheduleDestruction>("schedule-destruction"),
    row::<life::CancelDestruction>("cancel-destruction"),
    row::<life::ChangeState>("change-state"),
    row::<life::MakePrimary>("make-primary"),
    row::<life::SetWindow>("set-window"),
    row::<keys::SetDescription>("set-description"),
    row::<keys::SetFacts>("set-facts"),
    row::<keys::TagKey>("tag-key"),
    row::<keys::UntagKey>("untag-key"),
    row::<keys::SetAlgorithm>("set-algorithm"),
    row::<keys::SetAccessReasons>("set-access-reasons"),
    row::<keys::ListTags>("list-tags"),
    row::<keys::ListVersions>("list-versions"),
    row::<rings::DescribeVersion>("describe-version"),
    row::<rings::CreateVersion>("create-version"),
    row::<rings::CreateRing>("create-ring"),
    row::<rings::DescribeRing>("describe-ring"),
    row::<rings::ListRings>("list-rings"),
    row::<rings::ListLocations>("list-locations"),
    row::<retired::DeleteKey>("delete-key"),
    row::<retired::DeleteVersion>("delete-version"),
    row::<retired::ListRetiredKeys>("list-retired-keys"),
    row::<retired::DescribeRetiredKey>("describe-retired-key"),
    row::<jobs::CreateImportJob>("create-import-job"),
    row::<jobs::DescribeImportJob>("describe-import-job"),
    row::<jobs::ListImportJobs>("list-import-jobs"),
    row::<jobs::ImportVersion>("import-version"),
    row::<life::EnableRotation>("enable-rotation"),
    row::<life::DisableRotation>("disable-rotation"),
    row::<life::GetRotation>("get-rotation"),
    row::<life::RotateKey>("rotate-key"),
    row::<keys::CertifyDestruction>("certify-destruction"),
    row::<keys::RevertEntry>("revert-entry"),
    row::<names::CreateAlias>("create-alias"),
    row::<names::RetargetAlias>("retarget-alias"),
    row::<names::DeleteAlias>("delete-alias"),
    row::<names::ListAliases>("list-aliases"),
    row::<uses::Encrypt>("encrypt"),
    row::<uses::Decrypt>("decrypt"),
    row::<uses::ReEncryptFrom>("re-encrypt"),
    row::<uses::GenerateDataKey>("generate-data-key"),
    row::<uses::GenerateDataKeyWithoutPlaintext>("generate-data-key-without-plaintext"),
    row::<uses::GenerateRandom>("generate-random"),
    row::<signs::Sign>("sign"),
    row::<signs::Verify>("verify"),
    row::<signs::MacSign>("mac-sign"),
    row::<signs::MacVerify>("mac-verify"),
    row::<signs::DecryptAsymmetric>("decrypt-asymmetric"),
    row::<signs::EncryptRaw>("encrypt-raw"),
    row::<signs::DecryptRaw>("decrypt-raw"),
    row::<signs::Decapsulate>("decapsulate"),
    row::<signs::GetPublicKey>("get-public-key"),
    row::<documents::GetDocument>("get-document"),
    row::<documents::PutDocument>("put-document"),
    row::<documents::ListDocuments>("list-documents"),
    row::<bindings::GetBindings>("get-bindings"),
    row::<bindings::SetBindings>("set-bindings"),
    row::<bindings::TestPermissions>("test-permissions"),
    row::<documents::Explain>("explain"),
    row::<principals::WhoAmI>("who-am-i"),
    row::<site::CreateTenant>("create-tenant"),
    row::<site::ListTenants>("list-tenants"),
    row::<site::DescribeTenant>("describe-tenant"),
    row::<principals::CreatePrincipal>("create-principal"),
    row::<principals::ListPrincipals>("list-principals"),
    row::<principals::DescribePrincipal>("describe-principal"),
    row::<principals::RemovePrincipal>("remove-principal"),
    row::<principals::SuspendPrincipal>("suspend-principal"),
    row::<principals::AssignRole>("assign-role"),
    row::<principals::WithdrawRole>("withdraw-role"),
    row::<principals::CreateAccessKey>("create-access-key"),
    row::<principals::SuspendAccessKey>("suspend-access-key"),
    row::<principals::RemoveAccessKey>("remove-access-key"),
    row::<principals::RegisterPublicKey>("register-public-key"),
    row::<principals::IssueToken>("issue-token"),
    row::<principals::ImpersonatePrincipal>("impersonate-principal"),
    row::<documents::PutIdentityDocument>("put-identity-document"),
    row::<documents::RemoveIdentityDocument>("remove-identity-document"),
    row::<documents::PutForbid>("put-forbid"),
    row::<documents::RemoveForbid>("remove-forbid"),
    row::<documents::ListForbids>("list-forbids"),
    row::<log::ListEntries>("list-entries"),
    row::<log::ProveEntry>("prove-entry"),
    row::<log::GetCheckpoint>("get-checkpoint"),
    row::<site::GetStatus>("get-status"),
    row::<site::GetSettings>("get-settings"),
    row::<site::SetSettings>("set-settings"),
    row::<site::GetClock>("get-clock"),
    row::<site::AcceptClock>("accept-clock"),
];

pub(crate) fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

/// Every operation, in the order of the documentation.
pub fn documentation() -> impl Iterator<Item = Documented> {
    TABLE.iter().map(|row| Documented { name: row.name, action: row.action, members: row.members, answer: row.answer })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ActionClass;

    fn kebab(name: &str) -> String {
        let dashed = name.char_indices().flat_map(|(at, letter)| {
            let dash = (at > 0 && letter.is_ascii_uppercase()).then_some('-');
            dash.into_iter().chain([letter.to_ascii_lowercase()])
        });
        dashed.collect()
    }

    #[test]
    fn operations_are_called_as_their_actions() {
        for row in TABLE.iter().filter(|row| row.action != Action::ReEncryptFrom) {
            assert_eq!(row.name, kebab(row.action.name()));
        }
    }

    #[test]
    fn whatever_a_caller_may_do_has_an_operation() {
        // What is asked for together with something else has none of its own.
        let other = [Action::Unknown, Action::ReEncryptTo, Action::UseImportJob];
        let missing: Vec<_> = Action::ALL
            .iter()
            .filter(|action| action.class() != ActionClass::House && !other.contains(action))
            .filter(|action| TABLE.iter().filter(|row| row.action == **action).count() != 1)
            .collect();
        assert_eq!(missing, Vec::<&Action>::new());
    }
}
