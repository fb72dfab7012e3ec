//! Condition keys: which of them can be known here, and what they are for one demand.
//! AWS: global condition context keys, and the condition keys of KMS.

use crate::facts::Facts;
use domain::{
    Action, Algorithm, Ask, Found, KeyBy, KeyName, LifeChange, Origin, Principal, PrincipalKind, Purpose,
    RotationChange, Target, Timestamp,
};
use std::borrow::Cow;
use std::net::IpAddr;

/// A condition key. Names are compared without regard to case, as AWS does; so are names within them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ConditionKey {
    PrincipalArn,
    PrincipalAccount,
    PrincipalType,
    UserId,
    UserName,
    SourceIp,
    SecureTransport,
    CurrentTime,
    EpochTime,
    UserAgent,
    RequestedRegion,
    ResourceTag(Box<str>),
    RequestTag(Box<str>),
    CallerAccount,
    KeySpec,
    KeyUsage,
    KeyOrigin,
    MultiRegion,
    EncryptionContext(Box<str>),
    EncryptionAlgorithm,
    RequestAlias,
    PendingWindowDays,
    BypassLockoutCheck,
    ReEncryptOnSameKey,
    RotationPeriodDays,
    /// Known to AWS, and always false here.
    Never,
    /// Known to AWS or to another service, and never there here.
    Absent,
}

/// Present in AWS for requests of a kind that this server does not get.
const ABSENT: &[&str] = &[
    "aws:assumedroot",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:chatbotsourcearn",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:referer",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:tokenissuetime",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
    "kms:customkeystoreid",
    "kms:customermasterkeyspec",
    "kms:customermasterkeyusage",
    "kms:datakeypairspec",
    "kms:expirationmodel",
    "kms:grantconstrainttype",
    "kms:grantisforawsresource",
    "kms:granteeprincipal",
    "kms:keyagreementalgorithm",
    "kms:macalgorithm",
    "kms:messagetype",
    "kms:primaryregion",
    "kms:replicaregion",
    "kms:retiringprincipal",
    "kms:signingalgorithm",
    "kms:validto",
    "kms:viaservice",
    "kms:wrappingalgorithm",
    "kms:wrappingkeyspec",
];

/// Keys with several values at once: AWS evaluates them with set operators, which are not evaluated here.
const SEVERAL: &[&str] = &["aws:tagkeys", "kms:encryptioncontextkeys", "kms:grantoperations", "kms:resourcealiases"];

impl ConditionKey {
    pub(super) fn read(name: &str) -> Result<Self, String> {
        let folded = name.to_lowercase();
        if SEVERAL.contains(&folded.as_str()) {
            return Err(format!(
                "The condition key `{name}` needs a set operator, which is not evaluated by this release."
            ));
        }
        if let Some(key) = Self::within(&folded).or_else(|| Self::single(&folded)) {
            return Ok(key);
        }
        match folded.split_once(':') {
            Some(("aws" | "kms", _)) => Err(format!("The condition key `{name}` is not evaluated by this release.")),
            Some((service, rest)) if !service.is_empty() && !rest.is_empty() => Ok(Self::Absent),
            _ => Err(format!("Conditions must be prefaced by a vendor: `{name}`.")),
        }
    }

    fn within(folded: &str) -> Option<Self> {
        let (family, name) = match folded.strip_prefix("kms:encryptioncontext:") {
            Some(name) => ("kms:encryptioncontext", name),
            None => folded.split_once('/')?,
        };
        if name.is_empty() {
            return None;
        }
        match family {
            "kms:encryptioncontext" => Some(Self::EncryptionContext(name.into())),
            "aws:resourcetag" => Some(Self::ResourceTag(name.into())),
            "aws:requesttag" => Some(Self::RequestTag(name.into())),
            "aws:principaltag" => Some(Self::Absent),
            _ => None,
        }
    }

