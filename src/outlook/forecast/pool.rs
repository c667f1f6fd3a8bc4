//! What a series is expected to earn: a fixed pool of four simple methods with equal weights, and a touch of last year.
//!
//! Days are grouped into whole weeks counted back from the last day, so every weekday has its place in each of them.

/// Days of a week.
pub const WEEK: usize = 7;

/// Weeks that the level starts from.
const FIRST_WEEKS: usize = 4;
/// How much of a new week enters each level, and whether odd weeks are clipped before.
const LEVELS: [(f64, bool); 3] = [(0.3, true), (0.5, true), (0.7, false)];
/// A clipped week lies between the median of the weeks before divided and multiplied by this.
const CLIPPED_BY: f64 = 2.5;
/// The weeks before that it is clipped by.
const CLIPPED_WEEKS: usize = 8;
/// Weeks that a weekday's share comes from.
const SHARE_WEEKS: usize = 52;
/// Same weekdays that the median is taken of.
const MEDIAN_WEEKS: usize = 5;
/// Weeks of a year: last year's week has the same weekdays.
const YEAR_WEEKS: usize = 52;
/// Days of history from which last year has a say.
const YEAR_FROM_DAYS: usize = 400;
/// How much of last year's shape is followed.
const YEAR_WEIGHT: f64 = 0.2;
/// The weeks before that last year's week is measured by.
const YEAR_BASE_WEEKS: usize = 8;
/// How far last year's shape may go.
const YEAR_RANGE: (f64, f64) = (0.5, 2.0);

/// A series in weeks, with its levels after each of them.
#[derive(Debug)]
pub struct Pool {
    weeks: Vec<[f64; WEEK]>,
    sums: Vec<f64>,
    /// What each weekday earned in the first so many weeks together.
    weekdays: Vec<[f64; WEEK]>,
    /// Days before the first whole week.
    rest: usize,
    levels: [Vec<f64>; LEVELS.len()],
}

impl Pool {
    /// Reads daily values, the oldest first.
    pub fn new(days: &[f64]) -> Pool {
        let rest = days.len() % WEEK;
        let week = |days: &[f64]| {
            let mut week = [0.0; WEEK];
            week.copy_from_slice(days);
            week
        };
        let weeks: Vec<[f64; WEEK]> = days[rest..].chunks_exact(WEEK).map(week).collect();
        let sums: Vec<f64> = weeks.iter().map(|week| week.iter().sum()).collect();
        let levels = LEVELS.map(|(speed, is_clipped)| levels(&sums, speed, is_clipped));
        let mut weekdays = vec![[0.0; WEEK]];
        for (index, week) in weeks.iter().enumerate() {
            weekdays.push(std::array::from_fn(|weekday| weekdays[index][weekday] + week[weekday]));
        }
        Pool { weeks, sums, weekdays, rest, levels }
    }

    /// Whole weeks.
    pub fn weeks(&self) -> usize {
        self.weeks.len()
    }

    /// The days that follow the first so many weeks.
    pub fn days_after(&self, weeks: usize) -> impl Iterator<Item = f64> {
        self.weeks[weeks..].iter().flatten().copied()
    }

    /// The days of the first so many weeks.
    pub fn days_before(&self, weeks: usize) -> impl Iterator<Item = f64> {
        self.weeks[..weeks].iter().flatten().copied()
    }

    /// What the days after the first so many weeks, at least four, are expected to earn by these weeks alone.
    pub fn path(&self, weeks: usize, horizon: usize) -> Vec<f64> {
        let week = self.week_after(weeks);
        let year = self.year(weeks, horizon.div_ceil(WEEK));
        (0..horizon).map(|day| week[day % WEEK] * year.get(day / WEEK).unwrap_or(&1.0)).collect()
    }

    fn week_after(&self, weeks: usize) -> [f64; WEEK] {
        let (before, now) = (&self.weekdays[weeks.saturating_sub(SHARE_WEEKS)], &self.weekdays[weeks]);
        let recent: [f64; WEEK] = std::array::from_fn(|weekday| now[weekday] - before[weekday]);
        let recent_sum: f64 = recent.iter().sum();
        let levels: f64 = self.levels.iter().map(|levels| levels[weeks - FIRST_WEEKS]).sum();
        std::array::from_fn(|weekday| {
            let share = match recent_sum > 0.0 {
                true => recent[weekday] / recent_sum,
                false => 1.0 / WEEK as f64,
            };
            let same = self.weeks[weeks.saturating_sub(MEDIAN_WEEKS)..weeks].iter().map(|week| week[weekday]);
            (levels * share + median(same.collect())) / (LEVELS.len() + 1) as f64
        })
    }

