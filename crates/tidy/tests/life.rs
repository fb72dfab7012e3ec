//! The life of keys: tables that are golden, sequences of events that vendors' users know, and properties that
//! hold whatever happens in whatever order.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use clock::{DAY, Moment, Steady, Timestamp};
use domain::{
    Algorithm, Authority, Destruction, Event, Fault, Fingerprint, Key, KeyFacts, KeyState, Life, Location, Material,
    ObjectId, Occasion, Origin, Profile, ProtectionLevel, Purpose, Removal, Scope, Use, Version, VersionCause, Window,
    permitted,
};
use proptest::prelude::*;
use tidy::golden;

fn at(day: i64) -> Moment {
    Moment::undisputed(Timestamp(day * DAY), Steady(day * DAY))
}

fn key(origin: Origin) -> Key {
    let first = Version::active(1, Some(Fingerprint([7; 32])), Timestamp(0), VersionCause::Creation);
    Key {
        id: ObjectId([1; 16]),
        tenant: ObjectId([2; 16]),
        location: Location::parse("here").unwrap(),
        ring: "default".into(),
        name: None,
        purpose: Purpose::Encrypt,
        algorithm: Algorithm::Aes256,
        scheme: None,
        origin,
        protection: ProtectionLevel::Software,
        authority: Authority::Native,
        life: Life::ACTIVE,
        primary: 1,
        versions: vec![first],
        rotation: None,
        limits: domain::Limits::NONE,
        rotations_on_demand: 0,
        version_window_seconds: None,
        retired: None,
        access_reasons: None,
        created: Timestamp(0),
        description: String::new(),
        facts: KeyFacts::default(),
        documents: vec![],
    }
}

/// What may be done with a version: `protect process`, or what stands against it.
fn says(key: &Key, version: &Version, usage: Use, now: Moment) -> String {
    match permitted(key, version, usage, now) {
        Ok(()) => "yes".into(),
        Err(fault) => format!("{fault:?}"),
    }
}

#[test]
fn transitions_are_golden() {
    let mut table = String::new();
    for from in KeyState::ALL {
        let to: Vec<_> = KeyState::ALL.into_iter().filter(|to| from.becomes(*to).is_ok()).collect();
        table += &format!("{from:?} -> {to:?}\n");
    }
    golden("tests/golden/transitions.txt", &table);
}

/// Each of the five parts in turn, while everything else about the key is as good as can be.
#[test]
fn what_is_permitted_is_golden() {
    let mut table = String::from("what is not as good as can be: protect / process\n");
    let now = at(10);
    let mut line = |what: String, life: Life, version: Version| {
        let key = Key { life, ..key(Origin::Generated) };
        let (protect, process) = (says(&key, &version, Use::Protect, now), says(&key, &version, Use::Process, now));
        table += &format!("{what}: {protect} / {process}\n");
    };
    let good = key(Origin::Generated).versions[0].clone();
    let in_state = |state| Life { state, destruction: Destruction::None };
    for of_key in KeyState::ALL {
        for of_version in KeyState::ALL {
            let what = format!("{of_key:?} key, {of_version:?} version");
            line(what, in_state(of_key), Version { life: in_state(of_version), ..good.clone() });
        }
    }
    let destruction = Destruction::Scheduled { deadline: at(5).wall, due: at(5).steady, resume_to: KeyState::Active };
    for state in KeyState::ALL {
        let ending = Life { state, destruction };
        line(format!("{state:?} key to be destroyed"), ending, good.clone());
        line(format!("{state:?} version to be destroyed"), Life::ACTIVE, Version { life: ending, ..good.clone() });
    }
    let removed = [Removal::Deleted, Removal::Expired, Removal::Destroyed].map(Material::Removed);
    let failed = [domain::FailureReason::Generation, domain::FailureReason::Import].map(Material::Failed);
    let held = [9, 10, 11].map(|day| Material::Held { expires: Some(at(day).wall) });
    for material in [Material::Awaited].into_iter().chain(removed).chain(failed).chain(held) {
        line(format!("{material:?}"), Life::ACTIVE, Version { material, ..good.clone() });
    }
    for (from, until) in [(Some(10), Some(11)), (Some(11), None), (None, Some(10)), (Some(9), Some(10))] {
        let window = Window { from: from.map(|day| at(day).wall), until: until.map(|day| at(day).wall) };
        line(format!("on day 10, window {from:?} to {until:?}"), Life::ACTIVE, Version { window, ..good.clone() });
    }
    golden("tests/golden/permitted.txt", &table);
}

