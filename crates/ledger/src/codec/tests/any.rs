//! Any object at all.

#![allow(clippy::unwrap_used, reason = "tests")]

use domain::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use secret::Held;
use std::sync::Arc;

fn ids() -> impl Strategy<Value = ObjectId> {
    any::<[u8; 16]>().prop_map(ObjectId)
}

fn times() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn texts() -> impl Strategy<Value = String> {
    any::<String>()
}

fn locations() -> impl Strategy<Value = Location> {
    "[a-z0-9-]{1,64}".prop_map(|text| Location(text.into()))
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((texts(), texts()), 0..4)
}

/// What becomes a secret.
fn secrets() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=secret::HELD_BYTES_MAX)
}

fn held(bytes: &[u8]) -> Held {
    Held::keep(bytes).unwrap()
}

fn tenants() -> impl Strategy<Value = Tenant> {
    let kind = select(vec![TenantKind::Site, TenantKind::Ordinary]);
    let profile = select(vec![Profile::Default, Profile::Hipaa]);
    (ids(), texts(), texts(), profile, kind, (pairs(), vec(documents(), 0..2)), times()).prop_map(
        |(id, name, account, profile, kind, (forbids, documents), created)| Tenant {
            id,
            name,
            account,
            profile,
            kind,
            forbids,
            documents,
            created,
        },
    )
}

fn keyrings() -> impl Strategy<Value = Keyring> {
    (ids(), ids(), locations(), texts(), vec(documents(), 0..2), times()).prop_map(
        |(id, tenant, location, name, documents, created)| Keyring { id, tenant, location, name, documents, created },
    )
}

fn names() -> impl Strategy<Value = NameRow> {
    let kind = select((1..=8).filter_map(NameKind::from_number).collect::<Vec<_>>());
    (kind, ids(), proptest::option::of(locations()), texts(), ids(), times(), times()).prop_map(
        |(kind, tenant, location, text, target, created, changed)| NameRow {
            kind,
            tenant,
            location,
            text,
            target,
            created,
            changed,
        },
    )
}

fn tokens() -> impl Strategy<Value = TokenRow> {
    (ids(), ids(), texts(), any::<[u8; 32]>(), ids(), times())
        .prop_map(|(principal, tenant, token, asked, made, at)| TokenRow { principal, tenant, token, asked, made, at })
}

fn settings() -> impl Strategy<Value = Settings> {
    let halves = any::<Option<([u8; 32], [u8; 32])>>();
    let halves = halves.prop_map(|halves| halves.map(|(verify, seal)| domain::RecoveryHalves { verify, seal }));
    let clock = any::<Option<(i64, i64)>>()
        .prop_map(|clock| clock.map(|(offset, least)| domain::Agreed { offset, least: domain::Steady(least) }));
    let universe = proptest::option::of(texts());
    (any::<Option<u32>>(), any::<u32>(), select(Authority::ALL.to_vec()), pairs(), halves, (clock, universe)).prop_map(
        |(retention_months, signature_window_seconds, native_authority, forbids, recovery, (clock, universe))| {
            Settings {
                retention_months,
                signature_window_seconds,
                native_authority,
                forbids,
                recovery,
                clock,
                universe,
            }
        },
    )
}

fn standings() -> impl Strategy<Value = Standing> {
    select(vec![Standing::Active, Standing::Suspended, Standing::Removed])
}

fn roles() -> impl Strategy<Value = RoleAssignment> {
    let scope =
        prop_oneof![Just(RoleScope::Tenant), texts().prop_map(RoleScope::Ring), ids().prop_map(RoleScope::Key),];
    (select(Role::ALL.to_vec()), scope).prop_map(|(role, scope)| RoleAssignment { role, scope })
}

fn principals() -> impl Strategy<Value = Principal> {
    let kind = select(vec![PrincipalKind::Person, PrincipalKind::Service, PrincipalKind::Root]);
    let belongings = (vec(roles(), 0..4), pairs(), vec(texts(), 0..3), vec(documents(), 0..2));
    (ids(), ids(), texts(), kind, standings(), belongings, times()).prop_map(
        |(id, tenant, name, kind, standing, (roles, documents, access_keys, bindings), created)| Principal {
            id,
            tenant,
            name,
            kind,
            standing,
            roles,
            documents,
            access_keys,
            bindings,
            created,
        },
    )
}

