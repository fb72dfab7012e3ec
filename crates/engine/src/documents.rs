//! Policy documents of keys: kept as they were given, and never stored if they cannot be evaluated.

use crate::find::Here;
use crate::keys::becomes;
use crate::working::demand;
use crate::{Step, find};
use domain::{
    Action, Ask, Authority, Demand, Document, Fault, Found, Key, KeyName, NameKind, POLICY_BYTES_MAX, Reply, Request,
    SITE_TENANT, Standing, Tenant,
};
use ledger::{Effects, View};
use policy::aws::Existence;
use std::sync::Arc;

/// The name of the one document that decides.
pub(crate) const DEFAULT: &str = "default";

/// What a key's regime says where nobody said anything.
pub(crate) fn default_text(authority: Authority, owner: &Tenant) -> Option<String> {
    match authority {
        Authority::Aws => Some(policy::aws::default_key_policy(&owner.account)),
        Authority::Native | Authority::AzureRbac | Authority::AzureAccessPolicy | Authority::GoogleIam => None,
    }
}

/// The key, and a document judged while the names in it can still be looked up.
pub(crate) fn found_put(
    name: &KeyName,
    regime: Authority,
    text: &str,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owned = find::key(name, here, view)?;
    let demands = vec![demand(Action::PutDocument, &owned)];
    let verdict = judged(&owned.key, &owned.owner, regime, text, view);
    if let Err(Fault::Unavailable) = verdict {
        return Err(Fault::Unavailable);
    }
    Ok((Found::Judged { key: owned.key, owner: owned.owner, verdict }, demands))
}

/// Whether the text may be the document of a key that is about to be made.
pub(crate) fn accepted_for_new_key(regime: Authority, text: &str, owner: &Tenant, view: &View) -> Result<(), Fault> {
    if regime != Authority::Aws {
        return Err(Fault::NotImplemented { what: format!("documents of {}", regime.name()) });
    }
    accepted_for_key(text, owner, view)
}

fn judged(key: &Key, owner: &Tenant, regime: Authority, text: &str, view: &View) -> Result<(), Fault> {
    accepted_for_new_key(regime, text, owner, view)?;
    if key.authority != regime && !policy::aws::only_denies(text)? {
        return Err(Fault::ForeignAllow { authority: key.authority });
    }
    Ok(())
}

/// Whether the text may become a key's document in its own regime.
fn accepted_for_key(text: &str, owner: &Tenant, view: &View) -> Result<(), Fault> {
    if text.len() > POLICY_BYTES_MAX {
        return Err(Fault::LimitReached { what: "bytes of a policy document", max: POLICY_BYTES_MAX });
    }
    let unread = std::cell::Cell::new(false);
    let exists = |account: &str, user: &str| match existence(account, user, view) {
        Ok(existence) => existence,
        Err(_) => {
            unread.set(true);
            Existence::Missing
        }
    };
    let accepted = policy::aws::validate_key_document(text, &owner.account, &exists);
    if unread.get() { Err(Fault::Unavailable) } else { accepted }
}

fn existence(account: &str, user: &str, view: &View) -> Result<Existence, Fault> {
    let Some(row) = view.name(NameKind::Account, SITE_TENANT, None, account)? else { return Ok(Existence::Foreign) };
    let Some(row) = view.name(NameKind::Principal, row.target, None, user)? else { return Ok(Existence::Missing) };
    match view.principal(row.target)? {
        Some(principal) if principal.standing != Standing::Removed => Ok(Existence::Exists),
        _ => Ok(Existence::Missing),
    }
}

pub(crate) fn put<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::PutDocument { regime, name, text, .. } = request.ask else { return Err(Fault::NotFound) };
    let Found::Judged { key, verdict, .. } = &request.found else { return Err(Fault::NotFound) };
    verdict.clone()?;
    if name != DEFAULT {
        return Err(Fault::DocumentNotFound { name: name.clone() });
    }
    let mut after = Key::clone(key);
    let document = Document { regime: *regime, name: name.clone(), text: text.clone() };
    match after.documents.iter_mut().find(|known| known.regime == *regime && known.name == *name) {
        Some(known) => *known = document,
        None => after.documents.push(document),
    }
    Ok(Step::Ready(becomes(key, after, Reply::Done)))
}

/// A foreign tongue sees what was put there in its own regime, else a document without statements.
pub(crate) fn get<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Ask::GetDocument { regime, name, .. } = request.ask else { return Err(Fault::NotFound) };
    let Found::Key { key, .. } = &request.found else { return Err(Fault::NotFound) };
    if name != DEFAULT {
        return Err(Fault::DocumentNotFound { name: name.clone() });
    }
    let text = match key.document(*regime, name) {
        Some(document) => document.text.clone(),
        None => "{\"Version\":\"2012-10-17\",\"Statement\":[]}".to_owned(),
    };
    Ok(Step::Ready(Effects::answer(Reply::Document { name: name.clone(), text })))
}

pub(crate) fn list<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let Found::Key { .. } = &request.found else { return Err(Fault::NotFound) };
    Ok(Step::Ready(Effects::answer(Reply::Documents(vec![DEFAULT.to_owned()]))))
}

/// Somebody's view of a key; without a name, the caller's own.
pub(crate) fn found_explain(
    who: Option<&str>,
    key: &KeyName,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    let owned = find::key(key, here, view)?;
    let principal = match who {
        None => Arc::clone(here.caller.principal()),
        Some(name) => find::principal(name, here.caller.tenant(), view)?,
    };
    let demands = vec![demand(Action::Explain, &owned)];
    let settings = view.settings()?;
    let tenant = Arc::clone(here.caller.tenant());
    Ok((Found::Explained { key: owned.key, owner: owned.owner, principal, tenant, settings }, demands))
}

pub(crate) fn explain<'r>(
    request: &'r Request<'r>,
    policy: &policy::Policy,
    now: domain::Moment,
) -> Result<Step<'r>, Fault> {
    let Ask::Explain { action, context, .. } = request.ask else { return Err(Fault::NotFound) };
    let Found::Explained { key, owner, principal, tenant, settings } = &request.found else {
        return Err(Fault::NotFound);
    };
    let unknown = || Fault::Invalid { member: "action".into(), constraint: format!("`{action}` is no action") };
    let action = Action::from_name(action).ok_or_else(unknown)?;
    let who = (principal, tenant);
    let explanation = policy.explain(who, action, key, owner, &request.rings, context, settings, now);
    Ok(Step::Ready(Effects::answer(Reply::Explanation(explanation))))
}
