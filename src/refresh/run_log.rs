//! The run log in the database: what happened to which account, table and window.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::db::Db;
use crate::refresh::source_reach::{NOTHING, SourceReach};
use crate::refresh::window::Window;
use crate::schema::SummaryTable;
use crate::sql;

/// How far a table of an account came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The swap is about to happen, or has happened and nothing was reported after it.
    Publishing,
    /// Readers see the new rows.
    Published,
    /// Nothing was changed, because of an error.
    Failed,
    /// Nothing was changed, because a data guard said no.
    HeldBack,
    /// The account has no rows any more; its partition was dropped.
    Dropped,
    /// The account left.
    Forgotten,
    /// The account left, and runs of all accounts leave it out though its sources may go on.
    Ignored,
}

impl State {
    /// The word in the log.
    pub fn word(self) -> &'static str {
        match self {
            State::Publishing => "publishing",
            State::Published => "published",
            State::Failed => "failed",
            State::HeldBack => "held_back",
            State::Dropped => "dropped",
            State::Forgotten => "forgotten",
            State::Ignored => "ignored",
        }
    }
}

/// One line of the log; `updated_at` is the server's.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct Entry {
    run_id: String,
    klaviyo_public_id: String,
    table_name: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    window_start: NaiveDate,
    #[serde(with = "clickhouse::serde::chrono::date")]
    window_end: NaiveDate,
    #[serde(with = "clickhouse::serde::chrono::date")]
    as_of: NaiveDate,
    state: String,
    rows_written: u64,
    rows_kept: u64,
    rows_rejected: u64,
    started_at: u32,
    duration_ms: u64,
    query_ids: Vec<String>,
    aiviews_version: String,
    error: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    newest_source_date: NaiveDate,
    newest_source_update: i64,
    #[serde(with = "clickhouse::serde::chrono::date")]
    sources_end: NaiveDate,
}

/// What a line of the log says beyond its key.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Rows of the window that were written.
    pub rows_written: u64,
    /// Rows outside the window that stayed.
    pub rows_kept: u64,
    /// Source rows that were left out because of their revenue.
    pub rows_rejected: u64,
    /// Milliseconds spent.
    pub duration_ms: u64,
    /// The statements that computed the rows.
    pub query_ids: Vec<String>,
    /// Why it failed or was held back.
    pub error: String,
}

impl Entry {
    /// A line about one table of one account.
    pub fn new(
        db: &Db,
        window: &Window,
        account: &AccountId,
        table: &SummaryTable,
        state: State,
        outcome: Outcome,
    ) -> Entry {
        let (window_start, window_end) = window.bounds(table.grain);
        Entry {
            run_id: db.run_id().to_owned(),
            klaviyo_public_id: account.as_str().to_owned(),
            table_name: table.name.to_owned(),
            window_start,
            window_end,
            as_of: window.as_of,
            state: state.word().to_owned(),
            rows_written: outcome.rows_written,
            rows_kept: outcome.rows_kept,
            rows_rejected: outcome.rows_rejected,
            started_at: window.updated_at,
            duration_ms: outcome.duration_ms,
            query_ids: outcome.query_ids,
            aiviews_version: env!("CARGO_PKG_VERSION").to_owned(),
            error: outcome.error,
            newest_source_date: NOTHING.date,
            newest_source_update: NOTHING.update,
            sources_end: NOTHING.date,
        }
    }

    /// The same with how far the sources of the table reached. A run for a past date has not looked at their end.
    pub fn reading(self, window: &Window, sources: &SourceReach, table: &SummaryTable) -> Entry {
        let newest = sources.of_table(&self.klaviyo_public_id, table);
        let end = sources.end_of_all().filter(|_| window.as_of > window.last_complete);
        Entry {
            newest_source_date: newest.date,
            newest_source_update: newest.update,
            sources_end: end.unwrap_or(NOTHING.date),
            ..self
        }
    }
}

/// Writes lines to the log.
pub async fn write(db: &Db, entries: &[Entry]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    db.insert("ai_refresh_log", entries).await.context("cannot write the run log `ai_refresh_log`")
}

/// An account whose swaps a run announced and never reported.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct LeftInPublishing {
    /// Unchecked, as the log has it.
    pub klaviyo_public_id: String,
    /// First date of the broken run.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub broken_start: NaiveDate,
    /// Last date of the broken run.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub broken_as_of: NaiveDate,
    /// Those that the run had announced and never reported.
    pub broken_tables: Vec<String>,
}

/// Accounts that broken runs left in the middle of publishing.
pub async fn left_in_publishing(db: &Db) -> Result<Vec<LeftInPublishing>> {
    db.statement(&sql::LEFT_IN_PUBLISHING).fetch_all().await
}

/// An account that left.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct Left {
    /// Unchecked, as the log has it.
    pub klaviyo_public_id: String,
    /// `forgotten` or `ignored`.
    pub last_state: String,
}

impl Left {
    /// Whether runs of all accounts leave it out.
    pub fn is_ignored(&self) -> bool {
        self.last_state == State::Ignored.word()
    }
}

/// Accounts that left and have not come back.
pub async fn left_accounts(db: &Db) -> Result<Vec<Left>> {
    db.statement(&sql::LEFT_ACCOUNTS).fetch_all().await
}

/// Accounts whose tables were all published for this window within the last day.
pub async fn already_published(db: &Db, window: &Window, tables: &[&SummaryTable]) -> Result<Vec<String>> {
    let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
    let statement = db.statement(&sql::ALREADY_PUBLISHED).param("tables", names);
    window.bind(statement).fetch_all().await
}

/// What one run did to one table of an account.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Event {
    /// When the run started, by the server's clock.
    pub started_at: String,
    /// Which run wrote the row.
    pub run_id: String,
    /// A summary table; the log has a row for each table of each account.
    pub table_name: String,
    /// How far it came.
    pub state: String,
    /// First date of the window.
    pub window_start: String,
    /// Last date of the window.
    pub window_end: String,
    /// Rows whose date the run computed anew.
    pub rows_written: u64,
    /// Rows of other dates, copied from the table as it was.
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
