//! A store that is really older is believed, for the holder of the recovery key said so. What was destroyed since then
//! stays destroyed, and the entry says what was given up.

use crate::house::removed_material;
use crate::record::{Told, drafted_by_house};
use domain::{Action, Event, Fault, Key, Material, Moment, Object, ObjectId, Reply, RowId, SETTINGS_ID, Scope, Table};
use ledger::{Change, DetailKey, Effects, Outcome, Record, Tombstone, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many keys are marked in one entry.
const KEYS_MARKED_MAX: u32 = 256;
/// The tag that marks a key that was restored although nobody knows what was destroyed since.
pub const MARK: &str = "keyward:destructions-unknown-since";

/// What one entry of a recovery does.
pub struct Given<'a> {
    /// What the entry tells in words.
    pub said: String,
    /// What older copies had and must not bring back.
    pub lost: &'a [Tombstone],
    /// Keys to be marked, and with what.
    pub marked: Option<(&'a [ObjectId], &'a str)>,
}

/// Says that the store was believed, and takes from it what was destroyed. The settings are written as they are: so the
/// entry is a change, and is anchored like any other.
pub fn recovered(told: Told, view: &View, given: &Given<'_>) -> Result<Record, Fault> {
    let now = told.moment;
    let settings = view.settings()?;
    let mut change = Change::none().put(SETTINGS_ID, Object::Settings(settings));
    for (key, grave) in graves(view, given.lost)? {
        change = bury(view, key, &grave, now, change)?;
    }
    for key in given.marked.map_or(&[][..], |(keys, _)| keys) {
        change = mark(view, *key, given.marked.map_or("", |(_, since)| since), change)?;
    }
    let mut draft = drafted_by_house(&told, Action::Recover);
    draft.detail.text(DetailKey::Parameter, &given.said);
    Ok(Outcome::of(draft, Ok(Effects::change(change, Reply::Done))).record)
}

/// What is to be ended of one key.
#[derive(Default)]
struct Grave {
    whole: bool,
    rows: Vec<RowId>,
}

fn graves(view: &View, lost: &[Tombstone]) -> Result<BTreeMap<ObjectId, Grave>, Fault> {
    let mut graves: BTreeMap<ObjectId, Grave> = BTreeMap::new();
    for tombstone in lost {
        match tombstone.row.table {
            Table::Key => graves.entry(tombstone.row.id).or_default().whole = true,
            Table::Material => {
                if let Some(key) = view.owner_of(tombstone.row)? {
                    graves.entry(key).or_default().rows.push(tombstone.row);
                }
            }
            _ => {}
        }
    }
    Ok(graves)
}

fn bury(view: &View, id: ObjectId, grave: &Grave, now: Moment, change: Change) -> Result<Change, Fault> {
    let Some(key) = view.key(id)? else { return Ok(change) };
    // A row of material opens only for whoever says what it is for, so it is read as material.
    for version in key.versions.iter().filter(|version| matches!(version.material, Material::Held { .. })) {
        view.material(&key, version.number)?;
    }
    let mut after = Key::clone(&key);
    if grave.whole {
        after = after.after(Event::Bury(Scope::Key), now)?;
    }
    for version in &key.versions {
        let row = RowId::new(Table::Material, View::material_id(id, version.number));
        if !grave.whole && grave.rows.contains(&row) {
            after = after.after(Event::Bury(Scope::Version(version.number)), now)?;
        }
    }
    if after == *key {
        return Ok(change);
    }
    Ok(change.and(removed_material(&key, &after)).put(id, Object::Key(Arc::new(after))))
}

fn mark(view: &View, id: ObjectId, since: &str, change: Change) -> Result<Change, Fault> {
    let Some(key) = view.key(id)? else { return Ok(change) };
    Ok(change.put(id, Object::Key(Arc::new(marked(&key, since)))))
}

/// The key with the tag that says since when nobody knows.
pub(crate) fn marked(key: &Key, since: &str) -> Key {
    let mut after = Key::clone(key);
    after.facts.tags.retain(|(name, _)| name != MARK);
    after.facts.tags.push((MARK.to_owned(), since.to_owned()));
    after
}

/// How many versions of a key hold material, each of which opens.
pub fn opened_versions(view: &View, id: ObjectId) -> Result<u64, Fault> {
    let Some(key) = view.key(id)? else { return Ok(0) };
    let mut opened = 0_u64;
    for version in key.versions.iter().filter(|version| matches!(version.material, Material::Held { .. })) {
        let row = RowId::new(Table::Material, View::material_id(id, version.number));
        view.material(&key, version.number)?.ok_or(Fault::Damaged { row, why: "it is missing" })?;
        opened = opened.saturating_add(1);
    }
    Ok(opened)
}

/// The next keys of the site that are not destroyed, after one.
pub fn living_keys(view: &View, after: Option<ObjectId>) -> Result<(Vec<ObjectId>, Option<ObjectId>), Fault> {
    let (found, more) = view.list(Table::Key, ledger::Scope::All, after, KEYS_MARKED_MAX)?;
    let last = found.last().map(|(id, _)| *id).filter(|_| more);
    let living = |object: &Object| matches!(object, Object::Key(key) if key.life.state != domain::KeyState::Destroyed);
    Ok((found.into_iter().filter(|(_, object)| living(object)).map(|(id, _)| id).collect(), last))
}
