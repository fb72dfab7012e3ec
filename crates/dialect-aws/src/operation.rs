//! Every operation of the service's model (2014-11-01), in one table: its name, what it is called in policies and in
//! the log, who reads it, and the errors that the model lets it answer with.

use crate::code::Code;
use crate::input::{Notes, Trouble};
use crate::{aliases, creation, keys, policies, rotation, tags, uses};
use domain::{Action, Ask};

/// Turns a body into what is asked.
pub(crate) type Reader = fn(&[u8], &mut Notes) -> Result<Ask, Trouble>;

pub(crate) enum Service {
    /// `Reader` understands it, and the model lists these errors.
    Serves(Reader, &'static [Code]),
    /// This release has it not, and says so with an error that the model lists.
    Refuses(Code),
}

macro_rules! service {
    (serves $reader:path, [$($code:ident)*]) => { Service::Serves($reader, &[$(Code::$code),*]) };
    (refuses $code:ident) => { Service::Refuses(Code::$code) };
}

macro_rules! operations {
    ($($name:ident = $action:ident, $how:ident($($what:tt)*);)+) => {
        /// An operation of the service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Operation { $($name),+ }

        impl Operation {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];

            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)+
                    _ => None,
                }
            }

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            pub(crate) fn action(self) -> Action {
                match self { $(Self::$name => Action::$action),+ }
            }

            pub(crate) fn service(self) -> Service {
                match self { $(Self::$name => service!($how $($what)*)),+ }
            }
        }
    };
}

