//! What Google's predefined roles contain, as far as this service has it. Roles and permissions as of 2026-11.

macro_rules! roles {
    ($($name:literal = [$($permission:literal),* $(,)?];)+ alone: $($alone:literal = [$($own:literal),* $(,)?];)+) => {
        /// The name and the permissions of each role.
        const ROLES: &[(&str, &[&str])] = &[$((
            $name,
            &[$($permission,)* "cloudkms.locations.get", "cloudkms.locations.list", "resourcemanager.projects.get"],
        ),)+ $(($alone, &[$($own),*]),)+];
    };
}

roles! {
    "roles/cloudkms.admin" = [
        "cloudkms.cryptoKeyVersions.create",
        "cloudkms.cryptoKeyVersions.delete",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.restore",
        "cloudkms.cryptoKeyVersions.trustedImportExport",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeyVersions.useToDecryptViaDelegation",
        "cloudkms.cryptoKeyVersions.useToEncryptViaDelegation",
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.delete",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.list",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.cryptoKeys.update",
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.getIamPolicy",
        "cloudkms.importJobs.list",
        "cloudkms.importJobs.setIamPolicy",
        "cloudkms.importJobs.useToImport",
        "cloudkms.keyRings.create",
        "cloudkms.keyRings.get",
        "cloudkms.keyRings.getIamPolicy",
        "cloudkms.keyRings.list",
        "cloudkms.keyRings.setIamPolicy",
        "cloudkms.operations.get",
        "cloudkms.retiredResources.get",
        "cloudkms.retiredResources.list",
    ];
    "roles/cloudkms.viewer" = [
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.list",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.list",
        "cloudkms.keyRings.get",
        "cloudkms.keyRings.list",
        "cloudkms.operations.get",
        "cloudkms.retiredResources.get",
        "cloudkms.retiredResources.list",
    ];
    "roles/cloudkms.cryptoKeyEncrypter" = ["cloudkms.cryptoKeyVersions.useToEncrypt"];
    "roles/cloudkms.cryptoKeyDecrypter" = ["cloudkms.cryptoKeyVersions.useToDecrypt"];
    "roles/cloudkms.cryptoKeyEncrypterDecrypter" =
        ["cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToEncrypt"];
    // These are for other services of Google's, which act for somebody: nobody does here.
    "roles/cloudkms.cryptoKeyEncrypterViaDelegation" = ["cloudkms.cryptoKeyVersions.useToEncryptViaDelegation"];
    "roles/cloudkms.cryptoKeyDecrypterViaDelegation" = ["cloudkms.cryptoKeyVersions.useToDecryptViaDelegation"];
    "roles/cloudkms.cryptoKeyEncrypterDecrypterViaDelegation" = [
        "cloudkms.cryptoKeyVersions.useToDecryptViaDelegation",
        "cloudkms.cryptoKeyVersions.useToEncryptViaDelegation",
    ];
    "roles/cloudkms.signer" = ["cloudkms.cryptoKeyVersions.useToSign"];
    "roles/cloudkms.verifier" = ["cloudkms.cryptoKeyVersions.useToVerify", "cloudkms.cryptoKeyVersions.viewPublicKey"];
    "roles/cloudkms.signerVerifier" = [
        "cloudkms.cryptoKeyVersions.useToSign",
        "cloudkms.cryptoKeyVersions.useToVerify",
        "cloudkms.cryptoKeyVersions.viewPublicKey",
    ];
    "roles/cloudkms.decapsulator" =
        ["cloudkms.cryptoKeyVersions.useToDecapsulate", "cloudkms.cryptoKeyVersions.viewPublicKey"];
    "roles/cloudkms.publicKeyViewer" = ["cloudkms.cryptoKeyVersions.viewPublicKey"];
    "roles/cloudkms.cryptoOperator" = [
        "cloudkms.cryptoKeyVersions.useToDecapsulate",
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "cloudkms.cryptoKeyVersions.useToEncrypt",
        "cloudkms.cryptoKeyVersions.useToSign",
        "cloudkms.cryptoKeyVersions.useToVerify",
        "cloudkms.cryptoKeyVersions.viewPublicKey",
        "cloudkms.locations.generateRandomBytes",
    ];
    "roles/cloudkms.importer" = [
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.list",
        "cloudkms.importJobs.useToImport",
    ];
    "roles/cloudkms.expertRawAesCbc" = ["cloudkms.cryptoKeyVersions.manageRawAesCbcKeys"];
    "roles/cloudkms.expertRawAesCtr" = ["cloudkms.cryptoKeyVersions.manageRawAesCtrKeys"];
    "roles/cloudkms.expertRawPKCS1" = ["cloudkms.cryptoKeyVersions.manageRawPKCS1Keys"];
    // What an expert has to be for is given to nobody by the way.
    "roles/owner" = [
        "cloudkms.cryptoKeyVersions.create",
        "cloudkms.cryptoKeyVersions.delete",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.restore",
        "cloudkms.cryptoKeyVersions.trustedImportExport",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeyVersions.useToDecapsulate",
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "cloudkms.cryptoKeyVersions.useToEncrypt",
        "cloudkms.cryptoKeyVersions.useToSign",
        "cloudkms.cryptoKeyVersions.useToVerify",
        "cloudkms.cryptoKeyVersions.viewPublicKey",
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.delete",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.list",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.cryptoKeys.update",
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.getIamPolicy",
        "cloudkms.importJobs.list",
        "cloudkms.importJobs.setIamPolicy",
        "cloudkms.importJobs.useToImport",
        "cloudkms.keyRings.create",
        "cloudkms.keyRings.get",
        "cloudkms.keyRings.getIamPolicy",
        "cloudkms.keyRings.list",
        "cloudkms.keyRings.setIamPolicy",
        "cloudkms.locations.generateRandomBytes",
        "cloudkms.operations.get",
        "cloudkms.retiredResources.get",
        "cloudkms.retiredResources.list",
        "iam.serviceAccounts.getIamPolicy",
        "iam.serviceAccounts.setIamPolicy",
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    ];
    "roles/editor" = [
        "cloudkms.cryptoKeyVersions.create",
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.list",
        "cloudkms.cryptoKeys.update",
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.getIamPolicy",
        "cloudkms.importJobs.list",
        "cloudkms.importJobs.useToImport",
        "cloudkms.keyRings.create",
        "cloudkms.keyRings.get",
        "cloudkms.keyRings.getIamPolicy",
        "cloudkms.keyRings.list",
        "cloudkms.locations.generateRandomBytes",
        "cloudkms.operations.get",
        "cloudkms.retiredResources.get",
        "cloudkms.retiredResources.list",
        "resourcemanager.projects.getIamPolicy",
    ];
    "roles/viewer" = [
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.list",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.getIamPolicy",
        "cloudkms.importJobs.list",
        "cloudkms.keyRings.get",
        "cloudkms.keyRings.getIamPolicy",
        "cloudkms.keyRings.list",
        "cloudkms.operations.get",
        "cloudkms.retiredResources.get",
        "cloudkms.retiredResources.list",
        "resourcemanager.projects.getIamPolicy",
    ];
    "roles/resourcemanager.projectIamAdmin" =
        ["resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"];
    // Those that are about services only, and see nothing of keys.
    alone:
    "roles/iam.serviceAccountTokenCreator" = ["iam.serviceAccounts.getAccessToken"];
    "roles/iam.workloadIdentityUser" = ["iam.serviceAccounts.getAccessToken"];
    "roles/iam.serviceAccountAdmin" = ["iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"];
}

/// A role's name and its permissions.
pub(super) fn role(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    ROLES.iter().find(|(known, _)| *known == name).copied()
}

/// Roles that are older than conditions, and take none.
pub(super) fn is_basic(role: &str) -> bool {
    matches!(role, "roles/owner" | "roles/editor" | "roles/viewer")
}

/// The predefined roles that bindings may name.
pub fn role_names() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(name, _)| *name)
}
