//! Sentences become asks; replies become sentences.

use crate::world::DAY_0;
use clock::{DAY, Timestamp};
use dialect::Answer;
use domain::{
    AccessReason, Algorithm, Ask, Authority, Context, CreateKey, DEFAULT_RING, Destruction, Dry, EntryQuery, Key,
    KeyFacts, KeyName, KeyShown, KeyState, KeyUpdate, LifeChange, Make, Material, Origin, Page, ProtectionLevel,
    Purpose, Reply, Role, RoleScope, Rotate, Scheme, Scope, Signable, Window,
};
use secret::Secret;

type Named<'a> = &'a dyn Fn(&str) -> Vec<u8>;

/// What a sentence without its subject asks; nothing if nobody says such a thing.
pub(crate) fn ask(sentence: &str, named: Named<'_>) -> Option<Ask> {
    let words: Vec<&str> = sentence.split(' ').collect();
    if let Some(change) = life(&words) {
        return Some(Ask::ChangeLife { key: KeyName::path(words[1].split('.').next()?), change });
    }
    use_of_key(&words, named).or_else(|| other(&words))
}

/// `k` is the key, `k.2` its second version.
fn scope(at: &str) -> Option<Scope> {
    Some(match at.split_once('.') {
        None => Scope::Key,
        Some((_, number)) => Scope::Version(number.parse().ok()?),
    })
}

fn number(at: &str) -> Option<u32> {
    at.split_once('.')?.1.parse().ok()
}

fn state(word: &str) -> Option<KeyState> {
    KeyState::ALL.into_iter().find(|state| format!("{state:?}") == word)
}

fn day(word: &str) -> Option<Timestamp> {
    word.parse::<i64>().ok().map(|days| DAY_0.plus(days * DAY))
}

fn life(words: &[&str]) -> Option<LifeChange> {
    Some(match *words {
        ["suspends", at] => LifeChange::Suspend(scope(at)?),
        ["resumes", at] => LifeChange::Resume(scope(at)?),
        ["moves", at, to] => LifeChange::Enter(scope(at)?, state(to)?),
        ["makes-primary", at] => LifeChange::MakePrimary(number(at)?),
        ["limits", at, from, until] => {
            LifeChange::SetWindow(number(at)?, Window { from: day(from), until: day(until) })
        }
        ["ends", at, "in", days, "else", resume_to] => LifeChange::ScheduleDestruction {
            scope: scope(at)?,
            days: days.parse().ok()?,
            resume_to: state(resume_to)?,
        },
        ["spares", at] => LifeChange::CancelDestruction(scope(at)?),
        _ => return None,
    })
}

fn context(word: &str) -> Context {
    let pair = word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    Context::from_pairs(pair.into_iter().collect()).unwrap()
}

fn use_of_key(words: &[&str], named: Named<'_>) -> Option<Ask> {
    let plaintext = || Secret::new(b"4111 1111".to_vec());
    let message = || Signable::Message(plaintext());
    let encrypt = |key: &str, context| {
        let (key, version) = (KeyName::path(key), None);
        Ask::Encrypt { key, version, plaintext: plaintext(), context, dry: Dry::Wet }
    };
    let decrypt = |key, ciphertext, context, dry| Ask::Decrypt { key, ciphertext, context, dry };
    Some(match *words {
        ["encrypts", key] => encrypt(key, Context::None),
        ["encrypts", key, "for", pair] => encrypt(key, context(pair)),
        ["decrypts", sealed] => decrypt(None, named(sealed), Context::None, Dry::Wet),
        ["decrypts", sealed, "for", pair] => decrypt(None, named(sealed), context(pair), Dry::Wet),
        ["decrypts", sealed, "by", key] => decrypt(Some(KeyName::path(key)), named(sealed), Context::None, Dry::Wet),
        // Its name is gone with it; a ciphertext still says which key it was.
        ["certifies", "key", "of", sealed] => {
            Ask::CertifyDestruction { key: KeyName::id(crypto::header(&named(sealed))?.key) }
        }
        ["would-decrypt", sealed] => decrypt(None, named(sealed), Context::None, Dry::Run),
        ["re-encrypts", sealed, "to", key] => Ask::ReEncrypt {
            from: None,
            ciphertext: named(sealed),
            from_context: Context::None,
            to: KeyName::path(key),
            to_context: Context::None,
            dry: Dry::Wet,
        },
        ["signs", key] => Ask::Sign { key: KeyName::path(key), version: None, scheme: None, what: message() },
        ["signs", key, "by", scheme] => {
            Ask::Sign { key: KeyName::path(key), version: None, scheme: Scheme::from_name(scheme), what: message() }
        }
        ["verifies", signature, "of", key, version] => Ask::Verify {
            key: KeyName::path(key),
            version: version.parse().ok(),
            scheme: None,
            what: message(),
            signature: named(signature),
        },
        ["authenticates", "with", key] => Ask::MacSign { key: KeyName::path(key), version: None, data: plaintext() },
        ["checks", mac, "of", key, version] => Ask::MacVerify {
            key: KeyName::path(key),
            version: version.parse().ok(),
            data: plaintext(),
            mac: named(mac),
        },
        ["publishes", key] => {
            Ask::GetPublicKey { key: KeyName::path(key), version: None, form: domain::PublicForm::All }
        }
        ["draws", key] => Ask::GenerateDataKey {
            key: KeyName::path(key),
            bytes: 32,
            context: Context::None,
            plaintext: true,
            dry: Dry::Wet,
        },
        _ => return None,
    })
}

