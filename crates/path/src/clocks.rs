//! Whether wall and steady time agree: watched, told once for each change, and never in the way of a request.

use crate::{House, Path};
use clock::Reading;
use std::sync::PoisonError;

impl Path {
    /// Looks at the clock: follows what was agreed on, also on another node; takes what the kernel vouches for; tells
    /// a dispute, and its end.
    pub fn watch_clock(&self) {
        let Some(house) = self.house.load_full() else { return };
        self.follow_agreement(&house);
        if let Some(millis) = self.clock.take_gap() {
            tracing::info!(
                millis,
                "steady time took what passed while the service was down: the clock is synchronised"
            );
        }
        self.tell_clock(self.clock_reading());
    }

    pub(crate) fn follow_agreement(&self, house: &House) {
        // Settings that are damaged are told by whoever needs them for an answer.
        if let Some(agreed) = house.ledger.view().settings().ok().and_then(|settings| settings.clock) {
            self.clock.agree(agreed);
        }
    }

    pub fn clock_reading(&self) -> Reading {
        self.clock.reading(self.clock.now())
    }

    fn tell_clock(&self, reading: Reading) {
        let dispute = reading.now.dispute();
        let mut told = self.clock_told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told == dispute {
            return;
        }
        *told = dispute;
        let (wall, expected) = (reading.now.wall.to_rfc3339(), reading.now.expected.to_rfc3339());
        let (deviation_millis, synchronised) = (reading.now.deviation(), reading.synchronised);
        let said = reading.text();
        match dispute {
            None => tracing::info!(wall, expected, deviation_millis, synchronised, "the clock is as agreed again"),
            Some(_) => tracing::error!(wall, expected, deviation_millis, synchronised, "the clock is {said}"),
        }
    }

    /// What whoever watches must know of it although requests are served.
    pub fn clock_alarm(&self) -> Option<String> {
        let reading = self.clock_reading();
        reading.now.dispute().map(|_| format!("the clock is {}", reading.text()))
    }
}
