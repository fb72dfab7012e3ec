//! Every method of the services, in one table: what it is called in policies and in the log, the permission that it needs,
//! who reads its message and who writes its answer.

use crate::input::Reader;
use crate::status::Noted;
use crate::{asymmetric, iam, jobs, keys, locations, rings, uses, versions};
use domain::{Action, Reply};

/// Turns an answer into a message; nothing where the method does not have such an answer.
pub(crate) type Writer = fn(&Noted<'_>, &Reply) -> Option<Vec<u8>>;

pub(crate) enum How {
    Serves(Reader, Writer),
    /// This release has it not, and says so to a verified caller.
    Refuses,
}

/// A method of a service.
pub(crate) struct Method {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) action: Action,
    pub(crate) permission: &'static str,
    pub(crate) how: How,
}

const KMS: &str = "google.cloud.kms.v1.KeyManagementService";
const LOCATIONS: &str = "google.cloud.location.Locations";
const OPERATIONS: &str = "google.longrunning.Operations";
const IAM: &str = "google.iam.v1.IAMPolicy";

macro_rules! methods {
    ($($service:ident $name:ident = $action:ident, $permission:literal, $how:ident $(($read:path, $write:path))?;)+) => {
        pub(crate) const METHODS: &[Method] = &[$(Method {
            service: $service,
            name: stringify!($name),
            action: Action::$action,
            permission: $permission,
            how: How::$how $(($read, $write))?,
        }),+];
    };
}

