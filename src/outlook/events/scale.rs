//! How far days usually lie from what was expected.

use std::collections::VecDeque;

use super::baseline::median;
use super::thresholds::{
    LEAST_SCALE, MEDIAN_TO_DEVIATION, SCALE_DAYS, SCALE_DAYS_AT_LEAST, TAIL_PLACE, TAIL_TO_DEVIATION,
};

/// The distances of the last days.
#[derive(Clone, Debug, Default)]
pub struct Scale {
    distances: VecDeque<f64>,
}

impl Scale {
    /// Takes the next day's distance.
    pub fn push(&mut self, distance: f64) {
        self.distances.push_back(distance.abs());
        if self.distances.len() > SCALE_DAYS {
            self.distances.pop_front();
        }
    }

    /// The usual distance: by the median of the absolute deviations, and by the tail, where days of promotion and
    /// holidays are; none while too few days are known.
    pub fn usual(&self) -> Option<f64> {
        if self.distances.len() < SCALE_DAYS_AT_LEAST {
            return None;
        }
        let mut distances: Vec<f64> = self.distances.iter().copied().collect();
        let middle = MEDIAN_TO_DEVIATION * median(&mut distances);
        let place = distances.len() - TAIL_PLACE;
        let tail = TAIL_TO_DEVIATION * *distances.select_nth_unstable_by(place, f64::total_cmp).1;
        Some(tail.max(middle / 2.0).max(LEAST_SCALE))
    }
}
