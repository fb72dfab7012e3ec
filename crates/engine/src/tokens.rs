//! Public keys whose holders sign tokens, and access tokens that the site gives out.

use crate::find::Here;
use crate::{Step, Supplies, find};
use domain::{
    AUDIENCE_CHARS_MAX, AccessKey, Action, Ask, Demand, Fault, Found, FreshToken, Half, OUTSIDE_CHARS_MAX, Object,
    ObjectId, Outside, PUBLIC_KEY_BYTES_MAX, PUBLIC_KEYS_PER_PRINCIPAL_MAX, Principal, PrincipalKind, PublicHalf,
    Reply, Request, SECOND, Standing, TOKEN_SECONDS_MAX, Target,
};
use identity::Proof;
use identity::bearer::token::Token;
use ledger::{Change, Effects, View};
use policy::Held;
use std::sync::Arc;

/// Services in between, from the caller to the one that it wants to act as.
const DELEGATES_MAX: usize = 8;
/// Bytes of a public key's id, which is spelled in hexadecimal.
const ID_BYTES: usize = 20;

/// Whether an access key of this id is a public key, by its spelling.
pub(crate) fn is_public_key(id: &str) -> bool {
    id.len() == 2 * ID_BYTES && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Forty digits, drawn anew for every key; of a key of elsewhere they are made of what it is found by.
pub(crate) fn public_key_id(outside: Option<&Outside>, audience: Option<&str>, fresh: ObjectId) -> String {
    if let Some(Outside { issuer, subject, key_id }) = outside {
        return identity::bearer::outside::id(issuer, subject, key_id, audience.unwrap_or_default());
    }
    let digest = crypto::sha256(&fresh.0);
    digest.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn register<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    let (Ask::RegisterPublicKey { key, audience, outside, .. }, Found::Fresh(fresh)) = (request.ask, &request.found)
    else {
        return Err(Fault::NotFound);
    };
    let (principal, id) = (fresh.principal.as_ref(), fresh.access_key.clone());
    let (principal, id) = (principal.ok_or(Fault::NotFound)?, id.ok_or(Fault::NotFound)?);
    if let Some(taken) = &fresh.taken {
        return Err(Fault::AlreadyThere { what: taken.clone() });
    }
    room_for_another(principal)?;
    let audience = match outside {
        Some(outside) => Some(outside_spelled(outside, audience.as_deref())?),
        None => audience_spelled(audience.as_deref())?,
    };
    let half = Half::Public(PublicHalf { key: spelled(key)?, audience, outside: outside.clone() });
    let (owner, tenant, standing) = (principal.id, principal.tenant, Standing::Active);
    let row = AccessKey { id: id.clone(), principal: owner, tenant, standing, half, created: supplies.now.wall };
    let mut after = Principal::clone(principal);
    after.access_keys.push(id.clone());
    let after = Arc::new(after);
    let place = *fresh.name_ids.first().ok_or(Fault::NotFound)?;
    let change = Change::none().put(place, Object::AccessKey(Arc::new(row)));
    let change = change.put(after.id, Object::Principal(Arc::clone(&after)));
    let reply = Reply::PublicKey { id, principal: after, tenant: Arc::clone(&fresh.tenant) };
    Ok(Step::Ready(Effects::change(change, reply)))
}

fn room_for_another(principal: &Principal) -> Result<(), Fault> {
    if principal.kind != PrincipalKind::Service {
        let constraint = "only a service proves itself by a public key".to_owned();
        return Err(Fault::Invalid { member: "principal".into(), constraint });
    }
    if principal.access_keys.iter().filter(|id| is_public_key(id)).count() >= PUBLIC_KEYS_PER_PRINCIPAL_MAX {
        let max = PUBLIC_KEYS_PER_PRINCIPAL_MAX;
        return Err(Fault::LimitReached { what: "public keys of a principal", max });
    }
    Ok(())
}

fn spelled(key: &[u8]) -> Result<Vec<u8>, Fault> {
    let read = if key.len() <= PUBLIC_KEY_BYTES_MAX { crypto::rs256_public_key(key).ok() } else { None };
    read.ok_or_else(|| Fault::Invalid {
        member: "public_key".into(),
        constraint: "an RSA public key of 2048 to 4096 bits, as SubjectPublicKeyInfo in DER".into(),
    })
}

/// The audience of a key of elsewhere: whatever the issuer puts into its tokens for us.
fn outside_spelled(outside: &Outside, audience: Option<&str>) -> Result<String, Fault> {
    let visible =
        |text: &str, max: usize| (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let invalid = |member: &str, constraint: String| Err(Fault::Invalid { member: member.into(), constraint });
    let Outside { issuer, subject, key_id } = outside;
    if !issuer.starts_with("https://") || !visible(issuer, OUTSIDE_CHARS_MAX) {
        return invalid("issuer", format!("an https URL of at most {OUTSIDE_CHARS_MAX} visible characters"));
    }
    if !visible(subject, OUTSIDE_CHARS_MAX) || !visible(key_id, OUTSIDE_CHARS_MAX) {
        return invalid("subject", format!("subject and key_id have 1 to {OUTSIDE_CHARS_MAX} visible characters"));
    }
    match audience {
        Some(audience) if visible(audience, AUDIENCE_CHARS_MAX) => Ok(audience.to_owned()),
        _ => {
            invalid("audience", format!("with an issuer it is needed: at most {AUDIENCE_CHARS_MAX} visible characters"))
        }
    }
}

fn audience_spelled(audience: Option<&str>) -> Result<Option<String>, Fault> {
    let fits = |url: &str| {
        let host = url.strip_prefix("https://").unwrap_or_default();
        let visible = url.bytes().all(|byte| byte.is_ascii_graphic());
        visible && url.len() <= AUDIENCE_CHARS_MAX && !host.is_empty() && !host.starts_with('/') && !url.contains('@')
    };
    match audience {
        Some(url) if !fits(url) => Err(Fault::Invalid {
            member: "audience".into(),
            constraint: format!("an https URL of at most {AUDIENCE_CHARS_MAX} visible characters"),
        }),
        audience => Ok(audience.map(str::to_owned)),
    }
}

/// A token for the caller's own credential. What a token was given for gives no other: it would never end.
pub(crate) fn found(seconds: u32, here: &Here<'_>, view: &View) -> (Found, Vec<Demand>) {
    let access_key = match here.caller.proof() {
        Proof::SigV4 { access_key, .. } | Proof::Jwt { access_key, .. } => Some(access_key.to_string()),
        Proof::Token { .. } | Proof::House => None,
    };
    let target = Target::Principal(Arc::clone(here.caller.principal()));
    let found = Found::Token(Box::new(fresh(access_key, None, seconds, here, view)));
    (found, vec![Demand { action: Action::IssueToken, target }])
}

fn fresh(
    access_key: Option<String>,
    principal: Option<ObjectId>,
    seconds: u32,
    here: &Here<'_>,
    view: &View,
) -> FreshToken {
    let (id, issued) = (here.fresh, here.now);
    let expires = issued.plus(i64::from(seconds) * SECOND);
    let mut fresh = FreshToken { id, access_key, principal, issued, expires, code: [0; 32] };
    fresh.code = view.token_code(&token(&fresh).coded());
    fresh
}

fn token(fresh: &FreshToken) -> Token {
    let FreshToken { id, principal, issued, expires, .. } = *fresh;
    Token { key: fresh.access_key.clone().unwrap_or_default(), principal, issued, expires, id }
}

/// Those in between and the service at last. Whether one of them is there is told to nobody who may not act as it.
pub(crate) fn found_for(
    account: &String,
    delegates: &[String],
    seconds: u32,
    here: &Here<'_>,
    view: &View,
) -> Result<(Found, Vec<Demand>), Fault> {
    if delegates.len() > DELEGATES_MAX {
        return Err(Fault::LimitReached { what: "delegates of a request", max: DELEGATES_MAX });
    }
    let mut chain = Vec::with_capacity(delegates.len() + 1);
    for name in delegates.iter().chain([account]) {
        let service = find::service(name, here, view)?.filter(|(service, _)| service.standing == Standing::Active);
        chain.push(service.ok_or_else(|| not_as(account, delegates))?);
    }
    let (Some((first, _)), Some((last, _))) = (chain.first(), chain.last()) else { return Err(Fault::NotFound) };
    let target = Target::Principal(Arc::clone(first));
    let own = Some(here.caller).filter(|caller| !caller.is_impersonated());
    let access_key = own.and_then(|caller| caller.proof().access_key()).map(str::to_owned);
    let token = Box::new(fresh(access_key, Some(last.id), seconds, here, view));
    let demands = vec![Demand { action: Action::ImpersonatePrincipal, target }];
    Ok((Found::Impersonation { chain, token, settings: view.settings()? }, demands))
}

fn not_as(account: &String, delegates: &[String]) -> Fault {
    Fault::Denied { reason: policy::google::no_service(delegates.first().unwrap_or(account)) }
}

/// The caller may act as the first: that was demanded. Each of the others may act as the next.
pub(crate) fn issue_for<'r>(
    request: &'r Request<'r>,
    supplies: &Supplies<'_>,
    policy: &policy::Policy,
) -> Result<Step<'r>, Fault> {
    let (Ask::IssueTokenFor { account, delegates, seconds }, Found::Impersonation { chain, token: fresh, settings }) =
        (request.ask, &request.found)
    else {
        return Err(Fault::NotFound);
    };
    lives(*seconds)?;
    let (place, now) = (&request.place, supplies.now);
    for ((delegate, home), (next, owner)) in chain.iter().zip(chain.iter().skip(1)) {
        let target = &Target::Principal(Arc::clone(next));
        let (principal, tenant, rings, subject) = (delegate, home, &[], None);
        let question = Held { principal, tenant, target, owner, rings, place, subject, settings, now };
        if policy.held(&question, &[policy::google::ACT_AS.to_owned()]).is_empty() {
            return Err(not_as(account, delegates));
        }
    }
    if fresh.access_key.is_none() {
        let reason = "who acts as another by a token gets no other token; name those in between as delegates".into();
        return Err(Fault::Denied { reason });
    }
    Ok(given_out(fresh, *seconds))
}

fn lives(seconds: u32) -> Result<(), Fault> {
    if seconds == 0 || seconds > TOKEN_SECONDS_MAX {
        let constraint = format!("1 to {TOKEN_SECONDS_MAX} seconds");
        return Err(Fault::Invalid { member: "seconds".into(), constraint });
    }
    Ok(())
}

fn given_out<'r>(fresh: &FreshToken, seconds: u32) -> Step<'r> {
    let token = token(fresh).spell(&fresh.code);
    Step::Ready(Effects::answer(Reply::Token { token, seconds, expires: fresh.expires }))
}

pub(crate) fn issue<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (Ask::IssueToken { seconds }, Found::Token(fresh)) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    lives(*seconds)?;
    if fresh.access_key.is_none() {
        return Err(Fault::Denied { reason: "an access token gives no other access token".into() });
    }
    Ok(given_out(fresh, *seconds))
}