methods! {
    KMS Encrypt = Encrypt, "cloudkms.cryptoKeyVersions.useToEncrypt", Serves(uses::encrypt, uses::write_encrypt);
    KMS Decrypt = Decrypt, "cloudkms.cryptoKeyVersions.useToDecrypt", Serves(uses::decrypt, uses::write_decrypt);
    KMS GenerateRandomBytes = GenerateRandom, "cloudkms.locations.generateRandomBytes", Serves(uses::random, uses::write_random);
    KMS ListKeyRings = ListRings, "cloudkms.keyRings.list", Serves(rings::list, rings::write_list);
    KMS GetKeyRing = DescribeRing, "cloudkms.keyRings.get", Serves(rings::get, rings::write);
    KMS CreateKeyRing = CreateRing, "cloudkms.keyRings.create", Serves(rings::create, rings::write);
    KMS ListCryptoKeys = ListKeys, "cloudkms.cryptoKeys.list", Serves(keys::list, keys::write_list);
    KMS GetCryptoKey = DescribeKey, "cloudkms.cryptoKeys.get", Serves(keys::get, keys::write);
    KMS CreateCryptoKey = CreateKey, "cloudkms.cryptoKeys.create", Serves(keys::create, keys::write);
    KMS UpdateCryptoKey = TagKey, "cloudkms.cryptoKeys.update", Serves(keys::update, keys::write);
    KMS UpdateCryptoKeyPrimaryVersion = MakePrimary, "cloudkms.cryptoKeys.update", Serves(keys::update_primary, keys::write);
    KMS ListCryptoKeyVersions = ListVersions, "cloudkms.cryptoKeyVersions.list", Serves(versions::list, versions::write_list);
    KMS GetCryptoKeyVersion = DescribeVersion, "cloudkms.cryptoKeyVersions.get", Serves(versions::get, versions::write);
    KMS CreateCryptoKeyVersion = CreateVersion, "cloudkms.cryptoKeyVersions.create", Serves(versions::create, versions::write);
    KMS UpdateCryptoKeyVersion = SuspendKey, "cloudkms.cryptoKeyVersions.update", Serves(versions::update, versions::write);
    KMS DestroyCryptoKeyVersion = ScheduleDestruction, "cloudkms.cryptoKeyVersions.destroy", Serves(versions::destroy, versions::write);
    KMS RestoreCryptoKeyVersion = CancelDestruction, "cloudkms.cryptoKeyVersions.restore", Serves(versions::restore, versions::write);
    KMS ListImportJobs = ListImportJobs, "cloudkms.importJobs.list", Serves(jobs::list, jobs::write_list);
    KMS GetImportJob = DescribeImportJob, "cloudkms.importJobs.get", Serves(jobs::get, jobs::write);
    KMS CreateImportJob = CreateImportJob, "cloudkms.importJobs.create", Serves(jobs::create, jobs::write);
    KMS ImportCryptoKeyVersion = ImportVersion, "cloudkms.importJobs.useToImport", Serves(jobs::import, versions::write);
    KMS ListRetiredResources = Unknown, "cloudkms.retiredResources.list", Refuses;
    KMS GetRetiredResource = Unknown, "cloudkms.retiredResources.get", Refuses;
    KMS DeleteCryptoKey = Unknown, "cloudkms.cryptoKeys.delete", Refuses;
    KMS DeleteCryptoKeyVersion = Unknown, "cloudkms.cryptoKeyVersions.delete", Refuses;
    KMS GetPublicKey = GetPublicKey, "cloudkms.cryptoKeyVersions.viewPublicKey", Serves(asymmetric::public_key, asymmetric::write_public_key);
    KMS AsymmetricSign = Sign, "cloudkms.cryptoKeyVersions.useToSign", Serves(asymmetric::sign, asymmetric::write_signature);
    KMS AsymmetricDecrypt = DecryptAsymmetric, "cloudkms.cryptoKeyVersions.useToDecrypt", Serves(asymmetric::decrypt, asymmetric::write_opened);
    KMS MacSign = MacSign, "cloudkms.cryptoKeyVersions.useToSign", Serves(asymmetric::mac, asymmetric::write_mac);
    KMS MacVerify = MacVerify, "cloudkms.cryptoKeyVersions.useToVerify", Serves(asymmetric::verify_mac, asymmetric::write_verified);
    KMS RawEncrypt = EncryptRaw, "cloudkms.cryptoKeyVersions.useToEncrypt", Serves(asymmetric::encrypt_raw, asymmetric::write_raw_ciphertext);
    KMS RawDecrypt = DecryptRaw, "cloudkms.cryptoKeyVersions.useToDecrypt", Serves(asymmetric::decrypt_raw, asymmetric::write_raw_plaintext);
    KMS Decapsulate = Decapsulate, "cloudkms.cryptoKeyVersions.useToDecapsulate", Serves(asymmetric::decapsulate, asymmetric::write_shared);
    KMS ImportTrustedKeyWrappedCryptoKeyVersion = Unknown, "cloudkms.cryptoKeyVersions.create", Serves(versions::import_trusted, versions::write);
    KMS ExportTrustedKeyWrappedCryptoKeyVersion = Unknown, "cloudkms.cryptoKeyVersions.get", Serves(versions::export_trusted, versions::write);
    LOCATIONS ListLocations = ListLocations, "cloudkms.locations.list", Serves(locations::list, locations::write_list);
    LOCATIONS GetLocation = ListLocations, "cloudkms.locations.get", Serves(locations::get, locations::write);
    OPERATIONS GetOperation = Unknown, "cloudkms.operations.get", Serves(locations::operation, locations::write);
    IAM GetIamPolicy = GetBindings, "cloudkms.cryptoKeys.getIamPolicy", Serves(iam::get, iam::write);
    IAM SetIamPolicy = SetBindings, "cloudkms.cryptoKeys.setIamPolicy", Serves(iam::set, iam::write);
    IAM TestIamPermissions = TestPermissions, "", Serves(iam::test, iam::write_permissions);
}

impl Method {
    /// By the path of a call: `/SERVICE/METHOD`.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        let (service, name) = path.strip_prefix('/')?.split_once('/')?;
        METHODS.iter().find(|method| method.name == name && method.service == service)
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