    fn single(folded: &str) -> Option<Self> {
        Some(match folded {
            "aws:principalarn" => Self::PrincipalArn,
            "aws:principalaccount" => Self::PrincipalAccount,
            "aws:principaltype" => Self::PrincipalType,
            "aws:userid" => Self::UserId,
            "aws:username" => Self::UserName,
            "aws:sourceip" => Self::SourceIp,
            "aws:securetransport" => Self::SecureTransport,
            "aws:currenttime" => Self::CurrentTime,
            "aws:epochtime" => Self::EpochTime,
            "aws:useragent" => Self::UserAgent,
            "aws:requestedregion" => Self::RequestedRegion,
            "aws:viaawsservice" | "aws:principalisawsservice" => Self::Never,
            "kms:calleraccount" => Self::CallerAccount,
            "kms:keyspec" => Self::KeySpec,
            "kms:keyusage" => Self::KeyUsage,
            "kms:keyorigin" => Self::KeyOrigin,
            "kms:multiregion" => Self::MultiRegion,
            "kms:encryptionalgorithm" => Self::EncryptionAlgorithm,
            "kms:requestalias" => Self::RequestAlias,
            "kms:schedulekeydeletionpendingwindowindays" => Self::PendingWindowDays,
            "kms:bypasspolicylockoutsafetycheck" => Self::BypassLockoutCheck,
            "kms:reencryptonsamekey" => Self::ReEncryptOnSameKey,
            "kms:rotationperiodindays" => Self::RotationPeriodDays,
            known if ABSENT.contains(&known) || known.starts_with("kms:recipientattestation:") => Self::Absent,
            _ => return None,
        })
    }

    /// Whether it can differ between two requests of the same caller for the same action on the same key.
    pub(super) fn varies(&self) -> bool {
        !matches!(
            self,
            Self::PrincipalArn
                | Self::PrincipalAccount
                | Self::PrincipalType
                | Self::UserId
                | Self::UserName
                | Self::ResourceTag(_)
                | Self::CallerAccount
                | Self::KeySpec
                | Self::KeyUsage
                | Self::KeyOrigin
                | Self::MultiRegion
                | Self::Never
                | Self::Absent
        )
    }
}

/// One value of a condition key.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(i64),
    Time(Timestamp),
    Address(IpAddr),
    Flag(bool),
}

impl Value<'_> {
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Time(time) => Cow::Owned(time.to_rfc3339()),
            Self::Address(address) => Cow::Owned(address.to_string()),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        }
    }
}

