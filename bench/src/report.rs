//! The table for people, and the file for machines.

use crate::Outcome;
use crate::measure::Measured;
use serde::Serialize;
use std::path::Path;

/// Which way a figure must stay.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Printed, not judged.
    None,
}

#[derive(Serialize)]
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    goal: Goal,
    met: bool,
}

#[derive(Serialize)]
struct Run {
    name: String,
    #[serde(flatten)]
    measured: Measured,
}

#[derive(Default, Serialize)]
pub(crate) struct Report {
    runs: Vec<Run>,
    figures: Vec<Figure>,
    /// What was not measured, and why.
    skipped: Vec<String>,
}

impl Report {
    pub(crate) fn run(&mut self, name: impl Into<String>, measured: &Measured) {
        let name = name.into();
        println!(
            "{name:<44} {:>9.0} /s {:>8.1} us cpu  p50 {:>6} us  p99 {:>7} us  {} errors {}",
            measured.per_second,
            measured.processor_us,
            measured.p50_us,
            measured.p99_us,
            measured.errors,
            measured.first_error.as_deref().unwrap_or_default()
        );
        self.runs.push(Run { name, measured: measured.clone() });
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str, goal: Goal) {
        let met = match goal {
            Goal::AtMost(max) => value <= max,
            Goal::AtLeast(min) => value >= min,
            Goal::None => true,
        };
        self.figures.push(Figure { name: name.into(), value, unit, goal, met });
    }

    pub(crate) fn skip(&mut self, what: impl Into<String>) {
        let what = what.into();
        eprintln!("\n!!! NOT MEASURED: {what}\n");
        self.skipped.push(what);
    }

    /// Prints the table, writes the file, and says whether every figure is met and errors are none.
    pub(crate) fn finish(&self, json: &Path) -> Outcome<bool> {
        println!("\n{:<64} {:>10}        goal", "figure", "value");
        for figure in &self.figures {
            let goal = match figure.goal {
                Goal::AtMost(max) => format!("<= {max}"),
                Goal::AtLeast(min) => format!(">= {min}"),
                Goal::None => "-".to_owned(),
            };
            let verdict = if figure.met { "" } else { "  MISSED" };
            println!("{:<64} {:>10.3} {:<6} {goal}{verdict}", figure.name, figure.value, figure.unit);
        }
        for what in &self.skipped {
            println!("not measured: {what}");
        }
        std::fs::write(json, serde_json::to_string_pretty(self)?)?;
        println!("\nwritten to {}", json.display());
        let sound = self.runs.iter().all(|run| run.measured.errors == 0);
        Ok(sound && self.figures.iter().all(|figure| figure.met))
    }
}
