//! How good the method was on a series' own past: forecasts from earlier days on, each by what came before it.

use super::band::{HORIZON, Level, Residuals};
use super::pool::{Pool, WEEK, median};

/// Earlier origins, a week apart from each other.
const ORIGINS: usize = 6;
/// Weeks before the earliest origin: with fewer its band says nothing.
const LEAST_WEEKS: usize = 16;

/// What the origins came to in the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtest {
    /// Mean error of a day / mean error of last week's weekday, repeated, in the days before.
    pub mase: f64,
    /// Error of the 28-day total / the total, at most 1.
    pub total_error: f64,
    /// Share of days within the 80 % band.
    pub coverage: f64,
}

/// Looks back from the end of a series; nothing if it is too short.
pub fn of(pool: &Pool) -> Option<Backtest> {
    let newest = pool.weeks().checked_sub(HORIZON / WEEK)?;
    let origins =
        (0..ORIGINS).filter_map(|back| newest.checked_sub(back)).filter(|weeks| *weeks >= LEAST_WEEKS);
    let all: Vec<Backtest> = origins.filter_map(|weeks| at(pool, weeks)).collect();
    let middle = |value: fn(&Backtest) -> f64| median(all.iter().map(value).collect());
    (!all.is_empty()).then(|| Backtest {
        mase: middle(|it| it.mase),
        total_error: middle(|it| it.total_error),
        coverage: all.iter().map(|it| it.coverage).sum::<f64>() / all.len() as f64,
    })
}

/// The forecast from the end of so many weeks.
pub fn at(pool: &Pool, weeks: usize) -> Option<Backtest> {
    let expected = pool.path(weeks, HORIZON);
    let came: Vec<f64> = pool.days_after(weeks).take(HORIZON).collect();
    let before: Vec<f64> = pool.days_before(weeks).collect();
    let steps = before.len() - WEEK;
    let usual = before[WEEK..].iter().zip(&before).map(|(day, week_ago)| (day - week_ago).abs()).sum::<f64>();
    let (usual, total) = (usual / steps as f64, came.iter().sum::<f64>());
    if usual <= 0.0 || total <= 0.0 {
        return None;
    }
    let error = came.iter().zip(&expected).map(|(came, expected)| (came - expected).abs()).sum::<f64>();
    let residuals = Residuals::before(pool, weeks, HORIZON);
    let is_within = |day: &usize| {
        let band = residuals.day(&expected, *day, Level::Eighty).around(expected[*day], 0.0);
        (band.lower..=band.upper).contains(&came[*day])
    };
    Some(Backtest {
        mase: error / HORIZON as f64 / usual,
        total_error: ((expected.iter().sum::<f64>() - total).abs() / total).min(1.0),
        coverage: (0..HORIZON).filter(is_within).count() as f64 / HORIZON as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_doubles_at_its_end_was_half_expected() {
        // 16 weeks in which days differ by 1 from those of the week before, then four of twice as much.
        let before = (0..16).flat_map(|week| [10.0 + f64::from(week % 2); WEEK]);
        let days: Vec<f64> = before.chain([21.0; HORIZON]).collect();
        let pool = Pool::new(&days);
        let found = of(&pool).expect("long enough");
        // Expected is between 10 and 11: an error of about 10.5 where 1 is usual, half of 21.
        assert!((10.0..11.0).contains(&found.mase), "{found:?}");
        assert!((0.47..0.53).contains(&found.total_error), "{found:?}");
        assert_eq!(found.coverage, 0.0);
        assert!(of(&Pool::new(&days[7..])).is_none(), "19 weeks");
        assert!(of(&Pool::new(&[10.0; 140])).is_none(), "nothing to measure by");
    }
}
