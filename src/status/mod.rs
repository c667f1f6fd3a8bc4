//! Whether last night worked: runs, freshness of tables and accounts, trouble. Only reads.

pub mod account_list;
mod alerts;
mod events;
mod forecasts;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use chrono::NaiveDate;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::db::Db;
use crate::question::{self, Reach};
use crate::refresh::late::{self, Late};
use crate::refresh::run_log::{self, Left};
use crate::refresh::source_rows;
use crate::refresh::window::{Clock, Window};
use crate::schema::capacity::{self, Crowded};
use crate::schema::diff::{Difference, Finding};
use crate::schema::source_reading;
use crate::schema::topology;
use crate::schema::trouble::{self, Troubled};
use crate::schema::{SummaryTable, TABLES};
use crate::sql;
pub use alerts::Undelivered;
pub use events::OpenEvents;
pub use forecasts::WrongForecast;

/// An account with source rows of the last so many dates is expected to be refreshed.
const RECENT_DAYS: u16 = 90;

/// Everything that `status` tells.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The server or folder that was asked, without a password.
    pub target: String,
    /// How tables are made that all servers of the target have: plain, cluster, replicated_database or cloud.
    pub way: &'static str,
    /// What the servers lack for it, in words.
    pub missing: Vec<String>,
    /// The last runs, newest first.
    pub runs: Vec<Run>,
    /// In the order of publishing.
    pub tables: Vec<TableStatus>,
    /// Accounts with recent source rows.
    pub accounts: u64,
    /// Those of which nothing is stale, in trouble, late or missing.
    pub fresh: u64,
    /// How far the numbers of each account reach.
    pub reached: Vec<Reached>,
    /// The newest date of any account in any source, as far back as a refresh looks.
    pub sources_end: Option<NaiveDate>,
    /// Whether no account has a row of the last complete day, or of a later one.
    pub sources_stopped: bool,
    /// Accounts whose last whole refresh is too old, or that never had one.
    pub stale: Vec<Stale>,
    /// Accounts whose last refresh failed, was held back or broke off.
    pub troubled: Vec<Troubled>,
    /// Accounts that a run which is gone left while publishing: some tables may be old, some new, some both.
    pub broken_off: Vec<String>,
    /// Accounts with source rows that came too late for their last window.
    pub late: Vec<Late>,
    /// Accounts that left and that runs of all accounts leave out.
    pub ignored: Vec<String>,
    /// Tables with more partitions than are comfortable.
    pub many_partitions: Vec<Crowded>,
    /// Accounts whose forecasts of the last 28 days went wrong.
    pub wrong_forecasts: Vec<WrongForecast>,
    /// Anomaly events that are open.
    pub open_events: OpenEvents,
    /// Source rows dated after today.
    pub future_rows: u64,
    /// What keeps the next refresh from reading the sources, in words.
    pub sources_broken: Vec<String>,
    /// Destinations of alerts that have not taken everything.
    pub alerts_undelivered: Vec<Undelivered>,
    /// The accounts with recent source rows, by id.
    #[serde(skip)]
    pub watched: Vec<String>,
}

/// What the run log says of a run.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Run {
    /// The same in `ai_refresh_log` and in query ids.
    pub run_id: String,
    /// When it started, by the server's clock.
    pub started_at: String,
    /// The date that it computed for.
    pub as_of: String,
    /// The first date that it computed.
    pub window_start: String,
    /// Accounts whose new rows readers see.
    pub accounts_published: u64,
    /// Accounts that a guard stopped.
    pub accounts_held_back: u64,
    /// Accounts that an error stopped.
    pub accounts_failed: u64,
    /// Accounts that the run left in the middle of publishing.
    pub accounts_left_publishing: u64,
    /// Rows written in the window.
    pub rows_written: u64,
    /// How long it took.
    pub seconds: u64,
}

