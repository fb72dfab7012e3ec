//! The canonical codes of errors (google.rpc.Code), and the HTTP status of each.

macro_rules! codes {
    ($($code:ident = $number:literal, $name:literal, $status:literal;)+) => {
        /// What kind of error it is, in gRPC and REST alike.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($code),+ }

        impl Code {
            pub(crate) fn number(self) -> i32 {
                match self { $(Self::$code => $number),+ }
            }

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }

            pub(crate) fn http(self) -> u16 {
                match self { $(Self::$code => $status),+ }
            }

            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$code),)+ _ => None }
            }
        }
    };
}

codes! {
    InvalidArgument = 3, "INVALID_ARGUMENT", 400;
    DeadlineExceeded = 4, "DEADLINE_EXCEEDED", 504;
    NotFound = 5, "NOT_FOUND", 404;
    AlreadyExists = 6, "ALREADY_EXISTS", 409;
    PermissionDenied = 7, "PERMISSION_DENIED", 403;
    ResourceExhausted = 8, "RESOURCE_EXHAUSTED", 429;
    FailedPrecondition = 9, "FAILED_PRECONDITION", 400;
    Aborted = 10, "ABORTED", 409;
    Unimplemented = 12, "UNIMPLEMENTED", 501;
    Internal = 13, "INTERNAL", 500;
    Unavailable = 14, "UNAVAILABLE", 503;
    DataLoss = 15, "DATA_LOSS", 500;
    Unauthenticated = 16, "UNAUTHENTICATED", 401;
}