fn creation(name: &str, more: &[&str]) -> Option<Ask> {
    let said = |word: &str| more.chunks(2).find(|pair| pair[0] == word).and_then(|pair| pair.get(1)).copied();
    let number = |word: &str| said(word).and_then(|said| said.parse().ok());
    let algorithm = said("with").map_or(Some(Algorithm::Aes256), Algorithm::from_name)?;
    let authority = match said("for") {
        Some(name) => Authority::ALL.into_iter().find(|authority| authority.name() == name)?,
        None => Authority::Native,
    };
    Some(Ask::CreateKey(Box::new(CreateKey {
        project: None,
        in_existing_ring: false,
        ring: DEFAULT_RING.into(),
        name: Some(name.into()),
        purpose: Purpose::ALL.into_iter().find(|purpose| algorithm.serves(*purpose))?,
        algorithm,
        scheme: None,
        origin: if said("origin") == Some("imported") { Origin::Imported } else { Origin::Generated },
        protection: ProtectionLevel::Software,
        authority,
        description: String::new(),
        facts: KeyFacts::default(),
        document: None,
        bypass_lockout_check: false,
        later: said("made") == Some("later"),
        rotation: said("rotating").map(str::parse).transpose().ok()?.map(Rotate::every_days),
        version_window_seconds: None,
        without_version: false,
        access_reasons: None,
        limits: domain::Limits { uses: number("uses"), bytes: number("bytes") },
        window: Window { from: said("from").and_then(day), until: said("until").and_then(day) },
        token: said("once").map(str::to_owned),
    })))
}

