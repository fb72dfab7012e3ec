//! What may be stored, and what is said of what may not.

use domain::Fault;
use keyward_policy::aws::{self, Existence};
use keyward_policy::native;
use proptest::prelude::*;

fn why(result: Result<(), Fault>) -> String {
    match result {
        Ok(()) => "ok".into(),
        Err(Fault::BadDocument { why }) => why,
        Err(other) => panic!("{other:?}"),
    }
}

/// Account 111122223333 is ours and has `ops`; no other account is ours.
fn key(text: &str) -> String {
    let exists = |account: &str, name: &str| match (account, name) {
        ("111122223333", "ops") => Existence::Exists,
        ("111122223333", _) => Existence::Missing,
        _ => Existence::Foreign,
    };
    why(aws::validate_key_document(text, "111122223333", &exists))
}

fn key_statement(members: &str) -> String {
    key(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#))
}

fn identity_statement(members: &str) -> String {
    why(aws::validate_identity_document(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#)))
}

const INVALID_PRINCIPALS: &str = "Policy contains a statement with one or more invalid principals.";

#[test]
fn the_default_policy_is_as_aws_spells_it() {
    let text = aws::default_key_policy("111122223333");
    assert_eq!(key(&text), "ok");
    assert!(text.contains(r#""Sid" : "Enable IAM User Permissions""#) && text.contains(r#""Id" : "key-default-1""#));
    assert_eq!(aws::only_denies(&text), Ok(false));
}

#[test]
fn shapes() {
    assert_eq!(key(r#"{"Statement":[]}"#), "ok");
    assert_eq!(key(r#"{"Version":"2008-10-17","Id":"x","Statement":[]}"#), "ok");
    assert_eq!(key(r#"{"Version":"2020-01-01","Statement":[]}"#), "The policy must contain a valid version string");
    assert_eq!(key(r#"{"Version":"2012-10-17"}"#), "Syntax errors in policy: the element `Statement` is missing.");
    assert_eq!(key(r#"{"Statement":[],"Comment":"x"}"#), "Syntax errors in policy: unknown element `Comment`.");
    assert_eq!(key("[]"), "Syntax errors in policy.");
    assert!(key("{").starts_with("Syntax errors in policy: EOF"));
    assert!(key(r#"{"Statement":[]} x"#).starts_with("Syntax errors in policy: trailing characters"));
    assert!(
        key(r#"{"Statement":[],"Statement":[]}"#).starts_with("Syntax errors in policy: `Statement` is there twice")
    );
    assert!(
        key(&format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)))
            .starts_with("Syntax errors in policy: nested too deeply")
    );
    let long = format!(r#"{{"Id":"{}","Statement":[]}}"#, "x".repeat(domain::POLICY_BYTES_MAX));
    assert_eq!(key(&long), "Policy document must not be larger than 32768 bytes.");
}

#[test]
fn statements() {
    let rest = r#""Action":"kms:*","Resource":"*""#;
    let everyone = r#""Effect":"Allow","Principal":"*""#;
    assert_eq!(key_statement(&format!(r#"{everyone},{rest}"#)), "ok");
    assert_eq!(key_statement(everyone), "ok", "no action, no resource: kept, and means nothing");
    assert_eq!(
        key_statement(&format!(r#""Principal":"*",{rest}"#)),
        "Syntax errors in policy: the element `Effect` is missing."
    );
    assert_eq!(
        key_statement(&format!(r#""Effect":"allow","Principal":"*",{rest}"#)),
        "Syntax errors in policy: invalid effect `allow`."
    );
    assert_eq!(key_statement(&format!(r#""Effect":"Allow",{rest}"#)), "Policy statement must contain principals.");
    assert_eq!(
        key_statement(&format!(r#"{everyone},"Action":"Encrypt","Resource":"*""#)),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    );
    assert_eq!(
        key_statement(&format!(r#"{everyone},"Action":"kms:*","Resource":"key/1""#)),
        "Resource key/1 must be in ARN format or \"*\"."
    );
    assert_eq!(
        key_statement(&format!(r#"{everyone},"Action":[7,{{}}],"Resource":"*""#)),
        "Syntax errors in policy: `Action` has a value of the wrong kind."
    );
    assert_eq!(
        key_statement(&format!(r#"{everyone},{rest},"Sid":7"#)),
        "Syntax errors in policy: the element `Sid` must be a string."
    );
    let twice = format!(r#"{{"Statement":[{{"Sid":"a",{everyone},{rest}}},{{"Sid":"a",{everyone},{rest}}}]}}"#);
    assert_eq!(key(&twice), "Statement IDs (SID) in a single policy must be unique.");
}

#[test]
fn what_is_not_evaluated_is_named_and_not_stored() {
    let everyone = r#""Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*""#;
    for (members, named) in [
        (r#""Effect":"Allow","Principal":"*","NotAction":"kms:*","Resource":"*""#.to_owned(), "`NotAction`"),
        (r#""Effect":"Deny","NotPrincipal":{"AWS":"*"},"Action":"kms:*","Resource":"*""#.to_owned(), "`NotPrincipal`"),
        (r#""Effect":"Allow","Principal":"*","Action":"kms:*","NotResource":"*""#.to_owned(), "`NotResource`"),
        (format!(r#"{everyone},"Condition":{{"ForAllValues:StringEquals":{{"aws:TagKeys":"a"}}}}"#), "`ForAllValues:`"),
        (
            format!(r#"{everyone},"Condition":{{"ForAnyValue:StringLike":{{"kms:ResourceAliases":"a"}}}}"#),
            "`ForAnyValue:`",
        ),
        (
            format!(r#"{everyone},"Condition":{{"StringEquals":{{"kms:EncryptionContextKeys":"a"}}}}"#),
            "`kms:EncryptionContextKeys`",
        ),
        (
            format!(r#"{everyone},"Condition":{{"StringLike":{{"aws:UserAgent":"x${{aws:username}}y"}}}}"#),
            "`${aws:username}`",
        ),
        (format!(r#"{everyone},"Condition":{{"StringLike":{{"aws:NoSuchKey":"x"}}}}"#), "`aws:NoSuchKey`"),
        (format!(r#"{everyone},"Condition":{{"StringMatches":{{"aws:UserAgent":"x"}}}}"#), "`StringMatches`"),
        (format!(r#"{everyone},"Condition":{{"NullIfExists":{{"aws:UserAgent":"true"}}}}"#), "`NullIfExists`"),
        (format!(r#"{everyone},"Condition":{{"NumericEquals":{{"aws:EpochTime":"soon"}}}}"#), "`soon`"),
        (format!(r#"{everyone},"Condition":{{"DateEquals":{{"aws:CurrentTime":"soon"}}}}"#), "`soon`"),
        (format!(r#"{everyone},"Condition":{{"IpAddress":{{"aws:SourceIp":"10.0.0.0/33"}}}}"#), "`10.0.0.0/33`"),
        (format!(r#"{everyone},"Condition":{{"Bool":{{"aws:SecureTransport":"yes"}}}}"#), "`yes`"),
        (format!(r#"{everyone},"Condition":{{"ArnLike":{{"aws:PrincipalArn":"user/ops"}}}}"#), "`user/ops`"),
        (format!(r#"{everyone},"Condition":[]"#), "`Condition`"),
        (format!(r#"{everyone},"Condition":{{"StringEquals":[]}}"#), "`StringEquals`"),
        (
            r#""Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:*:*:key/${aws:username}""#
                .to_owned(),
            "`${aws:username}`",
        ),
    ] {
        let said = key_statement(&members);
        assert!(said.contains(named) && said != "ok", "{members}\n  said {said}");
    }
}

#[test]
fn principals() {
    for (principal, expected) in [
        (r#""*""#, "ok"),
        (r#"{"AWS":"*"}"#, "ok"),
        (r#"{"AWS":["111122223333","arn:aws:iam::111122223333:root"]}"#, "ok"),
        (r#"{"AWS":"arn:aws:iam::111122223333:user/ops"}"#, "ok"),
        (r#"{"AWS":"arn:aws:iam::111122223333:user/gone"}"#, INVALID_PRINCIPALS),
        (r#"{"AWS":["*","arn:aws:iam::111122223333:usr/ops"]}"#, INVALID_PRINCIPALS),
        (r#"{"AWS":"arn:aws:iam::999988887777:user/anybody"}"#, "ok"),
        (r#"{"AWS":"arn:aws:iam::111122223333:role/any/path"}"#, "ok"),
        (r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/any/session"}"#, "ok"),
        (r#"{"Service":["s3.amazonaws.com"]}"#, "ok"),
        (r#"{"Service":"s3"}"#, INVALID_PRINCIPALS),
        (r#"{"AWS":"arn:aws:iam::111122223333:user/*"}"#, INVALID_PRINCIPALS),
        (r#"{"AWS":"arn:aws:iam::1111:root"}"#, INVALID_PRINCIPALS),
        (r#"{"AWS":"AIDAEXAMPLE"}"#, INVALID_PRINCIPALS),
        (r#"{"AWS":[]}"#, INVALID_PRINCIPALS),
        ("{}", INVALID_PRINCIPALS),
        (r#""ops""#, INVALID_PRINCIPALS),
        (r#"{"Federated":"accounts.google.com"}"#, INVALID_PRINCIPALS),
        (r#"{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#, INVALID_PRINCIPALS),
    ] {
        let members = format!(r#""Effect":"Allow","Principal":{principal},"Action":"kms:*","Resource":"*""#);
        assert_eq!(key_statement(&members), expected, "{principal}");
    }
}

#[test]
fn identity_policies() {
    let rest = r#""Effect":"Allow","Action":"kms:*","Resource":"*""#;
    assert_eq!(identity_statement(rest), "ok");
    assert_eq!(identity_statement(&format!(r#"{rest},"Sid":"Ops1""#)), "ok");
    assert!(
        identity_statement(&format!(r#"{rest},"Sid":"Ops 1""#))
            .starts_with("Statement IDs (SID) must be alpha-numeric.")
    );
    assert_eq!(
        identity_statement(&format!(r#"{rest},"Principal":"*""#)),
        "Policy document should not specify a principal."
    );
    assert_eq!(identity_statement(r#""Effect":"Allow","Action":"kms:*""#), "Policy statement must contain resources.");
    assert_eq!(identity_statement(r#""Effect":"Allow","Resource":"*""#), "Policy statement must contain actions.");
    assert_eq!(
        identity_statement(r#""Effect":"Allow","Action":[],"Resource":"*""#),
        "Policy statement must contain actions."
    );
    assert_eq!(
        identity_statement(
            r#""Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::bucket/*","Condition":{"StringLike":{"s3:prefix":"a*"}}"#
        ),
        "ok"
    );
}

#[test]
fn only_denies() {
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#;
    let allow = deny.replace("Deny", "Allow");
    assert_eq!(aws::only_denies(&format!(r#"{{"Statement":[{deny}]}}"#)), Ok(true));
    assert_eq!(aws::only_denies(&format!(r#"{{"Statement":[{deny},{allow}]}}"#)), Ok(false));
    assert_eq!(aws::only_denies(r#"{"Statement":[]}"#), Ok(true));
    assert!(aws::only_denies("{}").is_err());
}

#[test]
fn forbids() {
    let forbid = |text: &str| why(native::validate_forbid(text));
    assert_eq!(forbid(r#"forbid(principal, action == Action::"Encrypt", resource);"#), "ok");
    assert_eq!(
        forbid(r#"forbid(principal, action in Action::"Use", resource is Key) when { resource.ring == "prod" };"#),
        "ok"
    );
    assert_eq!(
        forbid(
            r#"forbid(principal, action in Action::"Use", resource) unless { context has address && context.address.isInRange(ip("10.0.0.0/8")) };"#
        ),
        "ok"
    );
    assert_eq!(
        forbid(
            r#"forbid(principal, action in Action::"Use", resource) when { context.bound.hasTag("dept") && context.bound.getTag("dept") == "hr" };"#
        ),
        "ok"
    );
    assert_eq!(forbid("permit(principal, action, resource);"), "only `forbid` policies may be set; roles alone permit");
    assert_eq!(forbid(""), "there is no policy in it");
    assert_eq!(
        forbid("forbid(principal == ?principal, action, resource);"),
        "policy templates are not evaluated by this release"
    );
    assert!(forbid("forbid(principal").starts_with("not a Cedar policy: "));
    assert!(
        forbid(r#"forbid(principal, action == Action::"Steal", resource);"#)
            .starts_with("the policy does not fit the schema: ")
    );
    assert!(
        forbid(r#"forbid(principal, action, resource is Key) when { resource.owner == "x" };"#)
            .starts_with("the policy does not fit the schema: ")
    );
    assert!(forbid(&"/".repeat(domain::POLICY_BYTES_MAX + 1)).starts_with("a policy may have at most"));
    let nested = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        forbid(&format!("forbid(principal, action, resource) when {{ {open}true{close} }};"))
    };
    assert_eq!(nested(31), "ok");
    for depth in [32, 16_000] {
        assert_eq!(nested(depth), "brackets may lie at most 32 deep in one another");
    }
}

proptest! {
    /// Whatever is sent is read or refused.
    #[test]
    fn no_document_is_too_odd(odd in r#"[\[\]{}":,.a-zA-Z0-9*?$ \\]{0,120}"#, cut in 0_usize..400) {
        let whole = aws::default_key_policy("111122223333");
        let (head, tail) = whole.split_at(cut.min(whole.len()));
        for text in [odd.clone(), format!("{head}{odd}{tail}"), format!("{head}{odd}")] {
            let (_, _, _) = (key(&text), why(aws::validate_identity_document(&text)), why(native::validate_forbid(&text)));
        }
    }
}
