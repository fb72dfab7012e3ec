//! The list of those who are known, for whoever verifies.

use domain::{Fault, ObjectId, RowId, Settled, Table, Unavailable};
use identity::{Directory, Known};
use ledger::View;

pub(crate) struct Roll<'v>(pub(crate) &'v View);

impl Directory for Roll<'_> {
    fn access_key(&self, id: &str) -> Result<Option<Known>, Unavailable> {
        self.known(id).or_else(|fault| match fault {
            Fault::Damaged { row, why } => {
                tracing::error!(table = ?row.table, id = %row.id, why, "a row of a credential is damaged");
                match row.table {
                    // It vouches for nobody: a caller can be known by it no more than by one that never was.
                    Table::AccessKey => Ok(None),
                    // The credential is there, and whose it is cannot be read.
                    _ => Err(Unavailable::Damaged { row, why }),
                }
            }
            _ => Err(Unavailable::Store),
        })
    }

    fn principal(&self, id: ObjectId) -> Result<Option<Settled>, Unavailable> {
        self.whole(id).map_err(|fault| match fault {
            Fault::Damaged { row, why } => Unavailable::Damaged { row, why },
            _ => Unavailable::Store,
        })
    }

    fn token_code(&self, words: &[u8]) -> [u8; 32] {
        self.0.token_code(words)
    }
}

impl Roll<'_> {
    fn whole(&self, id: ObjectId) -> Result<Option<Settled>, Fault> {
        let Some(principal) = self.0.principal(id)? else { return Ok(None) };
        Ok(self.0.tenant(principal.tenant)?.map(|tenant| (principal, tenant)))
    }

    fn known(&self, id: &str) -> Result<Option<Known>, Fault> {
        let view = self.0;
        let Some(access_key) = view.access_key(id)? else { return Ok(None) };
        let Some(principal) = view.principal(access_key.principal)? else { return Ok(None) };
        let Some(tenant) = view.tenant(access_key.tenant)? else { return Ok(None) };
        let revision = view.revision(RowId::new(Table::AccessKey, view.access_key_id(id)));
        Ok(Some(Known { access_key, principal, tenant, revision }))
    }
}