/// What each profile refuses, by occasion, before and after the dates on which it changes its mind.
#[test]
fn profiles_are_golden_by_date() {
    let occasions = [
        Occasion::Creation(Origin::Generated),
        Occasion::Import,
        Occasion::Use(Use::Protect),
        Occasion::Use(Use::Process),
    ];
    let mut table = String::new();
    for profile in Profile::ALL {
        for date in ["2026-11-25", "2030-12-31", "2031-01-01", "2040-01-01"] {
            for occasion in occasions {
                let now = Timestamp::parse(date).unwrap();
                let refused = Algorithm::ALL.iter().filter(|one| profile.admits(**one, occasion, now).is_err());
                let names: Vec<_> = refused.map(|one| one.name()).collect();
                table += &format!("{} {date} {occasion:?} refuses: {}\n", profile.name(), names.join(", "));
            }
        }
    }
    golden("tests/golden/profiles.txt", &table);
}

/// A sentence about what happens: `1 imports 7`, `key ends on 30 else Suspended`.
fn event(words: &[&str]) -> Event {
    let state = |word: &str| KeyState::ALL.into_iter().find(|state| format!("{state:?}") == word).unwrap();
    let day = |word: &str| word.parse::<i64>().ok().map(|day| at(day).wall);
    let scope = if words[0] == "key" { Scope::Key } else { Scope::Version(words[0].parse().unwrap()) };
    let version = words[0].parse().unwrap_or(0);
    let print = |word: &str| Fingerprint([word.parse().unwrap(); 32]);
    let import =
        |print: Fingerprint, expires, activate| Event::Import { version, fingerprint: print, expires, activate };
    match words[1..] {
        ["becomes", to] => Event::Enter(scope, state(to)),
        ["rotates", "former", former] => {
            Event::Rotate { former: state(former), fingerprint: Fingerprint([9; 32]), cause: VersionCause::Demand }
        }
        ["is", "primary"] => Event::MakePrimary(version),
        ["lasts", from, until] => Event::SetWindow(version, Window { from: day(from), until: day(until) }),
        ["ends", "on", deadline, "else", resume_to] => {
            let deadline = at(deadline.parse().unwrap());
            let resume_to = state(resume_to);
            Event::ScheduleDestruction { scope, deadline: deadline.wall, due: deadline.steady, resume_to }
        }
        ["is", "spared"] => Event::CancelDestruction(scope),
        ["ends"] => Event::Destroy(scope),
        ["imports", material] => import(print(material), None, false),
        ["imports", material, "anew"] => import(print(material), None, true),
        ["imports", material, "until", until] => import(print(material), day(until), false),
        ["loses", "material"] => Event::Remove(version, Removal::Deleted),
        ["expires"] => Event::Remove(version, Removal::Expired),
        _ => panic!("nobody says {words:?}"),
    }
}

/// `Active; 1*: Active (yes/yes)`.
fn life_in_words(key: &Key, now: Moment) -> String {
    let life = |life: &Life| match life.destruction {
        Destruction::None => format!("{:?}", life.state),
        Destruction::Scheduled { deadline, .. } => format!("{:?} until day {}", life.state, deadline.0 / DAY),
    };
    let short = |version: &Version, usage| if permitted(key, version, usage, now).is_ok() { "yes" } else { "no" };
    let versions = key.versions.iter().map(|version| {
        let primary = if version.number == key.primary { "*" } else { "" };
        let material = match version.material {
            Material::Held { .. } => String::new(),
            gone => format!(" {gone:?}"),
        };
        let (protect, process) = (short(version, Use::Protect), short(version, Use::Process));
        format!("{}{primary}: {}{material} ({protect}/{process})", version.number, life(&version.life))
    });
    format!("{}; {}", life(&key.life), versions.collect::<Vec<_>>().join(", "))
}

fn retell(path: &str) {
    let (mut retold, mut subject, mut now) = (String::new(), key(Origin::Generated), at(0));
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let asked = line.split(" -> ").next().unwrap();
        let words: Vec<&str> = asked.split(' ').collect();
        let told = match words[..] {
            ["" | "#", ..] => String::new(),
            ["generated"] => {
                (subject, now) = (key(Origin::Generated), at(0));
                String::new()
            }
            ["imported"] => {
                (subject, now) = (key(Origin::Imported), at(0));
                String::new()
            }
            ["day", day] => {
                now = at(day.parse().unwrap());
                life_in_words(&subject, now)
            }
            _ => match subject.clone().after(event(&words), now) {
                Ok(after) => {
                    subject = after;
                    life_in_words(&subject, now)
                }
                Err(fault) => format!("no: {fault}"),
            },
        };
        retold += &if told.is_empty() { format!("{asked}\n") } else { format!("{asked} -> {told}\n") };
    }
    golden(path, &retold);
}

