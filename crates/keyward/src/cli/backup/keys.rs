//! Backups of some keys: which, and how they come back to a site.

use super::create::{BEGIN_KEYS, Made, file_name, written};
use super::{Opened, check_content, check_sum, named};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::place::Place;
use crate::{proof, wiring};
use backup::{BackupFault, Header, Item, Whose};
use clap::Args;
use clock::Timestamp;
use crypto::{RecoveryKey, SealKey};
use domain::{Location, Object, ObjectId, RowId, Table};
use engine::{Carried, Named};
use ledger::{Reader, Tombstone, View};
use path::{Incoming, Open, Reception, TakenIn};
use secret::Secret;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use tokio::runtime::Handle;

/// How many keys that cannot come back are named.
const TOLD_MAX: usize = 10;

/// Which keys a backup is of; without any it is of the whole site.
#[derive(Args, Clone, Default)]
pub(crate) struct Only {
    /// Only this key: its id, or `NAME` or `RING/NAME` with `--location`; may be repeated.
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// Only the keys of this ring, with `--location`; may be repeated.
    #[arg(long = "keyring", value_name = "RING")]
    rings: Vec<String>,
    /// Whose keys, by name or account; else the site's only tenant's.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Where the keys are: `eu-central-1`.
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
}

/// Where keys go that come back from a backup of keys.
#[derive(Args, Default)]
pub(crate) struct Taking {
    /// Of a backup of keys: the tenant that they go to, by name or account, if their own is not here; else the one of
    /// the same name.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Of a backup of keys of another site: that site's verifier key, as you got it another way.
    #[arg(long, value_name = "LINE")]
    verifier: Option<String>,
    /// Of a backup of keys: leave those that are here as they are, and take in the others.
    #[arg(long)]
    leave_existing: bool,
}

impl Taking {
    pub(super) fn is_given(&self) -> bool {
        self.tenant.is_some() || self.verifier.is_some() || self.leave_existing
    }
}

impl Only {
    pub(super) fn is_everything(&self) -> bool {
        self.keys.is_empty() && self.rings.is_empty()
    }

    fn ids(&self, view: &View) -> Result<Vec<ObjectId>, Failure> {
        let location = self.location.as_deref().map(|text| {
            let wrong = || Failure::new(format!("`{text}` is no location: lower-case letters, digits and dashes"));
            Location::parse(text).ok_or_else(wrong)
        });
        let location = location.transpose()?;
        let keys = self.keys.iter().map(|text| Named::Key(text));
        let mut ids = Vec::new();
        for named in keys.chain(self.rings.iter().map(|text| Named::Ring(text))) {
            let found = engine::keys_to_carry(view, self.tenant.as_deref(), location.as_ref(), named);
            ids.extend(found.map_err(Failure::from_display)?);
        }
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        Ok(ids)
    }
}

/// Writes the keys that are meant. Each of their rows is believed only as a server would believe it.
pub(super) fn make(
    only: &Only,
    whose: &Whose<'_>,
    reader: Arc<dyn Reader>,
    root: &SealKey,
    to: &[PathBuf],
) -> Result<Made, Failure> {
    let view = ledger::view_snapshot(reader, root).map_err(Failure::from_display)?;
    let ids = only.ids(&view)?;
    let read = |id: ObjectId| {
        let carried = engine::carried(&view.afresh(), id);
        carried.map_err(|fault| BackupFault::Read(format!("key {id}: {fault}")))
    };
    // What cannot be read is told before anything is written.
    if let [one] = ids.as_slice() {
        read(*one).map_err(Failure::from_display)?;
    }
    let mut left = ids.iter();
    let mut each = || left.next().map(|id| read(*id).map(|carried| rows_of(&carried))).transpose();
    written(to, &file_name(BEGIN_KEYS, whose), |out| backup::write_keys(whose, ids.len() as u64, out, &mut each))
}

/// A key is followed by what belongs to it, and ends where the next one begins.
fn rows_of(carried: &Carried) -> Vec<(RowId, Secret)> {
    let Carried { owner, key, materials, aliases } = carried;
    let row = |id, object: Object| (RowId::new(object.table(), id), ledger::write_carried(&object));
    let mut rows = vec![row(key.id, Object::Key(Arc::clone(key))), row(owner.id, Object::Tenant(Arc::clone(owner)))];
    let material = |version| View::material_id(key.id, version);
    rows.extend(materials.iter().map(|one| row(material(one.version), Object::Material(Arc::clone(one)))));
    // Where an alias stands is the site's secret, and another elsewhere.
    rows.extend(aliases.iter().map(|one| row(ObjectId::NIL, Object::Name(Arc::clone(one)))));
    rows
}

