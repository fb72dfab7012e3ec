//! What comes due when wall and steady time do not agree.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::wanted;
use crate::Supplies;
use domain::*;
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_795_564_800_000);
const STEADY: Steady = Steady(100 * DAY);
const YEARS: i64 = 3_650 * DAY;

fn tenant() -> Tenant {
    Tenant {
        id: ObjectId([1; 16]),
        name: "clinic".into(),
        account: "444455556666".into(),
        profile: Profile::Hipaa,
        kind: TenantKind::Ordinary,
        forbids: vec![],
        documents: vec![],
        created: NOW,
    }
}

fn key() -> Key {
    Key {
        id: ObjectId([2; 16]),
        tenant: ObjectId([1; 16]),
        location: Location(Arc::from("here")),
        ring: DEFAULT_RING.into(),
        name: None,
        purpose: Purpose::Encrypt,
        algorithm: Algorithm::Aes256,
        scheme: None,
        origin: Origin::Generated,
        protection: ProtectionLevel::Software,
        authority: Authority::Native,
        life: Life::ACTIVE,
        primary: 1,
        versions: vec![Version::active(1, None, NOW, VersionCause::Creation)],
        rotation: None,
        limits: domain::Limits::NONE,
        rotations_on_demand: 0,
        version_window_seconds: None,
        retired: None,
        access_reasons: None,
        created: NOW,
        description: String::new(),
        facts: KeyFacts::default(),
        documents: vec![],
    }
}

/// What the key wants where the wall is so far ahead of what is expected of it.
fn wants(key: &Key, ahead: i64) -> &'static str {
    let now = Moment { wall: NOW.plus(ahead), steady: STEADY, expected: NOW };
    let asks = wanted(key, &tenant(), &Supplies { now, principal: SITE_TENANT, purse: &crate::Purse::default() });
    match asks.as_slice() {
        [] => "nothing",
        [Ask::DestroyDue { .. }] => "destroy",
        [Ask::WipeExpired { .. }] => "wipe",
        [Ask::CloseWindows { .. }] => "close",
        [Ask::RotateDue { .. }] => "rotate",
        _ => "more than one",
    }
}

fn with(change: impl FnOnce(&mut Key)) -> Key {
    let mut key = key();
    change(&mut key);
    key
}

fn ends(in_millis: i64) -> Key {
    let due = Steady(STEADY.0 + in_millis);
    let destruction = Destruction::Scheduled { deadline: NOW.plus(in_millis), due, resume_to: KeyState::Active };
    with(|key| key.life.destruction = destruction)
}

fn expires(in_millis: i64) -> Key {
    with(|key| key.versions.first_mut().unwrap().material = Material::Held { expires: Some(NOW.plus(in_millis)) })
}

fn closes(in_millis: i64) -> Key {
    let window = Window { from: None, until: Some(NOW.plus(in_millis)) };
    with(|key| key.versions.first_mut().unwrap().window = window)
}

fn rotates(in_millis: i64) -> Key {
    with(|key| {
        key.rotation =
            Some(RotationSchedule { period_seconds: 90 * domain::SECONDS_PER_DAY, next: NOW.plus(in_millis) })
    })
}

#[test]
fn what_cannot_be_undone_is_not_done_early_and_what_can_follows_the_wall() {
    // Due a day from now, or a day ago: with a wall ten years ahead, as expected, ten years behind.
    let table = [
        (ends(DAY), ["nothing", "nothing", "nothing"]),
        (ends(-DAY), ["destroy", "destroy", "destroy"]),
        (expires(DAY), ["nothing", "nothing", "nothing"]),
        (expires(-DAY), ["wipe", "wipe", "wipe"]),
        (closes(DAY), ["nothing", "nothing", "nothing"]),
        (closes(-DAY), ["close", "close", "nothing"]),
        (rotates(DAY), ["rotate", "nothing", "nothing"]),
        (rotates(-DAY), ["rotate", "rotate", "nothing"]),
    ];
    for (key, wanted) in table {
        assert_eq!([YEARS, 0, -YEARS].map(|ahead| wants(&key, ahead)), wanted, "{key:?}");
    }
}

#[test]
fn what_has_expired_by_either_time_serves_nobody() {
    let table = [(expires(DAY), [false, true, true]), (expires(-DAY), [false, false, false])];
    for (key, serves) in table {
        let permits = |ahead| {
            let now = Moment { wall: NOW.plus(ahead), steady: STEADY, expected: NOW };
            permitted(&key, key.primary_version().unwrap(), Use::Process, now).is_ok()
        };
        assert_eq!([YEARS, 0, -YEARS].map(permits), serves, "{key:?}");
    }
}