#[test]
fn vendors_sequences_are_golden() {
    retell("tests/golden/lives.txt");
}

fn any_state() -> impl Strategy<Value = KeyState> {
    proptest::sample::select(KeyState::ALL.to_vec())
}

fn any_scope() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::Key), (1..4_u32).prop_map(Scope::Version)]
}

fn any_window() -> impl Strategy<Value = Window> {
    let day = || proptest::option::of((0..40_i64).prop_map(|day| at(day).wall));
    (day(), day()).prop_map(|(from, until)| Window { from, until })
}

fn any_event() -> impl Strategy<Value = Event> {
    let print = || (6..9_u8).prop_map(|byte| Fingerprint([byte; 32]));
    let former = prop_oneof![Just(KeyState::Active), Just(KeyState::Deactivated)];
    let removal = prop_oneof![Just(Removal::Deleted), Just(Removal::Expired), Just(Removal::Destroyed)];
    let expires = proptest::option::of((0..40_i64).prop_map(|day| at(day).wall));
    prop_oneof![
        (any_scope(), any_state()).prop_map(|(scope, state)| Event::Enter(scope, state)),
        (former, print()).prop_map(|(former, fingerprint)| Event::Rotate {
            former,
            fingerprint,
            cause: VersionCause::Demand
        }),
        (1..4_u32).prop_map(Event::MakePrimary),
        (1..4_u32, any_window()).prop_map(|(version, window)| Event::SetWindow(version, window)),
        (any_scope(), 0..30_i64, prop_oneof![Just(KeyState::Active), Just(KeyState::Suspended)]).prop_map(
            |(scope, day, resume_to)| Event::ScheduleDestruction {
                scope,
                deadline: at(day).wall,
                due: at(day).steady,
                resume_to
            }
        ),
        any_scope().prop_map(Event::CancelDestruction),
        any_scope().prop_map(Event::Destroy),
        any_scope().prop_map(Event::Bury),
        (1..4_u32, print(), expires, any::<bool>()).prop_map(|(version, fingerprint, expires, activate)| {
            Event::Import { version, fingerprint, expires, activate }
        }),
        (1..4_u32, removal).prop_map(|(version, why)| Event::Remove(version, why)),
    ]
}

fn any_life() -> impl Strategy<Value = (Origin, Vec<(Event, i64)>)> {
    let origin = prop_oneof![Just(Origin::Generated), Just(Origin::Imported)];
    (origin, proptest::collection::vec((any_event(), 0..4_i64), 1..40))
}

/// Each step of a life: before, what happened, after. A refused event changes nothing.
fn steps(origin: Origin, events: &[(Event, i64)]) -> Vec<(Key, Event, Result<Key, Fault>, Moment)> {
    let (mut subject, mut day, mut steps) = (key(origin), 0, Vec::new());
    for (event, days) in events {
        day += days;
        let after = subject.clone().after(*event, at(day));
        steps.push((subject.clone(), *event, after.clone(), at(day)));
        subject = after.unwrap_or(subject);
    }
    steps
}

fn works(key: &Key, now: Moment) -> usize {
    let uses = [Use::Protect, Use::Process];
    let allowed = |version: &Version| uses.iter().filter(|usage| permitted(key, version, **usage, now).is_ok()).count();
    key.versions.iter().map(allowed).sum()
}

