//! What happens by itself: rotations, destructions, expiries and windows, errands, the counts of those who were
//! refused, and a look at the clock. A caller on the same path as everybody else; it decides nothing.

use path::Path;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How often the house looks for what is due.
pub const PERIOD: Duration = Duration::from_secs(1);

/// Until `shutdown` is done. What was missed while the house was closed is caught up once.
pub async fn run(path: Arc<Path>, shutdown: impl Future<Output = ()>) {
    tokio::pin!(shutdown);
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut resumed = false;
    let making = tokio::spawn(make_keys(Arc::clone(&path)));
    let errands = tokio::spawn(run_errands(Arc::clone(&path)));
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            _ = ticks.tick() => {}
        }
        if !resumed && !path.is_sealed() {
            resumed = path.resume_errands().await.is_ok();
        }
        round(&path).await;
    }
    making.abort();
    // What is not done is begun again at the next start.
    errands.abort();
    path.record_refusals().await;
    path.give_back().await;
}

/// Keys that are awaited are made beside everything else: one may take seconds.
async fn make_keys(path: Arc<Path>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match path.generate_due().await {
            Ok(0) => {}
            Ok(made) => tracing::info!(made, "keys were generated"),
            Err(fault) => tracing::warn!(%fault, "which keys are awaited could not be looked up"),
        }
    }
}

/// What follows a destruction is done beside everything else: whoever reads what was there before is waited for.
async fn run_errands(path: Arc<Path>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        path.run_errands().await;
    }
}

/// One look at what is due.
async fn round(path: &Path) {
    path.watch_clock();
    path.record_refusals().await;
    match path.do_due().await {
        Ok(0) => {}
        Ok(done) => tracing::info!(done, "what was due is done"),
        Err(fault) => tracing::warn!(%fault, "what is due could not be looked up"),
    }
    if let Err(fault) = path.walk() {
        tracing::warn!(%fault, "the walk over all rows waits");
    }
    if let Err(fault) = path.keep_retention().await {
        tracing::warn!(%fault, "the log could not be pruned");
    }
}
