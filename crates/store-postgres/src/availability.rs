//! Whether what is acknowledged survives the loss of a machine, looked up again and again.

use crate::link::{Failed, Link};
use crate::target::Target;
use ledger::Availability;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(2);
const SETUP: &str = "SET default_transaction_read_only = on; SET statement_timeout = '5s'";
const SETTINGS: &str = "SELECT current_setting('synchronous_standby_names'), current_setting('fsync'),
    current_setting('full_page_writes')";

/// What was found last.
#[derive(Clone)]
pub(crate) struct Watched(Arc<Mutex<Availability>>);

impl Default for Watched {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Availability::NotHigh("nobody has asked the database yet".to_owned()))))
    }
}

impl Watched {
    pub(crate) fn last(&self) -> Availability {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Looks until nobody wants to know any more.
pub(crate) async fn watch(target: Arc<Target>, watched: Watched) {
    let kept: Weak<Mutex<Availability>> = Arc::downgrade(&watched.0);
    drop(watched);
    let mut link = None;
    loop {
        let found = look(&target, &mut link).await.unwrap_or_else(|failed| {
            link = None;
            Availability::NotHigh(failed.reason)
        });
        match kept.upgrade() {
            Some(kept) => *kept.lock().unwrap_or_else(PoisonError::into_inner) = found,
            None => return,
        }
        tokio::time::sleep(PERIOD).await;
    }
}

async fn look(target: &Target, link: &mut Option<Link>) -> Result<Availability, Failed> {
    let open = match link.take() {
        Some(open) => open,
        None => Link::open(target, SETUP).await?,
    };
    let row = open.client.query_one(SETTINGS, &[]).await?;
    *link = Some(open);
    let (standbys, fsync, pages): (&str, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(judge(standbys, fsync, pages))
}

/// With a name in `synchronous_standby_names` a commit waits for a standby, so what is acknowledged has one.
fn judge(standbys: &str, fsync: &str, pages: &str) -> Availability {
    match (standbys.trim(), fsync, pages) {
        (_, "off", _) => Availability::NotHigh("fsync is off: a power cut loses what was acknowledged".to_owned()),
        (_, _, "off") => Availability::NotHigh("full_page_writes is off: a power cut may tear pages".to_owned()),
        ("", _, _) => Availability::NotHigh("no synchronous standby: synchronous_standby_names is empty".to_owned()),
        _ => Availability::High,
    }
}
