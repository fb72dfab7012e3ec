//! The path is what stands behind the doors.

use crate::{Answered, Door, Kind, Readiness, Sample, Series};
use dialect::{Dialect, Wire};
use domain::{Refusal, RequestId, Unavailable};
use path::{AnchorStanding, Path, Standing};
use std::net::IpAddr;
use std::sync::Arc;

impl Door for Path {
    fn fresh_id(&self) -> RequestId {
        Path::fresh_id(self)
    }

    async fn answer(self: &Arc<Self>, dialect: &Arc<dyn Dialect>, wire: &Wire) -> Answered {
        let path::Answered { response, operation, outcome, refused } = Path::answer(self, &**dialect, wire).await;
        Answered { response, operation, outcome, refused }
    }

    fn refuse(
        &self,
        dialect: &dyn Dialect,
        id: RequestId,
        source: IpAddr,
        refusal: Refusal,
    ) -> http::Response<Vec<u8>> {
        Path::refuse(self, dialect, id, source, refusal)
    }

    fn count(&self, _: RequestId, source: IpAddr, refusal: Refusal) {
        Path::count(self, source, refusal);
    }

    fn unavailable(&self, dialect: &dyn Dialect, id: RequestId, why: Unavailable) -> http::Response<Vec<u8>> {
        Path::word_unavailable(self, dialect, id, why)
    }

    fn readiness(&self) -> Readiness {
        let reason = match self.standing() {
            Standing::Ready => return Readiness { ready: true, reasons: alarms(self) },
            Standing::Sealed => "sealed",
            Standing::StoreDown => "the store takes no writes",
            Standing::StoreAway => "the store does not answer",
            Standing::RootRotated => "the root key was rotated: give this node the new file",
            Standing::PutBack => "the store or its anchor was put back",
            Standing::Draining => "draining",
        };
        Readiness { ready: false, reasons: vec![reason.to_owned()] }
    }

    fn metrics(&self) -> Vec<Series> {
        let counts = self.counts();
        let projected = counts.projections.iter().map(|(projection, upto)| Sample {
            labels: vec![("projection", (*projection).to_owned())],
            value: count_value(*upto),
        });
        let sealed = u64::from(self.is_sealed());
        let clock = self.clock_reading();
        let disputed = u64::from(clock.now.dispute().is_some());
        let mut all = vec![
            single("keyward_log_entries", "Entries in the log.", Kind::Gauge, counts.entries),
            single(
                "keyward_log_signed_entries",
                "Entries below the newest signed checkpoint.",
                Kind::Gauge,
                counts.signed,
            ),
            single("keyward_anchored_entries", "Entries below the anchored head.", Kind::Gauge, counts.anchored),
            single(
                "keyward_anchor_alarm",
                "One while an anchor cannot be written, two while none can: changes are refused then.",
                Kind::Gauge,
                alarm(self.anchors()),
            ),
            single("keyward_sealed", "One while the root key is missing.", Kind::Gauge, sealed),
            Series {
                name: "keyward_log_held_seconds_total",
                help: "How long this process has held the lock of the log's head.",
                kind: Kind::Counter,
                samples: vec![Sample { labels: Vec::new(), value: count_value(counts.held_micros) / 1e6 }],
            },
            single("keyward_clock_disputed", "One while the wall clock is not as agreed.", Kind::Gauge, disputed),
            Series {
                name: "keyward_clock_deviation_seconds",
                help: "How far the wall clock is ahead of what is expected of it.",
                kind: Kind::Gauge,
                samples: vec![Sample { labels: Vec::new(), value: seconds(clock.now.deviation()) }],
            },
            Series {
                name: "keyward_projection_entries",
                help: "Entries that a projection has followed.",
                kind: Kind::Gauge,
                samples: projected.collect(),
            },
        ];
        all.extend(refused(&counts));
        all
    }
}

/// What was not done, and what was found damaged.
fn refused(counts: &path::Counts) -> Vec<Series> {
    vec![
        single(
            "keyward_unavailable_total",
            "Requests answered unavailable, without an entry.",
            Kind::Counter,
            counts.unavailable,
        ),
        single("keyward_conflicts_total", "Requests that lost every race.", Kind::Counter, counts.conflicts),
        single(
            "keyward_damaged_total",
            "Requests refused because something that they need is damaged.",
            Kind::Counter,
            counts.damaged,
        ),
        single(
            "keyward_damaged_rows_total",
            "How often a row was found damaged, also by the walk over all rows.",
            Kind::Counter,
            counts.damages,
        ),
        single("keyward_row_walks_total", "Walks over all rows that have ended.", Kind::Counter, counts.walks),
    ]
}

fn single(name: &'static str, help: &'static str, kind: Kind, value: u64) -> Series {
    Series { name, help, kind, samples: vec![Sample { labels: Vec::new(), value: count_value(value) }] }
}

fn alarm(anchors: AnchorStanding) -> u64 {
    match anchors {
        AnchorStanding::None | AnchorStanding::Sound => 0,
        AnchorStanding::Alarm => 1,
        AnchorStanding::Unwritable | AnchorStanding::Contradicted => 2,
    }
}

/// What a house that serves says beside "ready".
fn alarms(path: &Path) -> Vec<String> {
    let anchors = match path.anchors() {
        AnchorStanding::Alarm => Some("an anchor cannot be written".to_owned()),
        AnchorStanding::Unwritable => Some("no anchor can be written: changes are refused".to_owned()),
        _ => None,
    };
    anchors.into_iter().chain(path.caveat()).chain(path.clock_alarm()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floating point by their format")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floating point by their format")]
fn count_value(count: u64) -> f64 {
    count as f64
}