/// How fresh a summary table is.
#[derive(Debug, Serialize)]
pub struct TableStatus {
    /// As in the database.
    pub table: String,
    /// Its rows and their dates.
    #[serde(flatten)]
    pub content: TableContent,
}

/// What a table holds.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct TableContent {
    /// As stored; older versions of a key count too until they are merged.
    pub row_count: u64,
    /// Accounts, one partition each.
    pub accounts: u64,
    /// The newest `updated_at`; empty without rows.
    pub newest_updated_at: String,
    /// The newest date; empty without rows.
    pub newest_date: String,
}

/// How far the numbers of an account reach.
#[derive(Debug, Serialize)]
pub struct Reached {
    /// Unchecked, as the log has it.
    pub klaviyo_public_id: String,
    /// The last day that every table has whole; none if no day is.
    pub complete_through: Option<String>,
    /// The last day of its sources, if they ended.
    pub sources_end: Option<String>,
}

/// An account that needs a refresh.
#[derive(Debug, Serialize)]
pub struct Stale {
    /// Unchecked, as the log has it.
    pub klaviyo_public_id: String,
    /// Hours since the oldest of its tables was last refreshed through the day before; none if one never was.
    pub hours: Option<u64>,
    /// The tables concerned.
    pub tables: Vec<&'static str>,
}

/// Reads the status of the database.
pub async fn read(db: &Db, max_age: Duration) -> Result<Status> {
    let clock = Clock::read(db).await?;
    let window = Window::new(None, RECENT_DAYS, clock)?;
    let (sources, reach) = tokio::try_join!(source_rows::reach_of_all(db, &window), Reach::read(db, &[]))?;
    let left = run_log::left_accounts(db).await?;
    let is_meant = |account: &&str| !left.iter().any(|it| it.klaviyo_public_id == *account);
    let active: Vec<&str> = sources.accounts_since(window.start).filter(is_meant).collect();
    let mut tables = Vec::new();
    for table in &TABLES {
        let content = content(db, table).await?;
        tables.push(TableStatus { table: table.name.to_owned(), content });
    }
    let troubled = trouble::read(db).await?;
    let broken_off =
        trouble::without_a_run(db, &troubled).await?.into_iter().map(|it| it.klaviyo_public_id).collect();
    let mut status = Status {
        target: db.target().to_owned(),
        way: db.way().word(),
        missing: topology::missing(db).await?.iter().map(lacking).collect(),
        runs: db.statement(&sql::RUNS).fetch_all().await?,
        tables,
        accounts: active.len() as u64,
        fresh: 0,
        reached: reached(db, &active, &reach).await?,
        sources_end: sources.end_of_all(),
        sources_stopped: reach.newest().is_some_and(|day| sources.end_of_all().is_none_or(|end| end < day)),
        stale: stale(&active, &reach, u64::from(clock.now), max_age),
        broken_off,
        troubled,
        late: late::rows(db).await?,
        ignored: left.into_iter().filter(Left::is_ignored).map(|it| it.klaviyo_public_id).collect(),
        many_partitions: capacity::crowded(db).await?,
        wrong_forecasts: forecasts::wrong(db).await?,
        open_events: events::open(db).await?,
        future_rows: db.statement(&sql::FUTURE_ROWS).fetch_one().await?,
        sources_broken: source_reading::broken(db).await?.iter().map(in_words).collect(),
        alerts_undelivered: alerts::undelivered(db).await?,
        watched: active.iter().map(|account| (*account).to_owned()).collect(),
    };
    status.fresh = active.iter().filter(|account| status.is_fresh(account)).count() as u64;
    Ok(status)
}

/// How far these accounts reach, and all others that the log knows.
async fn reached(db: &Db, active: &[&str], reach: &Reach) -> Result<Vec<Reached>> {
    let names: BTreeSet<&str> = active.iter().copied().chain(reach.accounts()).collect();
    let accounts: Vec<AccountId> = names.into_iter().filter_map(AccountId::new).collect();
    let freshness = question::freshness(db, &accounts, reach).await?;
    let date = |row, column| Some(freshness.text(row, column)).filter(|text| !text.is_empty());
    let reached = |row| Reached {
        klaviyo_public_id: freshness.text(row, "account"),
        complete_through: date(row, "complete_through"),
        sources_end: date(row, "sources_end"),
    };
    Ok((0..freshness.rows.len()).map(reached).collect())
}