    /// By how much each week to come differs from the others because last year's did; nothing for a young series.
    fn year(&self, weeks: usize, horizon: usize) -> Vec<f64> {
        if self.rest + weeks * WEEK < YEAR_FROM_DAYS || weeks < YEAR_WEEKS {
            return Vec::new();
        }
        let year_ago = weeks - YEAR_WEEKS;
        let base = &self.sums[year_ago.saturating_sub(YEAR_BASE_WEEKS)..year_ago];
        let usual = base.iter().sum::<f64>() / base.len().max(1) as f64;
        if usual <= 0.0 {
            return Vec::new();
        }
        let then = &self.sums[year_ago..(year_ago + horizon).min(weeks)];
        let ratios: Vec<f64> = then.iter().map(|sum| sum / usual).collect();
        let smooth = |week: usize| {
            let weights = [(week.wrapping_sub(1), 0.25), (week, 0.5), (week + 1, 0.25)];
            let known = weights.iter().filter_map(|(at, weight)| Some((ratios.get(*at)?, weight)));
            let (sum, weight) =
                known.fold((0.0, 0.0), |(sum, all), (ratio, weight)| (sum + ratio * weight, all + weight));
            1.0 + YEAR_WEIGHT * ((sum / weight).clamp(YEAR_RANGE.0, YEAR_RANGE.1) - 1.0)
        };
        (0..ratios.len()).map(smooth).collect()
    }
}

/// The exponentially weighted level of a week after the first four weeks, after the first five, and so on.
fn levels(sums: &[f64], speed: f64, is_clipped: bool) -> Vec<f64> {
    let Some(first) = sums.get(..FIRST_WEEKS) else { return Vec::new() };
    let start = match is_clipped {
        true => median(first.to_vec()),
        false => first.iter().sum::<f64>() / FIRST_WEEKS as f64,
    };
    let mut all = vec![start];
    let mut level = start;
    for (week, sum) in sums.iter().enumerate().skip(FIRST_WEEKS) {
        let sum =
            if is_clipped { clipped(*sum, &sums[week.saturating_sub(CLIPPED_WEEKS)..week]) } else { *sum };
        level += speed * (sum - level);
        all.push(level);
    }
    all
}

/// A week's sum without what no ordinary week has. Where most weeks earn nothing there is no ordinary one.
fn clipped(sum: f64, before: &[f64]) -> f64 {
    let usual = median(before.to_vec());
    if usual > 0.0 { sum.clamp(usual / CLIPPED_BY, usual * CLIPPED_BY) } else { sum }
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
    }

    /// Weeks of equal days.
    fn weeks(sums: &[f64]) -> Vec<f64> {
        sums.iter().flat_map(|sum| [sum / 7.0; WEEK]).collect()
    }

    #[test]
    fn a_steady_series_goes_on() {
        let pool = Pool::new(&weeks(&[70.0; 10]));
        pool.path(10, 28).iter().for_each(|day| close(*day, 10.0));
    }

    #[test]
    fn levels_follow_at_their_speed_and_odd_weeks_are_clipped() {
        // From 70 to 140: by 0.3 to 91, by 0.5 to 105, by 0.7 to 119.
        let sums = [70.0, 70.0, 70.0, 70.0, 140.0];
        close(levels(&sums, 0.3, true)[1], 91.0);
        close(levels(&sums, 0.5, true)[1], 105.0);
        close(levels(&sums, 0.7, false)[1], 119.0);
        // 700 enters as 2.5 x 70 = 175: 70 + 0.3 x 105 = 101.5. Nothing enters as 28: 70 - 0.3 x 42 = 57.4.
        close(levels(&[70.0, 70.0, 70.0, 70.0, 700.0], 0.3, true)[1], 101.5);
        close(levels(&[70.0, 70.0, 70.0, 70.0, 0.0], 0.3, true)[1], 57.4);
        // The first four: median 70, mean 100.
        close(levels(&[70.0, 70.0, 190.0, 70.0], 0.3, true)[0], 70.0);
        close(levels(&[70.0, 70.0, 190.0, 70.0], 0.7, false)[0], 100.0);
        // Three of four weeks without revenue: nothing to clip by, 0 + 0.3 x 50.
        close(levels(&[0.0, 0.0, 0.0, 40.0, 50.0], 0.3, true)[1], 15.0);
    }

    #[test]
    fn a_weekday_has_its_share_and_its_median() {
        // Two of ten earned on the first day of each week, eight on the last.
        let week = [2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0];
        let days: Vec<f64> = [[1.0; 3].as_slice(), &week.repeat(8)].concat();
        let path = Pool::new(&days).path(8, 14);
        for day in [0, 7] {
            close(path[day], 2.0);
            close(path[day + 3], 0.0);
            close(path[day + 6], 8.0);
        }
    }

    #[test]
    fn last_year_has_a_small_say() {
        // 60 weeks of 70, but the first week of the horizon a year ago had 140. Ratios 2, 1, 1, 1.
        let mut sums = [70.0; 60];
        sums[8] = 140.0;
        let pool = Pool::new(&weeks(&sums));
        let path = pool.path(60, 28);
        // (0.5 x 2 + 0.25 x 1) / 0.75 = 5/3, then 0.25 x 2 + 0.75 = 1.25.
        close(path[0], 10.0 * (1.0 + 0.2 * (5.0 / 3.0 - 1.0)));
        close(path[7], 10.0 * (1.0 + 0.2 * 0.25));
        close(path[14], 10.0);
        // 57 weeks are 399 days.
        close(Pool::new(&weeks(&sums[3..])).path(57, 28)[0], 10.0);
    }

    #[test]
    fn the_median_of_nothing_is_nothing() {
        close(median(Vec::new()), 0.0);
        close(median(vec![3.0, 1.0, 2.0]), 2.0);
        close(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