fn access_keys() -> impl Strategy<Value = Shown> {
    let audience = proptest::option::of(texts());
    let outside = proptest::option::of((texts(), texts(), texts()));
    let outside = outside.prop_map(|one| one.map(|(issuer, subject, key_id)| Outside { issuer, subject, key_id }));
    (texts(), ids(), ids(), standings(), secrets(), any::<bool>(), (audience, outside), times()).prop_map(
        |(id, principal, tenant, standing, bytes, is_public, (audience, outside), created)| {
            let half = match is_public {
                true => Half::Public(PublicHalf { key: bytes, audience, outside }),
                false => Half::Secret(held(&bytes)),
            };
            Shown(Object::AccessKey(Arc::new(AccessKey { id, principal, tenant, standing, half, created })))
        },
    )
}

fn materials() -> impl Strategy<Value = Shown> {
    let bytes = vec(any::<u8>(), 0..2_400);
    (ids(), ids(), any::<u32>(), select(Algorithm::ALL), select(Purpose::ALL.to_vec()), bytes).prop_map(
        |(key, tenant, version, algorithm, purpose, bytes)| {
            let (bytes, ready) = (secret::Kept::keep(&bytes).unwrap(), Ready::default());
            Shown(Object::Material(Arc::new(KeyMaterial { key, tenant, version, algorithm, purpose, bytes, ready })))
        },
    )
}

fn keks() -> impl Strategy<Value = Shown> {
    (ids(), any::<u32>(), secrets()).prop_map(|(tenant, version, bytes)| {
        Shown(Object::Kek(Arc::new(WrappedKek { tenant, version, bytes: held(&bytes) })))
    })
}

fn log_keys() -> impl Strategy<Value = Shown> {
    (ids(), any::<u32>(), secrets()).prop_map(|(tenant, month, bytes)| {
        Shown(Object::LogKey(Arc::new(LogKey { tenant, month, bytes: held(&bytes) })))
    })
}

fn budgets() -> impl Strategy<Value = Shown> {
    (ids(), ids(), any::<u32>(), any::<u64>(), any::<u64>()).prop_map(|(key, tenant, version, uses, bytes)| {
        Shown(Object::Budget(Arc::new(Budget { key, tenant, version, given: Amount { uses, bytes } })))
    })
}

fn pasts() -> impl Strategy<Value = Shown> {
    (ids(), any::<u64>(), vec(any::<u8>(), 0..100))
        .prop_map(|(tenant, until, content)| Shown(Object::Past(Arc::new(Past { tenant, until, content }))))
}

fn lives() -> impl Strategy<Value = Life> {
    let states = || select(KeyState::ALL.to_vec());
    let destruction = prop_oneof![
        Just(Destruction::None),
        (times(), any::<i64>(), states()).prop_map(|(deadline, due, resume_to)| Destruction::Scheduled {
            deadline,
            due: Steady(due),
            resume_to
        }),
    ];
    (states(), destruction).prop_map(|(state, destruction)| Life { state, destruction })
}

fn material_states() -> impl Strategy<Value = Material> {
    prop_oneof![
        Just(Material::Awaited),
        select(vec![FailureReason::Generation, FailureReason::Import]).prop_map(Material::Failed),
        proptest::option::of(times()).prop_map(|expires| Material::Held { expires }),
        select(vec![Removal::Deleted, Removal::Expired, Removal::Destroyed]).prop_map(Material::Removed),
    ]
}

fn versions() -> impl Strategy<Value = Version> {
    let window = (proptest::option::of(times()), proptest::option::of(times()));
    let window = window.prop_map(|(from, until)| Window { from, until });
    let cause = select(vec![VersionCause::Creation, VersionCause::Schedule, VersionCause::Demand]);
    let print = any::<Option<[u8; 32]>>().prop_map(|print| print.map(Fingerprint));
    let public = proptest::option::of(vec(any::<u8>(), 0..300)).prop_map(|public| public.map(Into::into));
    let imported = proptest::option::of((texts(), times()).prop_map(|(job, at)| Imported { job, at }));
    let destroyed = proptest::option::of(times());
    let nature = (
        proptest::option::of(select(Algorithm::ALL)),
        schemes(),
        public,
        imported,
        (destroyed, proptest::option::of(times())),
    );
    (any::<u32>(), lives(), material_states(), print, window, times(), cause, nature).prop_map(
        |(
            number,
            life,
            material,
            fingerprint,
            window,
            created,
            cause,
            (algorithm, scheme, public, imported, (destroyed, deleted)),
        )| {
            Version {
                number,
                life,
                material,
                fingerprint,
                window,
                created,
                cause,
                algorithm,
                scheme,
                public,
                imported,
                destroyed,
                deleted,
            }
        },
    )
}

