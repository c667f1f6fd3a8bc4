//! Copies a table whose engine, partition key or sorting key differs into a right one, checks the copy row for row,
//! and exchanges the two. The old table stays under another name until somebody drops it.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use tracing::debug;

use crate::db::{Db, Statement};
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::schema::SummaryTable;
use crate::schema::live::LiveSchema;
use crate::sql::{self, Sql};

/// Rows copied by one statement, give or take an account: each range is sorted in memory.
const ROWS_PER_RANGE: u64 = 500_000;

/// Accounts from the first one to the one before the second; no second one means to the end.
struct Range {
    from: String,
    to: String,
}

#[derive(Row, Deserialize)]
struct RangeStart {
    first_account: String,
}

/// What a range of a table holds.
#[derive(Debug, PartialEq, Eq, Row, Deserialize)]
struct Fingerprint {
    row_count: u64,
    checksum: u64,
}

#[derive(Row, Deserialize)]
struct Name {
    name: String,
}

/// Rebuilds the table; returns a sentence about what became of it.
pub(super) async fn run(db: &Db, table: &SummaryTable, stop: &Stop) -> Result<String> {
    refuse_unknown_columns(db, table).await?;
    drop_leftovers(db, table).await?;
    let (copy, before) = (copy_name(db, table), before_name(db, table).await?);
    create(db, table, &copy).execute().await?;
    let ranges = ranges(db, table).await?;
    for range in &ranges {
        debug!(table = table.name, from = range.from, "copying");
        let copied = copy_range(db, table, &copy, range).until(stop).execute().await;
        if copied.is_err() && stop.code().is_some() {
            drop_table(db, &copy).execute().await?;
        }
        copied?;
    }
    let rows = match check(db, table, table.name, &copy, &ranges).await? {
        Some(rows) => rows,
        None => {
            drop_table(db, &copy).execute().await?;
            let message =
                format!("rows were written to `{}` while it was copied: the copy is dropped", table.name);
            return Err(Failure::new(ExitCode::Failed, message)
                .hint("stop what writes to it and run it again")
                .into());
        }
    };
    let stored: u64 = db.statement(&sql::ROW_COUNT).generated_name("table", table.name).fetch_one().await?;
    // Named before the exchange: whatever happens in between, a table called `_before_` holds all rows.
    rename(db, &copy, &before).execute().await?;
    exchange(db, table, &before).execute().await?;
    if check(db, table, &before, table.name, &ranges).await?.is_none() {
        let message = format!(
            "rows were written to `{}` in the moment of the exchange: they are in `{before}`",
            table.name
        );
        let hint =
            format!("insert what `{before}` has more into `{}`, or refresh those accounts", table.name);
        return Err(Failure::new(ExitCode::Failed, message).hint(hint).into());
    }
    let dropped = stored.saturating_sub(rows);
    Ok(format!(
        "{rows} rows copied, {dropped} duplicates left behind, the old table is `{before}`: drop it when content"
    ))
}

/// A column that is not ours would not be copied.
async fn refuse_unknown_columns(db: &Db, table: &SummaryTable) -> Result<()> {
    let live = LiveSchema::read(db, &[table.name]).await?;
    let definition = table.definition();
    let is_ours = |name: &str| definition.columns.iter().any(|column| column.name == name);
    let columns = live.find(table.name).map(|object| object.columns.as_slice()).unwrap_or_default();
    let Some(unknown) = columns.iter().find(|column| !is_ours(&column.name)) else { return Ok(()) };
    let message = format!("`{}.{}` is not ours: a rebuild would lose it", table.name, unknown.name);
    let hint = format!("keep it elsewhere, then: ALTER TABLE {} DROP COLUMN {}", table.name, unknown.name);
    Err(Failure::new(ExitCode::SchemaMismatch, message).hint(hint).into())
}

/// The statements that a rebuild would run, one range standing for all of them.
pub(super) fn outline<'db>(db: &'db Db, table: &SummaryTable) -> Vec<Statement<'db>> {
    let (copy, before) = (copy_name(db, table), before_names(db, table)[0].clone());
    let everything = Range { from: String::new(), to: String::new() };
    vec![
        create(db, table, &copy),
        copy_range(db, table, &copy, &everything),
        rename(db, &copy, &before),
        exchange(db, table, &before),
    ]
}

fn copy_name(db: &Db, table: &SummaryTable) -> String {
    format!("{}_rebuild_{}", table.name, db.run_id())
}

