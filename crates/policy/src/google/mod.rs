//! Google's documents: who is bound to which role on a key, a ring or a project. Written from the IAM documentation
//! (allow policies, conditions, attribute reference) and Cloud KMS's (permissions and roles).
//!
//! Policies only allow, and what a project or a ring allows holds for all that is in it. A role that the house gives
//! (`native`) counts as a binding above the project: who administers a tenant administers its keys in every tongue, and
//! does not use them.

mod condition;
mod document;
mod names;
mod roles;

pub(crate) use document::Bindings;
pub use names::{ACT_AS, no_service};
pub(crate) use names::{action_of, expert, needed, refused_text};
pub use roles::role_names;

use crate::facts::Facts;
use domain::Fault;

/// Bytes of a document.
pub const BINDINGS_BYTES_MAX: usize = 65_536;

/// The documents that have a say about one target, the nearest first.
#[derive(Clone, Copy)]
pub(crate) struct Papers<'a> {
    pub(crate) service: Option<&'a Bindings>,
    pub(crate) key: Option<&'a Bindings>,
    pub(crate) ring: Option<&'a Bindings>,
    pub(crate) project: Option<&'a Bindings>,
}

/// Whether a document may be stored: it is well formed, and all of it is evaluated here.
pub fn validate(text: &str) -> Result<(), Fault> {
    read(text).map(|_| ())
}

/// Whether the document binds somebody. A regime that is not the key's authority may not allow.
pub fn binds(text: &str) -> Result<bool, Fault> {
    read(text).map(|bindings| bindings.binds())
}

/// Whether a document may take another's place: where conditions stood, whoever writes knows of conditions, so that nobody
/// drops them who has never seen them.
pub fn may_replace(former: &str, text: &str) -> Result<(), Fault> {
    if read(former).is_ok_and(|former| former.has_conditions()) && !read(text)?.knows_conditions() {
        let why = "The policy has conditions: read and set it with version 3.".into();
        return Err(Fault::BadDocument { why });
    }
    Ok(())
}

fn read(text: &str) -> Result<Bindings, Fault> {
    if text.len() > BINDINGS_BYTES_MAX {
        let why = format!("A policy may have at most {BINDINGS_BYTES_MAX} bytes.");
        return Err(Fault::BadDocument { why });
    }
    Bindings::read(text).map_err(|why| Fault::BadDocument { why })
}

/// The binding that gives the caller each of the permissions; the first one's, where there are several. `varied` becomes
/// true where it may be otherwise at another time.
///
/// # Errors
/// The first permission that is missing.
pub(crate) fn allowed<'p>(
    facts: &Facts<'_>,
    papers: Papers<'_>,
    permissions: impl Iterator<Item = &'p str>,
    universe: Option<&str>,
    varied: &mut bool,
) -> Result<String, Option<&'p str>> {
    let mut first = None;
    for permission in permissions {
        let found = holder(facts, papers, permission, universe, varied).ok_or(Some(permission))?;
        first = first.or(Some(found));
    }
    first.ok_or(None)
}

/// Where a permission comes from: `roles/cloudkms.viewer on the ring`.
fn holder(
    facts: &Facts<'_>,
    papers: Papers<'_>,
    permission: &str,
    universe: Option<&str>,
    varied: &mut bool,
) -> Option<String> {
    let near = [(papers.service, "the service account"), (papers.key, "the key"), (papers.ring, "the ring")];
    near.into_iter().chain([(papers.project, "the project")]).find_map(|(bindings, place)| {
        let role = bindings?.gives(facts, permission, universe, varied)?;
        Some(format!("{role} on {place}"))
    })
}
