//! Documents, read once. What was read is known by the row that it was read from: a row that changes is another.

use crate::aws::{self, Document, Kind};
use crate::google::Bindings;
use crate::native::Forbids;
use domain::{Authority, Key, Keyring, ObjectId, Principal, Settings, Tenant};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::{Arc, Weak};

/// How many rows' documents are kept ready, of each kind.
const ROWS_MAX: usize = 20_000;
/// How many bytes of different documents' text are kept ready, of each kind. What is read takes several times that.
const TEXT_BYTES_MAX: u64 = 16 * 1_024 * 1_024;
/// What a document counts beside its text, in bytes.
const DOCUMENT_BYTES: u64 = 512;

pub(crate) struct Library {
    texts: [Texts; 2],
    holders: Cache<ObjectId, Arc<Holder>>,
    keys: Cache<ObjectId, Arc<KeyPapers>>,
    tenants: Cache<ObjectId, Arc<(Weak<Tenant>, Forbids)>>,
    bindings: Cache<Box<str>, Option<Arc<Bindings>>, ByText>,
    site: Cache<ObjectId, Arc<(Weak<Settings>, Forbids)>>,
}

type Texts = Cache<Box<str>, Result<Arc<Document>, Arc<str>>, ByText>;

#[derive(Clone)]
struct ByText;

impl<V> Weighter<Box<str>, V> for ByText {
    fn weight(&self, text: &Box<str>, _: &V) -> u64 {
        DOCUMENT_BYTES + text.len() as u64
    }
}

/// A principal's identity policies, and what AWS calls it.
pub(crate) struct Holder {
    row: Weak<Principal>,
    account: Box<str>,
    pub(crate) arn: Box<str>,
    pub(crate) documents: Vec<(Box<str>, Arc<Document>)>,
    /// A document that cannot be read, and why: it may deny anything.
    pub(crate) unreadable: Option<String>,
}

/// A key's policies in AWS's regime, and what AWS calls it.
pub(crate) struct KeyPapers {
    row: Weak<Key>,
    account: Box<str>,
    pub(crate) arn: Box<str>,
    pub(crate) documents: Vec<Arc<Document>>,
    /// The one that may allow, where AWS's regime is the key's authority.
    pub(crate) allowing: Option<Arc<Document>>,
    pub(crate) unreadable: Option<String>,
    /// Who is bound to which role, where Google's regime is the key's authority.
    pub(crate) bindings: Option<Arc<Bindings>>,
}

/// The only name that AWS gives to a key policy that may allow.
const KEY_POLICY: &str = "default";

impl Library {
    pub(crate) fn new() -> Self {
        let texts = || Cache::with_weighter(ROWS_MAX, TEXT_BYTES_MAX, ByText);
        Self {
            texts: [texts(), texts()],
            holders: Cache::new(ROWS_MAX),
            keys: Cache::new(ROWS_MAX),
            tenants: Cache::new(ROWS_MAX),
            bindings: Cache::with_weighter(ROWS_MAX, TEXT_BYTES_MAX, ByText),
            site: Cache::new(1),
        }
    }

    pub(crate) fn holder(&self, principal: &Arc<Principal>, account: &str) -> Arc<Holder> {
        if let Some(kept) =
            self.holders.get(&principal.id).filter(|kept| same(&kept.row, principal) && *kept.account == *account)
        {
            return kept;
        }
        let (mut documents, mut unreadable) = (Vec::new(), None);
        for (name, text) in &principal.documents {
            match self.document(Kind::Identity, text) {
                Ok(document) => documents.push((name.as_str().into(), document)),
                Err(why) => unreadable = Some(format!("identity policy `{name}` cannot be read: {why}")),
            }
        }
        let arn = aws::principal_arn(principal, account).into();
        let holder =
            Arc::new(Holder { row: Arc::downgrade(principal), account: account.into(), arn, documents, unreadable });
        self.holders.insert(principal.id, Arc::clone(&holder));
        holder
    }

