//! What the site and its tenants keep: tenants, rings, names, settings, and the keys above all others.

use super::key::{read_document, write_document};
use super::{
    FORMAT, Unread, keep, read_id, read_location, read_pairs, read_string, read_time, write_held, write_id, write_pair,
    write_time,
};
use crate::cbor::{Reader, Writer};
use crate::entry::Malformed;
use domain::{
    Agreed, Authority, Keyring, LogKey, NameKind, NameRow, ObjectId, Past, Profile, RecoveryHalves, Settings, Steady,
    Tenant, TenantKind, WrappedKek,
};

pub(super) fn encode_tenant(tenant: &Tenant) -> Vec<u8> {
    let mut writer = Writer::with_capacity(96 + tenant.name.len() + tenant.account.len());
    writer.document(FORMAT, |map| {
        map.put(1, |w| w.text(&tenant.name));
        map.put(2, |w| w.text(&tenant.account));
        map.put(3, |w| w.number(tenant.profile as u8));
        map.put(4, |w| w.number(tenant.kind as u8));
        map.put_list(5, &tenant.forbids, write_pair);
        map.put(6, |w| write_time(w, tenant.created));
        map.put_list(7, &tenant.documents, write_document);
    });
    writer.finish()
}

pub(super) fn decode_tenant(id: ObjectId, r: &mut Reader<'_>) -> Result<Tenant, Malformed> {
    let (mut name, mut account, mut profile, mut kind, mut created) = (None, None, None, None, None);
    let (mut forbids, mut documents) = (Vec::new(), Vec::new());
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => name = Some(read_string(r)?),
            2 => account = Some(read_string(r)?),
            3 => profile = Some(r.meaning(Profile::from_number)?),
            4 => kind = Some(r.meaning(tenant_kind)?),
            5 => forbids = read_pairs(r)?,
            6 => created = Some(read_time(r)?),
            7 => documents = r.list(read_document)?,
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(Tenant {
        id,
        name: name.ok_or(Malformed)?,
        account: account.ok_or(Malformed)?,
        profile: profile.ok_or(Malformed)?,
        kind: kind.ok_or(Malformed)?,
        forbids,
        documents,
        created: created.ok_or(Malformed)?,
    })
}

fn tenant_kind(number: u8) -> Option<TenantKind> {
    [TenantKind::Site, TenantKind::Ordinary].into_iter().find(|kind| *kind as u8 == number)
}

pub(super) fn encode_keyring(ring: &Keyring) -> Vec<u8> {
    let mut writer = Writer::with_capacity(64 + ring.location.0.len() + ring.name.len());
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, ring.tenant));
        map.put(2, |w| w.text(&ring.location.0));
        map.put(3, |w| w.text(&ring.name));
        map.put(4, |w| write_time(w, ring.created));
        map.put_list(5, &ring.documents, write_document);
    });
    writer.finish()
}

pub(super) fn decode_keyring(id: ObjectId, r: &mut Reader<'_>) -> Result<Keyring, Malformed> {
    let (mut tenant, mut location, mut name, mut created) = (None, None, None, None);
    let mut documents = Vec::new();
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => tenant = Some(read_id(r)?),
            2 => location = Some(read_location(r)?),
            3 => name = Some(read_string(r)?),
            4 => created = Some(read_time(r)?),
            5 => documents = r.list(read_document)?,
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(Keyring {
        id,
        tenant: tenant.ok_or(Malformed)?,
        location: location.ok_or(Malformed)?,
        name: name.ok_or(Malformed)?,
        documents,
        created: created.ok_or(Malformed)?,
    })
}

pub(super) fn encode_name(name: &NameRow) -> Vec<u8> {
    let mut writer = Writer::with_capacity(160 + name.text.len());
    writer.document(FORMAT, |map| {
        map.put(1, |w| w.number(name.kind as u8));
        map.put(2, |w| write_id(w, name.tenant));
        map.put_some(3, name.location.as_ref(), |w, location| w.text(&location.0));
        map.put(4, |w| w.text(&name.text));
        map.put(5, |w| write_id(w, name.target));
        map.put(6, |w| write_time(w, name.created));
        map.put(7, |w| write_time(w, name.changed));
    });
    writer.finish()
}