/// Names for the old table: by date, or by run where a rebuild of the same day took that.
fn before_names(db: &Db, table: &SummaryTable) -> [String; 2] {
    let date: String = db.run_id().chars().take(8).collect();
    [format!("{}_before_{date}", table.name), format!("{}_before_{}", table.name, db.run_id())]
}

async fn before_name(db: &Db, table: &SummaryTable) -> Result<String> {
    let [by_date, by_run] = before_names(db, table);
    let taken: Vec<Name> = db.statement(&sql::TABLES_BY_PREFIX).param("prefix", &by_date).fetch_all().await?;
    let is_taken = taken.iter().any(|row| row.name == by_date);
    Ok(if is_taken { by_run } else { by_date })
}

/// Removes copies that an interrupted rebuild left: before the exchange they hold nothing of their own.
async fn drop_leftovers(db: &Db, table: &SummaryTable) -> Result<()> {
    let prefix = format!("{}_rebuild_", table.name);
    let leftovers: Vec<Name> =
        db.statement(&sql::TABLES_BY_PREFIX).param("prefix", &prefix).fetch_all().await?;
    for leftover in leftovers {
        drop_table(db, &leftover.name).execute().await?;
    }
    Ok(())
}

async fn ranges(db: &Db, table: &SummaryTable) -> Result<Vec<Range>> {
    let statement = db.statement(&sql::REBUILD_RANGES).generated_name("table", table.name);
    let starts: Vec<RangeStart> = statement.param("rows_per_range", ROWS_PER_RANGE).fetch_all().await?;
    // The first range begins before every account, the last has no end: together they miss none.
    let mut borders: Vec<String> = starts.into_iter().skip(1).map(|start| start.first_account).collect();
    borders.insert(0, String::new());
    borders.push(String::new());
    Ok(borders.windows(2).map(|pair| Range { from: pair[0].clone(), to: pair[1].clone() }).collect())
}

/// Compares the source, one row per key, with the copy as it is. The number of rows, or none where they differ.
async fn check(
    db: &Db,
    table: &SummaryTable,
    source: &str,
    copy: &str,
    ranges: &[Range],
) -> Result<Option<u64>> {
    let mut rows = 0;
    for range in ranges {
        let newest = in_range(db.statement(&composed(&sql::NEWEST_FINGERPRINT, table)), range);
        let stored = in_range(db.statement(&composed(&sql::STORED_FINGERPRINT, table)), range);
        let wanted: Fingerprint = newest.generated_name("table", source).fetch_one().await?;
        let found: Fingerprint = stored.generated_name("table", copy).fetch_one().await?;
        if wanted != found {
            return Ok(None);
        }
        rows += found.row_count;
    }
    Ok(Some(rows))
}

fn in_range<'db>(statement: Statement<'db>, range: &Range) -> Statement<'db> {
    statement.param("from", &range.from).param("to", &range.to)
}

/// Puts the table's own columns and key into a statement of the catalogue.
fn composed(sql: &Sql, table: &SummaryTable) -> Sql {
    let definition = table.definition();
    let text = sql
        .text
        .replace("<<columns>>", &definition.column_list())
        .replace("<<key>>", &definition.sorting_key);
    Sql { name: sql.name.clone(), text: text.into() }
}

fn create<'db>(db: &'db Db, table: &SummaryTable, copy: &str) -> Statement<'db> {
    let text = table.ddl.text.replacen(
        &format!("CREATE TABLE IF NOT EXISTS {}\n", table.name),
        "CREATE TABLE <<copy>>\n",
        1,
    );
    db.statement(&Sql { name: table.ddl.name.clone(), text: text.into() })
        .generated_name("copy", copy)
        .writing()
}

fn copy_range<'db>(db: &'db Db, table: &SummaryTable, copy: &str, range: &Range) -> Statement<'db> {
    let statement = db.statement(&composed(&sql::REBUILD_COPY, table));
    in_range(statement.generated_name("copy", copy).generated_name("table", table.name), range).writing()
}

fn rename<'db>(db: &'db Db, from: &str, to: &str) -> Statement<'db> {
    let statement = db.statement(&sql::RENAME_TABLE).everywhere();
    statement.generated_name("from", from).generated_name("to", to).writing()
}

fn exchange<'db>(db: &'db Db, table: &SummaryTable, other: &str) -> Statement<'db> {
    db.statement(&sql::EXCHANGE_TABLES)
        .everywhere()
        .generated_name("table", table.name)
        .generated_name("other", other)
        .writing()
}

fn drop_table<'db>(db: &'db Db, name: &str) -> Statement<'db> {
    db.statement(&sql::DROP_TABLE).param("table", name).everywhere().writing()
}
