//! What the root key tells about a store that is only read.

use crate::keys::Keys;
use crate::open::{open_keys, recovery_halves};
use crate::{OpenFault, Reader, SiteFacts, StoredBatch};
use crypto::{SealKey, SigningKey, VerifyingKey};
use domain::RecoveryHalves;

/// A site, opened to be checked: who signs its checkpoints, and the code that each batch must carry.
pub struct Inspector {
    keys: Keys,
    recovery: Option<RecoveryHalves>,
}

impl Inspector {
    /// Nothing is believed but what the root key opens.
    pub fn open(reader: &dyn Reader, root: &SealKey) -> Result<Self, OpenFault> {
        let (keys, _) = open_keys(reader, root)?;
        let recovery = recovery_halves(reader, &keys)?;
        Ok(Self { keys, recovery })
    }

    pub fn verifier(&self) -> VerifyingKey {
        self.keys.signer.public()
    }

    pub fn mac(&self, batch: &StoredBatch) -> [u8; 32] {
        crate::committer::batch_mac(&self.keys.batch_mac, batch)
    }

    pub fn facts(&self) -> &SiteFacts {
        &self.keys.facts
    }

    /// Who signs the site's checkpoints, anchors and backups.
    pub fn signer(&self) -> &SigningKey {
        &self.keys.signer
    }

    /// The recovery key's public halves.
    pub fn recovery(&self) -> Option<RecoveryHalves> {
        self.recovery
    }
}
