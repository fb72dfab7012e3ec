//! What our actions and objects are called in AWS's documents.

use crate::facts::Facts;
use domain::{Action, Found, ObjectId, Principal, PrincipalKind, Target, Tenant};
use std::borrow::Cow;
use std::sync::OnceLock;

/// The name by which a policy allows or denies the action.
///
/// What AWS cannot do to a key is judged as what AWS can do that weighs as much. What is not done to keys at all
/// has names of our own.
pub fn action_name(action: Action) -> &'static str {
    names().get(place(action)).map_or("keyward:Unknown", |name| name.full)
}

fn kms_name(action: Action) -> Option<&'static str> {
    use Action::*;
    Some(match action {
        CreateKey => "kms:CreateKey",
        DescribeKey | DescribeVersion => "kms:DescribeKey",
        ListKeys => "kms:ListKeys",
        SuspendKey => "kms:DisableKey",
        ResumeKey => "kms:EnableKey",
        ScheduleDestruction | ChangeState => "kms:ScheduleKeyDeletion",
        CancelDestruction => "kms:CancelKeyDeletion",
        MakePrimary | RotateKey | CreateVersion => "kms:RotateKeyOnDemand",
        SetWindow | EnableRotation | SetAlgorithm => "kms:EnableKeyRotation",
        DisableRotation => "kms:DisableKeyRotation",
        GetRotation => "kms:GetKeyRotationStatus",
        ListVersions => "kms:ListKeyRotations",
        SetDescription => "kms:UpdateKeyDescription",
        SetFacts | TagKey => "kms:TagResource",
        UntagKey => "kms:UntagResource",
        ListTags => "kms:ListResourceTags",
        CreateAlias => "kms:CreateAlias",
        RetargetAlias => "kms:UpdateAlias",
        DeleteAlias => "kms:DeleteAlias",
        ListAliases => "kms:ListAliases",
        DeleteKey | DeleteVersion => "kms:ScheduleKeyDeletion",
        DescribeImportJob => "kms:GetParametersForImport",
        ImportVersion => "kms:ImportKeyMaterial",
        Encrypt => "kms:Encrypt",
        Decrypt => "kms:Decrypt",
        ReEncryptFrom => "kms:ReEncryptFrom",
        ReEncryptTo => "kms:ReEncryptTo",
        GenerateDataKey => "kms:GenerateDataKey",
        GenerateDataKeyWithoutPlaintext => "kms:GenerateDataKeyWithoutPlaintext",
        GenerateRandom => "kms:GenerateRandom",
        Sign => "kms:Sign",
        Verify => "kms:Verify",
        MacSign => "kms:GenerateMac",
        MacVerify => "kms:VerifyMac",
        EncryptRaw => "kms:Encrypt",
        DecryptAsymmetric | DecryptRaw => "kms:Decrypt",
        Decapsulate => "kms:DeriveSharedSecret",
        GetPublicKey => "kms:GetPublicKey",
        GetDocument | GetBindings | Explain => "kms:GetKeyPolicy",
        PutDocument | SetBindings | SetAccessReasons => "kms:PutKeyPolicy",
        ListDocuments => "kms:ListKeyPolicies",
        WhoAmI => "sts:GetCallerIdentity",
        _ => return None,
    })
}

struct Name {
    full: &'static str,
    folded: String,
}

/// In the order of [`Action::ALL`].
fn names() -> &'static [Name] {
    static NAMES: OnceLock<Vec<Name>> = OnceLock::new();
    NAMES.get_or_init(|| {
        Action::ALL
            .iter()
            .map(|action| {
                // Leaked once for each action of ours, so that names are as static as AWS's.
                let own = || &*Box::leak(format!("keyward:{}", action.name()).into_boxed_str());
                let full = kms_name(*action).unwrap_or_else(own);
                Name { full, folded: full.to_ascii_lowercase() }
            })
            .collect()
    })
}

