//! Staging tables: a run's private copies of the summary tables, filled before any reader sees a thing.

use anyhow::{Context, Result};
use tracing::debug;

use super::accounts::{self, Batch};
use super::snapshot;
use super::window::Window;
use super::working_table;
use crate::account::AccountId;
use crate::db::Db;
use crate::fault::{self, Step};
use crate::schema::SummaryTable;
use crate::sql;

/// More than any batch of several accounts has, so that each partition of an insert becomes one part. An account that
/// is larger alone comes in several, which are merged: so much and no more is kept in memory.
const INSERT_BLOCK_ROWS: u64 = 1_000_000;

/// The staging table of a summary table in this run.
pub fn name(db: &Db, table: &SummaryTable) -> String {
    working_table::name(db, table.name)
}

async fn make(db: &Db, table: &SummaryTable) -> Result<()> {
    let statement = db.statement(&sql::CREATE_STAGING).param("staging", name(db, table));
    statement.generated_name("target", table.name).writing().execute().await
}

/// The statement that fills the staging table for these accounts.
pub fn fill_statement<'db>(
    db: &'db Db,
    table: &SummaryTable,
    window: &Window,
    accounts: &[AccountId],
) -> crate::db::Statement<'db> {
    let (window_start, window_end) = window.bounds(table.grain);
    let statement = db
        .statement(&table.stage())
        .param("staging", name(db, table))
        .param("target", table.name)
        .param("accounts", accounts)
        .param("window_start", window_start)
        .param("window_end", window_end);
    window.bind(snapshot::bind(db, table, statement))
}

/// Makes the staging table and fills it, each account in one part unless it is huge; `is_clean` says that no earlier
/// batch left one.
pub async fn stage(
    db: &Db,
    table: &SummaryTable,
    window: &Window,
    batch: &Batch,
    is_clean: bool,
) -> Result<()> {
    let started = std::time::Instant::now();
    let work = async || {
        fault::step(Step::MakeStaging, make(db, table)).await?;
        fault::step(Step::Stage, fill(db, table, window, batch)).await
    };
    let staged = working_table::make(db, table.name, is_clean, work).await;
    staged.with_context(|| format!("cannot compute `{}`", table.name))?;
    debug!(
        table = table.name,
        accounts = batch.accounts.len(),
        elapsed_ms = started.elapsed().as_millis() as u64,
        "staged"
    );
    Ok(())
}

async fn fill(db: &Db, table: &SummaryTable, window: &Window, batch: &Batch) -> Result<()> {
    batch
        .threaded(fill_statement(db, table, window, &batch.accounts).writing())
        .setting("min_insert_block_size_rows", INSERT_BLOCK_ROWS)
        .setting("min_insert_block_size_bytes", 0)
        .once()
        .execute()
        .await
}

/// Merges partitions that came in several parts: a swap takes over every part of its partition, and one of a single
/// part survives a crash. So few rows that they fit one block are in one part each.
pub async fn merge(db: &Db, table: &SummaryTable, rows: u64) -> Result<()> {
    if rows < INSERT_BLOCK_ROWS {
        return Ok(());
    }
    let staging = name(db, table);
    for partition in accounts::partitions(db, &[&staging], &[]).await? {
        if partition.parts > 1 {
            let statement = db.statement(&sql::MERGE_PARTITION).param("staging", &staging);
            statement.param("klaviyo_public_id", &partition.klaviyo_public_id).execute().await?;
        }
    }
    Ok(())
}