operations! {
    Encrypt = Encrypt, serves(uses::encrypt, [DependencyTimeout Disabled DryRunOperation InvalidGrantToken InvalidKeyUsage KeyUnavailable KmsInternal KmsInvalidState NotFound]);
    Decrypt = Decrypt, serves(uses::decrypt, [DependencyTimeout Disabled DryRunOperation IncorrectKey InvalidCiphertext InvalidGrantToken InvalidKeyUsage KeyUnavailable KmsInternal KmsInvalidState NotFound]);
    GenerateDataKey = GenerateDataKey, serves(uses::generate_data_key, [DependencyTimeout Disabled DryRunOperation InvalidGrantToken InvalidKeyUsage KeyUnavailable KmsInternal KmsInvalidState NotFound]);
    GenerateDataKeyWithoutPlaintext = GenerateDataKeyWithoutPlaintext, serves(uses::generate_data_key_without_plaintext, [DependencyTimeout Disabled DryRunOperation InvalidGrantToken InvalidKeyUsage KeyUnavailable KmsInternal KmsInvalidState NotFound]);
    ReEncrypt = ReEncryptFrom, serves(uses::re_encrypt, [DependencyTimeout Disabled DryRunOperation IncorrectKey InvalidCiphertext InvalidGrantToken InvalidKeyUsage KeyUnavailable KmsInternal KmsInvalidState NotFound]);
    GenerateRandom = GenerateRandom, serves(uses::generate_random, [CustomKeyStoreInvalidState CustomKeyStoreNotFound DependencyTimeout KmsInternal UnsupportedOperation]);
    CreateKey = CreateKey, serves(creation::create_key, [CloudHsmClusterInvalidConfiguration CustomKeyStoreInvalidState CustomKeyStoreNotFound DependencyTimeout InvalidArn KmsInternal LimitExceeded MalformedPolicyDocument Tag UnsupportedOperation XksKeyAlreadyInUse XksKeyInvalidConfiguration XksKeyNotFound]);
    DescribeKey = DescribeKey, serves(keys::describe_key, [DependencyTimeout InvalidArn KmsInternal NotFound]);
    ListKeys = ListKeys, serves(keys::list_keys, [DependencyTimeout InvalidMarker KmsInternal]);
    EnableKey = ResumeKey, serves(keys::enable_key, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState LimitExceeded NotFound]);
    DisableKey = SuspendKey, serves(keys::disable_key, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState NotFound]);
    ScheduleKeyDeletion = ScheduleDestruction, serves(keys::schedule_key_deletion, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState NotFound]);
    CancelKeyDeletion = CancelDestruction, serves(keys::cancel_key_deletion, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState NotFound]);
    UpdateKeyDescription = SetDescription, serves(keys::update_key_description, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState NotFound]);
    CreateAlias = CreateAlias, serves(aliases::create_alias, [AlreadyExists DependencyTimeout InvalidAliasName KmsInternal KmsInvalidState LimitExceeded NotFound]);
    UpdateAlias = RetargetAlias, serves(aliases::update_alias, [DependencyTimeout KmsInternal KmsInvalidState LimitExceeded NotFound]);
    DeleteAlias = DeleteAlias, serves(aliases::delete_alias, [DependencyTimeout KmsInternal KmsInvalidState NotFound]);
    ListAliases = ListAliases, serves(aliases::list_aliases, [DependencyTimeout InvalidArn InvalidMarker KmsInternal NotFound]);
    TagResource = TagKey, serves(tags::tag_resource, [InvalidArn KmsInternal KmsInvalidState LimitExceeded NotFound Tag]);
    UntagResource = UntagKey, serves(tags::untag_resource, [InvalidArn KmsInternal KmsInvalidState NotFound Tag]);
    ListResourceTags = ListTags, serves(tags::list_resource_tags, [InvalidArn InvalidMarker KmsInternal NotFound]);
    GetKeyPolicy = GetDocument, serves(policies::get_key_policy, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState NotFound]);
    PutKeyPolicy = PutDocument, serves(policies::put_key_policy, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState LimitExceeded MalformedPolicyDocument NotFound UnsupportedOperation]);
    ListKeyPolicies = ListDocuments, serves(policies::list_key_policies, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState NotFound]);
    EnableKeyRotation = EnableRotation, serves(rotation::enable_key_rotation, [DependencyTimeout Disabled InvalidArn KmsInternal KmsInvalidState NotFound UnsupportedOperation]);
    DisableKeyRotation = DisableRotation, serves(rotation::disable_key_rotation, [DependencyTimeout Disabled InvalidArn KmsInternal KmsInvalidState NotFound UnsupportedOperation]);
    GetKeyRotationStatus = GetRotation, serves(rotation::get_key_rotation_status, [DependencyTimeout InvalidArn KmsInternal KmsInvalidState NotFound UnsupportedOperation]);
    RotateKeyOnDemand = RotateKey, serves(rotation::rotate_key_on_demand, [Conflict DependencyTimeout Disabled InvalidArn KmsInternal KmsInvalidState LimitExceeded NotFound UnsupportedOperation]);
    ListKeyRotations = ListVersions, serves(rotation::list_key_rotations, [InvalidArn InvalidMarker KmsInternal KmsInvalidState NotFound UnsupportedOperation]);
    ConnectCustomKeyStore = Unknown, refuses(CustomKeyStoreNotFound);
    CreateCustomKeyStore = Unknown, refuses(CloudHsmClusterNotFound);
    CreateGrant = Unknown, refuses(KmsInvalidState);
    Decapsulate = Unknown, refuses(InvalidKeyUsage);
    DeleteCustomKeyStore = Unknown, refuses(CustomKeyStoreNotFound);
    DeleteImportedKeyMaterial = Unknown, refuses(UnsupportedOperation);
    DeriveSharedSecret = Unknown, refuses(InvalidKeyUsage);
    DescribeCustomKeyStores = Unknown, refuses(CustomKeyStoreNotFound);
    DisconnectCustomKeyStore = Unknown, refuses(CustomKeyStoreNotFound);
    Encapsulate = Unknown, refuses(InvalidKeyUsage);
    GenerateDataKeyPair = Unknown, refuses(UnsupportedOperation);
    GenerateDataKeyPairWithoutPlaintext = Unknown, refuses(UnsupportedOperation);
    GenerateMac = Unknown, refuses(InvalidKeyUsage);
    GetKeyLastUsage = Unknown, refuses(NotFound);
    GetParametersForImport = Unknown, refuses(UnsupportedOperation);
    GetPublicKey = Unknown, refuses(UnsupportedOperation);
    ImportKeyMaterial = Unknown, refuses(UnsupportedOperation);
    ListGrants = Unknown, refuses(KmsInvalidState);
    ListRetirableGrants = Unknown, refuses(NotFound);
    ReplicateKey = Unknown, refuses(UnsupportedOperation);
    RetireGrant = Unknown, refuses(InvalidGrantId);
    RevokeGrant = Unknown, refuses(InvalidGrantId);
    Sign = Unknown, refuses(InvalidKeyUsage);
    UpdateCustomKeyStore = Unknown, refuses(CustomKeyStoreNotFound);
    UpdatePrimaryRegion = Unknown, refuses(UnsupportedOperation);
    Verify = Unknown, refuses(InvalidKeyUsage);
    VerifyMac = Unknown, refuses(InvalidKeyUsage);
}

impl Operation {
    /// Whether the model lists the error for this operation.
    pub(crate) fn models(self, code: Code) -> bool {
        match self.service() {
            Service::Serves(_, codes) => codes.contains(&code),
            Service::Refuses(only) => only == code,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// `model.txt` lists each operation of the service's model with its errors; the contract script makes it anew.
    #[test]
    fn the_table_is_the_services_model() {
        let model = include_str!("../tests/model.txt");
        let mut names: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        names.sort_unstable();
        let modelled: Vec<&str> = model.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(names, modelled);
        for line in model.lines() {
            let (name, errors) = line.split_once(": ").unwrap();
            let mut errors: Vec<&str> = errors.split(' ').collect();
            errors.sort_unstable();
            match Operation::from_name(name).unwrap().service() {
                Service::Serves(_, codes) => {
                    let mut codes: Vec<&str> = codes.iter().map(|code| code.name()).collect();
                    codes.sort_unstable();
                    assert_eq!(codes, errors, "{name}");
                }
                Service::Refuses(code) => assert!(errors.contains(&code.name()), "{name}"),
            }
        }
    }
}
