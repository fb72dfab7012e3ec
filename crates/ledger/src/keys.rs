//! The hierarchy: root key ▸ site KEK ▸ tenant KEKs ▸ everything else.

use crate::row::NONE;
use crate::{Change, StoredRow};
use crypto::{SealKey, Sealer, SigningKey};
use domain::{
    Fault, Key, KeyMaterial, LogKey, NameKind, Object, ObjectId, Profile, RowId, SITE_TENANT, Table, Tenant,
    WrappedKek, id_from_digest,
};
use quick_cache::sync::Cache;
use secret::{Held, Secret};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a store says of its site without any key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFacts {
    pub site: [u8; 16],
    /// Names the log in checkpoints.
    pub origin: String,
}

/// A tenant's key-encryption key, ready to work.
pub(crate) struct TenantKeys {
    kek: SealKey,
    sealer: Sealer,
    /// The one before, while what it has sealed is sealed anew.
    former: Option<SealKey>,
}

impl TenantKeys {
    pub(crate) fn new(bytes: &Held, former: Option<&Held>) -> Result<Self, Fault> {
        let kek = seal_key(bytes, 0)?;
        let sealer = Sealer::new(&kek).map_err(|_| Fault::Unavailable)?;
        let former = former.map(|former| seal_key(former, 0)).transpose()?;
        Ok(Self { kek, sealer, former })
    }

    /// Opens what either key has sealed.
    fn open(&self, associated: &[u8], blob: &[u8]) -> Option<Secret> {
        self.kek.open(associated, blob).ok().or_else(|| self.open_former(associated, blob))
    }

    /// Whether the newest key has sealed it.
    pub(crate) fn is_newest(&self, associated: &[u8], blob: &[u8]) -> bool {
        self.kek.open(associated, blob).is_ok()
    }

    /// Opens what the key before has sealed.
    pub(crate) fn open_former(&self, associated: &[u8], blob: &[u8]) -> Option<Secret> {
        self.former.as_ref()?.open(associated, blob).ok()
    }

    /// Seals under the key before; none where there is none.
    pub(crate) fn seal_former(&self, associated: &[u8], plaintext: &Secret) -> Option<Vec<u8>> {
        let sealer = Sealer::new(self.former.as_ref()?).ok()?;
        plaintext.expose(|bytes| sealer.seal(associated, bytes)).ok()
    }
}

/// The site's KEK, and the one before while the root key is being rotated.
pub(crate) struct SiteKeks {
    pub(crate) newest: WrappedKek,
    pub(crate) former: Option<WrappedKek>,
}

/// The log key of a tenant and month, ready to work.
pub(crate) struct LogSealer {
    pub(crate) sealer: Sealer,
    pub(crate) key: SealKey,
}

impl LogSealer {
    pub(crate) fn new(bytes: &Held) -> Result<Self, Fault> {
        let key = seal_key(bytes, 0)?;
        let sealer = Sealer::new(&key).map_err(|_| Fault::Unavailable)?;
        Ok(Self { sealer, key })
    }
}

fn seal_key(bytes: &Held, from: usize) -> Result<SealKey, Fault> {
    let part = bytes.expose(|bytes| bytes.get(from..from + 32).map(Held::keep));
    Ok(SealKey::new(part.ok_or(Fault::Unavailable)?.map_err(|_| Fault::MemoryFull)?))
}

/// Access keys whose rows' ids are remembered at once.
const ACCESS_KEYS_KNOWN_MAX: usize = 4_096;
/// Tenants whose keys are ready at once.
const TENANTS_READY_MAX: usize = 4_096;

/// What the unsealed house can open and seal.
pub(crate) struct Keys {
    pub(crate) facts: SiteFacts,
    site: Arc<TenantKeys>,
    names: SealKey,
    pub(crate) batch_mac: Held,
    pub(crate) signer: SigningKey,
    fingerprints: Held,
    tokens: Held,
    /// Where the rows of access keys are that were found: each request names one.
    access_keys: Cache<Box<str>, ObjectId>,
    tenants: Cache<ObjectId, Arc<TenantKeys>>,
    logs: Cache<(ObjectId, u32), Arc<LogSealer>>,
    /// Which root key, counted from 1, seals the site's KEK.
    root_version: u32,
    /// Rows are being sealed anew: some are still under the KEKs before.
    rotating: AtomicBool,
    /// Another process has begun with a new root key: what this one knows opens nothing new.
    superseded: AtomicBool,
}

