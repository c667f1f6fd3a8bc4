//! What comes after a refresh: where revenue will land.
//!
//! It is computed from the summary tables alone and appended to tables of its own. A refresh that is published stays
//! published whatever happens here.

pub mod forecast;

use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;
use tracing::warn;

use crate::account::AccountId;
use crate::db::Db;
use crate::output;

/// The table that the outlook is computed from.
pub const STANDS_ON: &str = "channel_performance_daily";

/// What to look ahead from.
#[derive(Clone, Debug)]
pub struct Options {
    /// The accounts; none means every one that was refreshed for this day.
    pub accounts: Vec<AccountId>,
    /// The day of the run: its `as_of`.
    pub made_on: NaiveDate,
    /// The last day that is over.
    pub last_complete: NaiveDate,
    /// The server's date.
    pub today: NaiveDate,
    /// The clock of the run, in seconds since 1970.
    pub now: u32,
}

/// What became of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// The forecasts.
    #[serde(flatten)]
    pub forecast: forecast::Summary,
    /// Why there are none, where the step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Looks ahead. What fails is told and noted in the summary: it is no failure of the refresh before it.
pub async fn run(db: &Db, options: &Options) -> Summary {
    match forecast::run(db, options).await {
        Ok(forecast) => Summary { forecast, error: None },
        Err(error) => {
            warn!("no forecast was made, the refreshed tables are as they should be: {error:#}");
            Summary { error: Some(format!("{error:#}")), ..Summary::default() }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forecast = &self.forecast;
        let (with, without) = (forecast.forecast_accounts, forecast.forecast_accounts_without);
        match &self.error {
            Some(error) => write!(formatter, "no forecast of revenue: {error}"),
            None => {
                let seconds = forecast.forecast_ms as f64 / 1000.0;
                let accounts = output::counted(u64::from(with), "account");
                write!(formatter, "revenue forecast for {accounts} in {seconds:.1} s")?;
                match without {
                    0 => Ok(()),
                    _ => write!(formatter, ", {without} without (`aiviews query revenue_outlook` says why)"),
                }
            }
        }
    }
}