fn schemes() -> impl Strategy<Value = Option<Scheme>> {
    proptest::option::of(select(Scheme::ALL))
}

fn facts() -> impl Strategy<Value = KeyFacts> {
    let fact = || proptest::option::of(texts());
    (fact(), fact(), fact(), pairs()).prop_map(|(owner, environment, data_class, tags)| KeyFacts {
        owner,
        environment,
        data_class,
        tags,
    })
}

fn documents() -> impl Strategy<Value = Document> {
    (select(Authority::ALL.to_vec()), texts(), texts()).prop_map(|(regime, name, text)| Document { regime, name, text })
}

fn keys() -> impl Strategy<Value = Key> {
    let place = (ids(), ids(), locations(), texts(), proptest::option::of(texts()));
    let levels = vec![ProtectionLevel::Software, ProtectionLevel::Hsm, ProtectionLevel::External];
    let origins = vec![Origin::Generated, Origin::Imported, Origin::External];
    let nature = (
        select(Purpose::ALL.to_vec()),
        (select(Algorithm::ALL), schemes()),
        select(origins),
        select(levels),
        select(Authority::ALL.to_vec()),
    );
    let periods = prop_oneof![any::<u32>(), (0..=36_500_u32).prop_map(|days| days * domain::SECONDS_PER_DAY)];
    let rotation = proptest::option::of((periods, times()));
    let rotation =
        rotation.prop_map(|rotation| rotation.map(|(period_seconds, next)| RotationSchedule { period_seconds, next }));
    let limits = (proptest::option::of(any::<u64>()), proptest::option::of(any::<u64>()));
    let rotation = (rotation, limits, (proptest::option::of(any::<u32>()), proptest::option::of(times()), reasons()));
    let course = (lives(), any::<u32>(), vec(versions(), 0..4), rotation, any::<u32>(), times());
    let words = (texts(), facts(), vec(documents(), 0..3));
    (place, nature, course, words).prop_map(|(place, nature, course, words)| {
        let (id, tenant, location, ring, name) = place;
        let (purpose, (algorithm, scheme), origin, protection, authority) = nature;
        let (
            life,
            primary,
            versions,
            (rotation, (uses, bytes), (version_window_seconds, retired, access_reasons)),
            rotations_on_demand,
            created,
        ) = course;
        let (description, facts, documents) = words;
        Key {
            id,
            tenant,
            location,
            ring,
            name,
            purpose,
            algorithm,
            scheme,
            origin,
            protection,
            authority,
            life,
            primary,
            versions,
            rotation,
            limits: Limits { uses, bytes },
            rotations_on_demand,
            created,
            description,
            facts,
            documents,
            version_window_seconds,
            retired,
            access_reasons,
        }
    })
}

fn reasons() -> impl Strategy<Value = Option<Vec<AccessReason>>> {
    proptest::option::of(vec(select(AccessReason::ALL), 0..4))
}

/// An object that prints as its table: there may be secrets in it.
#[derive(Clone)]
pub(super) struct Shown(pub(super) Object);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Object::Key(key) => key.fmt(f),
            other => other.table().fmt(f),
        }
    }
}

/// An object of any table, with anything in it.
pub(super) fn objects() -> impl Strategy<Value = Shown> {
    prop_oneof![
        tenants().prop_map(|tenant| Shown(Object::Tenant(Arc::new(tenant)))),
        keyrings().prop_map(|ring| Shown(Object::Keyring(Arc::new(ring)))),
        keys().prop_map(|key| Shown(Object::Key(Arc::new(key)))),
        names().prop_map(|name| Shown(Object::Name(Arc::new(name)))),
        principals().prop_map(|principal| Shown(Object::Principal(Arc::new(principal)))),
        tokens().prop_map(|token| Shown(Object::Token(Arc::new(token)))),
        settings().prop_map(|settings| Shown(Object::Settings(Arc::new(settings)))),
        access_keys(),
        materials(),
        keks(),
        log_keys(),
        budgets(),
        pasts(),
    ]
}