const ROW_LABEL: &[u8; 16] = b"keyward row v1\0\0";
/// Bytes of a site's KEK row: the KEK, and a secret that other site-wide keys are derived from.
const SITE_KEK_BYTES: usize = 64;

impl Keys {
    /// A site's KEK has 64 bytes: the KEK of 32, then the site secret of 32, which never changes.
    pub(crate) fn new(facts: SiteFacts, site: &SiteKeks) -> Result<Self, Fault> {
        let SiteKeks { newest: WrappedKek { bytes: site_kek, version, .. }, former } = site;
        let secret = seal_key(site_kek, 32)?;
        let derived = |label: &[u8]| Held::keep(&secret.mac(label, &facts.site)).map_err(|_| Fault::MemoryFull);
        Ok(Self {
            site: Arc::new(TenantKeys::new(site_kek, former.as_ref().map(|former| &former.bytes))?),
            names: SealKey::new(derived(b"keyward names v1")?),
            batch_mac: derived(b"keyward batches v1")?,
            signer: SigningKey::from_seed(derived(b"keyward checkpoints v1")?).map_err(|_| Fault::Unavailable)?,
            fingerprints: derived(b"keyward fingerprints v1")?,
            tokens: derived(b"keyward tokens v1")?,
            access_keys: Cache::new(ACCESS_KEYS_KNOWN_MAX),
            tenants: Cache::new(TENANTS_READY_MAX),
            logs: Cache::new(TENANTS_READY_MAX),
            root_version: *version,
            rotating: AtomicBool::new(former.is_some()),
            superseded: AtomicBool::new(false),
            facts,
        })
    }

    pub(crate) fn root_version(&self) -> u32 {
        self.root_version
    }

    pub(crate) fn is_rotating(&self) -> bool {
        self.rotating.load(Ordering::Relaxed)
    }

    pub(crate) fn is_superseded(&self) -> bool {
        self.superseded.load(Ordering::Relaxed)
    }

    pub(crate) fn site(&self) -> &TenantKeys {
        &self.site
    }

    /// A copy of the key for material's fingerprints, for whoever holds keys in software.
    pub(crate) fn fingerprint_key(&self) -> Result<Held, Fault> {
        self.fingerprints.expose(Held::keep).map_err(|_| Fault::MemoryFull)
    }

    /// What only this site can say of an access token's words.
    pub(crate) fn token_code(&self, words: &[u8]) -> [u8; 32] {
        self.tokens.expose(|key| crypto::hmac_sha256(key, words))
    }

