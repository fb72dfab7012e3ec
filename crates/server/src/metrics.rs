//! What is counted here, and how it is printed.

use crate::door::{Kind, Series};
use domain::{Refusal, Tongue};
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt::Write;
use std::time::Duration;

pub(crate) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Served {
    tongue: &'static str,
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lasted {
    tongue: &'static str,
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Served, Counter>,
    durations: Family<Lasted, Histogram, fn() -> Histogram>,
    refusals: Family<Refused, Counter>,
    pub(crate) connections: Gauge,
    pub(crate) handshakes_failed: Counter,
}

/// From 100 microseconds to 10 seconds.
fn buckets() -> Histogram {
    Histogram::new([0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0])
}

impl Metrics {
    pub(crate) fn new(version: &'static str) -> Self {
        let mut this = Self {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(buckets as fn() -> Histogram),
            refusals: Family::default(),
            connections: Gauge::default(),
            handshakes_failed: Counter::default(),
        };
        let registry = &mut this.registry;
        registry.register("keyward_requests", "Requests answered", this.requests.clone());
        registry.register("keyward_request_duration_seconds", "Time to an answer", this.durations.clone());
        registry.register("keyward_refusals", "Requests refused before a caller was known", this.refusals.clone());
        registry.register("keyward_connections", "Open connections", this.connections.clone());
        registry.register("keyward_handshakes_failed", "TLS handshakes that failed", this.handshakes_failed.clone());
        registry.register("keyward_build", "The running release", Info::new(vec![("version", version)]));
        this
    }

    pub(crate) fn served(&self, tongue: Tongue, operation: &'static str, outcome: &'static str, lasted: Duration) {
        let tongue = tongue.name();
        self.requests.get_or_create(&Served { tongue, operation, outcome }).inc();
        self.durations.get_or_create(&Lasted { tongue, operation }).observe(lasted.as_secs_f64());
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        self.refusals.get_or_create(&Refused { reason: refusal.word() }).inc();
    }

    /// The text format of Prometheus, version 0.0.4.
    pub(crate) fn render(&self, more: &[Series]) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _infallible = prometheus_text::encode(&mut text, &self.registry);
        for series in more {
            let _infallible = render_series(&mut text, series);
        }
        text
    }
}

fn render_series(text: &mut String, series: &Series) -> std::fmt::Result {
    let kind = match series.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    writeln!(text, "# HELP {} {}\n# TYPE {} {kind}", series.name, series.help, series.name)?;
    for sample in &series.samples {
        text.push_str(series.name);
        for (at, (name, value)) in sample.labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            write!(text, "{open}{name}=\"{}\"", escaped(value))?;
        }
        let close = if sample.labels.is_empty() { "" } else { "}" };
        writeln!(text, "{close} {}", sample.value)?;
    }
    Ok(())
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use crate::door::{Kind, Sample, Series};
    use domain::{Refusal, Tongue};
    use std::time::Duration;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::new("1.2.3");
        metrics.served(Tongue::Aws, "Encrypt", "ok", Duration::from_micros(300));
        metrics.served(Tongue::Aws, "Encrypt", "ok", Duration::from_micros(300));
        metrics.refused(Refusal::TooSlow);
        let labels = vec![("name", "a\"b\\c\nd".to_owned()), ("kind", "x".to_owned())];
        let samples = vec![Sample { labels, value: 7.0 }];
        let text = metrics.render(&[Series { name: "keyward_keys", help: "Keys", kind: Kind::Gauge, samples }]);
        for line in [
            r#"keyward_requests_total{tongue="aws",operation="Encrypt",outcome="ok"} 2"#,
            r#"keyward_request_duration_seconds_bucket{tongue="aws",operation="Encrypt",le="0.0005"} 2"#,
            r#"keyward_refusals_total{reason="too-slow"} 1"#,
            r#"keyward_build_info{version="1.2.3"} 1"#,
            r#"keyward_keys{name="a\"b\\c\nd",kind="x"} 7"#,
            "# TYPE keyward_keys gauge",
        ] {
            assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
        }
    }
}
