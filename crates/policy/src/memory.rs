//! Decisions that the next request of the same caller for the same key cannot change. Each is kept with the very
//! rows that it stood on. Rows never change: who changes one puts another in its place, and what was remembered
//! about the former is not found again.

use crate::judge::Verdict;
use crate::library::same;
use domain::{Action, Key, Keyring, ObjectId, Principal, Settings, Tenant};
use quick_cache::sync::Cache;
use std::sync::{Arc, Weak};

/// How many decisions are remembered, about 500 bytes each.
const DECISIONS_MAX: usize = 100_000;

pub(crate) struct Memory(Cache<Question, Arc<Remembered>>);

type Question = (ObjectId, ObjectId, Action);

struct Remembered {
    principal: Weak<Principal>,
    tenant: Weak<Tenant>,
    key: Weak<Key>,
    owner: Weak<Tenant>,
    ring: Option<Weak<Keyring>>,
    settings: Weak<Settings>,
    verdict: Verdict,
}

/// The rows that a decision about a key stands on.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) principal: &'a Arc<Principal>,
    pub(crate) tenant: &'a Arc<Tenant>,
    pub(crate) key: &'a Arc<Key>,
    pub(crate) owner: &'a Arc<Tenant>,
    pub(crate) ring: Option<&'a Arc<Keyring>>,
    pub(crate) settings: &'a Arc<Settings>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self(Cache::new(DECISIONS_MAX))
    }

    pub(crate) fn recall(&self, rows: Rows<'_>, action: Action) -> Option<Verdict> {
        let kept = self.0.get(&(rows.principal.id, rows.key.id, action))?;
        let stands = same(&kept.principal, rows.principal)
            && same(&kept.tenant, rows.tenant)
            && same(&kept.key, rows.key)
            && same(&kept.owner, rows.owner)
            && same_ring(kept.ring.as_ref(), rows.ring)
            && same(&kept.settings, rows.settings);
        stands.then(|| kept.verdict.clone())
    }

    pub(crate) fn keep(&self, rows: Rows<'_>, action: Action, verdict: Verdict) {
        let remembered = Remembered {
            principal: Arc::downgrade(rows.principal),
            tenant: Arc::downgrade(rows.tenant),
            key: Arc::downgrade(rows.key),
            owner: Arc::downgrade(rows.owner),
            ring: rows.ring.map(Arc::downgrade),
            settings: Arc::downgrade(rows.settings),
            verdict,
        };
        self.0.insert((rows.principal.id, rows.key.id, action), Arc::new(remembered));
    }
}

fn same_ring(kept: Option<&Weak<Keyring>>, ring: Option<&Arc<Keyring>>) -> bool {
    match (kept, ring) {
        (Some(kept), Some(ring)) => same(kept, ring),
        (None, None) => true,
        _ => false,
    }
}
