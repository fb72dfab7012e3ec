//! Bodies of answers. Each kind of reply has one shape, whatever was asked.

use crate::people::{principal, settings, tenant, texts};
use crate::shown::{self, hex, key, pairs, time, worker};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dialect::Echo;
use domain::{
    AliasFound, CertificateShown, CheckpointShown, EntryShown, Explanation, Key, Moment, ProofShown, Reply, Status,
    Steady, Tenant, Timestamp,
};
use secret::Secret;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn body(reply: &Reply, echo: Option<&Echo>) -> Value {
    // Whatever was recorded had an echo.
    let unknown = Moment::undisputed(Timestamp::MIN, Steady(0));
    let now = echo.map_or(unknown, |echo| echo.at);
    match reply {
        Reply::Done => json!({}),
        Reply::WouldSucceed => json!({ "would_succeed": true }),
        Reply::Key(shown) => json!({ "key": key(shown) }),
        Reply::Keys { keys, owner, more } => listed(keys, owner, *more, now),
        Reply::Destruction { key: shown, deadline, days } => {
            json!({ "key": key(shown), "deadline": deadline.map(time), "days": days })
        }
        Reply::Versions { key: shown, versions } => {
            let versions: Vec<_> =
                versions.iter().map(|version| shown::version(&shown.key, version, shown.now)).collect();
            json!({ "key": key(shown), "versions": versions })
        }
        Reply::Version { key: shown, version } => {
            let version = shown.key.version(*version).ok();
            json!({ "key": key(shown), "version": version.map(|one| shown::version(&shown.key, one, shown.now)) })
        }
        Reply::RetiredKey(one) => json!({ "retired_key": shown::retired(&one.key) }),
        Reply::RetiredKeys { keys, .. } => {
            json!({ "retired_keys": keys.iter().map(|key| shown::retired(key)).collect::<Vec<_>>() })
        }
        Reply::ImportJob(job) => json!({ "import_job": shown::import_job(&job.key, job.now) }),
        Reply::ImportJobs { jobs, .. } => {
            json!({ "import_jobs": jobs.iter().map(|job| shown::import_job(job, now)).collect::<Vec<_>>() })
        }
        Reply::Ring(ring) => json!({ "ring": shown::ring(ring) }),
        Reply::Rings(rings) => json!({ "rings": rings.iter().map(|ring| shown::ring(ring)).collect::<Vec<_>>() }),
        Reply::Locations(all) => json!({ "locations": all.iter().map(|one| one.0.to_string()).collect::<Vec<_>>() }),
        Reply::Rotation { key: shown, schedule } => {
            let schedule = schedule.map(shown::schedule);
            json!({ "key": key(shown), "schedule": schedule })
        }
        Reply::Aliases { aliases, more, .. } => named(aliases, *more),
        Reply::Tags(tags) => json!({ "tags": pairs(tags) }),
        Reply::Document { name, text } => json!({ "name": name, "text": text }),
        Reply::Documents(names) => json!({ "names": names }),
        Reply::Bindings { text, tag } => json!({ "text": text, "tag": base64(tag) }),
        Reply::Permissions(permissions) => json!({ "permissions": permissions }),
        Reply::Explanation(explanation) => explained(explanation),
        other => use_or_more(other),
    }
}

fn use_or_more(reply: &Reply) -> Value {
    match reply {
        Reply::Ciphertext { by, ciphertext } => json!({ "ciphertext": base64(ciphertext), "by": worker(by) }),
        Reply::Plaintext { by, plaintext } => json!({ "plaintext": unveiled(plaintext), "by": worker(by) }),
        Reply::Resealed { from, to, ciphertext } => {
            json!({ "ciphertext": base64(ciphertext), "from": worker(from), "to": worker(to) })
        }
        Reply::DataKey { by, plaintext: Some(plaintext), ciphertext } => {
            json!({ "plaintext": unveiled(plaintext), "ciphertext": base64(ciphertext), "by": worker(by) })
        }
        Reply::DataKey { by, plaintext: None, ciphertext } => {
            json!({ "ciphertext": base64(ciphertext), "by": worker(by) })
        }
        Reply::Random(random) => json!({ "random": unveiled(random) }),
        other => sign_or_more(other),
    }
}

