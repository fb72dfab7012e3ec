//! A policy: read once, then asked often.

use super::condition::Condition;
use super::roles;
use crate::facts::Facts;
use domain::PrincipalKind;
use identity::google;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Bindings in one document.
const BINDINGS_MAX: usize = 1_500;
/// Members in all bindings of a document.
const MEMBERS_MAX: usize = 1_500;
const MEMBER_CHARS_MAX: usize = 1_024;
/// Versions that a document may have.
const VERSIONS: [i64; 3] = [0, 1, CONDITIONS_VERSION];
/// The version that conditions need.
const CONDITIONS_VERSION: i64 = 3;
/// Characters of a condition's title and of its description.
const TITLE_CHARS_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 256;

pub(crate) struct Bindings {
    bindings: Vec<Binding>,
    version: i64,
    /// Whether it matters by what the caller proved itself.
    federated: bool,
}

struct Binding {
    role: &'static str,
    permissions: &'static [&'static str],
    members: Vec<Member>,
    condition: Option<Condition>,
}

#[derive(Debug, PartialEq, Eq)]
enum Member {
    /// An address, of a person or of a service.
    Principal { kind: PrincipalKind, address: Box<str> },
    /// Identities of an issuer elsewhere in our pool: one, or all of a project.
    Federated { domain: Box<str>, project: Box<str>, subject: Option<Box<str>> },
    /// Whoever proved who they are; nobody else comes this far.
    Everybody,
    /// Somebody who is never known here: a group, a domain, an identity of another pool.
    Foreign,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Text {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    bindings: Vec<BindingText>,
    /// Which uses are logged: here all are.
    #[serde(default, rename = "auditConfigs")]
    _audit_configs: Option<IgnoredAny>,
    #[serde(default, rename = "etag")]
    _etag: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BindingText {
    role: String,
    #[serde(default)]
    members: Vec<String>,
    condition: Option<ConditionText>,
}

/// google.type.Expr.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConditionText {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    expression: String,
    /// Where the expression comes from, for error messages.
    #[serde(default, rename = "location")]
    _location: Option<String>,
}

impl Bindings {
    /// Reads a document, or says why it is none, or what of it is not evaluated here.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let object = text.trim_start().starts_with('{');
        let parsed: Text =
            if object { serde_json::from_str(text) } else { Err(serde::de::Error::custom("an object is needed")) }
                .map_err(|why| format!("Invalid JSON payload received: {why}."))?;
        if !VERSIONS.contains(&parsed.version) {
            return Err(format!("Policy version {} is none of 0, 1 and 3.", parsed.version));
        }
        let members: usize = parsed.bindings.iter().map(|binding| binding.members.len()).sum();
        if parsed.bindings.len() > BINDINGS_MAX || members > MEMBERS_MAX {
            return Err(format!("A policy has at most {BINDINGS_MAX} bindings and {MEMBERS_MAX} members."));
        }
        let version = parsed.version;
        if version < CONDITIONS_VERSION && parsed.bindings.iter().any(|binding| binding.condition.is_some()) {
            return Err(format!("A policy with conditions has version {CONDITIONS_VERSION}."));
        }
        let bindings = parsed.bindings.into_iter().map(Binding::read).collect::<Result<Vec<_>, _>>()?;
        let is_federated = |member: &Member| matches!(member, Member::Federated { .. });
        let federated = bindings.iter().any(|binding| binding.members.iter().any(is_federated));
        Ok(Self { bindings, version, federated })
    }

    pub(super) fn binds(&self) -> bool {
        self.bindings.iter().any(|binding| !binding.members.is_empty())
    }

    pub(super) fn has_conditions(&self) -> bool {
        self.bindings.iter().any(|binding| binding.condition.is_some())
    }

    /// Whether whoever wrote it knows of conditions.
    pub(super) fn knows_conditions(&self) -> bool {
        self.version >= CONDITIONS_VERSION
    }

