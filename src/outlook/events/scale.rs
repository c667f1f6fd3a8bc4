//! How far days usually lie from what was expected.

use std::collections::VecDeque;

use super::thresholds::{
    LEAST_SCALE, LONGEST_TEST, MEDIAN_TO_DEVIATION, SCALE_DAYS, SCALE_DAYS_AT_LEAST, TAIL_PLACE,
    TAIL_TO_DEVIATION,
};
use super::window::Window;

/// The distances of the last days. Those of the days that may be judged together count later: what goes wrong for a week
/// is not usual because it began some days ago.
#[derive(Clone, Debug)]
pub struct Scale {
    distances: Window,
    newest: VecDeque<f64>,
}

impl Default for Scale {
    fn default() -> Scale {
        Scale { distances: Window::of(SCALE_DAYS), newest: VecDeque::new() }
    }
}

impl Scale {
    /// Takes the next day's distance.
    pub fn push(&mut self, distance: f64) {
        self.newest.push_back(distance.abs());
        if self.newest.len() >= LONGEST_TEST {
            self.newest.pop_front().into_iter().for_each(|distance| self.distances.push(distance));
        }
    }

    /// The usual distance: by the median of the absolute deviations, and by the tail, where days of promotion and
    /// holidays are; none while too few days are known.
    pub fn usual(&self) -> Option<f64> {
        if self.distances.len() < SCALE_DAYS_AT_LEAST {
            return None;
        }
        let middle = MEDIAN_TO_DEVIATION * self.distances.median();
        let tail = TAIL_TO_DEVIATION * self.distances.from_largest(TAIL_PLACE)?;
        Some(tail.max(middle / 2.0).max(LEAST_SCALE))
    }
}