fn other(words: &[&str]) -> Option<Ask> {
    let key = |name: &str| KeyName::path(name);
    let role = |name| Some((Role::from_name(name)?, RoleScope::Tenant));
    Some(match *words {
        ["creates", name, ref more @ ..] => return creation(name, more),
        ["reverts", entry] => Ask::RevertEntry { entry: entry.parse().ok()? },
        ["certifies", name] => Ask::CertifyDestruction { key: key(name) },
        ["shows", name] => Ask::DescribeKey { key: key(name), at: None },
        ["shows", name, "on", day_shown] => Ask::DescribeKey { key: key(name), at: Some(day(day_shown)?) },
        ["lists"] => Ask::ListKeys { page: Page { limit: 100, after: None } },
        ["rotates", name] => Ask::Rotate { key: key(name) },
        ["rotates", name, "every", days] => {
            Ask::SetRotation { key: key(name), rotation: days.parse().ok().map(Rotate::every_days) }
        }
        ["calls", name, alias] => Ask::CreateAlias { alias: alias.into(), key: key(name) },
        ["drops", alias] => Ask::DeleteAlias { alias: alias.into() },
        ["makes", name, "of", algorithm, ref more @ ..] => {
            let scheme = more.first().map(|scheme| Scheme::from_name(scheme)).unwrap_or_default();
            let make = Make { purpose: None, algorithm: Algorithm::from_name(algorithm)?, scheme };
            Ask::UpdateKey { key: key(name), update: Box::new(KeyUpdate { make: Some(make), ..Default::default() }) }
        }
        ["admits", name, ref reasons @ ..] => {
            let known = |name: &&str| AccessReason::from_name(name);
            let reasons = if reasons == ["any"] { None } else { Some(reasons.iter().filter_map(known).collect()) };
            let update = KeyUpdate { access_reasons: Some(reasons), ..Default::default() };
            Ask::UpdateKey { key: key(name), update: Box::new(update) }
        }
        ["adds", "version", "to", name] => Ask::CreateVersion { key: key(name) },
        ["tags", name, tag, value] => Ask::Tag { key: key(name), tags: vec![(repeated(tag), repeated(value))] },
        ["gives", name, word] => {
            let (role, scope) = role(word)?;
            Ask::AssignRole { principal: name.into(), role, scope }
        }
        ["takes", name, word] => {
            let (role, scope) = role(word)?;
            Ask::WithdrawRole { principal: name.into(), role, scope }
        }
        ["forbids", name, text] => Ask::PutForbid { name: name.into(), text: text.replace('~', " ") },
        ["stops", name] => Ask::SuspendPrincipal { name: name.into(), suspended: true },
        ["reads", "of", name] => {
            Ask::ListEntries(EntryQuery { key: Some(name.into()), limit: 4, ..Default::default() })
        }
        ["reads", action] => {
            Ask::ListEntries(EntryQuery { action: Some(action.into()), limit: 4, ..Default::default() })
        }
        ["keeps", months, "months"] => Ask::SetSettings {
            retention_months: Some(months.parse().ok()),
            signature_window_seconds: None,
            universe: None,
        },
        ["proves", index] => Ask::ProveEntry { index: index.parse().ok()? },
        ["asks", "who"] => Ask::WhoAmI,
        ["sees", "clock"] => Ask::GetClock,
        ["accepts", "clock", ref more @ ..] => {
            Ask::AcceptClock { reason: "it was checked".into(), passed: more == ["passed"] }
        }
        _ => return None,
    })
}

/// `x*3` is `xxx`.
fn repeated(word: &str) -> String {
    let times = word.split_once('*').and_then(|(part, times)| Some((part, times.parse().ok()?)));
    times.map_or_else(|| word.to_owned(), |(part, times): (&str, usize)| part.repeat(times))
}

/// What is random is left out.
pub(crate) fn answer(answer: Answer) -> String {
    without_ids(&answer_words(answer))
}

