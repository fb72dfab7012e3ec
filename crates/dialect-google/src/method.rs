//! Every method of the services, in one table: what it is called in policies and in the log, the permission that it needs,
//! who reads its message and who writes its answer.

use crate::input::Reader;
use crate::status::Noted;
use crate::{asymmetric, iam, impersonation, jobs, keys, locations, retired, rings, uses, versions};
use dialect::Echo;
use domain::{Action, Reply};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Turns an answer into a message; nothing where the method does not have such an answer.
pub(crate) type Writer = fn(&Noted<'_>, &Reply) -> Option<Vec<u8>>;

/// A method of a service.
pub(crate) struct Method {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) action: Action,
    pub(crate) permission: &'static str,
    pub(crate) read: Reader,
    pub(crate) write: Writer,
    /// Where it is in the table.
    pub(crate) place: usize,
}

const KMS: &str = "google.cloud.kms.v1.KeyManagementService";
const LOCATIONS: &str = "google.cloud.location.Locations";
const OPERATIONS: &str = "google.longrunning.Operations";
const IAM: &str = "google.iam.v1.IAMPolicy";
pub(crate) const CREDENTIALS: &str = "google.iam.credentials.v1.IAMCredentials";

macro_rules! methods {
    ($($service:ident $name:ident = $action:ident, $permission:literal, $read:path, $write:path;)+) => {
        const ROWS: &[Method] = &[$(Method {
            service: $service,
            name: stringify!($name),
            action: Action::$action,
            permission: $permission,
            read: $read,
            write: $write,
            place: 0,
        }),+];
    };
}

/// Every method, in the order of the table.
pub(crate) static METHODS: LazyLock<Vec<Method>> =
    LazyLock::new(|| ROWS.iter().enumerate().map(|(place, row)| Method { place, ..*row }).collect());

/// Places in the table by the path of a call.
static PATHS: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    METHODS.iter().map(|method| (format!("/{}/{}", method.service, method.name), method.place)).collect()
});