/// What is told of a key; nothing of other rows.
pub(super) fn listed(row: RowId, plaintext: &Secret) -> Result<Option<Value>, BackupFault> {
    let unreadable = || BackupFault::Inconsistent { why: format!("row {:?}/{} cannot be read", row.table, row.id) };
    match ledger::read_carried(row, plaintext).ok_or_else(unreadable)? {
        Object::Key(key) => Ok(Some(json!({
            "id": key.id.to_string(),
            "path": key.path(),
            "location": &*key.location.0,
            "algorithm": key.algorithm.name(),
            "state": format!("{:?}", key.life.state),
            "versions": key.versions.len(),
        }))),
        _ => Ok(None),
    }
}

/// The site that keys come back to.
pub(super) struct Site {
    pub(super) place: Place,
    pub(super) root_key: PathBuf,
    pub(super) anchors: Vec<PathBuf>,
}

/// A backup of keys, and what opens it.
pub(super) struct Backup<'a> {
    pub(super) opened: Opened,
    pub(super) path: &'a FilePath,
    pub(super) key: RecoveryKey,
}

/// Takes the keys in. Nothing is changed before the whole backup was seen, and each of its keys found to have a place.
pub(super) async fn restore(
    mut from: Backup<'_>,
    site: &Site,
    newer: Vec<Tombstone>,
    into: &Taking,
    format: Format,
) -> Result<(), Failure> {
    check_content(&mut from.opened, &from.key, from.path, &mut Vec::new())?;
    let line = from.opened.header.verifier.clone();
    check_sum(&mut from.opened, &line, from.path)?;
    let root = custody::read(&site.root_key).map_err(Failure::from_display)?;
    let destroyed = newer.into_iter().chain(super::create::anchored_tombstones(&mut wiring::anchors(&site.anchors)));
    let incoming = incoming(&from.opened.header, into, destroyed.map(|tombstone| tombstone.row).collect())?;
    let open = Open {
        store: site.place.open().map_err(Failure::new)?,
        root: root.roots(),
        anchors: wiring::anchors(&site.anchors),
    };
    let reception = wiring::sealed().receive(open).map_err(Failure::from_display)?;
    is_signed(&from, &reception, into)?;
    let there = survey(&mut from, &reception, &incoming, into.leave_existing)?;
    let mut taken = Vec::new();
    let done = from.each_key(&mut |carried| {
        if !there.contains(&carried.key.id) {
            let taking = reception.take_in(carried, &incoming);
            let done = tokio::task::block_in_place(|| Handle::current().block_on(taking));
            taken.push(done.map_err(|fault| refused(carried, &fault))?);
        }
        Ok(())
    });
    say(&taken, there.len(), &incoming, format)?;
    done
}

fn incoming(header: &Header, into: &Taking, destroyed: BTreeSet<RowId>) -> Result<Incoming, Failure> {
    let left = Timestamp::parse(&header.created).ok_or_else(|| Failure::new("the backup has no readable time"))?;
    let site: String = header.site.iter().map(|byte| format!("{byte:02x}")).collect();
    let said = format!("left={} site={site} entries={}", header.created, header.size);
    Ok(Incoming { site: header.site, left, tenant: into.tenant.clone(), destroyed, said })
}

/// Whoever knows a recovery key's public half can seal to it: a signature says who made the backup.
fn is_signed(from: &Backup<'_>, reception: &Reception, into: &Taking) -> Result<(), Failure> {
    let header = &from.opened.header;
    let (_, signer) = proof::verifier(&header.verifier)?;
    let wanted = match &into.verifier {
        Some(line) => proof::verifier(line)?.1,
        None if header.site == reception.site() => reception.verifier(),
        None => {
            let why = "these are keys of another site; name that site's verifier key with --verifier, as you got it \
                       another way, not from the backup";
            return Err(named(from.path, &why));
        }
    };
    if signer == wanted { Ok(()) } else { Err(named(from.path, &BackupFault::NotSigned)) }
}

