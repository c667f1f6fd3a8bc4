//! Staging tables: a run's private copies of the summary tables, filled before any reader sees a thing.

use anyhow::{Context, Result};
use tracing::debug;

use super::batches::{Batch, ROWS_IN_MEMORY};
use super::partitions::{self, StoredRows};
use super::snapshot;
use super::window::Window;
use super::working_table;
use crate::account::AccountId;
use crate::db::failpoint::{self, Step};
use crate::db::{Db, QueryIds, Statement};
use crate::schema::{Definition, SummaryTable};
use crate::sql;

/// Rows per block of an insert: more than any batch of several accounts has, so that each partition becomes one part.
const INSERT_BLOCK_ROWS: u64 = 1_000_000;

/// Rows per block for an account that is larger than a batch: it comes in several parts, which are merged afterwards.
const LARGE_INSERT_BLOCK_ROWS: u64 = 500_000;

/// Bytes of such an account's GROUP BY that are kept in memory; more goes to disk.
const LARGEST_GROUPING: u64 = 300_000_000;

fn block_rows(batch: &Batch) -> u64 {
    if batch.is_large() { LARGE_INSERT_BLOCK_ROWS } else { INSERT_BLOCK_ROWS }
}

/// The staging table of a summary table in this run.
pub fn name(db: &Db, table: &SummaryTable) -> String {
    working_table::name(db, table.name)
}

/// The statement that makes the staging table.
pub fn make_statement<'db>(db: &'db Db, table: &SummaryTable) -> crate::db::Statement<'db> {
    let statement = db.statement(&sql::CREATE_STAGING).param("staging", name(db, table));
    let definition = table.definition();
    let Definition { engine, partition_key, sorting_key, .. } = &definition;
    statement
        .generated_name("target", table.name)
        .engine_of_copy(engine, partition_key, sorting_key)
        .writing()
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
/// batch left one, `stored` how many rows of each account are to be kept at most. Returns the query ids of the inserts.
pub async fn stage(
    db: &Db,
    table: &SummaryTable,
    window: &Window,
    batch: &Batch,
    stored: &StoredRows<'_>,
    is_clean: bool,
) -> Result<Vec<String>> {
    let started = std::time::Instant::now();
    let ids = QueryIds::default();
    let fill = async || {
        for accounts in inserts(table, &batch.accounts, stored) {
            let statement = fill_statement(db, table, window, accounts).noting(&ids);
            fill(statement, batch).await?;
        }
        anyhow::Ok(())
    };
    let work = async || {
        failpoint::step(Step::MakeStaging, make_statement(db, table).execute()).await?;
        failpoint::step(Step::Stage, fill()).await
    };
    let staged = working_table::make(db, table.name, is_clean, work).await;
    staged.with_context(|| format!("cannot compute `{}`", table.name))?;
    debug!(
        table = table.name,
        accounts = batch.accounts.len(),
        elapsed_ms = started.elapsed().as_millis() as u64,
        "staged"
    );
    Ok(ids.noted())
}

/// The accounts of each insert: what the table keeps of them is in memory while it is written.
fn inserts<'batch>(
    table: &SummaryTable,
    accounts: &'batch [AccountId],
    stored: &StoredRows<'_>,
) -> Vec<&'batch [AccountId]> {
    let mut inserts = Vec::new();
    let (mut begin, mut rows) = (0, 0);
    for (index, account) in accounts.iter().enumerate() {
        let own = stored.get(&(table.name, account.as_str())).copied().unwrap_or_default();
        if index > begin && rows + own > ROWS_IN_MEMORY {
            inserts.push(&accounts[begin..index]);
            (begin, rows) = (index, 0);
        }
        rows += own;
    }
    inserts.push(&accounts[begin..]);
    inserts
}

async fn fill(statement: Statement<'_>, batch: &Batch) -> Result<()> {
    let statement = batch
        .threaded(statement.writing())
        .setting("min_insert_block_size_rows", block_rows(batch))
        .setting("min_insert_block_size_bytes", 0);
    let statement = match batch.is_large() {
        true => statement.setting("max_bytes_before_external_group_by", LARGEST_GROUPING),
        false => statement,
    };
    statement.once().execute().await
}

/// Merges partitions that came in several parts: a swap takes over every part of its partition, and one of a single
/// part survives a crash. So few rows that they fit one block are in one part each.
pub async fn merge(db: &Db, table: &SummaryTable, batch: &Batch, rows: u64) -> Result<()> {
    if rows < block_rows(batch) {
        return Ok(());
    }
    let staging = name(db, table);
    for partition in partitions::of_tables(db, &[&staging], &[]).await? {
        if partition.parts > 1 {
            let statement = db.statement(&sql::MERGE_PARTITION).param("staging", &staging);
            statement.param("klaviyo_public_id", &partition.klaviyo_public_id).execute().await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_keeps_so_many_rows_and_no_account_is_cut() {
        let table = SummaryTable::find("form_ai_performance").expect("a table");
        let accounts = ["a", "b", "c", "d", "e"].map(|id| AccountId::new(id).expect("plain"));
        let rows = [("a", 200_000), ("b", 300_000), ("c", 1), ("d", 600_000)];
        let stored: StoredRows<'_> = rows.iter().map(|(id, rows)| ((table.name, *id), *rows)).collect();
        let [ab, c, d, e] = inserts(table, &accounts, &stored)[..] else { panic!("not four inserts") };
        assert_eq!([ab, c, d, e], [&accounts[..2], &accounts[2..3], &accounts[3..4], &accounts[4..]]);
        assert_eq!(inserts(table, &accounts, &StoredRows::new()), [&accounts[..]]);
    }
}
