//! Whether last night worked: runs, freshness of tables and accounts, trouble. Only reads.

use std::time::Duration;

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::db::Db;
use crate::partition_count::{self, Crowded};
use crate::refresh::window::Clock;
use crate::schema::{SummaryTable, TABLES};
use crate::sql;

/// Everything that `status` tells.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The target.
    pub target: String,
    /// The last runs, newest first.
    pub runs: Vec<Run>,
    /// The seven tables.
    pub tables: Vec<TableStatus>,
    /// Accounts with recent source rows.
    pub accounts: u64,
    /// Accounts whose last refresh is too old, or that never had one.
    pub stale: Vec<Stale>,
    /// Accounts whose last refresh failed, was held back or broke off.
    pub troubled: Vec<Troubled>,
    /// Accounts with source rows that came too late for their last window.
    pub late: Vec<Late>,
    /// Tables with more partitions than are comfortable.
    pub many_partitions: Vec<Crowded>,
    /// Source rows dated after today.
    pub future_rows: u64,
}

/// One run.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
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

/// One table.
#[derive(Debug, Serialize)]
pub struct TableStatus {
    /// Its name.
    pub table: String,
    /// What it holds.
    #[serde(flatten)]
    pub content: TableContent,
}

/// What a table holds.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct TableContent {
    /// Rows.
    pub row_count: u64,
    /// Accounts, one partition each.
    pub accounts: u64,
    /// The newest `updated_at`; empty without rows.
    pub newest_updated_at: String,
    /// The newest date; empty without rows.
    pub newest_date: String,
}

/// An account that needs a refresh.
#[derive(Debug, Serialize)]
pub struct Stale {
    /// The account.
    pub klaviyo_public_id: String,
    /// Hours since its last refresh; none if there never was one.
    pub hours: Option<u64>,
}

/// An account in trouble.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Troubled {
    /// The account.
    pub klaviyo_public_id: String,
    /// `failed`, `held_back` or `publishing` (broken off).
    pub state: String,
    /// The tables concerned.
    pub tables: Vec<String>,
    /// Why.
    pub error: String,
}

/// Late source rows of an account.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Late {
    /// The account.
    pub klaviyo_public_id: String,
    /// How many.
    pub late_rows: u64,
    /// The earliest date among them.
    pub earliest_date: String,
}

/// What one run did to one table of an account.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Event {
    /// When the run started, by the server's clock.
    pub started_at: String,
    /// The run.
    pub run_id: String,
    /// The table.
    pub table_name: String,
    /// How far it came.
    pub state: String,
    /// First date of the window.
    pub window_start: String,
    /// Last date of the window.
    pub window_end: String,
    /// Rows written in the window.
    pub rows_written: u64,
    /// Rows kept outside it.
    pub rows_kept: u64,
    /// Source rows left out.
    pub rows_rejected: u64,
    /// Milliseconds from the start of the account's batch.
    pub duration_ms: u64,
    /// Why it failed or was held back.
    pub error: String,
}

/// What the last runs did to an account, newest first.
pub async fn history(db: &Db, account: &AccountId) -> Result<Vec<Event>> {
    db.statement(&sql::ACCOUNT_HISTORY).param("klaviyo_public_id", account).fetch_all().await
}

#[derive(Debug, Row, Deserialize)]
struct Freshness {
    klaviyo_public_id: String,
    published_at: u64,
    has_source: u8,
}

/// Reads the status of the database.
pub async fn read(db: &Db, max_age: Duration) -> Result<Status> {
    let clock = Clock::read(db).await?;
    let freshness: Vec<Freshness> = db.statement(&sql::ACCOUNT_FRESHNESS).fetch_all().await?;
    let active: Vec<Freshness> = freshness.into_iter().filter(|account| account.has_source == 1).collect();
    let mut tables = Vec::new();
    for table in &TABLES {
        let content = content(db, table).await?;
        tables.push(TableStatus { table: table.name.to_owned(), content });
    }
    Ok(Status {
        target: db.target().to_owned(),
        runs: db.statement(&sql::RUNS).fetch_all().await?,
        tables,
        accounts: active.len() as u64,
        stale: stale(&active, u64::from(clock.now), max_age),
        troubled: db.statement(&sql::TROUBLED_ACCOUNTS).fetch_all().await?,
        late: db.statement(&sql::LATE_ROWS).fetch_all().await?,
        many_partitions: partition_count::crowded(db).await?,
        future_rows: db.statement(&sql::FUTURE_ROWS).fetch_one().await?,
    })
}

async fn content(db: &Db, table: &SummaryTable) -> Result<TableContent> {
    let statement = db.statement(&sql::TABLE_STATUS).generated_name("date_column", table.grain.date_column());
    statement.param("target", table.name).fetch_one().await
}

fn stale(accounts: &[Freshness], now: u64, max_age: Duration) -> Vec<Stale> {
    let age = |account: &Freshness| match account.published_at {
        0 => None,
        published_at => Some(now.saturating_sub(published_at)),
    };
    let is_stale = |account: &&Freshness| age(account).is_none_or(|age| age > max_age.as_secs());
    let describe = |account: &Freshness| Stale {
        klaviyo_public_id: account.klaviyo_public_id.clone(),
        hours: age(account).map(|age| age / 3600),
    };
    accounts.iter().filter(is_stale).map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_stale_when_never_or_long_ago_refreshed() {
        let account =
            |id: &str, published_at| Freshness { klaviyo_public_id: id.into(), published_at, has_source: 1 };
        let accounts = [account("never", 0), account("old", 100), account("fresh", 90_000)];
        let found = stale(&accounts, 100_000, Duration::from_secs(20_000));
        let names: Vec<_> =
            found.iter().map(|stale| (stale.klaviyo_public_id.as_str(), stale.hours)).collect();
        assert_eq!(names, [("never", None), ("old", Some(27))]);
    }
}
