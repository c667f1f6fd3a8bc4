//! The forecast of revenue, per account and per account and channel.
//!
//! ```text
//! history  daily revenue, as far as it can be used     growth    what young days will have earned
//! pool     what a series is expected to earn           band      how far off that may be
//! account  days and periods of one account             event     days that the history does not know
//! period   which periods                               backtest  how good it was on the account's past
//! ```

pub mod account;
pub mod backtest;
pub mod band;
pub mod event;
pub mod growth;
pub mod history;
pub mod period;
pub mod pool;
mod rows;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::{ACCOUNTS_AT_ONCE, Options, Refreshed, share_out};
use crate::db::Db;
use crate::db::failpoint::{self, Step};
use crate::sql;
use account::{AccountOutlook, look_ahead};
use growth::Growth;
use history::{ChannelDays, History};
use pool::median;
use rows::{DayRow, LandingRow, RegistryRow};

/// The model's name and version: another one where a forecast would differ.
pub const MODEL: &str = "pool-2";

/// Days of history that are read: three years have each event at least twice.
const HISTORY_DAYS: u64 = 156 * 7;

/// What was forecast.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Accounts with a forecast.
    pub forecast_accounts: u32,
    /// Accounts without one; `ai_revenue_landing` says why.
    pub forecast_accounts_without: u32,
    /// Milliseconds that it took.
    pub forecast_ms: u64,
}

/// Forecasts these accounts, and compares earlier forecasts with what came.
pub async fn run(
    db: &Db,
    options: &Options,
    accounts: &[Refreshed],
    growth: &Arc<Growth>,
) -> Result<Summary> {
    let started = Instant::now();
    let mut outlooks = Tally::default();
    if !accounts.is_empty() {
        let newest: NewestDay = db
            .statement(&sql::OUTLOOK_NEWEST_DAY)
            .param("last_complete", options.last_complete)
            .fetch_one()
            .await?;
        for batch in accounts.chunks(ACCOUNTS_AT_ONCE) {
            outlooks.add(&forecast(db, options, batch, growth, newest.newest_day).await?);
        }
        outlooks.note(db, options, started).await?;
    }
    Ok(Summary {
        forecast_accounts: outlooks.with,
        forecast_accounts_without: outlooks.without,
        forecast_ms: started.elapsed().as_millis() as u64,
    })
}

#[derive(Debug, clickhouse::Row, serde::Deserialize)]
struct NewestDay {
    #[serde(with = "clickhouse::serde::chrono::date")]
    newest_day: NaiveDate,
}

/// One batch: what came is compared, what is young is noted, what comes is forecast.
async fn forecast(
    db: &Db,
    options: &Options,
    accounts: &[Refreshed],
    growth: &Arc<Growth>,
    newest: NaiveDate,
) -> Result<Vec<AccountOutlook>> {
    let ids = |is_meant: fn(&Refreshed, &Options) -> bool| -> Vec<&str> {
        let meant = accounts.iter().filter(|account| is_meant(account, options));
        meant.map(|account| account.account.as_str()).collect()
    };
    let (all, then) = (ids(|_, _| true), ids(|account, options| account.known_on == options.made_on));
    // What was young then is told by a run of that day alone.
    for (statement, accounts) in [(&sql::OUTLOOK_COMPARE, &all), (&sql::OUTLOOK_NOTE_YOUNG, &then)] {
        let statement = db.statement(statement).param("accounts", accounts).param("now", options.now);
        let statement = statement.param("made_on", options.made_on);
        let statement = statement.param("last_complete", options.last_complete).writing();
        failpoint::step(Step::Outlook, statement.execute()).await?;
    }
    let histories = histories(db, options, accounts, &all).await?;
    // Threads of its own: the engine's and the program's wait for nothing.
    let growth = Arc::clone(growth);
    let one = move |history: &History| look_ahead(history, growth.of(&history.account), newest);
    let computing = tokio::task::spawn_blocking(move || share_out(&histories, one));
    let outlooks = computing.await.context("the forecasts broke off")?;
    let days: Vec<DayRow> = outlooks.iter().flat_map(|outlook| rows::days(outlook, options)).collect();
    let landings: Vec<LandingRow> =
        outlooks.iter().flat_map(|outlook| rows::landings(outlook, options)).collect();
    if !days.is_empty() {
        failpoint::step(Step::Outlook, db.insert("ai_revenue_forecast", &days)).await?;
    }
    // Last: a reader takes the newest landing for the newest forecast.
    failpoint::step(Step::Outlook, db.insert("ai_revenue_landing", &landings)).await?;
    Ok(outlooks)
}

/// The accounts' daily revenue.
async fn histories(db: &Db, options: &Options, accounts: &[Refreshed], ids: &[&str]) -> Result<Vec<History>> {
    let first_day = options.last_complete - Days::new(HISTORY_DAYS - 1);
    let channels: Vec<ChannelDays> = db
        .statement(&sql::OUTLOOK_HISTORY)
        .param("accounts", ids)
        .param("first_day", first_day)
        .param("last_complete", options.last_complete)
        .fetch_all()
        .await?;
    let of_account = channels.chunk_by(|one, other| one.account == other.account);
    let known_on = |account: &str| {
        let known = accounts.iter().find(|known| known.account == account);
        known.map_or(options.today, |known| known.known_on)
    };
    let history = |rows: &[ChannelDays]| {
        History::new(rows, first_day, options.last_complete, known_on(&rows[0].account))
    };
    Ok(of_account.filter_map(history).collect())
}

/// What the accounts of a run come to.
#[derive(Debug, Default)]
struct Tally {
    with: u32,
    without: u32,
    trained_to: Option<NaiveDate>,
    backtests: Vec<backtest::Backtest>,
}

impl Tally {
    fn add(&mut self, outlooks: &[AccountOutlook]) {
        for outlook in outlooks {
            match outlook.days.is_empty() {
                true => self.without += 1,
                false => {
                    self.with += 1;
                    self.trained_to = self.trained_to.max(Some(outlook.trained_to));
                }
            }
            self.backtests.extend(outlook.backtest);
        }
    }

    /// Notes the run in the registry.
    async fn note(&self, db: &Db, options: &Options, started: Instant) -> Result<()> {
        let middle = |value: fn(&backtest::Backtest) -> f64| {
            (!self.backtests.is_empty()).then(|| median(self.backtests.iter().map(value).collect()))
        };
        let covered = self.backtests.iter().map(|it| it.coverage).sum::<f64>();
        let mut row = RegistryRow::new(db, options);
        row.accounts = self.with;
        row.accounts_without = self.without;
        row.trained_to = self.trained_to.unwrap_or(options.last_complete);
        row.backtest_mase = middle(|it| it.mase);
        row.backtest_total_error_pct = middle(|it| it.total_error).map(|error| 100.0 * error);
        row.backtest_coverage_pct =
            (!self.backtests.is_empty()).then(|| 100.0 * covered / self.backtests.len() as f64);
        row.duration_ms = started.elapsed().as_millis() as u64;
        failpoint::step(Step::Outlook, db.insert("ai_model_registry", &[row])).await
    }
}