    /// The id of a name's row: nobody without the site's secret can tell the name from it.
    pub(crate) fn name_id(&self, kind: NameKind, tenant: ObjectId, location: &str, text: &str) -> ObjectId {
        let mut message = Vec::with_capacity(32 + location.len() + text.len());
        message.push(kind as u8);
        message.extend_from_slice(&tenant.0);
        message.extend_from_slice(&u32::try_from(location.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend_from_slice(location.as_bytes());
        message.extend_from_slice(text.as_bytes());
        id_from_digest(&self.names.mac(b"name", &message))
    }

    /// The id of an access key's row, by its public half.
    pub(crate) fn access_key_id(&self, text: &str) -> ObjectId {
        let known = self.access_keys.get(text);
        known.unwrap_or_else(|| self.name_id(NameKind::AccessKey, SITE_TENANT, "", text))
    }

    /// Only who was found is worth a place.
    pub(crate) fn learn_access_key(&self, text: &str, id: ObjectId) {
        if self.access_keys.get(text).is_none() {
            self.access_keys.insert(text.into(), id);
        }
    }

    /// The column by which rows of a tenant in a location are listed.
    pub(crate) fn place_id(&self, tenant: ObjectId, location: &str) -> ObjectId {
        id_from_digest(&self.names.mac(b"place", &[tenant.0.as_slice(), location.as_bytes()].concat()))
    }

    pub(crate) fn token_id(&self, principal: ObjectId, token: &str) -> ObjectId {
        id_from_digest(&self.names.mac(b"token", &[principal.0.as_slice(), token.as_bytes()].concat()))
    }

    pub(crate) fn known_tenant(&self, tenant: ObjectId) -> Option<Arc<TenantKeys>> {
        if tenant == SITE_TENANT { Some(Arc::clone(&self.site)) } else { self.tenants.get(&tenant) }
    }

    pub(crate) fn learn_tenant(&self, kek: &WrappedKek) -> Result<Arc<TenantKeys>, Fault> {
        let keys = Arc::new(TenantKeys::new(&kek.bytes, None)?);
        self.tenants.insert(kek.tenant, Arc::clone(&keys));
        Ok(keys)
    }

    pub(crate) fn known_log(&self, tenant: ObjectId, month: u32) -> Option<Arc<LogSealer>> {
        self.logs.get(&(tenant, month))
    }

    pub(crate) fn learn_log(&self, key: &LogKey) -> Result<Arc<LogSealer>, Fault> {
        let sealer = Arc::new(LogSealer::new(&key.bytes)?);
        self.logs.insert((key.tenant, key.month), Arc::clone(&sealer));
        Ok(sealer)
    }

    /// Somebody else changed the row: what is ready of it is made ready again when it is next wanted.
    pub(crate) fn forget(&self, row: &RowId) {
        match row.table {
            Table::Kek if row.id == SITE_TENANT => self.superseded.store(true, Ordering::Relaxed),
            Table::Kek => {
                if *row == former_kek_row(SITE_TENANT) {
                    self.rotating.store(false, Ordering::Relaxed);
                }
                self.tenants.clear();
            }
            // These are kept by tenant and month, which the row's id does not tell.
            Table::LogKey => self.logs.clear(),
            _ => {}
        }
    }

    pub(crate) fn associated(&self, row: RowId, tenant: ObjectId, material: Option<&MaterialFacts>) -> Vec<u8> {
        associated(&self.facts.site, row, tenant, material)
    }

    pub(crate) fn seal(
        &self,
        keys: &TenantKeys,
        row: RowId,
        tenant: ObjectId,
        material: Option<&MaterialFacts>,
        plaintext: &Secret,
    ) -> Result<Vec<u8>, Fault> {
        let associated = self.associated(row, tenant, material);
        plaintext.expose(|bytes| keys.sealer.seal(&associated, bytes)).map_err(|_| Fault::Unavailable)
    }

    pub(crate) fn open(
        &self,
        keys: &TenantKeys,
        row: &StoredRow,
        material: Option<&MaterialFacts>,
    ) -> Result<Secret, Fault> {
        let associated = self.associated(row.id, row.tenant, material);
        keys.open(&associated, &row.blob).ok_or(Fault::Damaged { row: row.id, why: "its seal does not open" })
    }
}

/// What never changes about material, bound into its seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaterialFacts {
    pub(crate) key: ObjectId,
    pub(crate) version: u32,
    pub(crate) algorithm: u16,
    pub(crate) purpose: u8,
}

impl MaterialFacts {
    pub(crate) fn of(key: &Key, version: u32) -> Self {
        let algorithm = key.version(version).map_or(key.algorithm, |version| key.algorithm_of(version));
        Self { key: key.id, version, algorithm: algorithm as u16, purpose: key.purpose as u8 }
    }