/// The values of a key for one demand. Nearly always none or one; a name within `kms:EncryptionContext:`
/// means several where the context has names that differ in case only.
pub(super) enum Values<'a> {
    Absent,
    One(Value<'a>),
    Several(Vec<Value<'a>>),
}

impl<'a> Values<'a> {
    pub(super) fn as_slice(&self) -> &[Value<'a>] {
        match self {
            Self::Absent => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }

    fn maybe(value: Option<Value<'a>>) -> Self {
        value.map_or(Self::Absent, Self::One)
    }

    fn named(pairs: &'a [(String, String)], name: &str) -> Self {
        let mut matching = pairs.iter().filter(|(key, _)| folds_to(key, name)).map(|(_, value)| text(value));
        match (matching.next(), matching.next()) {
            (None, _) => Self::Absent,
            (Some(one), None) => Self::One(one),
            (Some(one), Some(two)) => Self::Several([one, two].into_iter().chain(matching).collect()),
        }
    }
}

/// `folded` is in lower case.
fn folds_to(text: &str, folded: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(folded) } else { text.to_lowercase() == folded }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

impl ConditionKey {
    /// What it is now. `arn` is the caller's.
    pub(super) fn values<'a>(&self, facts: &Facts<'a>, arn: &'a str) -> Values<'a> {
        match self {
            Self::ResourceTag(name) => match facts.target {
                Target::Key(key) => Values::named(&key.facts.tags, name),
                _ => Values::Absent,
            },
            Self::RequestTag(name) => Values::named(request_tags(facts.ask), name),
            Self::EncryptionContext(name) => {
                facts.context.map_or(Values::Absent, |context| Values::named(context.pairs(), name))
            }
            _ => Values::maybe(
                self.caller_value(facts, arn).or_else(|| self.key_value(facts)).or_else(|| self.ask_value(facts)),
            ),
        }
    }

    fn caller_value<'a>(&self, facts: &Facts<'a>, arn: &'a str) -> Option<Value<'a>> {
        let root = facts.principal.kind == PrincipalKind::Root;
        Some(match self {
            Self::PrincipalArn => text(arn),
            Self::PrincipalAccount | Self::CallerAccount => text(&facts.tenant.account),
            Self::PrincipalType => text(if root { "Account" } else { "User" }),
            Self::UserId if root => text(&facts.tenant.account),
            Self::UserId => Value::Text(Cow::Owned(user_id(facts.principal))),
            Self::UserName if !root => text(&facts.principal.name),
            Self::SourceIp => Value::Address(facts.source?.address.to_canonical()),
            Self::SecureTransport => Value::Flag(facts.source?.secure),
            Self::UserAgent => text(facts.source?.agent.as_deref()?),
            Self::RequestedRegion => text(&facts.place.0),
            Self::CurrentTime => Value::Time(facts.now.wall),
            Self::EpochTime => Value::Number(facts.now.wall.0.div_euclid(domain::SECOND)),
            Self::Never => Value::Flag(false),
            _ => return None,
        })
    }

    fn key_value<'a>(&self, facts: &Facts<'a>) -> Option<Value<'a>> {
        let (purpose, algorithm, origin) = match (facts.target, facts.ask) {
            (Target::Key(key), _) => (key.purpose, key.algorithm, key.origin),
            (_, Some(Ask::CreateKey(made))) => (made.purpose, made.algorithm, made.origin),
            _ => return None,
        };
        Some(match self {
            Self::KeySpec => text(spec(purpose, algorithm)),
            Self::KeyUsage => text(usage(purpose)),
            Self::KeyOrigin => text(origin_name(origin)),
            Self::MultiRegion => Value::Flag(false),
            Self::EncryptionAlgorithm if encrypts(facts.action) => text("SYMMETRIC_DEFAULT"),
            _ => return None,
        })
    }

    fn ask_value<'a>(&self, facts: &Facts<'a>) -> Option<Value<'a>> {
        let ask = facts.ask?;
        match (self, ask) {
            (Self::RequestAlias, _) => {
                let KeyBy::Alias(alias) = &asked_key(ask, facts.action)?.by else { return None };
                Some(Value::Text(Cow::Owned(format!("alias/{alias}"))))
            }
            (Self::PendingWindowDays, Ask::ChangeLife { change: LifeChange::ScheduleDestruction { days, .. }, .. }) => {
                Some(Value::Number(i64::from(*days)))
            }
            (Self::RotationPeriodDays, _) => rotation(ask).map(days_of),
            (Self::BypassLockoutCheck, Ask::PutDocument { bypass_lockout_check, .. }) => {
                Some(Value::Flag(*bypass_lockout_check))
            }
            (Self::BypassLockoutCheck, Ask::CreateKey(made)) => Some(Value::Flag(made.bypass_lockout_check)),
            (Self::ReEncryptOnSameKey, _) => match facts.found? {
                Found::Rework { from, to } => Some(Value::Flag(from.key.id == to.key.id)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The unique id of a user, as the answer of GetCallerIdentity spells it: `AIDA` and seventeen letters and digits.
pub fn user_id(principal: &Principal) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let number = u128::from_be_bytes(principal.id.0);
    let letter = |place: u32| usize::try_from((number >> (place * 5)) & 31).ok().and_then(|at| ALPHABET.get(at));
    let letters = (0..17).filter_map(|place| letter(place).copied().map(char::from));
    "AIDA".chars().chain(letters).collect()
}

/// Every how many seconds the request wants a key to rotate.
fn rotation(ask: &Ask) -> Option<u32> {
    match ask {
        Ask::SetRotation { rotation, .. } => rotation.map(|rotation| rotation.period_seconds),
        Ask::UpdateKey { update, .. } => match update.rotation {
            Some(RotationChange::Set { period_seconds, .. }) => period_seconds,
            _ => None,
        },
        _ => None,
    }
}

fn days_of<'a>(seconds: u32) -> Value<'a> {
    Value::Number(i64::from(seconds.div_ceil(domain::SECONDS_PER_DAY)))
}

fn request_tags(ask: Option<&Ask>) -> &[(String, String)] {
    match ask {
        Some(Ask::CreateKey(made)) => &made.facts.tags,
        Some(Ask::Tag { tags, .. }) => tags,
        Some(Ask::UpdateKey { update, .. }) => update.tags.as_deref().unwrap_or_default(),
        _ => &[],
    }
}

/// What the request called the key that the demand is about.
fn asked_key(ask: &Ask, action: Action) -> Option<&KeyName> {
    match ask {
        Ask::ReEncrypt { to, .. } if action == Action::ReEncryptTo => Some(to),
        Ask::ReEncrypt { from, .. } => from.as_ref(),
        Ask::Decrypt { key, .. } => key.as_ref(),
        Ask::Encrypt { key, .. }
        | Ask::GenerateDataKey { key, .. }
        | Ask::DescribeKey { key, .. }
        | Ask::Sign { key, .. }
        | Ask::Verify { key, .. }
        | Ask::MacSign { key, .. }
        | Ask::MacVerify { key, .. }
        | Ask::DecryptAsymmetric { key, .. }
        | Ask::EncryptRaw { key, .. }
        | Ask::DecryptRaw { key, .. }
        | Ask::Decapsulate { key, .. }
        | Ask::GetPublicKey { key, .. } => Some(key),
        _ => None,
    }
}

fn encrypts(action: Action) -> bool {
    use Action::*;
    matches!(
        action,
        Encrypt | Decrypt | ReEncryptFrom | ReEncryptTo | GenerateDataKey | GenerateDataKeyWithoutPlaintext
    )
}

fn spec(purpose: Purpose, algorithm: Algorithm) -> &'static str {
    use Algorithm::*;
    match algorithm {
        Aes256 if purpose == Purpose::Encrypt => "SYMMETRIC_DEFAULT",
        Aes128 => "AES_128",
        Aes192 => "AES_192",
        Aes256 => "AES_256",
        Rsa2048 => "RSA_2048",
        Rsa3072 => "RSA_3072",
        Rsa4096 => "RSA_4096",
        EcP256 => "ECC_NIST_P256",
        EcP384 => "ECC_NIST_P384",
        EcP521 => "ECC_NIST_P521",
        EcSecp256k1 => "ECC_SECG_P256K1",
        Ed25519 => "ECC_NIST_EDWARDS25519",
        HmacSha224 => "HMAC_224",
        HmacSha256 => "HMAC_256",
        HmacSha384 => "HMAC_384",
        HmacSha512 => "HMAC_512",
        MlDsa44 => "ML_DSA_44",
        MlDsa65 => "ML_DSA_65",
        MlDsa87 => "ML_DSA_87",
        Sm2 => "SM2",
        other => other.name(),
    }
}

fn usage(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Encrypt | Purpose::DecryptAsymmetric | Purpose::EncryptRaw | Purpose::Wrap | Purpose::Import => {
            "ENCRYPT_DECRYPT"
        }
        Purpose::Sign | Purpose::SignAndDecrypt => "SIGN_VERIFY",
        Purpose::Mac => "GENERATE_VERIFY_MAC",
        Purpose::Agree | Purpose::Encapsulate => "KEY_AGREEMENT",
    }
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Generated => "AWS_KMS",
        Origin::Imported => "EXTERNAL",
        Origin::External => "EXTERNAL_KEY_STORE",
    }
}
