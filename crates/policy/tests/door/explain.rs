//! May this caller, and which statement decides?

use crate::support::*;
use domain::{Action, Authority, Context, Role, RoleScope};
use keyward_policy::{Policy, aws};
use std::sync::Arc;

#[test]
fn says_which_statement_decides() {
    let home = home();
    let document = r#"{"Statement":{"Sid":"Ops","Effect":"Allow","Action":"kms:Encrypt","Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:dept":"pay"}}}}"#;
    let roles = with_roles(person(3, "ops", &home), &[(Role::ReadOnly, RoleScope::Key(id(6)))]);
    let principal =
        Arc::new(domain::Principal { documents: vec![("ops".into(), document.into())], ..(*roles).clone() });
    let aws_key = Arc::new(key(5, &home, Authority::Aws, Some(&aws::default_key_policy(HOME))));
    let native_key = Arc::new(key(6, &home, Authority::Native, None));
    let policy = Policy::new();
    let explain = |key: &Arc<domain::Key>, action: Action, context: &Context| {
        let explanation = policy.explain((&principal, &home), action, key, &home, &[], context, &settings(), NOW);
        (explanation.allowed, explanation.action, explanation.principal, explanation.statement, explanation.reason)
    };
    let (pay, arn) = (pairs(&[("dept", "pay")]), "arn:aws:iam::111122223333:user/ops".to_owned());
    let statement = "identity policy `ops` statement 1 (Sid Ops)".to_owned();
    let reason = format!("{statement} allows kms:Encrypt");
    assert_eq!(
        explain(&aws_key, Action::Encrypt, &pay),
        (true, "kms:Encrypt".into(), arn.clone(), Some(statement), reason)
    );
    let (allowed, _, _, statement, reason) = explain(&aws_key, Action::Encrypt, &Context::None);
    assert_eq!((allowed, statement), (false, None));
    assert!(reason.ends_with("because no identity-based policy allows the kms:Encrypt action"), "{reason}");
    let statement = "role ReadOnly on the key".to_owned();
    let reason = format!("{statement} allows DescribeKey");
    let shown = explain(&native_key, Action::DescribeKey, &Context::None);
    assert_eq!(shown, (true, "DescribeKey".into(), "ops".into(), Some(statement), reason));
    assert!(!explain(&native_key, Action::Encrypt, &Context::None).0);
}
