//! The error codes that this release answers with, and the HTTP status of each.

macro_rules! codes {
    ($($code:ident = $name:literal $(, $status:literal)?;)+) => {
        /// An error of the service, by the name that clients match on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($code),+ }

        impl Code {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }

            /// 400 unless the table says otherwise: clients retry what is 500.
            pub(crate) fn status(self) -> u16 {
                match self { $(Self::$code => status!($($status)?)),+ }
            }

            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$code),)+ _ => None }
            }
        }
    };
}

macro_rules! status {
    () => {
        400
    };
    ($status:literal) => {
        $status
    };
}

codes! {
    // Modelled
    AlreadyExists = "AlreadyExistsException";
    CloudHsmClusterInvalidConfiguration = "CloudHsmClusterInvalidConfigurationException";
    CloudHsmClusterNotFound = "CloudHsmClusterNotFoundException";
    Conflict = "ConflictException";
    CustomKeyStoreInvalidState = "CustomKeyStoreInvalidStateException";
    CustomKeyStoreNotFound = "CustomKeyStoreNotFoundException";
    DependencyTimeout = "DependencyTimeoutException", 500;
    Disabled = "DisabledException";
    DryRunOperation = "DryRunOperationException";
    IncorrectKey = "IncorrectKeyException";
    InvalidAliasName = "InvalidAliasNameException";
    InvalidArn = "InvalidArnException";
    InvalidCiphertext = "InvalidCiphertextException";
    InvalidGrantId = "InvalidGrantIdException";
    InvalidGrantToken = "InvalidGrantTokenException";
    InvalidKeyUsage = "InvalidKeyUsageException";
    InvalidMarker = "InvalidMarkerException";
    KeyUnavailable = "KeyUnavailableException", 500;
    KmsInternal = "KMSInternalException", 500;
    KmsInvalidState = "KMSInvalidStateException";
    LimitExceeded = "LimitExceededException";
    MalformedPolicyDocument = "MalformedPolicyDocumentException";
    NotFound = "NotFoundException";
    Tag = "TagException";
    UnsupportedOperation = "UnsupportedOperationException";
    XksKeyAlreadyInUse = "XksKeyAlreadyInUseException";
    XksKeyInvalidConfiguration = "XksKeyInvalidConfigurationException";
    XksKeyNotFound = "XksKeyNotFoundException";
    // Common to all operations, and in no model
    AccessDenied = "AccessDeniedException";
    IncompleteSignature = "IncompleteSignatureException";
    InvalidSignature = "InvalidSignatureException";
    MissingAuthenticationToken = "MissingAuthenticationTokenException";
    NotAuthorized = "NotAuthorizedException";
    RequestEntityTooLarge = "RequestEntityTooLargeException", 413;
    RequestTimeout = "RequestTimeoutException", 408;
    Serialization = "SerializationException";
    Throttling = "ThrottlingException";
    UnknownOperation = "UnknownOperationException";
    UnrecognizedClient = "UnrecognizedClientException";
    Validation = "ValidationException";
}
