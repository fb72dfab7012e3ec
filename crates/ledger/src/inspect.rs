//! What the root key tells about a store that is only read.

use crate::keys::Keys;
use crate::open::{Roots, check_head, open_keys, recovery_halves};
use crate::view::Shared;
use crate::{OpenFault, Reader, SiteFacts, StoredBatch, Unprojected, View};
use crypto::{SigningKey, VerifyingKey};
use domain::RecoveryHalves;
use std::sync::Arc;

/// A site, opened to be checked: who signs its checkpoints, and the code that each batch must carry.
pub struct Inspector {
    keys: Keys,
}

impl Inspector {
    /// Nothing is believed but what the root key opens.
    pub fn open<'r>(reader: &dyn Reader, root: impl Into<Roots<'r>>) -> Result<Self, OpenFault> {
        let (keys, _) = open_keys(reader, root.into())?;
        Ok(Self { keys })
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

    /// Which root key, counted from 1, seals the site; and whether rows are still under the one before.
    pub fn root_version(&self) -> (u32, bool) {
        (self.keys.root_version(), self.keys.is_rotating())
    }

    /// The recovery key's public halves, as the newest head of the log has them. The store must show one moment.
    pub fn recovery(&self, reader: &dyn Reader) -> Result<Option<RecoveryHalves>, OpenFault> {
        let (tree, _) = check_head(reader, &self.keys)?;
        recovery_halves(reader, &self.keys, tree.state)
    }
}

/// A site as it stands in a snapshot of its store, to be read. A row is believed only with its path to the head of the
/// log, and that head by the site's own code.
pub fn view_snapshot<'r>(reader: Arc<dyn Reader>, root: impl Into<Roots<'r>>) -> Result<View, OpenFault> {
    let (keys, kek_rows) = open_keys(&*reader, root.into())?;
    let (tree, _) = check_head(&*reader, &keys)?;
    let shared = Arc::new(Shared::new(keys, reader, Arc::new(Unprojected), tree.head(), String::new()));
    kek_rows.iter().try_for_each(|row| shared.check_stored(row))?;
    Ok(View::of(shared))
}
