//! Native policies.

use domain::Fault;

/// Whether a native policy may be stored: Cedar `forbid` policies only.
pub fn validate_forbid(text: &str) -> Result<(), Fault> {
    let _ = text;
    Err(Fault::BadDocument { why: "not read yet".into() })
}
