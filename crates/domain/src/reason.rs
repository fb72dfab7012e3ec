//! Why a key is used, where whoever runs a service uses it too.

macro_rules! reasons {
    ($($variant:ident = $number:literal, $name:literal, $doc:literal;)+) => {
        /// Why somebody wants to use a key. The numbers are on disk and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum AccessReason { $(#[doc = $doc] $variant = $number),+ }

        impl AccessReason {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

reasons! {
    Unspecified = 0, "unspecified", "Nobody said why.";
    OwnerSupport = 1, "owner-support", "The owner asked for support.";
    OperatorService = 2, "operator-service", "The operator looks after the system.";
    ThirdParty = 3, "third-party", "Somebody else has a right to the data.";
    OperatorReview = 4, "operator-review", "The operator looks for abuse, for security or by law.";
    OwnerAccess = 5, "owner-access", "The owner's own people and services, as the owner's policies allow.";
    OperatorSystem = 6, "operator-system", "The operator's systems, for the owner's work.";
    Unexpected = 7, "unexpected", "No reason is expected.";
    OwnerAccessModified = 8, "owner-access-modified", "The owner's access, after the operator had a hand in it.";
    OperatorSystemModified = 9, "operator-system-modified", "The operator's systems, after the operator had a hand in it.";
    OperatorAlert = 10, "operator-alert", "The operator keeps the system running.";
    OwnerWorkflow = 11, "owner-workflow", "The operator acts as the owner agreed to in each case.";
}

impl AccessReason {
    /// The reason of every use here: whoever runs this house has no way to keys beside the owner's policies.
    pub const HERE: Self = Self::OwnerAccess;

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| *reason as u8 == number)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }
}