impl Status {
    /// Whether an operator has to do something: `status` exits with 9.
    pub fn is_stale(&self) -> bool {
        self.sources_stopped
            || !self.stale.is_empty()
            || !self.broken_off.is_empty()
            // Nobody else tells of it: the alerts themselves do not arrive.
            || !self.alerts_undelivered.is_empty()
    }

    /// Whether nothing at all is to be said of this account.
    fn is_fresh(&self, account: &str) -> bool {
        !self.sources_stopped
            && !self.stale.iter().any(|it| it.klaviyo_public_id == account)
            && !self.troubled.iter().any(|it| it.klaviyo_public_id == account)
            && !self.late.iter().any(|it| it.klaviyo_public_id == account)
            && !self.ended().any(|(ended, _)| ended == account)
    }

    /// The accounts whose sources ended, and when.
    pub fn ended(&self) -> impl Iterator<Item = (&str, &str)> {
        self.reached.iter().filter_map(|account| {
            let end = account.sources_end.as_deref()?;
            Some((account.klaviyo_public_id.as_str(), end))
        })
    }
}

fn lacking(finding: &Finding) -> String {
    format!("{}: expected {}, found {} ({})", finding.object, finding.expected, finding.found, finding.remedy)
}

fn in_words(broken: &Difference) -> String {
    format!("{}: expected {}, found {}", broken.object, broken.expected, broken.found)
}

async fn content(db: &Db, table: &SummaryTable) -> Result<TableContent> {
    let statement = db.statement(&sql::TABLE_STATUS).generated_name("date_column", table.grain.date_column());
    statement.param("target", table.name).fetch_one().await
}

fn stale(accounts: &[&str], reach: &Reach, now: u64, max_age: Duration) -> Vec<Stale> {
    let mut stale = Vec::new();
    for account in accounts {
        let age = |table: &SummaryTable| {
            let published_at = reach.reading(account, table.name).map_or(0, |it| it.published_at);
            (published_at > 0).then(|| now.saturating_sub(published_at))
        };
        let ages: Vec<(&'static str, Option<u64>)> = TABLES
            .iter()
            .map(|table| (table.name, age(table)))
            .filter(|(_, age)| age.is_none_or(|age| age > max_age.as_secs()))
            .collect();
        let oldest = ages.iter().map(|(_, age)| *age).reduce(|one, next| Some(one?.max(next?)));
        let Some(oldest) = oldest else { continue };
        stale.push(Stale {
            klaviyo_public_id: (*account).to_owned(),
            hours: oldest.map(|age| age / 3600),
            tables: ages.into_iter().map(|(table, _)| table).collect(),
        });
    }
    stale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_stale_when_one_of_its_tables_is() {
        let day = 86_400;
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        let mut reach = Reach::default();
        for table in &names {
            reach.note("fresh", table, 10 * day);
            reach.note("old", table, 7 * day);
            reach.note("forms", table, if table.starts_with("form") { 7 * day } else { 10 * day });
        }
        reach.note("half", names[0], 10 * day);
        let accounts = ["forms", "fresh", "half", "never", "old"];
        let found = stale(&accounts, &reach, 10 * day, Duration::from_secs(26 * 3600));
        let found: Vec<_> =
            found.iter().map(|it| (it.klaviyo_public_id.as_str(), it.hours, it.tables.len())).collect();
        assert_eq!(
            found,
            [
                ("forms", Some(72), 1),
                ("half", None, names.len() - 1),
                ("never", None, names.len()),
                ("old", Some(72), names.len())
            ]
        );
    }
}
