//! AWS's documents: what may stand in them, and what they say. Written from the IAM user guide (policy evaluation
//! logic, JSON policy elements) and the KMS developer guide (key policies, condition keys).

mod condition;
mod document;
mod evaluate;
mod json;
mod keys;
mod names;
mod pattern;
mod principal;

pub(crate) use document::{Asked, Document, Kind};
pub(crate) use evaluate::{Papers, Side, allowed, denied, explicit_text, resource, silence_text};
pub use keys::user_id;
pub use names::{action_name, key_arn, principal_arn};
pub(crate) use pattern::Resource;

use domain::Fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// What is known of a user that a key policy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// The account is one of ours and has the user.
    Exists,
    /// The account is one of ours and has no such user.
    Missing,
    /// The account is none of ours.
    Foreign,
}

/// The document that a key gets when none is given: it lets the account's identity policies decide.
pub fn default_key_policy(account: &str) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:aws:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// Whether a key policy may be stored: it is well formed, all of it is evaluated here, and the users that it
/// names exist. `user_exists` is asked with an account and the name of a user in it.
pub fn validate_key_document(
    text: &str,
    account_of_key: &str,
    user_exists: &dyn Fn(&str, &str) -> Existence,
) -> Result<(), Fault> {
    let document = read(text, Kind::Key, domain::POLICY_BYTES_MAX)?;
    let mut users = document.statements().iter().flat_map(|statement| statement.principals.users());
    // In the key's own account a user is never foreign.
    let unknown = |(account, name): (&str, &str)| match user_exists(account, name) {
        Existence::Missing => true,
        Existence::Foreign => account == account_of_key,
        Existence::Exists => false,
    };
    if users.any(unknown) {
        Err(bad("Policy contains a statement with one or more invalid principals."))
    } else {
        Ok(())
    }
}

/// Whether an identity policy may be stored: it is well formed, and all of it is evaluated here.
pub fn validate_identity_document(text: &str) -> Result<(), Fault> {
    read(text, Kind::Identity, domain::IDENTITY_DOCUMENT_BYTES_MAX).map(|_| ())
}

/// Whether a key document has denies only. A regime that is not the key's authority may not allow.
pub fn only_denies(text: &str) -> Result<bool, Fault> {
    let document = read(text, Kind::Key, domain::POLICY_BYTES_MAX)?;
    Ok(document.statements().iter().all(|statement| statement.effect == Effect::Deny))
}

fn read(text: &str, kind: Kind, bytes_max: usize) -> Result<Document, Fault> {
    if text.len() > bytes_max {
        return Err(bad(&format!("Policy document must not be larger than {bytes_max} bytes.")));
    }
    Document::read(text, kind).map_err(|why| Fault::BadDocument { why })
}

fn bad(why: &str) -> Fault {
    Fault::BadDocument { why: why.into() }
}
