//! How far off a forecast may be: by how far it would have been off from earlier days on (split conformal bands).
//!
//! Each earlier origin leaves a path of residuals, day by day as far as the days that have come since. The band of a day
//! comes from the residuals of its week of the horizon, the band of a sum from sums of whole paths: bounds of days never
//! add up to the bound of a sum.

use super::pool::{Pool, WEEK};

/// The horizon by which a forecast is scaled and judged, in days.
pub const HORIZON: usize = 28;
/// Origins that are tried, a week apart.
const MOST_ORIGINS: usize = 52;
/// Fewer origins are no measure: then younger ones count too, and every path is taken both ways.
const FEWEST_ORIGINS: usize = 8;
/// Weeks of history before an origin.
const TRAINING_WEEKS: usize = 8;
/// The same where there are too few.
const LEAST_TRAINING_WEEKS: usize = 4;
/// A day's scale is at least that of a day with this share of the mean: some weekdays hardly earn anything.
const LEAST_SHARE: f64 = 0.01;

/// Below and above the expectation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Band {
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
}

impl Band {
    /// A band so many times as wide.
    pub fn times(self, factor: f64) -> Band {
        Band { lower: self.lower * factor, upper: self.upper * factor }
    }

    /// The bounds around an expectation, which lies within them, and never below what is sure.
    pub fn around(self, expected: f64, sure: f64) -> Band {
        Band { lower: (expected + self.lower.min(0.0)).max(sure), upper: expected + self.upper.max(0.0) }
    }
}

/// Which band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// 8 of 10 cases.
    Eighty,
    /// 19 of 20.
    NinetyFive,
}

impl Level {
    /// The shares of cases below the two bounds.
    fn quantiles(self) -> (f64, f64) {
        match self {
            Level::Eighty => (0.1, 0.9),
            Level::NinetyFive => (0.025, 0.975),
        }
    }
}

/// The residual paths of a series.
#[derive(Clone, Debug, Default)]
pub struct Residuals {
    paths: Vec<Vec<f64>>,
    /// The same, sorted within each week of the horizon.
    weekly: Vec<Vec<f64>>,
    origins: usize,
    wider: f64,
}

impl Residuals {
    /// Measures a series, for a horizon of so many days.
    pub fn of(pool: &Pool, horizon: usize) -> Residuals {
        Residuals::before(pool, pool.weeks(), horizon)
    }

    /// The same as it could be measured when the series had so many weeks.
    pub fn before(pool: &Pool, weeks: usize, horizon: usize) -> Residuals {
        let last = weeks.saturating_sub(TRAINING_WEEKS).min(HORIZON / WEEK + MOST_ORIGINS - 1);
        let mut origins: Vec<usize> = (HORIZON / WEEK..=last).collect();
        if origins.len() < FEWEST_ORIGINS {
            origins = (1..=weeks.saturating_sub(LEAST_TRAINING_WEEKS).min(MOST_ORIGINS)).collect();
        }
        let path = |weeks_back: &usize| path(pool, weeks - weeks_back, weeks, horizon);
        Residuals::new(origins.iter().filter_map(path).collect())
    }

    fn new(mut paths: Vec<Vec<f64>>) -> Residuals {
        let origins = paths.len();
        if origins < FEWEST_ORIGINS {
            let mirrored: Vec<Vec<f64>> =
                paths.iter().map(|path| path.iter().map(|residual| -residual).collect()).collect();
            paths.extend(mirrored);
        }
        let horizon = paths.first().map_or(0, Vec::len);
        let week = |first: usize| {
            let days = first..(first + WEEK).min(horizon);
            let mut week: Vec<f64> = paths.iter().flat_map(|path| path[days.clone()].to_vec()).collect();
            week.sort_by(f64::total_cmp);
            week
        };
        let weekly = (0..horizon).step_by(WEEK).map(week).collect();
        Residuals { paths, weekly, origins, wider: 1.0 }
    }

    /// Whether there is anything to measure by.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The same for something that is less sure by so much.
    pub fn wider(&self, factor: f64) -> Residuals {
        Residuals { wider: self.wider * factor, ..self.clone() }
    }

    /// What a quantile has to be stretched by: few origins have not seen the worst.
    fn stretch(&self) -> f64 {
        self.wider * (1.0 + 2.0 / self.origins.max(1) as f64)
    }

    /// How far a day may lie from its expectation.
    pub fn day(&self, expected: &[f64], day: usize, level: Level) -> Band {
        let Some(residuals) = self.weekly.get(day / WEEK) else { return Band::default() };
        let (lower, upper) = level.quantiles();
        let scale = self.stretch() * scales(expected)[day];
        Band { lower: scale * quantile(residuals, lower), upper: scale * quantile(residuals, upper) }
    }

