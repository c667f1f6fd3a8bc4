//! Forecasts that somebody should look at: by what came of those of the last 28 days.

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::db::{Db, QueryError};
use crate::sql;

/// The share of days, in percent, that the 80 % band may cover by chance: below it is too sure, above it too unsure.
const COVERAGE: std::ops::RangeInclusive<f64> = 65.0..=92.0;

/// How the forecasts of an account did.
#[derive(Debug, Row, Deserialize)]
struct Accuracy {
    klaviyo_public_id: String,
    coverage_pct: f64,
    error: f64,
    naive_error: f64,
}

/// An account whose forecasts went wrong.
#[derive(Clone, Debug, Serialize)]
pub struct WrongForecast {
    /// As the forecast tables have it.
    pub klaviyo_public_id: String,
    /// Days within the 80 % band, in percent.
    pub coverage_pct: f64,
    /// Error against that of last week's weekday, repeated, in percent: above 100 is worse. None where that had none.
    pub error_vs_naive_pct: Option<f64>,
    /// In words for people.
    pub problem: String,
}

/// The accounts whose forecasts went wrong; none where an older version made no forecasts.
pub(super) async fn wrong(db: &Db) -> Result<Vec<WrongForecast>> {
    match db.statement(&sql::FORECAST_STATUS).fetch_all::<Accuracy>().await {
        Ok(all) => Ok(all.iter().filter_map(judge).collect()),
        Err(error) if QueryError::is_unreadable(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn judge(accuracy: &Accuracy) -> Option<WrongForecast> {
    let Accuracy { klaviyo_public_id, coverage_pct, error, naive_error } = accuracy;
    let mut problems = Vec::new();
    if !COVERAGE.contains(coverage_pct) {
        let which = if *coverage_pct < *COVERAGE.start() { "narrow" } else { "wide" };
        problems.push(format!("the 80 % band is too {which}, it covered {coverage_pct:.0} % of the days"));
    }
    if error > naive_error {
        problems.push("last week's weekday, repeated, was closer".to_owned());
    }
    (!problems.is_empty()).then(|| WrongForecast {
        klaviyo_public_id: klaviyo_public_id.clone(),
        coverage_pct: *coverage_pct,
        error_vs_naive_pct: (*naive_error > 0.0).then(|| 100.0 * error / naive_error),
        problem: problems.join("; "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_and_errors_have_their_limits() {
        let problem = |coverage_pct: f64, error: f64, naive_error: f64| {
            let account = "acme".to_owned();
            judge(&Accuracy { klaviyo_public_id: account, coverage_pct, error, naive_error })
                .map(|it| it.problem)
        };
        for fine in [65.0, 80.0, 92.0] {
            assert_eq!(problem(fine, 10.0, 10.0), None);
        }
        let narrow = problem(64.9, 9.0, 10.0).expect("narrow");
        assert_eq!(narrow, "the 80 % band is too narrow, it covered 65 % of the days");
        assert!(problem(92.1, 9.0, 10.0).expect("wide").contains("too wide"));
        let worse = problem(92.1, 10.1, 10.0).expect("worse");
        assert!(worse.ends_with("of the days; last week's weekday, repeated, was closer"), "{worse}");
    }
}
