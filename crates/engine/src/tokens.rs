//! Public keys whose holders sign tokens, and access tokens that the site gives out.

use crate::find::Here;
use crate::{Step, Supplies};
use domain::{
    AUDIENCE_CHARS_MAX, AccessKey, Action, Ask, Demand, Fault, Found, FreshToken, Half, OUTSIDE_CHARS_MAX, Object,
    ObjectId, Outside, PUBLIC_KEY_BYTES_MAX, PUBLIC_KEYS_PER_PRINCIPAL_MAX, Principal, PrincipalKind, PublicHalf,
    Reply, Request, SECOND, Standing, TOKEN_SECONDS_MAX, Target,
};
use identity::Proof;
use identity::bearer::token::Token;
use ledger::{Change, Effects, View};
use std::sync::Arc;

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
    let (id, issued) = (here.fresh, here.now);
    let expires = issued.plus(i64::from(seconds) * SECOND);
    let code = view.token_code(&token(access_key.as_deref(), id, issued, expires).coded());
    let target = Target::Principal(Arc::clone(here.caller.principal()));
    let found = Found::Token(Box::new(FreshToken { id, access_key, issued, expires, code }));
    (found, vec![Demand { action: Action::IssueToken, target }])
}

fn token(access_key: Option<&str>, id: ObjectId, issued: domain::Timestamp, expires: domain::Timestamp) -> Token {
    Token { key: access_key.unwrap_or_default().to_owned(), issued, expires, id }
}

pub(crate) fn issue<'r>(request: &'r Request<'r>) -> Result<Step<'r>, Fault> {
    let (Ask::IssueToken { seconds }, Found::Token(fresh)) = (request.ask, &request.found) else {
        return Err(Fault::NotFound);
    };
    if *seconds == 0 || *seconds > TOKEN_SECONDS_MAX {
        let constraint = format!("1 to {TOKEN_SECONDS_MAX} seconds");
        return Err(Fault::Invalid { member: "seconds".into(), constraint });
    }
    if fresh.access_key.is_none() {
        return Err(Fault::Denied { reason: "an access token gives no other access token".into() });
    }
    let token = token(fresh.access_key.as_deref(), fresh.id, fresh.issued, fresh.expires).spell(&fresh.code);
    Ok(Step::Ready(Effects::answer(Reply::Token { token, seconds: *seconds })))
}