fn sign_or_more(reply: &Reply) -> Value {
    match reply {
        Reply::Signature { by, scheme, signature } => {
            json!({ "signature": base64(signature), "scheme": scheme.name(), "by": worker(by) })
        }
        Reply::Mac { by, mac } => json!({ "mac": base64(mac), "by": worker(by) }),
        Reply::Verified { by, scheme, valid } => {
            json!({ "valid": valid, "scheme": scheme.name(), "by": worker(by) })
        }
        Reply::Opened { by, scheme, plaintext } => {
            json!({ "plaintext": unveiled(plaintext), "scheme": scheme.name(), "by": worker(by) })
        }
        Reply::RawCiphertext { by, scheme, ciphertext, iv } => json!({
            "ciphertext": base64(ciphertext), "iv": base64(iv), "scheme": scheme.name(), "by": worker(by),
        }),
        Reply::SharedSecret { by, secret } => json!({ "shared_secret": unveiled(secret), "by": worker(by) }),
        Reply::PublicHalf { by, spki, raw } => json!({
            "spki": base64(spki), "pem": pem(spki), "raw": raw.as_ref().map(|raw| base64(raw)), "by": worker(by),
        }),
        other => people_or_more(other),
    }
}

/// RFC 7468, section 13.
fn pem(spki: &[u8]) -> String {
    let text = base64(spki);
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem += line;
        pem += "\n";
        rest = more;
    }
    pem + "-----END PUBLIC KEY-----\n"
}