methods! {
    KMS Encrypt = Encrypt, "cloudkms.cryptoKeyVersions.useToEncrypt", uses::encrypt, uses::write_encrypt;
    KMS Decrypt = Decrypt, "cloudkms.cryptoKeyVersions.useToDecrypt", uses::decrypt, uses::write_decrypt;
    KMS GenerateRandomBytes = GenerateRandom, "cloudkms.locations.generateRandomBytes", uses::random, uses::write_random;
    KMS ListKeyRings = ListRings, "cloudkms.keyRings.list", rings::list, rings::write_list;
    KMS GetKeyRing = DescribeRing, "cloudkms.keyRings.get", rings::get, rings::write;
    KMS CreateKeyRing = CreateRing, "cloudkms.keyRings.create", rings::create, rings::write;
    KMS ListCryptoKeys = ListKeys, "cloudkms.cryptoKeys.list", keys::list, keys::write_list;
    KMS GetCryptoKey = DescribeKey, "cloudkms.cryptoKeys.get", keys::get, keys::write;
    KMS CreateCryptoKey = CreateKey, "cloudkms.cryptoKeys.create", keys::create, keys::write;
    KMS UpdateCryptoKey = TagKey, "cloudkms.cryptoKeys.update", keys::update, keys::write;
    KMS UpdateCryptoKeyPrimaryVersion = MakePrimary, "cloudkms.cryptoKeys.update", keys::update_primary, keys::write;
    KMS ListCryptoKeyVersions = ListVersions, "cloudkms.cryptoKeyVersions.list", versions::list, versions::write_list;
    KMS GetCryptoKeyVersion = DescribeVersion, "cloudkms.cryptoKeyVersions.get", versions::get, versions::write;
    KMS CreateCryptoKeyVersion = CreateVersion, "cloudkms.cryptoKeyVersions.create", versions::create, versions::write;
    KMS UpdateCryptoKeyVersion = SuspendKey, "cloudkms.cryptoKeyVersions.update", versions::update, versions::write;
    KMS DestroyCryptoKeyVersion = ScheduleDestruction, "cloudkms.cryptoKeyVersions.destroy", versions::destroy, versions::write;
    KMS RestoreCryptoKeyVersion = CancelDestruction, "cloudkms.cryptoKeyVersions.restore", versions::restore, versions::write;
    KMS ListImportJobs = ListImportJobs, "cloudkms.importJobs.list", jobs::list, jobs::write_list;
    KMS GetImportJob = DescribeImportJob, "cloudkms.importJobs.get", jobs::get, jobs::write;
    KMS CreateImportJob = CreateImportJob, "cloudkms.importJobs.create", jobs::create, jobs::write;
    KMS ImportCryptoKeyVersion = ImportVersion, "cloudkms.importJobs.useToImport", jobs::import, versions::write;
    KMS ListRetiredResources = ListRetiredKeys, "cloudkms.retiredResources.list", retired::list, retired::write_list;
    KMS GetRetiredResource = DescribeRetiredKey, "cloudkms.retiredResources.get", retired::get, retired::write;
    KMS DeleteCryptoKey = DeleteKey, "cloudkms.cryptoKeys.delete", retired::delete_key, retired::write_deleted;
    KMS DeleteCryptoKeyVersion = DeleteVersion, "cloudkms.cryptoKeyVersions.delete", retired::delete_version, retired::write_deleted_version;
    KMS GetPublicKey = GetPublicKey, "cloudkms.cryptoKeyVersions.viewPublicKey", asymmetric::public_key, asymmetric::write_public_key;
    KMS AsymmetricSign = Sign, "cloudkms.cryptoKeyVersions.useToSign", asymmetric::sign, asymmetric::write_signature;
    KMS AsymmetricDecrypt = DecryptAsymmetric, "cloudkms.cryptoKeyVersions.useToDecrypt", asymmetric::decrypt, asymmetric::write_opened;
    KMS MacSign = MacSign, "cloudkms.cryptoKeyVersions.useToSign", asymmetric::mac, asymmetric::write_mac;
    KMS MacVerify = MacVerify, "cloudkms.cryptoKeyVersions.useToVerify", asymmetric::verify_mac, asymmetric::write_verified;
    KMS RawEncrypt = EncryptRaw, "cloudkms.cryptoKeyVersions.useToEncrypt", asymmetric::encrypt_raw, asymmetric::write_raw_ciphertext;
    KMS RawDecrypt = DecryptRaw, "cloudkms.cryptoKeyVersions.useToDecrypt", asymmetric::decrypt_raw, asymmetric::write_raw_plaintext;
    KMS Decapsulate = Decapsulate, "cloudkms.cryptoKeyVersions.useToDecapsulate", asymmetric::decapsulate, asymmetric::write_shared;
    KMS ImportTrustedKeyWrappedCryptoKeyVersion = Unknown, "cloudkms.cryptoKeyVersions.create", versions::import_trusted, versions::write;
    KMS ExportTrustedKeyWrappedCryptoKeyVersion = Unknown, "cloudkms.cryptoKeyVersions.get", versions::export_trusted, versions::write;
    LOCATIONS ListLocations = ListLocations, "cloudkms.locations.list", locations::list, locations::write_list;
    LOCATIONS GetLocation = ListLocations, "cloudkms.locations.get", locations::get, locations::write;
    OPERATIONS GetOperation = DescribeRetiredKey, "cloudkms.operations.get", retired::operation, retired::write_deleted;
    IAM GetIamPolicy = GetBindings, "cloudkms.cryptoKeys.getIamPolicy", iam::get, iam::write;
    IAM SetIamPolicy = SetBindings, "cloudkms.cryptoKeys.setIamPolicy", iam::set, iam::write;
    IAM TestIamPermissions = TestPermissions, "", iam::test, iam::write_permissions;
    CREDENTIALS GenerateAccessToken = ImpersonatePrincipal, "iam.serviceAccounts.getAccessToken", impersonation::read, impersonation::write;
}

impl Method {
    /// By the path of a call: `/SERVICE/METHOD`.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        METHODS.get(*PATHS.get(path)?)
    }

    /// The one that was noted when a request was read.
    pub(crate) fn of(echo: &Echo) -> Option<&'static Self> {
        METHODS.get(echo.place).filter(|method| method.name == echo.operation).or_else(|| Self::named(echo.operation))
    }

    /// By its own name alone: no two services share one.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        METHODS.iter().find(|method| method.name == name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::proto;

    /// Whoever tests permissions goes by this list.
    fn listed() -> String {
        let row = |method: &Method| format!("{} {} {}\n", method.name, method.action.name(), method.permission);
        METHODS.iter().map(row).collect()
    }

    #[test]
    fn the_table_has_every_method_of_the_definitions_once() {
        let mut defined: Vec<_> = proto::pool()
            .unwrap()
            .services()
            .flat_map(|service| service.methods().map(|method| method.full_name().to_owned()).collect::<Vec<_>>())
            .collect();
        let mut known: Vec<_> = METHODS.iter().map(|method| format!("{}.{}", method.service, method.name)).collect();
        defined.sort();
        known.sort();
        assert_eq!(defined, known);
        assert_eq!(listed(), include_str!("../tests/golden/methods.txt"), "put there:\n{}", listed());
        let mut names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METHODS.len());
    }
}