    /// How far the sum of these days may lie from its expectation.
    pub fn sum(&self, expected: &[f64], days: std::ops::Range<usize>, level: Level) -> Band {
        let scales = scales(expected);
        let sum = |path: &Vec<f64>| days.clone().map(|day| path[day] * scales[day]).sum::<f64>();
        let mut sums: Vec<f64> = self.paths.iter().map(sum).collect();
        sums.sort_by(f64::total_cmp);
        let (lower, upper) = level.quantiles();
        let stretch = self.stretch();
        Band { lower: stretch * quantile(&sums, lower), upper: stretch * quantile(&sums, upper) }
    }
}

/// How far the days up to `through` lay from what the weeks before the origin made expect, in units of their scale. Days
/// that have not come yet are off as the last week that has.
fn path(pool: &Pool, origin: usize, through: usize, horizon: usize) -> Option<Vec<f64>> {
    let expected = pool.path(origin, horizon.max(HORIZON));
    let scales = scales(&expected);
    if scales[0] <= 0.0 {
        return None;
    }
    let came = pool.days_after(origin).take((through - origin) * WEEK);
    let mut path: Vec<f64> =
        came.zip(&expected).zip(&scales).map(|((came, expected), scale)| (came - expected) / scale).collect();
    while path.len() < horizon {
        path.push(path[path.len() - WEEK]);
    }
    path.truncate(horizon);
    Some(path)
}

/// What a day's residual is measured in: the root of its expectation times the mean of the first 28 days. A day that
/// earns four times as much is off by twice as much.
fn scales(expected: &[f64]) -> Vec<f64> {
    let first = &expected[..HORIZON.min(expected.len())];
    let mean = first.iter().sum::<f64>() / first.len().max(1) as f64;
    expected.iter().map(|day| (day.max(LEAST_SHARE * mean) * mean).max(0.0).sqrt()).collect()
}

/// The value below which this share of the sorted values lies, between two of them by proportion.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    }

    #[test]
    fn a_quantile_lies_between_two_values_by_proportion() {
        let sorted = [0.0, 10.0, 20.0, 30.0, 40.0];
        close(quantile(&sorted, 0.0), 0.0);
        close(quantile(&sorted, 0.1), 4.0);
        close(quantile(&sorted, 0.9), 36.0);
        close(quantile(&[7.0], 0.9), 7.0);
        close(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn a_sum_has_the_band_of_sums_of_paths() {
        // Eight origins that were off by -1, or by +1, all days long: a week may be off by 7 either way.
        let paths = (0..8).map(|path| vec![if path % 2 == 0 { -1.0 } else { 1.0 }; HORIZON]).collect();
        let residuals = Residuals::new(paths);
        let expected = [100.0; HORIZON];
        let band = residuals.sum(&expected, 0..7, Level::Eighty);
        // 1 + 2/8 = 1.25, the scale of a day is 100.
        close(band.upper, 1.25 * 700.0);
        close(band.lower, -1.25 * 700.0);
        close(residuals.day(&expected, 3, Level::Eighty).upper, 125.0);
        // Paths that go up and down by turns leave no doubt about a sum, only about days.
        let turns = |path: usize| {
            (0..HORIZON).map(|day| if (day + path).is_multiple_of(2) { -1.0 } else { 1.0 }).collect()
        };
        let residuals = Residuals::new((0..8).map(turns).collect());
        close(residuals.sum(&expected, 0..28, Level::NinetyFive).upper, 0.0);
        close(residuals.day(&expected, 3, Level::Eighty).upper, 125.0);
    }

    #[test]
    fn few_origins_are_taken_both_ways() {
        let residuals = Residuals::new(vec![vec![0.5; HORIZON]; 2]);
        let band = residuals.day(&[100.0; HORIZON], 0, Level::Eighty);
        // 1 + 2/2 = 2.
        close(band.upper, 100.0);
        close(band.lower, -100.0);
    }

    #[test]
    fn a_steady_series_was_never_off_and_a_silent_one_says_nothing() {
        let pool = Pool::new(&[10.0; 140]);
        let residuals = Residuals::of(&pool, 60);
        // 20 weeks: origins 4 to 12 weeks back have 8 weeks before them.
        assert_eq!((residuals.origins, residuals.paths[0].len()), (9, 60));
        close(residuals.sum(&[10.0; 60], 0..60, Level::NinetyFive).upper, 0.0);
        assert!(Residuals::of(&Pool::new(&[0.0; 140]), 28).is_empty());
    }

    #[test]
    fn days_that_have_not_come_are_off_like_the_last_week_that_has() {
        // 13 weeks of 70, then one of 140: the newest origin sees it alone.
        let days: Vec<f64> = [10.0; 13 * WEEK].into_iter().chain([20.0; WEEK]).collect();
        let residuals = Residuals::of(&Pool::new(&days), HORIZON);
        assert_eq!(residuals.origins, 10, "fewer than eight with 8 weeks before them: 1 to 10 weeks back");
        close(residuals.paths[0][0], 1.0);
        close(residuals.paths[0][27], 1.0);
        close(residuals.paths[1][0], 0.0);
        close(residuals.paths[1][27], 1.0);
    }
}
