//! Staging tables: a run's private copies of the summary tables, filled before any reader sees a thing.

use anyhow::{Context, Result};
use tracing::debug;

use super::accounts;
use super::window::Window;
use crate::account::AccountId;
use crate::db::Db;
use crate::fault::{self, Step};
use crate::retry::MEMORY_LIMIT_EXCEEDED;
use crate::schema::SummaryTable;
use crate::sql;

/// Larger than any batch, so that each partition of an insert becomes one part.
const INSERT_BLOCK_ROWS: u64 = 4_000_000;

/// The staging table of a summary table in this run.
pub fn name(db: &Db, table: &SummaryTable) -> String {
    format!("ai_staging_{}_{}", db.run_id(), table.name)
}

/// Makes the staging table empty, whatever was there.
async fn make(db: &Db, table: &SummaryTable) -> Result<()> {
    drop(db, table).await?;
    let statement = db.statement(&sql::CREATE_STAGING).param("staging", name(db, table));
    statement.generated_name("target", table.name).writing().execute().await
}

/// Drops the staging table.
pub async fn drop(db: &Db, table: &SummaryTable) -> Result<()> {
    db.statement(&sql::DROP_TABLE).param("table", name(db, table)).execute().await
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
    window.bind(statement)
}

/// Makes the staging table and fills it, each account in one part. A try whose outcome is in doubt may have left
/// rows behind: the next one starts from an empty table.
pub async fn stage(db: &Db, table: &SummaryTable, window: &Window, accounts: &[AccountId]) -> Result<()> {
    let started = std::time::Instant::now();
    let work = async || {
        fault::step(Step::MakeStaging, make(db, table)).await?;
        fault::step(Step::Stage, fill(db, table, window, accounts)).await
    };
    let staged = db.retrying(MEMORY_LIMIT_EXCEEDED, work).await;
    staged.with_context(|| format!("cannot compute `{}`", table.name))?;
    debug!(
        table = table.name,
        accounts = accounts.len(),
        elapsed_ms = started.elapsed().as_millis() as u64,
        "staged"
    );
    Ok(())
}

async fn fill(db: &Db, table: &SummaryTable, window: &Window, accounts: &[AccountId]) -> Result<()> {
    fill_statement(db, table, window, accounts)
        .writing()
        .setting("min_insert_block_size_rows", INSERT_BLOCK_ROWS)
        .setting("min_insert_block_size_bytes", 0)
        .once()
        .execute()
        .await?;
    let staging = name(db, table);
    for partition in accounts::partitions(db, &[&staging]).await? {
        if partition.parts > 1 {
            let statement = db.statement(&sql::MERGE_PARTITION).param("staging", &staging);
            statement.param("klaviyo_public_id", &partition.klaviyo_public_id).execute().await?;
        }
    }
    Ok(())
}