    /// The role by which the caller has a permission. `varied` becomes true where it may be otherwise at another time.
    pub(super) fn gives(
        &self,
        facts: &Facts<'_>,
        permission: &str,
        universe: Option<&str>,
        varied: &mut bool,
    ) -> Option<&'static str> {
        *varied |= self.federated;
        let bound = |binding: &&Binding| {
            binding.permissions.contains(&permission) && binding.members.iter().any(|one| one.is(facts, universe))
        };
        // What is given without a condition is given at any time.
        let plain = self.bindings.iter().filter(|binding| binding.condition.is_none()).find(bound);
        let mut holds = |condition: &Condition| {
            *varied |= condition.timed();
            condition.holds(facts)
        };
        let found = plain.or_else(|| {
            let mut conditional = self.bindings.iter().filter(bound);
            conditional.find(|binding| binding.condition.as_ref().is_some_and(&mut holds))
        });
        found.map(|binding| binding.role)
    }
}

impl Binding {
    fn read(text: BindingText) -> Result<Self, String> {
        let unknown = || format!("Role {} is not supported for this resource.", text.role);
        let (role, permissions) = roles::role(&text.role).ok_or_else(unknown)?;
        let members: Vec<_> = text.members.iter().map(|member| Member::read(member)).collect::<Result<_, _>>()?;
        if text.condition.is_some() && (roles::is_basic(role) || members.contains(&Member::Everybody)) {
            return Err(format!("Conditions are neither for basic roles nor for allUsers: {role}."));
        }
        let condition = text.condition.map(ConditionText::read).transpose()?;
        Ok(Self { role, permissions, members, condition })
    }
}

impl ConditionText {
    fn read(self) -> Result<Condition, String> {
        let (title, description) = (self.title.chars().count(), self.description.chars().count());
        if !(1..=TITLE_CHARS_MAX).contains(&title) || description > DESCRIPTION_CHARS_MAX {
            return Err(format!(
                "A condition has a title of 1 to {TITLE_CHARS_MAX} characters, and a description of at most {DESCRIPTION_CHARS_MAX}."
            ));
        }
        let title = self.title;
        Condition::read(&self.expression).map_err(|why| format!("Condition `{title}` cannot be evaluated: {why}."))
    }
}

