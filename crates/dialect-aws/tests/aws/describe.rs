//! Asks in words, without what is secret in them.

use domain::*;

pub(crate) fn ask(ask: &Ask) -> String {
    match ask {
        Ask::CreateKey(create) => creation(create),
        Ask::DescribeKey { key, .. } => format!("describe {}", name(key)),
        Ask::ListKeys { page } => format!("list keys {page:?}"),
        Ask::ChangeLife { key, change } => format!("{} {}", life(change), name(key)),
        Ask::DescribeKeyAs { key, description } => format!("describe {} as {description:?}", name(key)),
        Ask::Tag { key, tags } => format!("tag {} {tags:?}", name(key)),
        Ask::Untag { key, names } => format!("untag {} {names:?}", name(key)),
        Ask::ListTags { key } => format!("list tags of {}", name(key)),
        Ask::ListVersions { key } => format!("list versions of {}", name(key)),
        Ask::SetRotation { key, rotation } => {
            let days = rotation.map(|rotation| rotation.period_seconds / SECONDS_PER_DAY);
            format!("rotate {} every {days:?} days", name(key))
        }
        Ask::GetRotation { key } => format!("get rotation of {}", name(key)),
        Ask::Rotate { key } => format!("rotate {}", name(key)),
        Ask::CreateAlias { alias, key } => format!("alias {alias} for {}", name(key)),
        Ask::RetargetAlias { alias, key } => format!("let alias {alias} mean {}", name(key)),
        Ask::DeleteAlias { alias } => format!("delete alias {alias}"),
        Ask::ListAliases { key, page } => format!("list aliases of {} {page:?}", maybe(key.as_ref())),
        Ask::GetDocument { key, regime, name: of } => format!("get document {of} {regime:?} of {}", name(key)),
        Ask::PutDocument { key, regime, name: of, text, bypass_lockout_check } => {
            format!("put document {of} {regime:?} of {} {text:?} bypass {bypass_lockout_check}", name(key))
        }
        Ask::ListDocuments { key, regime } => format!("list documents {regime:?} of {}", name(key)),
        Ask::WhoAmI => "who am i".into(),
        Ask::Invalid { action, fault } => format!("invalid {action:?} {fault:?}"),
        other => using(other),
    }
}

fn using(ask: &Ask) -> String {
    match ask {
        Ask::Encrypt { key, plaintext, context, dry, .. } => {
            format!("encrypt {} bytes under {} {context:?} {dry:?}", plaintext.len(), name(key))
        }
        Ask::Decrypt { key, ciphertext, context, dry } => {
            format!("decrypt {} bytes under {} {context:?} {dry:?}", ciphertext.len(), maybe(key.as_ref()))
        }
        Ask::ReEncrypt { from, ciphertext, from_context, to, to_context, dry } => format!(
            "reencrypt {} bytes from {} {from_context:?} to {} {to_context:?} {dry:?}",
            ciphertext.len(),
            maybe(from.as_ref()),
            name(to)
        ),
        Ask::GenerateDataKey { key, bytes, context, plaintext, dry } => {
            format!("data key of {bytes} bytes under {} {context:?} clear {plaintext} {dry:?}", name(key))
        }
        Ask::GenerateRandom { bytes, .. } => format!("{bytes} random bytes"),
        _ => panic!("nothing that this dialect asks"),
    }
}

fn creation(create: &CreateKey) -> String {
    let CreateKey { ring, name, purpose, algorithm, origin, protection, authority, description, facts, .. } = create;
    format!(
        "create key {ring}/{name:?} {purpose:?} {algorithm:?} {origin:?} {protection:?} {authority:?} {description:?} \
         tags {:?} document {:?} bypass {} rotation {:?} token {:?}",
        facts.tags, create.document, create.bypass_lockout_check, create.rotation, create.token
    )
}

fn life(change: &LifeChange) -> String {
    match change {
        LifeChange::Suspend(scope) => format!("suspend {scope:?}"),
        LifeChange::Resume(scope) => format!("resume {scope:?}"),
        LifeChange::ScheduleDestruction { scope, days, resume_to } => {
            format!("destroy {scope:?} in {days} days, else {resume_to:?},")
        }
        LifeChange::CancelDestruction(scope) => format!("keep {scope:?}"),
        _ => panic!("nothing that this dialect asks"),
    }
}

fn maybe(key: Option<&KeyName>) -> String {
    key.map_or("any".into(), name)
}

fn name(key: &KeyName) -> String {
    let place = match (&key.account, &key.location) {
        (None, None) => String::new(),
        (account, location) => format!(" in {account:?} {location:?}"),
    };
    format!("[{:?}{place}]", key.by)
}