fn people_or_more(reply: &Reply) -> Value {
    match reply {
        Reply::Caller { principal: who, tenant: whose } | Reply::Principal { principal: who, tenant: whose } => {
            json!({ "principal": principal(who), "tenant": tenant(whose) })
        }
        Reply::Principals { principals, tenant: whose } => {
            let principals: Vec<_> = principals.iter().map(|who| principal(who)).collect();
            json!({ "principals": principals, "tenant": tenant(whose) })
        }
        Reply::Tenant(one) => json!({ "tenant": tenant(one) }),
        Reply::Tenants(all) => json!({ "tenants": all.iter().map(|one| tenant(one)).collect::<Vec<_>>() }),
        Reply::AccessKey { id, secret, principal: who, tenant: whose } => json!({
            "access_key_id": id,
            "secret_access_key": secret.expose(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            "principal": who.name,
            "account": whose.account,
        }),
        Reply::PublicKey { id, principal: who, tenant: whose } => json!({
            "access_key_id": id,
            "principal": principal(who),
            "tenant": tenant(whose),
        }),
        Reply::Token { token, seconds, .. } => json!({
            "access_token": token.expose(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            "expires_in": seconds,
        }),
        Reply::Forbids(forbids) => json!({ "forbids": texts(forbids) }),
        other => log_or_site(other),
    }
}

fn log_or_site(reply: &Reply) -> Value {
    match reply {
        Reply::Entries { entries, upto, head } => {
            let entries: Vec<_> = entries.iter().map(entry).collect();
            json!({ "entries": entries, "upto": upto, "head": head })
        }
        Reply::Proof(proof) => proven(proof),
        Reply::Certificate(certificate) => certified(certificate),
        Reply::Checkpoint(one) => json!({ "checkpoint": checkpoint(one) }),
        Reply::Status(status) => described(status),
        Reply::Settings(one) => json!({ "settings": settings(one) }),
        Reply::Clock(reading) => json!({ "clock": shown::clock(reading) }),
        // All others were said above.
        _ => json!({}),
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn unveiled(secret: &Secret) -> String {
    secret.expose(base64)
}

fn listed(keys: &[Arc<Key>], owner: &Tenant, more: bool, now: Moment) -> Value {
    let next = keys.last().filter(|_| more).map(|key| key.id.to_string());
    let keys: Vec<_> = keys.iter().map(|key| shown::key_at(key, owner, now)).collect();
    json!({ "keys": keys, "more": more, "next": next })
}

fn named(aliases: &[AliasFound], more: bool) -> Value {
    let next = aliases.last().filter(|_| more).map(|alias| alias.id.to_string());
    let aliases: Vec<_> = aliases
        .iter()
        .map(|one| {
            let (created, changed) = (time(one.created), time(one.changed));
            json!({ "alias": one.alias, "key": one.key.to_string(), "created": created, "changed": changed })
        })
        .collect();
    json!({ "aliases": aliases, "more": more, "next": next })
}

fn explained(explanation: &Explanation) -> Value {
    use crate::words::Word;
    json!({
        "allowed": explanation.allowed,
        "action": explanation.action,
        "principal": explanation.principal,
        "key": explanation.key.to_string(),
        "statement": explanation.statement,
        "reason": explanation.reason,
        "state": explanation.state.word(),
    })
}

fn entry(entry: &EntryShown) -> Value {
    let objects: Vec<_> =
        entry.objects.iter().map(|(id, version)| json!({ "id": id.to_string(), "version": version })).collect();
    json!({
        "index": entry.index,
        "wall": time(entry.wall),
        "request": entry.request,
        "tenant": entry.tenant,
        "principal": entry.principal,
        "principal_name": entry.principal_name,
        "tongue": entry.tongue,
        "action": entry.action,
        "objects": objects,
        "verdict": entry.verdict,
        "detail": pairs(&entry.detail),
        "changes": entry.changes,
    })
}

fn checkpoint(one: &CheckpointShown) -> Value {
    json!({ "size": one.size, "root": hex(&one.root), "note": one.note, "verifier": one.verifier })
}

/// In the shape of docs/formats/log.md, without the leaf's hash, which whoever checks it makes.
fn proven(proof: &ProofShown) -> Value {
    json!({
        "index": proof.index,
        "entry": base64(&proof.entry),
        "path": proof.path.iter().map(|hash| base64(hash)).collect::<Vec<_>>(),
        "checkpoint": proof.checkpoint.note,
        "verifier": proof.checkpoint.verifier,
    })
}

/// docs/formats/certificate.md.
fn certified(certificate: &CertificateShown) -> Value {
    let row = |row: &domain::RowShown| {
        json!({
            "revision": row.revision, "tenant": row.tenant.to_string(), "place": row.place.to_string(),
            "owner": row.owner.to_string(), "due": row.due, "entry": row.entry,
        })
    };
    let version = |version: &domain::VersionShown| {
        json!({
            "version": version.number,
            "row": version.row.as_ref().map(row),
            "state_path": version.path.iter().map(|node| base64(node)).collect::<Vec<_>>(),
        })
    };
    let entry = |proof: &ProofShown| {
        let path = proof.path.iter().map(|hash| base64(hash)).collect::<Vec<_>>();
        json!({ "index": proof.index, "entry": base64(&proof.entry), "path": path })
    };
    json!({
        "format": 1,
        "key": certificate.key.to_string(),
        "versions": certificate.versions.iter().map(version).collect::<Vec<_>>(),
        "entries": certificate.entries.iter().map(entry).collect::<Vec<_>>(),
        "checkpoint": certificate.checkpoint.note,
        "verifier": certificate.checkpoint.verifier,
        "remnants": certificate.remnants,
    })
}

fn described(status: &Status) -> Value {
    let projections: Vec<_> =
        status.projections.iter().map(|one| json!({ "projection": one.projection, "upto": one.upto })).collect();
    json!({
        "site": status.site,
        "version": status.version,
        "entries": status.entries,
        "root": hex(&status.root),
        "checkpoint_size": status.checkpoint_size,
        "projections": projections,
        "secret_memory": status.secret_memory,
        "availability": status.availability,
        "store": status.store,
        "clock": status.clock,
        "root_key": status.root_key,
    })
}
