//! What comes after a refresh: where revenue will land, and what was not as usual.
//!
//! It is computed from the summary tables alone and appended to tables of its own. A refresh that is published stays
//! published whatever happens here.

pub mod events;
pub mod forecast;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use chrono::NaiveDate;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::account::AccountId;
use crate::db::Db;
use crate::{output, sql};
use forecast::growth::Growth;

/// The table that the outlook is computed from.
pub const STANDS_ON: &str = "channel_performance_daily";

/// Accounts that are read, computed and written at once.
const ACCOUNTS_AT_ONCE: usize = 250;

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
    /// The anomaly events.
    #[serde(flatten)]
    pub events: events::Summary,
    /// Why none were looked for, where that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_error: Option<String>,
    /// Milliseconds that all of it took.
    pub outlook_ms: u64,
}

/// An account that was refreshed.
#[derive(Debug, Row, Deserialize)]
pub struct Refreshed {
    account: String,
    /// Newest day whose news the refresh could know.
    #[serde(with = "clickhouse::serde::chrono::date")]
    known_on: NaiveDate,
}

/// The accounts that were refreshed for this day.
///
/// # Errors
///
/// The run log cannot be read.
pub async fn refreshed(db: &Db, options: &Options) -> Result<Vec<Refreshed>> {
    let statement = db.statement(&sql::OUTLOOK_ACCOUNTS).param("accounts", &options.accounts);
    let statement = statement.param("made_on", options.made_on).param("today", options.today);
    statement.param("now", options.now).fetch_all().await
}

/// Shares the items among the processors; the results are in the order of the items.
fn share_out<T: Sync, R: Send>(items: &[T], one: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads).max(1);
    let one = &one;
    std::thread::scope(|scope| {
        let running: Vec<_> = items
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(one).collect::<Vec<_>>()))
            .collect();
        let done = running.into_iter().map(|thread| thread.join());
        done.flat_map(|share| share.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// What both the forecast and the events begin with.
async fn what_is_known(db: &Db, options: &Options) -> Result<(Vec<Refreshed>, Arc<Growth>)> {
    let accounts = refreshed(db, options).await?;
    let growth = Growth::read(db, options, &accounts).await?;
    Ok((accounts, Arc::new(growth)))
}

/// Looks ahead and back. What fails is told and noted in the summary: it is no failure of the refresh before it.
pub async fn run(db: &Db, options: &Options) -> Summary {
    let started = Instant::now();
    let summary = look(db, options).await;
    Summary { outlook_ms: started.elapsed().as_millis() as u64, ..summary }
}

async fn look(db: &Db, options: &Options) -> Summary {
    let mut summary = Summary::default();
    let (accounts, growth) = match what_is_known(db, options).await {
        Ok(known) => known,
        Err(error) => {
            let error = format!("{error:#}");
            warn!("there is no outlook, the refreshed tables are as they should be: {error}");
            return Summary { error: Some(error.clone()), events_error: Some(error), ..summary };
        }
    };
    match forecast::run(db, options, &accounts, &growth).await {
        Ok(forecast) => summary.forecast = forecast,
        Err(error) => {
            warn!("no forecast was made, the refreshed tables are as they should be: {error:#}");
            summary.error = Some(format!("{error:#}"));
        }
    }
    // A run for a past date does not know how things went on.
    if options.made_on + chrono::Days::new(1) < options.today {
        return summary;
    }
    match events::run(db, options, &accounts, &growth).await {
        Ok(events) => summary.events = events,
        Err(error) => {
            warn!("no anomaly events were looked for, the refreshed tables are as they should be: {error:#}");
            summary.events_error = Some(format!("{error:#}"));
        }
    }
    summary
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forecast = &self.forecast;
        let (with, without) = (forecast.forecast_accounts, forecast.forecast_accounts_without);
        match &self.error {
            Some(error) => write!(formatter, "no forecast of revenue: {error}")?,
            None => {
                let seconds = forecast.forecast_ms as f64 / 1000.0;
                let accounts = output::counted(u64::from(with), "account");
                write!(formatter, "revenue forecast for {accounts} in {seconds:.1} s")?;
                if without > 0 {
                    write!(formatter, ", {without} without (`aiviews query revenue_outlook` says why)")?;
                }
            }
        }
        let events = &self.events;
        let seconds = events.events_ms as f64 / 1000.0;
        match (&self.events_error, events.events_open) {
            (Some(error), _) => write!(formatter, "\nno anomaly events: {error}"),
            (None, 0) => write!(formatter, "\nno open anomaly event, looked for in {seconds:.1} s"),
            (None, open) => {
                let events = output::counted(u64::from(open), "anomaly event");
                write!(formatter, "\n{events} open (`aiviews query anomalies`), looked for in {seconds:.1} s")
            }
        }
    }
}
