//! What the root key tells about a store that is only read.

use crate::keys::Keys;
use crate::open::open_keys;
use crate::{OpenFault, Reader, StoredBatch};
use crypto::{SealKey, VerifyingKey};

/// A site, opened to be checked: who signs its checkpoints, and the code that each batch must carry.
pub struct Inspector(Keys);

impl Inspector {
    /// Nothing is believed but what the root key opens.
    pub fn open(reader: &dyn Reader, root: &SealKey) -> Result<Self, OpenFault> {
        open_keys(reader, root).map(|(keys, _)| Self(keys))
    }

    pub fn verifier(&self) -> VerifyingKey {
        self.0.signer.public()
    }

    pub fn mac(&self, batch: &StoredBatch) -> [u8; 32] {
        crate::committer::batch_mac(&self.0.batch_mac, batch)
    }
}