/// Looks whether each key has a place. The ids of those that are left as they are.
fn survey(
    from: &mut Backup<'_>,
    reception: &Reception,
    incoming: &Incoming,
    leave: bool,
) -> Result<BTreeSet<ObjectId>, Failure> {
    let (mut there, mut wrong, mut count) = (BTreeSet::new(), Vec::new(), 0_usize);
    from.each_key(&mut |carried| {
        match reception.look_at(carried, incoming) {
            Ok(_) => {}
            Err(domain::Fault::AlreadyThere { .. }) if leave => drop(there.insert(carried.key.id)),
            Err(fault) => {
                count += 1;
                if wrong.len() < TOLD_MAX {
                    wrong.push(refused(carried, &fault).to_string());
                }
            }
        }
        Ok(())
    })?;
    match count {
        0 => Ok(there),
        _ => Err(Failure::new(format!("nothing was changed; {count} cannot come back: {}", wrong.join("; ")))),
    }
}

fn refused(carried: &Carried, fault: &domain::Fault) -> Failure {
    Failure::new(format!("key {}: {fault}", carried.key.id))
}

impl Backup<'_> {
    /// Each key with all that belongs to it, in order.
    fn each_key(&mut self, each: &mut dyn FnMut(&Carried) -> Result<(), Failure>) -> Result<(), Failure> {
        let (mut gathered, mut failed) = (Gathered::default(), None);
        let path = self.path;
        let done = self.opened.each(&self.key, path, &mut |item| {
            let whole = match item {
                Item::Carried(row, plaintext) => gathered.add(row, &plaintext)?,
                Item::End(_) => gathered.take()?,
                _ => None,
            };
            let Some(carried) = whole else { return Ok(()) };
            each(&carried).map_err(|why| {
                failed = Some(why);
                BackupFault::Read("a key was not taken".into())
            })
        });
        match failed {
            Some(why) => Err(why),
            None => done.map(|_| ()),
        }
    }
}

/// The rows of one key, as they come.
#[derive(Default)]
struct Gathered(Vec<Object>);

impl Gathered {
    /// The key before, where this row begins the next one.
    fn add(&mut self, row: RowId, plaintext: &Secret) -> Result<Option<Carried>, BackupFault> {
        let whole = if row.table == Table::Key { self.take()? } else { None };
        let unreadable = || BackupFault::Inconsistent { why: format!("row {:?}/{} cannot be read", row.table, row.id) };
        self.0.push(ledger::read_carried(row, plaintext).ok_or_else(unreadable)?);
        Ok(whole)
    }

    fn take(&mut self) -> Result<Option<Carried>, BackupFault> {
        let (mut owner, mut key) = (None, None);
        let (mut materials, mut aliases) = (Vec::new(), Vec::new());
        for object in std::mem::take(&mut self.0) {
            match object {
                Object::Key(one) => key = Some(one),
                Object::Tenant(one) => owner = Some(one),
                Object::Material(one) => materials.push(one),
                Object::Name(one) => aliases.push(one),
                _ => {}
            }
        }
        match (owner, key) {
            (None, None) if materials.is_empty() && aliases.is_empty() => Ok(None),
            (Some(owner), Some(key)) => Ok(Some(Carried { owner, key, materials, aliases })),
            _ => Err(BackupFault::Inconsistent { why: "a key is not whole".into() }),
        }
    }
}

fn say(taken: &[TakenIn], there: usize, incoming: &Incoming, format: Format) -> Result<(), Failure> {
    let one = |taken: &TakenIn| json!({"id": taken.id.to_string(), "path": taken.path, "tenant": taken.tenant});
    let told: Vec<Value> = taken.iter().map(one).collect();
    let table = |value: &Value| {
        let rows = value.as_array().into_iter().flatten();
        let columns = |row: &Value| ["/id", "/path", "/tenant"].map(|at| output::text(row, at)).to_vec();
        output::rows(&["ID", "NAME", "TENANT"], rows.map(columns).collect())
    };
    output::print(format, &Value::Array(told), table)?;
    for taken in taken {
        if !taken.left_out.is_empty() {
            eprintln!(
                "Key {}: left out aliases that mean something else here: {}.",
                taken.id,
                taken.left_out.join(", ")
            );
        }
        if let Some(account) = &taken.former_account {
            let (id, tenant) = (taken.id, &taken.tenant);
            eprintln!(
                "Key {id}: its policy may name account {account}, which tenant `{tenant}` is not; see `keyward policy`."
            );
        }
    }
    if there > 0 {
        eprintln!("{there} were here already, and were left as they are.");
    }
    if !taken.is_empty() {
        let since = incoming.left.to_rfc3339();
        eprintln!("Nobody knows what became of these keys since {since}. Each carries the tag");
        eprintln!("{}={since}; destroy again what was destroyed, and remove the tag from what is checked.", path::MARK);
    }
    Ok(())
}