proptest! {
    #[test]
    fn nothing_leaves_destroyed((origin, events) in any_life()) {
        for (before, _, after, _) in steps(origin, &events) {
            let Ok(after) = after else { continue };
            if before.life.state == KeyState::Destroyed {
                prop_assert_eq!(after.life.state, KeyState::Destroyed);
                prop_assert_eq!(works(&after, at(0)), 0);
            }
            for (was, is) in before.versions.iter().zip(&after.versions) {
                prop_assert!(was.life.state != KeyState::Destroyed || is.life.state == KeyState::Destroyed);
            }
        }
    }

    #[test]
    fn what_is_buried_is_at_its_end_at_once((origin, events) in any_life()) {
        for (_, event, after, now) in steps(origin, &events) {
            let (Event::Bury(scope), Ok(after)) = (event, after) else { continue };
            let meant = |number| scope == Scope::Key || scope == Scope::Version(number);
            for version in after.versions.iter().filter(|version| meant(version.number)) {
                let held = matches!(version.material, Material::Held { .. });
                prop_assert!(!held);
                prop_assert!(permitted(&after, version, Use::Process, now).is_err());
            }
            prop_assert!(scope != Scope::Key || after.life.state == KeyState::Destroyed);
        }
    }

    #[test]
    fn what_was_compromised_never_protects_again((origin, events) in any_life()) {
        let mut compromised = std::collections::BTreeSet::new();
        for (_, _, after, now) in steps(origin, &events) {
            let Ok(after) = after else { continue };
            for version in &after.versions {
                if version.life.state == KeyState::Compromised {
                    compromised.insert(version.number);
                }
                if compromised.contains(&version.number) {
                    prop_assert!(permitted(&after, version, Use::Protect, now).is_err());
                }
            }
        }
    }

    #[test]
    fn sparing_gives_nobody_more_than_they_had((origin, events) in any_life()) {
        let mut ordered: Option<Key> = None;
        for (before, event, after, now) in steps(origin, &events) {
            let Ok(after) = after else { continue };
            match (event, &ordered) {
                (Event::ScheduleDestruction { scope: Scope::Key, .. }, _) => ordered = Some(before),
                (Event::CancelDestruction(Scope::Key), Some(had)) => {
                    prop_assert!(works(&after, now) <= works(had, now));
                    ordered = None;
                }
                (Event::Bury(Scope::Key), _) => ordered = None,
                // A version may be spared while its key is not yet.
                (Event::CancelDestruction(Scope::Version(_)), Some(had)) => {
                    ordered = Some(had.clone().after(event, now).unwrap_or_else(|_| had.clone()));
                }
                (Event::CancelDestruction(Scope::Key) | Event::Destroy(Scope::Key), None) => prop_assert!(false),
                _ => {}
            }
        }
    }

    #[test]
    fn what_is_permitted_has_a_life_and_its_material((origin, events) in any_life()) {
        for (_, _, after, now) in steps(origin, &events) {
            let Ok(after) = after else { continue };
            for version in &after.versions {
                for usage in [Use::Protect, Use::Process] {
                    if permitted(&after, version, usage, now).is_err() {
                        continue;
                    }
                    let held = matches!(version.material.at(now), Material::Held { .. });
                    prop_assert!(held);
                    for life in [after.life, version.life] {
                        prop_assert_eq!(life.destruction, Destruction::None);
                        let active = life.state == KeyState::Active;
                        prop_assert!(active || (usage == Use::Process && life.state == KeyState::Deactivated));
                    }
                }
            }
        }
    }

    #[test]
    fn what_may_protect_may_process((origin, events) in any_life()) {
        for (_, _, after, now) in steps(origin, &events) {
            let Ok(after) = after else { continue };
            for version in &after.versions {
                let protects = permitted(&after, version, Use::Protect, now).is_ok();
                prop_assert!(!protects || permitted(&after, version, Use::Process, now).is_ok());
            }
        }
    }

    #[test]
    fn only_the_identical_material_returns((origin, events) in any_life()) {
        for (before, event, after, _) in steps(origin, &events) {
            let Ok(after) = after else { continue };
            for (was, is) in before.versions.iter().zip(&after.versions) {
                let gone = matches!(was.material, Material::Removed(_));
                let back = matches!(is.material, Material::Held { .. });
                if gone && back {
                    prop_assert_eq!(origin, Origin::Imported);
                    prop_assert_eq!(was.fingerprint, is.fingerprint);
                    let imported = matches!(event, Event::Import { .. });
                    prop_assert!(imported);
                }
            }
        }
    }

    #[test]
    fn destruction_waits_for_its_deadline((origin, events) in any_life()) {
        for (before, event, after, now) in steps(origin, &events) {
            if let (Event::Destroy(Scope::Key), Ok(after)) = (event, after) {
                let Destruction::Scheduled { due, .. } = before.life.destruction else {
                    return Err(TestCaseError::fail("it was not scheduled"));
                };
                prop_assert!(due <= now.steady);
                prop_assert_eq!(after.life.state, KeyState::Destroyed);
                prop_assert!(after.versions.iter().all(|one| matches!(one.material, Material::Removed(_) | Material::Awaited)));
            }
        }
    }

    #[test]
    fn numbers_of_versions_are_never_used_twice((origin, events) in any_life()) {
        for (before, _, after, _) in steps(origin, &events) {
            let Ok(after) = after else { continue };
            let numbers: Vec<_> = after.versions.iter().map(|version| version.number).collect();
            prop_assert_eq!(&numbers, &(1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
            prop_assert!(before.versions.len() <= after.versions.len());
            prop_assert!(after.primary_version().is_ok());
        }
    }
}
