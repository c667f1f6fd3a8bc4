//! How far days usually lie from what was expected.

use std::collections::VecDeque;

use super::thresholds::{
    LEAST_SCALE, MEDIAN_TO_DEVIATION, SCALE_DAYS, SCALE_DAYS_AT_LEAST, TAIL_PLACE, TAIL_TO_DEVIATION,
};
use super::window::Window;

/// The distances of the last days.
#[derive(Clone, Debug)]
pub struct Scale {
    distances: Window,
    /// Those that do not count yet.
    newest: VecDeque<f64>,
    spared: usize,
}

impl Scale {
    /// Nothing yet. The newest distances, so many of them, do not count: where several days are judged together, what goes
    /// wrong in all of them is not usual because it began some days ago.
    pub fn sparing(spared: usize) -> Scale {
        Scale { distances: Window::of(SCALE_DAYS), newest: VecDeque::new(), spared }
    }

    /// Takes the next day's distance.
    pub fn push(&mut self, distance: f64) {
        self.newest.push_back(distance.abs());
        while self.newest.len() > self.spared {
            self.newest.pop_front().into_iter().for_each(|distance| self.distances.push(distance));
        }
    }

    /// The usual distance: by the median of the absolute deviations, and by the tail, where days of promotion and
    /// holidays are; none while too few days are known.
    pub fn usual(&self) -> Option<f64> {
        if self.distances.count() < SCALE_DAYS_AT_LEAST {
            return None;
        }
        let middle = MEDIAN_TO_DEVIATION * self.distances.median();
        let tail = TAIL_TO_DEVIATION * self.distances.from_largest(TAIL_PLACE)?;
        Some(tail.max(middle / 2.0).max(LEAST_SCALE))
    }
}