fn place(action: Action) -> usize {
    static PLACES: OnceLock<[u8; 256]> = OnceLock::new();
    let places = PLACES.get_or_init(|| {
        let mut places = [u8::MAX; 256];
        for (at, action) in Action::ALL.iter().enumerate() {
            if let (Some(slot), Ok(at)) = (places.get_mut(*action as usize), u8::try_from(at)) {
                *slot = at;
            }
        }
        places
    });
    places.get(action as usize).map_or(usize::MAX, |at| usize::from(*at))
}

/// A set of our actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ActionSet(u128);

impl ActionSet {
    /// The actions whose name fits the pattern. Case does not matter.
    pub(super) fn matching(pattern: &str) -> Self {
        let folded = pattern.to_lowercase();
        let bits = names().iter().enumerate().filter(|(_, name)| super::pattern::glob(&folded, &name.folded));
        Self(bits.fold(0, |set, (at, _)| set | bit(at)))
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has(self, action: Action) -> bool {
        self.0 & bit(place(action)) != 0
    }
}

// An action without a bit of its own would match no deny.
const _: () = assert!(Action::ALL.len() <= 128, "a set of actions has 128 places");

fn bit(at: usize) -> u128 {
    u32::try_from(at).ok().and_then(|at| 1_u128.checked_shl(at)).unwrap_or(0)
}

/// What AWS calls a principal of ours.
pub fn principal_arn(principal: &Principal, account: &str) -> String {
    match principal.kind {
        PrincipalKind::Root => format!("arn:aws:iam::{account}:root"),
        PrincipalKind::Person | PrincipalKind::Service => format!("arn:aws:iam::{account}:user/{}", principal.name),
    }
}

/// What AWS calls a key of ours.
pub fn key_arn(location: &str, account: &str, id: ObjectId) -> String {
    format!("arn:aws:kms:{location}:{account}:key/{id}")
}

/// What a policy's `Resource` is compared with. Actions that AWS does not tie to a resource have `*`.
pub(super) fn resource<'a>(facts: &Facts<'a>, key_arn: Option<&'a str>) -> Cow<'a, str> {
    let owner = facts.owner.map_or("", |owner| owner.account.as_str());
    Cow::Owned(match facts.target {
        Target::Key(_) => return key_arn.map_or(Cow::Borrowed(""), Cow::Borrowed),
        Target::Place { location, .. } => match (facts.action, facts.found) {
            (Action::TagKey, Some(Found::FreshKey(fresh))) => self::key_arn(&location.0, owner, fresh.id),
            _ => return Cow::Borrowed("*"),
        },
        Target::Alias { location, alias, .. } => format!("arn:aws:kms:{}:{owner}:alias/{alias}", location.0),
        Target::Principal(principal) => principal_arn(principal, owner),
        Target::Tenant(tenant) => account_arn(tenant),
        Target::Site => return Cow::Borrowed("*"),
    })
}

fn account_arn(tenant: &Tenant) -> String {
    format!("arn:aws:iam::{}:root", tenant.account)
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_bit_and_a_name() {
        assert!(Action::ALL.len() <= 128);
        let folded: Vec<u16> = Action::ALL.iter().map(|action| *action as u16).collect();
        assert!(folded.iter().all(|number| *number < 256));
        for action in Action::ALL {
            assert!(ActionSet::matching(action_name(*action)).has(*action), "{action:?}");
            assert!(ActionSet::matching("*").has(*action), "{action:?}");
        }
        assert_eq!(action_name(Action::CreatePrincipal), "keyward:CreatePrincipal");
    }

    #[test]
    fn patterns_take_what_they_name_and_no_more() {
        let generate = ActionSet::matching("KMS:generatedatakey*");
        assert!(generate.has(Action::GenerateDataKey) && generate.has(Action::GenerateDataKeyWithoutPlaintext));
        assert!(!generate.has(Action::GenerateRandom) && !generate.has(Action::Encrypt));
        assert!(!ActionSet::matching("kms:*").has(Action::CreatePrincipal));
        assert!(!ActionSet::matching("kms:*").has(Action::WhoAmI));
        assert_eq!(ActionSet::matching("s3:GetObject"), ActionSet::default());
    }
}