    pub(crate) fn key(&self, key: &Arc<Key>, account: &str) -> Arc<KeyPapers> {
        if let Some(kept) = self.keys.get(&key.id).filter(|kept| same(&kept.row, key) && *kept.account == *account) {
            return kept;
        }
        let (mut documents, mut allowing, mut unreadable) = (Vec::new(), None, None);
        for document in key.documents.iter().filter(|document| document.regime == Authority::Aws) {
            match self.document(Kind::Key, &document.text) {
                Ok(read) => {
                    if document.name == KEY_POLICY && key.authority == Authority::Aws {
                        allowing = Some(Arc::clone(&read));
                    }
                    documents.push(read);
                }
                Err(why) => unreadable = Some(format!("key policy `{}` cannot be read: {why}", document.name)),
            }
        }
        let arn = aws::key_arn(&key.location.0, account, key.id).into();
        let bindings = if key.authority == Authority::GoogleIam { self.bindings(&key.documents) } else { None };
        let papers = Arc::new(KeyPapers {
            row: Arc::downgrade(key),
            account: account.into(),
            arn,
            documents,
            allowing,
            unreadable,
            bindings,
        });
        self.keys.insert(key.id, Arc::clone(&papers));
        papers
    }

    /// Who is bound to which role on all keys of a tenant.
    pub(crate) fn project(&self, tenant: &Tenant) -> Option<Arc<Bindings>> {
        self.bindings(&tenant.documents)
    }

    /// Who may act as a service.
    pub(crate) fn service(&self, principal: &Principal) -> Option<Arc<Bindings>> {
        self.bindings(&principal.bindings)
    }

    /// Who is bound to which role on all keys of a ring.
    pub(crate) fn ring(&self, ring: &Keyring) -> Option<Arc<Bindings>> {
        self.bindings(&ring.documents)
    }

    /// Bindings of the same words are the same. What cannot be read binds nobody.
    fn bindings(&self, documents: &[domain::Document]) -> Option<Arc<Bindings>> {
        let text = &documents.iter().find(|document| document.regime == Authority::GoogleIam)?.text;
        if let Some(kept) = self.bindings.get(text.as_str()) {
            return kept;
        }
        let read = Bindings::read(text).ok().map(Arc::new);
        self.bindings.insert(text.as_str().into(), read.clone());
        read
    }

    /// Documents of the same words are the same document, whosever they are.
    fn document(&self, kind: Kind, text: &str) -> Result<Arc<Document>, Arc<str>> {
        let [keys, identities] = &self.texts;
        let texts = if kind == Kind::Key { keys } else { identities };
        if let Some(kept) = texts.get(text) {
            return kept;
        }
        let read = Document::read(text, kind).map(Arc::new).map_err(Arc::from);
        texts.insert(text.into(), read.clone());
        read
    }

    /// The tenant's forbids; nothing where it has none.
    pub(crate) fn tenant(&self, tenant: &Arc<Tenant>) -> Option<Arc<(Weak<Tenant>, Forbids)>> {
        if tenant.forbids.is_empty() {
            return None;
        }
        if let Some(kept) = self.tenants.get(&tenant.id).filter(|kept| same(&kept.0, tenant)) {
            return Some(kept);
        }
        let read = Arc::new((Arc::downgrade(tenant), Forbids::read(&tenant.forbids)));
        self.tenants.insert(tenant.id, Arc::clone(&read));
        Some(read)
    }

    /// The site's forbids; nothing where there are none.
    pub(crate) fn site(&self, settings: &Arc<Settings>) -> Option<Arc<(Weak<Settings>, Forbids)>> {
        if settings.forbids.is_empty() {
            return None;
        }
        let id = domain::SETTINGS_ID;
        if let Some(kept) = self.site.get(&id).filter(|kept| same(&kept.0, settings)) {
            return Some(kept);
        }
        let read = Arc::new((Arc::downgrade(settings), Forbids::read(&settings.forbids)));
        self.site.insert(id, Arc::clone(&read));
        Some(read)
    }
}

/// Whether it is the very row. A row that is gone is no other's: its place is held as long as it is referred to.
pub(crate) fn same<T>(kept: &Weak<T>, row: &Arc<T>) -> bool {
    std::ptr::eq(kept.as_ptr(), Arc::as_ptr(row))
}