    pub(crate) fn of_material(material: &KeyMaterial) -> Self {
        let (algorithm, purpose) = (material.algorithm as u16, material.purpose as u8);
        Self { key: material.key, version: material.version, algorithm, purpose }
    }
}

/// The associated data of a row's seal: what never changes about it.
pub(crate) fn associated(site: &[u8; 16], row: RowId, tenant: ObjectId, material: Option<&MaterialFacts>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    bytes.extend_from_slice(ROW_LABEL);
    bytes.extend_from_slice(site);
    bytes.extend_from_slice(&tenant.0);
    bytes.push(row.table as u8);
    bytes.extend_from_slice(&row.id.0);
    if let Some(facts) = material {
        bytes.extend_from_slice(&facts.key.0);
        bytes.extend_from_slice(&facts.version.to_be_bytes());
        bytes.extend_from_slice(&facts.algorithm.to_be_bytes());
        bytes.push(facts.purpose);
    }
    bytes
}

/// The row of a version's material.
pub(crate) fn material_id(key: ObjectId, version: u32) -> ObjectId {
    id_from_digest(&crypto::sha256(&[b"keyward material".as_slice(), &key.0, &version.to_be_bytes()].concat()))
}

/// The row of a tenant's KEK, or the site's, before the one that is in use: there while rows are sealed anew.
pub(crate) fn former_kek_row(tenant: ObjectId) -> RowId {
    RowId::new(Table::Kek, id_from_digest(&crypto::sha256(&[b"keyward former kek".as_slice(), &tenant.0].concat())))
}

/// The row of what a replaced row was, by that one's hash.
pub(crate) fn past_row(hash: &[u8; 32]) -> RowId {
    RowId::new(Table::Past, id_from_digest(&crypto::sha256(&[b"keyward past".as_slice(), hash].concat())))
}

/// The row of what was given away of a version's limits.
pub(crate) fn budget_id(key: ObjectId, version: u32) -> ObjectId {
    id_from_digest(&crypto::sha256(&[b"keyward budget".as_slice(), &key.0, &version.to_be_bytes()].concat()))
}

/// The row of a tenant's log key of a month.
pub(crate) fn log_key_id(tenant: ObjectId, month: u32) -> ObjectId {
    id_from_digest(&crypto::sha256(&[b"keyward log key".as_slice(), &tenant.0, &month.to_be_bytes()].concat()))
}

/// The clear columns of an object's row.
pub(crate) struct Columns {
    pub(crate) tenant: ObjectId,
    pub(crate) place: ObjectId,
    pub(crate) owner: ObjectId,
    pub(crate) due: i64,
}

impl Keys {
    pub(crate) fn columns(&self, object: &Object, profile: Profile) -> Columns {
        let plain = |tenant| Columns { tenant, place: NONE, owner: NONE, due: i64::MAX };
        match object {
            Object::Tenant(_) | Object::Settings(_) | Object::Kek(_) => plain(SITE_TENANT),
            Object::Principal(principal) => plain(principal.tenant),
            Object::Token(token) => plain(token.tenant),
            Object::LogKey(key) => plain(key.tenant),
            Object::Past(past) => plain(past.tenant),
            Object::AccessKey(key) => Columns { owner: key.principal, ..plain(key.tenant) },
            Object::Budget(budget) => Columns { owner: budget.key, ..plain(budget.tenant) },
            Object::Material(material) => Columns { owner: material.key, ..plain(material.tenant) },
            Object::Keyring(ring) => {
                Columns { place: self.place_id(ring.tenant, &ring.location.0), ..plain(ring.tenant) }
            }
            Object::Name(name) => {
                let place = name.location.as_ref().map_or(NONE, |location| self.place_id(name.tenant, &location.0));
                Columns { place, owner: name.target, ..plain(name.tenant) }
            }
            Object::Key(key) => Columns {
                place: self.place_id(key.tenant, &key.location.0),
                due: key.due(profile).0,
                ..plain(key.tenant)
            },
        }
    }
}

/// Everything a new tenant starts with, as one change: its row, its names and its KEK.
pub struct TenantGrant {
    pub tenant: Arc<Tenant>,
    kek: Arc<WrappedKek>,
}

impl TenantGrant {
    /// Draws the tenant's key-encryption key.
    pub fn draw(tenant: Arc<Tenant>) -> Result<Self, Fault> {
        let kek = WrappedKek { tenant: tenant.id, version: 1, bytes: draw_held::<32>()? };
        Ok(Self { tenant, kek: Arc::new(kek) })
    }

    pub fn change(self) -> Change {
        let id = self.tenant.id;
        Change::none().put(id, Object::Tenant(self.tenant)).put(id, Object::Kek(self.kek))
    }

    /// The rows that [`TenantGrant::change`] makes, to be read as absent first.
    pub fn rows(tenant: ObjectId) -> [RowId; 2] {
        [RowId::new(Table::Tenant, tenant), RowId::new(Table::Kek, tenant)]
    }
}

/// Why nothing was drawn.
struct Undrawn(Fault);

impl From<secret::ArenaFull> for Undrawn {
    fn from(_: secret::ArenaFull) -> Self {
        Self(Fault::MemoryFull)
    }
}

/// Random bytes that are never anywhere but in secret memory.
pub(crate) fn draw_held<const N: usize>() -> Result<Held, Fault> {
    Held::make(N, |place| crypto::fill_random(place).map_err(|_| Undrawn(Fault::Unavailable))).map_err(|why| why.0)
}

/// What follows a site's KEK: another KEK, and the same site secret.
pub(crate) fn next_site_kek(former: &WrappedKek) -> Result<WrappedKek, Fault> {
    let bytes = former.bytes.expose(|former| {
        Held::make(SITE_KEK_BYTES, |place| {
            crypto::fill_random(place).map_err(|_| Undrawn(Fault::Unavailable))?;
            place.iter_mut().zip(former).skip(32).for_each(|(to, from)| *to = *from);
            Ok(())
        })
    });
    let version = former.version.saturating_add(1);
    Ok(WrappedKek { tenant: former.tenant, version, bytes: bytes.map_err(|why: Undrawn| why.0)? })
}

/// A new site's KEK row content.
pub(crate) fn draw_site_kek() -> Result<Held, Fault> {
    draw_held::<SITE_KEK_BYTES>()
}
