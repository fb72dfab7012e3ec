//! Native policies, evaluated by Cedar: the built-in roles allow, forbids forbid.

mod entities;
mod forbid;
mod nesting;
mod roles;
mod schema;

pub(crate) use entities::Question;
pub(crate) use forbid::Forbids;
pub(crate) use roles::allowed;
pub(crate) use schema::applies;

use domain::Fault;

/// Whether a native policy may be stored: Cedar `forbid` policies only, that fit the schema [`schema`].
pub fn validate_forbid(text: &str) -> Result<(), Fault> {
    if text.len() > domain::POLICY_BYTES_MAX {
        let why = format!("a policy may have at most {} bytes", domain::POLICY_BYTES_MAX);
        return Err(Fault::BadDocument { why });
    }
    forbid::validate(text).map_err(|why| Fault::BadDocument { why })
}

/// What forbids may speak of, as a Cedar schema.
pub fn schema() -> &'static str {
    schema::text()
}
