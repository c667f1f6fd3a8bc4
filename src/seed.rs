//! Synthetic sources in the production shape, for a demo, a test or a benchmark.

use anyhow::Result;
use chrono::NaiveDate;
use clickhouse::Row;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::db::{Db, Statement};
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::refresh::window::Clock;
use crate::schema::SOURCES;
use crate::sql::{self, Sql};

/// Accounts that one statement fills: bounds its memory, and gives progress.
const ACCOUNTS_PER_STEP: u32 = 50;

/// How large the sample is; the same size and seed give the same rows.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many; the first one's id is XqkVGb.
    pub accounts: u32,
    /// Number of dates, the last of them today.
    pub days: u32,
    /// The same seed makes the same rows.
    pub seed: u64,
    /// Whether the accounts with a story are made too, after the others.
    pub stories: bool,
    /// The day as on which the sources are known; none means today.
    pub known_on: Option<NaiveDate>,
}

/// One synthetic source, made.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Source {
    /// Its kind: campaign, flow, form or segment.
    pub source: String,
    /// Rows, each in its newest version.
    pub source_rows: u64,
    /// With at least one row.
    pub accounts: u64,
    /// Of any account.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub first_date: NaiveDate,
    /// Of any account.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub last_date: NaiveDate,
}

#[derive(Debug, Row, Deserialize)]
struct ForeignObject {
    name: String,
    engine: String,
}

/// Makes the sources, replacing those of an earlier seeding. Refuses a database with sources of another origin.
/// What cannot be made whole is removed again.
pub async fn seed(db: &Db, size: Size, stop: &Stop, bar: &ProgressBar) -> Result<Vec<Source>> {
    refuse_foreign(db).await?;
    let outcome = make(db, size, stop, bar).await;
    if outcome.is_err() {
        match remove(db).await {
            Ok(()) => warn!("the half-made sources are removed"),
            Err(cause) => warn!("the half-made sources stay, seed again: {cause:#}"),
        }
    }
    outcome
}

/// Drops the sources, all of which are of our making.
async fn remove(db: &Db) -> Result<()> {
    for source in SOURCES.iter() {
        for name in [source.name.as_str(), source.name.trim_end_matches("_latest")] {
            db.statement(&sql::DROP_TABLE).param("table", name).execute().await?;
        }
    }
    Ok(())
}

async fn make(db: &Db, size: Size, stop: &Stop, bar: &ProgressBar) -> Result<Vec<Source>> {
    for create in sql::SEED_CREATE.iter().chain(&sql::SEED_CLEAR) {
        db.statement(create).writing().execute().await?;
    }
    let today = Clock::read(db).await?.today;
    let last_day = size.known_on.unwrap_or(today);
    if last_day > today {
        let message = format!("`--known-on {last_day}` lies in the future");
        return Err(Failure::new(ExitCode::Usage, message)
            .hint(format!("the server's date is {today}"))
            .into());
    }
    let mut first_account = 0;
    while first_account < size.accounts {
        let last_account = (first_account + ACCOUNTS_PER_STEP).min(size.accounts) - 1;
        for fill in &sql::SEED_FILL {
            if let Some(code) = stop.code() {
                return Err(Failure::new(code, "stopped on request").into());
            }
            step(db, fill, size, last_day)
                .param("first_account", first_account)
                .param("last_account", last_account)
                .until(stop)
                .execute()
                .await?;
        }
        bar.inc(u64::from(last_account + 1 - first_account));
        first_account = last_account + 1;
    }
    if size.stories {
        for fill in &sql::SEED_STORIES {
            step(db, fill, size, last_day).param("today", today).until(stop).execute().await?;
        }
    }
    db.statement(&sql::SEED_SUMMARY).fetch_all().await
}

fn step<'db>(db: &'db Db, fill: &Sql, size: Size, last_day: NaiveDate) -> Statement<'db> {
    let statement = db.statement(&fill.composed()).writing();
    statement.param("days", size.days).param("seed", size.seed).param("last_day", last_day)
}

async fn refuse_foreign(db: &Db) -> Result<()> {
    let foreign: Vec<ForeignObject> = db.statement(&sql::SEED_FOREIGN_OBJECTS).fetch_all().await?;
    let Some(first) = foreign.first() else {
        return Ok(());
    };
    let message = format!(
        "database `{}` already has `{}` ({}), which `seed` did not make",
        db.database(),
        first.name,
        first.engine
    );
    Err(Failure::new(ExitCode::Usage, message)
        .hint("seed an empty database: --database, or another --data-dir")
        .into())
}