impl Member {
    fn read(text: &str) -> Result<Self, String> {
        let malformed = || format!("Invalid member {text}: it has to be of a known kind and not empty.");
        if text.len() > MEMBER_CHARS_MAX || text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
            return Err(malformed());
        }
        if matches!(text, "allUsers" | "allAuthenticatedUsers") {
            return Ok(Self::Everybody);
        }
        let (kind, value) = text.split_once(':').ok_or_else(malformed)?;
        let principal = |kind| match value.split_once('@') {
            Some((name, domain)) if !name.is_empty() && domain.contains('.') => {
                Ok(Self::Principal { kind, address: value.into() })
            }
            _ => Err(malformed()),
        };
        match kind {
            "user" => principal(PrincipalKind::Person),
            "serviceAccount" => principal(PrincipalKind::Service),
            "group" | "domain" | "deleted" | "projectOwner" | "projectEditor" | "projectViewer"
                if !value.is_empty() =>
            {
                Ok(Self::Foreign)
            }
            "principal" | "principalSet" if value.len() > 2 && value.starts_with("//") => {
                Ok(Self::federated(kind, value).unwrap_or(Self::Foreign))
            }
            _ => Err(malformed()),
        }
    }

    /// Of our pool; attributes and groups of identities are not known here.
    fn federated(kind: &str, value: &str) -> Option<Self> {
        let (domain, project, rest) = google::in_pool(value)?;
        let subject = match (kind, rest) {
            ("principalSet", "*") => None,
            ("principal", rest) => Some(rest.strip_prefix("subject/").filter(|subject| !subject.is_empty())?.into()),
            _ => return None,
        };
        Some(Self::Federated { domain: domain.into(), project: project.into(), subject })
    }

    fn is(&self, facts: &Facts<'_>, universe: Option<&str>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Foreign => false,
            Self::Federated { domain, project, subject } => {
                let home = **project == *facts.tenant.name || **project == *facts.tenant.account;
                let meant = |known: &str| subject.as_ref().is_none_or(|subject| **subject == *known);
                home && google::is_domain(domain, universe) && facts.subject.is_some_and(meant)
            }
            Self::Principal { kind, address } => {
                *kind == facts.principal.kind && google::is_email_of(address, facts.principal, facts.tenant, universe)
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn members_are_of_known_kinds() {
        for foreign in [
            "group:a@example.com",
            "domain:example.com",
            "principal://iam.googleapis.com/x",
            "deleted:user:a@b.c?uid=1",
        ] {
            assert_eq!(Member::read(foreign), Ok(Member::Foreign), "{foreign}");
        }
        let pool = "//iam.googleapis.com/projects/p/locations/global/workloadIdentityPools/keyward";
        let federated = |subject: Option<&str>| Member::Federated {
            domain: "googleapis.com".into(),
            project: "p".into(),
            subject: subject.map(Into::into),
        };
        assert_eq!(Member::read(&format!("principalSet:{pool}/*")), Ok(federated(None)));
        assert_eq!(Member::read(&format!("principal:{pool}/subject/repo:a/b")), Ok(federated(Some("repo:a/b"))));
        for foreign in
            ["principalSet:POOL/group/g", "principal:POOL/*", "principal:POOL/subject/", "principalSet:POOL2/*"]
        {
            assert_eq!(Member::read(&foreign.replace("POOL", pool)), Ok(Member::Foreign), "{foreign}");
        }
        for everybody in ["allUsers", "allAuthenticatedUsers"] {
            assert_eq!(Member::read(everybody), Ok(Member::Everybody));
        }
        for malformed in [
            "",
            "user:",
            "user:a",
            "user:@b.c",
            "user:a@b",
            "alice@example.com",
            "group:",
            "principal:x",
            "user:a b@c.d",
            "root:a@b.c",
        ] {
            assert!(Member::read(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn what_is_not_evaluated_is_refused() {
        let binding = r#"{"role":"roles/viewer","members":["user:a@b.c"]}"#;
        let conditional = |version: u8, role: &str, member: &str, condition: &str| {
            format!(
                r#"{{"version":{version},"bindings":[{{"role":"{role}","members":["{member}"],"condition":{condition}}}]}}"#
            )
        };
        let (role, member) = ("roles/cloudkms.viewer", "user:a@b.c");
        let condition = r#"{"title":"t","expression":"true"}"#;
        for good in [
            "{}",
            r#"{"bindings":[]}"#,
            &format!(r#"{{"version":1,"bindings":[{binding}],"etag":"ACAB"}}"#),
            &conditional(3, role, member, condition),
            &conditional(3, role, member, r#"{"title":"t","description":"d","expression":"true","location":"l"}"#),
        ] {
            assert!(Bindings::read(good).is_ok(), "{good}");
        }
        for bad in [
            conditional(1, role, member, condition),
            conditional(0, role, member, condition),
            conditional(3, "roles/viewer", member, condition),
            conditional(3, role, "allUsers", condition),
            conditional(3, role, "allAuthenticatedUsers", condition),
            conditional(3, role, member, r#"{"title":"","expression":"true"}"#),
            conditional(3, role, member, &format!(r#"{{"title":"{}","expression":"true"}}"#, "t".repeat(101))),
            conditional(3, role, member, r#"{"title":"t"}"#),
            conditional(3, role, member, r#"{"title":"t","expression":"resource.labels"}"#),
            conditional(3, role, member, r#"{"title":"t","expression":"true","more":1}"#),
        ] {
            assert!(Bindings::read(&bad).is_err(), "{bad}");
        }
        for bad in [
            "",
            "[]",
            "null",
            r#"{"bindings":{}}"#,
            r#"{"version":2}"#,
            r#"{"unknown":1}"#,
            r#"{"bindings":[{"members":[]}]}"#,
            r#"{"bindings":[{"role":"roles/storage.admin","members":[]}]}"#,
            r#"{"bindings":[{"role":"projects/p/roles/own","members":[]}]}"#,
            r#"{"bindings":[{"role":"roles/viewer","members":["nobody"]}]}"#,
            r#"{"version":1,"bindings":[{"role":"roles/viewer","members":[],"condition":{"title":"t","expression":"true"}}]}"#,
            r#"{"version":3,"bindings":[{"role":"roles/viewer","members":[],"condition":{"expression":"true"}}]}"#,
            r#"{"version":3,"bindings":[{"role":"roles/viewer","members":[],"condition":{"title":"t","expression":"1"}}]}"#,
        ] {
            assert!(Bindings::read(bad).is_err(), "{bad}");
        }
    }
}
