//! What the root key tells about a store that is only read.

use crate::keys::{Keys, associated};
use crate::open::site_facts;
use crate::{OpenFault, Reader, StoreFault, StoredBatch, codec};
use crypto::{SealKey, VerifyingKey};
use domain::{Object, RowId, SITE_TENANT, Table};

/// A site, opened to be checked: who signs its checkpoints, and the code that each batch must carry.
pub struct Inspector(Keys);

impl Inspector {
    /// Nothing is believed but what the root key opens.
    pub fn open(reader: &dyn Reader, root: &SealKey) -> Result<Self, OpenFault> {
        let facts = site_facts(reader)?.ok_or(OpenFault::NotFounded)?;
        let row = RowId::new(Table::Kek, SITE_TENANT);
        let stored = reader.row(row).map_err(|StoreFault(why)| OpenFault::Store(why))?.ok_or(OpenFault::NotFounded)?;
        let sealed = associated(&facts.site, row, SITE_TENANT, None);
        let plaintext = root.open(&sealed, &stored.blob).map_err(|_| OpenFault::WrongRootKey)?;
        match codec::decode(&stored, &plaintext) {
            Ok(Object::Kek(kek)) => Ok(Self(Keys::new(facts, &kek.bytes)?)),
            _ => Err(OpenFault::WrongRootKey),
        }
    }

    pub fn verifier(&self) -> VerifyingKey {
        self.0.signer.public()
    }

    pub fn mac(&self, batch: &StoredBatch) -> [u8; 32] {
        crate::committer::batch_mac(&self.0.batch_mac, batch)
    }
}
