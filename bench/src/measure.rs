//! What a run has shown.

use serde::Serialize;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Tally {
    micros: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Measured {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) p50_us: u32,
    pub(crate) p99_us: u32,
    pub(crate) errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_error: Option<String>,
    /// The server's processor time per request, in microseconds.
    pub(crate) processor_us: f64,
}

impl Tally {
    pub(crate) fn count(&mut self, lasted: Duration, status: u16, answer: &[u8]) {
        if status == 200 {
            self.micros.push(u32::try_from(lasted.as_micros()).unwrap_or(u32::MAX));
            return;
        }
        self.errors += 1;
        self.first_error.get_or_insert_with(|| format!("{status} {}", String::from_utf8_lossy(answer)));
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    pub(crate) fn measured(mut self, lasted: Duration, processor: Option<Duration>) -> Measured {
        self.micros.sort_unstable();
        let requests = self.micros.len();
        let at = |share: f64| self.micros.get((requests as f64 * share) as usize).copied().unwrap_or_default();
        let all = requests as f64 + self.errors as f64;
        Measured {
            requests: requests as u64,
            per_second: requests as f64 / lasted.as_secs_f64(),
            p50_us: at(0.50),
            p99_us: at(0.99),
            errors: self.errors,
            processor_us: processor.map_or(0.0, |time| time.as_secs_f64() * 1e6 / all.max(1.0)),
            first_error: self.first_error,
        }
    }
}

/// The middle one by processor time; errors of all runs are kept.
pub(crate) fn median(mut runs: Vec<Measured>) -> Measured {
    let errors = runs.iter().map(|run| run.errors).sum();
    let first_error = runs.iter().find_map(|run| run.first_error.clone());
    runs.sort_by(|a, b| a.processor_us.total_cmp(&b.processor_us));
    let middle = runs.get(runs.len() / 2).cloned().unwrap_or_default();
    Measured { errors, first_error, ..middle }
}