pub(super) fn decode_name(r: &mut Reader<'_>) -> Result<NameRow, Malformed> {
    let (mut kind, mut tenant, mut location, mut text) = (None, None, None, None);
    let (mut target, mut created, mut changed) = (None, None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => kind = Some(r.meaning(NameKind::from_number)?),
            2 => tenant = Some(read_id(r)?),
            3 => location = Some(read_location(r)?),
            4 => text = Some(read_string(r)?),
            5 => target = Some(read_id(r)?),
            6 => created = Some(read_time(r)?),
            7 => changed = Some(read_time(r)?),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(NameRow {
        kind: kind.ok_or(Malformed)?,
        tenant: tenant.ok_or(Malformed)?,
        location,
        text: text.ok_or(Malformed)?,
        target: target.ok_or(Malformed)?,
        created: created.ok_or(Malformed)?,
        changed: changed.ok_or(Malformed)?,
    })
}

pub(super) fn encode_settings(settings: &Settings) -> Vec<u8> {
    let mut writer = Writer::with_capacity(64);
    writer.document(FORMAT, |map| {
        map.put_some(1, settings.retention_months, |w, months| w.number(months));
        map.put(2, |w| w.number(settings.signature_window_seconds));
        map.put(3, |w| w.number(settings.native_authority as u8));
        map.put_list(4, &settings.forbids, write_pair);
        map.put_some(5, settings.recovery, |w, halves| {
            w.array(2);
            w.bytes(&halves.verify);
            w.bytes(&halves.seal);
        });
        map.put_some(6, settings.clock, |w, agreed| {
            w.array(2);
            w.signed(agreed.offset);
            w.signed(agreed.least.0);
        });
        map.put_some(7, settings.universe.as_ref(), |w, universe| w.text(universe));
    });
    writer.finish()
}

pub(super) fn decode_settings(r: &mut Reader<'_>) -> Result<Settings, Malformed> {
    let (mut retention_months, mut window, mut authority, mut clock) = (None, None, None, None);
    let (mut forbids, mut recovery, mut universe) = (Vec::new(), None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => retention_months = Some(r.small()?),
            2 => window = Some(r.small()?),
            3 => authority = Some(r.meaning(Authority::from_number)?),
            4 => forbids = read_pairs(r)?,
            5 => recovery = Some(r.tuple(2, |r| Ok(RecoveryHalves { verify: r.fixed()?, seal: r.fixed()? }))?),
            6 => clock = Some(r.tuple(2, |r| Ok(Agreed { offset: r.signed()?, least: Steady(r.signed()?) }))?),
            7 => universe = Some(read_string(r)?),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(Settings {
        retention_months,
        signature_window_seconds: window.ok_or(Malformed)?,
        native_authority: authority.ok_or(Malformed)?,
        forbids,
        recovery,
        clock,
        universe,
    })
}

pub(super) fn encode_kek(kek: &WrappedKek) -> Vec<u8> {
    let mut writer = Writer::with_capacity(192);
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, kek.tenant));
        map.put(2, |w| w.number(kek.version));
        map.put(3, |w| write_held(w, &kek.bytes));
    });
    writer.finish()
}

pub(super) fn decode_kek(r: &mut Reader<'_>) -> Result<WrappedKek, Unread> {
    let (mut tenant, mut version, mut bytes) = (None, None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => tenant = Some(read_id(r)?),
            2 => version = Some(r.small()?),
            3 => bytes = Some(r.bytes()?),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(WrappedKek { tenant: tenant.ok_or(Malformed)?, version: version.ok_or(Malformed)?, bytes: keep(bytes)? })
}

pub(super) fn encode_past(past: &Past) -> Vec<u8> {
    let mut writer = Writer::with_capacity(64 + past.content.len());
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, past.tenant));
        map.put(2, |w| w.number(past.until));
        map.put(3, |w| w.bytes(&past.content));
    });
    writer.finish()
}

pub(super) fn decode_past(r: &mut Reader<'_>) -> Result<Past, Malformed> {
    let (mut tenant, mut until, mut content) = (None, None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => tenant = Some(read_id(r)?),
            2 => until = Some(r.number()?),
            3 => content = Some(r.bytes()?.to_vec()),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(Past { tenant: tenant.ok_or(Malformed)?, until: until.ok_or(Malformed)?, content: content.ok_or(Malformed)? })
}

pub(super) fn encode_log_key(log_key: &LogKey) -> Vec<u8> {
    let mut writer = Writer::with_capacity(192);
    writer.document(FORMAT, |map| {
        map.put(1, |w| write_id(w, log_key.tenant));
        map.put(2, |w| w.number(log_key.month));
        map.put(3, |w| write_held(w, &log_key.bytes));
    });
    writer.finish()
}

pub(super) fn decode_log_key(r: &mut Reader<'_>) -> Result<LogKey, Unread> {
    let (mut tenant, mut month, mut bytes) = (None, None, None);
    r.document(FORMAT.into(), |r, key| {
        match key {
            1 => tenant = Some(read_id(r)?),
            2 => month = Some(r.small()?),
            3 => bytes = Some(r.bytes()?),
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(LogKey { tenant: tenant.ok_or(Malformed)?, month: month.ok_or(Malformed)?, bytes: keep(bytes)? })
}
