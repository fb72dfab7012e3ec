//! Whether all is there, for whoever has restored a site.

use crate::Path;
use domain::Fault;

impl Path {
    /// Opens the material of every version of every key. How many there are; the first that does not open is the error.
    pub fn open_all_material(&self) -> Result<u64, Fault> {
        let house = self.house.load_full().ok_or(Fault::Unavailable)?;
        let (mut after, mut opened) = (None, 0_u64);
        loop {
            let view = house.ledger.view();
            let (keys, next) = engine::living_keys(&view, after)?;
            for id in keys {
                opened = opened.saturating_add(engine::opened_versions(&view, id)?);
            }
            after = next;
            if after.is_none() {
                return Ok(opened);
            }
        }
    }
}