pub(crate) fn without_ids(text: &str) -> String {
    let is_id = |word: &str| domain::ObjectId::parse(word).is_some();
    let plain = |word: &str| if is_id(word) { "ID".to_owned() } else { word.to_owned() };
    let parts = text.split_inclusive(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let end = |part: &str| part.len() - usize::from(part.ends_with(|c: char| !c.is_ascii_hexdigit() && c != '-'));
    parts.map(|part| plain(&part[..end(part)]) + &part[end(part)..]).collect()
}

fn answer_words(answer: Answer) -> String {
    match answer {
        Answer::Recorded(Ok(reply)) => reply_words(&reply),
        Answer::Recorded(Err(fault)) => fault.to_string(),
        Answer::Refused(refusal) => format!("refused: {}", refusal.word()),
        Answer::Unavailable(why) => format!("unavailable: {why:?}"),
        Answer::Conflict => "conflict".into(),
    }
}

fn reply_words(reply: &Reply) -> String {
    let lossy = |secret: &Secret| secret.expose(|bytes| String::from_utf8_lossy(bytes).into_owned());
    match reply {
        Reply::Done => "done".into(),
        Reply::WouldSucceed => "would succeed".into(),
        Reply::Key(shown) | Reply::Rotation { key: shown, .. } | Reply::Destruction { key: shown, .. } => {
            key_words(shown)
        }
        Reply::Keys { keys, .. } => keys.iter().filter_map(|key| key.path()).collect::<Vec<_>>().join(", "),
        Reply::Ciphertext { by, .. } => format!("sealed by version {}", by.version),
        Reply::Plaintext { by, plaintext } => format!("{}, opened by version {}", lossy(plaintext), by.version),
        Reply::Resealed { from, to, .. } => format!("resealed from version {} to version {}", from.version, to.version),
        Reply::DataKey { by, plaintext, .. } => {
            format!("{} bytes, sealed by version {}", plaintext.as_ref().map_or(0, Secret::len), by.version)
        }
        Reply::Signature { by, scheme, .. } => format!("signed by version {}, {}", by.version, scheme.name()),
        Reply::Mac { by, .. } => format!("authenticated by version {}", by.version),
        Reply::Verified { by, valid, .. } => format!("{valid}, says version {}", by.version),
        Reply::PublicHalf { by, .. } => format!("the public half of version {}", by.version),
        Reply::Principal { principal, .. } | Reply::Caller { principal, .. } => principal.name.clone(),
        Reply::Clock(reading) => reading.text(),
        Reply::Settings(settings) => {
            settings.retention_months.map_or("kept for ever".into(), |months| format!("{months} months are kept"))
        }
        Reply::Certificate(certificate) => certificate_words(certificate),
        Reply::Proof(proof) => {
            let leaf = ledger::leaf_hash(&proof.entry);
            let root = ledger::root_from_path(proof.index, proof.checkpoint.size, leaf, &proof.path);
            if root == Some(proof.checkpoint.root) { "proven".into() } else { "not proven".into() }
        }
        Reply::Entries { entries, .. } => entries.iter().map(entry_words).collect::<Vec<_>>().join(", "),
        _ => "something".into(),
    }
}

/// What whoever checks it from the documents alone finds.
fn certificate_words(certificate: &domain::CertificateShown) -> String {
    let domain::CheckpointShown { size, root, note, .. } = &certificate.checkpoint;
    let words = certificate.versions.iter().map(|version| {
        let row =
            domain::RowId::new(domain::Table::Material, ledger::View::material_id(certificate.key, version.number));
        let stored = version.row.map(|shown| ledger::StoredRow {
            id: row,
            revision: shown.revision,
            position: shown.entry,
            tenant: shown.tenant,
            place: shown.place,
            owner: shown.owner,
            due: shown.due,
            blob: Vec::new(),
        });
        let state = crypto::sha256(&version.path[0]);
        let signed = ledger::Checkpoint { size: *size, root: *root, state };
        let said = ledger::hash_from_path(&state, &version.path, row);
        let right = said == Some(stored.as_ref().map(ledger::row_hash))
            && note.starts_with(&ledger::checkpoint_text("stories.example/log", &signed));
        format!("{}: {}", version.number, if right { "gone" } else { "not proven" })
    });
    words.collect::<Vec<_>>().join(", ")
}

fn entry_words(entry: &domain::EntryShown) -> String {
    let who = entry.principal_name.as_deref().unwrap_or("somebody");
    let detail = |name| entry.detail.iter().find(|(known, _)| known == name).map(|(_, value)| format!(" {value}"));
    let code = detail("code").unwrap_or_default();
    format!("{who} {} {}{}{code}", entry.action, entry.verdict, detail("status").unwrap_or_default())
}

/// The key's life in one line: `Active, 1: Deactivated, 2*: Active`.
fn key_words(shown: &KeyShown) -> String {
    let key: &Key = &shown.key;
    let mut parts = vec![life_words(&key.life)];
    for version in &key.versions {
        let primary = if version.number == key.primary { "*" } else { "" };
        let material = match version.material.at(shown.now) {
            Material::Held { .. } => String::new(),
            gone => format!(" {gone:?}"),
        };
        parts.push(format!("{}{primary}: {}{material}", version.number, life_words(&version.life)));
    }
    if let Some(schedule) = key.rotation {
        parts.push(format!("rotates on day {}", schedule.next.millis_since(DAY_0) / DAY));
    }
    parts.join(", ")
}

fn life_words(life: &domain::Life) -> String {
    match life.destruction {
        Destruction::None => format!("{:?}", life.state),
        Destruction::Scheduled { deadline, .. } => {
            format!("{:?} until day {}", life.state, deadline.millis_since(DAY_0) / DAY)
        }
    }
}
