//! Who may ask: principals, their access keys, and what their idempotency tokens made.

use super::key::{read_document, write_document};
use super::{
    FORMAT, Unread, keep, read_id, read_pairs, read_string, read_time, write_held, write_id, write_pair, write_time,
};
use crate::cbor::{Reader, Writer};
use crate::entry::Malformed;
use domain::{
    AUDIENCE_CHARS_MAX, AccessKey, Half, ObjectId, Outside, Principal, PrincipalKind, PublicHalf, Role, RoleAssignment,
    RoleScope, Standing, TokenRow,
};

pub(super) fn encode_principal(principal: &Principal) -> Vec<u8> {
    let mut writer = Writer::with_capacity(256);
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, principal.tenant));
        map.put(2, |w| w.text(&principal.name));
        map.put(3, |w| w.number(principal.kind as u8));
        map.put(4, |w| w.number(principal.standing as u8));
        map.put_list(5, &principal.roles, write_role);
        map.put_list(6, &principal.documents, write_pair);
        map.put_list(7, &principal.access_keys, |w, id| w.text(id));
        map.put(8, |w| write_time(w, principal.created));
        map.put_list(9, &principal.bindings, write_document);
    });
    writer.finish()
}

pub(super) fn decode_principal(id: ObjectId, r: &mut Reader<'_>) -> Result<Principal, Malformed> {
    let (mut tenant, mut name, mut kind, mut standing, mut created) = (None, None, None, None, None);
    let (mut roles, mut documents, mut access_keys) = (Vec::new(), Vec::new(), Vec::new());
    let mut bindings = Vec::new();
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => tenant = Some(read_id(r)?),
            2 => name = Some(read_string(r)?),
            3 => kind = Some(r.meaning(PrincipalKind::from_number)?),
            4 => standing = Some(r.meaning(Standing::from_number)?),
            5 => roles = r.list(read_role)?,
            6 => documents = read_pairs(r)?,
            7 => access_keys = r.list(read_string)?,
            8 => created = Some(read_time(r)?),
            9 => bindings = r.list(read_document)?,
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(Principal {
        id,
        tenant: tenant.ok_or(Malformed)?,
        name: name.ok_or(Malformed)?,
        kind: kind.ok_or(Malformed)?,
        standing: standing.ok_or(Malformed)?,
        roles,
        documents,
        access_keys,
        bindings,
        created: created.ok_or(Malformed)?,
    })
}

/// [role, [1]] in the tenant, [role, [2, ring]], [role, [3, key]].
fn write_role(w: &mut Writer, assignment: &RoleAssignment) {
    w.array(2);
    w.number(assignment.role as u8);
    match &assignment.scope {
        RoleScope::Tenant => {
            w.array(1);
            w.number(1_u8);
        }
        RoleScope::Ring(ring) => {
            w.array(2);
            w.number(2_u8);
            w.text(ring);
        }
        RoleScope::Key(key) => {
            w.array(2);
            w.number(3_u8);
            write_id(w, *key);
        }
    }
}

fn read_role(r: &mut Reader<'_>) -> Result<RoleAssignment, Malformed> {
    r.tuple(2, |r| {
        let role = r.meaning(Role::from_number)?;
        let scope = r.variant(|r, which, more| match (which, more) {
            (1, 0) => Ok(RoleScope::Tenant),
            (2, 1) => read_string(r).map(RoleScope::Ring),
            (3, 1) => read_id(r).map(RoleScope::Key),
            _ => Err(Malformed),
        })?;
        Ok(RoleAssignment { role, scope })
    })
}

pub(super) fn encode_access_key(access_key: &AccessKey) -> Vec<u8> {
    let public = access_key.half.public().map_or(0, |public| public.key.len() + AUDIENCE_CHARS_MAX);
    let mut writer = Writer::with_capacity(240 + access_key.id.len() + public);
    writer.document(FORMAT, |map| {
        map.put(1, |w| w.text(&access_key.id));
        map.put(2, |w| write_id(w, access_key.principal));
        map.put(3, |w| write_id(w, access_key.tenant));
        map.put(4, |w| w.number(access_key.standing as u8));
        map.put_some(5, access_key.half.secret(), write_held);
        map.put(6, |w| write_time(w, access_key.created));
        if let Some(public) = access_key.half.public() {
            map.put(7, |w| w.bytes(&public.key));
            map.put_some(8, public.audience.as_ref(), |w, audience| w.text(audience));
            if let Some(outside) = &public.outside {
                map.put(9, |w| w.text(&outside.issuer));
                map.put(10, |w| w.text(&outside.subject));
                map.put(11, |w| w.text(&outside.key_id));
            }
        }
    });
    writer.finish()
}

pub(super) fn decode_access_key(r: &mut Reader<'_>) -> Result<AccessKey, Unread> {
    let (mut id, mut principal, mut tenant) = (None, None, None);
    let (mut standing, mut secret, mut public, mut audience, mut created) = (None, None, None, None, None);
    let (mut issuer, mut subject, mut key_id) = (None, None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => id = Some(read_string(r)?),
            2 => principal = Some(read_id(r)?),
            3 => tenant = Some(read_id(r)?),
            4 => standing = Some(r.meaning(Standing::from_number)?),
            5 => secret = Some(r.bytes()?),
            6 => created = Some(read_time(r)?),
            7 => public = Some(r.bytes()?),
            8 => audience = Some(read_string(r)?),
            9 => issuer = Some(read_string(r)?),
            10 => subject = Some(read_string(r)?),
            11 => key_id = Some(read_string(r)?),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    let outside = match (issuer, subject, key_id) {
        (Some(issuer), Some(subject), Some(key_id)) => Some(Outside { issuer, subject, key_id }),
        (None, None, None) => None,
        _ => return Err(Malformed.into()),
    };
    let half = match (secret, public) {
        (None, Some(key)) => Half::Public(PublicHalf { key: key.to_vec(), audience, outside }),
        (secret, None) => Half::Secret(keep(secret)?),
        _ => return Err(Malformed.into()),
    };
    Ok(AccessKey {
        id: id.ok_or(Malformed)?,
        principal: principal.ok_or(Malformed)?,
        tenant: tenant.ok_or(Malformed)?,
        standing: standing.ok_or(Malformed)?,
        half,
        created: created.ok_or(Malformed)?,
    })
}

pub(super) fn encode_token(token: &TokenRow) -> Vec<u8> {
    let mut writer = Writer::with_capacity(128 + token.token.len());
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, token.principal));
        map.put(2, |w| write_id(w, token.tenant));
        map.put(3, |w| w.text(&token.token));
        map.put(4, |w| w.bytes(&token.asked));
        map.put(5, |w| write_id(w, token.made));
        map.put(6, |w| write_time(w, token.at));
    });
    writer.finish()
}

pub(super) fn decode_token(r: &mut Reader<'_>) -> Result<TokenRow, Malformed> {
    let (mut principal, mut tenant, mut token) = (None, None, None);
    let (mut asked, mut made, mut at) = (None, None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => principal = Some(read_id(r)?),
            2 => tenant = Some(read_id(r)?),
            3 => token = Some(read_string(r)?),
            4 => asked = Some(r.fixed()?),
            5 => made = Some(read_id(r)?),
            6 => at = Some(read_time(r)?),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(TokenRow {
        principal: principal.ok_or(Malformed)?,
        tenant: tenant.ok_or(Malformed)?,
        token: token.ok_or(Malformed)?,
        asked: asked.ok_or(Malformed)?,
        made: made.ok_or(Malformed)?,
        at: at.ok_or(Malformed)?,
    })
}
